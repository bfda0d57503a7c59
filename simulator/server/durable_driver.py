"""Drives one simulation whose inputs are written down before they are done, so that it outlives its process."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.frames import CloseCode

from simulator.command_log import CLOSE, CONTROL, IN, OPEN, TIME, CommandRunner, CommandWriter, Input, encode_call
from simulator.gateway.session import Session
from simulator.server.driver import FAILED, Driver
from simulator.simulation import Refused, Simulation

if TYPE_CHECKING:
    from simulator.server.connection import Connection

__all__ = ["DurableDriver"]

_GROUPED = ("SendLimitOrder", "CancelOrder")
"""What waits for others to be written with it: requests whose answers are short, for what waits has no backpressure."""


_SYNC_AFTER = 0.1


_TRY_AGAIN_AFTER = 0.1
"""After how many seconds writing is tried again that has failed."""


_UNAVAILABLE = 503


class DurableDriver(Driver):
    """Drives a simulation whose inputs are written down, together, before they are done and answered.

    So is time, before it passes for anybody to see, or before somebody looks. While nothing can be written nothing
    happens: time stands still, what changes anything is refused, and the end of a connection waits.

    Args:
        simulation: what is driven.
        report: told of the simulator's own mistakes.
        writer: writes inputs down.
    """

    def __init__(self, simulation: Simulation, report: Callable[[Exception], None], writer: CommandWriter) -> None:
        super().__init__(simulation, report)
        self._has_begun = writer.has_begun
        self._writer = writer
        self._runner = CommandRunner(simulation, self._fail)
        self._queue: list[Input] = []
        self._is_committing = False
        self._is_unseen = False
        """Whether something has happened that is not written down, because nobody was there."""
        self._is_replaced = False
        self._called_at = 0
        """When the last call was made, by the wall."""
        self._sync_timer: asyncio.TimerHandle | None = None
        self._try_again_timer: asyncio.TimerHandle | None = None
        self._snapshot_timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        """Let its time stand still for good, and end its command log."""
        self._commit()
        super().stop()
        for timer in (self._sync_timer, self._try_again_timer, self._snapshot_timer):
            if timer is not None:
                timer.cancel()
        if not self._is_replaced:
            self._writer.close()

    def set_clock(self, clock: str | Mapping[str, Any]) -> None:
        """Go on by another clock from this moment, as the driver of any world does."""
        self.simulation.set_clock(clock)
        super().stop()
        self.go_on()

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        """Write down a call that is about to change the world, and let pass what has passed until then."""
        self._called_at = super().wall_time()
        entry = (
            Input(self._moment(), TIME)  # what passes is written down as it does
            if name == "advance"
            else Input(self._moment(), CONTROL, 0, encode_call(name, body, part, self._called_at))
        )
        self._commit()
        if self._queue or not self._writer.keep([entry]):
            raise Refused(_UNAVAILABLE, str(self._writer.faults))
        self._is_unseen = False
        self._runner.settle(entry.time)

    def wall_time(self) -> int:
        """Return when the call was made that begins the world anew."""
        return self._called_at

    def hand_over(self) -> CommandWriter:
        """Return the writer; what the world's connections say in the end is not written down."""
        self._is_replaced = True
        self._writer.has_begun = False
        return self._writer

    def open(self, connection: "Connection", target: str, *, greets: bool = True) -> Session:
        """Open a session for a connection; raises `simulator.simulation.Refused` if there is to be none.

        ``greets`` is True, because no other world is before one that is kept.
        """
        self._has_begun = True
        entry = Input(self._moment(), OPEN, 0, target)
        self._commit()
        if not self._writer.keep([entry]):
            raise Refused(_UNAVAILABLE, str(self._writer.faults))
        self._is_unseen = False
        session = self._runner.open(entry)
        self._connections[session.number] = connection
        return session

    def end(self, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        self._connections.pop(session.number, None)
        if session.is_open and not self._is_replaced:
            self._queue.append(Input(self._moment(), CLOSE, session.number, why))
        self.flush()

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message, which is done once it is written, or at once if it only asks."""
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

    def flush(self, first: Session | None = None) -> None:
        """Write and do what waits, send what the simulation has to say, and wake up when it next has something."""
        self._commit()
        super().flush(first)
        if self._clock is None:
            return
        if self._writer.needs_sync and self._sync_timer is None:
            self._sync_timer = self._loop.call_later(_SYNC_AFTER, self._sync)
        if self._queue and self._try_again_timer is None:
            self._try_again_timer = self._loop.call_later(_TRY_AGAIN_AFTER, self._try_again)
        if self._snapshot_timer is None and self._writer.needs_snapshot:
            self._snapshot_timer = self._loop.call_later(0, self._take_snapshot)  # when nothing is being done

    def _take_snapshot(self) -> None:
        self._snapshot_timer = None
        if not self._queue and self.may_be_seen():
            self._writer.take_snapshot(self.simulation)

    def may_be_seen(self) -> bool:
        """Write down what has happened while nobody was there, and tell whether somebody may be told of it."""
        if self._is_unseen and self._writer.keep_time(self.simulation.now):
            self._is_unseen = False
        return not self._is_unseen

    def _sync(self) -> None:
        self._sync_timer = None
        if self._writer.needs_sync:
            self._loop.run_in_executor(None, self._writer.syncing())  # a disk may take its time

    def _try_again(self) -> None:
        self._try_again_timer = None
        self.flush()

    def _commit(self) -> None:
        """Write what waits, and do it in the order in which it stands in the command log.

        What ends a connection while this goes on waits for its turn, and so it does while nothing can be written.
        """
        if self._is_committing:
            return
        self._is_committing = True
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                if not self._writer.keep(batch):
                    self._queue = [entry for entry in batch if entry.kind == CLOSE]
                    for entry in batch:
                        if entry.kind != CLOSE:
                            self._writer.refuse(self.simulation, entry)
                    return
                for entry in batch:
                    self._runner.perform(entry)
        finally:
            self._is_committing = False

    def _pass(self, until: int, is_over: Callable[[], bool]) -> None:
        self._commit()
        if self._is_committing or self._queue:  # what is written, or has to be, is done before time passes
            return
        due = self.simulation.next_due()
        happens = due is not None and due <= until
        if happens and self._connections and not self._writer.keep_time(until):
            return
        self._is_unseen = self._is_unseen or (happens and not self._connections)
        self._runner.settle(until, is_over)

    def _wait(self, due: int) -> float | None:
        wait = super()._wait(due)
        return wait if wait is None or self._writer.faults is None else max(wait, _TRY_AGAIN_AFTER)

    def _may_jump(self) -> bool:
        return self._writer.faults is None and super()._may_jump()

    def _fail(self, error: Exception, session: Session | None) -> None:
        self._report(error)
        connection = None if session is None else self._connections.get(session.number)
        if connection is not None:
            self.flush(session)
            connection.close(CloseCode.INTERNAL_ERROR, FAILED)
