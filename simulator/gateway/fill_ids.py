"""The ids of fills as the gateway tells them."""

from hashlib import sha1

from simulator.exchange.fills import Fills
from simulator.forgetting import forget

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
        self._derived = 0
        self.repeats: dict[int, str] = {}

    def text(self, number: int) -> str:
        """Return the id of a fill by its number."""
        text = self._texts.get(number)
        if text is None:  # a client that lists its fills again and again asks for the same ones
            self._forget()
            text = self._texts[number] = self._derive(b"fill %d" % number)
        return text

    def _forget(self) -> None:
        """Forget the ids of fills that are kept no longer."""
        for text in forget(self._texts, len(self._fills), self._fills.keeps):
            self._numbers.pop(text, None)

    def repeat(self, number: int, *, renamed: bool) -> None:
        """Let a fill be seen once more, under its own id or under another."""
        self.repeats[number] = self._derive(b"fill %d again" % number) if renamed else self.text(number)
        forget(self.repeats, len(self._fills), self._fills.keeps)

    def _derive(self, name: bytes) -> str:
        digest = bytearray(sha1(b"%b of seed %d" % (name, self._seed), usedforsecurity=False).digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x50
        digest[8] = digest[8] & 0x3F | 0x80
        text = digest.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def number(self, text: str) -> int | None:
        """Return the number of the fill with this id, or None for an id that no fill has that is kept."""
        for number in range(max(self._derived + 1, self._fills.first), self._fills.made + 1):
            self._numbers[self.text(number)] = number
        self._derived = self._fills.made
        return self._numbers.get(text.lower())
