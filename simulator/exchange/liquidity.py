"""The market's own liquidity: a ladder of quotes around a price, which may stand still or walk.

Every number is drawn from the random generator that a market is given, so a seed makes the same market again.
"""

import random

import msgspec

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument
from simulator.exchange.venue import Quote, Venue
from simulator.exchange.walk import Walk
from simulator.terms import BILLION

__all__ = ["Market", "MarketSpec", "usual_spread"]

_LIQUID = 1000


class MarketSpec(msgspec.Struct, frozen=True):
    """What a market is like: amounts in billionths, times in nanoseconds.

    Args:
        mid: the price around which it quotes.
        spread: the distance from best bid to best ask, rounded up to a tick; None for what `usual_spread` says.
        levels: how many prices it quotes on each side.
        every: how often it moves; None for never.
        volatility: the standard deviation of one move, in billionths of the price; that of n moves is the square root
            of n times as much, as long as nothing pulls the price back.
        reversion: how much of its distance from ``mid`` each move takes back, in billionths of it.
        trade_every: how often somebody trades in it, on average; None for never.
    """

    mid: int
    spread: int | None = None
    levels: int = 20
    every: int | None = None
    volatility: int = 100_000
    reversion: int = 0
    trade_every: int | None = None


def usual_spread(listing: TradableProduct, price: int, tick: int) -> int:
    """Return how far best bid and best ask of a product are usually apart at a price, all in billionths.

    That is a hundredth of the price for an option and a ten-thousandth for anything else, but two ticks at least; for
    what has a turnover above a thousand it is so many times less, down to the one tick of what trades much.
    """
    if listing.turnover > _LIQUID:
        return price * _LIQUID // (10_000 * listing.turnover)
    return max(2 * tick, price // (100 if listing.base.kind == "Option" else 10_000))


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
        self._rng = rng
        self._walk = Walk(spec.mid, spec.volatility, spec.reversion, rng)
        self._quote(now)

    @property
    def mid(self) -> int:
        """The price around which it quotes at present, in billionths."""
        return self._walk.price

    def move(self, now: int) -> None:
        """Walk one step and quote anew around the new price; a halted or delisted product stands still."""
        if self._is_closed():
            return
        self._walk.move(min(self.spec.mid, self.instrument.tick * (self.spec.levels + 2)))
        self._quote(now)

    def trade(self, now: int) -> None:
        """Somebody takes a part of what the market usually quotes at its best, on either side.

        Where less than half of that is left, the market has quoted anew before.
        """
        buy = self._rng.random() < 0.5
        share = self._rng.randint(5, 60)
        usual = self._size(0)
        if self._is_closed():
            return
        if self._is_depleted(buy):
            self._quote(now)
        book = self.instrument.book
        level = next(iter(book.asks if buy else book.bids), None)
        if level is not None:
            step = self.instrument.step
            quantity = min(level.quantity, max(step, usual * share // 100 // step * step))
            self.venue.trade(self.instrument, buy, level.price, quantity, now)

    def next_trade(self, now: int) -> int:
        """Return the time of the next trade in nanoseconds."""
        return now + max(1, int(self._rng.expovariate(1.0) * (self.spec.trade_every or BILLION)))

    def _is_closed(self) -> bool:
        return self.instrument.delisted or self.venue.halts.cover(self.instrument.listing)

    def _is_depleted(self, buy: bool) -> bool:
        """Tell whether less than half is left of the best quote that a buyer, or a seller, would take.

        Quotes that somebody else has put in the place of these are left as they are.
        """
        quoted = self._best.get(not buy)
        if quoted is None or self.instrument.market_quotes is not self._quotes:
            return False
        left = (quote.leaves_qty for quote in self._quotes if (quote.buy, quote.price) == (not buy, quoted[0]))
        return next(left, 0) * 2 < quoted[1]

    def _quote(self, now: int) -> None:
        quotes = self._ladder()
        self._best = {buy: (price, quantity) for buy, price, quantity in quotes[1::-1]}
        self.venue.quote(self.instrument, quotes, now)
        self._quotes = self.instrument.market_quotes

    def _ladder(self) -> list[Quote]:
        """Return quotes for both sides, best first, on tick and step."""
        mid, tick = self.mid, self.instrument.tick
        wanted = self.spec.spread
        apart = mid // 20_000 if wanted is None else wanted // 2
        spread = max(tick, _up(usual_spread(self.instrument.listing, mid, tick) if wanted is None else wanted, tick))
        apart = max(tick, apart // tick * tick)
        bid = (2 * mid - spread + tick) // (2 * tick) * tick  # to the nearest tick, so that prices do not sink
        ask = max(tick, bid + spread)
        quotes: list[Quote] = []
        for level in range(self.spec.levels):
            for buy, price in ((True, bid - level * apart), (False, ask + level * apart)):
                if price > 0:
                    quotes.append((buy, price, self._size(level)))
        return quotes

    def _size(self, level: int) -> int:
        """Return a quantity worth some ten thousands of the quote currency, larger away from the best price."""
        step = self.instrument.step
        worth = 10_000 * (level + 2) * self._rng.randint(40, 160) // 100
        return max(step, worth * BILLION * BILLION // self.mid // step * step)


def _up(amount: int, tick: int) -> int:
    return -(-amount // tick) * tick
