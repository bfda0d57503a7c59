"""Takes a snapshot of a world now and then, in a process of its own: nobody waits while it is written."""

import gc
import os
import signal
import time
import traceback
import warnings
from collections.abc import Callable

from simulator.command_log.folder import Folder
from simulator.command_log.log import Log
from simulator.command_log.records import Header
from simulator.command_log.snapshot import encode_snapshot
from simulator.simulation import Simulation

__all__ = ["Snapshots"]

_UNKNOWN = 255
_FIRST_FILE = 3
"""The first descriptor that is no standard stream."""


class Snapshots:
    """The snapshots of one world; where each is taken, its command log begins anew.

    A system that cannot copy a process as it stands has none, and its command log goes on.

    Args:
        folder: where they are kept.
        given: what the world is made of that the command log's header tells of.
        say: is told, in a line, of one that failed.
    """

    def __init__(self, folder: Folder, given: list[object], say: Callable[[str], None] | None = None) -> None:
        self.base = 0
        """The generation of the one that a crash would go back to, or 0 if that is the world's beginning."""
        self._folder = folder
        self._given = given
        self._every = folder.snapshot_every if hasattr(os, "fork") else float("inf")
        self._began = time.thread_time()
        self._say = say or (lambda text: None)
        self._process: int | None = None
        self._taken = 0
        """The generation of the one that is being written."""

    @property
    def is_due(self) -> bool:
        """Whether one is to be taken, as soon as nothing is being done to the world."""
        return time.thread_time() - self._began >= self._every and not self.is_writing

    @property
    def is_writing(self) -> bool:
        """Whether one is being written; who asks now and then lets it end."""
        if self._process is not None:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                self._process = None
                self._end(os.waitstatus_to_exitcode(status))
        return self._process is not None

    def take(self, simulation: Simulation, log: Log) -> Log:
        """Begin to take one, and return the log in which what comes from now on is to be written.

        Raises `OSError` if the new log cannot be begun; then the old one goes on.
        """
        self._began = time.thread_time()
        log = self._folder.go_on(log)
        self._taken = log.header.generation
        header = log.header
        self._process = _beside(lambda: self._write(header, simulation))
        return log

    def _write(self, header: Header, simulation: Simulation) -> None:
        gc.disable()  # it would look through all that there is, and copy it
        data = encode_snapshot(header, simulation, self._given)
        self._folder.keep_snapshot(header.generation, data, self.base)

    def close(self) -> None:
        """Take none any longer; one that is being written is not needed."""
        self._every = float("inf")
        if self.is_writing and self._process is not None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = None

    def _end(self, status: int) -> None:
        if status == 0:
            self.base = self._taken
        else:
            why = os.strerror(status) if 0 < status < _UNKNOWN else f"its process ended with {status}"
            self._say(f"a snapshot of the exchange could not be written: {why}; the command log grows until one can")


def _beside(work: Callable[[], None]) -> int:
    """Have a copy of this process do something and end; return its number.

    It has nothing open but the standard streams: no connection stays open and no lock held on its account.
    """
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, none of which the copy needs
            process = os.fork()
        if not process:
            _do_and_end(work)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return process


def _do_and_end(work: Callable[[], None]) -> None:
    status = _UNKNOWN
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the terminal, for who decides what ends
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        os.closerange(_FIRST_FILE, os.sysconf("SC_OPEN_MAX"))
        work()
        status = 0
    except OSError as error:
        status = error.errno or _UNKNOWN
    except BaseException:  # nothing of it may go on in a copy
        traceback.print_exc()
    finally:
        os._exit(status)
