"""The book alone, in process, against other engines that are given the same operations."""

import contextlib
import gc
import itertools
import platform
import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.report import Effort, Figure, Row, require
from simulator.exchange.book import Book, BookEntry, Level

__all__ = ["ROWS", "operations_on", "play"]

_INTERPRETER = f"{platform.python_implementation()} {platform.python_version()}"
_OPERATIONS = 200_000
_MIDDLE = 10_000
_LEVELS = 200
_PRICES = {price: price for price in range(_MIDDLE - _LEVELS, _MIDDLE + _LEVELS)}
"""Equal prices are one object, as they are when they come through the gateway, which remembers what it has read."""


class Op(NamedTuple):
    """A new order, or the cancel of an earlier one: ``cancels`` is that one's number, or -1."""

    buy: bool
    price: int
    quantity: int
    cancels: int = -1


def operations(count: int, seed: int) -> list[Op]:
    """Return the operations of the comparisons: 70% orders that rest, 25% cancels, 5% that cross one to five levels."""
    return _drawn(count, seed, 0, 0.25, 0.05, _up_to_a_level)


def operations_on(standing: int, count: int, seed: int) -> list[Op]:
    """Return orders that rest, then operations that leave the book about as deep as it is by then.

    What crosses takes one to five orders, not levels: those would be a hundred times as many trades on a book that is
    a hundred times as deep.
    """
    return _drawn(count, seed, standing, 0.47, 0.01, _up_to_an_order)


def _drawn(
    count: int,
    seed: int,
    standing: int,
    cancels: float,
    crosses: float,
    sweep: Callable[[random.Random, Iterator[Level]], tuple[int, int] | None],
) -> list[Op]:
    """Return orders over 200 levels, the first ``standing`` of which only rest, then cancels and orders that cross.

    A book of the simulator's own says what rests and what would cross; only the operations are given to the engines.
    """
    rng = random.Random(seed)
    book = Book()
    entries: list[BookEntry] = []
    resting: list[int] = []
    ops: list[Op] = []
    for number in range(standing + count):
        draw = 1.0 if number < standing else rng.random()
        cancelled = _pick(rng, resting, entries) if draw < cancels else -1
        if cancelled >= 0:
            ops.append(Op(True, 0, 0, cancelled))
            book.remove(entries[cancelled])
            continue
        buy = rng.random() < 0.5
        swept = sweep(rng, iter(book.asks if buy else book.bids)) if cancels <= draw < cancels + crosses else None
        op = _resting(rng, buy) if swept is None else Op(buy, *swept)
        ops.append(op)
        entry = BookEntry(op.buy, op.price, op.quantity)
        book.match(entry)
        if entry.leaves_qty:
            book.rest(entry)
            resting.append(len(entries))
        entries.append(entry)
    return ops


def _pick(rng: random.Random, resting: list[int], entries: list[BookEntry]) -> int:
    """Take the number of an order that still rests out of those that once did, or -1 if none does."""
    while resting:
        place = rng.randrange(len(resting))
        resting[place], resting[-1] = resting[-1], resting[place]
        number = resting.pop()
        if entries[number].rests:
            return number
    return -1


def _resting(rng: random.Random, buy: bool) -> Op:
    away = rng.randrange(1, _LEVELS // 2 + 1)
    return Op(buy, _PRICES[_MIDDLE - away if buy else _MIDDLE + away], rng.randrange(1, 100))


def _up_to_a_level(rng: random.Random, side: Iterator[Level]) -> tuple[int, int] | None:
    """Return a price and a quantity that take all of one to five levels but for a part of the last one."""
    return _most_of([(level.price, level.quantity) for level in itertools.islice(side, rng.randrange(1, 6))])


def _up_to_an_order(rng: random.Random, side: Iterator[Level]) -> tuple[int, int] | None:
    """The same with orders instead of levels."""
    orders = itertools.chain.from_iterable(side)
    return _most_of([(entry.price, entry.leaves_qty) for entry in itertools.islice(orders, rng.randrange(1, 6))])


def _most_of(taken: list[tuple[int, int]]) -> tuple[int, int] | None:
    if not taken:
        return None
    price, last = taken[-1]
    return price, sum(quantity for _, quantity in taken[:-1]) + max(1, last // 2)


class Done(NamedTuple):
    """How long an engine took in seconds, and what it traded."""

    seconds: float
    traded: int


def _ours(ops: list[Op], untimed: int = 0) -> Done:
    book = Book()
    entries: list[BookEntry] = []
    log: list[tuple[int, int]] = []
    play(book, ops[:untimed], entries, log)
    began = time.process_time()
    play(book, ops[untimed:], entries, log)
    return Done(time.process_time() - began, sum(quantity for _, quantity in log))


def play(book: Book, ops: list[Op], entries: list[BookEntry], log: list[tuple[int, int]]) -> None:
    """Do as a venue does: match what comes, write down what trades at which price, rest what is left."""
    match, rest, remove = book.match, book.rest, book.remove
    for buy, price, quantity, cancels in ops:
        if cancels >= 0:
            remove(entries[cancels])
            continue
        entry = BookEntry(buy, price, quantity)
        entries.append(entry)
        for resting, traded in match(entry):
            log.append((resting.price, traded))
        if entry.leaves_qty:
            rest(entry)


def _pure_python(ops: list[Op], untimed: int = 0) -> Done:
    import orderbook

    book = orderbook.OrderBook()
    make, bid, ask = orderbook.Order, orderbook.OrderSide.BID, orderbook.OrderSide.ASK
    ids: list[str] = []
    add, cancel = book.add_limit_order, book.cancel_order
    began = 0.0
    for number, (buy, price, quantity, cancels) in enumerate(ops):
        if number == untimed:
            began = time.process_time()
        if cancels >= 0:
            cancel(ids[cancels])
            continue
        order = make(bid if buy else ask, price, quantity)
        ids.append(order.order_id)
        add(order)
    return Done(time.process_time() - began, sum(trade.quantity_filled for trade in book.trade_log))


def _compiled(ops: list[Op], untimed: int = 0) -> Done:
    from bourse.core import OrderBook

    book = OrderBook(0, 1, True)
    ids: list[int] = []
    place, cancel, set_time = book.place_order, book.cancel_order, book.set_time
    began = 0.0
    for now, (buy, price, quantity, cancels) in enumerate(ops):
        if now == untimed:
            began = time.process_time()
        if cancels >= 0:
            cancel(ids[cancels])
            continue
        set_time(now)  # it loses one of two orders of the same price and time
        ids.append(place(buy, quantity, 0, price=price))
    return Done(time.process_time() - began, sum(trade[3] for trade in book.get_trades()))


@contextlib.contextmanager
def _nothing_else_collected() -> Iterator[None]:
    """Let the collector, which works as ever, see only what an engine makes, and not the operations themselves."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _against(other: Callable[[list[Op]], Done], effort: Effort) -> Figure:
    require(*_OTHERS[other])
    ops = operations(effort.of(_OPERATIONS), effort.seed)
    rates: dict[Callable[[list[Op]], Done], list[float]] = {_ours: [], other: []}
    turn = [_ours, other]
    with _nothing_else_collected():
        for _ in range(effort.rounds):
            done = {}
            for engine in turn:
                gc.collect()
                done[engine] = engine(ops)
                rates[engine].append(len(ops) / done[engine].seconds)
            if done[_ours].traded != done[other].traded:
                raise AssertionError(f"the engines have not traded the same: {done}")
            turn.reverse()
    return Figure.compared(rates[_ours], rates[other])


_OTHERS: dict[Callable[..., Done], tuple[str, str]] = {
    _pure_python: ("akhil4n-orderbook", "orderbook"),
    _compiled: ("bourse", "bourse"),
}
"""What each of the others is in: its package, and what is imported of that."""


def _growth(effort: Effort) -> Figure:
    """Compare by how much an operation costs more on a deep book, with the worse of two engines on the same ones."""
    for needed in _OTHERS.values():
        require(*needed)
    count = effort.of(_OPERATIONS) // 4
    books = {depth: operations_on(depth, count, effort.seed) for depth in (100_000, 1_000)}
    growths: dict[Callable[..., Done], list[float]] = {engine: [] for engine in (_ours, *_OTHERS)}
    turn = list(growths)
    with _nothing_else_collected():
        for _ in range(min(effort.rounds, 5)):
            for engine in turn:
                gc.collect()
                deep, shallow = (engine(ops, depth).seconds for depth, ops in books.items())
                growths[engine].append(deep / shallow)
            turn.reverse()
    own, *others = growths.values()
    return Figure.compared(own, [max(pair) for pair in zip(*others, strict=True)])


ROWS = [
    Row(
        "engine",
        "engine alone, 200,000 operations, against akhil4n-orderbook",
        "/s",
        "more",
        5.4,
        6.0,
        lambda effort: _against(_pure_python, effort),
    ),
    Row(
        "engine-compiled",
        f"the same against bourse, which is compiled; ours on {_INTERPRETER}",
        "/s",
        "more",
        0.78,
        0.9,
        lambda effort: _against(_compiled, effort),
    ),
    Row(
        "engine-growth",
        "what an operation takes longer on 100,000 resting orders than on 1,000, against the worse of those two",
        "x",
        "less",
        0.77,
        0.6,
        _growth,
    ),
]
