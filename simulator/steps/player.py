"""Plays rules: their steps, one after the other, in the scenario's time, and the answers to their requests."""

from collections import deque
from collections.abc import Callable
from typing import Any

from simulator.exchange.orders import Order
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.dispatch import Dispatcher
from simulator.gateway.order_requests import OrderRequests
from simulator.gateway.session import Session
from simulator.gateway.sessions import Sessions
from simulator.journal.journal import Journal
from simulator.scenario.amounts import duration
from simulator.scenario.rules.director import Director, RuleInPlay
from simulator.scenario.steps import TRUTH, RateLimit, Reject, Reply, StepEntry
from simulator.schedule import Schedule
from simulator.steps.orders import COPIES, OrderSteps, reason_of
from simulator.steps.run import RuleRun
from simulator.terms import Refusal
from simulator.wire import encode, err, ok
from simulator.wire.requests import CancelOrder, Request, SendLimitOrder

__all__ = ["StepPlayer"]

_BANNED = 1008


class StepPlayer:
    """Plays scripts.

    Args:
        schedule: the world's time.
        venue: the exchange.
        order_requests: takes the orders and cancels that rules are for.
        dispatcher: does what no step says, and tells of what has been done.
        sessions: who is there.
        delivery: brings messages to connections.
        order_steps: the steps about orders.
        others: the steps about everything else, by their verbs.
        director: keeps the scenario's state.
        journal: the record.
    """

    def __init__(
        self,
        schedule: Schedule,
        venue: Venue,
        order_requests: OrderRequests,
        dispatcher: Dispatcher,
        sessions: Sessions,
        delivery: Delivery,
        order_steps: OrderSteps,
        others: dict[str, Callable[[RuleRun, Any], None]],
        director: Director,
        journal: Journal,
    ) -> None:
        self._schedule = schedule
        self._venue = venue
        self._order_requests = order_requests
        self._dispatcher = dispatcher
        self._sessions = sessions
        self._delivery = delivery
        self._order_steps = order_steps
        self._others = others
        self._director = director
        self._note = journal.note
        self._held: dict[str, deque[RuleRun]] = {}
        self._released: dict[str, int] = {}

    # Beginning

    def begin(self, rule: RuleInPlay, exceeded: RateLimit | None, session: Session, request: Request) -> None:
        """Play a rule for a request."""
        self._note("rule", rule.name)
        if exceeded is not None:
            self._limit_rate(exceeded, session, request)
            return
        steps = tuple(step for step in rule.steps if step.verb != "rate_limit")
        run = RuleRun(rule.name, steps, session, request, rule.rule.illegal)
        if not self._find_order(run):
            return
        self._play(run)

    def play(self, steps: tuple[StepEntry, ...], name: str, session: Session | None = None) -> None:
        """Play steps that answer no request: of the timeline, of an event, or of a test."""
        self._play(RuleRun(name, steps, session))

    def _limit_rate(self, limit: RateLimit, session: Session, request: Request) -> None:
        text = f"{limit.code}: more than {limit.cap} requests in {limit.per}"
        self._dispatcher.answer(session, request, Refusal(text))
        if limit.ban is not None:
            self._sessions.close(session, _BANNED, limit.code)
            self._sessions.refuse(duration(limit.ban))

    def _find_order(self, run: RuleRun) -> bool:
        """Place the order that a script is about, or find it; False if the gateway refuses the request at once."""
        request, session = run.request, run.session
        assert session is not None  # noqa: S101 - begin() gives one
        if run.refuses:
            return True
        if isinstance(request, SendLimitOrder):
            placed = self._order_requests.place(request, session.viewer)
        elif isinstance(request, CancelOrder):
            placed = self._order_requests.ask_cancel(request, session.viewer)
        else:
            return True
        if isinstance(placed, Refusal):
            self._dispatcher.answer(session, request, placed)
            return False
        run.order = placed
        if isinstance(request, CancelOrder) or run.answers:
            self._dispatcher.publish()
        return True

    # The steps

    def _play(self, run: RuleRun) -> None:
        """Play on until the end, or until time or a release has to come."""
        steps = run.steps
        while run.position < len(steps):
            step = steps[run.position]
            verb = step.verb
            if _is_unanswered(run) and (verb in TRUTH or verb in ("delay", "hold", "release")):
                self._answer(run)
                self._dispatcher.publish()
            run.position += 1
            if verb == "delay":
                self._schedule.at(self._schedule.now + duration(step.args), lambda: self._play(run))
                return
            if verb == "hold":
                if self._holds(run, step.args):
                    return
            else:
                self._do(run, step)
        self._finish(run)

    def _do(self, run: RuleRun, step: StepEntry) -> None:
        verb = step.verb
        if verb == "release":
            self.release(step.args)
        elif verb == "reply":
            self._reply(run, step.args)
        elif verb == "reject" and step.args.order == "this" and not isinstance(run.request, SendLimitOrder | None):
            self._refuse(run, step.args)
        elif verb == "goto":
            self._director.state = step.args
            self._note("state", step.args)
        elif verb in TRUTH:
            self._order_steps.play(run, step)
        else:
            self._others[verb](run, step.args)
            if not _is_unanswered(run):  # nobody hears of an order before its reply
                self._dispatcher.publish()

    def _holds(self, run: RuleRun, name: str) -> bool:
        """Tell whether a script has to wait for a release; one that came before anybody waited counts."""
        if self._released.get(name, 0):
            self._released[name] -= 1
            return False
        self._held.setdefault(name, deque()).append(run)
        return True

    def release(self, name: str) -> None:
        """Let all who wait for a name go on; if nobody does, the next one to wait for it will not."""
        waiting = self._held.pop(name, None)
        if not waiting:
            self._released[name] = self._released.get(name, 0) + 1
            return
        for run in waiting:
            self._play(run)

    @property
    def held(self) -> tuple[str, ...]:
        """The names that somebody waits for."""
        return tuple(self._held)

    def _refuse(self, run: RuleRun, reject: Reject) -> None:
        """Refuse what a request other than an order asks for, and answer it unless a step says when to."""
        run.refusal = Refusal(reason_of(reject))
        if not run.answers:
            self._answer(run)
        order = run.order
        if order is not None and not order.is_out:
            self._venue.refuse_cancel(order)
            self._dispatcher.publish(order.id, COPIES[reject.send])

    # Answers

    def _reply(self, run: RuleRun, args: Any) -> None:
        if run.is_answered or run.session is None or run.request is None:
            return
        number = bytes(run.request.id)
        if args == "never":
            run.is_answered = True
            self._note("lost", f"{run.name}: the reply to request {number.decode()}")
        elif isinstance(args, Reply):
            run.is_answered = True
            if isinstance(args.raw, str):
                self._delivery.reply(run.session, args.raw.encode())
            elif isinstance(args.err, str):
                self._delivery.reply(run.session, err(number, args.err))
            else:
                self._delivery.reply(run.session, ok(number, encode(args.ok)))
        else:
            self._delivery.replies_twice = args == "twice"
            try:
                self._answer(run)
            finally:
                self._delivery.replies_twice = False

    def _answer(self, run: RuleRun) -> None:
        """Answer a script's request as the gateway would."""
        request, session, order = run.request, run.session, run.order
        if run.is_answered or request is None or session is None:
            return
        if run.refusal is not None:
            self._say(run, run.refusal)
        elif isinstance(request, SendLimitOrder):
            self._say(run, str(order.id) if order is not None else None)
        elif isinstance(request, CancelOrder):
            is_lost = order is not None and order.is_out and not order.is_canceled
            self._say(run, Refusal(f"order {order.id} is out already") if order is not None and is_lost else None)
        else:
            run.is_answered = True
            self._dispatcher.handle(session, request)

    def _say(self, run: RuleRun, value: Any) -> None:
        if run.session is not None and run.request is not None:
            run.is_answered = True
            self._dispatcher.answer(run.session, run.request, value)

    # The end

    def _finish(self, run: RuleRun) -> None:
        """Let the engine do what the steps have left, and answer what they have not."""
        order, request = run.order, run.request
        if isinstance(request, SendLimitOrder):
            if not run.answers:
                self._answer(run)
                self._dispatcher.publish()
            if order is not None and self._is_open(order):
                if run.is_truthful:
                    self._venue.rest_only(order, self._schedule.now)
                else:
                    self._venue.match(order, self._schedule.now)
        elif isinstance(request, CancelOrder):
            if order is not None and order.is_canceling and self._is_open(order):
                self._venue.cancel(order)
            if not run.answers:
                self._answer(run)
        elif not run.answers:
            self._answer(run)
        self._dispatcher.publish()

    def _is_open(self, order: Order) -> bool:
        """Tell whether the exchange still has an order in its market; it may have lost it in a restart."""
        return order.id in self._venue.open


def _is_unanswered(run: RuleRun) -> bool:
    """Tell whether a script is about an order that has no answer yet, where no step says when to answer.

    An order is answered when the gateway takes it, before anything becomes of it; all else when it has been done.
    """
    return isinstance(run.request, SendLimitOrder) and not run.is_answered and not run.answers
