"""Checks of what a scenario's client says, and of what must be true in the end."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from simulator.did_you_mean import nearest
from simulator.quoting import quoted
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import check_things, check_when
from simulator.scenario.expectations import Expectation
from simulator.scenario.model import ClientStep, Scenario
from simulator.scenario.reading.typed import Path
from simulator.scenario.reading.unread import Unread
from simulator.scenario.reading.yaml_hints import unspaced
from simulator.terms import flags_of
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["check_client", "check_expectations"]

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_-]*)")
_FLAGS = flags_of(255)


def check_client(scenario: Scenario, unread: Unread) -> Iterator[Fault]:
    """Yield what is wrong with the client's steps: unknown requests, and references to what is not there yet."""
    names: set[str] = set()
    for at, step in enumerate(scenario.client):
        place: Path = ("client", at)
        if step.send is not UNSET:
            yield from _check_type(step.send, (*place, "send"))
        for here, name in _references(step, place):
            if unread.lacks(name, names):
                yield here, f"expected a name that an earlier as: gives, got {'$' + name!r}{_near(name, names)}"
        if step.await_ is not UNSET:
            yield from _check_flags(step.await_.state, (*place, "await", "state"))
        yield from _check_on(step, place)
        if step.as_ is not None:
            names.add(step.as_)


def check_expectations(scenario: Scenario, known: KnownNames | None, unread: Unread) -> Iterator[Fault]:
    """Yield what is wrong with what is expected: of whom, of what, and names that nothing bears."""
    names = {step.as_ for step in scenario.client if step.as_ is not None}
    rules = [rule.name for rule in scenario.rules if rule.name is not None]
    for section in ("must", "expect"):
        for at, expectation in enumerate(getattr(scenario, section)):
            place: Path = (section, at)
            for key in ("never", "received"):
                when = getattr(expectation, key)
                if when is not UNSET:
                    yield from check_when(when, (*place, key))
                    yield from check_things(when, known, (*place, key))
            fired = expectation.fired
            if isinstance(fired, str) and unread.knows("rules") and unread.lacks(fired, rules):
                yield (*place, "fired"), f"expected the name of a rule, got {fired!r}{nearest(fired, rules)}"
            if section == "expect":
                yield from _check_orders(expectation, names, unread, place)
            else:
                yield from _check_anybodys_orders(expectation, place)


def _check_anybodys_orders(expectation: Expectation, place: Path) -> Iterator[Fault]:
    """Yield the faults of orders in what any client must do, which have no names but their ids."""
    for key, order in ({} if expectation.orders is UNSET else expectation.orders).items():
        if key.startswith("$"):
            yield (*place, "orders", key), f"expected an order's id, which any client's has, got {key!r}"
        yield from _check_flags(order.state, (*place, "orders", key, "state"))


def _check_orders(expectation: Expectation, names: set[str], unread: Unread, place: Path) -> Iterator[Fault]:
    if expectation.orders is UNSET:
        return
    for key, order in expectation.orders.items():
        here: Path = (*place, "orders", key)
        reference = _REFERENCE.fullmatch(key)
        if reference and unread.knows("client") and unread.lacks(reference[1], names):
            yield here, f"expected a name that a step's as: gives, got {key!r}{_near(reference[1], names)}"
        yield from _check_flags(order.state, (*here, "state"))


def _check_type(request: dict[str, Any], place: Path) -> Iterator[Fault]:
    kind = request.get("type")
    if kind is None:
        hint = next(filter(None, (unspaced(key, ("type",)) for key in request)), "")
        yield place, f"expected the key 'type', which is missing{hint}"
    elif not isinstance(kind, str) or kind not in REQUEST_TYPES:
        near = nearest(kind, REQUEST_TYPES) if isinstance(kind, str) else ""
        got = quoted(kind) if isinstance(kind, str) else "no text"
        yield (*place, "type"), f"expected a type of request, got {got}{near}"


def _check_on(step: ClientStep, place: Path) -> Iterator[Fault]:
    """Yield the fault of a step that says its connection twice, of which only one would count."""
    if step.on is None:
        return
    if step.await_ is not UNSET and step.await_.on is not None:
        yield (*place, "on"), "expected on either beside await or under it, got both"
    if isinstance(step.connect, str) and not step.connect.startswith("/"):
        yield (*place, "on"), f"expected on only beside a connect to a path, got connect: {quoted(step.connect)}"


def _check_flags(state: tuple[str, ...] | None, place: Path) -> Iterator[Fault]:
    for at, flag in enumerate(state or ()):
        if flag not in _FLAGS:
            near = nearest(flag, _FLAGS)
            yield (*place, at), f"expected one of {', '.join(_FLAGS)}, got {quoted(flag)}{near}"


def _references(step: ClientStep, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the names, without the dollar, that a step refers to."""
    yield from _found(step.send, (*place, "send"))
    yield from _found(step.reply, (*place, "reply"))
    yield from _found(step.on, (*place, "on"))
    if step.await_ is not UNSET:
        yield from _found(step.await_.on, (*place, "await", "on"))
        yield from _found(step.await_.order_id, (*place, "await", "order_id"))
        yield from _found(step.await_.message, (*place, "await", "message"))


def _found(value: Any, place: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _found(item, (*place, key))
        case list():
            for at, item in enumerate(value):
                yield from _found(item, (*place, at))
        case str():
            reference = _REFERENCE.fullmatch(value)
            if reference:
                yield place, reference[1]


def _near(name: str, names: set[str]) -> str:
    return nearest(f"${name}", [f"${known}" for known in sorted(names)])
