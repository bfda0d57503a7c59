"""What a page shows of a world at one look: the newest of everything, in one answer."""

from itertools import islice
from typing import Annotated
from weakref import WeakKeyDictionary

from msgspec import Meta, Struct

from simulator.control.control import Control
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    OrderInfo,
    RuleInfo,
    SessionInfo,
)
from simulator.control.reading import KnownRule, book_info, order_info
from simulator.journal.lines import JournalLine
from simulator.scenario.rules.director import RuleInPlay
from simulator.simulation import Simulation

__all__ = ["Window", "WindowQuery", "Windows"]

_MOST_ORDERS = 20
_MOST_FILLS = 25
_MOST_DUE = 20
_MOST_IDS = 20
"""Of so many of a level's orders the ids are told."""
_MOST_PRODUCTS = 100
_LOOKED_AT = 400
"""Of what has come since the last look, so many lines are looked through for near misses, by all rules together."""
_LOOKED_AT_FIRST = 5000
_LEAST = 10


class WindowQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What a page has seen: the journal's ``since`` that line; how many lines it shows; and which book, so deep."""

    since: int = 0
    most: Annotated[int, Meta(ge=0, le=1000)] = 150
    product: str | None = None
    depth: Annotated[int, Meta(ge=1, le=100)] = 20


class Window(Struct, frozen=True):
    """The newest of everything; ``left_out`` counts lines that came between ``since`` and the first of ``lines``.

    ``orders`` are the newest of all, and the newest of those that are open, the oldest first.
    ``products`` are those that have a book by now, and ``book`` is the asked one's, or None if there is no such
    product.
    """

    line: int
    left_out: int
    lines: list[JournalLine]
    orders: list[OrderInfo]
    fills: list[FillInfo]
    rules: list[RuleInfo]
    due: list[DueInfo]
    held: list[HeldInfo]
    sessions: list[SessionInfo]
    products: list[str]
    book: BookInfo | None


class Windows:
    """Looks at worlds again and again, and keeps what it has looked for in their journals."""

    def __init__(self) -> None:
        self._rules: WeakKeyDictionary[RuleInPlay, KnownRule] = WeakKeyDictionary()

    def look(self, control: Control, simulation: Simulation, query: WindowQuery) -> Window:
        """Return what there is to see of a world."""
        line = simulation.journal.written
        since = max(query.since, line - query.most, simulation.journal.dropped)
        instruments = simulation.venue.instruments.values()
        listing = None if query.product is None else simulation.catalogue.tradable_product(query.product)
        return Window(
            line=line,
            left_out=max(0, since - query.since),
            lines=control.journal(since),
            orders=_orders(control, simulation),
            fills=list(control.each_fill(_MOST_FILLS)),
            rules=control.rules_in_parts(self._rules, self._looked_at(simulation)).at_once(),
            due=control.due(_MOST_DUE),
            held=control.held(),
            sessions=control.sessions(),
            products=[one.listing.name for one in instruments][:_MOST_PRODUCTS],
            book=None if listing is None else book_info(simulation.gateway.instrument(listing), query.depth, _MOST_IDS),
        )

    def _looked_at(self, simulation: Simulation) -> int:
        """Return in how many lines the near misses of each rule are looked for: in few of them, if rules are many."""
        rules = simulation.director.rules
        is_known = all(rule in self._rules for rule in rules)
        return max(_LEAST, (_LOOKED_AT if is_known else _LOOKED_AT_FIRST) // max(1, len(rules)))


def _orders(control: Control, simulation: Simulation) -> list[OrderInfo]:
    newest = list(control.each_order(_MOST_ORDERS))
    told = {one.order_id for one in newest}
    open_ = [order_info(order) for order in islice(reversed(simulation.venue.open.values()), _MOST_ORDERS)]
    return [*(one for one in reversed(open_) if one.order_id not in told), *newest]
