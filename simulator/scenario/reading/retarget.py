"""A scenario about one product told of another one: its names, and prices and quantities that fit its ticks and steps.

All prices are multiplied by one number, and all quantities by another, so that what was equal, better or a sum stays
so. Of the numbers that put each price on a tick, it is the one that brings them nearest to the market's own.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from simulator.catalogue import Catalogue, TradableProduct
from simulator.decimals import parse_amount, text_of_amount
from simulator.did_you_mean import nearest
from simulator.errors import Problem, ScenarioError
from simulator.quoting import quoted
from simulator.scenario.reading.nodes import Node, Pairs, Scalar, Sequence
from simulator.terms import BILLION
from simulator.wildcards import Glob, has_wildcard

__all__ = ["retarget"]

_PRICES: Final = {"price", "avg_fill_price", "mid", "spread", "quote_increment"}
_QUANTITIES: Final = {"quantity", "filled_qty", "leaves_qty", "size", "fill", "base_increment"}
_SIDES: Final = {"bids", "asks"}
_BOUNDS: Final = {"ge", "gt", "le", "lt"}
_QUANTITY_LIMITS: Final = {"MaxOrderQty", "MaxOpenQty", "MaxOpenBuyQty", "MaxOpenSellQty", "MaxPosition"}
_PRODUCTS: Final = {"target", "tradable_product", "tradable_products", "product"}
_ACCOUNT: Final = "DEFAULT"

_Found = tuple[str, Scalar]


def retarget(root: Node, catalogue: Catalogue, product: str) -> None:
    """Change what a file says of the one product that its markets name, so that it says it of another one.

    Args:
        root: what the file says; it is changed.
        catalogue: what the other product is of. Where it has no account ``DEFAULT``, its first account stands for it.
        product: the other product's name.

    Raises:
        ScenarioError: if the catalogue has no such product, or the file is not about one product.
    """
    listing = catalogue.tradable_product(product)
    if listing is None:
        names = [one.name for one in catalogue.tradable_products]
        message = (
            f"--product: there is no tradable product {quoted(product)} in {catalogue.name}{nearest(product, names)}"
        )
        raise ScenarioError([Problem(message)])
    old, price = _subject(root)
    amounts = list(_amounts(root))
    prices = _factor([one for one in amounts if one[0] == "price"], listing.quote_increment, _wanted(listing, price))
    quantities = _factor([one for one in amounts if one[0] == "quantity"], listing.base_increment, Fraction(1))
    factors = {"price": prices, "quantity": quantities}
    for kind, scalar in amounts:
        amount = parse_amount(scalar.text)
        if amount is not None:
            scalar.text = text_of_amount(int(amount * factors[kind]))
    _rename(root, old, listing, None if _ACCOUNT in catalogue.accounts else catalogue.accounts[0])


def _subject(root: Node) -> tuple[str, int]:
    """Return the one product that the markets of a file name, and its price there in billionths."""
    markets = root.values.get("markets") if isinstance(root, Pairs) else None
    names = list(markets.values) if isinstance(markets, Pairs) else []
    if not isinstance(markets, Pairs) or len(names) != 1:
        said = "none" if not names else ", ".join(map(quoted, names))
        raise ScenarioError([Problem(f"--product: expected a scenario with a market of one product, got {said}")])
    prices = [parse_amount(scalar.text) for kind, scalar in _amounts(markets) if kind == "price"]
    found = [price for price in prices if price is not None]
    return names[0], max(found, default=BILLION)


def _wanted(listing: TradableProduct, price: int) -> Fraction:
    """Return by which number prices would be multiplied if every price were on a tick."""
    return Fraction(1) if listing.mid is None else Fraction(listing.mid, price)


def _factor(found: list[_Found], increment: int, wanted: Fraction) -> Fraction:
    """Return the number nearest to the wanted one, and above 0, that puts every amount on an increment."""
    amounts = [amount for _, scalar in found if (amount := parse_amount(scalar.text))]
    if not amounts:
        return Fraction(1)
    least = Fraction(increment, math.gcd(*amounts))
    if (wanted / least).denominator == 1:
        return wanted
    return least * max(1, round(wanted / least))


def _amounts(node: Node, key: str = "", seen: set[int] | None = None) -> Iterator[_Found]:
    """Yield the prices and the quantities of a file, each once."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Scalar):
        kind = "price" if key in _PRICES else "quantity" if key in _QUANTITIES else None
        if kind is not None and parse_amount(node.text) is not None:
            yield kind, node
    elif isinstance(node, Sequence):
        for item in node.items:
            if key in _SIDES and isinstance(item, Sequence) and len(item.items) == 2:
                for part, word in zip(item.items, ("price", "quantity"), strict=True):
                    yield from _amounts(part, word, seen)
            else:
                yield from _amounts(item, key, seen)
    elif isinstance(node, Pairs):
        name = node.values.get("name")
        limits = isinstance(name, Scalar) and name.text in _QUANTITY_LIMITS
        for word, value in node.values.items():
            within = key if word in _BOUNDS else "quantity" if limits and word == "value" else word
            yield from _amounts(value, within, seen)


def _rename(node: Node, old: str, new: TradableProduct, account: str | None) -> None:
    """Put a product's names where another one's stand, or a pattern that matches them, and an account's."""
    base, _, rest = old.partition("/")
    parts = {("Product", base): new.base.name, ("Product", rest.partition("*")[0]): new.quote.name}
    if account is not None:
        parts |= {(key, _ACCOUNT): account for key in ("account", "accounts", "Account", "set")}

    def renamed(key: str, text: str) -> str:
        if text == old or (key in _PRODUCTS and has_wildcard(text) and Glob(text).matches(old)):
            return new.name
        return parts.get((key, text), text)

    _replace(node, "", renamed, set())


def _replace(node: Node, key: str, renamed: Callable[[str, str], str], seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Scalar):
        node.text = renamed(key, node.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            _replace(item, key, renamed, seen)
    elif isinstance(node, Pairs):
        node.keys = {renamed(key, word): mark for word, mark in node.keys.items()}
        node.values = {renamed(key, word): value for word, value in node.values.items()}
        for word, value in node.values.items():
            _replace(value, word, renamed, seen)
