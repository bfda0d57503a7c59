"""One simulated world, without sockets, threads or a clock of its own.

A shell tells it what came on which connection and at what time, and is told what to send. The same scenario, seed
and calls give the same bytes, always.
"""

import random
from pathlib import Path
from typing import Any

import msgspec

from simulator.catalogue import Catalogue, load
from simulator.errors import SimulatorError
from simulator.exchange.markets import Markets
from simulator.exchange.venue import DEFAULT_LIMIT as DEFAULT_HISTORY
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.dispatch import Dispatcher
from simulator.gateway.handlers import Gateway
from simulator.gateway.netidx import Netidx
from simulator.gateway.outgoing import Outgoing
from simulator.gateway.query_views import History
from simulator.gateway.session import NETIDX, Session
from simulator.gateway.sessions import PATHS, Refused, Sessions
from simulator.gateway.subscriptions import Subscriptions
from simulator.journal.journal import DEFAULT_LIMIT, Journal
from simulator.scenario.amounts import duration
from simulator.scenario.latency import Latencies
from simulator.scenario.loader import Loaded, parse_clock, parse_step
from simulator.scenario.loader import load as load_scenario
from simulator.scenario.model import Rule, Scenario, TimelineEntry
from simulator.scenario.rules.director import Director, RuleInPlay
from simulator.scenario.steps import StepEntry, entry_of
from simulator.schedule import Schedule
from simulator.steps.connections import ConnectionSteps
from simulator.steps.market import MarketSteps
from simulator.steps.orders import OrderSteps
from simulator.steps.player import StepPlayer
from simulator.steps.views import ViewSteps
from simulator.times import EPOCH_2024, parse_time
from simulator.wire import BadRequest, decode, err, requests, unknown_fields

__all__ = ["PATHS", "Refused", "Simulation"]


class Simulation:
    """A world: one exchange behind one gateway, the connections to it, and a scenario that decides what it does.

    Args:
        scenario: a file, a bundled name, the same data as a dict, or one that is loaded; None for an exchange that
            does only what its engine does.
        catalogue: what is traded, instead of the scenario's: a `Catalogue`, a bundled name (``default``,
            ``reference``) or a file.
        seed: everything random is drawn from it, instead of from the scenario's.
        clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``, for the shell that drives it, instead of the
            scenario's.
        start: the time at which the world begins, in nanoseconds since 1970, instead of the scenario's.
        moving: how many of the catalogue's markets walk and trade without being told to.
        journal_limit: how many entries the journal keeps.
        history_limit: how many orders that are out, and how many fills, the exchange keeps.

    Raises `simulator.errors.SimulatorError` for a scenario or a catalogue that cannot be used.
    """

    def __init__(
        self,
        scenario: "str | Path | dict[str, Any] | Scenario | Loaded | None" = None,
        *,
        catalogue: Catalogue | str | Path | None = None,
        seed: int | None = None,
        clock: str | dict[str, Any] | None = None,
        start: int | None = None,
        moving: int = 0,
        journal_limit: int = DEFAULT_LIMIT,
        history_limit: int = DEFAULT_HISTORY,
    ) -> None:
        if catalogue is not None and not isinstance(catalogue, Catalogue):
            catalogue = load(catalogue)
        loaded = None
        if scenario is not None:
            loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario, catalogue=catalogue)
        plan = Scenario() if loaded is None else loaded.scenario
        if clock is not None:
            plan = msgspec.structs.replace(plan, clock=parse_clock(clock))
        self.scenario = plan
        self.catalogue = catalogue or (load("default") if loaded is None else loaded.catalogue)
        self.seed = plan.seed if seed is None else seed
        for name, limit in (("journal_limit", journal_limit), ("history_limit", history_limit)):
            if limit < 1:
                raise SimulatorError(f"{name}: expected at least 1, got {limit}")
        self._schedule = schedule = Schedule(_start(plan) if start is None else start)
        self.journal = Journal(journal_limit, schedule=schedule)
        self._latencies = Latencies(plan.latency, self._rng("latency"))
        self._has_entry_delay = plan.latency.entry is not None or bool(plan.latency.requests)
        self.venue = Venue(self.catalogue, history_limit)
        history = History(self.venue.orders)
        past = None if loaded is None else history  # only a scenario looks at it
        self._markets = Markets(schedule, self.venue, self.seed)
        accounts = plan.accounts or self.catalogue.accounts
        self.gateway = Gateway(self.venue, accounts, self._markets.instrument, self.seed, schedule.now)
        delivery = Delivery(schedule, self.journal, self._latencies)
        self._subscriptions = Subscriptions(self.gateway, delivery.update)
        self._dispatcher = Dispatcher(schedule, self.journal, self.gateway, self._subscriptions, delivery, past)
        self._netidx = Netidx(schedule, delivery)
        self._sessions = Sessions(
            schedule,
            self.journal,
            delivery,
            self._subscriptions,
            self._netidx,
            self.gateway.accounts,
            b'"%b"' % plan.hello.encode(),
            lambda session: self._on_event("disconnect", session),
        )
        self.director = Director(plan.rules, self.catalogue, self._rng("rules"))
        order_steps = OrderSteps(schedule, self.venue, self._dispatcher, self.gateway.fill_ids, self._note)
        self._market_steps = MarketSteps(self.gateway, self._markets, self._subscriptions, lambda: schedule.now)
        others = {
            **self._market_steps.by_verb,
            **ViewSteps(schedule, self.gateway, order_steps, history).by_verb,
            **ConnectionSteps(self.venue, self._sessions, delivery).by_verb,
        }
        self._player = StepPlayer(
            schedule,
            self.gateway,
            self._dispatcher,
            self._sessions,
            delivery,
            order_steps,
            others,
            self._goto,
            self._note,
        )
        self._delivery = delivery
        self._begin(plan, moving)

    def _rng(self, purpose: str) -> random.Random:
        """Return a generator of its own for one purpose, so that one purpose never shifts what another draws."""
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311 - seeded, which is the point

    def _begin(self, plan: Scenario, moving: int) -> None:
        for name, entry in plan.markets.items():
            listing = self.catalogue.tradable_product(name)
            if listing is not None:  # the loader has refused names that are none
                self._market_steps.open(listing, entry)
        self._markets.open_busiest(moving)
        if plan.limits:
            self._market_steps.set_limits(plan.limits)
        for number, event in enumerate(plan.timeline):
            self._play_at(event, f"timeline[{number}]", self._schedule.now + duration(event.at))
        self._dispatcher.publish()

    def _play_at(self, entry: TimelineEntry, name: str, at: int) -> None:
        steps = entry.do if isinstance(entry.do, tuple) else (entry.do,)
        entries = tuple(entry_of(step) for step in steps)

        def act() -> None:
            self._note("timeline", name)
            self._player.play(entries, name)
            if entry.every is not None:
                self._play_at(entry, name, self._schedule.now + max(1, duration(entry.every)))

        self._schedule.at(at, act, background=entry.every is not None)

    # What a shell calls

    @property
    def now(self) -> int:
        """The present moment in nanoseconds since 1970."""
        return self._schedule.now

    @property
    def sessions(self) -> dict[int, Session]:
        """The open connections by their number."""
        return self._sessions.open

    @property
    def is_awaited(self) -> bool:
        """Whether anything is due that does not just go on for ever, as a walking market or a ticking clock does."""
        return self._schedule.awaited > 0

    def connect(self, target: str = "/architect", now: int | None = None) -> Session:
        """Open a connection on one of `PATHS`; ``?account=NAME`` binds it to an account.

        Raises `Refused`, with the HTTP status a shell answers, for a path that is none of them, an account that
        does not exist, or while the scenario refuses connections.
        """
        self._catch_up(now)
        session = self._sessions.admit(target)
        self._on_event("connect", session)
        return session

    def receive(self, session: Session, text: str | bytes, now: int | None = None) -> None:
        """Take one message from a client."""
        self._catch_up(now)
        self.journal.write(self._schedule.now, session.number, "in", text)
        if session.kind == NETIDX:
            self._netidx.receive(session, text)
            return
        request = decode(text)
        if isinstance(request, BadRequest):
            self._delivery.reply(session, err(request.id, request.text))
            return
        if self.scenario.strict and (unknown := unknown_fields(text, request)):
            self._delivery.reply(session, err(bytes(request.id), unknown))
            return
        if self._has_entry_delay:
            self._delay_entry(session, request)
        else:
            self._take(session, request)

    def disconnect(self, session: Session, now: int | None = None, why: str = "") -> None:
        """A connection is gone, and its subscriptions with it; its orders stay."""
        if session.is_open:
            self._catch_up(now)
            self._schedule.cause = 0
            self._sessions.lose(session, why)

    def next_due(self) -> int | None:
        """Return the time at which something happens by itself, in nanoseconds, or None."""
        return self._schedule.next_due

    def advance(self, now: int) -> list[tuple[Session, list[Outgoing]]]:
        """Let time pass until ``now``; return what is to be sent, each session's messages in their order."""
        self._catch_up(now)
        return self.take()

    def sleep(self, until: int) -> None:
        """Let time pass for an exchange that is down: what is due happens, but markets stand still until then."""
        self._schedule.put_off(until)
        self._catch_up(until)

    def take(self) -> list[tuple[Session, list[Outgoing]]]:
        """Return what is to be sent since the last call, each session's messages in their order."""
        if self._schedule.is_due:
            self._catch_up(self._schedule.now)
        pending = self._sessions.pending
        if not pending:
            return []
        taken = []
        for session in pending.values():
            taken.append((session, session.outbox))
            session.outbox = []
            session.waiting = 0
        pending.clear()
        return taken

    # What a test may call besides

    def do(self, *steps: "str | dict[str, Any] | StepEntry", session: Session | None = None) -> None:
        """Do steps as a rule's are done: ``do({"fill": {"quantity": "rest", "order": "last"}})``.

        Raises `simulator.errors.ScenarioError` for a step that is none, and `simulator.errors.SimulatorError` for one
        that does not say which order it is about.
        """
        entries = tuple(step if isinstance(step, StepEntry) else parse_step(step) for step in steps)
        for entry in entries:
            if getattr(entry.args, "order", None) == "this":
                raise SimulatorError(
                    f"{entry.verb}: expected order: last, all or an order's id, because no request is being answered"
                )
        self._schedule.cause = 0
        self._player.play(entries, "do", session)

    def release(self, name: str) -> None:
        """Let go on whatever a rule holds under a name."""
        self._schedule.cause = 0
        self._player.release(name)

    @property
    def held(self) -> tuple[str, ...]:
        """The names under which something is held."""
        return self._player.held

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Replace the scenario's rules."""
        self.director.set_rules(rules)

    # Inside

    def _catch_up(self, now: int | None) -> None:
        """Do all that is due by ``now``, each thing at its own time; time never goes back."""
        if now is not None and now >= self._schedule.now:
            for act in self._schedule.due_by(now):
                act()
                self._dispatcher.publish()

    def _delay_entry(self, session: Session, request: requests.Request) -> None:
        """Let a request travel to the venue, behind those that are on the way already, unless they may overtake."""
        due = self._schedule.now + self._latencies.entry(type(request).__name__)
        if not self._latencies.reorder:
            due = session.entry_due = max(session.entry_due, due)
        self._schedule.at(due, lambda: self._take(session, request))

    def _take(self, session: Session, request: requests.Request) -> None:
        """A request has come to the venue: the first rule that matches decides, else the engine."""
        decision = self.director.decide(request, session.number, self._schedule.now)
        if decision is None:
            if self.scenario.strict and self.director.rules:
                self.journal.write(self._schedule.now, session.number, "unmatched", type(request).__name__)
            self._dispatcher.handle(session, request)
        else:
            rule, exceeded = decision
            self._player.begin(rule, exceeded, session, request)
        if type(request) in Subscriptions.REQUESTS:
            self._on_event("subscribe", session)

    def _on_event(self, event: str, session: Session) -> None:
        rule: RuleInPlay | None = self.director.on_event(event, session.number)
        if rule is not None:
            self._note("rule", rule.name)
            self._player.play(rule.steps, rule.name, session)

    def _goto(self, state: str) -> None:
        self.director.state = state
        self._note("state", state)

    def _note(self, kind: str, text: str) -> None:
        self.journal.write(self._schedule.now, 0, kind, text)


def _start(plan: Scenario) -> int:
    if plan.start is None:
        return EPOCH_2024
    parsed = parse_time(plan.start)
    if parsed is None:  # the loader has refused such a start
        raise ValueError(f"expected a time such as 2024-01-01T00:00:00Z, got {plan.start!r}")
    return parsed[0]
