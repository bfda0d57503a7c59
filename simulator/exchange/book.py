"""One order book with price-time priority, on integer prices and quantities.

The book knows two verbs, to match an incoming entry and to rest it, and how to take one out. It knows no
account, no clock and no message: what an entry stands for is its owner's business.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import attrgetter

import msgspec

__all__ = ["Book", "BookEntry", "Level", "Side"]


_rests = attrgetter("rests")
_FEW_HOLES = 32
"""A level's queue is made anew once so many of it, and half of all, are holes."""


class BookEntry(msgspec.Struct, eq=False, gc=False):
    """What stands in a book, or comes to it: a side, a limit price, and how much is left to trade.

    It refers to no level, so that the garbage collector has nothing to visit however many stand in a book.

    Args:
        buy: True on the buying side.
        price: the limit, in whichever integer unit the whole book uses.
        leaves_qty: the quantity still open, an integer above zero.
        rests: whether it stands in a book; the book's own to change.
    """

    buy: bool
    price: int
    leaves_qty: int
    rests: bool = False


class Level:
    """All entries at one price, the oldest first, with their quantity summed up.

    An entry that is taken out stays in the queue as a hole until it reaches the front or holes prevail, so that
    taking out costs the same wherever it stands.
    """

    __slots__ = ("count", "head", "price", "quantity", "queue")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.count = 0
        self.head = 0
        self.queue: list[BookEntry] = []

    def __iter__(self) -> Iterator[BookEntry]:
        return (entry for entry in self.queue[self.head :] if entry.rests)

    def close_holes(self) -> None:
        """Drop the holes, in front and between."""
        self.queue = list(filter(_rests, self.queue[self.head :]))
        self.head = 0


class Side:
    """The levels of one side by their prices, and the best of these, or None if nothing stands on it.

    Its ``keys`` are in order, the best price's the last: a key is the price on the buying side and its negative on the
    selling side.
    """

    __slots__ = ("best", "changed", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.best: int | None = None
        self.changed: set[int] | None = None
        """The prices of the levels that have changed, for whoever has put a set here."""
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def __iter__(self) -> Iterator[Level]:
        levels, sign = self.levels, self.sign
        return (levels[key * sign] for key in reversed(self.keys))

    def begin_level(self, price: int) -> Level:
        """Return a level of a price that has none."""
        level = self.levels[price] = Level(price)
        key = price * self.sign
        keys = self.keys
        if not keys or key > keys[-1]:
            keys.append(key)
            self.best = price
        else:
            insort(keys, key)
        return level

    def end_level(self, price: int) -> None:
        """Drop a level that is empty."""
        del self.levels[price]
        keys = self.keys
        if price == self.best:
            keys.pop()
            self.best = keys[-1] * self.sign if keys else None
        else:
            del keys[bisect_left(keys, price * self.sign)]


class Book:
    """Resting entries of both sides."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = Side(1)
        self.asks = Side(-1)

    def match(self, incoming: BookEntry) -> list[tuple[BookEntry, int]]:
        """Trade an incoming entry against the other side, best price first and the oldest first at a price.

        Both entries' ``leaves_qty`` falls by what they trade. Returns ``(resting entry, quantity)`` in the order of
        the trades; each trades at the resting entry's price. What the incoming entry has left does not rest.
        """
        buy, limit = incoming.buy, incoming.price
        side = self.asks if buy else self.bids
        best = side.best
        if best is None or (best > limit if buy else best < limit):
            return []
        trades: list[tuple[BookEntry, int]] = []
        left = incoming.leaves_qty
        while left and best is not None and (best <= limit if buy else best >= limit):
            level = side.levels[best]
            left = _take(level, left, trades)
            if side.changed is not None:
                side.changed.add(best)
            if not level.count:
                side.end_level(best)
                best = side.best
        incoming.leaves_qty = left
        return trades

    def rest(self, entry: BookEntry) -> None:
        """Stand an entry in the book, behind those already at its price; one that was in it before never returns."""
        side = self.bids if entry.buy else self.asks
        price = entry.price
        level = side.levels.get(price) or side.begin_level(price)
        level.queue.append(entry)
        level.quantity += entry.leaves_qty
        level.count += 1
        entry.rests = True
        if side.changed is not None:
            side.changed.add(price)

    def remove(self, entry: BookEntry) -> bool:
        """Take an entry out; False if it does not stand in the book."""
        if not entry.rests:
            return False
        entry.rests = False
        side = self.bids if entry.buy else self.asks
        price = entry.price
        level = side.levels[price]
        level.quantity -= entry.leaves_qty
        level.count -= 1
        if side.changed is not None:
            side.changed.add(price)
        if not level.count:
            side.end_level(price)
        elif len(level.queue) > 2 * level.count + _FEW_HOLES:
            level.close_holes()
        return True

    def take_at(self, buy: bool, price: int, quantity: int) -> list[tuple[BookEntry, int]]:
        """Trade up to a quantity against what rests at exactly one price, on the side other than ``buy``."""
        side = self.asks if buy else self.bids
        level = side.levels.get(price)
        trades: list[tuple[BookEntry, int]] = []
        if level is not None:
            _take(level, quantity, trades)
            if side.changed is not None:
                side.changed.add(price)
            if not level.count:
                side.end_level(price)
        return trades

    def reduce(self, entry: BookEntry, quantity: int) -> None:
        """Lower what an entry has left, whether it rests or not; at zero it leaves the book."""
        if quantity >= entry.leaves_qty:
            self.remove(entry)
            entry.leaves_qty = 0
            return
        entry.leaves_qty -= quantity
        if entry.rests:
            side = self.bids if entry.buy else self.asks
            side.levels[entry.price].quantity -= quantity
            if side.changed is not None:
                side.changed.add(entry.price)

    def crosses(self, buy: bool, price: int) -> bool:
        """Tell whether an entry of this side and price would trade at once."""
        best = (self.asks if buy else self.bids).best
        return best is not None and (best <= price if buy else best >= price)


def _take(level: Level, left: int, trades: list[tuple[BookEntry, int]]) -> int:
    """Trade up to ``left`` at one level, oldest first; return what is left after it."""
    queue, head = level.queue, level.head
    while left and level.count:
        resting = queue[head]
        if not resting.rests:  # a hole
            head += 1
            continue
        traded = resting.leaves_qty
        if traded <= left:
            resting.leaves_qty = 0
            resting.rests = False
            level.count -= 1
            head += 1
        else:
            traded = left
            resting.leaves_qty -= traded
        left -= traded
        level.quantity -= traded
        trades.append((resting, traded))
    level.head = head
    if len(queue) > 2 * level.count + _FEW_HOLES:
        level.close_holes()
    return left
