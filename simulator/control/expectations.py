"""What a scenario or a test expects in the end, and whether it is so."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.control.doing import TEST_S_OWN
from simulator.control.reading import place_of
from simulator.decimals import parse_amount, text_of_amount
from simulator.errors import Failure
from simulator.exchange.orders import average_price
from simulator.journal.journal import Journal
from simulator.journal.queries import context, explain, received
from simulator.quoting import listed
from simulator.scenario.loader import Loaded
from simulator.scenario.model import Expectation, OrderExpectation
from simulator.scenario.reading.typed import Path
from simulator.simulation import Simulation
from simulator.terms import flags_of

__all__ = ["transcript", "unmet", "unmet_order", "unmet_requests"]


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


def unmet(simulation: Simulation, names: dict[str, Any] | None = None) -> list[Failure]:
    """Return what a scenario expects in the end and is not so: its ``expect``, its rules that are required, that each
    request has a rule if it is strict, and that its steps can be done.

    ``names`` are the values of the names that a client's steps gave, for ``$name`` in the expectations; without
    them, what is expected of a named order is passed over, because it is about a client that was not replayed.
    """
    loaded = simulation.loaded
    failures = [] if loaded is None else list(_unexpected(loaded, simulation, names))
    return failures + _not_fired(simulation) + _unmatched(simulation) + _mistaken(simulation)


def _unexpected(loaded: Loaded, simulation: Simulation, names: dict[str, Any] | None) -> Iterator[Failure]:
    for at, expectation in enumerate(loaded.scenario.expect):
        for place, text, details in _judge(expectation, simulation, names):
            yield Failure(loaded.position(("expect", at, *place)), text, details)


def unmet_requests(journal: Journal, loaded: Loaded) -> list[Failure]:
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


def _mistaken(simulation: Simulation) -> list[Failure]:
    """Return the steps of the scenario that could not be done, those aside that a test has had done itself."""
    return [
        Failure("exchange", f"expected what a venue can do, but could not do: {text}")
        for _, _, kind, text in simulation.journal
        if kind == "mistake" and not text.startswith(TEST_S_OWN)
    ]


def _not_fired(simulation: Simulation) -> list[Failure]:
    failures = []
    for rule in simulation.director.rules:
        if rule.rule.required and not rule.fired:
            text = f"expected the rule {rule.name!r} to fire, which is required; it never did"
            details = explain(simulation.journal, rule.rule.when, simulation.catalogue).at_once()
            failures.append(Failure(place_of(rule, simulation), text, details))
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
            searches = (explain(simulation.journal, when, simulation.catalogue) for when in whens)
            yield ("fired",), text, "".join(search.at_once() for search in searches)


def _judge_requests(expectation: Expectation, journal: Journal, catalogue: Catalogue) -> Iterator[_Unmet]:
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
            yield ("received",), text, explain(journal, when, catalogue).at_once()


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
