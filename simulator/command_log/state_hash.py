"""One number for all that an exchange holds, to tell whether two of them are the same."""

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from itertools import islice
from operator import attrgetter

import msgspec

from simulator.exchange.book import BookEntry, Side
from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Order
from simulator.exchange.venue import Venue
from simulator.simulation import Simulation

__all__ = ["state_hash"]

_REFERENCES = ("ref", "__weakref__")
_TOGETHER = 256
"""How many parts are encoded together."""
_encode = msgspec.json.Encoder().encode


def state_hash(simulation: Simulation) -> str:
    """Return the SHA-256, in 64 hexadecimal digits, of what an exchange holds.

    That is: every order, fill, limit, halt and instrument with its book, each with all its fields; which orders are
    open, and which are forgotten next; the numbers that the next order and trade get; every account's open quantities
    and position; the quotes that hold; and the state in which the scenario is. Not the time, nor who is connected.
    """
    digest = sha256()
    parts = _parts(simulation)
    for together in iter(lambda: list(islice(parts, _TOGETHER)), []):
        digest.update(_encoded(together))
        digest.update(b"\n")
    return digest.hexdigest()


def _encoded(parts: list[object]) -> bytes:
    """Return parts as bytes: as JSON, which takes a third of the time of ``repr``, if they can be."""
    try:
        return _encode(parts)
    except (TypeError, UnicodeEncodeError):
        return repr(parts).encode(errors="backslashreplace")


def _parts(simulation: Simulation) -> Iterator[object]:
    yield simulation.director.state
    yield from _venue(simulation.venue)
    for quote_id, quote in simulation.gateway.rfqs.held.items():
        yield quote_id, quote.instrument.listing.id, quote[1:]


def _venue(venue: Venue) -> Iterator[object]:
    # What it is made with, and what waits to be told; the rest of what is left out follows.
    yield _fields(venue, "catalogue", "limit", "events", "touched", "orders", "open", "fills", "limits", "instruments")
    # What an order was earlier is kept for views alone, and only while there is a scenario.
    fields = _getter(Order.__struct_fields__, ("instrument_ref", "past"))
    yield from ((order.instrument_ref().listing.id, fields(order)) for order in venue.orders.values())
    yield list(venue.open)
    yield _fields(venue.fills, "_limit", "_most", "_kept")
    yield from venue.fills
    yield _fields(venue.limits, "_applying", "_totals", "_counting")  # which are made of the others
    for _, instrument in sorted(venue.instruments.items()):
        yield from _instrument(instrument)


def _instrument(instrument: Instrument) -> Iterator[object]:
    # The depths are summed up from the book when somebody looks.
    yield (
        instrument.listing.id,
        _fields(instrument, "listing", "book", "exposures", "market_quotes", "bid_depth", "ask_depth", *_REFERENCES),
    )
    yield list(map(_entry, instrument.market_quotes))
    yield from _side(instrument.book.bids)
    yield from _side(instrument.book.asks)
    for account, exposure in sorted(instrument.exposures.items()):
        yield account, _fields(exposure)


def _side(side: Side) -> Iterator[object]:
    yield _fields(side, "keys", "levels", "changed")
    for _, level in sorted(side.levels.items()):
        yield _fields(level, "queue", "head"), list(map(_entry, level))  # not the holes between its entries


def _entry(entry: BookEntry) -> object:
    return entry.id if isinstance(entry, Order) else _fields(entry)


def _fields(thing: object, *others: str) -> object:
    """Return all fields of a thing but some others, so that one that is added to its type is in the hash."""
    kind = type(thing)
    names = getattr(kind, "__struct_fields__", None) or getattr(kind, "__slots__", None) or tuple(vars(thing))
    return _getter(names, others)(thing)


@cache
def _getter(names: tuple[str, ...], others: tuple[str, ...]) -> Callable[[object], object]:
    return attrgetter(*[name for name in names if name not in others])
