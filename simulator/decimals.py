"""Decimals as integers of billionths, which is the finest digit the wire contract knows, and their texts.

Amounts of different products can so be compared and added, and a product whose increments change in mid-session
keeps its orders.
"""

import re

from simulator.terms import BILLION

__all__ = ["parse_amount", "text_of_amount"]

_AMOUNT = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,9}))?")


_AMOUNTS: dict[str, int] = {}


_CACHED_AMOUNTS = 1 << 16


def parse_amount(text: str) -> int | None:
    """Return a decimal's text as an integer of billionths, or None if the wire does not allow it.

    Allowed are ASCII digits, at most 15 before the point and 9 after it, with an optional minus sign: no
    exponent, no NaN or Infinity, no underscore. The text is judged before any arithmetic is done on it.
    """
    amount = _AMOUNTS.get(text)
    if amount is not None:
        return amount
    if len(text) > 26 or not (match := _AMOUNT.fullmatch(text)):
        return None
    whole, fraction = match.groups()
    amount = int(whole) * BILLION + (int(fraction.ljust(9, "0")) if fraction else 0)
    if text[0] == "-":
        amount = -amount
    if len(_AMOUNTS) >= _CACHED_AMOUNTS:
        _AMOUNTS.clear()
    _AMOUNTS[text] = amount
    return amount


_TEXTS: dict[tuple[int, int], str] = {}


def text_of_amount(amount: int, digits: int = 0) -> str:
    """Return billionths as a decimal's text, with at least ``digits`` digits after the point and no idle zeros."""
    key = (amount, digits)
    text = _TEXTS.get(key)
    if text is not None:
        return text
    whole, fraction = divmod(abs(amount), BILLION)
    places = f"{fraction:09d}".rstrip("0").ljust(digits, "0")
    text = f"{'-' if amount < 0 else ''}{whole}{'.' if places else ''}{places}"
    if len(_TEXTS) >= _CACHED_AMOUNTS:
        _TEXTS.clear()
    _TEXTS[key] = text
    return text
