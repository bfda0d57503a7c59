"""Plays rules: their steps, one after the other, in the scenario's time, and the answers to their requests."""

from collections import deque
from functools import partial
from typing import Any, assert_never

from simulator.exchange.limits import ALL
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
from simulator.scenario.steps import CustomReplyStep, FlowStep, RateLimitStep, RejectStep, ReplyStep, Step, StepList
from simulator.schedule import Schedule
from simulator.steps.connections import ConnectionSteps
from simulator.steps.market import MarketSteps
from simulator.steps.orders import COPIES, OrderSteps, reason_of
from simulator.steps.run import RuleRun
from simulator.steps.views import ViewSteps
from simulator.terms import Refusal
from simulator.wire import encode, err, ok
from simulator.wire.requests import CancelOrder, Request, SendLimitOrder, SendRfqs

__all__ = ["StepPlayer"]

_BANNED = 1008
_AT_ONCE = 1000
"""How many who wait are let go at one moment, if time goes on by itself."""


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
        market_steps: those about the market.
        view_steps: those about views.
        connection_steps: those about connections.
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
        market_steps: MarketSteps,
        view_steps: ViewSteps,
        connection_steps: ConnectionSteps,
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
        self._market_steps = market_steps
        self._view_steps = view_steps
        self._connection_steps = connection_steps
        self._director = director
        self._note = journal.note
        self.held: dict[str, deque[RuleRun]] = {}
        """Those who wait for a release, by its name."""
        self._released: dict[str, int] = {}
        self._playing: list[RuleRun] = []
        """The runs that are being played, the one whose turn it is last."""
        self._set_off: list[RuleRun] = []
        """The runs that the present step has set off."""

    # Beginning

    def begin(
        self, rule: RuleInPlay, exceeded: RateLimitStep | None, session: Session, request: Request, size: int
    ) -> None:
        """Play a rule for a request of so many bytes."""
        self._note("rule", rule.name)
        if exceeded is not None:
            self._limit_rate(exceeded, session, request)
            return
        run = RuleRun(rule.name, rule.steps, self._schedule.cause, session, request, size, rule.rule.illegal)
        if self._find_order(run):
            self._play(run)

    def play(self, steps: StepList, name: str, session: Session | None = None) -> None:
        """Play steps that answer no request: of the timeline, of an event, or of a test."""
        self._play(RuleRun(name, steps, self._schedule.cause, session))

    def _limit_rate(self, limit: RateLimitStep, session: Session, request: Request) -> None:
        text = f"{limit.code}: more than {limit.cap} requests in {limit.per}"
        self._dispatcher.answer(session, request, Refusal(text))
        if limit.ban is not None:
            self._sessions.close(session, _BANNED, limit.code)
            if limit.bars == "everybody":
                self._sessions.refuse(duration(limit.ban))
            else:
                self._sessions.bar(session.viewer, duration(limit.ban))

    def _find_order(self, run: RuleRun) -> bool:
        """Place the order that a script is about, or find it; False if the gateway refuses the request at once."""
        request, session = run.request, run.session
        assert session is not None  # noqa: S101 - begin() gives one
        if run.steps.refuses:
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
        if isinstance(request, CancelOrder) or (run.steps.answers and not run.steps.rejects):
            self._dispatcher.publish()
        return True

    # The steps

    def _play(self, run: RuleRun) -> None:
        """Play on until the end, or until time or a release has to come.

        A run that another one sets off is played before that one goes on. However many set each other off, they wait on
        a stack of their own, and not on the interpreter's.
        """
        if self._playing:
            self._set_off.append(run)
            return
        self._playing.append(run)
        try:
            while self._playing:
                self._play_step(self._playing[-1])
                self._playing += reversed(self._set_off)
                self._set_off.clear()
        finally:
            self._playing.clear()
            self._set_off.clear()

    def _play_step(self, run: RuleRun) -> None:
        """Do the next step of a run, which is the last of those that are being played, or end it."""
        self._schedule.cause = run.cause
        steps = run.steps.in_order
        if run.position == len(steps):
            self._playing.pop()
            self._finish(run)
            return
        step = steps[run.position]
        if _is_unanswered(run) and _reveals(step):
            self._answer(run)
            if not run.steps.rejects:
                self._dispatcher.publish()
        run.position += 1
        if self._do(run, step):
            self._playing.remove(run)

    def _do(self, run: RuleRun, step: Step) -> bool:
        """Do a step; return whether those after it have to wait."""
        match step.kind:
            case "order":
                if step.verb == "reject" and _is_of_request(run, step):
                    self._refuse(run, step)
                else:
                    self._order_steps.do(run, step)
                return False
            case "flow":
                return self._flow(run, step)
            case "correction":
                self._order_steps.amend(run, step)
                return False
            case "market":
                self._market_steps.do(step)
            case "view":
                self._view_steps.do(run, step)
            case "connection":
                self._connection_steps.do(run, step)
            case _:
                assert_never(step)
        if not _is_unanswered(run):  # nobody hears of an order before its reply
            self._dispatcher.publish()
        return False

    def _flow(self, run: RuleRun, step: FlowStep) -> bool:
        """Do a step about the steps themselves; return whether those after it have to wait."""
        match step.verb:
            case "delay":
                self._keep(run)
                self._schedule.at(self._schedule.now + duration(step.time), partial(self._go_on, run))
                return True
            case "hold":
                return self._holds(run, step.name)
            case "release":
                self.release(step.name)
            case "reply":
                self._reply(run, step)
            case "heal":
                self._heal()
            case "goto":
                self._director.state = step.state
                self._note("state", step.state)
            case "rate_limit":
                self._note("skipped", f"{run.name}: rate_limit: there is no request to count")
            case _:
                assert_never(step)
        return False

    def _heal(self) -> None:
        """End every fault that a scenario has made, and let what is held go on."""
        self._director.set_rules(())
        self._venue.halts.end(ALL)
        self._view_steps.straighten()
        self._connection_steps.heal()
        for name in list(self.held):
            self.release(name)

    def _holds(self, run: RuleRun, name: str) -> bool:
        """Tell whether a script has to wait for a release; one that came before anybody waited counts."""
        if self._released.get(name, 0):
            self._released[name] -= 1
            return False
        self.held.setdefault(name, deque()).append(run)
        self._keep(run)
        return True

    def _keep(self, run: RuleRun) -> None:
        """Count what a run that has to wait keeps for its connection."""
        if run.session is not None:
            self._delivery.keep(run.session, run.size)

    def _go_on(self, run: RuleRun) -> None:
        if run.session is not None:
            self._delivery.let_go(run.session, run.size)
        self._play(run)

    def release(self, name: str) -> None:
        """Let all who wait for a name go on; if nobody does, the next one to wait for it will not."""
        waiting = self.held.pop(name, None)
        if not waiting:
            self._released[name] = self._released.get(name, 0) + 1
            return
        self._let_go(waiting)

    def _let_go(self, waiting: deque[RuleRun]) -> None:
        """Let those go on who wait; of very many, some a moment later, so that others have their turn in between."""
        at_once = _AT_ONCE if self._dispatcher.tells_in_parts else len(waiting)
        for _ in range(min(at_once, len(waiting))):
            self._go_on(waiting.popleft())
        if waiting:
            self._schedule.at(self._schedule.now + 1, lambda: self._let_go(waiting))

    def _refuse(self, run: RuleRun, reject: RejectStep) -> None:
        """Refuse what a request other than an order asks for, and answer it unless a step says when to."""
        run.refusal = Refusal(reason_of(reject))
        if not run.steps.answers:
            self._answer(run)
        order = run.order
        if order is not None and not order.is_out:
            self._venue.refuse_cancel(order)
            self._dispatcher.publish(order.id, COPIES[reject.send])

    # Answers

    def _reply(self, run: RuleRun, step: ReplyStep | CustomReplyStep) -> None:
        session, request = run.session, run.request
        if run.is_answered or session is None or request is None:
            return
        number = bytes(request.id)
        if isinstance(step, CustomReplyStep):
            run.is_answered = True
            if isinstance(step.raw, str):
                self._delivery.reply(session, step.raw.encode())
            elif isinstance(step.err, str):
                self._delivery.reply(session, err(number, step.err))
            else:
                body = encode(step.ok)
                if isinstance(request, SendRfqs):
                    self._order_requests.promise(body)
                self._delivery.reply(session, ok(number, body))
        elif step.send == "never":
            run.is_answered = True
            self._note("lost", f"{run.name}: the reply to request {number.decode()}")
        else:
            with self._delivery.sending_replies(COPIES[step.send]):
                self._answer(run)

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
            if not run.steps.answers:
                self._answer(run)
                self._dispatcher.publish()
            if order is not None and self._is_open(order):
                if run.steps.is_truthful:
                    self._venue.rest_only(order, self._schedule.now)
                else:
                    self._venue.match(order, self._schedule.now)
        elif isinstance(request, CancelOrder):
            if order is not None and order.is_canceling and self._is_open(order):
                self._venue.cancel(order)
            if not run.steps.answers:
                self._answer(run)
        elif not run.steps.answers:
            self._answer(run)
        self._dispatcher.publish()

    def _is_open(self, order: Order) -> bool:
        """Tell whether the exchange still has an order in its market; it may have lost it in a restart."""
        return order.id in self._venue.open


def _is_unanswered(run: RuleRun) -> bool:
    """Tell whether a script is about an order that has no answer yet, where no step says when to answer.

    An order is answered when the gateway takes it, before anything becomes of it; all else when it has been done.
    """
    return isinstance(run.request, SendLimitOrder) and not run.is_answered and not run.steps.answers


def _reveals(step: Step) -> bool:
    """Tell whether an order is answered before a step that does not say so: what it shows, or time that it takes."""
    return step.kind in ("order", "correction") or step.verb in ("delay", "hold", "release")


def _is_of_request(run: RuleRun, step: RejectStep) -> bool:
    """Tell whether a reject is for a request that is no new order, and not for an order."""
    return step.order == "this" and run.request is not None and not isinstance(run.request, SendLimitOrder)
