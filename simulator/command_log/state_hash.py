"""One number for all that an exchange holds, to tell whether two of them are the same."""

from collections.abc import Iterator
from hashlib import sha256

import msgspec

from simulator.exchange.book import Side
from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Order
from simulator.simulation import Simulation

__all__ = ["state_hash"]


def state_hash(simulation: Simulation) -> str:
    """Return the SHA-256, in 64 hexadecimal digits, of what an exchange holds.

    That is: every order with all its fields and which of them are open; every fill; the limits and halts in force in
    their order; of each instrument its increments and flags, its book with each level's queue, and every account's
    open quantities and position; the numbers that the next order and trade get; what of the fills has been amended;
    and the state in which the scenario is. Not the time, nor who is connected.
    """
    digest = sha256()
    for part in _parts(simulation):
        digest.update(repr(part).encode(errors="backslashreplace"))
        digest.update(b"\n")
    return digest.hexdigest()


def _parts(simulation: Simulation) -> Iterator[object]:
    venue = simulation.venue
    yield simulation.director.state, venue.numbered, venue._trades, sorted(venue._amended.items())
    yield from map(_order, venue.orders.values())
    yield list(venue.open)
    yield from map(msgspec.structs.astuple, venue.fills)
    yield [msgspec.structs.astuple(limit) for limit in venue.limits]
    yield venue.halts
    for _, instrument in sorted(venue.instruments.items()):
        yield from _instrument(instrument)


def _order(order: Order) -> tuple[object, ...]:
    return (
        order.id,
        order.account,
        order.instrument.listing.id,
        order.buy,
        order.price,
        order.quantity,
        order.leaves_qty,
        order.time,
        order.state,
        order.cum_qty,
        order.notional,
        order.reason,
        order.quote_id,
        order.params,
    )


def _instrument(instrument: Instrument) -> Iterator[object]:
    yield instrument.listing.id, instrument.tick, instrument.step, instrument.flags, instrument.delisted
    yield from _side(instrument.book.bids)
    yield from _side(instrument.book.asks)
    for account, held in sorted(instrument.exposures.items()):
        yield account, held.buying, held.selling, held.orders, held.position


def _side(side: Side) -> Iterator[object]:
    for level in side:
        queue = [(entry.id if isinstance(entry, Order) else 0, entry.leaves_qty) for entry in level]
        yield side.sign, level.price, level.quantity, queue
