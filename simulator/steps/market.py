"""The steps about the market rather than about one order, and the markets that a scenario describes."""

from typing import assert_never

import msgspec

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import Limit, Scope
from simulator.exchange.liquidity import MarketSpec
from simulator.exchange.markets import Markets
from simulator.exchange.scopes import read_scope, read_set
from simulator.exchange.venue import Quote, Venue
from simulator.gateway.query_requests import Gateway
from simulator.gateway.subscriptions import Subscriptions
from simulator.scenario.amounts import amount, duration, share
from simulator.scenario.model import MarketEntry
from simulator.scenario.steps import LimitEntry, MarketStep
from simulator.schedule import Schedule
from simulator.terms import BILLION, LimitName, Refusal
from simulator.wire import encode

__all__ = ["MarketSteps", "limit_of"]


class MarketSteps:
    """Does the steps about the market.

    Args:
        gateway: reads names.
        markets: opens the markets that a scenario describes.
        subscriptions: who follows alerts.
        schedule: the world's time.
    """

    def __init__(self, gateway: Gateway, markets: Markets, subscriptions: Subscriptions, schedule: Schedule) -> None:
        self._gateway = gateway
        self._venue: Venue = gateway.venue
        self._markets = markets
        self._schedule = schedule
        self._subscriptions = subscriptions

    def do(self, step: MarketStep) -> None:
        """Do a step."""
        venue, now = self._venue, self._schedule.now
        match step.verb:
            case "book":
                venue.quote(self._instrument(step.product), _quotes_of(step.bids, step.asks), now)
            case "trade":
                price, quantity = amount(step.price), amount(step.quantity)
                venue.trade(self._instrument(step.product), step.dir == "Buy", price, quantity, now)
            case "halt":
                venue.halts.begin(self._scope(step.scope))
            case "resume":
                venue.halts.end(self._scope(step.scope))
            case "delist":
                venue.delist(self._instrument(step.product))
            case "increments":
                tick = None if step.quote_increment is None else amount(step.quote_increment)
                base = None if step.base_increment is None else amount(step.base_increment)
                self._instrument(step.product).set_increments(tick, base)
            case "limits":
                self.set_limits(step.limits)
            case "alert":
                alert = encode(step.value)
                self._subscriptions.publish_alert(alert, _path_of(alert))
            case _:
                assert_never(step)

    def open(self, listing: TradableProduct, entry: MarketEntry) -> None:
        """Open a market as a scenario describes it: quotes that stand, or a price around which it quotes."""
        instrument = self._markets.listed(listing)
        if entry.mid is None:
            quotes = _quotes_of(entry.bids or (), entry.asks or ())
            best = [next((price for buy, price, _ in quotes if buy is side), None) for side in (True, False)]
            known = [price for price in best if price is not None]
            instrument.opened = sum(known) // len(known) if known else instrument.opened
            self._venue.quote(instrument, quotes, self._schedule.now)
        else:
            self._markets.open(instrument, _spec_of(entry, entry.mid))

    def _instrument(self, name: str) -> Instrument:
        listing = self._gateway.catalogue.tradable_product(name)
        if listing is None:
            raise ValueError(f"there is no tradable product {name!r}")
        return self._gateway.instrument(listing)

    def _scope(self, value: object) -> Scope:
        scope = read_scope(value, self._gateway.catalogue)
        if isinstance(scope, Refusal):
            raise ValueError(scope.text)
        return scope

    def set_limits(self, entries: tuple[LimitEntry, ...]) -> None:
        """Put limits in force, whatever already rests."""
        self._venue.limits.set([limit_of(entry, self._gateway) for entry in entries])


def _path_of(alert: bytes) -> str | None:
    """Return the path that an alert in JSON says it is of, if it says one."""
    value = msgspec.json.decode(alert)
    path = value.get("path") if isinstance(value, dict) else None
    return path if isinstance(path, str) else None


def _spec_of(entry: MarketEntry, mid: str) -> MarketSpec:
    walk, trades = entry.walk, entry.trades
    return MarketSpec(
        amount(mid),
        spread=None if entry.spread is None else amount(entry.spread),
        levels=entry.levels,
        every=None if walk is None else max(1, duration(walk.every)),
        volatility=0 if walk is None else share(walk.volatility),
        reversion=0 if walk is None else share(walk.reversion),
        trade_every=None if trades is None else BILLION * BILLION // max(1, amount(trades.per_second)),
    )


def _quotes_of(bids: tuple[tuple[str, str], ...], asks: tuple[tuple[str, str], ...]) -> list[Quote]:
    """Return quotes from the pairs of price and quantity of a scenario."""
    return [(True, amount(price), amount(size)) for price, size in bids] + [
        (False, amount(price), amount(size)) for price, size in asks
    ]


def limit_of(entry: LimitEntry, gateway: Gateway) -> Limit:
    """Return a limit of the scenario's; raises `ValueError` if it names what there is not."""
    account = read_set(entry.set, gateway.accounts)
    scope = read_scope(entry.scope, gateway.catalogue)
    for read in (account, scope):
        if isinstance(read, Refusal):
            raise ValueError(read.text)
    value = None if entry.value is None else amount(entry.value)
    return Limit(account or None, scope, LimitName(entry.name), value)  # type: ignore[arg-type]  # judged above
