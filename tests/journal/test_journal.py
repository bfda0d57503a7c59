"""How much a journal keeps."""

import random
import sys
import threading
from sys import getsizeof
from typing import Any

import pytest

from simulator.exchange.orders import Fill, OrderChanged, Traded
from simulator.gateway.outgoing import Close
from simulator.journal import journal as journals
from simulator.journal.journal import Journal, JournalEntry
from simulator.schedule import Schedule
from simulator.terms import FillKind

MEGABYTE = 1 << 20


def texts(journal: Journal) -> list[str]:
    """Return the texts of a journal, with the line of each."""
    return [f"{line} {entry[3]}" for line, entry, _ in journal.since(0)]


def test_oldest_entries_are_given_up() -> None:
    """A journal of a number of entries keeps the newest, under the lines that they always had."""
    journal = Journal(3)
    for number in range(1, 6):
        journal.write(number, 0, "note", str(number))
    assert (texts(journal), journal.dropped) == (["3 3", "4 4", "5 5"], 2)


def test_texts_that_are_not_short_have_a_budget() -> None:
    """The oldest entries are given up with the long text that is too much, and short texts count for nothing."""
    size = getsizeof("x" * 1000)
    journal = Journal(100, budget=2 * size)
    for text in ("a", "x" * 1000, "b", "x" * 1000, "c" * 512, "x" * 1000, "d"):
        journal.write(0, 0, "in", text)
    assert (texts(journal), journal.dropped) == (
        ["3 b", f"4 {'x' * 1000}", f"5 {'c' * 512}", f"6 {'x' * 1000}", "7 d"],
        2,
    )
    assert journal.entry(2) is None
    assert journal.entry(4) == (0, 0, "in", "x" * 1000)


def test_both_bounds_at_once() -> None:
    """What has been given up because there were too many entries counts no longer for the budget."""
    size = getsizeof("x" * 1000)
    journal = Journal(4, budget=3 * size)
    for number in range(1000):
        journal.write(0, 0, "in", "x" * 1000 if number % 3 == 0 else "a")
    assert [line for line, _, _ in journal.since(0)] == [997, 998, 999, 1000]


@pytest.mark.parametrize("text", ["x" * MEGABYTE, b"x" * MEGABYTE])
def test_text_that_is_too_long(text: str | bytes) -> None:
    """Of a text of a megabyte a quarter is kept, which says so at its end, and whoever watches sees no more."""
    seen: list[JournalEntry] = []
    journal = Journal(watch=seen.append)
    journal.write(0, 1, "in", text)
    journal.write(0, 1, "in", text[: MEGABYTE // 4])
    note = "... (786432 more are not kept)"
    kept = text[: MEGABYTE // 4]
    assert list(journal) == [
        (0, 1, "in", kept + note if isinstance(kept, str) else kept + note.encode()),
        (0, 1, "in", kept),
    ]
    assert seen == list(journal)


def test_wide_characters_count_as_what_they_take() -> None:
    """A text is weighed by the memory that it takes, not by its characters."""
    journal = Journal(budget=50_000)
    for _ in range(10):
        journal.write(0, 0, "in", "\N{BANK}" * 10_000)
    assert len(journal) == 1


@pytest.mark.parametrize("budget", [4000, 100_000_000])
@pytest.mark.parametrize("is_watched", [False, True])
def test_short_ways_to_write_an_entry(is_watched: bool, budget: int) -> None:
    """Messages in and out and any number of events are written as `write` does, with their causes, long or short."""
    written: list[JournalEntry] = []
    expected: list[JournalEntry] = []
    schedules = Schedule(0), Schedule(0)
    short, plain = (Journal(budget=budget, schedule=schedule) for schedule in schedules)
    if is_watched:
        short.watch, plain.watch = written.append, expected.append
    for time, text in enumerate(["a", "b" * 512, "c" * 513, "d" * 3000, "e" * MEGABYTE]):
        short.write_in(time, 1, text)
        plain.write(time, 1, "in", text)
        short.write_out(time, 2, text.encode())
        plain.write(time, 2, "out", text.encode())
        short.write_events(time, [text] * time)
        for _ in range(time):
            plain.write(time, 0, "event", text)
        messages = [text.encode() * number for number in range(time)]
        short.write_all_out(time, range(time), messages)
        for number, message in enumerate(messages):
            plain.write(time, number, "out", message)
        assert schedules[0].cause == schedules[1].cause
    assert list(short.since(0)) == list(plain.since(0))
    assert (short.written, short.dropped, written) == (plain.written, plain.dropped, expected)


@pytest.mark.parametrize("is_watched", [False, True])
def test_text_of_many_lines_counts_once(is_watched: bool) -> None:
    """What is told to many counts once for the budget, until its last line is given up, however long it is.

    That somebody watches changes nothing of it.
    """
    size = getsizeof(b"x" * 1000)
    heard: list[JournalEntry] = []
    journal = Journal(budget=2 * size, watch=heard.append if is_watched else None)
    shared = [b"x" * 1000] * 50
    for _ in range(3):
        journal.write_all_out(0, range(50), [*shared, b"short"][:50])
        shared = [bytes(shared[0])[:-1] + b"y"] * 50
    assert (journal.written, journal.dropped) == (150, 50)
    journal.write_out(0, 1, b"z" * 1000)
    assert (journal.written, journal.dropped) == (151, 100)
    journal.budget = 3 * MEGABYTE // 8
    journal.write_all_out(0, range(10), [b"x" * MEGABYTE] * 10)
    entries = list(journal)[-10:]
    assert {id(data) for _, _, _, data in entries} == {id(entries[0][3])}
    assert journal.dropped == 100
    assert heard[-len(entries) :] == (entries if is_watched else [])


class Model:
    """A journal that keeps all as it is, and what it says of what another is to keep."""

    def __init__(self, limit: int, budget: int) -> None:
        self.limit = limit
        self.budget = budget
        self.all: list[tuple[JournalEntry, int]] = []
        self.given_up = 0

    def write(self, entry: JournalEntry, cause: int) -> None:
        """Add an entry, and give up what is too much."""
        self.all.append((entry, cause))
        while self._long_bytes() > self.budget:
            self.given_up = next(line for line, size in self._long() if size)

    def _long(self) -> list[tuple[int, int]]:
        sizes = ((line, self.all[line - 1][0][3]) for line in range(self.dropped + 1, len(self.all) + 1))
        return [(line, getsizeof(data)) for line, data in sizes if isinstance(data, str) and len(data) > 512]

    def _long_bytes(self) -> int:
        return sum(size for _, size in self._long())

    @property
    def dropped(self) -> int:
        """How many are given up."""
        return max(self.given_up, len(self.all) - self.limit)

    def since(self, line: int) -> list[tuple[int, JournalEntry, int]]:
        """Return what is kept of what came behind a line."""
        return [(at, *self.all[at - 1]) for at in range(max(line, self.dropped) + 1, len(self.all) + 1)]


DATA: list[tuple[str, Any]] = [
    ("in", "text"),
    ("out", b"bytes"),
    ("in", "x" * 900),
    ("in", "\ud800"),
    ("event", OrderChanged(1, "ann", 3, 10**25, None, 2)),
    ("event", Fill(1, 1, "ann", "t", True, 10**20, 5, True, "bob", 1, 2, FillKind.REVERSAL, 1)),
    ("event", Traded("t", False, 1, 2, 3)),
    ("fault", Close(1000, "bye")),
]


@pytest.mark.parametrize("seed", range(60))
def test_packed_entries_are_there_as_they_were(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However entries are packed and given up, those that are kept are told as they were written."""
    rng = random.Random(seed)
    monkeypatch.setattr(journals, "_RECENT", rng.choice([0, 1, 5, 20]))
    monkeypatch.setattr(journals, "_CHUNK", rng.choice([1, 3, 8]))
    limit, budget = rng.choice([1, 7, 30, 1000]), rng.choice([3000, 10_000, 10**9])
    schedule = Schedule(0)
    journal, model = Journal(limit, schedule=schedule, budget=budget), Model(limit, budget)
    for number in range(rng.choice([5, 50, 150])):
        kind, data = rng.choice(DATA)
        schedule.cause = number
        journal.write(number, number % 3, kind, data)
        model.write((number, number % 3, kind, data), 0 if kind == "in" else number)
        for _ in range(rng.choice([0, 0, 0, 1, 4])):
            journal.pack()
        if rng.random() < 0.2:
            line = rng.randrange(-1, number + 3)
            for one in (journal, journal.copy()):
                assert list(one.since(line)) == model.since(line)
                assert (len(one), one.dropped, one.written) == (len(model.since(0)), model.dropped, number + 1)
            expected = model.all[line - 1][0] if model.dropped < line <= number + 1 else None
            assert journal.entry(line) == expected
    assert list(journal.since(0)) == model.since(0)


def test_what_is_packed_takes_a_tenth() -> None:
    """A hundred thousand entries like those of orders, packed as they come, are some megabytes less."""

    def size(journal: Journal) -> int:
        return sum(getsizeof(field) for field in {id(field): field for field in journal._fields}.values()) + sum(
            map(getsizeof, journal._chunks)
        )

    plain, packed = Journal(), Journal()
    for number in range(50_000):
        for journal in (plain, packed):
            journal.write(number << 20, 1, "in", f'{{"id":{number},"type":"SendLimitOrder","account":"DEFAULT"}}')
        packed.pack()
    assert size(packed) < size(plain) / 2
    assert list(packed) == list(plain)
    assert not packed.has_old()


def test_copies_while_another_thread_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is made while another thread writes and packs has every entry once."""
    monkeypatch.setattr(journals, "_RECENT", 4)
    monkeypatch.setattr(journals, "_CHUNK", 4)
    journal = Journal(200)
    is_over = threading.Event()

    def pack() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            journal.write(number, 0, "note", "")
            journal.pack()

    thread = threading.Thread(target=pack)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        while len(journal) < 200:
            pass
        for _ in range(50):
            times = [time for _, (time, _, _, _), _ in journal.copy().since(0)]
            assert times == list(range(times[-1] - len(times) + 1, times[-1] + 1))
    finally:
        is_over.set()
        thread.join()
        sys.setswitchinterval(interval)
