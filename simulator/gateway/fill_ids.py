"""The ids of fills as the gateway tells them."""

from simulator.catalogue.products import uuid_of
from simulator.exchange.fills import Fills

__all__ = ["FillIds"]


class FillIds:
    """The ids of fills: UUIDv5 of the seed and the fill's number, so the same in every run.

    They are made when somebody asks, not when an order is filled. ``repeats`` are the ids under which fills are seen
    once more, by their numbers.

    Args:
        seed: the exchange's.
        fills: its fills.
    """

    def __init__(self, seed: int, fills: Fills) -> None:
        self._seed = seed
        self._fills = fills
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._first = self._next = 1
        """The first fill whose id is made and kept, and the next one whose id is to be made."""
        self.repeats: dict[int, str] = {}

    def text(self, number: int) -> str:
        """Return the id of a fill by its number; of one that is kept no longer it is made again."""
        self._catch_up()
        return self._texts.get(number) or self._derive(b"fill %d" % number)

    def repeat(self, number: int, *, renamed: bool) -> None:
        """Let a fill that is kept be seen once more, under its own id or under another."""
        text = self.text(number)
        self.repeats[number] = self._derive(b"fill %d again" % number) if renamed else text

    def number(self, text: str) -> int | None:
        """Return the number of the fill with this id, or None for an id that no fill has that is kept."""
        self._catch_up()
        return self._numbers.get(text.lower())

    def _catch_up(self) -> None:
        """Drop the ids of fills that are kept no longer, and make those of the new ones."""
        first, end = self._fills.first, self._fills.made + 1
        if self._next == end:
            return
        for number in range(self._first, min(first, self._next)):
            del self._numbers[self._texts.pop(number)]
            self.repeats.pop(number, None)
        for number in range(max(first, self._next), end):
            text = self._derive(b"fill %d" % number)
            self._texts[number] = text
            self._numbers[text] = number
        self._first, self._next = first, end

    def _derive(self, name: bytes) -> str:
        return uuid_of(b"%b of seed %d" % (name, self._seed))
