"""The steps about the market rather than about one order, and the markets that a scenario describes."""

from collections.abc import Callable
from typing import Any

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import Limit, Scope
from simulator.exchange.liquidity import MarketSpec
from simulator.exchange.markets import Markets
from simulator.exchange.scopes import read_scope, read_set
from simulator.exchange.venue import Quote, Venue
from simulator.gateway.handlers import Gateway
from simulator.gateway.subscriptions import Subscriptions
from simulator.scenario.amounts import amount, duration, share
from simulator.scenario.model import MarketEntry
from simulator.scenario.steps import LimitEntry
from simulator.schedule import Schedule
from simulator.steps.run import RuleRun
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
        self.by_verb: dict[str, Callable[[RuleRun, Any], None]] = {
            "book": self._book,
            "trade": self._trade,
            "halt": lambda run, scope: self._venue.halt(self._scope(scope)),
            "resume": self._resume,
            "delist": lambda run, name: self._venue.delist(self._instrument(name)),
            "increments": self._increments,
            "limits": lambda run, entries: self.set_limits(entries),
            "alert": lambda run, value: subscriptions.publish_alert(encode(value)),
        }

    def open(self, listing: TradableProduct, entry: MarketEntry) -> None:
        """Open a market as a scenario describes it: quotes that stand, or a price around which it quotes."""
        instrument = self._venue.instrument(listing)
        if entry.mid is None:
            self._venue.quote(instrument, _quotes_of(entry.bids or (), entry.asks or ()), self._schedule.now)
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

    def _resume(self, run: RuleRun, scope: object) -> None:
        self._venue.resume(self._scope(scope))

    def _book(self, run: RuleRun, args: Any) -> None:
        self._venue.quote(self._instrument(args.product), _quotes_of(args.bids, args.asks), self._schedule.now)

    def _trade(self, run: RuleRun, args: Any) -> None:
        instrument = self._instrument(args.product)
        self._venue.trade(instrument, args.dir == "Buy", amount(args.price), amount(args.quantity), self._schedule.now)

    def _increments(self, run: RuleRun, args: Any) -> None:
        tick = None if args.quote_increment is None else amount(args.quote_increment)
        step = None if args.base_increment is None else amount(args.base_increment)
        self._instrument(args.product).set_increments(tick, step)

    def set_limits(self, entries: tuple[LimitEntry, ...]) -> None:
        """Put limits in force, whatever already rests."""
        self._venue.limits.set([limit_of(entry, self._gateway) for entry in entries])


def _spec_of(entry: MarketEntry, mid: str) -> MarketSpec:
    walk, trades = entry.walk, entry.trades
    return MarketSpec(
        amount(mid),
        spread=None if entry.spread is None else amount(entry.spread),
        levels=entry.levels,
        every=None if walk is None else max(1, duration(walk.every)),
        volatility=0 if walk is None else share(walk.volatility),
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
