"""Which rule decides what becomes of a request or an event: counters, states, chances; no I/O and no exchange."""

import random
from collections import deque
from collections.abc import Iterable

from simulator.catalogue import Catalogue
from simulator.scenario.amounts import duration, moment, share
from simulator.scenario.model import Rule
from simulator.scenario.rules.index import RuleIndex
from simulator.scenario.rules.matching import Condition, RequestFacts
from simulator.scenario.steps import RateLimitStep, StepList
from simulator.terms import BILLION
from simulator.wire.requests import Request

__all__ = ["FIRST_STATE", "Director", "RuleInPlay"]

FIRST_STATE = "start"
"""The state that a scenario begins in."""


class RuleInPlay:
    """A rule with its counters.

    Args:
        rule: the rule of the file.
        number: which it is, from 0.
        began: when the world began, in nanoseconds.
    """

    def __init__(self, rule: Rule, number: int, began: int) -> None:
        self.rule = rule
        self.number = number
        self.name = rule.name or f"rule {number + 1}"
        self.condition = Condition(rule.when)
        self.limits: list[RateLimitStep] = [step for step in rule.then if step.verb == "rate_limit"]
        self.steps = StepList(step for step in rule.then if step.verb != "rate_limit")
        self.matched = 0
        self.fired = 0
        self.is_on = True
        """Whether it is asked at all."""
        self.until = None if rule.until is None else moment(rule.until, began)
        self.chance = None if rule.chance is None else share(rule.chance)
        self.only_limits = bool(self.limits) and not self.steps.in_order
        self._requests: dict[int, list[deque[int]]] = {}
        """Per connection and per limit, when the requests came that count."""

    def takes(self, rng: random.Random, now: int) -> bool:
        """Tell whether the rule fires for what has met its condition; counts it."""
        rule = self.rule
        if rule.times is not None and self.fired >= rule.times:
            return False
        if self.until is not None and now >= self.until:
            return False
        self.matched += 1
        past = self.matched - rule.after - 1
        if past < 0 or past % rule.every:
            return False
        if self.chance is not None and rng.random() * BILLION >= self.chance:
            return False
        self.fired += 1
        return True

    def exceeded(self, session: int, now: int) -> RateLimitStep | None:
        """Count a request against the rule's rate limits; return the one that it exceeds, or None."""
        exceeded = None
        counts = self._requests.setdefault(session, [deque() for _ in self.limits])
        for limit, times in zip(self.limits, counts, strict=True):
            while times and times[0] <= now - duration(limit.per):
                times.popleft()
            if len(times) >= limit.cap:
                exceeded = limit
        if exceeded is None:
            for times in counts:
                times.append(now)
        return exceeded

    def forget(self, session: int) -> None:
        """Forget what a connection that is gone has asked for."""
        self._requests.pop(session, None)


class Director:
    """The rules of a scenario, and its state.

    Args:
        rules: in the order of the file.
        catalogue: gives products their names.
        rng: where chances are drawn from.
        began: when the world began, in nanoseconds.
    """

    def __init__(self, rules: Iterable[Rule], catalogue: Catalogue, rng: random.Random, began: int) -> None:
        self.state = FIRST_STATE
        self.rules: list[RuleInPlay] = []
        self._catalogue = catalogue
        self._rng = rng
        self._began = began
        self._for_type: dict[type, list[RuleInPlay]] = {}
        self._indexes: dict[type, RuleIndex] = {}
        self._for_event: dict[str, list[RuleInPlay]] = {}
        self.set_rules(rules)

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Replace the rules; their counters begin anew, the state stays."""
        self.rules = [RuleInPlay(rule, number, self._began) for number, rule in enumerate(rules)]
        self._sort()

    def switch(self, rule: RuleInPlay, is_on: bool) -> None:
        """Let one of the rules be asked or not from now on; its counters stay."""
        rule.is_on = is_on
        self._sort()

    def _sort(self) -> None:
        """Keep the rules that are on by what they are for."""
        self._for_type.clear()
        self._for_event.clear()
        for rule in (rule for rule in self.rules if rule.is_on):
            condition = rule.condition
            if condition.event is not None:
                self._for_event.setdefault(condition.event, []).append(rule)
            else:
                for kind in condition.types:
                    self._for_type.setdefault(kind, []).append(rule)
        self._indexes = {kind: RuleIndex([rule.condition for rule in rules]) for kind, rules in self._for_type.items()}

    def decide(self, request: Request, session: int, now: int) -> tuple[RuleInPlay, RateLimitStep | None] | None:
        """Return the rule that decides about a request, with the rate limit that it exceeds if there is one.

        A rule of nothing but rate limits lets what is within them pass on to the next rules. Returns None if the
        engine is to do as it does.
        """
        index = self._indexes.get(type(request))
        if index is None:
            return None
        passing = index.passing(RequestFacts(request, session, self.state, self._catalogue))
        if not passing:
            return None
        rules = self._for_type[type(request)]
        for rule in _counted(rules[number] for number in passing):
            if rule.takes(self._rng, now):
                exceeded = rule.exceeded(session, now)
                if exceeded is not None or not rule.only_limits:
                    return rule, exceeded
        return None

    def has_rules_for(self, kind: type[Request]) -> bool:
        """Tell whether any rule is for requests of a type, whatever else it asks of them."""
        return kind in self._for_type

    def on_event(self, event: str, session: int, now: int) -> RuleInPlay | None:
        """Return the rule for an event of a connection: ``connect``, ``subscribe`` or ``disconnect``."""
        if event == "disconnect":
            for rule in self.rules:
                rule.forget(session)
        facts = RequestFacts(None, session, self.state, self._catalogue, event)
        candidates = _counted(rule for rule in self._for_event.get(event, ()) if rule.condition.meets(facts))
        return next((rule for rule in candidates if rule.takes(self._rng, now)), None)


def _counted(rules: Iterable[RuleInPlay]) -> list[RuleInPlay]:
    """Count a request for each rule whose it may be, whichever will decide; return those whose ``nth`` it is."""
    return [rule for rule in rules if rule.condition.count()]
