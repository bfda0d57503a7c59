"""Drives one simulation whose inputs are written down before they are done, so that it outlives its process."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from websockets.frames import CloseCode

from simulator.command_log import CLOSE, IN, OPEN, CommandRunner, CommandWriter, Input
from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import Session
from simulator.server.driver import FAILED, Driver
from simulator.simulation import Refused, Simulation

if TYPE_CHECKING:
    from simulator.server.connection import Connection

__all__ = ["DurableDriver"]

_GROUPED = ("SendLimitOrder", "CancelOrder")
"""What waits for others to be written with it: requests whose answers are short, for what waits has no backpressure."""


_SYNC_AFTER = 0.1


_UNAVAILABLE = 503


class DurableDriver(Driver):
    """Drives a simulation whose inputs are written down, together, before they are done and answered.

    Args:
        simulation: what is driven.
        report: told of the simulator's own mistakes.
        writer: writes inputs down.
    """

    def __init__(self, simulation: Simulation, report: Callable[[Exception], None], writer: CommandWriter) -> None:
        super().__init__(simulation, report)
        self._has_begun = writer.has_begun
        self._writer = writer
        self._runner = CommandRunner(simulation, self._deliver, self._fail)
        self._queue: list[Input] = []
        self._is_committing = False
        self._sync_timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        """Let its time stand still for good, and end its command log."""
        self._commit()
        super().stop()
        if self._sync_timer is not None:
            self._sync_timer.cancel()
        self._writer.close()

    def open(self, connection: "Connection", target: str, *, greets: bool = True) -> Session:
        """Open a session for a connection; raises `simulator.simulation.Refused` if there is to be none.

        ``greets`` is True, because no other world is before one that is kept.
        """
        self._has_begun = True
        self._commit()
        entry = Input(self._moment(), OPEN, 0, target)
        if self._writer.keep([entry]) == [False]:
            raise Refused(_UNAVAILABLE, str(self._writer.faults))
        session = self._runner.open(entry)
        self._connections[session.number] = connection
        return session

    def end(self, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        self._connections.pop(session.number, None)
        if session.is_open:
            self._queue.append(Input(self._moment(), CLOSE, session.number, why))
            self._commit()

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message, which is done once it is written."""
        self._is_busy = True
        entry = Input(self._moment(), IN, session.number, text)
        if isinstance(text, str) and any(name in text for name in _GROUPED):
            self._queue.append(entry)
        elif self.simulation.changes_nothing(text):
            self._commit()
            self._runner.perform(entry)
        else:
            self._queue.append(entry)
            self._commit()

    def advance(self, nanoseconds: int) -> None:
        """Let time pass, and send what is due by then; for a clock that stands until it is told."""
        self._let_pass(self.now() + nanoseconds)

    def flush(self) -> None:
        """Write and do what waits, send what the simulation has to say, and wake up when it next has something."""
        self._commit()
        self._runner.settle(self.simulation.now)

    def _let_pass(self, until: int) -> None:
        self._commit()
        self._runner.settle(until)

    def _deliver(self, pending: list[tuple[Session, list[Outgoing]]]) -> None:
        if pending and self.simulation.now > self._writer.time:
            self._writer.keep_time(self.simulation.now)
        super()._deliver(pending)
        if self._writer.needs_sync and self._sync_timer is None and self._clock is not None:
            self._sync_timer = self._loop.call_later(_SYNC_AFTER, self._sync)

    def _sync(self) -> None:
        self._sync_timer = None
        if self._writer.needs_sync:
            self._loop.run_in_executor(None, self._writer.syncing())  # a disk may take its time

    def _moment(self) -> int:
        """Return the time for an input: never before that of the one before."""
        return max(self.now(), self._writer.time)

    def _commit(self) -> None:
        """Write what waits, and do it in the order in which it stands in the command log.

        What ends a connection while this goes on waits for its turn.
        """
        if self._is_committing:
            return
        self._is_committing = True
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                taken = self._writer.keep(batch)
                for number, entry in enumerate(batch):
                    if taken is None or taken[number]:
                        self._runner.perform(entry)
                    else:
                        self._writer.refuse(self.simulation, entry)
        finally:
            self._is_committing = False

    def _fail(self, error: Exception, session: Session | None) -> None:
        self._report(error)
        connection = None if session is None else self._connections.get(session.number)
        if connection is not None:
            connection.close(CloseCode.INTERNAL_ERROR, FAILED)
