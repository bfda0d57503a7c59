"""The ids of fills as the gateway tells them."""

from collections.abc import Iterable

from simulator.catalogue.products import uuid_of
from simulator.exchange.fills import Fills

__all__ = ["FillIds"]

_HEAD = 24
"""How many characters of a UUID stand before its last group, which has twelve digits."""
_MASK = (1 << 48) - 1
_FACTOR = 0x9E3779B97F4B
"""An odd number, so that no two numbers of twelve digits become one when they are multiplied with it."""
_BACK = pow(_FACTOR, -1, _MASK + 1)


class FillIds:
    """The ids of fills: UUIDs of version 5, made of the seed and the fill's number, so the same in every run.

    All of an exchange begin alike, and their last group is the number in disguise: nothing has to be kept to find a
    fill by its id, or to list the ids of very many. ``repeats`` are the ids under which fills are seen once more, by
    their numbers.

    Args:
        seed: the exchange's.
        fills: its fills.
    """

    def __init__(self, seed: int, fills: Fills) -> None:
        self._fills = fills
        self._head = uuid_of(b"fills of seed %d" % seed)[:_HEAD]
        self._other_head = uuid_of(b"fills of seed %d again" % seed)[:_HEAD]
        self._shift = int(uuid_of(b"shift of seed %d" % seed)[_HEAD:], 16)
        self._repeats: dict[int, str] = {}

    @property
    def repeats(self) -> dict[int, str]:
        """The ids under which fills that are kept are seen once more."""
        first = self._fills.first
        while self._repeats and (oldest := next(iter(self._repeats))) < first:
            del self._repeats[oldest]
        return self._repeats

    def text(self, number: int) -> str:
        """Return the id of a fill by its number."""
        return f"{self._head}{(number * _FACTOR + self._shift) & _MASK:012x}"

    def texts(self, numbers: Iterable[int]) -> list[str]:
        """Return the ids of fills by their numbers."""
        id_, shift = self._head + "%012x", self._shift
        return [id_ % ((number * _FACTOR + shift) & _MASK) for number in numbers]

    def repeat(self, number: int, *, renamed: bool) -> None:
        """Let a fill that is kept be seen once more, under its own id or under another."""
        text = self.text(number)
        self._repeats[number] = self._other_head + text[_HEAD:] if renamed else text

    def number(self, text: str) -> int | None:
        """Return the number of the fill with this id, or None for an id that no fill has that is kept."""
        return self._number(text, self._head)

    def repeated(self, text: str) -> int | None:
        """Return the number of the fill that is seen once more under this id, or None if none is."""
        number = self._number(text, self._other_head)
        return number if number in self.repeats else None

    def _number(self, text: str, head: str) -> int | None:
        text = text.lower()
        if len(text) != _HEAD + 12 or not text.startswith(head):
            return None
        digits = text[_HEAD:]
        if not digits.isalnum() or not digits.isascii():  # int() takes signs, blanks and underscores too
            return None
        try:
            number = (int(digits, 16) - self._shift) * _BACK & _MASK
        except ValueError:
            return None
        return number if self._fills.first <= number <= self._fills.made else None
