"""What a run of a case leaves for the laws to judge: what passed, what is true, what the client believes and did."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from simulator.certification.belief import Belief
from simulator.decimals import text_of_amount
from simulator.laws.conduct import ClientBounds, Conduct, Sent, TrueOrder, Wish, true_order
from simulator.laws.wire import Finding
from simulator.simulation import Simulation
from simulator.terms import BILLION
from simulator.wire.requests import SendLimitOrder

__all__ = [
    "Act",
    "ClientBounds",
    "Ending",
    "Evidence",
    "Sent",
    "Snapshot",
    "TrueOrder",
    "Wanted",
    "amount_of",
    "read_truth",
    "seconds",
]

_S = 1_000_000_000


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


class Evidence(Conduct, kw_only=True):
    """All that is known of a run.

    Args:
        wanted: the orders that the client was asked to send, by their tags.
        acts: what it was asked to do.
        tick: the product's price increment, in billionths.
        flattening: when the client was told to be flat, in nanoseconds.
        settled: what was true and believed when it had had the time to know.
        flat: what was true and believed after it was told to be flat.
        hang: why the run could not go on, or None.
        ending: how the client ended by itself; None for one that did not.
        duties: what breaks that which the scenario says any client must do.
    """

    wanted: dict[str, Wanted] = msgspec.field(default_factory=dict)
    acts: list[Act] = msgspec.field(default_factory=list)
    tick: int = 1
    flattening: int = 0
    settled: Snapshot | None = None
    flat: Snapshot | None = None
    hang: str | None = None
    ending: Ending | None = None
    duties: tuple[Finding, ...] = ()

    def truth(self) -> Mapping[int, TrueOrder] | None:
        """Return the orders that the exchange had when the client had had the time to know."""
        return None if self.settled is None else self.settled.orders

    def wishes(self) -> Iterator[Wish]:
        """Yield what the client was asked for, with the orders that there are for it."""
        for tag, orders in ({} if self.settled is None else self.by_tag(self.settled)).items():
            text = f"{tag!r} was wanted once, for {text_of_amount(self.wanted[tag].quantity)}"
            yield Wish(text, tuple(orders), tuple(self._times(tag)))

    def _times(self, tag: str) -> Iterator[int]:
        """Yield when an order was sent for a tag."""
        for sent, order in self.orders_sent():
            if self.tag_of(order.dir.value == "Buy", amount_of(order.quantity)) == tag:
                yield sent.time

    def ends(self) -> Iterator[tuple[int, int, str]]:
        """Yield the ends of connections: the client comes again after each, because it is told when to stop."""
        for time, connection, kind, why in self.journal:
            if kind == "close":
                yield time, connection, str(why)

    def attempts(self) -> list[int]:
        """Return when the client tried to connect in vain: it was refused, cut off, or nothing came on the connection.

        A client may use a connection for each of its requests, and as many as it has requests.
        """
        answered = {connection for _, connection, kind, _ in self.journal if kind == "out"}
        lasted = answered - {connection for _, connection, _ in super().ends()}
        return [
            time
            for time, connection, kind, _ in self.journal
            if kind == "refused" or (kind == "open" and connection not in lasted)
        ]

    def returns(self) -> Iterator[tuple[int, int]]:
        """Yield when the client connected again, and as which connection."""
        yield from [(time, connection) for time, connection, kind, _ in self.journal if kind == "open"][1:]

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
    return Snapshot(simulation.now, {order.id: true_order(order) for order in own}, position, belief, tradable)


def amount_of(raw: msgspec.Raw) -> int:
    """Return an amount as it was sent, in billionths; -1 for what is none."""
    try:
        return int(Decimal(bytes(raw).decode().strip('"')) * BILLION)
    except (InvalidOperation, ValueError, OverflowError):
        return -1


def seconds(nanoseconds: int) -> str:
    """Return a time as a report says it."""
    return f"{nanoseconds / _S:.3f} s"
