"""Plays rules: their steps, one after the other, in the scenario's time, and the answers to their requests."""

from collections import deque
from collections.abc import Callable
from typing import Any

from simulator.exchange.orders import Order
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.dispatch import Desk
from simulator.gateway.handlers import Gateway
from simulator.gateway.session import Session
from simulator.gateway.sessions import Connections
from simulator.scenario.amounts import duration
from simulator.scenario.rules.director import RuleInPlay
from simulator.scenario.steps import TRUTH, RateLimit, Reject, Reply, StepEntry
from simulator.schedule import Agenda
from simulator.steps.orders import COPIES, TruthSteps, reason_of
from simulator.steps.run import Script
from simulator.steps.stage import Stage
from simulator.terms import Refusal
from simulator.wire import encode, err, ok
from simulator.wire.requests import CancelOrder, Request, SendLimitOrder

__all__ = ["Player"]

_BANNED = 1008


class Player:
    """Plays scripts.

    Args:
        agenda: the world's time.
        gateway: reads requests.
        desk: does what no step says, and tells of what has been done.
        connections: who is there.
        delivery: brings messages to connections.
        truth: the steps about orders.
        stage: the steps about everything else.
        note: writes to the journal.
    """

    def __init__(
        self,
        agenda: Agenda,
        gateway: Gateway,
        desk: Desk,
        connections: Connections,
        delivery: Delivery,
        truth: TruthSteps,
        stage: Stage,
        note: Callable[[str, str], None],
    ) -> None:
        self._agenda = agenda
        self._gateway = gateway
        self._venue: Venue = gateway.venue
        self._desk = desk
        self._connections = connections
        self._delivery = delivery
        self._truth = truth
        self._stage = stage
        self._note = note
        self._held: dict[str, deque[Script]] = {}
        self._released: dict[str, int] = {}

    # Beginning

    def begin(self, rule: RuleInPlay, exceeded: RateLimit | None, session: Session, request: Request) -> None:
        """Play a rule for a request."""
        self._note("rule", rule.name)
        if exceeded is not None:
            self._limit_rate(exceeded, session, request)
            return
        steps = tuple(step for step in rule.steps if step.verb != "rate_limit")
        script = Script(rule.name, steps, session, request, rule.rule.illegal)
        if not self._find_order(script):
            return
        self._play(script)

    def play(self, steps: tuple[StepEntry, ...], name: str, session: Session | None = None) -> None:
        """Play steps that answer no request: of the timeline, of an event, or of a test."""
        self._play(Script(name, steps, session))

    def _limit_rate(self, limit: RateLimit, session: Session, request: Request) -> None:
        text = f"{limit.code}: more than {limit.cap} requests in {limit.per}"
        self._desk.answer(session, request, Refusal(text))
        if limit.ban is not None:
            self._connections.close(session, _BANNED, limit.code)
            self._connections.refuse(duration(limit.ban))

    def _find_order(self, script: Script) -> bool:
        """Place the order that a script is about, or find it; False if the gateway refuses the request at once."""
        request, session = script.request, script.session
        assert session is not None  # noqa: S101 - begin() gives one
        if script.refuses:
            return True
        if isinstance(request, SendLimitOrder):
            placed = self._desk.place(session, request)
        elif isinstance(request, CancelOrder):
            placed = self._gateway.read_cancel(request, session.viewer)
        else:
            return True
        if isinstance(placed, Refusal):
            self._desk.answer(session, request, placed)
            return False
        script.order = placed
        if isinstance(request, CancelOrder):
            self._venue.ask_cancel(placed)
            self._desk.publish()
        elif script.answers:
            self._desk.publish()
        return True

    # The steps

    def _play(self, script: Script) -> None:
        """Play on until the end, or until time or a release has to come."""
        steps = script.steps
        while script.position < len(steps):
            step = steps[script.position]
            verb = step.verb
            if _is_unanswered(script) and (verb in TRUTH or verb in ("delay", "hold", "release")):
                self._answer(script)
                self._desk.publish()
            script.position += 1
            if verb == "delay":
                self._agenda.at(self._agenda.now + duration(step.args), lambda: self._play(script))
                return
            if verb == "hold":
                if self._holds(script, step.args):
                    return
            else:
                self._do(script, step)
        self._finish(script)

    def _do(self, script: Script, step: StepEntry) -> None:
        verb = step.verb
        if verb == "release":
            self.release(step.args)
        elif verb == "reply":
            self._reply(script, step.args)
        elif verb == "reject" and step.args.order == "this" and not isinstance(script.request, SendLimitOrder | None):
            self._refuse(script, step.args)
        elif verb in TRUTH:
            self._truth.play(script, step)
        else:
            self._stage.play(script, step)
            if not _is_unanswered(script):  # nobody hears of an order before its reply
                self._desk.publish()

    def _holds(self, script: Script, name: str) -> bool:
        """Tell whether a script has to wait for a release; one that came before anybody waited counts."""
        if self._released.get(name, 0):
            self._released[name] -= 1
            return False
        self._held.setdefault(name, deque()).append(script)
        return True

    def release(self, name: str) -> None:
        """Let all who wait for a name go on; if nobody does, the next one to wait for it will not."""
        waiting = self._held.pop(name, None)
        if not waiting:
            self._released[name] = self._released.get(name, 0) + 1
            return
        for script in waiting:
            self._play(script)

    @property
    def held(self) -> tuple[str, ...]:
        """The names that somebody waits for."""
        return tuple(self._held)

    def _refuse(self, script: Script, reject: Reject) -> None:
        """Refuse what a request other than an order asks for, and answer it unless a step says when to."""
        script.refusal = Refusal(reason_of(reject))
        if not script.answers:
            self._answer(script)
        order = script.order
        if order is not None and not order.is_out:
            self._venue.refuse_cancel(order)
            self._desk.publish(order.id, COPIES[reject.send])

    # Answers

    def _reply(self, script: Script, args: Any) -> None:
        if script.is_answered or script.session is None or script.request is None:
            return
        number = bytes(script.request.id)
        if args == "never":
            script.is_answered = True
            self._note("lost", f"{script.name}: the reply to request {number.decode()}")
        elif isinstance(args, Reply):
            script.is_answered = True
            if isinstance(args.raw, str):
                self._delivery.reply(script.session, args.raw.encode())
            elif isinstance(args.err, str):
                self._delivery.reply(script.session, err(number, args.err))
            else:
                self._delivery.reply(script.session, ok(number, encode(args.ok)))
        else:
            self._delivery.replies_twice = args == "twice"
            try:
                self._answer(script)
            finally:
                self._delivery.replies_twice = False

    def _answer(self, script: Script) -> None:
        """Answer a script's request as the gateway would."""
        request, session, order = script.request, script.session, script.order
        if script.is_answered or request is None or session is None:
            return
        if script.refusal is not None:
            self._say(script, script.refusal)
        elif isinstance(request, SendLimitOrder):
            self._say(script, str(order.id) if order is not None else None)
        elif isinstance(request, CancelOrder):
            is_lost = order is not None and order.is_out and not order.is_canceled
            self._say(script, Refusal(f"order {order.id} is out already") if order is not None and is_lost else None)
        else:
            script.is_answered = True
            self._desk.handle(session, request)

    def _say(self, script: Script, value: Any) -> None:
        if script.session is not None and script.request is not None:
            script.is_answered = True
            self._desk.answer(script.session, script.request, value)

    # The end

    def _finish(self, script: Script) -> None:
        """Let the engine do what the steps have left, and answer what they have not."""
        order, request = script.order, script.request
        if isinstance(request, SendLimitOrder):
            if not script.answers:
                self._answer(script)
                self._desk.publish()
            if order is not None and self._is_open(order):
                if script.is_truthful:
                    self._venue.stand(order, self._agenda.now)
                else:
                    self._venue.match(order, self._agenda.now)
        elif isinstance(request, CancelOrder):
            if order is not None and order.is_canceling and self._is_open(order):
                self._venue.cancel(order)
            if not script.answers:
                self._answer(script)
        elif not script.answers:
            self._answer(script)
        self._desk.publish()

    def _is_open(self, order: Order) -> bool:
        """Tell whether the exchange still has an order in its market; it may have lost it in a restart."""
        return order.id in self._venue.open


def _is_unanswered(script: Script) -> bool:
    """Tell whether a script is about an order that has no answer yet, where no step says when to answer.

    An order is answered when the gateway takes it, before anything becomes of it; all else when it has been done.
    """
    return isinstance(script.request, SendLimitOrder) and not script.is_answered and not script.answers
