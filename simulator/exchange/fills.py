"""The fills of a venue, numbered from 1: the newest are kept, and the older ones only counted."""

from collections.abc import Iterator, Sequence
from typing import overload

from simulator.exchange.orders import Fill
from simulator.terms import FillKind

__all__ = ["Fills"]


class Fills(Sequence[Fill]):
    """The fills that are kept, in the order in which they were made.

    Args:
        limit: how many are kept; up to an eighth more stay until they are let go of together.
    """

    def __init__(self, limit: int) -> None:
        self._kept: list[Fill] = []
        self._amendments: dict[int, Fill] = {}
        self._forgotten = 0
        self._most = limit + limit // 8
        self._limit = limit

    @overload
    def __getitem__(self, place: int) -> Fill: ...

    @overload
    def __getitem__(self, place: slice) -> list[Fill]: ...

    def __getitem__(self, place: int | slice) -> Fill | list[Fill]:
        return self._kept[place]

    def __iter__(self) -> Iterator[Fill]:
        return iter(self._kept)

    def __reversed__(self) -> Iterator[Fill]:
        return reversed(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def made(self) -> int:
        """How many there have ever been: the number of the last one."""
        return self._forgotten + len(self._kept)

    @property
    def first(self) -> int:
        """The number of the oldest that is kept, or would be if there were any."""
        return self._forgotten + 1

    def append(self, fill: Fill) -> None:
        """Keep one more, whose number is the next; the oldest may be given up for it."""
        self._kept.append(fill)
        if len(self._kept) > self._most:
            excess = len(self._kept) - self._limit
            last, first = self._kept[excess - 1], self._kept[excess]
            if first.kind is FillKind.NORMAL and last.trade == first.trade:  # both sides of a trade are kept
                excess -= 1
            self._forget(excess)

    def amend(self, amendment: Fill) -> None:
        """Keep a reversal or a correction of a fill that is kept: it tells from now on what the fill is worth."""
        if amendment.of is not None:
            self._amendments[amendment.of] = amendment
        self.append(amendment)

    def amendment(self, number: int) -> Fill | None:
        """Return the last amendment of a fill, or None if it stands as it was made."""
        return self._amendments.get(number)

    def _forget(self, count: int) -> None:
        """Give up the oldest, with what has become of them."""
        if self._amendments:
            for fill in self._kept[:count]:
                self._amendments.pop(fill.number, None)
        del self._kept[:count]
        self._forgotten += count

    def between(self, numbers: range) -> list[Fill]:
        """Return those of consecutive numbers that are kept."""
        first = self.first
        return self._kept[max(0, numbers.start - first) : max(0, numbers.stop - first)]

    def get(self, number: int) -> Fill | None:
        """Return the fill of a number, or None if there is none or it is no longer kept."""
        place = number - self.first
        return self._kept[place] if 0 <= place < len(self._kept) else None

    def keeps(self, number: int) -> bool:
        """Tell whether the fill of a number has not been given up."""
        return number >= self.first
