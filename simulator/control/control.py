"""What may be asked of a running world and done to it: one implementation for tests, programs and pages."""

import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Reversible, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Protocol, TypeVar

import msgspec

from simulator.control import reading
from simulator.control.doing import do, known_to, refuse
from simulator.control.expectations import transcript, unmet
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    LimitInfo,
    OrderInfo,
    RuleInfo,
    SessionInfo,
    StateInfo,
)
from simulator.control.patterns import FillWhen, OrderWhen, Pattern, SentWhen, check_pattern
from simulator.control.times import moment, nanoseconds
from simulator.control.waits import WaitCondition, wait_for_fills, wait_for_messages, wait_for_orders, wait_for_requests
from simulator.did_you_mean import nearest
from simulator.errors import ClockRuns, Failure, Problem, ScenarioError, SimulatorError, UnknownName
from simulator.journal.lines import JournalLine, lines
from simulator.journal.queries import Miss, Received, nearest_miss, received
from simulator.parts import Turns, in_parts
from simulator.scenario.checks.scenario import check
from simulator.scenario.loader import Loaded, load, parse_data, parse_rules, parse_when
from simulator.scenario.model import Rule
from simulator.scenario.reading.unread import Unread
from simulator.scenario.rules.director import RuleInPlay
from simulator.simulation import Simulation
from simulator.times import text_of_time

__all__ = ["Control", "World"]

_T = TypeVar("_T")
ClockData = str | Mapping[str, Any]


class World(Protocol):
    """A world and what drives it, which has the sockets and the clock.

    ``errors`` are the simulator's own mistakes in it.
    """

    @property
    def simulation(self) -> Simulation:
        """The world as it is now: another one after a restart."""
        ...

    @property
    def errors(self) -> Sequence[Exception]:
        """What went wrong inside the simulator."""
        ...

    def advance(self, nanoseconds: int) -> None:
        """Let so much time pass on a clock that stands, and send what is due by then."""
        ...

    def set_clock(self, clock: ClockData) -> None:
        """Go on by another clock; raises `ScenarioError` for what is none."""
        ...

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        """Begin anew: as the world began, but for what is said."""
        ...


class Control:
    """Asks a world, and does things to it.

    What is given is data in the words of a scenario's file; products are named by name or id, times as texts with
    their unit. What is told is plain data. Every method raises `simulator.errors.ScenarioError` for data that is wrong,
    with every problem in it, and changes nothing then; a shell sends what comes of a method when it has returned.

    Args:
        world: what is controlled.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _simulation(self) -> Simulation:
        return self._world.simulation

    # What there is

    def state(self) -> StateInfo:
        """Return how the world stands."""
        return reading.state_info(self._simulation, self._world.errors)

    def orders(self, **when: Any) -> list[OrderInfo]:
        """Return the orders that are kept, the oldest first; those that are as is said: ``state="Open"``."""
        pattern = Pattern(self._pattern(when, OrderWhen, ()))
        return [info for info in self.each_order() if not pattern.differences(info)]

    def each_order(self, most: int | None = None) -> Iterator[OrderInfo]:
        """Yield the orders that are kept at this moment, or the newest, the oldest first, each as it is by then."""
        return map(reading.order_info, _newest(self._simulation.venue.orders.values(), most))

    def order(self, order_id: str) -> OrderInfo:
        """Return an order; raises `UnknownName` for one that there is not."""
        order = self._simulation.gateway.order(order_id)
        if order is None:
            known = [str(number) for number in self._simulation.venue.orders]
            listed = ", ".join(known[-10:]) or "none"
            raise UnknownName(f"there is no order {order_id!r}; the last orders: {listed}")
        return reading.order_info(order)

    def fills(self, **when: Any) -> list[FillInfo]:
        """Return the fills that are kept, the oldest first; those that are as is said: ``order_id="1"``."""
        pattern = Pattern(self._pattern(when, FillWhen, ()))
        return [info for info in self.each_fill() if not pattern.differences(info)]

    def each_fill(self, most: int | None = None) -> Iterator[FillInfo]:
        """Yield the fills that are kept at this moment, or the newest, the oldest first."""
        simulation = self._simulation
        return (reading.fill_info(fill, simulation) for fill in _newest(simulation.venue.fills, most))

    def book(self, product: str, depth: int | None = None) -> BookInfo:
        """Return a product's book, so many levels of each side, or all."""
        refuse(known_to(self._simulation).listing(product, ("book",)))
        listing = self._simulation.catalogue.tradable_product(product)
        assert listing is not None  # noqa: S101 - refuse() has seen to it
        return reading.book_info(self._simulation.gateway.instrument(listing), depth)

    def sessions(self) -> list[SessionInfo]:
        """Return the open connections."""
        simulation = self._simulation
        return [reading.session_info(session, simulation.now) for session in simulation.sessions.values()]

    def limits(self) -> list[LimitInfo]:
        """Return the limits in force."""
        simulation = self._simulation
        return [reading.limit_info(limit, simulation.catalogue) for limit in simulation.venue.limits]

    def held(self) -> list[HeldInfo]:
        """Return the rules that wait for a release."""
        return reading.held_infos(self._simulation)

    def due(self, most: int = 100) -> list[DueInfo]:
        """Return so much of what happens by itself, the next first."""
        return reading.due_infos(self._simulation, most)

    def journal(self, since: int = 0, most: int | None = None) -> list[JournalLine]:
        """Return what has happened behind a line, each entry with the line of its cause; messages are `msgspec.Raw`.

        ``most`` is how many entries at most.
        """
        return list(islice(lines(self._simulation.journal, self._simulation.catalogue, since), most))

    def journal_lines(self, since: int = 0) -> Iterator[JournalLine]:
        """Yield what has happened behind a line up to this moment, whatever happens while it is read."""
        return lines(self._simulation.journal.copy(), self._simulation.catalogue, since)

    # Rules

    def rules(self) -> list[RuleInfo]:
        """Return the rules in their order, each with its counters and its last near misses."""
        return self.rules_in_parts().at_once()

    @in_parts
    def rules_in_parts(
        self, known: MutableMapping[RuleInPlay, reading.KnownRule] | None = None, newest: int | None = None
    ) -> Turns[list[RuleInfo]]:
        """Return the same, with others' turns between.

        Args:
            known: what is known of rules, kept for who asks again.
            newest: how many lines are looked at for near misses, if more have come since the last time.
        """
        simulation = self._simulation
        known = {} if known is None else known
        infos = []
        for rule in tuple(simulation.director.rules):
            words = known.get(rule)
            if words is None:
                words = known[rule] = reading.KnownRule(rule, simulation)
            infos.append((yield from reading.rule_info(rule, words, simulation.journal, newest)))
            yield None
        return infos

    def set_rules(self, rules: Sequence[Any]) -> None:
        """Put rules in place of those that there are; their counters begin anew, the state stays."""
        self.put_rules(self.read_rules(rules))

    def put_rules(self, rules: tuple[Rule, ...]) -> None:
        """Put rules that have been read in place of those that there are."""
        self._simulation.set_rules(rules)

    def read_rules(self, rules: Sequence[Any]) -> tuple[Rule, ...]:
        """Return rules that are given as data; nothing changes."""
        simulation = self._simulation
        parsed = parse_rules(rules)
        # What the rules refer to may also come of steps that are done later, as if they were in a timeline.
        scenario = msgspec.structs.replace(simulation.scenario, rules=parsed, client=(), must=(), expect=())
        faults = check(scenario, known_to(simulation), Unread(lost=("timeline",)))
        refuse((place[1:], message) for place, message in faults if place[0] == "rules")
        return parsed

    def switch_rule(self, name: str, is_on: bool) -> None:
        """Switch a rule on or off; raises `UnknownName` for one that there is not."""
        self._simulation.director.switch(self._rule(name), is_on)

    def _rule(self, name: str) -> RuleInPlay:
        rules = {rule.name: rule for rule in self._simulation.director.rules}
        if name not in rules:
            raise UnknownName(f"there is no rule {name!r}{nearest(name, rules)}; rules: {', '.join(rules) or 'none'}")
        return rules[name]

    # What is done

    def do(self, *steps: Any) -> None:
        """Do anything that a rule's step can do without a request.

        Raises `SimulatorError` for a step that could not be done; of what comes after a ``delay`` or a ``hold``, the
        journal alone tells.
        """
        do(self._simulation, steps)

    def release(self, name: str) -> None:
        """Let go on whatever a rule holds under a name."""
        self.do({"release": name})

    def reset(
        self,
        scenario: Any = None,
        *,
        seed: int | None = None,
        clock: ClockData | None = None,
        expect: bool | None = None,
        keep_connections: bool = False,
    ) -> None:
        """Begin anew, as the world began but for what is said: books, ids, rules, the journal and all.

        ``expect`` says whether what another scenario expects is verified; by default that of a bundled one is
        not, nor that of one with both client and must; what any client ``must`` do always is.
        Connections are closed with 1012; those that are kept are as if they had just been opened.
        """
        loaded = scenario if scenario is None or isinstance(scenario, Loaded) else load(scenario)
        loaded = None if loaded is None else loaded.expecting(expect)
        self._world.restart(loaded, seed=seed, clock=clock, keep_connections=keep_connections)

    # Time

    def advance(self, by: str | int | timedelta | None = None, *, to: str | None = None, next: bool = False) -> str:
        """Let time pass on a clock that stands: by a time, to a time, or to the next thing that happens by itself.

        Returns the time to which it has come. Raises `ClockRuns` for a clock that runs by itself.
        """
        self._world.advance(self.time_to_pass(by, to=to, next=next))
        return text_of_time(self._simulation.now)

    def time_to_pass(
        self, by: str | int | timedelta | None = None, *, to: str | None = None, next: bool = False
    ) -> int:
        """Return how many nanoseconds `advance` would let pass, for a shell that does so in turns."""
        simulation = self._simulation
        if simulation.scenario.clock != "manual":
            clock = simulation.scenario.clock
            said = clock if isinstance(clock, str) else "scaled"
            raise ClockRuns(f"time is told to pass only on a manual clock, and this one is {said}: say clock='manual'")
        if [by is not None, to is not None, next].count(True) != 1:
            raise SimulatorError("advance: expected one of by, to, next")
        now = simulation.now
        until = self._next_event() if next else moment(to) if to is not None else now + nanoseconds(by)
        if until < now:
            got = repr(by) if to is None else f"{to}, and it is {text_of_time(now)}"
            raise SimulatorError(f"time only goes on, so expected 0 or more, got {got}")
        return until - now

    def _next_event(self) -> int:
        """Return when the next thing happens that does not go on for ever, or else the next at all."""
        due = self._simulation.due()
        awaited = [time for time, is_background, _ in due if not is_background]
        if not due:
            raise SimulatorError("advance: nothing is due")
        return awaited[0] if awaited else due[0][0]

    def set_clock(self, clock: ClockData) -> None:
        """Go on by another clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``."""
        self._world.set_clock(clock)

    # What is expected

    def received(self, **when: Any) -> list[Received]:
        """Return the requests that have come, or the events of connections, that a ``when`` is for."""
        return received(self._simulation.journal, parse_when(when), self._simulation.catalogue)

    def nearest_miss(self, **when: Any) -> Miss | None:
        """Return the request or event that lacks the least for a ``when``, the latest of several; None if none came."""
        return nearest_miss(self._simulation.journal, parse_when(when), self._simulation.catalogue)

    def wait_for(self, count: int = 1, **when: Any) -> WaitCondition[Received]:
        """Return a wait for requests, or events of connections, that a ``when`` is for."""
        return wait_for_requests(self._simulation, parse_when(when), count)

    def wait_until(
        self,
        *,
        order: Mapping[str, Any] | None = None,
        fill: Mapping[str, Any] | None = None,
        sent: Mapping[str, Any] | None = None,
        count: int = 1,
    ) -> WaitCondition[Any]:
        """Return a wait for orders, for fills or for messages to clients that are as is said.

        Raises `SimulatorError` unless one of them is said.
        """
        simulation = self._simulation
        match order, fill, sent:
            case Mapping(), None, None:
                return wait_for_orders(simulation, self._pattern(order, OrderWhen, ("order",)), count)
            case None, Mapping(), None:
                return wait_for_fills(simulation, self._pattern(fill, FillWhen, ("fill",)), count)
            case None, None, Mapping():
                return wait_for_messages(simulation, self._pattern(sent, SentWhen, ("sent",)), count)
        raise SimulatorError("expected one of order, fill, sent")

    def _pattern(self, data: Mapping[str, Any], kind: type[msgspec.Struct], place: tuple[str, ...]) -> Any:
        pattern = parse_data(data, kind, place)
        faults = check_pattern(pattern, known_to(self._simulation))
        refuse(((*place, *where), message) for where, message in faults)
        return pattern

    def verify(self) -> list[Failure]:
        """Return what is expected and is not so: ``expect``, ``required``, ``strict``, and what failed inside."""
        return self.verify_in_parts().at_once()

    @in_parts
    def verify_in_parts(self) -> Turns[list[Failure]]:
        """Return the same, with others' turns between."""
        failures = yield from unmet(self._simulation)
        return failures + [
            Failure("exchange", f"the simulator itself failed: {error!r}", "".join(traceback.format_exception(error)))
            for error in self._world.errors
        ]

    def check(self, scenario: Any) -> tuple[Problem, ...]:
        """Return everything that is wrong with a scenario, which is not played."""
        try:
            load(scenario)
        except ScenarioError as error:
            return error.problems
        return ()

    def transcript(self) -> str:
        """Return what a report of a failure ends with, in lines: the last messages, the seed, the clock."""
        return transcript(self._simulation)


def _newest(things: Reversible[_T], most: int | None) -> list[_T]:
    """Return the newest of what is in the order of its making, the oldest of them first; or all."""
    return list(things) if most is None else list(islice(reversed(things), most))[::-1]
