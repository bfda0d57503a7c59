"""What was asked of an exchange, and whether it is what somebody expected: queries over the journal, with near misses.

Requests and events are found by the same conditions as a rule's ``when``.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.cli.traffic import traffic_line
from simulator.errors import Failure, escaped
from simulator.exchange.orders import Order, mean_price
from simulator.journal.journal import Entry
from simulator.scenario.loader import Loaded, parse_when
from simulator.scenario.model import Expectation, OrderExpectation
from simulator.scenario.reading.typed import Path
from simulator.scenario.rules.director import FIRST_STATE
from simulator.scenario.rules.matching import Condition, Facts
from simulator.simulation import Simulation
from simulator.terms import flags_of, parse_amount, text_of_amount, text_of_time
from simulator.wire import BadRequest, decode
from simulator.wire.requests import Request

__all__ = [
    "Received",
    "context",
    "explain",
    "last_messages",
    "nearest_miss",
    "received",
    "standing",
    "unmet",
    "unmet_requests",
]

_MOST_MESSAGES = 20
_EVENTS = {"open": "connect", "close": "disconnect"}


class Received(msgspec.Struct, frozen=True):
    """Something that came from a client: a request, or an event of its connection.

    ``time`` is in nanoseconds since 1970, ``connection`` counts from 1, ``text`` is the message as it came.
    """

    time: int
    connection: int
    request: Request | None
    text: str
    event: str | None = None

    def __str__(self) -> str:
        return f"{text_of_time(self.time)[11:-4]}Z #{self.connection} {escaped(self.text)}"


def received(journal: Iterable[Entry], when: Any, catalogue: Catalogue) -> list[Received]:
    """Return the requests or events of a journal that a ``when`` is for, a struct or data in a file's own words.

    Raises `simulator.errors.ScenarioError` for data that is no ``when``.
    """
    condition = _condition(when)
    return [one for one, facts in _facts(journal, condition, catalogue) if _matches(condition, facts)]


def nearest_miss(journal: Iterable[Entry], when: Any, catalogue: Catalogue) -> tuple[Received, list[str]] | None:
    """Return the request that lacks the least for a ``when``, and what it lacks in words; the latest of several."""
    condition = _condition(when)
    best: tuple[Received, list[str]] | None = None
    for one, facts in _facts(journal, condition, catalogue):
        if _matches(condition, facts):
            continue
        found = condition.differences(facts) or [_other_circumstances(condition, facts)]
        if best is None or len(found) <= len(best[1]):
            best = one, found
    return best


def last_messages(journal: Iterable[Entry], most: int = _MOST_MESSAGES) -> list[str]:
    """Return the last messages, and what a scenario did to them, as readable lines."""
    lines: deque[str] = deque(maxlen=most)
    for entry in journal:
        line = traffic_line(entry)
        if line is not None:
            lines.append(line)
    return list(lines)


def explain(journal: Iterable[Entry], when: Any, catalogue: Catalogue) -> str:
    """Return what may explain that nothing came for a ``when``, the nearest miss, in lines; empty if there is none."""
    miss = nearest_miss(journal, when, catalogue)
    return "" if miss is None else "\n".join([f"nearest: {miss[0]}", *(f"  {lack}" for lack in miss[1])])


def context(journal: Iterable[Entry], seed: int) -> str:
    """Return what a report of failures ends with, in lines: the last messages, and the seed."""
    lines = last_messages(journal)
    return "\n".join([*(["last messages:"] if lines else []), *(f"  {line}" for line in lines), f"seed: {seed}"])


def standing(simulation: Simulation, began: int) -> str:
    """Return how a world's clock stands and what waits for a test there, in lines; ``began`` is when it started."""
    clock = simulation.scenario.clock
    said = clock if isinstance(clock, str) else f"scaled, {clock.scaled} times as fast"
    if clock == "manual":
        said += f", which stands at +{text_of_amount(simulation.now - began)} s"
        due = simulation.next_due()
        if due is not None and simulation.is_awaited:
            left = text_of_amount(due - simulation.now)
            said += f"; things are due, the next in {left} s: exchange.advance('{left}s')"
    return "\n".join([f"clock: {said}", *(f"held: exchange.release({name!r})" for name in simulation.held)])


def unmet(simulation: Simulation, loaded: Loaded, names: dict[str, Any] | None = None) -> list[Failure]:
    """Return what a scenario expects in the end and is not so: its ``expect``, its rules that are required, and
    that each request has a rule if it is strict.

    ``names`` are the values of the names that a client's steps gave, for ``$name`` in the expectations; without
    them, what is expected of a named order is passed over, because it is about a client that was not replayed.
    """
    failures = []
    for at, expectation in enumerate(loaded.scenario.expect):
        for place, text, details in _judge(expectation, simulation, names):
            failures.append(Failure(loaded.position(("expect", at, *place)), text, details))
    return failures + _not_fired(simulation, loaded) + _unmatched(simulation)


def unmet_requests(journal: Iterable[Entry], loaded: Loaded) -> list[Failure]:
    """Return what a scenario expects of a client's requests and is not so, by a journal of any endpoint's."""
    failures = []
    for at, expectation in enumerate(loaded.scenario.expect):
        for place, text, details in _judge_requests(expectation, journal, loaded.catalogue):
            failures.append(Failure(loaded.position(("expect", at, *place)), text, details))
    return failures


def _unmatched(simulation: Simulation) -> list[Failure]:
    """Return the requests that no rule of a strict scenario took."""
    return [
        Failure("exchange", f"the scenario is strict and has no rule for {request} on connection {connection}")
        for _, connection, kind, request in simulation.journal
        if kind == "unmatched"
    ]


def _not_fired(simulation: Simulation, loaded: Loaded) -> list[Failure]:
    failures = []
    for rule in simulation.director.rules:
        if rule.rule.required and not rule.fired:
            text = f"expected the rule {rule.name!r} to fire, which is required; it never did"
            details = explain(simulation.journal, rule.rule.when, simulation.catalogue)
            failures.append(Failure(loaded.position(("rules", rule.number)), text, details))
    return failures


_Unmet = tuple[Path, str, str]


def _judge(expectation: Expectation, simulation: Simulation, names: dict[str, Any] | None) -> Iterator[_Unmet]:
    yield from _judge_requests(expectation, simulation.journal, simulation.catalogue)
    if expectation.orders is not UNSET:
        for key, wanted in expectation.orders.items():
            yield from _judge_order(key, wanted, simulation, names)
    if expectation.fired is not UNSET:
        rules = [rule for rule in simulation.director.rules if rule.name == expectation.fired]
        if not any(rule.fired for rule in rules):
            text = f"expected the rule {expectation.fired!r} to fire; it never did"
            whens = [rule.rule.when for rule in rules[:1]]
            yield ("fired",), text, "".join(explain(simulation.journal, when, simulation.catalogue) for when in whens)


def _judge_requests(expectation: Expectation, journal: Iterable[Entry], catalogue: Catalogue) -> Iterator[_Unmet]:
    if expectation.never is not UNSET:
        came = received(journal, expectation.never, catalogue)
        if came:
            yield ("never",), f"expected never {_said(expectation.never)}, got {len(came)}", f"first: {came[0]}"
    elif expectation.received is not UNSET:
        when, count = expectation.received, expectation.count
        times = len(received(journal, when, catalogue))
        if times != count and (count is not None or not times):
            wanted = "at least once" if count is None else f"{count} times"
            text = f"expected {wanted} {_said(when)}, got {times}"
            yield ("received",), text, explain(journal, when, catalogue)


def _judge_order(
    key: str, wanted: OrderExpectation, simulation: Simulation, names: dict[str, Any] | None
) -> Iterator[_Unmet]:
    if names is None and key.startswith("$"):
        return
    name = str((names or {}).get(key[1:], key)) if key.startswith("$") else key
    order = simulation.gateway.order(name)
    place: Path = ("orders", key)
    if order is None:
        venue = simulation.venue
        known = ", ".join(map(str, venue.orders)) or "none"
        was_there = name.isdecimal() and 0 < int(name) <= venue.numbered
        why = "is no longer kept" if was_there else "does not exist"
        yield place, f"expected the order {_called(key, name)}, which {why}; orders: {known[:200]}", ""
        return
    for field, stated, came in _fields(wanted, order):
        if stated != came:
            text = f"expected the {field} of the order {_called(key, name)} to be {stated}, got {came}"
            yield (*place, field), text, ""


def _called(key: str, name: str) -> str:
    return key if key == name else f"{key} ({name})"


def _fields(wanted: OrderExpectation, order: Order) -> Iterator[tuple[str, str, str]]:
    """Yield each field that is stated, and as what it is wanted and came, in texts that can be compared."""
    if wanted.state is not None:
        state = flags_of(order.state)
        yield "state", ", ".join(sorted(wanted.state)), ", ".join(sorted(state))
    if wanted.filled_qty is not None:
        yield "filled_qty", _canonical(wanted.filled_qty), text_of_amount(order.filled)
    if wanted.avg_fill_price is not None:
        mean = mean_price(order.notional, order.filled)
        yield "avg_fill_price", _canonical(wanted.avg_fill_price), "null" if mean is None else text_of_amount(mean)


def _canonical(text: str) -> str:
    value = parse_amount(text)
    return text if value is None else text_of_amount(value)


def _condition(when: Any) -> Condition:
    return Condition(parse_when(when) if isinstance(when, dict) else when)


def _matches(condition: Condition, facts: Facts) -> bool:
    return (facts.request is None or type(facts.request) in condition.types) and condition.matches(facts)


def _facts(journal: Iterable[Entry], condition: Condition, catalogue: Catalogue) -> Iterator[tuple[Received, Facts]]:
    """Yield what a condition can be about, in its order: requests, or the events that it names."""
    state = FIRST_STATE
    for time, connection, kind, data in journal:
        if kind == "state":
            state = data
        elif condition.event is not None:
            event = _EVENTS.get(kind) or _subscribing(kind, data)
            if event == condition.event:
                text = f"{event} {_text(data)}"
                facts = Facts(None, connection, state, catalogue, event)
                yield Received(time, connection, None, text, event), facts
        elif kind == "in":
            request = decode(data)
            if not isinstance(request, BadRequest):
                yield Received(time, connection, request, _text(data)), Facts(request, connection, state, catalogue)


def _subscribing(kind: str, data: Any) -> str | None:
    request = decode(data) if kind == "in" else None
    return "subscribe" if type(request).__name__.startswith("Subscribe") else None


def _other_circumstances(condition: Condition, facts: Facts) -> str:
    """Return in words what keeps a request from matching whose fields all fit."""
    when = condition.when
    said = {name: getattr(when, name) for name in ("session", "state", "nth") if getattr(when, name) is not UNSET}
    came = {"session": facts.session, "state": facts.state, "nth": condition.seen}
    return "; ".join(f"{name}: wanted {msgspec.to_builtins(value)}, came {came[name]}" for name, value in said.items())


def _said(when: Any) -> str:
    fields = {name: value for name in when.__struct_fields__ if (value := getattr(when, name)) is not UNSET}
    return msgspec.json.encode(fields).decode()


def _text(data: Any) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else str(data)
