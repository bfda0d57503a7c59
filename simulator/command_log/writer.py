"""Keeps a world's inputs: writes them down before they are done, and says what is not done while that fails."""

from collections.abc import Callable, Sequence

from simulator.command_log.log import Log
from simulator.command_log.records import CLOSE, IN, TIME, Input
from simulator.gateway.session import Session
from simulator.simulation import Simulation
from simulator.wire import decode, err
from simulator.wire.requests import CancelOrder, Halt, Resume, SendLimitOrder, SetLimits

__all__ = ["CommandWriter"]

COMMANDS = (SendLimitOrder, CancelOrder, SetLimits, Halt, Resume)
"""What is refused while nothing can be written."""

_CHUNK = 256
_MOST_WAITING = 50_000


class CommandWriter:
    """Writes inputs to a log.

    While the disk does not take them, commands are refused, since after a crash nobody would know of them. The rest is
    done, waits in its order, and is written as soon as the disk takes anything again: what a rule counts must come out
    the same. If too much waits, only connections' ends are still taken.

    Args:
        log: where to.
        time: the time of the last input that is written, in nanoseconds since 1970.
        has_begun: whether any connection has ever been opened.
        say: is told, in a line, when writing begins to fail and when it works again.
    """

    def __init__(self, log: Log, time: int, has_begun: bool = False, say: Callable[[str], None] | None = None) -> None:
        self.time = time
        self.has_begun = has_begun
        self._log = log
        self._say = say or (lambda text: None)
        self._waiting: list[Input] = []
        self._faults: str | None = None
        self._is_closed = False

    @property
    def faults(self) -> str | None:
        """Why nothing can be written at the moment, or None."""
        return self._faults

    def keep(self, inputs: Sequence[Input]) -> list[bool] | None:
        """Write inputs down; return None if all are to be done, else which of them are."""
        if self._is_closed:
            return None
        self.time = max(self.time, inputs[-1].time)
        try:
            self._write_waiting()
            self._log.append(inputs)
        except OSError as error:
            self._set_trouble(f"the command log cannot be written: {error.strerror or error}")
            return [self._is_taken(entry) for entry in inputs]
        if self._faults is not None:
            self._set_trouble(None)
        return None

    def keep_time(self, now: int) -> None:
        """Write down that time has passed, before somebody is told of what it has brought."""
        if self._faults is None and not self._is_closed:
            self.keep([Input(now, TIME)])

    @property
    def needs_sync(self) -> bool:
        """Whether `syncing` is to be called within a tenth of a second."""
        return self._log.needs_sync and not self._is_closed

    def syncing(self) -> Callable[[], None]:
        """Return what has the disk hold all that is written so far, to be called once, from any thread."""
        return self._log.syncing()

    def close(self) -> None:
        """End the command log; inputs that come later are not kept."""
        if not self._is_closed:
            self._is_closed = True
            try:
                self._log.close()
            except OSError as error:
                self._say(f"the command log may be incomplete: {error.strerror or error}")

    def _write_waiting(self) -> None:
        while self._waiting:
            self._log.append(self._waiting[:_CHUNK])
            del self._waiting[:_CHUNK]

    def _is_taken(self, entry: Input) -> bool:
        """Let an input wait to be written, if it may be done without."""
        if entry.kind != CLOSE and (len(self._waiting) >= _MOST_WAITING or _is_command(entry)):
            return False
        if entry.kind != TIME:
            self._waiting.append(entry)
        return True

    def _set_trouble(self, faults: str | None) -> None:
        if faults is not None and self._faults is None:
            self._say(f"{faults}; orders, cancels and limits are refused until it can")
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


def _is_command(entry: Input) -> bool:
    return entry.kind == IN and isinstance(decode(entry.text), COMMANDS)
