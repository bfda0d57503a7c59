"""What the endpoint did in a session, as rules."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from simulator.catalogue import Catalogue
from simulator.decimals import parse_amount, text_of_amount
from simulator.record.accounts import Accounts
from simulator.record.order_life import Change, Life, OrderReport, Script, duration_text, reject_of
from simulator.record.reading import CANCEL, STATES, RecordedEvent, RecordedRequest, RecordedSession
from simulator.record.refusals import Refusals
from simulator.scenario.steps import TRUTH

__all__ = ["RuleFinder"]

_FIRST_TARGET = "/architect"
_CUT = "1006"
_AT_ONCE = 5_000_000
_CENT = Decimal("0.01")
_MILLISECOND = 1_000_000
_FOR_EVER = {"hold": "for ever"}
"""The step that keeps a rule from its end, where the engine would ack its order or do its cancel."""


class RuleFinder:
    """Finds the rules of a session.

    Args:
        reading: the session.
        catalogue: what is traded.
        accounts: what the accounts are called.
    """

    def __init__(self, reading: RecordedSession, catalogue: Catalogue, accounts: Accounts) -> None:
        self._reading = reading
        self._catalogue = catalogue
        self._accounts = accounts
        self._refusals: Refusals | None = None
        self._reports: dict[str, list[OrderReport]] = {}
        for report in (report for reports in reading.reports.values() for report in reports):
            self._reports.setdefault(report.order, []).append(report)
        self._asked: dict[str, list[RecordedRequest]] = {}
        for request in reading.requests.values():
            if request.type == CANCEL and request.complaint is None:
                self._asked.setdefault(str(request.fields.get("order_id")), []).append(request)
        self._lives = {order: self._life(order, request) for order, request in reading.orders.items()}
        self._unheard = Life(0, (), _CENT, Decimal("Infinity"), "")
        self.refused = {at for at, request in reading.requests.items() if self._is_refused_alike(request)}
        """The places of the requests that the gateway refuses as the endpoint did, without a rule."""
        self._endings = self._caused()
        self._stalled = [at for at in reading.requests if self._is_unheard(at)]

    def all(self) -> Iterator[dict[str, Any]]:
        """Yield the rules, in the order of their requests."""
        for at, request in self._reading.requests.items():
            steps = [] if at in self.refused else self._steps(request)
            if steps:
                rule = {"when": {"request": request.type, "nth": str(request.nth)}, "then": steps}
                life = self._canceled(request) or self._life_of(request)
                yield {**rule, "illegal": True} if life.is_illegal else rule

    def _steps(self, request: RecordedRequest) -> list[Any]:
        """Return the steps of a request's rule; none if it needs no rule."""
        if request.type == "Unsubscribe" or (request.subscribes and not request.is_unanswered):
            return []
        if self._stalls(request) is False:
            return self._ended(Script(request.time), request).steps()
        if request.number:
            return self._order(request)
        if (life := self._canceled(request)) is not None:
            return self._cancel(request, life)
        script = Script(request.time)
        script.add(self._reply(request))
        return self._ended(script, request).steps()

    def timeline(self) -> list[dict[str, Any]]:
        """Return the ends of connections that the endpoint made and no request brought about."""
        caused = {ending.at for ending in self._endings.values()}
        return [
            {
                "at": duration_text(seen.time - self._reading.began),
                "do": {"disconnect": _ending(seen, str(seen.connection))},
            }
            for at, seen in enumerate(self._reading.session)
            if seen.by_endpoint and at not in caused
        ]

    def _caused(self) -> dict[int, Change]:
        """Return the ends of connections, by the place of the request that brought them about."""
        found: dict[int, Change] = {}
        for at, seen in enumerate(self._reading.session):
            if not seen.by_endpoint:
                continue
            asked = [r for r in self._reading.requests.values() if r.connection == seen.connection and r.at < at]
            last = asked[-1] if asked else None
            if last is None or last.at in self.refused or last.subscribes or last.type == "Unsubscribe":
                continue
            if last.is_unanswered or seen.time - last.time < _AT_ONCE:
                found[last.at] = Change(at, seen.time, {"disconnect": _ending(seen)})
        return found

    def _is_unheard(self, at: int) -> bool:
        """Tell whether a connection says nothing any more after a request, where it should say more than a reply."""
        request = self._reading.requests[at]
        after = self._reading.session[at:]
        if not request.is_unanswered or any(s.kind == "out" and s.connection == request.connection for s in after):
            return False
        others = [r for r in self._reading.requests.values() if r.connection == request.connection and r is not request]
        return any(r.is_unanswered or (r.type == STATES and self._end(r.at) > at) for r in others)

    def _stalls(self, request: RecordedRequest) -> bool | None:
        """Tell whether a request is the first after which its connection is still; None if it is not still."""
        still = [at for at in self._stalled if self._reading.requests[at].connection == request.connection]
        return still[0] == request.at if request.at in still else None

    def _ended(self, script: Script, request: RecordedRequest) -> Script:
        """Return a script with the end of the connection that its request brought about, if it did."""
        ending = self._endings.get(request.at)
        if ending is not None:
            script.add(ending)
        return script

    def _is_refused_alike(self, request: RecordedRequest) -> bool:
        """Tell whether the gateway refuses a request as the endpoint did, without a rule."""
        if request.complaint is not None:
            return True
        numbers = self._reading.numbers
        of_a_known_order = str(request.fields.get("order_id")) in {*numbers, *numbers.values()}
        if request.refusal is None or of_a_known_order or request.copies > 1:
            return False
        if self._refusals is None:
            self._refusals = Refusals(self._catalogue, self._accounts.known)
        fields = self._accounts.in_data(request.fields, numbers)
        target = self._accounts.in_text(self._reading.targets.get(request.connection, _FIRST_TARGET))
        return self._refusals.says(target, fields) == self._accounts.in_text(request.refusal)

    # Replies

    def _reply(self, request: RecordedRequest) -> Change:
        """Return the step that answers a request as it was answered."""
        if request.is_unanswered:
            step = {"stall": "data"} if self._stalls(request) else {"reply": "never"}
            return Change(request.at, request.time, step)
        time = self._reading.session[request.answered_at].time
        if request.garbled is not None:
            text = self._accounts.garbled(request, self._reading.numbers)
            return Change(request.answered_at, time, {"reply": {"raw": text}})
        if request.copies > 1:
            return Change(request.answered_at, time, {"reply": "twice"})
        answer = self._accounts.answer(request, self._reading.numbers)
        return Change(request.answered_at, time, {"reply": answer})

    # Orders

    def _life(self, order: str, request: RecordedRequest) -> Life:
        reports = self._followed(self._reports.get(order, []))
        cancels = [(other.at, other.time) for other in self._cancels(order, reports)]
        life = Life(request.time, cancels, self._tick(request), _quantity(request), self._reason(request))
        for report in reports:
            life.tell(report)
        return life

    def _followed(self, reports: list[OrderReport]) -> list[OrderReport]:
        """Return the reports of one subscription at a time, and of queries where there is none or it says no more."""
        began = {request.name: request.at for request in self._reading.requests.values() if request.name}
        sources = sorted({report.source for report in reports if report.source in began}, key=lambda name: began[name])
        ends = {name: self._end(began[name]) for name in sources}
        last = max((report.at for report in reports if report.source in began), default=-1)

        def leads(report: OrderReport) -> bool:
            alive = [name for name in sources if began[name] < report.at <= ends[name]]
            return not alive or report.source == alive[0] or (report.source == "query" and report.at > last)

        return [report for report in reports if leads(report)]

    def _end(self, subscribed: int) -> int:
        """Return the place in the session where a subscription ends."""
        request = self._reading.requests[subscribed]
        for at, seen in enumerate(self._reading.session[subscribed:], subscribed):
            other = self._reading.requests.get(at)
            ended = other is not None and other.type == "Unsubscribe" and str(other.id) == str(request.id)
            if seen.connection == request.connection and (ended or seen.kind == "close"):
                return at
        return len(self._reading.session)

    def _cancels(self, order: str, reports: list[OrderReport]) -> list[RecordedRequest]:
        """Return the requests to cancel an order that the endpoint took, whether or not it refused them then."""
        asked = self._asked.get(order, [])
        taken = []
        for at, cancel in enumerate(asked):
            until = asked[at + 1].at if at + 1 < len(asked) else len(self._reading.session)
            if cancel.refusal is None or any("Canceling" in v.state for v in reports if cancel.at < v.at < until):
                taken.append(cancel)
        return taken

    def _tick(self, request: RecordedRequest) -> Decimal:
        listing = self._catalogue.tradable_product(str(request.fields.get("target")))
        return _CENT if listing is None else Decimal(text_of_amount(listing.quote_increment))

    def _reason(self, request: RecordedRequest) -> str:
        """Return why an order was rejected, if the client asked."""
        asked = [other for other in self._reading.requests.values() if other.type == "GetRejectReason"]
        answers = [other.response.get("Ok") for other in asked if isinstance(other.response, dict)]
        said = (item for answer in answers if isinstance(answer, list) for item in answer if isinstance(item, dict))
        reasons = (item.get("reason") for item in said if str(item.get("order_id")) == request.order)
        return self._accounts.in_text(next((reason for reason in reasons if isinstance(reason, str)), ""))

    def _life_of(self, request: RecordedRequest) -> Life:
        """Return the life of the order that a request sent; one that nothing is known of if it sent none."""
        return self._lives.get(str(request.order), self._unheard)

    def _order(self, request: RecordedRequest) -> list[Any]:
        """Return the steps of an order's rule."""
        life = self._life_of(request)
        script = Script(request.time)
        script.changes = list(life.own.changes)
        first = min((change.at for change in script.changes), default=len(self._reading.session))
        is_ended = request.at in self._endings
        if request.response is None or request.order is None or request.copies > 1:
            script.add(self._reply(request))
        elif first < request.answered_at or is_ended or not (life.is_followed or script.changes):
            script.add(Change(request.answered_at, request.answered or 0, "reply"))
        steps = self._ended(script, request).steps()
        if life.was_open and steps and "reject" in steps[0]:
            steps.insert(0, {"delay": "0ms"})  # else nobody would be told that it was open
        is_left = not {"ack", "reject", "cancel"} & script.verbs and (not life.is_out or bool(life.cancels))
        if life.is_followed and is_left:
            steps.append(_FOR_EVER)
        return [] if steps == ["reply"] else steps

    # Cancels

    def _canceled(self, request: RecordedRequest) -> Life | None:
        """Return the life of the order that a request cancels, if the endpoint took it."""
        life = self._lives.get(str(request.fields.get("order_id"))) if request.type == CANCEL else None
        return life if life is not None and request.at in life.cancels else None

    def _cancel(self, request: RecordedRequest, life: Life) -> list[Any]:
        """Return the steps of the rule of a cancel that the endpoint took; none if the engine does the same."""
        script = life.cancels[request.at]
        reply = self._reply(request)
        if request.refusal is not None:
            self._refuse(script, reply, request.refusal, life)
            return self._ended(script, request).steps()
        is_done = "cancel" in script.verbs
        is_pending = life.is_followed and not life.is_out
        is_last = all(change.time - reply.time < _MILLISECOND for change in script.changes if change.at > reply.at)
        is_usual = reply.step == {"reply": {"Ok": None}} and is_last and (is_done or not script.changes)
        if not is_usual or is_pending or request.at in self._endings:
            script.add(reply)
        elif not is_done and not life.is_followed:
            script.add(Change(reply.at, reply.time, "cancel"))
        steps = self._ended(script, request).steps()
        if is_pending:
            steps.append(_FOR_EVER)
        return [] if steps == ["cancel"] else steps

    def _refuse(self, script: Script, reply: Change, refusal: str, life: Life) -> None:
        """Add to the steps of a cancel that it was refused after the order had been canceling."""
        reason = reject_of(self._accounts.in_text(refusal))
        reject = next((change for change in script.changes if change.verb == "reject"), None)
        is_told = reject is not None and abs(reject.time - reply.time) < _MILLISECOND
        if reason is not None and (is_told or (life.is_out and reject is None)):
            script.changes = [change for change in script.changes if change is not reject]
            script.add(Change(reply.at, reply.time, {"reject": reason}))
            return
        if not TRUTH & script.verbs or (reject is None and not life.is_out):
            script.add(Change(reply.at, reply.time, {"reject": {"send": "never"}}))
        script.add(reply)


def _quantity(request: RecordedRequest) -> Decimal:
    """Return how much was ordered; without bounds if that is no amount, which the endpoint took nevertheless."""
    amount = parse_amount(str(request.fields.get("quantity")))
    return Decimal("Infinity") if amount is None else Decimal(text_of_amount(amount))


def _ending(seen: RecordedEvent, session: str | None = None) -> Any:
    """Return what a ``disconnect`` takes to end a connection as it was seen to end."""
    if seen.data == _CUT:
        return "abort" if session is None else {"abort": True, "session": session}
    return {"code": int(seen.data)} | ({} if session is None else {"session": session})
