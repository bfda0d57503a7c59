"""Plays a flow of requests to a simulation in the same process, however the simulation treats it."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from simulator.gateway.outgoing import Abort, Close, Outgoing, RawBytes
from simulator.gateway.session import Session
from simulator.replay.inprocess import Frames
from simulator.scenario.amounts import duration
from simulator.simulation import Refused, Simulation

__all__ = ["Heard", "play"]


class Heard(NamedTuple):
    """What a client heard: the time in nanoseconds, its connection's number, and a message's bytes or an ending."""

    time: int
    connection: int
    item: Outgoing


def play(flow: Iterable[dict[str, Any]], simulation: Simulation, patience: str = "60s") -> list[Heard]:
    """Play a flow of `simulator.testing.strategies.order_flows`; return what was said, in order.

    Nothing is waited for but where the flow waits, and at its end. A step that refers to an order without a reply
    so far is left out. A connection that is lost is opened again for the next step, if the venue lets it, and follows
    what the one before it followed.

    Args:
        flow: steps with ``send`` or ``wait``, in the words of a scenario's ``client:`` section.
        simulation: the exchange; its time is this function's to move.
        patience: how long to listen at the end.
    """
    player = _Player(simulation)
    for step in flow:
        player.do(step)
    player.wait(duration(patience))
    return player.heard


class _Player:
    def __init__(self, simulation: Simulation) -> None:
        self.heard: list[Heard] = []
        self._simulation = simulation
        self._session: Session | None = None
        self._frames = Frames()
        self._followed: list[dict[str, Any]] = []
        self._asked: dict[int, str] = {}
        self._names: dict[str, str] = {}
        self._last_id = 0

    def do(self, step: dict[str, Any]) -> None:
        """Do a step, and hear what comes of it at once."""
        if "wait" in step:
            self.wait(duration(step["wait"]))
            return
        if self._is_connected():
            self._send(step)
        if step["send"]["type"].startswith("Subscribe"):
            self._followed.append(step)
        self._listen(self._simulation.take())

    def wait(self, nanoseconds: int) -> None:
        """Let time pass, from one event to the next."""
        simulation = self._simulation
        end = simulation.now + nanoseconds
        while simulation.now < end:
            self._listen(simulation.advance(min(simulation.next_due() or end, end)))

    def _is_connected(self) -> bool:
        """Tell whether there is a connection, opened now if need be."""
        if self._session is None:
            try:
                self._session = self._simulation.connect("/")
            except Refused:
                return False
            self._frames = Frames()
            for step in self._followed:
                self._send(step)
            self._listen(self._simulation.take())
        return self._session is not None

    def _send(self, step: dict[str, Any]) -> None:
        fields = {name: self._filled_in(value) for name, value in step["send"].items()}
        if self._session is None or None in fields.values():
            return
        self._last_id += 1
        if "as" in step:
            self._asked[self._last_id] = step["as"]
        self._simulation.receive(self._session, json.dumps({"id": self._last_id, **fields}))

    def _filled_in(self, value: Any) -> Any:
        """Return a value with references replaced by what they stand for; None for one that stands for nothing yet."""
        if isinstance(value, list):
            return [found for item in value if (found := self._filled_in(item)) is not None]
        return self._names.get(value[1:]) if isinstance(value, str) and value.startswith("$") else value

    def _listen(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        for session, items in news:
            for item in items:
                self._hear(session, item)

    def _hear(self, session: Session, item: Outgoing) -> None:
        said: Iterable[Outgoing] = self._frames.feed(item.data) if isinstance(item, RawBytes) else [item]
        for each in said:
            self.heard.append(Heard(self._simulation.now, session.number, each))
            if isinstance(each, bytes):
                self._learn(each)
            elif isinstance(each, Close | Abort) and session is self._session:
                self._session = None

    def _learn(self, message: bytes) -> None:
        """Keep the id of an order from the reply to its request."""
        reply = json.loads(message)
        name = self._asked.get(reply["id"])
        if name is not None and isinstance(order_id := reply["response"].get("Ok"), str):
            self._names[name] = order_id
