"""Candles: how wide they may be, the prices and quantities in one, and how two spans of time are put together."""

from typing import NamedTuple

from simulator.quoting import quoted
from simulator.terms import BILLION, Refusal

__all__ = ["MOST_CANDLES", "WIDTHS", "Bar", "joined", "read_width"]

MOST_CANDLES = 1_000
"""How many candles one answer holds at most: nobody waits for long while they are made."""

WIDTHS = {
    "1s": BILLION,
    "5s": 5 * BILLION,
    "1m": 60 * BILLION,
    "15m": 900 * BILLION,
    "1h": 3600 * BILLION,
    "1d": 86_400 * BILLION,
}
"""How long a candle may be, in nanoseconds by its name; each is a multiple of the one before."""


def read_width(width: str) -> int | Refusal:
    """Return a candle's width in nanoseconds."""
    if width in WIDTHS:
        return WIDTHS[width]
    return Refusal(f"`$.width`: expected one of {', '.join(WIDTHS)}, got {quoted(width)}")


class Bar(NamedTuple):
    """Prices and quantities of a span of time, all in the same units; ``bought`` is what takers bought."""

    open: int
    high: int
    low: int
    close: int
    bought: int
    sold: int


def joined(earlier: Bar | None, later: Bar | None) -> Bar | None:
    """Return the bar of two spans of time, one after the other; None stands for one in which nothing was traded."""
    if earlier is None or later is None:
        return later or earlier
    return Bar(
        earlier.open,
        max(earlier.high, later.high),
        min(earlier.low, later.low),
        later.close,
        earlier.bought + later.bought,
        earlier.sold + later.sold,
    )
