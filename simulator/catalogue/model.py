"""A catalogue: everything that can be named on one exchange, and how it is found."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol, TypeVar, assert_never

from simulator.catalogue.products import Product, Route, ThingKind, TradableProduct, VenueInfo, id_key, is_expired
from simulator.catalogue.query import parse_query
from simulator.catalogue.search import SCOPES, NameIndex, check_search
from simulator.catalogue.selection import Selection
from simulator.did_you_mean import nearest
from simulator.quoting import listed, quoted
from simulator.terms import Refusal
from simulator.times import EPOCH_2024, text_of_time

__all__ = ["Catalogue", "Origin"]

_FEW = 20
_LONGEST = 256
_MOST_REMEMBERED = 256
_DOLLARS = {"USD": 0, "USDC Crypto": 1, "USDC": 1, "USDT Crypto": 2, "USDT": 2}
"""What counts as dollars, the best of them first."""


class _HasName(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...


_T = TypeVar("_T", bound=_HasName)


class Origin(Protocol):
    """The data of a catalogue with dates that are counted from the start of the world."""

    document: dict[str, Any]

    def at(self, start: int) -> "Catalogue":
        """Return the catalogue of a world that begins at a time in nanoseconds."""
        ...


class Catalogue:
    """The venues, routes, products and tradable products of one exchange, and the accounts on it.

    Immutable; every tuple of named things is sorted by name. The parts must fit each other, which
    `simulator.catalogue.build` sees to. Indexes are made when first used. ``origin`` is what it was made of, if dates
    in it are counted from the start of the world, and ``counted`` names the products whose date that is.
    """

    def __init__(
        self,
        name: str,
        accounts: Iterable[str],
        venues: Iterable[VenueInfo],
        routes: Iterable[Route],
        products: Iterable[Product],
        tradable_products: Iterable[TradableProduct],
        origin: Origin | None = None,
        counted: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.accounts = tuple(accounts)
        self.venues = _by_name(venues)
        self.routes = _by_name(routes)
        self.products = _by_name(products)
        self.tradable_products = _by_name(tradable_products)
        self._origin = origin
        self._counted = counted
        self._meant: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalogue):
            return NotImplemented
        return self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash((self.name, len(self.products), len(self.tradable_products)))

    def __repr__(self) -> str:
        return f"<Catalogue {self.name!r}: {len(self.tradable_products)} tradable products>"

    def parts(self) -> tuple[object, ...]:
        """Return all that it is made of: of equal catalogues this is equal, and so is its encoding."""
        return (self.name, self.accounts, self.venues, self.routes, self.products, self.tradable_products)

    def at(self, start: int) -> "Catalogue":
        """Return this catalogue as it is in a world that begins at a time in nanoseconds."""
        return self if self._origin is None else self._origin.at(start)

    @property
    def document(self) -> dict[str, Any] | None:
        """The data that it was made of, if dates in it are counted from the start of the world."""
        return None if self._origin is None else self._origin.document

    def notice(self, start: int) -> str | None:
        """Say which contracts have expired before the world begins, at a time in nanoseconds; None if none has.

        Those that are meant to have, because their date is counted back from the start, are not spoken of.
        """
        names = [each.name for each in self.products if is_expired(each, start) and each.name not in self._counted]
        if not names:
            return None
        return (
            f"the catalogue {quoted(self.name)} has {len(names)} of its contracts expire before the world begins at "
            f"{text_of_time(start)[:19]}Z, which take no orders: {listed(names)}"
        )

    def venue(self, name_or_id: str) -> VenueInfo | None:
        """Return the venue with this exact name, or with this id in any case, or None."""
        return self._venues.get(name_or_id) or self._venues.get(id_key(name_or_id))

    def route(self, name_or_id: str) -> Route | None:
        """Return the route with this exact name, or with this id in any case, or None."""
        return self._routes.get(name_or_id) or self._routes.get(id_key(name_or_id))

    def product(self, name_or_id: str) -> Product | None:
        """Return the product with this exact name, or with this id in any case, or None."""
        return self._products.get(name_or_id) or self._products.get(id_key(name_or_id))

    def tradable_product(self, name_or_id: str) -> TradableProduct | None:
        """Return the tradable product with this exact name, or with this id in any case, or None."""
        return self._tradable.get(name_or_id) or self._tradable.get(id_key(name_or_id))

    def meant(self, name: str) -> str:
        """Return ``; did you mean 'x'?`` for the tradable product whose name is nearest, or an empty string."""
        name = name[:_LONGEST]
        said = self._meant.get(name)
        if said is None:
            if len(self._meant) >= _MOST_REMEMBERED:
                self._meant.clear()
            said = self._meant[name] = nearest(name, (listing.name for listing in self.tradable_products), _FEW)
        return said

    def underlying(self, product: Product) -> Product | None:
        """Return what a product is a derivative of, or None for one that is none."""
        return None if product.value is None else self._products[product.value.underlying]

    def search(
        self, pat: str, scope: str, limit: int, now: int = EPOCH_2024
    ) -> dict[str, list[tuple[str, str]]] | Refusal:
        """Return the names that match a pattern, best first: for each kind of thing, ``(name, id)`` pairs.

        ``scope`` is ``All`` or one kind, whose list alone is then filled; no list is longer than ``limit``. What
        matches alike comes in this order: what has not expired ``now``, in nanoseconds; pairs against USD, then USDC,
        then USDT; what never expires, then the nearest contract; the greater turnover; by name. Refused are an unknown
        scope, a negative limit and a pattern longer than any name.
        """
        refusal = check_search(pat, scope, limit)
        if refusal is not None:
            return refusal
        return {
            thing: self._names(thing, now).search(pat, limit) if scope in ("All", word) else []
            for word, thing in SCOPES.items()
        }

    def query(self, query: object, now: int = EPOCH_2024) -> list[str] | Refusal:
        """Return the ids of the tradable products that a query selects, in order of their names.

        ``query`` is decoded JSON: an object ``{"type", "value"}`` or a string expression. ``now``, in
        nanoseconds, decides what has expired.
        """
        term = parse_query(query)
        return term if isinstance(term, Refusal) else self._selection.ids(term, now)

    def canonical(self, product: Product) -> TradableProduct | None:
        """Return the product's pair against USD, else USDC, else USDT, where its turnover is the greatest."""
        return self._canonical.get(product.name)

    @cached_property
    def _venues(self) -> dict[str, VenueInfo]:
        return _lookup(self.venues)

    @cached_property
    def _routes(self) -> dict[str, Route]:
        return _lookup(self.routes)

    @cached_property
    def _products(self) -> dict[str, Product]:
        return _lookup(self.products)

    @cached_property
    def _tradable(self) -> dict[str, TradableProduct]:
        return _lookup(self.tradable_products)

    @cached_property
    def _selection(self) -> Selection:
        return Selection(self.tradable_products, self.products)

    @cached_property
    def _canonical(self) -> dict[str, TradableProduct]:
        ranked = sorted(
            (tradable for tradable in self.tradable_products if tradable.quote.name in _DOLLARS),
            key=lambda tradable: (_DOLLARS[tradable.quote.name], -tradable.turnover, tradable.name),
        )
        return {tradable.base.name: tradable for tradable in reversed(ranked)}  # of each base the first one stays

    @cached_property
    def _name_indexes(self) -> dict[ThingKind, tuple[int, NameIndex]]:
        return {}

    @cached_property
    def _expirations(self) -> list[int]:
        return sorted(product.expires for product in self.products if product.expires is not None)

    def _names(self, thing: ThingKind, now: int) -> NameIndex:
        """Return the index of a kind of thing, made anew when another contract has expired."""
        expired = bisect_right(self._expirations, now)
        known = self._name_indexes.get(thing)
        if known is None or known[0] != expired:
            known = self._name_indexes[thing] = (expired, NameIndex(self._named(thing, now)))
        return known[1]

    def _named(self, thing: ThingKind, now: int) -> list[tuple[str, str]]:
        """Return the names of a kind of thing with their ids, in the order in which they are preferred."""
        match thing:
            case "quote_symbol":
                quoted_ones = (each for each in self._preferred(now) if each.quoted)
                return list({each.quote_symbol: each.quote_symbol_id for each in quoted_ones}.items())
            case "trading_symbol":
                traded_ones = (each for each in self._preferred(now) if each.traded)
                return list({each.trading_symbol: each.trading_symbol_id for each in traded_ones}.items())
            case "route":
                return [(route.name, route.id) for route in self.routes]
            case "venue":
                return [(venue.name, venue.id) for venue in self.venues]
            case "product":
                products = sorted(self.products, key=lambda each: (is_expired(each, now), each.expires or 0))
                return [(product.name, product.id) for product in products]
            case "tradable_product":
                return [(tradable.name, tradable.id) for tradable in self._preferred(now)]
            case _:
                assert_never(thing)

    def _preferred(self, now: int) -> list[TradableProduct]:
        """Return the tradable products in the order in which a search prefers them."""

        def key(each: TradableProduct) -> tuple[bool, int, int, int]:
            rank = _DOLLARS.get(each.quote.name, len(_DOLLARS))
            return is_expired(each.base, now), rank, each.base.expires or 0, -each.turnover

        return sorted(self.tradable_products, key=key)


def _by_name(things: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(sorted(things, key=lambda thing: thing.name))


def _lookup(things: tuple[_T, ...]) -> dict[str, _T]:
    found = {id_key(thing.id): thing for thing in things}
    found.update((thing.name, thing) for thing in things)
    return found
