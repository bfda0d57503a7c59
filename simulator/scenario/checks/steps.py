"""Checks of steps: words that name nothing, and sequences that no venue can truthfully do."""

import re
from collections.abc import Iterator
from typing import Any

from simulator.decimals import parse_amount, text_of_amount
from simulator.did_you_mean import nearest
from simulator.scenario.amounts import amount
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import all_steps, is_for_nothing, types_of
from simulator.scenario.checks.sequence import StepSequence
from simulator.scenario.model import Rule, Scenario
from simulator.scenario.reading.typed import Path
from simulator.scenario.reading.unread import Unread
from simulator.scenario.steps import BookStep, CancelStep, DisconnectStep, FillStep, IncrementsStep, Step, TradeStep
from simulator.scenario.when import Bounds

__all__ = ["check_ending", "check_omitted", "check_steps"]

_FILL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OMITTED = ("this", "last")
_NORMAL = 1000
"""The code of a connection that is closed without saying one."""
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
            if rule is not None and isinstance(step, FillStep) and not rule.illegal and step.order == "this":
                yield from _check_fill(step, rule.when, known, changing, (*place, "fill"))
        types = frozenset() if rule is None else types_of(rule.when)
        yield from _check_place(step, types, rule, place)
        yield from check_omitted(step, types, (*place, step.verb, "omit"))
    for at, rule in enumerate(scenario.rules):
        yield from _check_rule(rule, ("rules", at, "then"))


def _changing(scenario: Scenario, unread: Unread) -> set[str]:
    """Return the products whose increments a step may change: any, if some steps could not be read."""
    is_whole = unread.has_all("rules", "timeline")
    changing = (IncrementsStep,) if is_whole else (IncrementsStep, BookStep, TradeStep)
    return {step.product for _, step, _ in all_steps(scenario) if isinstance(step, changing)}


def _check_names(scenario: Scenario, unread: Unread) -> Iterator[Fault]:
    """Yield names of holds that nothing holds, and of fills that no fill bears."""
    holds = {step.name for _, step, _ in all_steps(scenario) if step.verb == "hold"}
    fills: dict[str, Path] = {}
    for place, step, _ in all_steps(scenario):
        if step.verb == "fill" and step.as_ is not None:
            fills.setdefault(step.as_, place)
    for place, step, _ in all_steps(scenario):
        if step.verb == "release" and unread.lacks(step.name, holds):
            near = nearest(step.name, holds)
            yield (*place, "release"), f"expected the name of a hold, got {step.name!r}{near}"
        if step.kind == "correction":
            name = step.fill
            if name == "last" or _FILL_ID.fullmatch(name):
                continue
            if unread.lacks(name, fills):
                message = f"expected last, or a name that a fill bears, got {name!r}{nearest(name, fills)}"
                yield (*place, step.verb), message
            elif name in fills and place[:-1] == fills[name][:-1] and place < fills[name]:
                yield (*place, step.verb), f"expected the fill {name!r} before its {step.verb}, got it after"


def _check_words(step: Step, known: KnownNames, changing: set[str], place: Path) -> Iterator[Fault]:
    """Yield the fault of words that are not of this exchange, and of amounts that do not fit it."""
    here = (*place, step.verb)
    match step.verb:
        case "book":
            yield from known.listing(step.product, (*here, "product"))
            if step.product not in changing:
                yield from known.levels(step.product, step.bids, "bids", here)
                yield from known.levels(step.product, step.asks, "asks", here)
        case "trade":
            yield from known.listing(step.product, (*here, "product"))
            if step.product not in changing:
                yield from known.price(step.product, step.price, (*here, "price"))
                yield from known.quantity(step.product, step.quantity, (*here, "quantity"))
        case "delist":
            yield from known.listing(step.product, here)
        case "increments":
            yield from known.listing(step.product, (*here, "product"))
            for key, text in (
                ("quote_increment", step.quote_increment),
                ("base_increment", step.base_increment),
            ):
                if text is not None and amount(text) == 0:
                    yield (*here, key), f"expected more than 0, got {text!r}"
        case "halt" | "resume":
            yield from known.scope(step.scope, here)
        case "limits":
            yield from known.limits(step.limits, here)
        case "view" if not step.views:
            yield here, "expected at least one query, got none"
        case "disconnect":
            yield from check_ending(step, here)


def check_ending(step: DisconnectStep, here: Path) -> Iterator[Fault]:
    """Yield the fault of words for the end of a connection that ends without a word."""
    if step.abort and (step.code != _NORMAL or step.reason):
        yield (*here, "abort"), "expected no code and no reason where a connection is cut"


def _check_fill(step: FillStep, when: Any, known: KnownNames, changing: set[str], place: Path) -> Iterator[Fault]:
    """Yield the fault of a fill that the one product of its rule, or the prices of its orders, cannot have."""
    product = when.target
    if isinstance(product, str) and product not in changing:
        if step.price is not None:
            yield from known.price(product, step.price, (*place, "price"))
        if step.quantity != "rest" and not step.quantity.endswith("%"):
            yield from known.quantity(product, step.quantity, (*place, "quantity"))
    side = str(when.dir).casefold()
    limit = _bound(when.price, highest=side == "buy")
    if step.price is None or limit is None or side not in ("buy", "sell"):
        return
    price = amount(step.price)
    if price > limit if side == "buy" else price < limit:
        most = f"{'at most' if side == 'buy' else 'at least'} {text_of_amount(limit)}, as the rule's orders say"
        why = "if it is to be beyond that, say illegal: true in the rule"
        yield (*place, "price"), f"expected {most}, got {step.price}; {why}"


def _bound(wanted: Any, *, highest: bool) -> int | None:
    """Return the highest or the lowest amount that a ``when`` lets pass, if it says so."""
    if isinstance(wanted, str):
        return parse_amount(wanted)
    if isinstance(wanted, Bounds):
        texts = (wanted.le, wanted.lt) if highest else (wanted.ge, wanted.gt)
        bounds = [amount(text) for text in texts if text is not None]
        return (min if highest else max)(bounds, default=None)
    return None


def _check_place(step: Step, types: frozenset[str], rule: Rule | None, place: Path) -> Iterator[Fault]:
    """Yield the fault of a step where there is nothing for it to be about."""
    if rule is not None and is_for_nothing(rule.when):
        return
    where = "the timeline" if rule is None else "a rule for an event"
    if not types and step.verb in _OF_REQUESTS:
        yield (*place, step.verb), f"expected no {step.verb} in {where}, which has no request"
    if step.kind != "order" or step.order != "this" or not types.isdisjoint(_WITH_ORDER):
        return
    if step.verb == "reject" and types:
        return  # any request can be refused
    if types:
        where = f"a rule for {', '.join(sorted(types)[:3])}"
    yield place, f"expected order: last, all or an id, because {where} has no order of its own to {step.verb}"


def check_omitted(step: Step, types: frozenset[str], place: Path) -> Iterator[Fault]:
    """Yield the fault of orders that a cancel leaves open where it is not for all, or that are none.

    ``types`` are those of the requests that the step's rule is for: none where there is no request.
    """
    if not isinstance(step, CancelStep) or not step.omit:
        return
    if step.order != "all":
        yield place, f"expected omit beside order: all, got it beside order: {step.order}"
    for at, name in enumerate(step.omit):
        if name == "this" and types.isdisjoint(_WITH_ORDER):
            yield (*place, at), "expected last or an order's id, because there is no order of its own here, got 'this'"
        elif name not in _OMITTED and not (name.isascii() and name.isdigit()):
            yield (*place, at), f"expected this, last or an order's id, got {name!r}{nearest(name, _OMITTED)}"


def _check_rule(rule: Rule, place: Path) -> Iterator[Fault]:
    """Yield the fault of the first of a rule's steps that cannot be, and of more than one reply."""
    replies = [at for at, step in enumerate(rule.then) if step.verb == "reply"]
    for at in replies[1:]:
        yield (*place, at), "expected one reply to a request, got another"
    types = types_of(rule.when)
    if rule.illegal or len(types) != 1 or types.isdisjoint(_WITH_ORDER):
        return
    when: Any = rule.when
    order = StepSequence(types == {"SendLimitOrder"}, _bound(when.quantity, highest=True))
    for at, step in enumerate(rule.then):
        if step.kind != "order" or step.order != "this":
            continue
        why = order.do(step.verb, step.quantity if step.verb == "fill" else "rest")
        if why is not None:
            yield (*place, at), f"expected what a venue can do, but {why}; if it is to, say illegal: true in the rule"
            return
