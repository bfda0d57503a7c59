"""One simulated world, without sockets, threads or a clock of its own.

A shell tells it what came on which connection and at what time, and is told what to send. The same scenario, seed
and calls give the same bytes, always.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from simulator.catalogue import Catalogue, load
from simulator.errors import SimulatorError
from simulator.exchange.markets import Markets
from simulator.exchange.orders import ORDERS_KEPT
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.dispatch import Dispatcher
from simulator.gateway.fill_ids import FillIds
from simulator.gateway.netidx import Netidx
from simulator.gateway.order_requests import OrderRequests
from simulator.gateway.outgoing import Outgoing
from simulator.gateway.query_requests import Gateway
from simulator.gateway.rfqs import Rfqs
from simulator.gateway.said_times import SaidTimes
from simulator.gateway.session import NETIDX, Session
from simulator.gateway.sessions import PATHS, Refused, Sessions
from simulator.gateway.subscriptions import Subscriptions
from simulator.gateway.tape import Tape
from simulator.gateway.view_faults import FaultyView
from simulator.journal.journal import DEFAULT_BUDGET, DEFAULT_LIMIT, Journal
from simulator.scenario.amounts import duration, start_of
from simulator.scenario.checks.rules import all_steps
from simulator.scenario.latency import Latencies
from simulator.scenario.loader import Loaded, parse_clock, parse_step
from simulator.scenario.loader import load as load_scenario
from simulator.scenario.model import Latency, Rule, Scenario, TimelineEntry
from simulator.scenario.rules.director import Director, RuleInPlay
from simulator.scenario.steps import VIEWED, Step, StepList
from simulator.schedule import Schedule
from simulator.steps.connections import ConnectionSteps
from simulator.steps.market import MarketSteps
from simulator.steps.orders import OrderSteps
from simulator.steps.player import StepPlayer
from simulator.steps.run import RuleRun
from simulator.steps.views import ViewSteps
from simulator.wire import BadRequest, decode, err, requests, unknown_fields
from simulator.wire.hello import hello_message, is_greeted

__all__ = ["PATHS", "Refused", "Simulation", "by_the_wall"]

_SUBSCRIBING = Subscriptions.REQUESTS


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
        journal_budget: how many bytes the long texts among them may take.
        history_limit: how many orders that are out, and how many fills, the exchange keeps.
        keeps_books: whether the journal keeps how books stood at each line, for a report of what happens.

    Raises `simulator.errors.SimulatorError` for a scenario or a catalogue that cannot be used.
    """

    def __init__(
        self,
        scenario: "str | Path | dict[str, Any] | Loaded | None" = None,
        *,
        catalogue: Catalogue | str | Path | None = None,
        seed: int | None = None,
        clock: str | Mapping[str, Any] | None = None,
        start: int | None = None,
        moving: int = 0,
        journal_limit: int = DEFAULT_LIMIT,
        journal_budget: int = DEFAULT_BUDGET,
        history_limit: int = ORDERS_KEPT,
        keeps_books: bool = False,
    ) -> None:
        for name, bound in (
            ("journal_limit", journal_limit),
            ("journal_budget", journal_budget),
            ("history_limit", history_limit),
        ):
            if bound < 1:
                raise SimulatorError(f"{name}: expected at least 1, got {bound}")
        self._options: dict[str, Any] = {
            "catalogue": catalogue,
            "seed": seed,
            "clock": clock,
            "moving": moving,
            "journal_limit": journal_limit,
            "journal_budget": journal_budget,
            "history_limit": history_limit,
            "keeps_books": keeps_books,
        }
        self.loaded, plan, self.catalogue, start = _read(scenario, catalogue, clock, start)
        self.scenario = plan
        self.seed = plan.seed if seed is None else seed

        # Each part is given those before it; what a connection's end needs of those behind it is in `_on_end`.
        schedule = Schedule(start)
        self.began = start
        journal = Journal(journal_limit, schedule=schedule, budget=journal_budget)
        venue = Venue(self.catalogue, history_limit)
        venue.number_orders(plan.order_ids.first, plan.order_ids.step)
        markets = Markets(schedule, venue, self.seed)
        fill_ids = FillIds(self.seed, venue.fills)
        views: dict[str, FaultyView] = {name: FaultyView(venue, fill_ids, schedule) for name in VIEWED}
        tape = Tape(schedule.now, self.seed)
        rfqs = Rfqs(self.catalogue, markets.instrument, self.seed)
        accounts = plan.accounts or self.catalogue.accounts
        times = SaidTimes(schedule, venue)
        gateway = Gateway(venue, accounts, markets.instrument, fill_ids, tape, rfqs, views, times)
        latencies = Latencies(plan.latency, self._rng("latency"))
        sessions = Sessions(schedule, journal, gateway.accounts, self._on_end)
        delivery = Delivery(schedule, journal, latencies, sessions)
        subscriptions = Subscriptions(gateway, delivery)
        order_requests = OrderRequests(gateway, schedule)
        keeps_past = self.loaded is not None  # nothing else looks at it
        dispatcher = Dispatcher(schedule, journal, gateway, order_requests, subscriptions, delivery, keeps_past)
        netidx = Netidx(schedule, delivery, times)
        director = Director(plan.rules, self.catalogue, self._rng("rules"), start)
        order_steps = OrderSteps(schedule, venue, dispatcher, fill_ids, journal)
        market_steps = MarketSteps(gateway, markets, subscriptions, schedule)
        view_steps = ViewSteps(schedule, views, times, order_steps)
        connection_steps = ConnectionSteps(venue, sessions, delivery, subscriptions)
        player = StepPlayer(
            schedule,
            venue,
            order_requests,
            dispatcher,
            sessions,
            delivery,
            order_steps,
            market_steps,
            view_steps,
            connection_steps,
            director,
            journal,
        )

        self.notice = self.catalogue.notice(start)
        """What whoever gave the catalogue may not have meant, in one sentence."""
        if self.notice is not None:
            journal.note("catalogue", self.notice)
        self.journal = journal
        self.venue = venue
        self.gateway = gateway
        self.director = director
        self._schedule = schedule
        self._latencies = latencies
        verbs = {step.verb for _, step, _ in all_steps(plan)}
        self._weighs_messages = not verbs.isdisjoint(("slow", "corrupt"))
        """Whether it may matter to what follows how many messages there were on a connection, and how long."""
        self._is_direct = not self._weighs_messages and plan.latency == Latency()
        self._has_entry_delay = plan.latency.entry is not None or bool(plan.latency.requests)
        self._sessions = sessions
        self._delivery = delivery
        self._subscriptions = subscriptions
        self._dispatcher = dispatcher
        dispatcher.tells_in_parts = plan.clock != "manual"
        self._netidx = netidx
        self._player = player
        self._begin(plan, markets, market_steps, moving)
        if keeps_books:
            self.keep_books()

    def keep_books(self) -> None:
        """Keep from now on how books stand at each line of the journal, for a report of what happens."""
        self._options["keeps_books"] = True
        if self.journal.books is None:
            self.journal.keep_books(self.venue.instruments.values())
            self._subscriptions.book_readers += 1

    def _rng(self, purpose: str) -> random.Random:
        """Return a generator of its own for one purpose, so that one purpose never shifts what another draws."""
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311 - seeded, which is the point

    def _begin(self, plan: Scenario, markets: Markets, market_steps: MarketSteps, moving: int) -> None:
        for name, entry in plan.markets.items():
            listing = self.catalogue.tradable_product(name)
            if listing is not None:  # the loader has refused names that are none
                market_steps.open(listing, entry)
        markets.open_busiest(moving)
        if plan.limits:
            market_steps.set_limits(plan.limits)
        for number, event in enumerate(plan.timeline):
            self._play_at(event, f"timeline[{number}]", self._schedule.now + duration(event.at))
        self._dispatcher.publish()

    def _play_at(self, entry: TimelineEntry, name: str, at: int) -> None:
        self._schedule.at(at, partial(self._play_entry, entry, name), background=entry.every is not None)

    def _play_entry(self, entry: TimelineEntry, name: str) -> None:
        self.journal.note("timeline", name)
        self._player.play(StepList(entry.do if isinstance(entry.do, tuple) else (entry.do,)), name)
        if entry.every is not None:
            self._play_at(entry, name, self._schedule.now + max(1, duration(entry.every)))

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

    @property
    def awaits_attempt(self) -> bool:
        """Whether nobody is connected, connections are refused, and nobody has met that yet."""
        return self._sessions.awaits_attempt

    def connect(self, target: str = "/architect", now: int | None = None, *, greets: bool = True) -> Session:
        """Open a connection on one of `PATHS`; ``?account=NAME`` binds it to an account.

        ``greets`` is False for a client that has had its hello from the world before this one.

        Raises `Refused`, with the HTTP status a shell answers, for a path that is none of them, an account that
        does not exist, or while the scenario refuses connections.
        """
        self._catch_up(now)
        session = self._sessions.admit(target)
        if greets and is_greeted(target):
            self._delivery.reply(session, hello_message(self.scenario.hello))
        self._on_event("connect", session)
        return session

    def receive(self, session: Session, text: str | bytes, now: int | None = None) -> None:
        """Take one message from a client."""
        schedule = self._schedule
        if now is not None and not schedule.skip_to(now):
            self._catch_up(now)
        self.journal.write_in(schedule.now, session.number, text)
        if session.kind == NETIDX:
            self._netidx.receive(session, text)
            return
        request = decode(text)
        if type(request) is BadRequest:
            self._delivery.reply(session, err(request.id, request.text))
            return
        if self.scenario.strict and (unknown := unknown_fields(text, request)):
            self._delivery.reply(session, err(bytes(request.id), unknown))
            return
        if self._has_entry_delay:
            self._delay_entry(session, request, len(text))
        else:
            self._take(session, request, len(text))

    def disconnect(self, session: Session, now: int | None = None, why: str = "") -> None:
        """A connection is gone, and its subscriptions with it; its orders stay."""
        if session.is_open:
            self._catch_up(now)
            self._schedule.cause = 0
            self._sessions.lose(session, why)

    def set_behind(self, session: Session, is_behind: bool) -> None:
        """Say whether a client reads more slowly than it is told things.

        Of a book such a client is told the newest alone, when it reads on, and the journal says what it was not told.
        """
        session.is_behind = is_behind
        if not is_behind and session.is_open:
            self._schedule.cause = 0
            self._subscriptions.catch_up(session)

    def next_due(self) -> int | None:
        """Return the time at which something happens by itself, in nanoseconds, or None."""
        return self._schedule.next_due

    def pass_time(self, now: int, is_over: Callable[[], bool]) -> None:
        """Let time pass until ``now``, or until ``is_over`` says between two moments that it is to stop there.

        At least what is due next has been done then, and `now` says what has been reached.
        """
        self._catch_up(now, is_over)

    def advance(self, now: int) -> list[tuple[Session, list[Outgoing]]]:
        """Let time pass until ``now``; return what is to be sent, each session's messages in their order."""
        self._catch_up(now)
        return self.take()

    def sleep(self, until: int) -> None:
        """Let time pass for an exchange that is down: what is due happens, but markets stand still until then."""
        self._schedule.put_off(until)
        self._catch_up(until)

    def has_news(self) -> bool:
        """Tell whether `take` has anything to do: something is to be sent, or due now."""
        return bool(self._sessions.pending) or self._schedule.is_due()

    def has_news_for(self, session: Session) -> bool:
        """Tell whether something is to be sent on one connection, and nothing else is to be done."""
        pending = self._sessions.pending
        return len(pending) == 1 and session.number in pending and not self._schedule.is_due()

    def take_next(self) -> tuple[Session, list[Outgoing]] | None:
        """Return what is to be sent on the connection that has waited longest, or None if nothing is on any."""
        schedule = self._schedule
        if schedule.is_due():
            self._catch_up(schedule.now)
        for session in self._sessions.pending.values():
            return session, self.take_of(session)
        return None

    def take_of(self, session: Session) -> list[Outgoing]:
        """Return what is to be sent on one connection."""
        self._sessions.pending.pop(session.number, None)
        outbox = session.outbox
        session.outbox = []
        session.waiting = 0
        return outbox

    def take(self) -> list[tuple[Session, list[Outgoing]]]:
        """Return what is to be sent since the last call, each session's messages in their order."""
        schedule = self._schedule
        if schedule.is_due():
            self._catch_up(schedule.now)
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

    # What a command log needs

    @property
    def has_been_connected(self) -> bool:
        """Whether there has ever been a connection."""
        return self._sessions.count > 0

    @property
    def made_of(self) -> "tuple[Loaded | None, Catalogue | None, Catalogue | str | Path | None, Catalogue]":
        """The scenario and the catalogue that were given, and the one of the world that came of them."""
        loaded = self.loaded
        return loaded, None if loaded is None else loaded.catalogue, self._options["catalogue"], self.catalogue

    def changes_nothing(self, text: str | bytes) -> bool:
        """Tell whether a message only asks something: no rule takes it, and nothing depends on when it is answered."""
        if not self._is_direct:
            return False
        request = decode(text)
        if isinstance(request, BadRequest):
            return True
        return type(request) in requests.QUESTIONS and not self.director.has_rules_for(type(request))

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Say nothing for as long as it lasts: inputs are done again whose answers have been heard before."""
        self._delivery.is_heard = self._weighs_messages
        try:
            yield
        finally:
            self._delivery.is_heard = True

    # What a test may call besides

    def do(self, *steps: "str | dict[str, Any] | Step", session: Session | None = None) -> None:
        """Do steps as a rule's are done: ``do({"fill": {"quantity": "rest", "order": "last"}})``.

        Raises `simulator.errors.ScenarioError` for a step that is none, and `simulator.errors.SimulatorError` for one
        that does not say which order it is about.
        """
        read = [parse_step(step) if isinstance(step, str | dict) else step for step in steps]
        for step in read:
            if step.kind == "order" and step.order == "this":
                raise SimulatorError(
                    f"{step.verb}: expected order: last, all or an order's id, because no request is being answered"
                )
        self._schedule.cause = 0
        self._player.play(StepList(read), "do", session)

    def release(self, name: str) -> None:
        """Let go on whatever a rule holds under a name."""
        self._schedule.cause = 0
        self._player.release(name)

    @property
    def held(self) -> Mapping[str, Sequence[RuleRun]]:
        """The rules that wait for a release, by the names under which they are held."""
        return self._player.held

    def due(self, most: int | None = None) -> list[tuple[int, bool, int]]:
        """Return what is due, the next first: when, whether it is background, and the journal's line of its cause.

        ``most`` is how much of it at most.
        """
        return self._schedule.due(most)

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Replace the scenario's rules."""
        self.director.set_rules(rules)

    def set_clock(self, clock: str | Mapping[str, Any]) -> None:
        """Say that a shell drives it by another clock from now on; raises `ScenarioError` for what is none."""
        self.scenario = msgspec.structs.replace(self.scenario, clock=parse_clock(clock))
        self._dispatcher.tells_in_parts = self.scenario.clock != "manual"

    def anew(
        self,
        loaded: Loaded | None = None,
        *,
        seed: int | None = None,
        clock: str | Mapping[str, Any] | None = None,
        wall_time: int,
        bounds: Mapping[str, int] | None = None,
    ) -> "Simulation":
        """Return a world that begins as this one did, but for what is said: its scenario, seed or clock.

        ``wall_time`` is when it begins if its time is the wall's, in nanoseconds since 1970; ``bounds`` are other
        limits than this one's, by their names.
        """
        said: dict[str, Any] = {"seed": seed, "clock": clock} | ({} if loaded is None else {"moving": 0})
        options = self._options | {name: value for name, value in said.items() if value is not None}
        options |= bounds or {}
        loaded = loaded or self.loaded
        scenario = None if loaded is None else loaded.scenario
        start = wall_time if by_the_wall(scenario, options["clock"]) else None
        return Simulation(loaded, start=start, **options)

    # Inside

    def _catch_up(self, now: int | None, is_over: Callable[[], bool] | None = None) -> None:
        """Do all that is due by ``now``, each thing at its own time; time never goes back."""
        if now is not None and now >= self._schedule.now and not self._schedule.skip_to(now):
            for act in self._schedule.due_by(now, is_over):
                act()
                self._dispatcher.publish()

    def _delay_entry(self, session: Session, request: requests.Request, size: int) -> None:
        """Let a request travel to the venue, behind those that are on the way already, unless they may overtake."""
        due = self._schedule.now + self._latencies.entry(type(request).__name__)
        if not self._latencies.reorder:
            due = session.entry_due = max(session.entry_due, due)
        self._delivery.keep(session, size)
        self._schedule.at(due, partial(self._arrive, session, request, size))

    def _arrive(self, session: Session, request: requests.Request, size: int) -> None:
        self._delivery.let_go(session, size)
        self._take(session, request, size)

    def _take(self, session: Session, request: requests.Request, size: int) -> None:
        """A request of so many bytes has come to the venue: the first rule that matches decides, else the engine."""
        director = self.director
        if not director.rules:
            self._dispatcher.handle(session, request)
        elif decision := director.decide(request, session.number, self._schedule.now):
            rule, exceeded = decision
            self._player.begin(rule, exceeded, session, request, size)
        else:
            if self.scenario.strict:
                self.journal.write(self._schedule.now, session.number, "unmatched", type(request).__name__)
            self._dispatcher.handle(session, request)
        if type(request) in _SUBSCRIBING:
            self._on_event("subscribe", session)

    def _on_end(self, session: Session) -> None:
        """A connection has ended, and with it what it followed."""
        self._subscriptions.end_all(session)
        self._delivery.forget(session)
        self._netidx.forget(session)
        self._on_event("disconnect", session)

    def _on_event(self, event: str, session: Session) -> None:
        rule: RuleInPlay | None = self.director.on_event(event, session.number, self._schedule.now)
        if rule is not None:
            self.journal.note("rule", rule.name)
            self._player.play(rule.steps, rule.name, session)


def _read(
    scenario: "str | Path | dict[str, Any] | Loaded | None",
    catalogue: Catalogue | str | Path | None,
    clock: str | Mapping[str, Any] | None,
    start: int | None,
) -> tuple[Loaded | None, Scenario, Catalogue, int]:
    """Return a scenario as it was loaded and as it is played, a catalogue, and when the world begins."""
    if catalogue is not None and not isinstance(catalogue, Catalogue):
        catalogue = load(catalogue)
    loaded = None
    if scenario is None:
        plan, catalogue = Scenario(), catalogue or load("default")
        start = start_of(plan.start) if start is None else start
    else:
        loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario, catalogue=catalogue, now=start)
        start = start_of(loaded.scenario.start) if start is None else start
        if catalogue is None or catalogue is loaded.catalogue:
            loaded = loaded.at(start)
            catalogue = loaded.catalogue
        plan = loaded.scenario
    plan = plan if clock is None else msgspec.structs.replace(plan, clock=parse_clock(clock))
    return loaded, plan, catalogue.at(start), start


def by_the_wall(scenario: Scenario | None, clock: str | Mapping[str, Any] | None) -> bool:
    """Tell whether a world's time is the wall's: it is on a real clock, unless its scenario says when it starts."""
    if scenario is None:
        return clock in (None, "real")
    return (clock or scenario.clock) == "real" and scenario.start is None
