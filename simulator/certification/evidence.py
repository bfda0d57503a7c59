"""What a run of a case leaves for the laws to judge: what passed, what is true, what the client believes and did."""

from collections.abc import Iterator, Mapping

import msgspec

from simulator.certification.belief import Belief
from simulator.exchange.orders import Order, average_price
from simulator.journal.journal import Journal, JournalEntry
from simulator.simulation import Simulation
from simulator.terms import CANCELED, FILLED, OUT, REJECTED
from simulator.wire import BadRequest, decode
from simulator.wire.requests import Request, SendLimitOrder

__all__ = [
    "Act",
    "ClientBounds",
    "Ending",
    "Evidence",
    "Sent",
    "Snapshot",
    "TrueOrder",
    "Wanted",
    "read_truth",
    "seconds",
]

_S = 1_000_000_000


class ClientBounds(msgspec.Struct, frozen=True):
    """How long and how often a client may do things; times in seconds of the exchange's time. A report says them.

    Args:
        act: how long the client may take for what it is asked to do.
        dead_line: how soon it must have noticed that a line is dead.
        reconnect: how soon it must have tried to come again after its connection ended.
        follow: how soon it must follow its orders again, or ask for them, on a new connection.
        settle: how long it has, after the faults have ended, to know what is true.
        stop: how soon it must be gone when it is told to stop.
        attempts: how often it may try to connect within ten seconds.
        refused: how many requests it may have refused for their rate within ten seconds.
        repeats: how often it may send an order on the same terms that was refused each time.
        cancels: how often it may cancel an order that it has been told is out.
    """

    act: float = 60
    dead_line: float = 90
    reconnect: float = 60
    follow: float = 60
    settle: float = 120
    stop: float = 30
    attempts: int = 20
    refused: int = 30
    repeats: int = 5
    cancels: int = 5


class Wanted(msgspec.Struct, frozen=True):
    """An order that the client was asked to send; amounts in billionths, times in nanoseconds."""

    tag: str
    is_buy: bool
    price: int
    quantity: int
    at: int


class Act(msgspec.Struct):
    """Something that the client was asked to do: when that began and ended, in nanoseconds, and how it failed.

    ``ended`` is None for what has not ended; ``error`` is a text, or None.
    """

    what: str
    tag: str
    began: int
    ended: int | None = None
    error: str | None = None

    def __str__(self) -> str:
        return f"{self.what}({self.tag!r})" if self.tag else f"{self.what}()"


class Ending(msgspec.Struct, frozen=True):
    """How a client ended that was not told to.

    Args:
        text: how, in one sentence.
        status: its exit status; None for one that says nothing of whether its work was done.
        time: when, in nanoseconds.
    """

    text: str
    status: int | None = None
    time: int = 0


class TrueOrder(msgspec.Struct, frozen=True):
    """An order as the exchange holds it; amounts in billionths."""

    id: int
    is_buy: bool
    price: int
    quantity: int
    state: int
    leaves_qty: int
    cum_qty: int
    avg_price: int | None

    @property
    def is_open(self) -> bool:
        """Whether it is still in the market."""
        return not self.state & OUT

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a client may rightly say became of it."""
        if self.is_open:
            return ("open",)
        if self.state & REJECTED:
            return ("rejected",)
        if self.state & FILLED:
            return ("filled",)
        if self.state & CANCELED:
            return ("canceled", "expired")
        return ("filled", "canceled")  # a part of its fills was taken back


class Snapshot(msgspec.Struct, frozen=True):
    """What is true at one moment, and what the client believes then.

    Args:
        time: in nanoseconds.
        orders: every order of the exchange that is kept, by its id.
        position: what the account holds, in billionths.
        belief: None if the client tells none.
        tradable: what it holds of products that are still traded, in billionths.
    """

    time: int
    orders: Mapping[int, TrueOrder]
    position: int
    belief: Belief | None
    tradable: int


class Sent(msgspec.Struct, frozen=True):
    """A request that came: when, in nanoseconds, and on which connection."""

    time: int
    connection: int
    request: Request


class Evidence(msgspec.Struct):
    """All that is known of a run.

    Args:
        journal: what happened, in its order.
        wanted: the orders that the client was asked to send, by their tags.
        acts: what it was asked to do.
        bounds: what it is held to.
        tick: the product's price increment, in billionths.
        healed: when the faults ended, and ``flattening`` when the client was told to be flat, in nanoseconds.
        settled: what was true and believed when it had had the time to know.
        flat: what was true and believed after it was told to be flat.
        stopped: when it was told to stop, in nanoseconds; None for one that never was.
        hang: why the run could not go on, or None.
        ending: how the client ended by itself; None for one that did not.
        causes: the line of what caused each entry of the journal, counted from 1, or less.
    """

    journal: list[JournalEntry]
    wanted: dict[str, Wanted]
    acts: list[Act]
    bounds: ClientBounds
    tick: int
    healed: int = 0
    flattening: int = 0
    settled: Snapshot | None = None
    flat: Snapshot | None = None
    stopped: int | None = None
    hang: str | None = None
    ending: Ending | None = None
    causes: list[int] = []

    def take_journal(self, journal: Journal) -> None:
        """Take what has happened."""
        found = list(journal.since(0))
        self.journal = [entry for _, entry, _ in found]
        self.causes = [cause - journal.dropped for _, _, cause in found]

    def sent(self) -> Iterator[Sent]:
        """Yield the requests that came, in their order."""
        for time, connection, kind, data in self.journal:
            if kind == "in" and not isinstance(request := decode(data), BadRequest):
                yield Sent(time, connection, request)

    def tag_of(self, is_buy: bool, quantity: int) -> str | None:
        """Return the tag of the order that has a side and a quantity, or None if none was wanted."""
        for wanted in self.wanted.values():
            if (wanted.is_buy, wanted.quantity) == (is_buy, quantity):
                return wanted.tag
        return None

    def by_tag(self, reading: Snapshot) -> dict[str, list[TrueOrder]]:
        """Return the exchange's orders by the tags that they are known by."""
        found: dict[str, list[TrueOrder]] = {tag: [] for tag in self.wanted}
        for order in reading.orders.values():
            tag = self.tag_of(order.is_buy, order.quantity)
            if tag is not None:
                found[tag].append(order)
        return found

    def orders_sent(self) -> Iterator[tuple[Sent, SendLimitOrder]]:
        """Yield the orders that came before the client was told to be flat."""
        for sent in self.sent():
            if isinstance(sent.request, SendLimitOrder) and (not self.flattening or sent.time < self.flattening):
                yield sent, sent.request


def read_truth(simulation: Simulation, account: str, belief: Belief | None) -> Snapshot:
    """Read what is true of an account's orders at this moment, and keep what is believed beside it."""
    own = [order for order in simulation.venue.orders.values() if order.account == account]
    instruments = simulation.venue.instruments.values()
    held = [(one.exposures[account].position, one.delisted) for one in instruments if account in one.exposures]
    position = sum(position for position, _ in held)
    tradable = sum(position for position, is_delisted in held if not is_delisted)
    return Snapshot(simulation.now, {order.id: _true(order) for order in own}, position, belief, tradable)


def _true(order: Order) -> TrueOrder:
    return TrueOrder(
        order.id,
        order.buy,
        order.price,
        order.quantity,
        order.state,
        order.leaves_qty,
        order.cum_qty,
        average_price(order.notional, order.cum_qty),
    )


def seconds(nanoseconds: int) -> str:
    """Return a time as a report says it."""
    return f"{nanoseconds / _S:.3f} s"
