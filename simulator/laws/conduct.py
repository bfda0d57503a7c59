"""How a client has behaved: what passed between it and an exchange, and what the exchange holds in the end."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from simulator.exchange.orders import Order, average_price
from simulator.journal.books import BookRecord
from simulator.journal.journal import Journal, JournalEntry
from simulator.laws.doubt import sent_in_doubt
from simulator.terms import CANCELED, FILLED, OUT, REJECTED
from simulator.wire import BadRequest, decode
from simulator.wire.requests import Request

__all__ = ["ClientBounds", "Conduct", "Sent", "TrueOrder", "Wish", "true_order"]

_BY_VENUE = ("by the scenario", "1013 ")
"""What the journal says of connections that the exchange has ended: on purpose, or because too much waits for it."""


class ClientBounds(msgspec.Struct, frozen=True):
    """How long and how often a client may do things; times in seconds of the exchange's time. A report says them.

    Args:
        act: how long the client may take for what it is asked to do.
        reply: how long it must wait for a reply before it may give it up.
        dead_line: how soon it must have noticed that a line is dead.
        reconnect: how soon it must have tried to come again after its connection ended.
        follow: how soon it must follow its orders again, or ask for them, on a new connection.
        doubt: orders on the same terms within so short a time are parts of one, and not the same one sent again.
        ask: how soon it must ask for an order of which it has not been told what is so.
        settle: how long it has, after the faults have ended, to know what is true.
        stop: how soon it must be gone when it is told to stop.
        attempts: how often it may try to connect in vain within ten seconds.
        refused: how many requests it may have refused for their rate within ten seconds.
        repeats: how often it may send an order on the same terms that was refused each time.
        cancels: how often it may cancel an order that it has been told is out.
    """

    act: float = 60
    reply: float = 5
    dead_line: float = 90
    reconnect: float = 60
    follow: float = 60
    doubt: float = 1
    ask: float = 120
    settle: float = 120
    stop: float = 30
    attempts: int = 20
    refused: int = 30
    repeats: int = 5
    cancels: int = 5


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
        return ("filled", "canceled", "expired")  # a part of its fills was taken back, and its flags say only ``Out``


def true_order(order: Order) -> TrueOrder:
    """Return an order as it is at this moment."""
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


class Sent(msgspec.Struct, frozen=True):
    """A request that came: when, in nanoseconds, and on which connection."""

    time: int
    connection: int
    request: Request


class Wish(msgspec.Struct, frozen=True):
    """What a client wanted once, and the orders that there are for it.

    Args:
        text: what was wanted, for a sentence: ``Buy 1 at 10000``.
        orders: those that the exchange has taken, the oldest first.
        times: when each order for it was sent, in nanoseconds.
    """

    text: str
    orders: tuple[TrueOrder, ...]
    times: tuple[int, ...]


class Conduct(msgspec.Struct, kw_only=True):
    """What is known of any client at any exchange.

    Args:
        journal: what happened, in its order.
        causes: the line of what caused each entry of the journal, counted from 1, or less.
        books: how books stood at its lines, if that was kept.
        bounds: what the client is held to.
        held: the orders that the exchange has; None where that cannot be asked.
        now: up to when it is known what happened, in nanoseconds; 0 for up to the journal's end.
        healed: when the faults ended, in nanoseconds; 0 if they did not, or nobody knows.
        stopped: when the client was told to stop, in nanoseconds; None for one that never was.
    """

    journal: list[JournalEntry] = msgspec.field(default_factory=list)
    causes: list[int] = msgspec.field(default_factory=list)
    books: BookRecord | None = None
    bounds: ClientBounds = ClientBounds()
    held: Mapping[int, TrueOrder] | None = None
    now: int = 0
    healed: int = 0
    stopped: int | None = None

    def take_journal(self, journal: Journal) -> None:
        """Take what has happened."""
        found = list(journal.since(0))
        self.journal = [entry for _, entry, _ in found]
        self.causes = [cause - journal.dropped for _, _, cause in found]
        self.books = journal.books

    @property
    def end(self) -> int:
        """Up to when the client is judged, in nanoseconds."""
        return self.stopped or self.now or (self.journal[-1][0] if self.journal else 0)

    def sent(self) -> Iterator[Sent]:
        """Yield the requests that came, in their order."""
        for time, connection, kind, data in self.journal:
            if kind == "in" and not isinstance(request := decode(data), BadRequest):
                yield Sent(time, connection, request)

    def truth(self) -> Mapping[int, TrueOrder] | None:
        """Return the orders that the exchange has when the client has had the time to know; None if nobody knows."""
        return self.held

    def wishes(self) -> Iterable[Wish]:
        """Return what the client wanted once and may have sent twice: what it has sent again with no answer."""
        truth = self.truth()
        if not truth:
            return
        for terms, sent in sent_in_doubt(self.journal, self.causes, self.bounds.doubt).items():
            text = f"the order {terms} was sent again with nothing known of the first"
            orders = tuple(truth[order_id] for _, order_id in sent if order_id in truth)
            yield Wish(text, orders, tuple(time for time, _ in sent))

    def ends(self) -> Iterator[tuple[int, int, str]]:
        """Yield the ends of connections after which the client has to come again: when, of which, and why.

        One that the client has ended itself is none, unless the exchange let nothing through on it: it may be done.
        """
        stalled = set()
        for time, connection, kind, data in self.journal:
            if kind == "stall":
                stalled.add(connection)
            elif kind == "close" and (connection in stalled or any(word in str(data) for word in _BY_VENUE)):
                yield time, connection, str(data)

    def attempts(self) -> list[int]:
        """Return when the client tried to connect in vain: it was refused, or its connection did not last."""
        ended = {connection for _, connection, _ in self.ends()}
        return [
            time
            for time, connection, kind, _ in self.journal
            if kind == "refused" or (kind == "open" and connection in ended)
        ]

    def returns(self) -> Iterator[tuple[int, int]]:
        """Yield when the client came again after the end of a connection on which it traded, and on which."""
        opens = [(time, connection) for time, connection, kind, _ in self.journal if kind == "open"]
        used = {sent.connection for sent in self.sent()}
        for ended, connection, _ in self.ends():
            if connection in used:
                yield from [one for one in opens if one[0] >= ended and one[1] > connection][:1]
