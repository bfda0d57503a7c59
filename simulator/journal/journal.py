"""The record of everything that happened, in order."""

import marshal
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat, starmap
from sys import getsizeof
from typing import Any
from zlib import compress, decompress

from msgspec.structs import astuple

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import OrderChanged
from simulator.journal.books import BookRecord
from simulator.schedule import Schedule

__all__ = ["DEFAULT_BUDGET", "DEFAULT_LIMIT", "Journal", "JournalEntry"]

DEFAULT_LIMIT = 1_000_000
"""How many entries a journal keeps unless told otherwise: a day's development, and about half a gigabyte if full."""

DEFAULT_BUDGET = 1 << 27
"""How many bytes the long texts of a journal may take."""

JournalEntry = tuple[int, int, str, Any]
"""Time in nanoseconds, connection (0 for none), kind and data.

The kinds are ``open`` and ``close`` of a connection (data: path, or why), ``in`` and ``out`` for a message (its
text), ``event`` for what the exchange did (the event's struct), ``rule`` for one that fired (its name), ``timeline``
for an entry of it that is played (its place), ``fault`` for bytes, closes and resets that a scenario sends (the
struct), and for what a scenario does to messages: ``lost``, ``kept``, ``corrupt``, ``stall``, ``slow``, ``skipped``
(a text, or the message or event); ``unmatched`` for a request that no rule of a strict scenario takes (its type);
``conflated`` for messages that a slow reader is not told, because a newer one says it all (how many, and of which
subscription); ``late`` for a clock that is too fast for the machine, ``clock`` for a system's that was set.

A text longer than a quarter of a megabyte is kept shortened, and says at its end how much is left out.
"""


_CAUSES = frozenset({"in", "open", "close", "rule", "timeline"})
"""What makes other things happen."""

_FROM_OUTSIDE = frozenset({"in", "open"})

_TEXTS = frozenset({str, bytes})
_PLAIN = _TEXTS | {OrderChanged}
"""What nearly all entries are about."""
_SHORT = 512
"""A text up to this length counts as its entry, whatever its length."""
_LONGEST = 1 << 18

_RECENT = 1 << 14
"""How many entries stay as they are."""

_CHUNK = 1 << 10
"""How many entries are packed together."""

_FAST = 1
"""zlib's quickest level: the others take twice the time to save a tenth."""

_MOST_KEPT = 100_000
"""How many entries outlive a process where a world is kept."""

_WIDTH = 5
"""How many fields an entry has in the queue: the cause is the last."""
_DATA = 3
"""Which of them is its data."""


class Journal:
    """Entries in the order in which things happened, the oldest given up when there are too many, or too long.

    Args:
        limit: how many entries are kept.
        budget: how many bytes the texts among them may take that are not short.
        watch: called with each entry as it is written.
        schedule: knows what has caused what happens now; without one, nothing has a cause.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        watch: Callable[[JournalEntry], None] | None = None,
        schedule: Schedule | None = None,
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self.limit = limit
        self.budget = budget
        self._long: deque[tuple[int, int]] = deque()
        """The lines of texts that are not short, and their sizes."""
        self._long_bytes = 0
        # One queue of all fields takes half the memory of a queue of tuples, and leaves the collector less to visit.
        self._fields: deque[Any] = deque(maxlen=_WIDTH * limit)
        self._chunks: deque[bytes] = deque()
        """The entries before those, packed, `_CHUNK` of them in each."""
        self._packed = 0
        """The line of the last entry that is packed."""
        self._given_up = 0
        """The line of the last entry that was given up for the budget."""
        self._moved = 0
        """Counts when entries begin to be moved and when that ends: it is odd in between."""
        self._schedule = schedule or Schedule(0)
        self.watch = watch
        self.written = 0
        self.books: BookRecord | None = None
        """How books stood at its lines, if that is kept: `keep_books` begins it."""

    def __iter__(self) -> Iterator[JournalEntry]:
        return (entry for _, entry, _ in self.since(0))

    def __len__(self) -> int:
        given_up = self._given_up  # which is never more than what is written by then, whoever writes meanwhile
        return min(self.limit, self.written - given_up)

    def since(self, line: int) -> Iterator[tuple[int, JournalEntry, int]]:
        """Yield what came behind a line, as far as it is kept: its line, the entry, and the line of its cause.

        Lines are counted from 1, and a cause is 0 for what nothing has made happen.
        """
        first = max(line, self.dropped)
        for start, fields in self._pieces(first):
            rows = zip(*[iter(fields)] * _WIDTH, strict=True)
            for number, (time, connection, kind, data, cause) in enumerate(rows, start + 1):
                if number > first:
                    yield number, (time, connection, kind, data), cause

    def since_in_parts(self, line: int, most: int) -> Iterator[tuple[int, JournalEntry, int] | None]:
        """Yield what `since` does at this moment, and None after so many of them, when others may write."""
        if self.written - line < most:
            yield from self.since(line)
            return
        for row in self._entries().since(line):
            yield row
            if row[0] % most == 0:
                yield None

    def _pieces(self, first: int) -> Iterator[tuple[int, Iterable[Any]]]:
        """Yield the fields of the entries behind a line, piece by piece, each with the line that it comes behind."""
        if first < self._packed:
            start = self._packed - _CHUNK * len(self._chunks)
            skipped = max(0, first - start) // _CHUNK
            for number, chunk in enumerate(islice(self._chunks, skipped, None), skipped):
                yield start + _CHUNK * number, _unpacked(chunk)
        first = max(first, self._packed, self.written - len(self._fields) // _WIDTH)
        wanted = _WIDTH * (self.written - first)
        if wanted == len(self._fields):
            yield first, self._fields
        elif wanted > 0:  # a queue is walked from its nearer end
            yield first, reversed(list(islice(reversed(self._fields), wanted)))

    def entry(self, line: int) -> JournalEntry | None:
        """Return the entry of a line, or None if there is none or it is no longer kept."""
        if not self.dropped < line <= self.written:
            return None
        fields: Sequence[Any] = self._fields
        place = line - 1 - (self.written - len(fields) // _WIDTH)
        if line <= self._packed:
            place = line - 1 - self._packed
            fields = _unpacked(self._chunks[place // _CHUNK])
            place %= _CHUNK
        start = _WIDTH * place
        return fields[start], fields[start + 1], fields[start + 2], fields[start + 3]

    def copy(self) -> "Journal":
        """Return a journal of the same entries and books; it may be asked for while another thread writes this one."""
        copy = self._entries()
        copy.books = None if self.books is None else self.books.copy()
        return copy

    def _entries(self) -> "Journal":
        """Return a journal of the same entries alone."""
        while True:
            moved = self._moved
            copy = Journal(self.limit)
            copy._fields = self._fields.copy()  # of the queue alone, in one go
            copy._chunks = self._chunks.copy()
            copy._packed, copy._given_up, copy.written = self._packed, self._given_up, self.written
            if moved == self._moved and not moved % 2:
                return copy

    def __getstate__(self) -> dict[str, Any]:
        """Return what is kept of it where a world is kept: the newest entries, and nobody who watches."""
        kept = Journal(self.limit, budget=self.budget, schedule=self._schedule)
        kept._given_up = max(self.dropped, self.written - _MOST_KEPT)
        for _, entry, cause in self.since(kept._given_up):
            kept._fields.extend((*entry, cause))
        kept.written = self.written
        kept._long.extend((line, size) for line, size in self._long if line > kept._given_up)
        kept._long_bytes = sum(size for _, size in kept._long)
        return vars(kept)

    def keep_books(self, instruments: Iterable[Instrument]) -> None:
        """Keep from now on how books stand at each line; ``instruments`` are those that there are."""
        self.books = BookRecord(self.written)
        self.books.note(instruments, self.written)

    def note_books(self, instruments: Iterable[Instrument], time: int) -> None:
        """Note that books have changed, if that is kept: at the last line, or in what comes before the next one."""
        if self.books is not None:
            is_of_last = bool(self._fields) and self._fields[-_WIDTH] == time
            self.books.note(instruments, self.written + (not is_of_last))

    @property
    def dropped(self) -> int:
        """How many entries have been given up."""
        return max(self._given_up, self.written - self.limit)

    def has_old(self) -> bool:
        """Tell whether `pack` has something to do."""
        return len(self._fields) >= _WIDTH * (_RECENT + _CHUNK)

    def pack(self) -> None:
        """Pack some of the oldest entries that are not packed and no longer recent: what takes half a millisecond.

        They take a tenth of the room then. Whoever drives the world calls it now and then, if there is room to be won.
        """
        if not self.has_old():
            return
        self._moved += 1
        fields = self._fields
        self._let_go()
        oldest = list(starmap(fields.popleft, repeat((), _WIDTH * _CHUNK)))  # a third of the time of a loop
        self._chunks.append(_packed(oldest))
        self._packed = self.written - len(fields) // _WIDTH
        self._moved += 1

    def _let_go(self) -> None:
        """Let go of what has been given up, but for a part of a chunk."""
        dropped = self.dropped
        chunks = self._chunks
        while chunks and self._packed - _CHUNK * (len(chunks) - 1) <= dropped:
            chunks.popleft()
        for _ in range(_WIDTH * (dropped - self.written) + len(self._fields)):
            self._fields.popleft()

    def note(self, kind: str, text: str) -> None:
        """Add an entry of this moment that is about no connection."""
        self.write(self._schedule.now, 0, kind, text)

    def write(self, time: int, connection: int, kind: str, data: Any) -> None:
        """Add an entry."""
        self.written += 1
        schedule = self._schedule
        cause = schedule.cause
        is_long = False
        if kind != "event":  # most entries are one, which is no text
            if kind in _CAUSES:
                cause = 0 if kind in _FROM_OUTSIDE else cause
                schedule.cause = self.written
            if type(data) in _TEXTS and len(data) > _SHORT:
                is_long = True
                data = _shortened(data)
        self._fields.extend((time, connection, kind, data, cause))
        if is_long:
            self._count_long(data)
        if self.watch is not None:
            self.watch((time, connection, kind, data))

    def write_in(self, time: int, connection: int, text: str | bytes) -> None:
        """Add a message that has come, as `write` does."""
        if len(text) > _SHORT or self.watch is not None:
            self.write(time, connection, "in", text)
            return
        self.written = self._schedule.cause = self.written + 1
        self._fields.extend((time, connection, "in", text, 0))

    def write_out(self, time: int, connection: int, message: bytes) -> None:
        """Add a message that goes out, as `write` does."""
        size = len(message)
        if size > _LONGEST or self.watch is not None:
            self.write(time, connection, "out", message)
            return
        self.written += 1
        self._fields.extend((time, connection, "out", message, self._schedule.cause))
        if size > _SHORT:
            self._count_long(message)

    def write_all_out(self, time: int, connections: Sequence[int], messages: Sequence[bytes]) -> None:
        """Add messages that go out at one moment, each with its connection, as `write` does."""
        if any(len(message) > _SHORT for message in messages):
            messages = self._counted(messages)
        count = len(messages)
        fields: list[Any] = [None] * (_WIDTH * count)
        fields[0::_WIDTH] = [time] * count
        fields[1::_WIDTH] = connections
        fields[2::_WIDTH] = ["out"] * count
        fields[3::_WIDTH] = messages
        fields[4::_WIDTH] = [self._schedule.cause] * count
        self._fields.extend(fields)
        self.written += count
        self._keep_to_budget()
        if self.watch is not None:
            for connection, message in zip(connections, messages, strict=True):
                self.watch((time, connection, "out", message))

    def write_events(self, time: int, events: Sequence[Any]) -> None:
        """Add what the exchange has done at one moment, as `write` does."""
        cause = self._schedule.cause
        self.written += len(events)
        if len(events) == 2:  # of an order that rests: open, and acked
            first, second = events
            self._fields.extend((time, 0, "event", first, cause, time, 0, "event", second, cause))
        else:
            extend = self._fields.extend
            for event in events:
                extend((time, 0, "event", event, cause))
        if self.watch is not None:
            for event in events:
                self.watch((time, 0, "event", event))

    def _count_long(self, text: str | bytes) -> None:
        """Count a long text that has just been written."""
        size = getsizeof(text)
        self._long.append((self.written, size))
        self._long_bytes += size
        self._keep_to_budget()

    def _counted(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """Count long texts that are written next; return them as they are kept.

        One that is there many times is counted once, at the last of its lines: with that it is let go of.
        """
        if any(len(message) > _LONGEST for message in messages):
            kept = {id(message): _shortened(message) for message in messages}
            messages = [kept[id(message)] for message in messages]
        last = {id(message): line for line, message in enumerate(messages, self.written + 1)}
        for line, message in enumerate(messages, self.written + 1):
            if last[id(message)] == line and len(message) > _SHORT:
                size = getsizeof(message)
                self._long.append((line, size))
                self._long_bytes += size
        return messages

    def _keep_to_budget(self) -> None:
        """Give up the oldest entries if there are too many long texts."""
        if self._long_bytes <= self.budget and self.written <= self.limit:  # nothing is ever given up of most journals
            return
        dropped = self.dropped
        long = self._long
        while long and (long[0][0] <= dropped or self._long_bytes > self.budget):
            line, size = long.popleft()
            self._long_bytes -= size
            dropped = max(line, dropped)
        if dropped > self.dropped:
            self._moved += 1
            self._given_up = dropped
            self._let_go()
            self._moved += 1


def _packed(fields: list[Any]) -> bytes:
    """Pack the fields of entries, and use them up: marshal takes half of pickle's time, and knows no classes."""
    column = fields[_DATA::_WIDTH]
    others = [data for data in column if type(data) not in _PLAIN]
    fields[_DATA::_WIDTH] = [
        data if type(data) in _TEXTS else astuple(data) if type(data) is OrderChanged else () for data in column
    ]
    return compress(marshal.dumps((fields, pickle.dumps(others, pickle.HIGHEST_PROTOCOL))), _FAST)


def _unpacked(chunk: bytes) -> list[Any]:
    fields, pickled = marshal.loads(decompress(chunk))  # noqa: S302 - of this process's own
    others = iter(pickle.loads(pickled))  # noqa: S301 - so are these
    fields[_DATA::_WIDTH] = [
        data if type(data) in _TEXTS else OrderChanged(*data) if data else next(others)
        for data in fields[_DATA::_WIDTH]
    ]
    return fields  # type: ignore[no-any-return]  # marshal says of nothing what it is


def _shortened(text: Any) -> Any:
    """Return a text, or the beginning of one that is too long to be kept."""
    more = len(text) - _LONGEST
    if more <= 0:
        return text
    note = f"... ({more} more are not kept)"
    return text[:_LONGEST] + (note if isinstance(text, str) else note.encode())
