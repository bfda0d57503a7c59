"""How much a journal keeps."""

from sys import getsizeof

import pytest

from simulator.journal.journal import Journal, JournalEntry
from simulator.schedule import Schedule

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


@pytest.mark.parametrize("is_watched", [False, True])
def test_short_ways_to_write_an_entry(is_watched: bool) -> None:
    """A message in, one out and any number of events are written as `write` does, with their causes, long or short."""
    written: list[JournalEntry] = []
    expected: list[JournalEntry] = []
    schedules = Schedule(0), Schedule(0)
    short, plain = (Journal(budget=4000, schedule=schedule) for schedule in schedules)
    if is_watched:
        short.watch, plain.watch = written.append, expected.append
    for time, text in enumerate(["a", "b" * 512, "c" * 513, "d" * 3000]):
        short.write_in(time, 1, text)
        plain.write(time, 1, "in", text)
        short.write_out(time, 2, text.encode())
        plain.write(time, 2, "out", text.encode())
        short.write_events(time, [text] * time)
        for _ in range(time):
            plain.write(time, 0, "event", text)
        assert schedules[0].cause == schedules[1].cause
    assert list(short.since(0)) == list(plain.since(0))
    assert (short.written, short.dropped, written) == (plain.written, plain.dropped, expected)
