"""The markets of one exchange: which stand still, which walk, and when each is opened."""

import random
from functools import partial

from simulator.catalogue import TradableProduct, is_expired
from simulator.exchange.instrument import Instrument
from simulator.exchange.liquidity import Market, MarketSpec
from simulator.exchange.venue import Venue
from simulator.exchange.walk import WALK_EVERY, WALK_VOLATILITY
from simulator.schedule import Schedule
from simulator.terms import BILLION

__all__ = ["Markets"]

_TRADE_EVERY = BILLION
"""How often others trade in one of the busiest markets, on average, in nanoseconds."""


class Markets:
    """Opens each product's market when somebody first asks for the product.

    Args:
        schedule: the world's time.
        venue: the exchange.
        seed: what every market's sizes, moves and trades are drawn from, each apart from the others.
    """

    def __init__(self, schedule: Schedule, venue: Venue, seed: int) -> None:
        self._schedule = schedule
        self._venue = venue
        self._seed = seed

    def instrument(self, listing: TradableProduct) -> Instrument:
        """Return the trading state of a tradable product, with a market around its usual price."""
        instrument = self._venue.instruments.get(listing.id)
        if instrument is None:
            instrument = self.listed(listing)
            if listing.mid is not None:
                self.open(instrument, MarketSpec(listing.mid))
        return instrument

    def listed(self, listing: TradableProduct) -> Instrument:
        """Return the trading state of a tradable product, whatever its market; a contract's ends when it expires."""
        venue = self._venue
        instrument = venue.instruments.get(listing.id)
        if instrument is None:
            instrument = venue.instrument(listing)
            expires = listing.base.expires
            if is_expired(listing.base, self._schedule.now):
                venue.expire(instrument)
            elif expires is not None:
                self._schedule.at(expires, partial(venue.expire, instrument), background=True)
        return instrument

    def open(self, instrument: Instrument, spec: MarketSpec) -> None:
        """Open a market for an instrument, unless it is traded no more."""
        if instrument.delisted:
            return
        instrument.opened = spec.mid
        schedule = self._schedule
        rng = random.Random(f"{self._seed} {instrument.listing.name}")  # noqa: S311 - a seeded market is the point
        market = Market(self._venue, instrument, spec, rng, schedule.now)
        if spec.every is not None:
            schedule.at(schedule.now + spec.every, partial(self._move, market), background=True)
        if spec.trade_every is not None:
            schedule.at(market.next_trade(schedule.now), partial(self._trade, market), background=True)

    def open_busiest(self, count: int) -> None:
        """Let the most traded of the canonical markets walk: a step each quarter of a second, a trade a second."""
        if not count:
            return
        catalogue = self._venue.catalogue
        canonical = [listing for product in catalogue.products if (listing := catalogue.canonical(product))]
        canonical.sort(key=lambda listing: (listing.quote.kind != "Fiat", -listing.turnover, listing.name))
        for listing in [listing for listing in canonical if listing.mid is not None][:count]:
            mid = listing.mid or 0
            spec = MarketSpec(mid, every=WALK_EVERY, volatility=WALK_VOLATILITY, trade_every=_TRADE_EVERY)
            self.open(self.listed(listing), spec)

    def _move(self, market: Market) -> None:
        schedule = self._schedule
        market.move(schedule.now)
        schedule.at(schedule.now + (market.spec.every or BILLION), partial(self._move, market), background=True)

    def _trade(self, market: Market) -> None:
        schedule = self._schedule
        market.trade(schedule.now)
        schedule.at(market.next_trade(schedule.now), partial(self._trade, market), background=True)
