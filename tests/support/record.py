"""A client that is watched, in process: what passes between it and the simulation of a scenario."""

import json
from typing import Any

from simulator.gateway.outgoing import Abort, Close, Outgoing, RawBytes
from simulator.gateway.session import Session
from simulator.record import RecordedEvent
from simulator.replay.inprocess import Frames
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
MS = 1_000_000
ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "10000",
    "quantity": "10",
    "target": PAIR,
}


class Visit:
    """A visit of one client to a scenario, whose time it passes itself; ``seen`` is what passed.

    Args:
        scenario: a bundled name, or data.
    """

    def __init__(self, scenario: str | dict[str, Any]) -> None:
        self.seen: list[RecordedEvent] = []
        self._simulation = Simulation(scenario, clock="manual")
        self._frames = Frames()
        self._is_open = True
        self._count = 0
        self._session = self._simulation.connect("/architect")
        self._see("open", "/architect")
        self._take(self._simulation.take())

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request, unless the connection has ended, and wait a little."""
        if self._is_open:
            self._count += 1
            text = json.dumps({"id": self._count, **request})
            self._see("in", text)
            self._simulation.receive(self._session, text)
            self._take(self._simulation.take())
            self.wait(20)

    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        until = self._simulation.now + milliseconds * MS
        while self._simulation.now < until:
            due = self._simulation.next_due()
            self._take(self._simulation.advance(until if due is None else min(due, until)))

    def leave(self) -> None:
        """End the connection, unless it has ended."""
        if self._is_open:
            self._see("close", "1000")

    def _see(self, kind: str, data: str, by_endpoint: bool = False) -> None:
        self.seen.append(RecordedEvent(self._simulation.now, 1, kind, data, by_endpoint))

    def _take(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        for _, items in news:
            for item in items:
                self._hear(item)

    def _hear(self, item: Outgoing) -> None:
        if isinstance(item, RawBytes):
            for payload in self._frames.feed(item.data):
                self._hear(payload)
        elif isinstance(item, bytes):
            self._see("out", item.decode())
        elif isinstance(item, Close | Abort) and self._is_open:
            self._is_open = False
            self._see("close", str(item.code) if isinstance(item, Close) else "1006", by_endpoint=True)


def newcomer(scenario: str | dict[str, Any]) -> list[RecordedEvent]:
    """Return what passes when a client follows its orders, buys, waits, cancels and asks how things are, twice over."""
    visit = Visit(scenario)
    visit.ask({"type": "SubscribeOrderState"})
    for order in ("1", "2"):
        visit.ask(ORDER)
        visit.wait(700)
        visit.ask({"type": "CancelOrder", "order_id": order})
        visit.ask({"type": "ListFills", "set": "All", "scope": "All"})
        visit.ask({"type": "GetOrderState", "order_ids": [order]})
    visit.leave()
    return visit.seen
