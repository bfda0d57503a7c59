"""The markets of one exchange: which stand still, which walk, and when each is opened."""

import random

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument
from simulator.exchange.liquidity import Market, MarketSpec
from simulator.exchange.venue import Quote, Venue
from simulator.scenario.amounts import amount, duration, share
from simulator.scenario.model import MarketEntry
from simulator.schedule import Agenda
from simulator.terms import BILLION

__all__ = ["Markets", "quotes_of"]


class Markets:
    """Opens each product's market when somebody first asks for the product.

    Args:
        agenda: the world's time.
        venue: the exchange.
        seed: what every market's sizes, moves and trades are drawn from, each apart from the others.
    """

    def __init__(self, agenda: Agenda, venue: Venue, seed: int) -> None:
        self._agenda = agenda
        self._venue = venue
        self._seed = seed

    def instrument(self, listing: TradableProduct) -> Instrument:
        """Return the trading state of a tradable product, with a market around its usual price."""
        instrument = self._venue.instruments.get(listing.id)
        if instrument is None:
            instrument = self._venue.instrument(listing)
            if listing.mid is not None:
                self.open(instrument, MarketSpec(listing.mid))
        return instrument

    def open(self, instrument: Instrument, spec: MarketSpec) -> None:
        """Open a market for an instrument."""
        agenda = self._agenda
        rng = random.Random(f"{self._seed} {instrument.listing.name}")  # noqa: S311 - a seeded market is the point
        market = Market(self._venue, instrument, spec, rng, agenda.now)
        if spec.every is not None:
            agenda.at(agenda.now + spec.every, lambda: self._move(market), background=True)
        if spec.trade_every is not None:
            agenda.at(market.next_trade(agenda.now), lambda: self._trade(market), background=True)

    def open_as(self, listing: TradableProduct, entry: MarketEntry) -> None:
        """Open a market as a scenario describes it."""
        instrument = self._venue.instrument(listing)
        if entry.mid is None:
            self._venue.quote(instrument, quotes_of(entry.bids or (), entry.asks or ()), self._agenda.now)
            return
        walk, trades = entry.walk, entry.trades
        spec = MarketSpec(
            amount(entry.mid),
            spread=None if entry.spread is None else amount(entry.spread),
            levels=entry.levels,
            every=None if walk is None else max(1, duration(walk.every)),
            volatility=0 if walk is None else share(walk.volatility),
            trade_every=None if trades is None else BILLION * BILLION // max(1, amount(trades.per_second)),
        )
        self.open(instrument, spec)

    def open_busiest(self, count: int) -> None:
        """Let the most traded of the canonical markets walk: a step each quarter of a second, a trade a second."""
        catalogue = self._venue.catalogue
        canonical = [listing for product in catalogue.products if (listing := catalogue.canonical(product))]
        canonical.sort(key=lambda listing: (listing.quote.kind != "Fiat", -listing.turnover, listing.name))
        for listing in [listing for listing in canonical if listing.mid is not None][:count]:
            spec = MarketSpec(listing.mid or 0, every=BILLION // 4, trade_every=BILLION)
            self.open(self._venue.instrument(listing), spec)

    def _move(self, market: Market) -> None:
        agenda = self._agenda
        market.move(agenda.now)
        agenda.at(agenda.now + (market.spec.every or BILLION), lambda: self._move(market), background=True)

    def _trade(self, market: Market) -> None:
        agenda = self._agenda
        market.trade(agenda.now)
        agenda.at(market.next_trade(agenda.now), lambda: self._trade(market), background=True)


def quotes_of(bids: tuple[tuple[str, str], ...], asks: tuple[tuple[str, str], ...]) -> list[Quote]:
    """Return quotes from the pairs of price and quantity of a scenario."""
    return [(True, amount(price), amount(size)) for price, size in bids] + [
        (False, amount(price), amount(size)) for price, size in asks
    ]
