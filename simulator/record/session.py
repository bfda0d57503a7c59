"""A session that was seen between a client and an endpoint, as a scenario that replays.

The client's requests become its steps. What the endpoint answered becomes rules: queries are answered as they were,
and orders live as they were seen to, with times as delays. The ids of orders become names, and accounts are called
otherwise. Market data is not kept. What a gateway refuses by itself has no rule, and messages that are no requests
are not counted by one, since they never reach the rules.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from simulator.catalogue import Catalogue
from simulator.record.lives import View, delay, duration_text, life_of
from simulator.record.naming import accounts_of, fake_accounts, renamed, with_accounts, with_orders
from simulator.record.refusals import Refusals
from simulator.replay.values import decoded, text_of
from simulator.terms import BILLION, text_of_amount
from simulator.wire.codec import NO_ID, REQUEST_TYPES, BadRequest, decode

__all__ = ["Seen", "scenario_of"]

_SHORTEST_WAIT = 5_000_000
_PATIENCE = 5
_FIRST_TARGET, _OTHER_PROTOCOL = "/architect", "/netidx"
_NO_ACCOUNT = "there is no account "
_STATES, _SEND, _CANCEL, _OPEN_ORDERS = "SubscribeOrderState", "SendLimitOrder", "CancelOrder", "ListOpen"
_CENT = Decimal("0.01")


class Seen(msgspec.Struct, frozen=True):
    """Something that passed: ``open`` (data: the target), ``in``, ``out``, or ``close`` (data: the code).

    ``time`` is in nanoseconds from any beginning; ``by_endpoint`` is for a close that the endpoint began.
    """

    time: int
    connection: int
    kind: str
    data: str
    by_endpoint: bool = False


class _Request(msgspec.Struct):
    """A request, with its first answer as far as there was one; ``nth`` counts those of its type.

    ``text`` is the message as it came, ``complaint`` what the decoder says of one that it cannot read: such a one
    reaches no rule.
    """

    time: int
    connection: int
    id: Any
    fields: dict[str, Any]
    text: str
    nth: int = 0
    complaint: str | None = None
    name: str | None = None
    answered: int | None = None
    response: Any = None

    @property
    def type(self) -> str:
        return str(self.fields.get("type"))

    @property
    def subscribes(self) -> bool:
        return self.complaint is None and self.type.startswith("Subscribe")

    @property
    def refusal(self) -> str | None:
        """What it was refused with, if it was."""
        text = self.response.get("Err") if isinstance(self.response, dict) else None
        return text if isinstance(text, str) else None


def scenario_of(session: Iterable[Seen], catalogue: Catalogue, catalogue_name: str = "default") -> dict[str, Any]:
    """Return a session as a scenario's data, in the file's own words.

    ``catalogue`` is what is traded, and ``catalogue_name`` what the scenario calls it.
    """
    reading = _Reading(list(session), catalogue)
    return reading.scenario(catalogue_name)


class _Reading:
    """Reads one session."""

    def __init__(self, session: list[Seen], catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._began = session[0].time if session else 0
        self._requests: dict[int, _Request] = {}
        self._asked: dict[tuple[int, Any], _Request] = {}
        self._views: dict[int, list[View]] = {}
        self._orders: dict[str, _Request] = {}
        self._targets: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        for number, seen in enumerate(session):
            if seen.kind == "open":
                self._targets[seen.connection] = seen.data
            elif seen.kind == "in":
                self._take_request(number, seen)
            elif seen.kind == "out":
                self._take_message(number, seen)
        self._names = {order: f"${request.name}" for order, request in self._orders.items()}
        self._numbers = {order: str(at) for at, order in enumerate(self._orders, 1)}
        self._accounts = fake_accounts(request.fields for request in self._requests.values())
        self._known = self._known_accounts()
        self._refusals: Refusals | None = None
        self._refused = {number for number, request in self._requests.items() if self._is_refused_alike(request)}

    def _take_request(self, number: int, seen: Seen) -> None:
        message = _decoded(seen.data)
        if not isinstance(message, dict) or self._targets.get(seen.connection, "").startswith(_OTHER_PROTOCOL):
            return
        read = decode(seen.data)
        if bytes(read.id) == NO_ID:
            return
        fields = {name: value for name, value in message.items() if name != "id"}
        request = _Request(seen.time, seen.connection, message["id"], fields, seen.data)
        self._requests[number] = request
        asked = seen.connection, str(message["id"])
        if isinstance(read, BadRequest):
            request.complaint = read.text
            if asked not in self._asked or not self._asked[asked].subscribes:
                self._asked[asked] = request
            return
        self._counts[request.type] += 1
        request.nth = self._counts[request.type]
        if request.type == "Unsubscribe":
            return
        if request.subscribes:
            request.name = f"updates{sum(other.subscribes for other in self._requests.values())}"
        self._asked[asked] = request

    def _take_message(self, number: int, seen: Seen) -> None:
        message = _decoded(seen.data)
        if not isinstance(message, dict) or not isinstance(message.get("response"), dict):
            return
        request = self._asked.get((seen.connection, str(message.get("id"))))
        if request is None:
            return
        said = message["response"].get("Ok")
        if request.complaint is None and request.type in (_STATES, "GetOrderState"):
            self._views[number] = list(_views(said, seen.time, request))
        if request.answered is None:
            request.answered, request.response = seen.time, message["response"]
            if request.complaint is None and request.type == _SEND and isinstance(said, str):
                request.name = f"order{len(self._orders) + 1}"
                self._orders[said] = request

    # What needs no rule

    def _known_accounts(self) -> list[str]:
        """Return the accounts, by their other names, but for those that the endpoint did not know."""
        unknown: dict[str, bool] = {}
        for request in self._requests.values():
            is_unknown = _NO_ACCOUNT in (request.refusal or "")
            for name in accounts_of(request.fields):
                unknown[name] = unknown.get(name, True) and is_unknown
        return [other for name, other in self._accounts.items() if not unknown[name]]

    def _is_refused_alike(self, request: _Request) -> bool:
        """Tell whether the gateway refuses a request as the endpoint did, without a rule."""
        if request.complaint is not None:
            return True
        of_a_known_order = str(request.fields.get("order_id")) in {*self._numbers, *self._numbers.values()}
        if request.refusal is None or of_a_known_order:
            return False
        if self._refusals is None:
            self._refusals = Refusals(self._catalogue, self._known)
        fields = with_accounts(with_orders(request.fields, self._numbers), self._accounts)
        target = renamed(self._targets.get(request.connection, _FIRST_TARGET), self._accounts)
        return self._refusals.says(target, fields) == renamed(request.refusal, self._accounts)

    # The scenario

    def scenario(self, catalogue: str) -> dict[str, Any]:
        """Return the session as a scenario's data."""
        endings = [seen for seen in self._session if seen.kind == "close" and seen.by_endpoint]
        found: dict[str, Any] = {
            "name": "recorded session",
            "clock": "instant",
            "catalogue": catalogue,
            "accounts": self._known,
            "rules": [
                rule
                for number, request in self._requests.items()
                if number not in self._refused and (rule := self._rule(request))
            ],
            "timeline": [self._ending(seen) for seen in endings],
            "client": list(self._client()),
        }
        return {key: value for key, value in found.items() if value != []}

    def _ending(self, seen: Seen) -> dict[str, Any]:
        ending: Any = {"code": int(seen.data), "session": str(seen.connection)}
        return {
            "at": duration_text(seen.time - self._began),
            "do": {"disconnect": "abort" if seen.data == "1006" else ending},
        }

    # What the endpoint did

    def _rule(self, request: _Request) -> dict[str, Any] | None:
        is_plain_cancel = request.type == _CANCEL and "Ok" in (request.response or ())
        if request.subscribes or request.type == "Unsubscribe" or request.answered is None or is_plain_cancel:
            return None
        if request.name is not None:
            steps = self._life(request)
        else:
            reply = self._own(request, request.response, self._numbers)
            steps = [*delay(request.answered - request.time), {"reply": reply}]
        return {"when": {"request": request.type, "nth": str(request.nth)}, "then": steps} if steps else None

    def _life(self, request: _Request) -> list[Any]:
        order = next(order for order, other in self._orders.items() if other is request)
        views = [view for found in self._views.values() for view in found if view.order == order]
        followed = [view for view in views if view.source.startswith("updates")] or views
        cancels = [
            other.time
            for other in self._requests.values()
            if other.type == _CANCEL
            and str(other.fields.get("order_id")) == order
            and "Err" not in (other.response or ())
        ]
        source = [view for view in followed if view.source == followed[0].source]
        return life_of(request.time, source, cancels, self._tick(request), self._reason(order))

    def _tick(self, request: _Request) -> Decimal:
        listing = self._catalogue.tradable_product(str(request.fields.get("target")))
        return _CENT if listing is None else Decimal(text_of_amount(listing.quote_increment))

    def _reason(self, order: str) -> str:
        """Return why an order was rejected, if the client asked."""
        answers = [other.response.get("Ok") for other in self._requests.values() if other.type == "GetRejectReason"]
        items = [item for answer in answers if isinstance(answer, list) for item in answer if isinstance(item, dict)]
        reasons = [item.get("reason") for item in items if str(item.get("order_id")) == order]
        return str(next((reason for reason in reasons if reason), ""))

    def _own(self, request: _Request, value: Any, orders: dict[str, str]) -> Any:
        """Return data of a request or its answer without what is the session's own."""
        found = with_accounts(with_orders(value, orders), self._accounts)
        if request.type == _OPEN_ORDERS and isinstance(found.get("Ok"), list):
            return {"Ok": with_orders(found["Ok"], orders, here=True)}
        if isinstance(found.get("Err"), str):
            return {"Err": renamed(found["Err"], self._accounts)}
        return found

    # What the client did

    def _client(self) -> Iterator[dict[str, Any]]:
        last = self._began
        for number, seen in enumerate(self._session):
            if seen.kind == "out":
                for view in self._views.get(number, ()):
                    if view.order in self._names and view.source.startswith("updates"):
                        yield self._awaited(view, seen, last)
                        last = max(last, seen.time)
                continue
            if seen.time - last >= _SHORTEST_WAIT and not seen.by_endpoint:
                yield {"wait": duration_text(seen.time - last)}
            last = max(last, seen.time)
            request = self._requests.get(number)
            if request is not None:
                yield self._sent(request)
                is_at_once = request.subscribes or number in self._refused
                last = max(last, seen.time if is_at_once else request.answered or 0)
            elif not (seen.kind == "open" and seen.connection == 1 and seen.data == _FIRST_TARGET):
                yield self._other(seen, last)

    def _other(self, seen: Seen, last: int) -> dict[str, Any]:
        on = _on(seen.connection)
        if seen.kind == "open":
            return {"connect": renamed(seen.data, self._accounts), **on}
        if seen.kind == "in":
            return {"raw": renamed(seen.data, self._accounts), **on}
        if seen.by_endpoint:
            within = _patience(seen.time - self._began)
            return {"await": {"closed": int(seen.data), "within": within}, **on}
        return {"disconnect": True, **on}

    def _sent(self, request: _Request) -> dict[str, Any]:
        if request.complaint is not None:
            return self._sent_wrong(request, request.complaint)
        fields = self._own(request, request.fields, self._names)
        if request.type == "Unsubscribe":
            followed = self._asked.get((request.connection, str(request.id)))
            ended = f"${followed.name}" if followed is not None and followed.name else request.id
            return {"send": {"type": "Unsubscribe", "id": ended}, **_on(request.connection)}
        step: dict[str, Any] = {"send": fields, **_on(request.connection)}
        if request.name is not None:
            step["as"] = request.name
        elif request.answered is not None:
            step["reply"] = self._own(request, request.response, self._names)
        return step

    def _sent_wrong(self, request: _Request, complaint: str) -> dict[str, Any]:
        """Return the step for a message that is no request: as data if that is as wrong, else as it came."""
        complaint = renamed(complaint, self._accounts)
        fields = self._own(request, request.fields, self._names)
        step: dict[str, Any] = {"send": fields} if _complaint(fields) == complaint else {}
        step = step or {"raw": renamed(request.text, self._accounts)}
        step |= _on(request.connection)
        if request.refusal is not None:
            refusal = renamed(request.refusal, self._accounts)
            step["reply"] = {"Err": refusal} if refusal == complaint else "Err"
        return step

    def _awaited(self, view: View, seen: Seen, last: int) -> dict[str, Any]:
        wanted = {
            "on": f"${view.source}",
            "order_id": self._names[view.order],
            "state": list(view.state),
            "filled_qty": f"{view.filled:f}",
            "within": _patience(seen.time - last),
        }
        return {"await": wanted}


def _patience(nanoseconds: int) -> str:
    """Return how long to wait for what took so long, in whole seconds and with some to spare."""
    return f"{nanoseconds // BILLION + _PATIENCE}s"


def _on(connection: int) -> dict[str, str]:
    return {} if connection == 1 else {"on": f"connection{connection}"}


def _complaint(fields: dict[str, Any]) -> str | None:
    """Return what the decoder says of a request of a known type with these fields, if it cannot read it."""
    if not isinstance(fields.get("type"), str) or fields["type"] not in REQUEST_TYPES:
        return None
    try:
        read = decode(text_of({"id": 1, **fields}))
    except ValueError:  # no text that can be sent
        return None
    return read.text if isinstance(read, BadRequest) else None


def _decoded(text: str) -> Any:
    try:
        return decoded(text)
    except ValueError:
        return None


def _views(said: Any, time: int, request: _Request) -> Iterator[View]:
    for item in said if isinstance(said, list) else ():
        try:
            mean = item["avg_fill_price"]
            yield View(
                time,
                request.name or "query",
                str(item["order_id"]),
                tuple(item["state"]),
                Decimal(item["filled_qty"]),
                None if mean is None else Decimal(mean),
            )
        except (KeyError, TypeError, InvalidOperation):  # no order's state, whatever it is
            continue
