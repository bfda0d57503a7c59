"""One simulation being served: its clock, its timer, and which connection each of its sessions is."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from websockets.frames import CloseCode

from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import Session
from simulator.server.clocks import Clock, clock_of
from simulator.simulation import Simulation
from simulator.terms import BILLION

if TYPE_CHECKING:
    from simulator.server.connection import Connection

__all__ = ["FAILED", "Driver"]

FAILED = "the simulator failed"
"""What a client is told when a mistake is the simulator's own."""


_TURN = 0.01
"""How many seconds the world's own doings may take before clients and signals have a turn, more or less."""
_LONGEST = 1 << 60
_LAG = 1.0
"""By how many seconds of the wall's time a world may be late before it says so."""


class Driver:
    """Drives one simulation.

    Args:
        simulation: what is driven.
        report: told of the simulator's own mistakes.
    """

    def __init__(self, simulation: Simulation, report: Callable[[Exception], None]) -> None:
        self.simulation = simulation
        self._report = report
        self._connections: dict[int, Connection] = {}
        self._clock: Clock | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: int | None = None
        self._is_jumping = False
        self._is_busy = False
        self._has_begun = False
        self._stride = BILLION
        """How much of the world's time passes in one turn at most, which depends on how much happens in it."""
        self._is_late = False

    def start(self, loop: asyncio.AbstractEventLoop, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Let its time begin; ``monotonic_ns`` is the wall's."""
        self._loop = loop
        self._monotonic_ns = monotonic_ns
        self.go_on()

    def go_on(self) -> None:
        """Let its time go on from where it stands."""
        self._clock = clock_of(self.simulation, self._monotonic_ns)
        self.flush()

    def set_clock(self, clock: str | dict[str, Any]) -> None:
        """Go on by another clock from this moment: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``.

        Raises `simulator.errors.ScenarioError` for what is none, and changes nothing.
        """
        now = self.now()
        self.simulation.set_clock(clock)
        self._let_pass(now)
        self.stop()
        self.go_on()

    def stop(self) -> None:
        """Let its time stand still until it is to go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._timer_due = None
        self._clock = None

    @property
    def connections(self) -> "tuple[Connection, ...]":
        """The connections that are open in this world."""
        return tuple(self._connections.values())

    def now(self) -> int:
        """Return the world's time in nanoseconds since 1970; it never goes back.

        On a clock that is too fast for the machine it is the time that has been reached.
        """
        if self._clock is None:
            return self.simulation.now
        now, due = self._clock.now(), self.simulation.next_due()
        if due is None or now <= due + self._stride:
            return now
        if not self._is_late and (self._clock.wait(due) or 0) < -_LAG:
            self._is_late = True
            self.simulation.journal.write(self.simulation.now, 0, "late", "this machine is too slow for the clock")
        return due + self._stride

    def open(self, connection: "Connection", target: str, *, greets: bool = True) -> Session:
        """Open a session for a connection; raises `simulator.simulation.Refused` if there is to be none.

        ``greets`` is False for a client that comes from the world before this one, and has had its hello.
        """
        self._has_begun = True
        session = self.simulation.connect(target, self.now(), greets=greets)
        self._connections[session.number] = connection
        return session

    def end(self, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        self._connections.pop(session.number, None)
        try:
            self.simulation.disconnect(session, self.now(), why)
        except Exception as error:
            self._report(error)
            self.simulation.disconnect(session, why=why)  # what failed is what was due

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message; a mistake of the simulator's own closes that connection alone, with 1011."""
        self._is_busy = True
        try:
            self.simulation.receive(session, text, self.now())
        except Exception as error:
            self._report(error)
            self.flush()
            connection = self._connections.get(session.number)
            if connection is not None:
                connection.close(CloseCode.INTERNAL_ERROR, FAILED)

    def advance(self, nanoseconds: int) -> None:
        """Let time pass, and send what is due by then; for a clock that stands until it is told."""
        self._deliver(self.simulation.advance(self.now() + nanoseconds))

    def flush(self) -> None:
        """Send what the simulation has to say, and wake up again when it next has something."""
        self._deliver(self._pending())

    def _pending(self) -> list[tuple[Session, list[Outgoing]]]:
        """Return what is to be sent, though something fails that is due now."""
        while True:
            try:
                return self.simulation.take()
            except Exception as error:
                self._report(error)

    def _deliver(self, pending: list[tuple[Session, list[Outgoing]]]) -> None:
        while pending:
            for session, items in pending:
                connection = self._connections.get(session.number)
                if connection is not None:
                    connection.send(items)
            pending = self._pending()  # a connection that was given up may have let time pass
        due = self.simulation.next_due()
        if due != self._timer_due:
            self._set_timer(due)
        if due is not None and not self._is_jumping and self._may_jump():
            self._is_jumping = True
            self._loop.call_soon(self._look_up)

    # Time

    def _set_timer(self, due: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due = due
        if due is not None and self._clock is not None:
            wait = self._clock.wait(due)
            if wait is not None:
                self._timer = self._loop.call_later(max(0.0, wait), self._wake)

    def _wake(self) -> None:
        self._timer = None
        due, self._timer_due = self._timer_due, None
        if self._clock is not None and due is not None:
            began = time.perf_counter()
            self._let_pass(max(due, self.now()) if self._clock.jumps else self.now())
            took = time.perf_counter() - began
            if took > _TURN:
                self._stride = max(1, self._stride // 2)
            elif took < _TURN / 4:
                self._stride = min(2 * self._stride, _LONGEST)

    def _let_pass(self, until: int) -> None:
        try:
            self._deliver(self.simulation.advance(until))
        except Exception as error:
            self._report(error)
            self.flush()

    def _may_jump(self) -> bool:
        return self._clock is not None and self._clock.jumps and self._has_begun and self.simulation.is_awaited

    def _look_up(self) -> None:
        """Give what can be read now one turn of the loop to be read before time jumps."""
        self._is_busy = False
        self._loop.call_soon(self._jump)

    def _jump(self) -> None:
        self._is_jumping = False
        due = self.simulation.next_due()
        if due is None or not self._may_jump():
            return
        if self._is_busy:
            self._is_jumping = True
            self._loop.call_soon(self._look_up)
        else:
            self._let_pass(due)
