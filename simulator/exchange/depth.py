"""How much stands on one side of a book in buckets of prices, however wide they are and however many levels it has."""

from bisect import bisect_left
from collections.abc import Iterator

from simulator.exchange.book import Side

__all__ = ["LEVELS_SHOWN", "Depth"]

LEVELS_SHOWN = 20
"""How many levels a side a book message has at most: as many as the published client prints."""
_FEW = 64
"""Levels that are gone through one by one; if a view needs more of them, its sums are kept up to date instead."""
_UNUSED = 1000
"""After how many changes of the side sums are given up that nobody has asked for."""


class _BucketSums:
    """The quantities of a side in buckets of one width, by the number of the bucket."""

    __slots__ = ("of", "unused")

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.unused = 0


class Depth:
    """Sums up a side's levels in buckets.

    A bucket's price is its worse end, so that no bucket looks better than it is. Where few levels matter they are
    summed up when they are asked for; else only those are looked at that have changed since.

    Args:
        side: the levels.
    """

    __slots__ = ("_seen", "_side", "_sums")

    def __init__(self, side: Side) -> None:
        self._side = side
        self._seen: dict[int, int] = {}
        self._sums: dict[int, _BucketSums] = {}

    def best(self, bucket: int, most: int) -> list[tuple[int, int]]:
        """Return the price and the quantity of so many buckets that are not empty, the best first."""
        if bucket not in self._sums:
            levels = self._go_through(bucket, most)
            if levels is not None:
                return levels
        sums = self._sums_of(bucket)
        return [(self._side.sign * number * bucket, sums[number]) for number in self._numbers(bucket, most)]

    def forget(self) -> None:
        """Keep nothing up to date any longer."""
        self._side.changed = None
        self._seen.clear()
        self._sums.clear()

    def _go_through(self, bucket: int, most: int) -> list[tuple[int, int]] | None:
        """Return the best buckets by going through the levels; None if that would be too many."""
        side = self._side
        found: dict[int, int] = {}
        for looked_at, level in enumerate(side):
            number = side.sign * level.price // bucket
            if number in found:
                found[number] += level.quantity
            elif len(found) == most:
                break
            else:
                found[number] = level.quantity
            if looked_at == _FEW:
                return None
        return [(side.sign * number * bucket, quantity) for number, quantity in found.items()]

    def _numbers(self, bucket: int, most: int) -> Iterator[int]:
        """Yield the numbers of the best buckets that are not empty."""
        keys = self._side.keys
        end = len(keys)
        for _ in range(most):
            if not end:
                return
            number = keys[end - 1] // bucket
            yield number
            end = bisect_left(keys, number * bucket, 0, end)

    def _sums_of(self, bucket: int) -> dict[int, int]:
        """Return the sums of a width, up to date, and keep them so."""
        side = self._side
        if side.changed is None:
            side.changed = set()
            self._seen = {price: level.quantity for price, level in side.levels.items()}
        self._follow(side.changed)
        sums = self._sums.get(bucket)
        if sums is None:
            sums = self._sums[bucket] = _BucketSums()
            for price, quantity in self._seen.items():
                number = side.sign * price // bucket
                sums.of[number] = sums.of.get(number, 0) + quantity
        sums.unused = 0
        return sums.of

    def _follow(self, changed: set[int]) -> None:
        """Bring all sums up to date with the levels that have changed, and give up those that nobody asks for."""
        if not changed:
            return
        levels, sign = self._side.levels, self._side.sign
        for price in changed:
            level = levels.get(price)
            quantity = 0 if level is None else level.quantity
            change = quantity - self._seen.pop(price, 0)
            if quantity:
                self._seen[price] = quantity
            for bucket, sums in self._sums.items():
                number = sign * price // bucket
                total = sums.of.get(number, 0) + change
                if total:
                    sums.of[number] = total
                else:
                    sums.of.pop(number, None)
        changed.clear()
        for sums in self._sums.values():
            sums.unused += 1
        if any(sums.unused > _UNUSED for sums in self._sums.values()):
            self._sums = {bucket: sums for bucket, sums in self._sums.items() if sums.unused <= _UNUSED}
