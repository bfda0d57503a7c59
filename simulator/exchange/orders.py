"""An order, a fill, and the table of legal state changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from simulator.exchange.book import BookEntry
from simulator.terms import (
    ACKED,
    CANCELED,
    CANCELING,
    FILLED,
    OPEN,
    OUT,
    REJECTED,
    STALE,
    FillKind,
    flags_of,
)

if TYPE_CHECKING:
    from simulator.exchange.instrument import Instrument

__all__ = [
    "FIRST_ORDER_ID",
    "LEGAL",
    "ORDERS_KEPT",
    "Fill",
    "Order",
    "OrderChanged",
    "PassedThrough",
    "PastState",
    "Traded",
    "average_price",
]

NEW = 0
FIRST_ORDER_ID = 1
"""The id of a venue's first order; each has the next number."""
ORDERS_KEPT = 100_000
"""How many orders that are out, and how many fills, a venue keeps unless told otherwise: a day's development."""

# From each state, those an order may go to. Staying in a state is always legal (a partial fill). `Stale` says
# that the gateway is not sure of the rest, so it may come and go on any open order and is not in the table.
LEGAL: dict[int, frozenset[int]] = {
    NEW: frozenset({OPEN, REJECTED | OUT}),  # straight to rejected: the risk check, before the venue hears of it
    OPEN: frozenset(
        {
            OPEN | ACKED,
            OPEN | CANCELING,  # a cancel may be asked for before the ack
            FILLED | OUT,  # filled before its ack: real venues report in either order
            OUT,  # nothing is left of it, but a part of its fills was busted while it was open
            CANCELED | OUT,
            REJECTED | OUT,
        }
    ),
    OPEN | ACKED: frozenset(
        {
            OPEN | ACKED | CANCELING,
            ACKED | FILLED | OUT,
            ACKED | OUT,  # as above, with a part busted
            ACKED | CANCELED | OUT,
        }
    ),
    OPEN | CANCELING: frozenset(
        {
            OPEN,  # the cancel was refused
            OPEN | ACKED | CANCELING,
            FILLED | OUT,
            OUT,
            CANCELED | OUT,
            REJECTED | OUT,
        }
    ),
    OPEN | ACKED | CANCELING: frozenset(
        {
            OPEN | ACKED,  # the cancel was refused
            ACKED | FILLED | OUT,  # the cancel lost the race
            ACKED | OUT,
            ACKED | CANCELED | OUT,
        }
    ),
    FILLED | OUT: frozenset({ACKED | FILLED | OUT, OUT}),  # the ack after the last fill; a bust
    CANCELED | OUT: frozenset({ACKED | CANCELED | OUT}),
    ACKED | FILLED | OUT: frozenset({ACKED | OUT}),  # a bust: neither filled any more nor cancelled
    ACKED | OUT: frozenset({ACKED | FILLED | OUT}),  # a correction that gives back what the bust took
    OUT: frozenset({ACKED | OUT, FILLED | OUT}),
    ACKED | CANCELED | OUT: frozenset(),
    REJECTED | OUT: frozenset(),
}


class PassedThrough(NamedTuple):
    """What a client sends with an order to get it back with the order's details: it means nothing to the exchange."""

    quote_id: str | None
    params: bytes | None
    """JSON, as it was sent."""


class PastState(msgspec.Struct, frozen=True):
    """A state of an order since a time in nanoseconds, and the one before it."""

    since: int
    change: "OrderChanged"
    before: "PastState | None"


class Order(BookEntry, eq=False, gc=False, kw_only=True):
    """An order of a client, which its venue alone changes; amounts are billionths.

    The garbage collector does not know it, so that however many there are make no pauses. So it may not be part of a
    circle: ``instrument_ref`` refers weakly to the instrument, which lives as long as its venue.
    ``quantity`` is what was ordered, ``leaves_qty`` what is still open (nothing, once it is out), ``cum_qty`` what has
    been filled less what has been busted, ``notional`` the sum of price times quantity over the fills (in
    billionths of billionths). ``promised`` is the price at which it trades whatever the book says, because it takes a
    quote. ``past`` is the last of its states, if a scenario may ask what they have been, and ``lie`` the state, the
    ``cum_qty`` and the ``notional`` that a scenario has told of it although they are not so.
    """

    id: int
    account: str
    instrument_ref: "Callable[[], Instrument]"
    quantity: int
    time: int
    state: int = NEW
    cum_qty: int = 0
    notional: int = 0
    reason: str | None = None
    passed_through: PassedThrough | None = None
    promised: int | None = None
    past: PastState | None = None
    lie: tuple[int, int, int] | None = None

    @property
    def instrument(self) -> "Instrument":
        """What it is for, as it is traded."""
        return self.instrument_ref()

    @property
    def is_out(self) -> bool:
        """True once the order is filled, cancelled or rejected for good."""
        return bool(self.state & OUT)

    @property
    def is_canceling(self) -> bool:
        """True while a cancel is on its way and the order is not out."""
        return bool(self.state & CANCELING)

    @property
    def is_canceled(self) -> bool:
        """True once the order has been cancelled."""
        return bool(self.state & CANCELED)

    def require_open(self) -> None:
        """Raise `ValueError` if it is out."""
        if self.state & OUT:
            raise ValueError(f"order {self.id} is out already")

    def change(self) -> "OrderChanged":
        """Return what is to be told of its state at this moment."""
        mean = average_price(self.notional, self.cum_qty)
        return OrderChanged(self.id, self.account, self.state, self.cum_qty, mean, self.instrument_ref().digits)

    def move(self, state: int) -> None:
        """Go to a state; raises `ValueError` if the table does not allow it."""
        before = self.state & ~STALE
        after = state & ~STALE
        if after != before and after not in LEGAL[before]:
            raise ValueError(f"order {self.id} cannot go from {list(flags_of(self.state))} to {list(flags_of(state))}")
        self.state = state

    def state_at(self, time: int) -> "OrderChanged | None":
        """Return its state at a time in nanoseconds, as far as it is kept, or None if it had none yet."""
        state = self.past
        while state is not None and state.since > time:
            state = state.before
        return None if state is None else state.change


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One side of a trade that belongs to an order; amounts are billionths, times nanoseconds."""

    number: int
    order_id: int
    account: str
    target: str
    buy: bool
    price: int
    quantity: int
    maker: bool
    against: str
    trade: int
    """The trade it is one side of: where both sides are orders, both fills bear the same number."""
    time: int
    kind: FillKind = FillKind.NORMAL
    of: int | None = None
    """The number of the fill that a reversal or a correction is about."""


class OrderChanged(msgspec.Struct, frozen=True, gc=False):
    """An order's state as it was at one moment; amounts are billionths."""

    order_id: int
    account: str
    state: int
    cum_qty: int
    avg_price: int | None
    digits: int
    """How many digits the product's price increment has after the point."""


class Traded(msgspec.Struct, frozen=True, gc=False):
    """A trade as the public sees it; ``buy`` is the taker's side."""

    target: str
    buy: bool
    price: int
    quantity: int
    time: int


def average_price(notional: int, filled: int) -> int | None:
    """Return the average fill price in billionths, halves rounded to even; None if nothing is filled."""
    if filled <= 0:
        return None
    whole, rest = divmod(notional, filled)
    if 2 * rest > filled or (2 * rest == filled and whole % 2):
        whole += 1
    return whole
