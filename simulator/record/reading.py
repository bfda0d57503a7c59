"""A session that was seen, read: which message answers which request, and which order is which."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from simulator.decimals import parse_amount, text_of_amount
from simulator.record.order_life import OrderReport
from simulator.record.substitutes import orders_in
from simulator.scenario.values import decoded
from simulator.wire.codec import NO_ID, BadRequest, decode

__all__ = [
    "CANCEL",
    "OPEN_ORDERS",
    "OTHER_PROTOCOL",
    "SEND",
    "STATES",
    "RecordedEvent",
    "RecordedRequest",
    "RecordedSession",
]

OTHER_PROTOCOL = "/netidx"
STATES, SEND, CANCEL, OPEN_ORDERS = "SubscribeOrderState", "SendLimitOrder", "CancelOrder", "ListOpen"
_TAKEN = re.compile(r'"Ok"\s*:\s*"([^"\\]+)"')


class RecordedEvent(msgspec.Struct, frozen=True):
    """Something that passed: ``open`` (data: the target), ``in``, ``out``, or ``close`` (data: the code).

    ``refused`` is for a connection that the endpoint did not take (data: the target and why). ``time`` is in
    nanoseconds from any beginning; ``by_endpoint`` is for a close that the endpoint began.
    """

    time: int
    connection: int
    kind: str
    data: str
    by_endpoint: bool = False


class RecordedRequest(msgspec.Struct, eq=False):
    """A request, with its first answer as far as there was one; ``nth`` counts those of its type.

    ``at`` is its place in the session, ``text`` the message as it came, ``complaint`` what the decoder says of one
    that it cannot read: such a one reaches no rule. ``garbled`` is what came in an answer's place and is none,
    ``copies`` how often the answer came. ``order`` is the endpoint's id of the order that it sent, and ``number``
    the one that the order has when it is replayed; 0 for what sends none.
    """

    at: int
    time: int
    connection: int
    id: Any
    fields: dict[str, Any]
    text: str
    nth: int = 0
    complaint: str | None = None
    name: str | None = None
    answered: int | None = None
    answered_at: int = 0
    response: Any = None
    copies: int = 0
    garbled: str | None = None
    order: str | None = None
    number: int = 0

    @property
    def type(self) -> str:
        """The name of the request's type."""
        return str(self.fields.get("type"))

    @property
    def subscribes(self) -> bool:
        """Whether it began a subscription."""
        return self.complaint is None and self.type.startswith("Subscribe") and self.refusal is None

    @property
    def refusal(self) -> str | None:
        """What it was refused with, if it was."""
        text = self.response.get("Err") if isinstance(self.response, dict) else None
        return text if isinstance(text, str) else None

    @property
    def is_unanswered(self) -> bool:
        """Whether nothing ever came in answer to it, where something would have to."""
        return self.answered is None and self.garbled is None and self.type != "Unsubscribe"


class RecordedSession:
    """Reads one session; all that is found bears its place in the session.

    Args:
        session: what passed, in its order.
    """

    def __init__(self, session: Iterable[RecordedEvent]) -> None:
        self.session = list(session)
        self.requests: dict[int, RecordedRequest] = {}
        self.answers: dict[int, RecordedRequest] = {}
        """By the place of a message, the request under whose id it came."""
        self.garbled: dict[int, RecordedRequest] = {}
        """By the place of a message that makes no sense, the request in whose answer's place it came."""
        self.repeats: set[int] = set()
        """The places of answers that had come before."""
        self.reports: dict[int, list[OrderReport]] = {}
        self.orders: dict[str, RecordedRequest] = {}
        self.targets: dict[int, str] = {}
        self.asked: dict[tuple[int, Any], RecordedRequest] = {}
        self._counts: Counter[str] = Counter()
        for at, seen in enumerate(self.session):
            if seen.kind == "open":
                self.targets[seen.connection] = seen.data
            elif seen.kind == "in":
                self._take_request(at, seen)
            elif seen.kind == "out":
                self._take_message(at, seen)
        self._find_garbled()
        self._number_orders()
        self.names = {order: _called(request) for order, request in self.orders.items()}
        self.numbers = {order: str(request.number) for order, request in self.orders.items()}

    @property
    def began(self) -> int:
        """When the session began."""
        return self.session[0].time if self.session else 0

    def is_gateway(self, connection: int) -> bool:
        """Tell whether a connection speaks the gateway's protocol."""
        return not self.targets.get(connection, "").startswith(OTHER_PROTOCOL)

    def _take_request(self, at: int, seen: RecordedEvent) -> None:
        message = _decoded(seen.data)
        if not isinstance(message, dict) or not self.is_gateway(seen.connection):
            return
        read = decode(seen.data)
        if bytes(read.id) == NO_ID:
            return
        fields = {name: value for name, value in message.items() if name != "id"}
        request = RecordedRequest(at, seen.time, seen.connection, message["id"], fields, seen.data)
        self.requests[at] = request
        asked = seen.connection, str(message["id"])
        if isinstance(read, BadRequest):
            request.complaint = read.text
            if asked not in self.asked or not self.asked[asked].subscribes:
                self.asked[asked] = request
            return
        self._counts[request.type] += 1
        request.nth = self._counts[request.type]
        if request.type == "Unsubscribe":
            return
        if request.subscribes:
            request.name = f"updates{sum(other.subscribes for other in self.requests.values())}"
        self.asked[asked] = request

    def _take_message(self, at: int, seen: RecordedEvent) -> None:
        message = _decoded(seen.data)
        if not isinstance(message, dict) or not isinstance(message.get("response"), dict):
            return
        request = self.asked.get((seen.connection, str(message.get("id"))))
        if request is None:
            return
        self.answers[at] = request
        said = message["response"].get("Ok")
        if request.complaint is None and request.type in (STATES, "GetOrderState"):
            self.reports[at] = list(_reports(said, at, seen.time, request))
        request.copies += 1
        if request.answered is not None:
            if not request.subscribes:
                self.repeats.add(at)
            return
        request.answered, request.answered_at, request.response = seen.time, at, message["response"]
        if request.refusal is not None:
            request.name = None
        if request.complaint is None and request.type == SEND and isinstance(said, str):
            request.order = said

    def _find_garbled(self) -> None:
        """Find for each message that answers nothing the first request before it that nothing answers."""
        for at, seen in enumerate(self.session):
            if seen.kind != "out" or at in self.answers or _is_hello(seen.data) or not self.is_gateway(seen.connection):
                continue
            for request in self.requests.values():
                if request.at < at and request.connection == seen.connection and _may_lack(request):
                    request.garbled, request.answered_at = seen.data, at
                    self.garbled[at] = request
                    break

    def _number_orders(self) -> None:
        """Number the orders as a replay will, and find those whose ids no answer told."""
        placed = [r for r in self.requests.values() if r.type == SEND and r.complaint is None and r.refusal is None]
        for number, request in enumerate(placed, 1):
            request.number = number
            if request.garbled is not None and (taken := _TAKEN.search(request.garbled)):
                request.order = taken[1]
            elif request.order is not None:
                request.name = f"order{number}"
        known = {request.order for request in placed}
        for order, at in self._sightings().items():
            unknown = [request for request in placed if request.order is None and request.at < at]
            if order not in known and unknown:
                unknown[0].order = order
        self.orders = {request.order: request for request in placed if request.order is not None}

    def _sightings(self) -> dict[str, int]:
        """Return the ids of orders that the endpoint told, and where it did so first."""
        found: dict[str, int] = {}
        for at, request in self.answers.items():
            if request.complaint is None:
                said = decoded(self.session[at].data)["response"]
                for order in orders_in(said, request.type == OPEN_ORDERS):
                    found.setdefault(order, at)
        return found


def _called(request: RecordedRequest) -> str:
    """Return what the scenario calls an order: by its name, or by its number if the client never heard of it."""
    return f"${request.name}" if request.name is not None else str(request.number)


def _may_lack(request: RecordedRequest) -> bool:
    return request.complaint is None and request.is_unanswered and not request.subscribes


def _is_hello(text: str) -> bool:
    return isinstance(_decoded(text), str)


def _decoded(text: str) -> Any:
    try:
        return decoded(text)
    except ValueError:
        return None


def _reports(said: Any, at: int, time: int, request: RecordedRequest) -> Iterator[OrderReport]:
    is_news = request.type == STATES and request.answered is not None
    for item in said if isinstance(said, list) else ():
        try:
            state, mean = tuple(item["state"]), item["avg_fill_price"]
            filled = _amount(item["filled_qty"])
            if all(isinstance(flag, str) for flag in state):
                order, source = str(item["order_id"]), request.name or "query"
                yield OrderReport(
                    time, source, order, state, filled, None if mean is None else _amount(mean), at, is_news
                )
        except (KeyError, TypeError, ValueError):  # no order's state, whatever it is
            continue


def _amount(value: Any) -> Decimal:
    """Return an amount as the gateway says it; raises `ValueError` for what is none."""
    amount = parse_amount(str(value))
    if amount is None:
        raise ValueError(f"{value!r} is no amount")
    return Decimal(text_of_amount(amount))
