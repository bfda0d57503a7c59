"""How clients have behaved in a world, and whether that is as the laws would have it that a scenario names."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.journal.journal import Journal
from simulator.journal.queries import traffic_about
from simulator.laws.conduct import Conduct, true_order
from simulator.laws.wire import WIRE_LAWS, Finding
from simulator.parts import Turns, in_parts
from simulator.scenario.amounts import duration
from simulator.scenario.expectations import LAW_NAMES, Expectation
from simulator.simulation import Simulation
from simulator.terms import BILLION
from simulator.times import text_of_time

__all__ = ["conduct_in", "conduct_of_journal", "judged", "names_law", "unkept"]

_AT_ONCE = 5000
"""How many lines of a journal are taken before others have their turn."""

_AROUND = 4
"""How many lines of what passed are shown before the moment at which a law was broken, and after it."""


@in_parts
def conduct_in(simulation: Simulation) -> Turns[Conduct]:
    """Return how the clients of a world have behaved."""
    held = {order.id: true_order(order) for order in simulation.venue.orders.values()}
    conduct = Conduct(held=held, now=simulation.now)
    dropped = simulation.journal.dropped
    for row in simulation.journal.since_in_parts(0, _AT_ONCE):
        if row is None:
            yield None
        else:
            conduct.journal.append(row[1])
            conduct.causes.append(row[2] - dropped)
    return conduct


def conduct_of_journal(journal: Journal) -> Conduct:
    """Return how a client has behaved by its own record, at an exchange that cannot be asked."""
    conduct = Conduct()
    conduct.take_journal(journal)
    return conduct


def names_law(expectation: Expectation) -> bool:
    """Tell whether an expectation names a law."""
    return any(getattr(expectation, name) is not UNSET for name in LAW_NAMES)


def judged(expectation: Expectation, conduct: Conduct) -> Iterator[Finding]:
    """Yield what breaks the law that an expectation names, by the bound that it says or by the client's own."""
    for name in LAW_NAMES:
        said = getattr(expectation, name)
        if said is not UNSET:
            law = WIRE_LAWS[name]
            bound: dict[str, Any] = {} if said is None else {law.bound: _bound(said)}
            bounds = msgspec.structs.replace(conduct.bounds, **bound)
            yield from law.judge(msgspec.structs.replace(conduct, bounds=bounds))


def unkept(expectation: Expectation, conduct: Conduct) -> Iterator[tuple[tuple[str], str, str]]:
    """Yield where an expectation names a law that clients have not kept, what was expected and came, and what came near
    with what passed about that moment, in lines.
    """
    for finding in judged(expectation, conduct):
        text = f"expected a client that {WIRE_LAWS[finding.law].says}: {finding.text}"
        yield (finding.law,), text, "\n".join(_details(finding, conduct))


def _bound(said: str | int) -> float | int:
    return said if isinstance(said, int) else duration(said) / BILLION


def _details(finding: Finding, conduct: Conduct) -> Iterator[str]:
    if finding.near:
        yield f"nearest: {finding.near}"
    if not finding.time:
        return
    yield f"at {text_of_time(finding.time)[11:-4]}Z:"
    yield from (f"  {line}" for line in traffic_about(conduct.journal, finding.time, _AROUND))
