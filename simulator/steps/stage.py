"""The steps that are about the market, the views and the connections rather than about one order."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import Limit, Scope
from simulator.exchange.markets import quotes_of
from simulator.exchange.scopes import read_scope, read_set
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.handlers import Gateway
from simulator.gateway.query_views import Bend, BentLens, History
from simulator.gateway.sessions import Connections
from simulator.gateway.subscriptions import Subscriptions
from simulator.scenario.amounts import amount, duration
from simulator.scenario.steps import VIEWED, LimitEntry, StepEntry, View
from simulator.schedule import Agenda
from simulator.steps.orders import TruthSteps
from simulator.steps.run import Script
from simulator.terms import LimitName, Refusal
from simulator.wire import encode

__all__ = ["Stage", "limit_of"]


class Stage:
    """Does the steps of one world.

    Args:
        agenda: the world's time.
        gateway: reads names, and is given its lenses.
        connections: who is there.
        delivery: brings messages to connections, and troubles them.
        subscriptions: who follows alerts.
        truth: knows the orders and fills that a step may name.
        history: orders' past states.
        goto: changes the scenario's state.
    """

    def __init__(
        self,
        agenda: Agenda,
        gateway: Gateway,
        connections: Connections,
        delivery: Delivery,
        subscriptions: Subscriptions,
        truth: TruthSteps,
        history: History,
        goto: Callable[[str], None],
    ) -> None:
        self._agenda = agenda
        self._gateway = gateway
        self._venue: Venue = gateway.venue
        self._connections = connections
        self._delivery = delivery
        self._truth = truth
        self._history = history
        self._do: dict[str, Callable[[Script, Any], None]] = {
            "disconnect": self._disconnect,
            "refuse": lambda script, args: connections.refuse(duration(args.for_)),
            "stall": self._stall,
            "slow": self._slow,
            "corrupt": self._corrupt,
            "view": self._bend,
            "book": self._book,
            "trade": self._trade,
            "halt": lambda script, scope: self._venue.halt(self._scope(scope)),
            "resume": self._resume,
            "delist": lambda script, name: self._venue.delist(self._instrument(name)),
            "increments": self._increments,
            "limits": lambda script, entries: self.set_limits(entries),
            "goto": lambda script, state: goto(state),
            "restart": self._restart,
            "alert": lambda script, value: subscriptions.tell_alert(encode(value)),
        }
        self._lenses = {name: self._lens() for name in VIEWED}
        gateway.lenses.update(self._lenses)

    def play(self, script: Script, step: StepEntry) -> None:
        """Do one step."""
        self._do[step.verb](script, step.args)

    # Connections

    def _disconnect(self, script: Script, args: Any) -> None:
        name = None if args == "abort" else args and args.session
        for session in self._connections.named(name, script.session):
            if args == "abort":
                self._connections.abort(session)
            else:
                self._connections.close(session, args.code, args.reason)

    def _stall(self, script: Script, args: Any) -> None:
        for session in self._connections.named(args.session, script.session):
            self._delivery.stall(session, args.what, None if args.for_ is None else duration(args.for_))

    def _slow(self, script: Script, args: Any) -> None:
        for session in self._connections.named(args.session, script.session):
            self._delivery.slow(session, args.bytes_per_second, None if args.for_ is None else duration(args.for_))

    def _corrupt(self, script: Script, args: Any) -> None:
        for session in self._connections.named(args.session, script.session):
            self._delivery.corrupt(session, args.what, args.messages)

    def _restart(self, script: Script, args: Any) -> None:
        if args.orders == "lost":
            self._venue.forget_open()
        self._connections.restart(duration(args.for_))

    # Views

    def _lens(self) -> BentLens:
        return BentLens(
            self._venue, self._gateway.fill_ids, self._history, self._truth.repeats, lambda: self._agenda.now
        )

    def _bend(self, script: Script, views: dict[str, View]) -> None:
        for name, view in views.items():
            lens = self._lenses[name]
            lens.bend = bend = self._read_bend(script, view)
            if view.for_ is not None:
                self._agenda.at(self._agenda.now + duration(view.for_), partial(_straighten, lens, bend))

    def _read_bend(self, script: Script, view: View) -> Bend:
        """Read how a view is bent: what is left out is what the names stand for at this moment."""
        lag = None if view.lag is None else duration(view.lag)
        if "all" in view.omit:
            return Bend(lag, orders=None)
        orders: set[int] = set()
        fills: set[int] = set()
        for name in view.omit:
            named = self._truth.orders(name, script)
            orders.update(order.id for order in named)
            if not named and (fill := self._truth.fill(name, script)):
                fills.add(fill.number)
        return Bend(lag, frozenset(orders), frozenset(fills))

    # The market

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

    def _resume(self, script: Script, scope: object) -> None:
        self._venue.resume(self._scope(scope))

    def _book(self, script: Script, args: Any) -> None:
        self._venue.quote(self._instrument(args.product), quotes_of(args.bids, args.asks), self._agenda.now)

    def _trade(self, script: Script, args: Any) -> None:
        instrument = self._instrument(args.product)
        self._venue.trade(instrument, args.dir == "Buy", amount(args.price), amount(args.quantity), self._agenda.now)

    def _increments(self, script: Script, args: Any) -> None:
        tick = None if args.quote_increment is None else amount(args.quote_increment)
        step = None if args.base_increment is None else amount(args.base_increment)
        self._instrument(args.product).set_increments(tick, step)

    def set_limits(self, entries: tuple[LimitEntry, ...]) -> None:
        """Put limits in force, whatever already rests."""
        self._venue.limits.set([limit_of(entry, self._gateway) for entry in entries])


def _straighten(lens: BentLens, bend: Bend) -> None:
    """Let a view be straight again, unless it has been bent anew since."""
    if lens.bend is bend:
        lens.bend = Bend()


def limit_of(entry: LimitEntry, gateway: Gateway) -> Limit:
    """Return a limit of the scenario's; raises `ValueError` if it names what there is not."""
    account = read_set(entry.set, gateway.accounts)
    scope = read_scope(entry.scope, gateway.catalogue)
    for read in (account, scope):
        if isinstance(read, Refusal):
            raise ValueError(read.text)
    value = None if entry.value is None else amount(entry.value)
    return Limit(account or None, scope, LimitName(entry.name), value)  # type: ignore[arg-type]  # judged above
