"""One line for each thing that passes on a connection: for people, safe to print on a terminal, or as JSON."""

import queue
import select
import threading
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Literal, Self

import msgspec

from simulator.journal.journal import JournalEntry
from simulator.journal.lines import is_traffic, traffic_line
from simulator.journal.plain import message, plain
from simulator.times import text_of_time

__all__ = ["LogFormat", "TrafficPrinter", "line_maker"]

LogFormat = Literal["text", "json"]
MakeLine = Callable[[JournalEntry, str], str | None]
"""Returns the line of an entry in a world that has a name, if it is not the server's own; None for none."""

_WAITING_LINES = 10_000
_LAST_WORDS = 0.5


def line_maker(form: LogFormat, is_whole: bool, words: tuple[str, ...]) -> MakeLine:
    """Return what makes lines.

    Args:
        form: of each line.
        is_whole: whether long messages are shown to their end; as JSON they are always.
        words: what a line must have in it to be shown, all of them, in upper or lower case; ``#3`` is a connection.
    """

    def make(entry: JournalEntry, world: str) -> str | None:
        line = _json_line(entry, world) if form == "json" else _text_line(entry, world, is_whole)
        return line if line is None or not words or _has(words, entry, line) else None

    return make


def _text_line(entry: JournalEntry, world: str, is_whole: bool) -> str | None:
    return traffic_line(entry, world, has_day=True, **({"longest": None} if is_whole else {}))


def _json_line(entry: JournalEntry, world: str) -> str | None:
    if not is_traffic(entry):
        return None
    time, connection, kind, data = entry
    is_message = kind in ("in", "out")
    said = {
        "time": text_of_time(time),
        "world": world or None,
        "connection": connection or None,
        "kind": kind,
        "data": message(data) if is_message else plain(data),
    }
    return msgspec.json.encode(said).decode()


def _has(words: tuple[str, ...], entry: JournalEntry, line: str) -> bool:
    folded = line.casefold()
    return all(word == f"#{entry[1]}" if word.startswith("#") else word.casefold() in folded for word in words)


class TrafficPrinter:
    """Prints lines from a thread of its own, so that a terminal that stands still never holds up the exchange.

    Lines that come faster than the terminal takes them are left out, and their number is said. Those shown before
    the printer is entered are printed then.

    Args:
        out: where to print: unbuffered, since the interpreter cannot end while a thread writes to a buffer.
        encoding: what the lines are encoded in; a character that it lacks is escaped.
        make_line: makes the line of an entry.
    """

    def __init__(self, out: BinaryIO, encoding: str = "utf-8", make_line: MakeLine = traffic_line) -> None:
        self._make_line = make_line
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
        line = self._make_line(entry, world)
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
