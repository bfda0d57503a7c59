import pytest

from simulator.exchange.book import Book
from simulator.gateway.subscriptions import Subscriptions
from simulator.journal.journal import Journal
from worlds.invariants import Broken
from worlds.worlds import check

pytestmark = pytest.mark.no_cover  # being traced, it would take ten times as long

SEEDS = 300
SLICES = 10


@pytest.mark.parametrize("part", range(SLICES))
def test_worlds(part: int) -> None:
    """Random scenarios, clients and faults break no invariant, and what a journal says makes the same bytes again."""
    runs = [check(seed) for seed in range(part * SEEDS // SLICES, (part + 1) * SEEDS // SLICES)]
    journals = [list(run.simulation.journal) for run in runs]
    kinds = {kind for journal in journals for _, _, kind, _ in journal}
    assert {"in", "out", "event", "rule", "open", "close"} <= kinds
    assert sum(map(len, journals)) > 3000
    assert sum(len(run.simulation.venue.fills) for run in runs) > 30


def first_broken() -> str:
    """Return what the first world that breaks an invariant says."""
    for seed in range(SEEDS):
        try:
            check(seed)
        except Broken as broken:
            return str(broken)
    return ""


def test_lost_update_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order's update that is left out on one connection is found out, with the command that shows it again."""
    tell = Subscriptions.publish_change
    monkeypatch.setattr(Subscriptions, "publish_change", lambda self, change: change.cum_qty or tell(self, change))
    message = first_broken()
    assert "was told last as" in message
    assert "again: python tests/worlds/worlds.py --seeds 1 --first " in message


def test_byte_outside_the_journal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is sent and not in the journal is found out."""
    write = Journal.write
    monkeypatch.setattr(
        Journal, "write", lambda self, *entry: None if b"Err" in repr(entry).encode() else write(self, *entry)
    )
    assert "the journal" in first_broken()


def test_crossed_book_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book that rests what it should have traded is found out."""
    monkeypatch.setattr(Book, "match", lambda self, incoming: [])
    assert "is crossed" in first_broken()
