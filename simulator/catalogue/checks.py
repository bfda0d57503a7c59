"""Checks of single values in a catalogue's data; each raises `DocumentError` with the place of the fault."""

from collections.abc import Iterable
from typing import Final

from simulator.catalogue.entries import DocumentError
from simulator.decimals import parse_amount
from simulator.did_you_mean import nearest
from simulator.quoting import quoted

__all__ = ["MAX_NAME", "Checks"]

MAX_NAME: Final = 60
"""The longest name or id, in characters: the names made of four, with the signs between, stay below 256."""


class Checks:
    """The checks of one document, whose source stands in every message."""

    def __init__(self, source: str) -> None:
        self._source = source

    def error(self, where: str, problem: str) -> DocumentError:
        """Return the error of a problem at a place."""
        return DocumentError(self._source, where, problem)

    def name(self, where: str, name: str) -> str:
        """Return a name or id that is short, printable and neither begins nor ends with a blank."""
        if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name.strip() != name:
            wanted = f"1 to {MAX_NAME} printable characters, the first and the last no blanks"
            raise self.error(where, f"expected {wanted}, got {quoted(name)}")
        return name

    def once(self, seen: dict[str, str], key: str, where: str, word: str) -> None:
        """Remember where a word stands, which must not have stood anywhere before."""
        first = seen.setdefault(key, where)
        if first != where:
            raise self.error(where, f"expected a word that is used once, got {word!r}, which is {first} too")

    def one_of(self, where: str, word: str, valid: Iterable[str]) -> str:
        """Return a word that is one of the valid ones; no message lists more than a dozen of them."""
        words = list(valid)
        if word not in words:
            wanted = ", ".join(words) if len(words) <= 12 else f"{len(words)} known names"
            raise self.error(where, f"expected one of {wanted}, got {quoted(word)}{nearest(word, words)}")
        return word

    def amount(self, where: str, value: str | int, *, zero: bool = False) -> int:
        """Return a decimal above zero, or not below it, in billionths."""
        amount = parse_amount(str(value))
        if amount is None or amount < 0 or (amount == 0 and not zero):
            wanted = "0 or more" if zero else "above 0"
            raise self.error(where, f'expected a decimal {wanted}, like "0.01", got {quoted(str(value))}')
        return amount

    def count(self, where: str, value: str | int) -> int:
        """Return a whole number of at most fifteen digits that is not below zero."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise self.error(where, f"expected a whole number, 0 or more, got {quoted(text)}")
        return int(text)
