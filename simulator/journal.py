"""The record of everything that happened, in order."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["DEFAULT_LIMIT", "Entry", "Journal"]

DEFAULT_LIMIT = 1_000_000
"""How many entries a journal keeps unless told otherwise: a day's development, and about half a gigabyte if full."""

Entry = tuple[int, int, str, Any]
"""Time in nanoseconds, connection (0 for none), kind and data.

The kinds are ``open`` and ``close`` of a connection (data: path, or why), ``in`` and ``out`` for a message (its
text), ``event`` for what the exchange did (the event's struct), ``rule`` for one that fired (its name), ``fault``
for bytes, closes and resets that a scenario sends (the struct), and for what a scenario does to messages:
``lost``, ``kept``, ``corrupt``, ``stall``, ``slow``, ``skipped`` (a text, or the message or event).
"""


class Journal:
    """Entries in the order in which things happened, the oldest given up when there are too many.

    Args:
        limit: how many entries are kept.
        watch: called with each entry as it is written.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT, watch: Callable[[Entry], None] | None = None) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self.watch = watch
        self.written = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def dropped(self) -> int:
        """How many entries have been given up."""
        return self.written - len(self._entries)

    def write(self, time: int, connection: int, kind: str, data: Any) -> None:
        """Add an entry."""
        entry = (time, connection, kind, data)
        self.written += 1
        self._entries.append(entry)
        if self.watch is not None:
            self.watch(entry)
