"""One readable line for each thing that passes on a connection, safe to print on a terminal."""

import queue
import select
import threading
from types import TracebackType
from typing import BinaryIO, Self

from simulator.journal.journal import JournalEntry
from simulator.journal.lines import traffic_line

__all__ = ["TrafficPrinter"]

_WAITING_LINES = 10_000
_LAST_WORDS = 0.5


class TrafficPrinter:
    """Prints lines from a thread of its own, so that a terminal that stands still never holds up the exchange.

    Lines that come faster than the terminal takes them are left out, and their number is said. Those shown before
    the printer is entered are printed then.

    Args:
        out: where to print: unbuffered, since the interpreter cannot end while a thread writes to a buffer.
        encoding: what the lines are encoded in; a character that it lacks is escaped.
    """

    def __init__(self, out: BinaryIO, encoding: str = "utf-8") -> None:
        self._out = out
        self._encoding = encoding
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._skipped = 0
        self._has_reader = True
        self._thread = threading.Thread(target=self._print, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._say_skipped()
        self._lines.put(None)
        self._thread.join(_LAST_WORDS)

    def show(self, entry: JournalEntry, world: str = "") -> None:
        """Print the line for a journal entry, if it has one, some time soon."""
        if not self._has_reader:
            return
        line = traffic_line(entry, world)
        if line is None:
            return
        if self._lines.qsize() >= _WAITING_LINES:
            self._skipped += 1
            return
        self._say_skipped()
        self._lines.put(line)

    def _say_skipped(self) -> None:
        if self._skipped:
            self._lines.put(f"({self._skipped} lines left out)")
            self._skipped = 0

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(f"{line}\n".encode(self._encoding, "backslashreplace"))
            except (OSError, ValueError):  # whoever read the lines has gone
                self._has_reader = False
                return

    def _write(self, data: bytes) -> None:
        while data:
            written = self._out.write(data)
            if written is None:  # it does not block, and is full
                select.select((), (self._out,), ())
            else:
                data = data[written:]
