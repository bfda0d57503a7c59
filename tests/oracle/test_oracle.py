import pytest

pytest.importorskip("orderly_chaos", reason="the extra oracle brings it along, where there is a compiler")

from oracle.engines import OurVenue
from oracle.oracle import Difference, compare
from simulator.exchange.book import Book, BookEntry

pytestmark = pytest.mark.no_cover  # being traced, it would take ten times as long

SEED = 7


@pytest.mark.parametrize("stream", range(5))
def test_three_engines_agree(stream: int) -> None:
    """Our venue, a naive book and orderly-chaos make the same trades of 20,000 commands in each kind of market."""
    done, trades = compare(SEED, stream, 20_000)
    assert done >= 19_990
    assert trades > 10_000


def test_difference_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book that lets the youngest trade first is found out, and the command to see it again is told."""

    def rest_in_front(self: Book, entry: BookEntry) -> None:
        rest(self, entry)
        side = self.bids if entry.buy else self.asks
        level = side.levels[entry.price]
        level.queue.insert(level.head, level.queue.pop())

    rest = Book.rest
    monkeypatch.setattr(Book, "rest", rest_in_front)
    with pytest.raises(Difference, match=r"again: python tests/oracle/oracle.py --commands \d+ --seed 7 --first 0"):
        compare(SEED, 0, 2000)


def test_sums_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue that forgets what an order had open is found out."""
    monkeypatch.setattr(OurVenue, "cancel", lambda self, number: self.venue.open.pop(number, None) is not None)
    with pytest.raises(Difference):
        compare(SEED, 1, 2000)
