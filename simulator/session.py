"""One connection as the simulation sees it: what it has subscribed to, and what is to be said on it."""

from typing import Any

import msgspec

from simulator.exchange.instrument import Instrument
from simulator.journal import Journal
from simulator.wire import encode, err, ok

__all__ = ["GATEWAY", "NETIDX", "Session", "Subscription"]

GATEWAY = "gateway"
NETIDX = "netidx"


class Subscription(msgspec.Struct):
    """A stream of messages that bear one id, on one connection.

    ``kind`` is the name of the request that asked for it; ``instruments`` what it is about, ``bucket`` the width
    of a price bucket, and ``shown`` what its last message showed.
    """

    session: "Session"
    id: bytes
    kind: str
    instruments: tuple[Instrument, ...] = ()
    bucket: int = 0
    shown: Any = None


class Session:
    """A connection.

    Args:
        number: counts connections up from 1.
        kind: `GATEWAY` or `NETIDX`.
        viewer: the account that it is bound to, or None if it sees all.
        journal: where what it says is written down.
        has_news: gets this session when something is to be sent on it.
    """

    __slots__ = (
        "_has_news",
        "_journal",
        "_paths",
        "is_open",
        "kind",
        "number",
        "outbox",
        "subscriptions",
        "viewer",
        "waiting",
    )

    def __init__(
        self, number: int, kind: str, viewer: str | None, journal: Journal, has_news: "dict[int, Session]"
    ) -> None:
        self.number = number
        self.kind = kind
        self.viewer = viewer
        self.subscriptions: dict[bytes, Subscription] = {}
        self.outbox: list[bytes] = []
        self.waiting = 0
        """How many bytes are in the outbox."""
        self.is_open = True
        self._paths = 0
        self._journal = journal
        self._has_news = has_news

    def __repr__(self) -> str:
        return f"<Session {self.number}>"

    def say(self, message: bytes, now: int) -> None:
        """Put a message into the outbox, behind what is there already."""
        self._journal.write(now, self.number, "out", message)
        if not self.outbox:
            self._has_news[self.number] = self
        self.outbox.append(message)
        self.waiting += len(message)

    def answer(self, number: bytes, value: Any, now: int) -> None:
        """Say the ``Ok`` of a request with a value to encode."""
        self.say(ok(number, encode(value)), now)

    def refuse(self, number: bytes, text: str, now: int) -> None:
        """Say the ``Err`` of a request."""
        self.say(err(number, text), now)

    def next_path(self) -> int:
        """Return a number for one more subscription to a path."""
        self._paths += 1
        return self._paths
