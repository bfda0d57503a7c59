"""The quantities of a book's side in buckets, against a sum over its levels."""

import random

import pytest

from simulator.exchange import depth as depth_module
from simulator.exchange.book import Book, BookEntry, Side
from simulator.exchange.depth import Depth


def summed_up(side: Side, bucket: int, most: int) -> list[tuple[int, int]]:
    """Return the best buckets, by going through all levels."""
    sums: dict[int, int] = {}
    for level in side:
        price = level.price // bucket * bucket if side.sign > 0 else -(-level.price // bucket) * bucket
        sums[price] = sums.get(price, 0) + level.quantity
    return sorted(sums.items(), reverse=side.sign > 0)[:most]


def change(book: Book, resting: list[BookEntry], rng: random.Random) -> None:
    """Do something to a book at random."""
    some = [entry for entry in resting if entry.rests]
    buy, price, quantity = rng.random() < 0.5, rng.randrange(1, 400), rng.randrange(1, 9)
    match rng.randrange(6):
        case 0 if some:
            book.remove(rng.choice(some))
        case 1 if some:
            book.reduce(rng.choice(some), quantity)
        case 2:
            book.take_at(buy, price, quantity)
        case _:
            entry = BookEntry(buy, price, quantity)
            book.match(entry)
            if entry.leaves_qty:
                book.rest(entry)
                resting.append(entry)


@pytest.mark.parametrize("few", [1, 10, 500])
@pytest.mark.parametrize("seed", range(5))
def test_buckets_of_any_width(monkeypatch: pytest.MonkeyPatch, few: int, seed: int) -> None:
    """Whether sums are made anew or kept up to date, they are what the levels come to, after any change."""
    monkeypatch.setattr(depth_module, "_FEW", few)
    monkeypatch.setattr(depth_module, "_UNUSED", 20)
    rng = random.Random(seed)
    book, resting = Book(), list[BookEntry]()
    sides = [(book.bids, Depth(book.bids)), (book.asks, Depth(book.asks))]
    for _ in range(600):
        change(book, resting, rng)
        if rng.random() < 0.7:
            bucket, most = rng.choice([1, 2, 3, 7, 50, 1000]), rng.choice([1, 5, 20])
            for side, depth in sides:
                assert depth.best(bucket, most) == summed_up(side, bucket, most)
        if rng.random() < 0.01:
            for _, depth in sides:
                depth.forget()


def test_wide_buckets_look_at_what_has_changed() -> None:
    """Of a hundred thousand levels in one bucket, only those are looked at again that have changed."""
    book = Book()
    for price in range(1, 100_001):
        book.rest(BookEntry(True, price, 1))
    depth = Depth(book.bids)
    assert depth.best(10**6, 20) == [(0, 100_000)]
    assert book.bids.changed == set()
    book.rest(BookEntry(True, 7, 2))
    book.match(BookEntry(False, 99_999, 2))
    assert book.bids.changed == {7, 99_999, 100_000}
    assert depth.best(10**6, 20) == [(0, 100_000)]
    assert book.bids.changed == set()
    depth.forget()
    assert book.bids.changed is None


def test_sums_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of a width that nobody asks for any longer are given up."""
    monkeypatch.setattr(depth_module, "_FEW", 1)
    monkeypatch.setattr(depth_module, "_UNUSED", 3)
    book = Book()
    depth = Depth(book.bids)
    for price in range(1, 50):
        book.rest(BookEntry(True, price, 1))
        depth.best(10 if price < 40 else 20, 5)
    assert list(depth._sums) == [20]
