"""The market's own liquidity: a ladder of quotes around a price, which may stand still or walk.

Every number is drawn from the random generator that a market is given, so a seed makes the same market again.
"""

import random

import msgspec

from simulator.exchange.instrument import Instrument
from simulator.exchange.venue import Quote, Venue
from simulator.terms import BILLION

__all__ = ["Market", "MarketSpec"]


class MarketSpec(msgspec.Struct, frozen=True):
    """What a market is like: amounts in billionths, times in nanoseconds.

    Args:
        mid: the price around which it quotes.
        spread: the distance from best bid to best ask, rounded up to a tick; None for a hundredth of a percent of
            the price, but two ticks at least.
        levels: how many prices it quotes on each side.
        every: how often it moves; None for never.
        volatility: the standard deviation of one move, in billionths of the price.
        trade_every: how often somebody trades in it, on average; None for never.
    """

    mid: int
    spread: int | None = None
    levels: int = 20
    every: int | None = None
    volatility: int = 100_000
    trade_every: int | None = None


class Market:
    """The liquidity of one instrument, which quotes when it is made.

    Args:
        venue: where it quotes.
        instrument: what it quotes.
        spec: what it is like.
        rng: where its sizes, moves and trades are drawn from; nothing else may draw from it.
        now: the time in nanoseconds.
    """

    def __init__(self, venue: Venue, instrument: Instrument, spec: MarketSpec, rng: random.Random, now: int) -> None:
        self.venue = venue
        self.instrument = instrument
        self.spec = spec
        self.mid = spec.mid
        self._rng = rng
        venue.quote(instrument, self._ladder(), now)

    def move(self, now: int) -> None:
        """Walk one step and quote anew around the new price; a halted or delisted product stands still."""
        if self._is_closed():
            return
        pull = (self.spec.mid - self.mid) // 500  # it wanders, but a day later it is still plausible
        change = round(self._rng.gauss(0, self.spec.volatility)) * self.mid // BILLION
        lowest = min(self.spec.mid, self.instrument.tick * (self.spec.levels + 2))
        self.mid = max(lowest, self.mid + pull + change)
        self.venue.quote(self.instrument, self._ladder(), now)

    def trade(self, now: int) -> None:
        """Somebody takes a part of the best quote, on either side."""
        buy = self._rng.random() < 0.5
        share = self._rng.randint(5, 60)
        book = self.instrument.book
        side = book.asks if buy else book.bids
        if self._is_closed() or side.best is None:
            return
        level = next(iter(side))
        step = self.instrument.step
        quantity = max(step, level.quantity * share // 100 // step * step)
        self.venue.trade(self.instrument, buy, level.price, quantity, now)

    def next_trade(self, now: int) -> int:
        """Return the time of the next trade in nanoseconds."""
        return now + max(1, int(self._rng.expovariate(1.0) * (self.spec.trade_every or BILLION)))

    def _is_closed(self) -> bool:
        return self.instrument.delisted or self.venue.is_halted(self.instrument.listing)

    def _ladder(self) -> list[Quote]:
        """Return quotes for both sides, best first, on tick and step."""
        tick, step = self.instrument.tick, self.instrument.step
        spread = -(-(self.spec.spread or max(2 * tick, self.mid // 10_000)) // tick) * tick
        hole = max(tick, spread // 2 // tick * tick)
        bid = (self.mid - spread // 2) // tick * tick
        ask = max(tick, bid + spread)
        quotes: list[Quote] = []
        for level in range(self.spec.levels):
            for buy, price in ((True, bid - level * hole), (False, ask + level * hole)):
                if price > 0:
                    quotes.append((buy, price, self._size(level, step)))
        return quotes

    def _size(self, level: int, step: int) -> int:
        """Return a quantity worth some ten thousands of the quote currency, larger away from the best price."""
        worth = 10_000 * (level + 2) * self._rng.randint(40, 160) // 100
        return max(step, worth * BILLION * BILLION // self.mid // step * step)
