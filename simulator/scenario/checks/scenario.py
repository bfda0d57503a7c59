"""What can be known of a scenario before it runs: words that name nothing, and what can never happen."""

from collections.abc import Iterator

from simulator.did_you_mean import nearest
from simulator.quoting import quoted
from simulator.scenario.amounts import amount, duration
from simulator.scenario.checks.client import check_client, check_expectations
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import all_steps, check_conditions
from simulator.scenario.checks.steps import check_steps
from simulator.scenario.model import Latency, Leg, LegEntry, Scaled, Scenario
from simulator.scenario.reading.typed import Path
from simulator.scenario.reading.unread import Unread
from simulator.times import parse_time
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["check"]

_Levels = tuple[tuple[str, str], ...]
_ORDERS = 100_000
"""How many orders an exchange can have before ids that fall come to an end, at least."""


def check(scenario: Scenario, known: KnownNames | None, unread: Unread) -> Iterator[Fault]:
    """Yield the place and the text of everything that is wrong with a scenario.

    ``known`` is what its exchange has, if that is certain; ``unread`` are what could not be read of it.
    """
    yield from _check_head(scenario)
    yield from _check_latency(scenario.latency)
    if known is not None:
        yield from known.limits(scenario.limits, ("limits",))
    yield from _check_markets(scenario, known)
    yield from check_conditions(scenario, known, unread)
    yield from check_steps(scenario, known, unread)
    yield from _check_books(scenario)
    yield from check_client(scenario, unread)
    yield from check_expectations(scenario, known, unread)


def _check_head(scenario: Scenario) -> Iterator[Fault]:
    if isinstance(scenario.clock, Scaled) and amount(scenario.clock.scaled) == 0:
        yield ("clock", "scaled"), "expected more than 0, got '0'"
    if scenario.start is not None and parse_time(scenario.start) is None:
        yield ("start",), f"expected a time such as 2024-01-01T00:00:00Z, got {quoted(scenario.start)}"
    ids = scenario.order_ids
    if ids.step == 0:
        yield ("order_ids", "step"), "expected another id for each order, got 0"
    elif ids.first + _ORDERS * ids.step < 1:
        yield ("order_ids", "first"), f"expected enough for {_ORDERS} orders before 1, got {ids.first}"
    seen: set[str] = set()
    for at, account in enumerate(scenario.accounts):
        if account.casefold() in seen:
            yield ("accounts", at), f"expected each account once, got {account!r} twice"
        seen.add(account.casefold())


def _check_latency(latency: Latency) -> Iterator[Fault]:
    for name in ("entry", "reply", "update"):
        yield from _check_leg(getattr(latency, name), ("latency", name))
    for kind, leg in latency.requests.items():
        place: Path = ("latency", "requests", kind)
        if kind not in REQUEST_TYPES:
            yield place, f"expected a type of request, got {quoted(kind)}{nearest(kind, REQUEST_TYPES)}"
        yield from _check_leg(leg, place)


def _check_leg(leg: Leg | None, place: Path) -> Iterator[Fault]:
    if not isinstance(leg, LegEntry):
        return
    if leg.uniform is not None and duration(leg.uniform[0]) > duration(leg.uniform[1]):
        low, high = leg.uniform
        yield (*place, "uniform"), f"expected the shorter time first, got {low} and {high}"
    if leg.lognormal is not None:
        median, high = leg.lognormal.median, leg.lognormal.p99
        if duration(median) == 0:
            yield (*place, "lognormal", "median"), f"expected more than no time, got {median}"
        if duration(high) < duration(median):
            yield (*place, "lognormal", "p99"), f"expected a p99 of at least the median {median}, got {high}"


def _check_markets(scenario: Scenario, known: KnownNames | None) -> Iterator[Fault]:
    for name, entry in scenario.markets.items():
        place: Path = ("markets", name)
        if entry.mid is not None and amount(entry.mid) == 0:
            yield (*place, "mid"), "expected more than 0, got '0'"
        if known is not None:
            yield from known.listing(name, place)
            yield from known.levels(name, entry.bids or (), "bids", place)
            yield from known.levels(name, entry.asks or (), "asks", place)
        yield from _check_crossed(entry.bids or (), entry.asks or (), place)


def _check_books(scenario: Scenario) -> Iterator[Fault]:
    for place, step, _ in all_steps(scenario):
        if step.verb == "book":
            yield from _check_crossed(step.bids, step.asks, (*place, "book"))


def _check_crossed(bids: _Levels, asks: _Levels, place: Path) -> Iterator[Fault]:
    if bids and asks and amount(bids[0][0]) >= amount(asks[0][0]):
        bid, ask = bids[0][0], asks[0][0]
        yield (*place, "asks", 0, 0), f"expected asks above the best bid {bid}, got {ask}: the book is crossed"
