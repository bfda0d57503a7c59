"""One connection as the simulation sees it: what it has subscribed to, and what is to be said on it."""

from typing import TYPE_CHECKING

import msgspec

from simulator.gateway.connection_faults import ConnectionFaults
from simulator.gateway.outgoing import Outgoing, size_of
from simulator.gateway.topics import Topic
from simulator.journal.journal import Journal
from simulator.wire.requests import Subscribe

if TYPE_CHECKING:
    from simulator.gateway.book_feeds import BookFeed

__all__ = ["GATEWAY", "NETIDX", "Session", "Subscription"]

GATEWAY = "gateway"
NETIDX = "netidx"


class Subscription(msgspec.Struct):
    """A stream of messages that bear one id, on one connection.

    ``request`` is what asked for it, ``topic`` what it is about; ``number`` counts all subscriptions. Of one that shows
    a book, ``feed`` is what it has in common with those that show the same, and ``shown`` what its last message showed.
    """

    session: "Session"
    id: bytes
    request: Subscribe
    topic: Topic
    number: int
    feed: "BookFeed | None" = None
    shown: object = None


class Session:
    """A connection.

    Args:
        number: counts connections up from 1.
        target: where it was opened: ``/architect?account=DEFAULT``.
        kind: `GATEWAY` or `NETIDX`.
        viewer: the account that it is bound to, or None if it sees all.
        journal: where what it says is written down.
        has_news: gets this session when something is to be sent on it.
    """

    __slots__ = (
        "_has_pending",
        "_journal",
        "_netidx",
        "entry_due",
        "faults",
        "is_behind",
        "is_open",
        "kind",
        "number",
        "outbox",
        "subscriptions",
        "target",
        "unshown",
        "viewer",
        "waiting",
    )

    def __init__(
        self,
        number: int,
        target: str,
        kind: str,
        viewer: str | None,
        journal: Journal,
        has_pending: "dict[int, Session]",
    ) -> None:
        self.number = number
        self.target = target
        self.kind = kind
        self.viewer = viewer
        self.subscriptions: dict[bytes, Subscription] = {}
        self.outbox: list[Outgoing] = []
        self.waiting = 0
        """How many bytes are in the outbox."""
        self.is_open = True
        self.is_behind = False
        """Whether its client reads more slowly than it is told things."""
        self.unshown: dict[bytes, int] = {}
        """How many times what each subscription shows has changed without its being told, by the subscription's id."""
        self.faults: ConnectionFaults | None = None
        self.entry_due = 0
        """When the last of its requests comes to the venue, in nanoseconds."""
        self._netidx = 0
        self._journal = journal
        self._has_pending = has_pending

    def __repr__(self) -> str:
        return f"<Session {self.number}>"

    @property
    def sent_by(self) -> int:
        """When all that is on its way to the client will have been sent, in nanoseconds; 0 if nothing is."""
        return 0 if self.faults is None else max(self.faults.last_due, self.faults.drip.ends)

    def enqueue(self, item: Outgoing, now: int) -> None:
        """Put a message, or what else goes out on a connection, into the outbox, behind what is there already.

        On a connection that has ended it is lost.
        """
        if not self.is_open:
            self._journal.write(now, self.number, "lost", item)
            return
        self.put(item)
        if type(item) is bytes:
            self._journal.write_out(now, self.number, item)
        else:
            self._journal.write(now, self.number, "fault", item)

    def put(self, item: Outgoing) -> None:
        """Put into the outbox of an open connection what its caller writes into the journal."""
        outbox = self.outbox
        if not outbox:
            self._has_pending[self.number] = self
        outbox.append(item)
        self.waiting += len(item) if type(item) is bytes else size_of(item)

    def next_path(self) -> int:
        """Return a number for one more subscription to a path."""
        self._netidx += 1
        return self._netidx
