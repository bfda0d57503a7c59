"""The record of everything that happened, in order."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from simulator.schedule import Agenda
from simulator.terms import text_of_time

__all__ = ["DEFAULT_LIMIT", "Entry", "Journal", "json_lines"]

DEFAULT_LIMIT = 1_000_000
"""How many entries a journal keeps unless told otherwise: a day's development, and about half a gigabyte if full."""

Entry = tuple[int, int, str, Any]
"""Time in nanoseconds, connection (0 for none), kind and data.

The kinds are ``open`` and ``close`` of a connection (data: path, or why), ``in`` and ``out`` for a message (its
text), ``event`` for what the exchange did (the event's struct), ``rule`` for one that fired (its name), ``timeline``
for an entry of it that is played (its place), ``fault`` for bytes, closes and resets that a scenario sends (the
struct), and for what a scenario does to messages: ``lost``, ``kept``, ``corrupt``, ``stall``, ``slow``, ``skipped``
(a text, or the message or event); ``unmatched`` for a request that no rule of a strict scenario takes (its type);
``late`` for a clock that the machine cannot keep up with.
"""


_CAUSES = frozenset({"in", "open", "close", "rule", "timeline"})
"""What makes other things happen."""

_FROM_OUTSIDE = frozenset({"in", "open"})

_WIDTH = 5
"""How many fields an entry has in the queue: the cause is the last."""


class Journal:
    """Entries in the order in which things happened, the oldest given up when there are too many.

    Args:
        limit: how many entries are kept.
        watch: called with each entry as it is written.
        agenda: knows what has caused what happens now; without one, nothing has a cause.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        watch: Callable[[Entry], None] | None = None,
        agenda: Agenda | None = None,
    ) -> None:
        self.limit = limit
        # One queue of all fields takes half the memory of a queue of tuples, and leaves the collector less to visit.
        self._fields: deque[Any] = deque(maxlen=_WIDTH * limit)
        self._agenda = agenda or Agenda(0)
        self.watch = watch
        self.written = 0

    def __iter__(self) -> Iterator[Entry]:
        return ((time, connection, kind, data) for time, connection, kind, data, _ in self._rows())

    def __len__(self) -> int:
        return len(self._fields) // _WIDTH

    def _rows(self) -> Iterator[tuple[int, int, str, Any, int]]:
        """Yield the entries, each with the number of what made it happen."""
        return zip(*[iter(self._fields)] * _WIDTH, strict=True)

    @property
    def dropped(self) -> int:
        """How many entries have been given up."""
        return self.written - len(self)

    @property
    def causes(self) -> tuple[int, ...]:
        """For each entry that is kept, the number of the one that made it happen, counted from 1; 0 for none."""
        return tuple(cause for *_, cause in self._rows())

    def write(self, time: int, connection: int, kind: str, data: Any) -> None:
        """Add an entry."""
        self.written += 1
        agenda = self._agenda
        if kind in _CAUSES:
            cause = 0 if kind in _FROM_OUTSIDE else agenda.cause
            agenda.cause = self.written
        else:
            cause = agenda.cause
        self._fields.extend((time, connection, kind, data, cause))
        if self.watch is not None:
            self.watch((time, connection, kind, data))


def json_lines(journal: Journal) -> Iterator[bytes]:
    """Yield a journal's entries as lines of JSON, without their ends.

    Each has the keys ``line`` (counted from 1), ``time``, ``connection``, ``direction`` (``in``, ``out`` or null),
    ``kind``, ``cause`` (the line of what made it happen, or null) and ``data``: a message's own JSON, or its text if
    it is none.
    """
    encode = msgspec.json.Encoder().encode
    for number, (entry, cause) in enumerate(zip(journal, journal.causes, strict=True), journal.dropped + 1):
        time, connection, kind, data = entry
        yield encode(
            {
                "line": number,
                "time": text_of_time(time),
                "connection": connection or None,
                "direction": kind if kind in ("in", "out") else None,
                "kind": kind,
                "cause": cause or None,
                "data": _message(data) if kind in ("in", "out") else _plain(data),
            }
        )


def _message(data: str | bytes) -> Any:
    """Return a message to be written as it is, or as text if it is no JSON or would not stay on its line."""
    text = data if isinstance(data, str) else data.decode(errors="backslashreplace")
    try:
        raw = text.encode()
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # what cannot be encoded, and what is no JSON
        return text.encode(errors="backslashreplace").decode()
    return text if b"\n" in raw or b"\r" in raw else msgspec.Raw(raw)


def _plain(data: Any) -> Any:
    """Return what is no message as data: the fields of a struct with its name."""
    if isinstance(data, msgspec.Struct):
        fields = {name: getattr(data, name) for name in data.__struct_fields__}
        return {"type": type(data).__name__, **msgspec.to_builtins(fields)}
    return data.decode(errors="backslashreplace") if isinstance(data, bytes) else data
