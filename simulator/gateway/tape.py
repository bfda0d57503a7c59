"""The trades that were made, summed up as candles, with invented ones for the time before the exchange began."""

from collections import deque

from simulator.catalogue import TradableProduct
from simulator.decimals import text_of_amount
from simulator.exchange.orders import Traded
from simulator.gateway.candles import MOST_CANDLES, WIDTHS, Bar, joined
from simulator.gateway.invented_candles import InventedCandles, Past
from simulator.terms import BILLION, Refusal
from simulator.times import text_of_time
from simulator.wire.replies import CandleView

__all__ = ["Tape"]

_KEPT = 5_000


class Tape:
    """The trades of an exchange since it began, summed up for each width of candles.

    Args:
        began: when the exchange began, in nanoseconds; before that, candles are invented.
        seed: what invented candles are made from.
        kept: how many candles of each width are kept of each product, the newest of them.
    """

    def __init__(self, began: int, seed: int, kept: int = _KEPT) -> None:
        self._began = began
        self._seed = seed
        self._kept = kept
        self._sums: dict[str, _TradeSums] = {}

    def record(self, trade: Traded) -> None:
        """Add a trade, which is not earlier than any before it."""
        sums = self._sums.get(trade.target)
        if sums is None:
            sums = self._sums[trade.target] = _TradeSums(self._kept)
        sums.add(trade)

    def candle(
        self, listing: TradableProduct, opened: int | None, start: int, width: int, digits: int
    ) -> CandleView | None:
        """Return a product's candle that begins at ``start``, a multiple of ``width``, or None if it has none.

        ``opened`` is the product's price when the exchange began, in billionths, or None if there was none; ``digits``
        are those of its prices.
        """
        bar = self._bar(listing, self._invented(listing, opened, start), start, width)
        return None if bar is None else _view(start, bar, digits)

    def history(
        self, listing: TradableProduct, opened: int | None, span: tuple[int, int], width: int, digits: int
    ) -> list[CandleView] | Refusal:
        """Return a product's candles that begin within a span of time, both ends included, each as `candle` has it."""
        start = -(-span[0] // width) * width
        if (span[1] - start) // width >= MOST_CANDLES:
            return Refusal(f"there are more than {MOST_CANDLES} candles from `$.start` to `$.end`: ask for fewer")
        sums = self._sums.get(listing.id)
        oldest = None if sums is None else sums.oldest(width)
        if oldest is not None and start < oldest and span[1] // width * width + width > self._began:
            since = text_of_time(oldest)
            return Refusal(f"`$.start`: the last {self._kept} candles of this width are kept, those from {since} on")
        invented = self._invented(listing, opened, start)
        bars = ((begin, self._bar(listing, invented, begin, width)) for begin in range(start, span[1] + 1, width))
        return [_view(begin, bar, digits) for begin, bar in bars if bar is not None]

    def _bar(self, listing: TradableProduct, invented: InventedCandles | None, start: int, width: int) -> Bar | None:
        sums = self._sums.get(listing.id)
        return joined(
            None if invented is None else invented.bar(start, width), None if sums is None else sums.bar(start, width)
        )

    def _invented(self, listing: TradableProduct, opened: int | None, start: int) -> InventedCandles | None:
        if opened is None or start >= self._began:
            return None
        seed = f"{self._seed} {listing.id}"
        return InventedCandles(Past(self._began, opened, listing.quote_increment, listing.base_increment, seed))


class _TradeSums:
    """The trades of one product, summed up for each width; those of the last second on their own until it is over."""

    __slots__ = (
        "_bars",
        "_bought",
        "_close",
        "_end",
        "_forgetful",
        "_high",
        "_kept",
        "_low",
        "_open",
        "_sold",
        "_starts",
    )

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._bars: dict[int, dict[int, Bar]] = {width: {} for width in WIDTHS.values()}
        self._starts: dict[int, deque[int]] = {width: deque() for width in WIDTHS.values()}
        self._forgetful: set[int] = set()
        self._end: int | None = None

    def add(self, trade: Traded) -> None:
        price = trade.price
        if self._end is None or trade.time >= self._end:
            if self._end is not None:
                self._sum_up()
            self._end = (trade.time // BILLION + 1) * BILLION
            self._open = self._high = self._low = price
            self._bought = self._sold = 0
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        if trade.buy:
            self._bought += trade.quantity
        else:
            self._sold += trade.quantity

    def bar(self, start: int, width: int) -> Bar | None:
        bar = self._bars[width].get(start)
        if self._end is not None and start < self._end <= start + width:
            return joined(bar, self._last_second())
        return bar

    def oldest(self, width: int) -> int | None:
        """Return where the oldest bar begins that is kept, if there were older ones."""
        return self._starts[width][0] if width in self._forgetful else None

    def _last_second(self) -> Bar:
        return Bar(self._open, self._high, self._low, self._close, self._bought, self._sold)

    def _sum_up(self) -> None:
        second = self._last_second()
        begin = (self._end or 0) - BILLION
        for width, bars in self._bars.items():
            start = begin // width * width
            before = bars.get(start)
            if before is None:
                bars[start] = second
                starts = self._starts[width]
                starts.append(start)
                if len(starts) > self._kept:
                    del bars[starts.popleft()]
                    self._forgetful.add(width)
            else:
                bars[start] = joined(before, second) or second


def _view(start: int, bar: Bar, digits: int) -> CandleView:
    return CandleView(
        time=text_of_time(start),
        open=text_of_amount(bar.open, digits),
        high=text_of_amount(bar.high, digits),
        low=text_of_amount(bar.low, digits),
        close=text_of_amount(bar.close, digits),
        volume=text_of_amount(bar.bought + bar.sold),
        buy_volume=text_of_amount(bar.bought),
        sell_volume=text_of_amount(bar.sold),
    )
