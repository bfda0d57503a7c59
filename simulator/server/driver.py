"""One simulation being served: its clock, its timer, and which connection each of its sessions is."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.frames import CloseCode

from simulator.command_log import CommandWriter
from simulator.errors import ClockRuns
from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import Session
from simulator.server.clocks import Clock, clock_of
from simulator.server.turn import Turn
from simulator.simulation import Simulation

if TYPE_CHECKING:
    from simulator.server.connection import Connection

__all__ = ["FAILED", "Driver"]

FAILED = "the simulator failed"
"""What a client is told when a mistake is the simulator's own."""


_PACK_EVERY = 0.02
"""After how many seconds some of the journal is packed, as long as there is what can be."""


_LAG = 1.0
"""By how many seconds of the wall's time a world may be late before it says so."""


class Driver:
    """Drives one simulation.

    What comes from outside happens at the time that the world has reached. On a clock that is too fast for the machine
    that is behind the clock, because time passes only as far as a turn of the loop allows.

    Args:
        simulation: what is driven.
        report: told of the simulator's own mistakes.
        name: the world's name; empty for the server's own.
    """

    def __init__(self, simulation: Simulation, report: Callable[[Exception], None], name: str = "") -> None:
        self.simulation = simulation
        self.name = name
        self.holds_inputs = False
        """Whether what clients say has to wait: time is being told to pass."""
        self._report = report
        self._connections: dict[int, Connection] = {}
        self._is_sending = False
        self._sends_later = False
        self._clock: Clock | None = None
        self._turn: Turn | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: int | None = None
        self._pack_timer: asyncio.TimerHandle | None = None
        self._is_jumping = False
        self._is_busy = False
        self._moment_of_read: int | None = None
        """When those messages have come that have been taken since the last flush, or None if there are none."""
        self._has_begun = False
        self._is_late = False

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        turn: Turn | None = None,
    ) -> None:
        """Let its time begin; ``monotonic_ns`` is the wall's, ``turn`` is shared with others on the loop."""
        self._loop = loop
        self._monotonic_ns = monotonic_ns
        self._turn = turn
        self.go_on()

    def go_on(self) -> None:
        """Let its time go on from where it stands."""
        self._clock = clock_of(self.simulation, self._monotonic_ns)
        self.flush()

    def set_clock(self, clock: str | Mapping[str, Any]) -> None:
        """Go on by another clock from this moment: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``.

        Raises `simulator.errors.ScenarioError` for what is none, and changes nothing.
        """
        now = self.now()
        self.simulation.set_clock(clock)
        self._let_pass(now, lambda: False)
        self.stop()
        self.go_on()

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        """Let pass what has passed until now, before a call changes the world; see `simulator.control.calls`.

        Raises `simulator.simulation.Refused` if it is not to be made.
        """
        self._pass(self._moment(), lambda: False)

    def wall_time(self) -> int:
        """Return the wall's time, in nanoseconds since 1970, for a world that begins in place of this one."""
        return time.time_ns()

    def hand_over(self) -> CommandWriter | None:
        """Return what has written down the world's inputs, and goes on with the world in place of this one."""
        return None

    def stop(self) -> None:
        """Let its time stand still until it is to go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._timer_due = None
        if self._pack_timer is not None:
            self._pack_timer.cancel()
            self._pack_timer = None
        self._clock = None

    @property
    def connections(self) -> "tuple[Connection, ...]":
        """The connections that are open in this world."""
        return tuple(self._connections.values())

    def now(self) -> int:
        """Return the world's time in nanoseconds since 1970; it never goes back.

        On a clock that is too fast for the machine it is the time that has been reached: until what is due next.
        """
        reached, due = self.simulation.now, self.simulation.next_due()
        now = reached if self._clock is None else self._clock.now()
        return max(reached, now if due is None else min(now, due - 1))

    # What comes from outside

    def open(self, connection: "Connection", target: str, *, greets: bool = True) -> Session:
        """Open a session for a connection; raises `simulator.simulation.Refused` if there is to be none.

        ``greets`` is False for a client that comes from the world before this one, and has had its hello.
        """
        self._has_begun = True
        session = self.simulation.connect(target, self._moment(), greets=greets)
        self._connections[session.number] = connection
        return session

    def end(self, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        self._connections.pop(session.number, None)
        moment = self._moment()
        try:
            self.simulation.disconnect(session, moment, why)
        except Exception as error:
            self._report(error)
        self.flush()

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message; a mistake of the simulator's own closes that connection alone, with 1011.

        What it comes to is sent by the next `flush`: messages that come together are answered together, and all of
        them have come at the time of the first.
        """
        self._is_busy = True
        moment = self._moment_of_read
        if moment is None:
            moment = self._moment_of_read = self._moment()
        try:
            self.simulation.receive(session, text, moment)
        except Exception as error:
            self._report(error)
            self.flush(session)
            connection = self._connections.get(session.number)
            if connection is not None:
                connection.close(CloseCode.INTERNAL_ERROR, FAILED)

    def set_behind(self, session: Session, is_behind: bool) -> None:
        """Say whether a client reads more slowly than it is told things."""
        self.simulation.set_behind(session, is_behind)
        if not is_behind:
            self.flush(session)

    def may_be_seen(self) -> bool:
        """Tell whether somebody without a connection may be told how the world stands: there is nothing to lose."""
        return True

    def advance(self, nanoseconds: int) -> None:
        """Let time pass, however long that takes, and send what is due by then; for a clock that stands."""
        self._let_pass(self.now() + nanoseconds, lambda: False)

    async def pass_time(self, nanoseconds: int) -> None:
        """Let time pass in turns, and send what is due by then; for a clock that stands.

        What clients say meanwhile waits until it is over. Ends early if the world is stopped. Raises `ClockRuns` while
        time is passing already.
        """
        if self.holds_inputs:
            raise ClockRuns("time is passing already, as it was told to")
        until = self.now() + nanoseconds
        self.holds_inputs = True
        try:
            while not self._let_pass(until) and self._clock is not None:  # noqa: ASYNC110 - it lets others have their turn
                await asyncio.sleep(0)
        finally:
            self.holds_inputs = False
            for connection in self.connections:
                connection.go_on()

    def _moment(self) -> int:
        """Return the time for something that comes from outside, once what is due before it has been done."""
        if self._clock is not None:
            now, due = self._clock.now(), self.simulation.next_due()
            if due is None or due > now:
                return now
            self._let_pass(now)
        return self.now()

    # What goes out

    def flush(self, first: Session | None = None) -> None:
        """Send what the simulation has to say, and wake up again when it next has something.

        It belongs behind whatever is done to the simulation: nothing is sent in another place. Of much, some is put off
        to the next turn of the loop, but nothing that is to be sent on the connection that comes ``first``.
        """
        self._moment_of_read = None
        if self._pack_timer is None and self.simulation.journal.has_old() and self._clock is not None:
            self._pack_timer = self._loop.call_later(_PACK_EVERY, self._pack)
        if first is not None and self.simulation.has_news_for(first):  # as nearly always
            self._send_one(first, self.simulation.take_of(first))
        else:
            self._send()
            if first is not None and first.outbox:
                self._send_one(first, self.simulation.take_of(first))
        self._look_ahead()

    def _pack(self) -> None:
        """Pack some of the journal: little at a time, so that nobody waits for it."""
        journal = self.simulation.journal
        journal.pack()
        self._pack_timer = self._loop.call_later(_PACK_EVERY, self._pack) if journal.has_old() else None

    def _send(self) -> None:
        """Send what the simulation has to say, as far as a turn allows, and the rest in the next one."""
        if self._is_sending:  # who sends goes on until there is nothing more
            return
        self._is_sending = True
        try:
            while (taken := self._take_next()) is not None:
                session, items = taken
                self._send_one(session, items)
                if not self.simulation.has_news():
                    return
                if self._turn is not None and self._turn.is_over():
                    self._send_later()
                    return
        finally:
            self._is_sending = False

    def _send_one(self, session: Session, items: list[Outgoing]) -> None:
        connection = self._connections.get(session.number)
        if connection is not None:
            connection.send(items)

    def _send_later(self) -> None:
        if not self._sends_later:
            self._sends_later = True
            self._loop.call_soon(self._send_on)

    def _send_on(self) -> None:
        self._sends_later = False
        self.flush()

    def _take_next(self) -> tuple[Session, list[Outgoing]] | None:
        """Return what is to be sent next, though something fails that is due now."""
        while True:
            try:
                return self.simulation.take_next()
            except Exception as error:
                self._report(error)

    # Time

    def _let_pass(self, until: int, is_over: Callable[[], bool] | None = None) -> bool:
        """Let time pass and send what it brings, as far as a turn allows; tell whether all of it has passed."""
        if is_over is None and self._turn is not None:
            is_over = self._turn.is_over
        self._pass(until, is_over or (lambda: False))
        self.flush()
        due = self.simulation.next_due()
        has_passed = due is None or due > until
        if not has_passed and not self._is_late and self._clock is not None:
            self._is_late = (self._clock.wait(due or 0) or 0) < -_LAG
            if self._is_late:
                self.simulation.journal.note("late", "this machine is too slow for the clock")
        return has_passed

    def _pass(self, until: int, is_over: Callable[[], bool]) -> None:
        while True:
            try:
                self.simulation.pass_time(until, is_over)
            except Exception as error:
                self._report(error)
            else:
                return

    def _look_ahead(self) -> None:
        """See to it that what is due next is done in its time."""
        due = self.simulation.next_due()
        if due != self._timer_due:
            self._set_timer(due)
        if due is not None and not self._is_jumping and self._may_jump():
            self._is_jumping = True
            self._loop.call_soon(self._look_up)

    def _set_timer(self, due: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due = due
        if due is not None and self._clock is not None:
            wait = self._wait(due)
            if wait is not None:
                self._timer = self._loop.call_later(max(0.0, wait), self._wake)

    def _wait(self, due: int) -> float | None:
        """Return how many seconds of the wall's time to wait for a time; None for until told."""
        return None if self._clock is None else self._clock.wait(due)

    def _wake(self) -> None:
        self._timer = None
        due, self._timer_due = self._timer_due, None
        if self._clock is not None and due is not None:
            now = self._clock.now()
            self._let_pass(max(due, now) if self._clock.jumps else now)

    def _may_jump(self) -> bool:
        """Tell whether time may go straight to what is due next.

        It does not while a refusal of connections is to be met by those who have been thrown out: they need real time
        to come again, and a refusal that is over before they do has never been.
        """
        if self._clock is None or not self._clock.jumps or not self._has_begun:
            return False
        return self.simulation.is_awaited and not self.simulation.awaits_attempt

    def _look_up(self) -> None:
        """Give what can be read now one turn of the loop to be read before time jumps."""
        self._is_busy = False
        self._loop.call_soon(self._jump)

    def _jump(self) -> None:
        self._is_jumping = False
        due = self.simulation.next_due()
        if due is None or not self._may_jump():
            return
        if self._is_busy or self.simulation.has_news() or (self._turn is not None and self._turn.is_waited_for):
            self._is_jumping = True
            self._loop.call_soon(self._look_up)
        else:
            self._let_pass(due)
