"""What the texts of a scenario file stand for: durations, amounts and shares."""

from functools import lru_cache

from simulator.decimals import parse_amount
from simulator.terms import BILLION
from simulator.times import EPOCH_2024, parse_time

__all__ = ["MAX_DURATION", "amount", "duration", "moment", "offset", "part_of", "share", "start_of"]

_UNITS = (
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", BILLION),
    ("m", 60 * BILLION),
    ("h", 3600 * BILLION),
)

MAX_DURATION = 1000 * 3600 * BILLION
"""The longest time a file may say, in nanoseconds: 1000 hours, so that no clock runs out of years."""


@lru_cache(maxsize=4096)
def duration(text: str) -> int:
    """Return a duration's text (``250ms``, ``1.5s``, ``2m``) in nanoseconds; raises `ValueError` if it is none."""
    for unit, nanoseconds in _UNITS:
        number = text.removesuffix(unit)
        if number != text:
            value = parse_amount(number)
            if value is not None and value >= 0:
                return value * nanoseconds // BILLION
    raise ValueError(f"expected a duration with its unit, such as 250ms or 1.5s, got {text!r}")


def offset(text: str) -> int:
    """Return a duration's text that may go back (``-10m``) in nanoseconds; raises `ValueError` if it is none."""
    length = duration(text.removeprefix("+").removeprefix("-"))
    return -length if text.startswith("-") else length


def moment(text: str, began: int) -> int:
    """Return when a time is, in nanoseconds since 1970: a duration after the beginning, or a date or an RFC 3339 time.

    Raises `ValueError` if it is none of them.
    """
    time = parse_time(text)
    return began + duration(text) if time is None else time[0]


def start_of(start: str | None) -> int:
    """Return when a world begins that is told no time, in nanoseconds since 1970, by what its scenario says."""
    time = None if start is None else parse_time(start)
    return EPOCH_2024 if time is None else time[0]


def amount(text: str) -> int:
    """Return a decimal's text in billionths; raises `ValueError` if the wire allows no such decimal."""
    value = parse_amount(text)
    if value is None:
        raise ValueError(f"expected a decimal, got {text!r}")
    return value


@lru_cache(maxsize=4096)
def share(text: str) -> int:
    """Return a percentage's text (``40%``) as billionths of the whole; raises `ValueError` if it is none."""
    value = parse_amount(text.removesuffix("%"))
    if value is None or not text.endswith("%"):
        raise ValueError(f"expected a share such as 40%, got {text!r}")
    return value // 100


def part_of(text: str, whole: int, left: int, step: int) -> int:
    """Return a quantity's text in billionths: a decimal, a share of ``whole`` cut down to the step, or ``rest``.

    A share is at least one step, as far as that is left.
    """
    if text == "rest":
        return left
    if text.endswith("%"):
        return min(left, max(step, whole * share(text) // BILLION // step * step))
    return amount(text)
