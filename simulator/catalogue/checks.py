"""Checks of single values in a catalogue's data, which remember what is wrong and where."""

from collections.abc import Collection
from typing import Final

from simulator.catalogue.entries import DocumentError
from simulator.decimals import parse_amount
from simulator.did_you_mean import nearest
from simulator.quoting import quoted

__all__ = ["MAX_NAME", "Checks"]

MAX_NAME: Final = 60
"""The longest name or id, in characters: the names made of four, with the signs between, stay below 256."""


class Checks:
    """The checks of one document, whose source stands in every message.

    What is wrong is remembered, and a value that will do is given back in its place; `settle` raises for all of it.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._faults: list[tuple[str, str]] = []

    def wrong(self, where: str, problem: str) -> None:
        """Remember a problem at a place."""
        self._faults.append((where, problem))

    def settle(self) -> None:
        """Raise `simulator.catalogue.entries.DocumentError` if anything has been wrong."""
        if self._faults:
            raise DocumentError(self._source, self._faults)

    def name(self, where: str, name: str) -> str:
        """Return a name or id, which is to be short and printable and neither to begin nor to end with a blank."""
        if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name.strip() != name:
            wanted = f"1 to {MAX_NAME} printable characters, the first and the last no blanks"
            self.wrong(where, f"expected {wanted}, got {quoted(name)}")
        return name

    def once(self, seen: dict[str, str], key: str, where: str, word: str) -> bool:
        """Remember where a word stands, which is not to have stood anywhere before; tell whether it has not."""
        first = seen.setdefault(key, where)
        if first != where:
            self.wrong(where, f"expected a word that is used once, got {word!r}, which is {first} too")
        return first == where

    def one_of(self, where: str, word: str, valid: Collection[str]) -> str:
        """Return a word, which is to be one of the valid ones; no message lists more than a dozen of them."""
        if word not in valid:
            words = list(valid)
            wanted = f"one of {', '.join(words) if len(words) <= 12 else f'{len(words)} known names'}"
            if not words:
                wanted = "no name, as there is none"
            self.wrong(where, f"expected {wanted}, got {quoted(word)}{nearest(word, words)}")
        return word

    def amount(self, where: str, value: str | int, *, zero: bool = False) -> int:
        """Return a decimal in billionths, which is to be above zero, or not below it."""
        amount = parse_amount(str(value))
        if amount is None or amount < 0 or (amount == 0 and not zero):
            wanted = "0 or more" if zero else "above 0"
            self.wrong(where, f'expected a decimal {wanted}, like "0.01", got {quoted(str(value))}')
            return 1
        return amount

    def count(self, where: str, value: str | int) -> int:
        """Return a whole number, which is to have at most fifteen digits and not to be below zero."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            self.wrong(where, f"expected a whole number, 0 or more, got {quoted(text)}")
            return 0
        return int(text)
