"""Candles: from the trades that were made, and invented ones for the time before the exchange began."""

import math
from collections import deque
from collections.abc import Callable
from hashlib import sha1

from simulator.decimals import text_of_amount
from simulator.exchange.orders import Traded
from simulator.quoting import quoted
from simulator.terms import BILLION, Refusal
from simulator.times import text_of_time
from simulator.wire.replies import CandleView

__all__ = ["WIDTHS", "Tape", "read_width"]

WIDTHS = {
    "1s": BILLION,
    "5s": 5 * BILLION,
    "1m": 60 * BILLION,
    "15m": 900 * BILLION,
    "1h": 3600 * BILLION,
    "1d": 86_400 * BILLION,
}
"""How long a candle may be, in nanoseconds by its name."""

MOST_CANDLES = 10_000
"""How many candles one answer holds at most."""

_KEPT_TRADES = 100_000
_WAVES = ((86_400 * 97, 0.11), (86_400 * 13, 0.05), (86_400 * 1.7, 0.013), (5_300, 0.003), (410, 0.0008), (37, 0.0002))
"""Periods in seconds and heights, as a share of the price, of the waves that an invented price is made of."""


def read_width(width: str) -> int | Refusal:
    """Return a candle's width in nanoseconds."""
    if width in WIDTHS:
        return WIDTHS[width]
    return Refusal(f"`$.width`: expected one of {', '.join(WIDTHS)}, got {quoted(width)}")


class Tape:
    """The trades of an exchange since it began, the newest hundred thousand of each product.

    Args:
        began: when the exchange began, in nanoseconds; before that, candles are invented.
        seed: what invented candles are made from.
    """

    def __init__(self, began: int, seed: int) -> None:
        self._began = began
        self._seed = seed
        self._trades: dict[str, deque[Traded]] = {}

    def record(self, trade: Traded) -> None:
        """Keep a trade."""
        trades = self._trades.get(trade.target)
        if trades is None:
            trades = self._trades[trade.target] = deque(maxlen=_KEPT_TRADES)
        trades.append(trade)

    def candle(self, target: str, start: int, width: int, digits: int) -> CandleView | None:
        """Return the candle of the trades from ``start`` on for ``width`` nanoseconds, or None if there were none."""
        trades = []
        for trade in reversed(self._trades.get(target, ())):
            if trade.time < start:
                break
            if trade.time < start + width:
                trades.append(trade)
        return _candle(start, trades[::-1], digits) if trades else None

    def history(
        self, target: str, span: tuple[int, int], width: int, mid: int | None, digits: int
    ) -> list[CandleView] | Refusal:
        """Return the candles that begin within a span of time, both ends included.

        Those before the exchange began are invented around ``mid``, in billionths, if there is one.
        """
        start = -(-span[0] // width) * width
        if (span[1] - start) // width >= MOST_CANDLES:
            return Refusal(f"there are more than {MOST_CANDLES} candles from `$.start` to `$.end`: ask for fewer")
        by_start: dict[int, list[Traded]] = {}
        for trade in self._trades.get(target, ()):
            by_start.setdefault(trade.time // width * width, []).append(trade)
        price = self._inventor(target, mid) if mid is not None else None
        candles = []
        for begin in range(start, span[1] + 1, width):
            if begin in by_start:
                candles.append(_candle(begin, by_start[begin], digits))
            elif price is not None and begin + width <= self._began:
                candles.append(_invented(begin, width, price, digits))
        return candles

    def _inventor(self, target: str, mid: int) -> Callable[[int], int]:
        """Return a price as a function of time that runs into ``mid`` where the exchange begins."""
        phases = [
            int.from_bytes(sha1(f"{self._seed} {target} {wave}".encode(), usedforsecurity=False).digest()[:4], "big")
            for wave in range(len(_WAVES))
        ]

        def price(time: int) -> int:
            seconds = (time - self._began) / BILLION
            height = 0.0
            for (period, share), phase in zip(_WAVES, phases, strict=True):
                angle = phase / 2**32 * math.tau
                height += share * (math.sin(seconds / period * math.tau + angle) - math.sin(angle))
            return mid + int(height * BILLION) * mid // BILLION

        return price


def _candle(start: int, trades: list[Traded], digits: int) -> CandleView:
    bought = sum(trade.quantity for trade in trades if trade.buy)
    sold = sum(trade.quantity for trade in trades if not trade.buy)
    return _view(start, [trade.price for trade in trades], bought, sold, digits)


def _invented(start: int, width: int, price: Callable[[int], int], digits: int) -> CandleView:
    grain = 10 ** (9 - digits)
    seen = [max(grain, price(start + width * part // 8) // grain * grain) for part in range(9)]
    bought = (seen[3] // grain * 7 % 9_000 + 1_000) * BILLION // 1_000
    sold = (seen[6] // grain * 3 % 9_000 + 1_000) * BILLION // 1_000
    return _view(start, seen, bought, sold, digits)


def _view(start: int, prices: list[int], bought: int, sold: int, digits: int) -> CandleView:
    return CandleView(
        time=text_of_time(start),
        open=text_of_amount(prices[0], digits),
        high=text_of_amount(max(prices), digits),
        low=text_of_amount(min(prices), digits),
        close=text_of_amount(prices[-1], digits),
        volume=text_of_amount(bought + sold),
        buy_volume=text_of_amount(bought),
        sell_volume=text_of_amount(sold),
    )
