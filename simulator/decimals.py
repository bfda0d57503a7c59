"""Decimals as integers of billionths, which is the finest digit the wire contract knows, and their texts.

Amounts of different products can so be compared and added, and a product whose increments change in mid-session
keeps its orders.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from simulator.terms import BILLION

__all__ = ["AmountCache", "parse_amount", "text_of_amount"]

_PLAIN = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_ANY = re.compile(r"[+-]?(?=\.?[0-9])([0-9]*+)(?:\.([0-9]*+))?(?:[eE]([+-]?)(?=[0-9])0*+([0-9]*+))?")
_MOST_EXPONENT_DIGITS = 9


_MOST_CACHED = 1 << 16
_LONGEST_CACHED = 40
_AnyText = TypeVar("_AnyText", str, bytes)


class AmountCache(dict[_AnyText, int | None]):
    """What short texts are parsed to, until there are too many of them; long ones are parsed whenever they come.

    A decimal may be padded with any number of zeros. Looking a text up takes two thirds of the time that
    `functools.lru_cache` takes behind the question whether it is short.

    Args:
        parse: what parses a text.
    """

    def __init__(self, parse: Callable[[_AnyText], int | None]) -> None:
        self._parse: Callable[[_AnyText], int | None] = parse

    def __missing__(self, text: _AnyText) -> int | None:
        amount = self._parse(text)
        if len(text) <= _LONGEST_CACHED:
            if len(self) >= _MOST_CACHED:
                self.clear()
            self[text] = amount
        return amount


def parse_amount(text: str) -> int | None:
    """Return a decimal's text as an integer of billionths, or None if the wire does not allow it.

    Allowed is any notation of ASCII digits, with or without a sign, a point or an exponent (``1E-8``, ``1.5e3``,
    ``100.000000000000``), whose value has at most 15 digits before the point and 9 after it: no NaN or Infinity, no
    underscore, no blank. The text is judged before any arithmetic is done on it.
    """
    return _amounts[text]


def _parse(text: str) -> int | None:
    amount = _parse_plain(text) if len(text) <= 26 else None
    if amount is None:
        amount = _parse_any(text)
    return -amount if amount is not None and text[0] == "-" else amount


def _parse_plain(text: str) -> int | None:
    """Return the billionths of a decimal in the most usual notation, without its sign."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.groups()
    return int(whole) * BILLION + (int(fraction.ljust(9, "0")) if fraction else 0)


_amounts = AmountCache(_parse)


def _parse_any(text: str) -> int | None:
    """Return the billionths of a decimal in any notation, without its sign."""
    match = _ANY.fullmatch(text)
    if match is None:
        return None
    whole, fraction, sign, exponent = match.groups(default="")
    written = (whole + fraction).lstrip("0")
    digits = written.rstrip("0")
    if not digits:
        return 0
    if len(exponent) > _MOST_EXPONENT_DIGITS:
        return None
    # The place of the last digit that counts, counted from the billionths up.
    place = int(sign + (exponent or "0")) - len(fraction) + len(written) - len(digits) + 9
    if place < 0 or len(digits) + place > 24:
        return None
    return int(digits + "0" * place)


@lru_cache(_MOST_CACHED)
def text_of_amount(amount: int, digits: int = 0) -> str:
    """Return billionths as a decimal's text, with at least ``digits`` digits after the point and no idle zeros."""
    whole, fraction = divmod(abs(amount), BILLION)
    places = f"{fraction:09d}".rstrip("0").ljust(digits, "0")
    return f"{'-' if amount < 0 else ''}{whole}{'.' if places else ''}{places}"
