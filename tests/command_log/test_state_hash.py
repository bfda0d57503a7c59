"""What the hash of an exchange's state covers: every field there is, but for those that are named here."""

from typing import Any

import pytest

from simulator.command_log import state_hash
from simulator.exchange.limits import ALL, Limit
from simulator.exchange.orders import OrderChanged, PastState
from simulator.simulation import Simulation
from simulator.terms import LimitName
from support.command_log import PAIR

ELSEWHERE = {
    "Venue": {"catalogue", "limit", "events", "touched", "orders", "open", "fills", "limits", "instruments"},
    "Order": {"instrument_ref", "past"},
    "Instrument": {"__weakref__", "ref", "listing", "book", "exposures", "market_quotes", "bid_depth", "ask_depth"},
    "Side": {"keys", "levels", "changed"},
    "Level": {"queue", "head"},
    "Fills": {"_limit", "_most", "_kept"},
    "Limits": {"_applying", "_totals", "_counting"},
}
"""The fields of each type that do not count, or that are looked into: what is in them are things in their turn."""


def world() -> Simulation:
    """Return an exchange that holds something of everything."""
    simulation = Simulation(seed=1)
    listing = simulation.catalogue.tradable_product(PAIR)
    assert listing is not None
    venue = simulation.venue
    instrument = simulation.gateway.instrument(listing)
    price = instrument.market_quotes[0].price
    venue.submit("ALICE", instrument, True, price, instrument.step * 5, 1)
    venue.submit("DEFAULT", instrument, True, instrument.market_quotes[1].price, instrument.step, 2)
    venue.limits.set([Limit("ALICE", ALL, LimitName.MAX_POSITION, 10**18)])
    venue.halts.begin(ALL)
    simulation.take()
    return simulation


def things(simulation: Simulation) -> dict[str, Any]:
    """Return one thing of each type that an exchange holds, by the name of its type."""
    venue = simulation.venue
    (instrument,) = venue.instruments.values()
    side = instrument.book.bids
    found = [venue, venue.fills, venue.limits, venue.orders[1], instrument, instrument.exposures["ALICE"]]
    return {type(thing).__name__: thing for thing in [*found, instrument.market_quotes[0], side, next(iter(side))]}


def fields(thing: object) -> tuple[str, ...]:
    """Return the names of all that a thing holds."""
    kind = type(thing)
    return getattr(kind, "__struct_fields__", None) or getattr(kind, "__slots__", None) or tuple(vars(thing))


CASES = [
    (name, field)
    for name, thing in things(world()).items()
    for field in fields(thing)
    if field not in ELSEWHERE.get(name, ())
]


@pytest.mark.parametrize(("kind", "field"), CASES)
def test_every_field_counts(kind: str, field: str) -> None:
    """A field that has another value makes another hash, so one that is added to a type is covered."""
    simulation = world()
    before = state_hash(simulation)
    assert state_hash(simulation) == before
    setattr(things(simulation)[kind], field, "something else")
    assert state_hash(simulation) != before


def test_what_does_not_count() -> None:
    """Two exchanges that hold the same have one hash, whatever else they are, and whatever their orders once were."""
    simulation, other = world(), world()
    order = simulation.venue.orders[1]
    order.past = PastState(5, OrderChanged(1, "ALICE", order.state, 0, None, 2), None)
    simulation.venue.events.append(OrderChanged(1, "ALICE", order.state, 0, None, 2))
    assert state_hash(simulation) == state_hash(other)
