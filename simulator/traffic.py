"""One readable line for each thing that passes on a connection, safe to print on a terminal."""

import queue
import threading
from types import TracebackType
from typing import Self, TextIO

from simulator.journal import Entry
from simulator.terms import text_of_time

__all__ = ["TrafficPrinter", "traffic_line"]

_LONGEST = 400
_WAITING_LINES = 10_000
_LAST_WORDS = 0.5
_ARROWS = {"in": "-->", "out": "<--", "open": "+++", "close": "---"}


def traffic_line(entry: Entry) -> str | None:
    """Return the line for a journal entry, or None for one that passed on no connection.

    What a client sent is printed with its control characters escaped, so it cannot steer the terminal, and cut
    where it is long.
    """
    time, connection, kind, data = entry
    arrow = _ARROWS.get(kind)
    if arrow is None:
        return None
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    cut = len(text) - _LONGEST
    if cut > 0:
        text = text[:_LONGEST]
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    if cut > 0:
        text += f"… ({cut} more)"
    return f"{text_of_time(time)[11:-4]}Z #{connection} {arrow} {text}".rstrip()


class TrafficPrinter:
    """Prints lines from a thread of its own, so that a terminal that stands still never holds up the exchange.

    Lines that come faster than the terminal takes them are left out, and their number is said.

    Args:
        out: where to print.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING_LINES)
        self._skipped = 0
        self._thread = threading.Thread(target=self._print, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            self._lines.put(None, timeout=_LAST_WORDS)
        except queue.Full:
            return
        self._thread.join(_LAST_WORDS)

    def show(self, entry: Entry) -> None:
        """Print the line for a journal entry, if it has one, some time soon."""
        line = traffic_line(entry)
        if line is None:
            return
        if self._skipped:
            line = f"({self._skipped} lines left out)\n{line}"
        try:
            self._lines.put_nowait(f"{line}\n")
            self._skipped = 0
        except queue.Full:
            self._skipped += 1

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._out.write(line)
                if self._lines.empty():
                    self._out.flush()
            except (OSError, ValueError):  # whoever read the lines has gone
                return
