"""Queries answered by index: a set of tradable products is an integer whose n-th bit is the n-th of them."""

from bisect import bisect_left, bisect_right
from functools import cached_property, reduce
from itertools import accumulate, compress
from operator import and_, or_
from typing import assert_never

from simulator.catalogue.products import Product, TradableProduct, id_key
from simulator.catalogue.query_terms import NAMES, Term

__all__ = ["Selection"]

_LARGE = 64
_SPARSE = 16
_BITS = bytes.maketrans(b"01", b"\0\1")


class Selection:
    """Tradable products, in the order their ids are wanted in, made ready to be selected from."""

    def __init__(self, tradable_products: tuple[TradableProduct, ...], products: tuple[Product, ...]) -> None:
        self._tradable_products = tradable_products
        self._ids = [tradable.id for tradable in tradable_products]
        self._all = (1 << len(self._ids)) - 1
        self._positions = _positions(tradable_products, products)
        self._bits: dict[tuple[str, str], int] = {}

    def ids(self, term: Term, now: int) -> list[str]:
        """Return the ids of the tradable products that a term selects at a time in nanoseconds, in order."""
        bits = self._select(term, now)
        if bits == self._all:
            return list(self._ids)
        digits = bin(bits)[:1:-1]
        if bits.bit_count() * _SPARSE > len(self._ids):
            return list(compress(self._ids, digits.encode().translate(_BITS)))
        found = []
        place = digits.find("1")
        while place >= 0:
            found.append(self._ids[place])
            place = digits.find("1", place + 1)
        return found

    def _select(self, term: Term, now: int) -> int:
        match term.variant:
            case "All":
                return self._all
            case "And":
                return reduce(and_, (self._select(part, now) for part in term.terms), self._all)
            case "Or":
                return reduce(or_, (self._select(part, now) for part in term.terms), 0)
            case "Not":
                return self._all ^ self._select(term.terms[0], now)
            case "Expired":
                expired = self._expiring(None, now)
                return expired if term.expired else self._all ^ expired
            case "Expiration":
                return self._expiring(*term.span)
            case "Base" | "BaseKind" | "Quote" | "Venue" | "Route" | "Pool" | "ExchangeSymbol" | "Underlying":
                return self._with(term.variant, term.name)
            case _:
                assert_never(term.variant)

    def _with(self, variant: str, word: str) -> int:
        by_word = self._positions[variant]
        key = word if word in by_word else id_key(word)
        found = by_word.get(key, [])
        if len(found) < _LARGE:
            return self._bitmap(found) if found else 0
        # Only large sets are kept: they take time to make, and there can be only so many of them.
        bits = self._bits.get((variant, key))
        if bits is None:
            bits = self._bits[variant, key] = self._bitmap(found)
        return bits

    def _bitmap(self, positions: list[int]) -> int:
        octets = bytearray(len(self._ids) // 8 + 1)
        for position in positions:
            octets[position >> 3] |= 1 << (position & 7)
        return int.from_bytes(octets, "little")

    def _expiring(self, first: int | None, last: int | None) -> int:
        times, bits_before = self._expirations
        low = 0 if first is None else bisect_left(times, first)
        high = len(times) if last is None else bisect_right(times, last)
        return bits_before[high] ^ bits_before[low] if low < high else 0

    @cached_property
    def _expirations(self) -> tuple[list[int], list[int]]:
        """The times at which something expires, in order, and the set of what expires before each."""
        positions: dict[int, list[int]] = {}
        for position, tradable in enumerate(self._tradable_products):
            if tradable.base.expires is not None:
                positions.setdefault(tradable.base.expires, []).append(position)
        times = sorted(positions)
        bits = accumulate((self._bitmap(positions[time]) for time in times), or_, initial=0)
        return times, list(bits)


def _positions(
    tradable_products: tuple[TradableProduct, ...], products: tuple[Product, ...]
) -> dict[str, dict[str, list[int]]]:
    """Return, for each variant that takes a name, what it selects: positions by name and by id's key."""
    found: dict[str, dict[str, list[int]]] = {variant: {} for variant in NAMES}
    ids = {product.name: product.id for product in products}
    for position, tradable in enumerate(tradable_products):
        for variant, name in _words(tradable, ids):
            found[variant].setdefault(name, []).append(position)
    return found


def _words(tradable: TradableProduct, ids: dict[str, str]) -> list[tuple[str, str]]:
    base, quote, venue, route = tradable.base, tradable.quote, tradable.venue, tradable.route
    words = [
        ("Base", base.name),
        ("Base", id_key(base.id)),
        ("BaseKind", base.kind),
        ("Quote", quote.name),
        ("Quote", id_key(quote.id)),
        ("Venue", venue.name),
        ("Venue", id_key(venue.id)),
        ("Route", route.name),
        ("Route", id_key(route.id)),
    ]
    if tradable.traded:
        words += [("ExchangeSymbol", word) for word in (tradable.symbol, tradable.trading_symbol)]
        words.append(("ExchangeSymbol", id_key(tradable.trading_symbol_id)))
    if tradable.pool is not None:
        words.append(("Pool", tradable.pool))
    if base.value is not None:
        underlying = base.value.underlying
        words += [("Underlying", underlying), ("Underlying", id_key(ids[underlying]))]
    return words
