"""Keeps a world's inputs: writes them down before they are done, and says what is not done while that fails."""

from collections.abc import Callable, Sequence

from simulator.command_log.log import Log
from simulator.command_log.records import TIME, Input
from simulator.command_log.snapshots import Snapshots
from simulator.gateway.session import Session
from simulator.simulation import Simulation
from simulator.wire import decode, err

__all__ = ["CommandWriter"]


class CommandWriter:
    """Writes inputs to a log; while the disk does not take them, none is to be done.

    Args:
        log: where to.
        snapshots: takes those of the world, from which a new log begins.
        has_begun: whether any connection has ever been opened.
        say: is told, in a line, when writing begins to fail and when it works again.
    """

    def __init__(
        self,
        log: Log,
        snapshots: Snapshots,
        has_begun: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.has_begun = has_begun
        self._log = log
        self._snapshots = snapshots
        self._say = say or (lambda text: None)
        self._time_kept = 0
        """Up to where time may pass by what stands last in the log, in nanoseconds since 1970."""
        self._faults: str | None = None
        self._is_closed = False

    @property
    def faults(self) -> str | None:
        """Why nothing can be written at the moment, or None."""
        return self._faults

    def keep(self, inputs: Sequence[Input]) -> bool:
        """Write inputs down, all or none; return whether they are to be done."""
        if self._is_closed:
            return True
        try:
            self._log.append(inputs)
        except OSError as error:
            self._set_trouble(f"the command log cannot be written: {error.strerror or error}")
            return False
        self._time_kept = 0
        if self._faults is not None:
            self._set_trouble(None)
        return True

    def keep_time(self, until: int) -> bool:
        """Write down that time may pass up to a moment, or to that of what is written next; return whether it may."""
        if self._is_closed or until <= self._time_kept:
            return True
        if not self.keep([Input(until, TIME)]):
            return False
        self._time_kept = until
        return True

    @property
    def needs_sync(self) -> bool:
        """Whether `syncing` is to be called within a tenth of a second."""
        return self._log.needs_sync and not self._is_closed

    def syncing(self) -> Callable[[], None]:
        """Return what has the disk hold all that is written so far, to be called once, from any thread."""
        return self._log.syncing()

    @property
    def needs_snapshot(self) -> bool:
        """Whether `take_snapshot` is to be called, as soon as nothing is being done to the world."""
        return not self._is_closed and not self._log.is_empty and self._snapshots.is_due

    def take_snapshot(self, simulation: Simulation) -> None:
        """Begin to take a snapshot of the world, to which all that is written has been done, and a new log."""
        if self._is_closed or not self._log.is_whole:
            return
        try:
            self._log = self._snapshots.take(simulation, self._log)
        except OSError as error:
            self._say(f"no snapshot could be taken: {error.strerror or error}; the command log grows until one can")
        self._time_kept = 0  # which stands in the old log alone

    @property
    def is_taking_snapshot(self) -> bool:
        """Whether a snapshot is being written; who asks now and then lets it end."""
        return not self._is_closed and self._snapshots.is_writing

    def close(self) -> None:
        """End the command log; inputs that come later are not kept."""
        if not self._is_closed:
            self._snapshots.close()
            self._is_closed = True
            try:
                self._log.close()
            except OSError as error:
                self._say(f"the command log may be incomplete: {error.strerror or error}")

    def _set_trouble(self, faults: str | None) -> None:
        if faults is not None and self._faults is None:
            self._say(f"{faults}; time stands still until it can, and only questions are answered")
        elif faults is None:
            self._say("the command log can be written again")
        self._faults = faults

    def refuse(self, simulation: Simulation, entry: Input) -> None:
        """Answer a message that is not done with why."""
        session: Session | None = simulation.sessions.get(entry.connection)
        if session is not None and self._faults is not None:
            now = simulation.now
            simulation.journal.write(now, session.number, "in", entry.text)
            session.enqueue(err(bytes(decode(entry.text).id), self._faults), now)
