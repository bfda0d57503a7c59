"""Checks of steps: words that name nothing, and sequences that no venue can truthfully do."""

import re
from collections.abc import Iterator
from typing import Any

from simulator.decimals import parse_amount
from simulator.errors import nearest
from simulator.scenario.amounts import amount
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import all_steps, is_for_nothing, types_of
from simulator.scenario.checks.sequence import StepSequence
from simulator.scenario.model import Bounds, Rule, Scenario
from simulator.scenario.reading.typed import Path
from simulator.scenario.reading.unread import Unread
from simulator.scenario.steps import TRUTH, StepEntry, entry_of

__all__ = ["check_steps"]

_FILL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OF_REQUESTS = ("reply", "rate_limit")
_WITH_ORDER = frozenset({"SendLimitOrder", "CancelOrder"})


def check_steps(scenario: Scenario, known: KnownNames | None, unread: Unread) -> Iterator[Fault]:
    """Yield what is wrong with the steps of rules and of the timeline."""
    if unread.knows("rules", "timeline"):
        yield from _check_names(scenario, unread)
    changing = _changing(scenario, unread)
    for place, step, rule in all_steps(scenario):
        if known is not None:
            yield from _check_words(step, known, changing, place)
        types = frozenset() if rule is None else types_of(rule.when)
        yield from _check_place(step, types, rule, place)
    for at, rule in enumerate(scenario.rules):
        yield from _check_rule(rule, ("rules", at, "then"))


def _changing(scenario: Scenario, unread: Unread) -> set[str]:
    """Return the products whose increments a step may change: any, if some steps could not be read."""
    is_whole = unread.has_all("rules", "timeline")
    verbs = ("increments",) if is_whole else ("increments", "book", "trade")
    return {step.args.product for _, step, _ in all_steps(scenario) if step.verb in verbs}


def _check_names(scenario: Scenario, unread: Unread) -> Iterator[Fault]:
    """Yield names of holds that nothing holds, and of fills that no fill bears."""
    holds = {step.hold for _, step, _ in all_steps(scenario) if isinstance(step.hold, str)}
    fills: dict[str, Path] = {}
    for place, step, _ in all_steps(scenario):
        name = step.args.as_ if step.verb == "fill" else None
        if name is not None:
            fills.setdefault(name, place)
    for place, step, _ in all_steps(scenario):
        if isinstance(step.release, str) and unread.lacks(step.release, holds):
            near = nearest(step.release, holds)
            yield (*place, "release"), f"expected the name of a hold, got {step.release!r}{near}"
        if step.verb in ("bust", "correct"):
            name = step.args.fill
            if name == "last" or _FILL_ID.fullmatch(name):
                continue
            if unread.lacks(name, fills):
                message = f"expected last, or a name that a fill bears, got {name!r}{nearest(name, fills)}"
                yield (*place, step.verb), message
            elif name in fills and place[:-1] == fills[name][:-1] and place < fills[name]:
                yield (*place, step.verb), f"expected the fill {name!r} before its {step.verb}, got it after"


def _check_words(step: StepEntry, known: KnownNames, changing: set[str], place: Path) -> Iterator[Fault]:
    """Yield the fault of words that are not of this exchange, and of amounts that do not fit it."""
    args, here = step.args, (*place, step.verb)
    match step.verb:
        case "book":
            yield from known.listing(args.product, (*here, "product"))
            if args.product not in changing:
                yield from known.levels(args.product, args.bids, "bids", here)
                yield from known.levels(args.product, args.asks, "asks", here)
        case "trade":
            yield from known.listing(args.product, (*here, "product"))
            if args.product not in changing:
                yield from known.price(args.product, args.price, (*here, "price"))
                yield from known.quantity(args.product, args.quantity, (*here, "quantity"))
        case "delist":
            yield from known.listing(args, here)
        case "increments":
            yield from known.listing(args.product, (*here, "product"))
            for key in ("quote_increment", "base_increment"):
                if getattr(args, key) is not None and amount(getattr(args, key)) == 0:
                    yield (*here, key), f"expected more than 0, got {getattr(args, key)!r}"
        case "halt" | "resume":
            yield from known.scope(args, here)
        case "limits":
            yield from known.limits(args, here)
        case "view" if not args:
            yield here, "expected at least one query, got none"


def _check_place(step: StepEntry, types: frozenset[str], rule: Rule | None, place: Path) -> Iterator[Fault]:
    """Yield the fault of a step where there is nothing for it to be about."""
    if rule is not None and is_for_nothing(rule.when):
        return
    where = "the timeline" if rule is None else "a rule for an event"
    if not types and step.verb in _OF_REQUESTS:
        yield (*place, step.verb), f"expected no {step.verb} in {where}, which has no request"
    if step.verb not in TRUTH or getattr(step.args, "order", "") != "this" or not types.isdisjoint(_WITH_ORDER):
        return
    if step.verb == "reject" and types:
        return  # any request can be refused
    if types:
        where = f"a rule for {', '.join(sorted(types)[:3])}"
    yield place, f"expected order: last, all or an id, because {where} has no order of its own to {step.verb}"


def _check_rule(rule: Rule, place: Path) -> Iterator[Fault]:
    """Yield the fault of the first of a rule's steps that cannot be, and of more than one reply."""
    steps = [entry_of(step) for step in rule.then]
    replies = [at for at, step in enumerate(steps) if step.verb == "reply"]
    for at in replies[1:]:
        yield (*place, at), "expected one reply to a request, got another"
    types = types_of(rule.when)
    if rule.illegal or len(types) != 1 or types.isdisjoint(_WITH_ORDER):
        return
    order = StepSequence(types == {"SendLimitOrder"}, _most(rule.when))
    for at, step in enumerate(steps):
        if step.verb not in TRUTH or getattr(step.args, "order", "") != "this":
            continue
        why = order.do(step.verb, getattr(step.args, "quantity", "rest"))
        if why is not None:
            yield (*place, at), f"expected what a venue can do, but {why}; if it is to, say illegal: true in the rule"
            return


def _most(when: Any) -> int | None:
    """Return the most that an order of a rule can be for, if its ``when`` says so."""
    wanted = when.quantity
    if isinstance(wanted, str):
        return parse_amount(wanted)
    if isinstance(wanted, Bounds):
        bounds = [amount(text) for text in (wanted.le, wanted.lt) if text is not None]
        return min(bounds, default=None)
    return None
