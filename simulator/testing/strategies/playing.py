"""Plays a flow of requests to a simulation in the same process, however the simulation treats it."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from simulator.replay.actions import Listen, Open, Say
from simulator.replay.client import Playing
from simulator.replay.inprocess import drive
from simulator.scenario.amounts import duration
from simulator.simulation import Simulation

__all__ = ["Heard", "play"]


class Heard(NamedTuple):
    """What a client heard: the time in nanoseconds, its connection's number, and a message's bytes or why it ended."""

    time: int
    connection: int
    item: bytes | str


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
    client = _FlowClient([*flow, {"wait": patience}], simulation)
    drive(simulation, client)
    return client.heard


class _FlowClient:
    """Does what a flow says, and hears what comes."""

    def __init__(self, flow: list[dict[str, Any]], simulation: Simulation) -> None:
        self.heard: list[Heard] = []
        self._flow = flow
        self._simulation = simulation
        self._connections = 0
        self._is_open = False
        self._followed: list[dict[str, Any]] = []
        self._asked: dict[int, str] = {}
        self._names: dict[str, str] = {}
        self._last_id = 0

    def arrived(self, line: str, data: bytes) -> None:
        """Hear a message, and keep the id of an order from the reply to its request."""
        self._hear(line, data)
        reply = json.loads(data)
        name = self._asked.get(reply["id"])
        if name is not None and isinstance(order_id := reply["response"].get("Ok"), str):
            self._names[name] = order_id

    def ended(self, line: str, code: int, reason: str = "") -> None:
        self._hear(line, f"{code} {reason}".rstrip())
        self._is_open = False

    def refused(self, line: str, why: str) -> None:
        self._connections -= 1
        self._is_open = False

    def _hear(self, line: str, item: bytes | str) -> None:
        self.heard.append(Heard(self._simulation.now, int(line), item))

    def play(self, now: int) -> Playing:
        """Do the steps one after the other."""
        for step in self._flow:
            if "wait" in step:
                until = self._simulation.now + duration(step["wait"])
                while self._simulation.now < until:
                    yield Listen(until)
                continue
            if not self._is_open:
                self._connections += 1
                self._is_open = True
                yield Open(str(self._connections), "/")
                for followed in self._followed:
                    yield from self._send(followed)
            yield from self._send(step)
            if step["send"]["type"].startswith("Subscribe"):
                self._followed.append(step)

    def _send(self, step: dict[str, Any]) -> Playing:
        fields = {name: self._filled_in(value) for name, value in step["send"].items()}
        if not self._is_open or None in fields.values():
            return
        self._last_id += 1
        if "as" in step:
            self._asked[self._last_id] = step["as"]
        yield Say(str(self._connections), json.dumps({"id": self._last_id, **fields}))

    def _filled_in(self, value: Any) -> Any:
        """Return a value with references replaced by what they stand for; None for one that stands for nothing yet."""
        if isinstance(value, list):
            return [found for item in value if (found := self._filled_in(item)) is not None]
        return self._names.get(value[1:]) if isinstance(value, str) and value.startswith("$") else value
