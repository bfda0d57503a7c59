"""Replays a scenario against a simulation in the same process: no socket, and the time is the player's."""

from collections.abc import Callable, Iterator
from typing import Protocol

from simulator.gateway.outgoing import Abort, Close, Outgoing, RawBytes
from simulator.gateway.session import Session
from simulator.replay.actions import Action, Leave, Listen, Open, Say
from simulator.replay.client import Playing
from simulator.simulation import Refused, Simulation

__all__ = ["LEFT", "Frames", "drive"]

LEFT = "1000 (OK)"
"""Why a connection is gone that its client has closed, in a server's words."""


_SHORT, _MEDIUM = 126, 127


class Frames:
    """Puts together the server's frames from the pieces in which they come."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payload of each frame that has come whole."""
        self._data += data
        while (size := _size(self._data)) is not None:
            head, end = size
            payload, self._data = self._data[head:end], self._data[end:]
            yield payload


def _size(data: bytes) -> tuple[int, int] | None:
    """Return where the payload of an unmasked frame begins and ends, or None if more has to come."""
    if len(data) < 2:
        return None
    head = {_SHORT: 4, _MEDIUM: 10}.get(data[1], 2)
    if len(data) < head:
        return None
    length = data[1] if head == 2 else int.from_bytes(data[2:head], "big")
    return (head, head + length) if len(data) >= head + length else None


class _AnyClient(Protocol):
    """What plays, and is told what comes: a `simulator.replay.client.Client`, or one like it."""

    def play(self, now: int) -> Playing: ...
    def arrived(self, line: str, data: bytes) -> None: ...
    def ended(self, line: str, code: int, reason: str = "") -> None: ...
    def refused(self, line: str, why: str) -> None: ...


class _Shell:
    """Does a client's actions to a simulation."""

    def __init__(self, simulation: Simulation, client: _AnyClient, check_time: Callable[[], object]) -> None:
        self._simulation = simulation
        self._client = client
        self._check_time = check_time
        self._sessions: dict[str, Session] = {}
        self._lines: dict[int, str] = {}
        self._frames: dict[int, Frames] = {}

    def do(self, action: Action) -> None:
        """Do one action, and tell the client what comes of it at once."""
        match action:
            case Open():
                self._open(action)
            case Say():
                self._simulation.receive(self._sessions[action.line], action.text)
            case Leave():
                session = self._sessions[action.line]
                self._lines.pop(session.number, None)
                self._simulation.disconnect(session, why=LEFT)
            case Listen():
                self._listen(action.until)
        self._deliver(self._simulation.take())

    def _open(self, action: Open) -> None:
        try:
            session = self._simulation.connect(action.target)
        except Refused as refused:
            self._client.refused(action.line, f"{refused.status} {refused}")
            return
        self._sessions[action.line] = session
        self._lines[session.number] = action.line
        self._frames[session.number] = Frames()

    def _listen(self, until: int) -> None:
        simulation = self._simulation
        while not self._deliver(simulation.take()) and simulation.now < until:
            due = simulation.next_due()
            news = simulation.advance(until if due is None else min(due, until))
            if self._deliver(news):
                return
            self._check_time()

    def _deliver(self, news: list[tuple[Session, list[Outgoing]]]) -> bool:
        """Tell the client what came; return whether anything did."""
        for session, items in news:
            for item in items:
                line = self._lines.get(session.number)
                if line is not None:
                    self._tell(line, session, item)
        return bool(news)

    def _tell(self, line: str, session: Session, item: Outgoing) -> None:
        client = self._client
        if isinstance(item, bytes):
            client.arrived(line, item)
        elif isinstance(item, RawBytes):
            for payload in self._frames[session.number].feed(item.data):
                client.arrived(line, payload)
        elif isinstance(item, Close | Abort):
            del self._lines[session.number]
            code, reason = (item.code, item.reason) if isinstance(item, Close) else (1006, "cut")
            client.ended(line, code, reason)


def drive(simulation: Simulation, client: _AnyClient, check_time: Callable[[], object] = bool) -> None:
    """Play a client to its end; raises `simulator.errors.UnmetExpectation` where it does not get what it expects.

    ``check_time`` is called again and again, and raises what ends it when it has taken too long.
    """
    shell = _Shell(simulation, client, check_time)
    playing = client.play(simulation.now)
    try:
        action = next(playing)
        while True:
            shell.do(action)
            check_time()
            action = playing.send(simulation.now)
    except StopIteration:
        return
