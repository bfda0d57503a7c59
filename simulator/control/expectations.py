"""What a scenario or a test expects in the end, and whether it is so."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.control.conduct import conduct_in, conduct_of_journal, judged, names_law, unkept
from simulator.control.doing import TEST_S_OWN
from simulator.control.reading import place_of
from simulator.decimals import parse_amount, text_of_amount
from simulator.errors import Failure
from simulator.exchange.orders import average_price
from simulator.journal.journal import Journal
from simulator.journal.queries import Search, context, explain
from simulator.laws.conduct import Conduct
from simulator.laws.wire import Finding
from simulator.parts import Aside, Turns, in_parts
from simulator.quoting import listed
from simulator.scenario.expectations import Expectation, OrderExpectation
from simulator.scenario.loader import Loaded
from simulator.scenario.model import Scenario
from simulator.scenario.reading.typed import Path
from simulator.simulation import Simulation
from simulator.terms import flags_of

__all__ = ["broken_duties", "expected_of", "transcript", "unmet", "unmet_order", "unmet_requests"]


def transcript(simulation: Simulation) -> str:
    """Return what a report of a failure ends with, in lines: the last messages, the seed, the clock, what is held."""
    return "\n".join([context(simulation.journal, simulation.seed), *_standing(simulation)])


def _standing(simulation: Simulation) -> list[str]:
    """Return how a world's clock stands and what waits for a test there, in lines."""
    clock = simulation.scenario.clock
    said = clock if isinstance(clock, str) else f"scaled, {clock.scaled} times as fast"
    if clock == "manual":
        said += f", which stands at +{text_of_amount(simulation.now - simulation.began)} s"
        due = simulation.next_due()
        if due is not None and simulation.is_awaited:
            left = text_of_amount(due - simulation.now)
            said += f"; things are due, the next in {left} s: exchange.advance('{left}s')"
    return [f"clock: {said}", *(f"held: exchange.release({name!r})" for name in simulation.held)]


@in_parts
def unmet(simulation: Simulation, names: dict[str, Any] | None = None) -> Turns[list[Failure]]:
    """Return what a scenario expects in the end and is not so: its ``must`` and ``expect``, its rules that are
    required, that each request has a rule if it is strict, and that its steps can be done.

    ``names`` are the values of the names that a client's steps gave, for ``$name`` in the expectations. Without them
    the client is not the scenario's own: of ``expect``, what `Loaded.expecting` leaves out is passed over, and what is
    expected of a named order.
    """
    loaded = simulation.loaded if names is not None or simulation.loaded is None else simulation.loaded.expecting()
    failures = []
    if loaded is not None:
        conduct = None
        for where, expectation in expected_of(loaded.scenario):
            if conduct is None and names_law(expectation):
                conduct = yield from conduct_in(simulation)
            for place, text, details in (yield from _judge(expectation, simulation, names, conduct)):
                failures.append(Failure(loaded.position((*where, *place)), text, details))
    failures += yield from _not_fired(simulation)
    failures += yield from _noted(simulation)
    return failures


@in_parts
def broken_duties(simulation: Simulation, conduct: Conduct) -> Turns[list[Finding]]:
    """Return what breaks that which a scenario says any client must do, by how a client has behaved there."""
    loaded, found = simulation.loaded, list[Finding]()
    if loaded is None:
        return found
    for at, expectation in enumerate(loaded.scenario.must):
        if names_law(expectation):
            found += judged(expectation, conduct)
        else:
            unmet = yield from _judge(expectation, simulation, None, None)
            found += [Finding("must", f"{loaded.position(('must', at, *place))}: {text}") for place, text, _ in unmet]
    return found


def expected_of(scenario: Scenario) -> Iterator[tuple[Path, Expectation]]:
    """Yield all that a scenario expects, and where it says so: of any client first."""
    for section, expectations in (("must", scenario.must), ("expect", scenario.expect)):
        for at, expectation in enumerate(expectations):
            yield (section, at), expectation


def unmet_requests(journal: Journal, loaded: Loaded) -> list[Failure]:
    """Return what a scenario expects of a client's requests and is not so, by a journal of any endpoint's."""
    conduct, failures = conduct_of_journal(journal), []
    for where, expectation in expected_of(loaded.scenario):
        for place, text, details in _judge_requests(expectation, journal, loaded.catalogue, conduct).at_once():
            failures.append(Failure(loaded.position((*where, *place)), text, details))
    return failures


@in_parts
def _noted(simulation: Simulation) -> Turns[list[Failure]]:
    """Return the requests that no rule of a strict scenario took, and the steps of it that could not be done.

    Those aside that a test has had done itself.
    """
    unmatched, mistaken = [], []
    for came in simulation.journal.since_in_parts(0, _AT_ONCE):
        if came is None:
            yield None
            continue
        _, (_, connection, kind, data), _ = came
        if kind == "unmatched":
            unmatched.append(f"the scenario is strict and has no rule for {data} on connection {connection}")
        elif kind == "mistake" and not data.startswith(TEST_S_OWN):
            mistaken.append(f"expected what a venue can do, but could not do: {data}")
    return [Failure("exchange", text) for text in unmatched + mistaken]


@in_parts
def _not_fired(simulation: Simulation) -> Turns[list[Failure]]:
    failures = []
    for rule in simulation.director.rules:
        if rule.rule.required and not rule.fired:
            text = f"expected the rule {rule.name!r} to fire, which is required; it never did"
            details = yield from explain(simulation.journal, rule.rule.when, simulation.catalogue)
            failures.append(Failure(place_of(rule, simulation), text, details))
    return failures


_AT_ONCE = 5000
"""How many lines are looked at for their kind alone before others have their turn."""

_Unmet = tuple[Path, str, str]


@in_parts
def _judge(
    expectation: Expectation, simulation: Simulation, names: dict[str, Any] | None, conduct: Conduct | None
) -> Turns[list[_Unmet]]:
    journal, catalogue = simulation.journal, simulation.catalogue
    found = yield from _judge_requests(expectation, journal, catalogue, conduct)
    if expectation.orders is not UNSET:
        for key, wanted in expectation.orders.items():
            found += _judge_order(key, wanted, simulation, names)
    if expectation.fired is not UNSET:
        rules = [rule for rule in simulation.director.rules if rule.name == expectation.fired]
        if not any(rule.fired for rule in rules):
            text = f"expected the rule {expectation.fired!r} to fire; it never did"
            details = (yield from explain(journal, rules[0].rule.when, catalogue)) if rules else ""
            found.append((("fired",), text, details))
    return found


@in_parts
def _judge_requests(
    expectation: Expectation, journal: Journal, catalogue: Catalogue, conduct: Conduct | None
) -> Turns[list[_Unmet]]:
    if expectation.never is not UNSET:
        came = yield from Search(expectation.never, catalogue).look(journal)
        if came:
            text = f"expected never {_said(expectation.never)}, got {len(came)}"
            return [(("never",), text, f"first: {came[0]}")]
    elif expectation.received is not UNSET:
        when, count = expectation.received, expectation.count
        times = len((yield from Search(when, catalogue).look(journal)))
        if times != count and (count is not None or not times):
            wanted = "at least once" if count is None else f"{count} times"
            text = f"expected {wanted} {_said(when)}, got {times}"
            return [(("received",), text, (yield from explain(journal, when, catalogue)))]
    elif conduct is not None and names_law(expectation):
        aside = Aside[list[_Unmet]](lambda: list(unkept(expectation, conduct)))
        yield aside
        return aside.result
    return []


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
        known = listed(map(str, venue.orders), 20) or "none"
        was_there = name.isdecimal() and venue.has_numbered(int(name))
        why = "is no longer kept" if was_there else "does not exist"
        yield place, f"expected the order {_called(key, name)}, which {why}; orders: {known}", ""
        return
    mean = average_price(order.notional, order.cum_qty)
    view = {
        "state": flags_of(order.state),
        "filled_qty": text_of_amount(order.cum_qty),
        "avg_fill_price": None if mean is None else text_of_amount(mean),
    }
    for field, text in unmet_order(_called(key, name), wanted, view):
        yield (*place, field), text, ""


def unmet_order(called: str, wanted: OrderExpectation, view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field in which an order is not as expected, and how it is, by a view of it such as GetOrderState's."""
    for field in ("state", "filled_qty", "avg_fill_price"):
        stated, came = getattr(wanted, field), _comparable(view.get(field))
        if stated is not None and _comparable(stated) != came:
            yield field, f"expected the {field} of the order {called} to be {_comparable(stated)}, got {came}"


def _called(key: str, name: str) -> str:
    return key if key == name else f"{key} ({name})"


def _comparable(value: Any) -> str:
    """Return flags in the order of their names, and an amount without needless digits."""
    if isinstance(value, list | tuple):
        return ", ".join(sorted(map(str, value)))
    amount = parse_amount(str(value))
    return text_of_amount(amount) if amount is not None else "null" if value is None else str(value)


def _said(when: Any) -> str:
    fields = {name: value for name in when.__struct_fields__ if (value := getattr(when, name)) is not UNSET}
    return msgspec.json.encode(fields).decode()
