"""Decimals as integers of billionths, which is the finest digit the wire contract knows, and their texts.

Amounts of different products can so be compared and added, and a product whose increments change in mid-session
keeps its orders.
"""

import re

from simulator.terms import BILLION

__all__ = ["LONGEST_CACHED", "parse_amount", "text_of_amount"]

_PLAIN = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_ANY = re.compile(r"[+-]?(?=\.?[0-9])([0-9]*+)(?:\.([0-9]*+))?(?:[eE]([+-]?)(?=[0-9])0*+([0-9]*+))?")
_MOST_EXPONENT_DIGITS = 9


_AMOUNTS: dict[str, int] = {}


_CACHED_AMOUNTS = 1 << 16


LONGEST_CACHED = 40
"""The longest text, in characters, whose amount is kept: a decimal may be padded with any number of zeros."""


def parse_amount(text: str) -> int | None:
    """Return a decimal's text as an integer of billionths, or None if the wire does not allow it.

    Allowed is any notation of ASCII digits, with or without a sign, a point or an exponent (``1E-8``, ``1.5e3``,
    ``100.000000000000``), whose value has at most 15 digits before the point and 9 after it: no NaN or Infinity, no
    underscore, no blank. The text is judged before any arithmetic is done on it.
    """
    amount = _AMOUNTS.get(text)
    if amount is not None:
        return amount
    if len(text) <= 26 and (match := _PLAIN.fullmatch(text)):
        whole, fraction = match.groups()
        amount = int(whole) * BILLION + (int(fraction.ljust(9, "0")) if fraction else 0)
    else:
        amount = _parse_any(text)
        if amount is None:
            return None
    if text[0] == "-":
        amount = -amount
    if len(text) <= LONGEST_CACHED:
        if len(_AMOUNTS) >= _CACHED_AMOUNTS:
            _AMOUNTS.clear()
        _AMOUNTS[text] = amount
    return amount


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
