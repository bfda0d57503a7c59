"""How books stood at each line of a journal: what has changed of their best levels, behind which line.

A journal does not tell what the markets quote. Whoever wants to know how a past book was has that
kept while a world runs.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from simulator.exchange.book import Side
from simulator.exchange.depth import LEVELS_SHOWN
from simulator.exchange.instrument import Instrument

__all__ = ["BookChange", "BookLevels", "BookRecord"]

_KEPT = 20_000
"""How many changes are kept apart; older ones are taken together."""


class BookLevels(NamedTuple):
    """Quantities by price of both sides, in billionths; of a change a quantity of 0 is of a level that is gone."""

    bids: dict[int, int]
    asks: dict[int, int]

    def after(self, change: "BookLevels") -> "BookLevels":
        """Return the levels as a change leaves them."""
        return BookLevels(_without_zeros(self.bids | change.bids), _without_zeros(self.asks | change.asks))

    def change_to(self, levels: "BookLevels") -> "BookLevels":
        """Return the change that leads to other levels."""
        return BookLevels(_change(self.bids, levels.bids), _change(self.asks, levels.asks))


class BookChange(NamedTuple):
    """What has changed of a product's book, as it is known from a line of the journal on."""

    line: int
    product: str
    levels: BookLevels


class BookRecord:
    """The best levels of books, as they were at each line from one on.

    At a line a book is as it is when all has been done that happens at the line's time with it. What changes later,
    and is in no line, belongs to the next one.

    Args:
        line: the line at which it begins: the journal's last.
    """

    def __init__(self, line: int) -> None:
        self.products: dict[str, tuple[str, int]] = {}
        """The names of the products whose books it knows, and how many digits their prices have, by their ids."""
        self._first = line
        self._before: dict[str, BookLevels] = {}
        """The levels at the first line of those that are kept apart."""
        self._now: dict[str, BookLevels] = {}
        self._changes: deque[BookChange] = deque()
        self._last = BookLevels({}, {})
        """The levels before the newest change, of its product."""

    @property
    def first(self) -> int:
        """The line from which on it is known how books were."""
        return self._first

    def note(self, instruments: Iterable[Instrument], line: int) -> None:
        """Note how books are at a line, which may be the one that comes next."""
        for instrument in instruments:
            product = instrument.listing.id
            self.products[product] = instrument.listing.name, instrument.digits
            levels = BookLevels(_best(instrument.book.bids), _best(instrument.book.asks))
            before = self._now.get(product, BookLevels({}, {}))
            if levels == before:
                continue
            if self._changes and self._changes[-1][:2] == (line, product):
                self._changes.pop()
                before = self._last
            self._now[product], self._last = levels, before
            self._changes.append(BookChange(line, product, before.change_to(levels)))
        while len(self._changes) > _KEPT:
            self._fold()

    def copy(self) -> "BookRecord":
        """Return a record of the same changes; it may be asked for while another thread notes more."""
        copy = BookRecord(0)
        copy._changes = self._changes.copy()  # before what changes are taken together with: twice is as good as once
        copy._before, copy.products = self._before.copy(), self.products.copy()
        copy._first = self._first
        return copy

    def _fold(self) -> None:
        """Take the oldest change together with those before it."""
        line, product, change = self._changes[0]
        self._before[product] = self._before.get(product, BookLevels({}, {})).after(change)
        self._first = max(self._first, line)
        self._changes.popleft()  # last, for whoever copies meanwhile

    def at(self, line: int) -> Mapping[str, BookLevels]:
        """Return the levels of each book at a line, by the ids of their products; of earlier lines nothing is known."""
        books = dict(self._before)
        for change in self._changes:
            if change.line > line:
                break
            books[change.product] = books.get(change.product, BookLevels({}, {})).after(change.levels)
        return books

    def since(self, line: int) -> Iterator[BookChange]:
        """Yield what has changed behind a line, in its order."""
        return (change for change in self._changes if change.line > line)


def _best(side: Side) -> dict[int, int]:
    return {level.price: level.quantity for level in islice(side, LEVELS_SHOWN)}


def _change(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    gone = dict.fromkeys(before.keys() - after.keys(), 0)
    return {price: quantity for price, quantity in after.items() if before.get(price) != quantity} | gone


def _without_zeros(levels: dict[int, int]) -> dict[int, int]:
    return {price: quantity for price, quantity in levels.items() if quantity}
