"""The order book: priority, partial fills, holes, and the same trades as a naive book makes."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulator.exchange.book import Book, BookEntry, Side

BUY, SELL = True, False


def rest(book: Book, buy: bool, price: int, left: int) -> BookEntry:
    """Rest a new entry in a book."""
    entry = BookEntry(buy, price, left)
    book.rest(entry)
    return entry


def standing(side: Side) -> list[tuple[int, list[BookEntry]]]:
    """Return a side's prices, best first, and who stands at each."""
    return [(level.price, list(level)) for level in side]


def check(book: Book) -> None:
    """Hold a book against what must be true of it at any moment."""
    for side in (book.bids, book.asks):
        assert side.keys == sorted(set(side.keys))
        assert {price: price for price in side.levels} == {price: level.price for price, level in side.levels.items()}
        assert sorted(price * side.sign for price in side.levels) == side.keys
        assert side.best == (side.keys[-1] * side.sign if side.keys else None)
        for level in side:
            entries = list(level)
            assert level.count == len(entries) > 0
            assert level.quantity == sum(entry.leaves_qty for entry in entries)
            assert all(entry.leaves_qty > 0 and entry.rests and entry.price == level.price for entry in entries)
            assert len(level.queue) <= 2 * level.count + 32
    if book.bids.best is not None and book.asks.best is not None:
        assert book.bids.best < book.asks.best


def test_empty_book_trades_nothing() -> None:
    """An entry that comes to an empty book trades nothing, keeps all it had and does not rest."""
    book = Book()
    incoming = BookEntry(BUY, 10, 5)
    assert book.match(incoming) == []
    assert (incoming.leaves_qty, incoming.rests) == (5, False)
    assert (book.bids.best, book.asks.best) == (None, None)
    assert (list(book.bids), list(book.asks)) == ([], [])


@pytest.mark.parametrize(("buy", "prices"), [(BUY, [12, 10, 11]), (SELL, [10, 12, 11])])
def test_side_lists_its_levels_best_first(buy: bool, prices: list[int]) -> None:
    """The buying side lists its highest price first, the selling side its lowest."""
    book = Book()
    for price in prices:
        rest(book, buy, price, 1)
    side = book.bids if buy else book.asks
    assert [level.price for level in side] == sorted(prices, reverse=buy)
    assert side.best == sorted(prices, reverse=buy)[0]
    check(book)


@pytest.mark.parametrize("buy", [BUY, SELL])
def test_better_price_trades_first(buy: bool) -> None:
    """An incoming entry trades with the best price first, then with the next, as far as its limit."""
    book = Book()
    prices = [11, 10, 12, 13] if buy else [12, 13, 11, 10]
    entries = {price: rest(book, not buy, price, 2) for price in prices}
    incoming = BookEntry(buy, 12 if buy else 11, 10)
    order = [10, 11, 12] if buy else [13, 12, 11]
    assert book.match(incoming) == [(entries[price], 2) for price in order]
    assert incoming.leaves_qty == 4
    assert standing(book.asks if buy else book.bids) == [(prices[-1], [entries[prices[-1]]])]
    check(book)


def test_older_entry_trades_first_at_one_price() -> None:
    """At one price the oldest trades first, and one that is partly filled keeps its place."""
    book = Book()
    first, second, third = (rest(book, SELL, 10, 3) for _ in range(3))
    assert book.match(BookEntry(BUY, 10, 4)) == [(first, 3), (second, 1)]
    assert standing(book.asks) == [(10, [second, third])]
    assert (first.leaves_qty, first.rests, second.leaves_qty) == (0, False, 2)
    check(book)
    late = rest(book, SELL, 10, 1)
    assert book.match(BookEntry(BUY, 11, 100)) == [(second, 2), (third, 3), (late, 1)]
    assert standing(book.asks) == []
    check(book)


@pytest.mark.parametrize(("buy", "price", "crosses"), [(BUY, 9, 0), (BUY, 10, 1), (SELL, 8, 0), (SELL, 7, 1)])
def test_crosses_tells_whether_an_entry_would_trade(buy: bool, price: int, crosses: int) -> None:
    """An entry crosses from the other side's best price on, and only then does it trade."""
    book = Book()
    assert not book.crosses(buy, price)
    rest(book, BUY, 7, 1)
    rest(book, SELL, 10, 1)
    assert book.crosses(buy, price) is bool(crosses)
    assert len(book.match(BookEntry(buy, price, 1))) == crosses


@pytest.mark.parametrize("at", [0, 1, 2])
def test_removed_entry_does_not_trade(at: int) -> None:
    """An entry taken out from any place of its queue leaves a gap that matching passes over."""
    book = Book()
    entries = [rest(book, BUY, 10, 2) for _ in range(3)]
    assert book.remove(entries[at]) is True
    assert book.remove(entries[at]) is False
    check(book)
    kept = entries[:at] + entries[at + 1 :]
    assert standing(book.bids) == [(10, kept)]
    assert book.match(BookEntry(SELL, 10, 9)) == [(entry, 2) for entry in kept]
    assert entries[at].leaves_qty == 2
    check(book)


def test_removing_the_last_entry_removes_its_level() -> None:
    """A level is gone with its last entry, and a new one may stand at its price."""
    book = Book()
    entries = {price: rest(book, SELL, price, 1) for price in (10, 11, 12)}
    book.remove(entries[11])
    assert standing(book.asks) == [(10, [entries[10]]), (12, [entries[12]])]
    again = rest(book, SELL, 11, 4)
    assert standing(book.asks) == [(10, [entries[10]]), (11, [again]), (12, [entries[12]])]
    check(book)


def test_gaps_are_closed_once_they_prevail() -> None:
    """A queue does not grow for ever when entries come and go, and closing its holes keeps everyone's place."""
    book = Book()
    oldest = rest(book, BUY, 10, 1)
    for _ in range(1000):
        book.remove(rest(book, BUY, 10, 1))
    youngest = rest(book, BUY, 10, 1)
    level = next(iter(book.bids))
    assert len(level.queue) < 40
    assert standing(book.bids) == [(10, [oldest, youngest])]
    assert book.match(BookEntry(SELL, 10, 2)) == [(oldest, 1), (youngest, 1)]


def test_filled_entries_are_forgotten() -> None:
    """A queue forgets those it has filled in front, though the level never empties."""
    book = Book()
    rest(book, BUY, 10, 1)
    for _ in range(1000):
        rest(book, BUY, 10, 1)
        assert len(book.match(BookEntry(SELL, 10, 1))) == 1
    assert len(next(iter(book.bids)).queue) < 40
    check(book)


def test_take_at_trades_at_one_price_only() -> None:
    """Taking at a price trades with who rests just there, oldest first, and leaves better and worse prices."""
    book = Book()
    best, first, second, worst = (rest(book, SELL, price, 2) for price in (9, 10, 10, 11))
    assert book.take_at(BUY, 10, 3) == [(first, 2), (second, 1)]
    assert standing(book.asks) == [(9, [best]), (10, [second]), (11, [worst])]
    assert book.take_at(BUY, 10, 3) == [(second, 1)]
    assert standing(book.asks) == [(9, [best]), (11, [worst])]
    assert book.take_at(BUY, 10, 3) == []
    assert book.take_at(SELL, 9, 3) == []
    check(book)


def test_reduce_lowers_an_entry_where_it_rests() -> None:
    """A reduced entry keeps its place, its level knows of it, and with nothing left it is gone."""
    book = Book()
    first, second = rest(book, BUY, 10, 5), rest(book, BUY, 10, 5)
    book.reduce(first, 3)
    assert (first.leaves_qty, next(iter(book.bids)).quantity) == (2, 7)
    check(book)
    book.reduce(first, 2)
    assert (first.leaves_qty, first.rests) == (0, False)
    assert standing(book.bids) == [(10, [second])]
    book.reduce(second, 6)
    assert (second.leaves_qty, standing(book.bids)) == (0, [])
    check(book)


def test_reduce_lowers_an_entry_that_does_not_rest() -> None:
    """An entry outside the book is reduced too, to nothing at the least."""
    book = Book()
    entry = BookEntry(BUY, 10, 5)
    book.reduce(entry, 3)
    assert entry.leaves_qty == 2
    book.reduce(entry, 3)
    assert (entry.leaves_qty, entry.rests, standing(book.bids)) == (0, False, [])


@dataclass(eq=False)
class Naive:
    """What stands in the naive book, beside the entry that it mirrors."""

    entry: BookEntry
    buy: bool
    price: int
    leaves_qty: int


class NaiveBook:
    """A book as a list in order of age, searched from its beginning each time."""

    def __init__(self) -> None:
        self.standing: list[Naive] = []

    def opposite(self, buy: bool) -> list[Naive]:
        """Return who stands on the other side, in the order in which they trade."""
        found = [one for one in self.standing if one.buy is not buy]
        return sorted(found, key=lambda one: one.price if buy else -one.price)  # stable: age decides at a price

    def take(self, buy: bool, quantity: int, suits: Callable[[int], bool]) -> tuple[list[tuple[BookEntry, int]], int]:
        """Trade a quantity with those whose price suits."""
        trades = []
        for one in self.opposite(buy):
            traded = min(one.leaves_qty, quantity)
            if traded and suits(one.price):
                one.leaves_qty -= traded
                quantity -= traded
                trades.append((one.entry, traded))
        self.standing = [one for one in self.standing if one.leaves_qty]
        return trades, quantity


PRICES = st.integers(1, 8)
QUANTITIES = st.integers(1, 12)


class BookAgainstNaive(RuleBasedStateMachine):
    """Random commands to a book and a naive one."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.naive = NaiveBook()

    @rule(buy=st.booleans(), price=PRICES, quantity=QUANTITIES)
    def come(self, buy: bool, price: int, quantity: int) -> None:
        """An entry comes, trades, and rests with what it has left."""
        entry = BookEntry(buy, price, quantity)
        trades, left = self.naive.take(buy, quantity, lambda at: at <= price if buy else at >= price)
        assert self.book.crosses(buy, price) is bool(trades)
        assert self.book.match(entry) == trades
        assert entry.leaves_qty == left
        if left:
            self.book.rest(entry)
            self.naive.standing.append(Naive(entry, buy, price, left))

    @precondition(lambda self: self.naive.standing)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """An entry is taken out, once."""
        one = data.draw(st.sampled_from(self.naive.standing))
        self.naive.standing.remove(one)
        assert self.book.remove(one.entry) is True
        assert self.book.remove(one.entry) is False

    @precondition(lambda self: self.naive.standing)
    @rule(data=st.data(), quantity=QUANTITIES)
    def reduce(self, data: st.DataObject, quantity: int) -> None:
        """An entry is lowered."""
        one = data.draw(st.sampled_from(self.naive.standing))
        self.book.reduce(one.entry, quantity)
        one.leaves_qty = max(0, one.leaves_qty - quantity)
        if not one.leaves_qty:
            self.naive.standing.remove(one)

    @rule(buy=st.booleans(), price=PRICES, quantity=QUANTITIES)
    def take_at(self, buy: bool, price: int, quantity: int) -> None:
        """A quantity is taken at one price."""
        trades, _ = self.naive.take(buy, quantity, lambda at: at == price)
        assert self.book.take_at(buy, price, quantity) == trades

    @invariant()
    def is_sound(self) -> None:
        """The book's own sums and keys agree with who stands in it."""
        check(self.book)

    @invariant()
    def stands_as_in_the_naive_book(self) -> None:
        """Both books hold the same entries in the same order."""
        for buy, side in ((BUY, self.book.bids), (SELL, self.book.asks)):
            entries = [entry for level in side for entry in level]
            assert entries == [one.entry for one in self.naive.opposite(not buy)]
            assert [entry.leaves_qty for entry in entries] == [one.leaves_qty for one in self.naive.opposite(not buy)]


TestBookAgainstNaive = BookAgainstNaive.TestCase
TestBookAgainstNaive.settings = settings(max_examples=60, stateful_step_count=40)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 150)), max_size=300))
def test_long_queue_keeps_its_order(commands: list[tuple[bool, int]]) -> None:
    """However many come and go at one price, who is left trades in the order in which they came."""
    book = Book()
    kept: list[BookEntry] = [rest(book, BUY, 10, 1) for _ in range(50)]
    for comes, at in commands:
        if comes:
            kept.append(rest(book, BUY, 10, 1))
        elif kept:
            book.remove(kept.pop(at % len(kept)))
        check(book)
    assert book.match(BookEntry(SELL, 10, 1000)) == [(entry, 1) for entry in kept]


@pytest.mark.parametrize("kept", [1, 100])
def test_entries_that_have_left_are_let_go(kept: int) -> None:
    """However many entries come and go at a price, hardly more than twice as many as stand there are held."""
    book = Book()
    for _ in range(kept):
        book.rest(BookEntry(BUY, 10, 1))
    for _ in range(1000):
        entry = BookEntry(BUY, 10, 1)
        book.rest(entry)
        book.remove(entry)
    assert len(book.bids.levels[10].queue) <= 2 * kept + 33
    assert len(list(book.bids.levels[10])) == kept
