"""Which orders a client has sent again while it knew nothing of the first: told by their terms."""

import re
from collections.abc import Sequence

import msgspec

from simulator.exchange.orders import OrderChanged
from simulator.journal.journal import JournalEntry
from simulator.terms import BILLION
from simulator.wire import decode
from simulator.wire.requests import (
    GetFillDetails,
    GetOrderDetails,
    GetOrderState,
    ListFills,
    ListOpen,
    SendLimitOrder,
)

__all__ = ["QUESTIONS", "sent_in_doubt"]

QUESTIONS = (ListOpen, GetOrderState, GetOrderDetails, ListFills, GetFillDetails)
"""The requests that ask what is so of orders."""

_MESSAGE = re.compile(rb'\{"id":([^,]*),')
_ANSWER = re.compile(rb'\{"id":([^,]*),"response":\{"(?:Ok":"[^"]*"|Err":.*)\}\}', re.DOTALL)


class _SentOrder(msgspec.Struct):
    """An order as it was sent, where it is in the journal, and what became of it."""

    time: int
    line: int
    connection: int
    terms: str
    order_id: int | None = None
    known: int | None = None
    """The line of the journal at which the client was told what has become of it."""


def sent_in_doubt(
    journal: Sequence[JournalEntry], causes: Sequence[int], wait: float
) -> dict[str, list[tuple[int, int]]]:
    """Return the orders that were sent again, by their terms: when each was sent, and its id.

    An order is sent again if an earlier one on the same terms was taken by the exchange, the client knew nothing of it,
    by a reply or by the answer to a question, and it had waited so many seconds, or that connection had ended.
    """
    ends: dict[int, int] = {}
    orders = _orders(journal, causes, ends)
    by_terms: dict[str, list[_SentOrder]] = {}
    for order in orders:
        if order.order_id is not None:
            by_terms.setdefault(order.terms, []).append(order)
    found = {terms: _again(alike, ends, int(wait * BILLION)) for terms, alike in by_terms.items()}
    return {terms: [(one.time, one.order_id or 0) for one in again] for terms, again in found.items() if again}


def _again(alike: list[_SentOrder], ends: dict[int, int], wait: int) -> list[_SentOrder]:
    """Return those of orders on the same terms of which one was in doubt when another was sent."""
    open_: list[_SentOrder] = []
    again: dict[int, _SentOrder] = {}
    for later in alike:
        open_ = [one for one in open_ if one.known is None or one.known > later.line]
        doubtful = [
            one for one in open_ if later.time - one.time >= wait or ends.get(one.connection, later.line) < later.line
        ]
        again |= {one.line: one for one in (*doubtful, later) if doubtful}
        open_.append(later)
    return [again[line] for line in sorted(again)]


def _orders(journal: Sequence[JournalEntry], causes: Sequence[int], ends: dict[int, int]) -> list[_SentOrder]:
    """Return the orders that came, and note the lines at which connections have ended."""
    by_line: dict[int, _SentOrder] = {}
    unknown: dict[tuple[int, bytes], _SentOrder] = {}
    questions: set[tuple[int, bytes]] = set()
    seen: set[int] = set()
    for line, (time, connection, kind, data) in enumerate(journal, 1):
        match kind:
            case "in":
                request = decode(data)
                if isinstance(request, SendLimitOrder):
                    key = connection, bytes(request.id)
                    by_line[line] = unknown[key] = _SentOrder(time, line, connection, _terms(request))
                elif isinstance(request, QUESTIONS):
                    questions.add((connection, bytes(request.id)))
            case "out" if unknown and (message := _MESSAGE.match(data)):
                key = connection, message[1]
                if key in questions:
                    _tell(unknown, data, line)
                elif key in unknown and _ANSWER.fullmatch(data):
                    unknown.pop(key).known = line
            case "close":
                ends[connection] = line
            case "event" if type(data) is OrderChanged and data.order_id not in seen:
                seen.add(data.order_id)
                order = by_line.get(_request_behind(line, journal, causes))
                if order is not None:
                    order.order_id = data.order_id
    return list(by_line.values())


def _tell(unknown: dict[tuple[int, bytes], _SentOrder], answer: bytes, line: int) -> None:
    """Note of orders that the answer to a question names that the client knows them now."""
    for key, order in list(unknown.items()):
        if order.order_id is not None and b'"%d"' % order.order_id in answer:
            unknown.pop(key).known = line


def _terms(order: SendLimitOrder) -> str:
    terms = f"{order.dir.value} {bytes(order.quantity).decode()} at {bytes(order.price).decode()}"
    return f"{terms} of {order.target} for {order.account}".replace('"', "")


def _request_behind(line: int, journal: Sequence[JournalEntry], causes: Sequence[int]) -> int:
    """Return the line of the request that has made an entry happen; 0 if none has."""
    while 0 < line <= len(causes) and journal[line - 1][2] != "in":
        line = causes[line - 1]
    return line
