"""The words that a scenario can know: products, venues, accounts, limits, and amounts that fit them."""

from collections.abc import Iterable, Iterator

from simulator.catalogue import Catalogue, TradableProduct
from simulator.decimals import text_of_amount
from simulator.did_you_mean import nearest
from simulator.exchange.scopes import read_scope, read_set
from simulator.quoting import listed, quoted
from simulator.scenario.amounts import amount
from simulator.scenario.checks.patterns import Names
from simulator.scenario.reading.typed import Path
from simulator.scenario.steps import LimitEntry
from simulator.terms import LimitName, Refusal
from simulator.wildcards import Glob

__all__ = ["Fault", "KnownNames"]

Fault = tuple[Path, str]
"""Where something is wrong, and what."""

_KINDS = {
    "tradable_product": "tradable_products",
    "product": "products",
    "venue": "venues",
    "route": "routes",
}
_LIMIT_NAMES = tuple(name.value for name in LimitName)


class KnownNames:
    """What a scenario's exchange has.

    Args:
        catalogue: its products, venues and routes.
        accounts: its accounts; without any, those of the catalogue.
    """

    def __init__(self, catalogue: Catalogue, accounts: tuple[str, ...]) -> None:
        self._catalogue = catalogue
        self._names: dict[str, Names] = {}
        self.accounts: dict[str, str] = {}
        for name in accounts or catalogue.accounts:
            self.accounts.setdefault(name.lower(), name)

    def thing(self, kind: str, name: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a name or id that is of no ``tradable_product``, ``product``, ``venue`` or ``route``."""
        if getattr(self._catalogue, kind)(name) is None:
            yield (
                place,
                f"expected a {kind.replace('_', ' ')} of the catalogue, got {quoted(name)}{self._near(name, kind)}",
            )

    def pattern(self, kind: str, pattern: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a pattern that no name and no id of a kind of thing matches."""
        names = self._of_kind(kind)
        if not names.have(pattern):
            what = f"a {kind.replace('_', ' ')} of the catalogue"
            yield place, f"expected {what}, or a pattern that one matches, got {quoted(pattern)}{names.near(pattern)}"

    def accounts_like(self, pattern: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a pattern that no account matches."""
        if not any(map(Glob(pattern.lower()).matches, self.accounts)):
            yield place, f"expected an account of the exchange, or a pattern that one matches, got {quoted(pattern)}"

    def listing(self, name: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a name or id that is of no tradable product."""
        return self.thing("tradable_product", name, place)

    def account(self, name: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of an account that is none."""
        if name.lower() not in self.accounts:
            names = self.accounts.values()
            near = nearest(name, names)
            yield place, f"expected an account of the exchange, {listed(names)}, got {quoted(name)}{near}"

    def scope(self, value: object, place: Path) -> Iterator[Fault]:
        """Yield the fault of a scope that covers nothing."""
        answer = read_scope(value, self._catalogue, "")
        if isinstance(answer, Refusal):
            name = next(iter(value.values())) if isinstance(value, dict) and value else value
            hint = self._near(name, *_KINDS) if isinstance(name, str) else ""
            yield place, answer.text.removeprefix("``: ") + hint

    def limits(self, limits: Iterable[LimitEntry], place: Path) -> Iterator[Fault]:
        """Yield the faults of limits."""
        for at, limit in enumerate(limits):
            answer = read_set(limit.set, self.accounts, "")
            if isinstance(answer, Refusal):
                hint = nearest(limit.set, self.accounts.values()) if isinstance(limit.set, str) else ""
                yield (*place, at, "set"), answer.text.removeprefix("``: ") + hint
            yield from self.scope(limit.scope, (*place, at, "scope"))
            if limit.name not in _LIMIT_NAMES:
                got = f"{quoted(limit.name)}{nearest(limit.name, _LIMIT_NAMES)}"
                yield (*place, at, "name"), f"expected one of {', '.join(_LIMIT_NAMES)}, got {got}"

    def levels(self, name: str, levels: Iterable[tuple[str, str]], side: str, place: Path) -> Iterator[Fault]:
        """Yield the faults of one side of a product's book: off the increments, or not best first."""
        previous: int | None = None
        for at, (price, quantity) in enumerate(levels):
            here = (*place, side, at)
            yield from self.price(name, price, (*here, 0))
            yield from self.quantity(name, quantity, (*here, 1))
            value = amount(price)
            if previous is not None and (value >= previous if side == "bids" else value <= previous):
                order = "below" if side == "bids" else "above"
                yield (
                    (*here, 0),
                    f"expected {side} with the best first, a price {order} {text_of_amount(previous)}, got {price}",
                )
            previous = value

    def price(self, name: str, text: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a price that is off its product's tick."""
        listing = self._catalogue.tradable_product(name)
        return _off(text, "price tick", None if listing is None else listing.quote_increment, listing, place)

    def quantity(self, name: str, text: str, place: Path) -> Iterator[Fault]:
        """Yield the fault of a quantity that is off its product's step."""
        listing = self._catalogue.tradable_product(name)
        return _off(text, "quantity step", None if listing is None else listing.base_increment, listing, place)

    def _of_kind(self, kind: str) -> Names:
        names = self._names.get(kind)
        if names is None:
            things = getattr(self._catalogue, _KINDS[kind])
            names = self._names[kind] = Names((thing.name, thing.id) for thing in things)
        return names

    def _near(self, name: str, *kinds: str) -> str:
        names = [thing.name for kind in kinds for thing in getattr(self._catalogue, _KINDS[kind])]
        return nearest(name, names)


def _off(text: str, what: str, increment: int | None, listing: TradableProduct | None, place: Path) -> Iterator[Fault]:
    value = amount(text)
    if value == 0:
        yield place, f"expected more than 0, got {text!r}"
    elif listing is not None and increment and value % increment:
        yield place, f"expected a multiple of the {what} {text_of_amount(increment)} of {listing.name}, got {text}"
