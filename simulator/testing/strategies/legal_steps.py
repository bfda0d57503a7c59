"""What a venue can truthfully do one after the other: steps and rules that were drawn at random become legal."""

from collections.abc import Iterable, Iterator
from typing import Any

from simulator.scenario.checks.sequence import ORDER_VERBS, StepSequence
from simulator.scenario.steps import TRUTH

__all__ = ["HOLD", "RuleData", "StepData", "answered_once", "legal_rules", "of_cancel", "of_order", "verb_of"]

StepData = str | dict[str, Any]
"""A step in a scenario file's own words."""

RuleData = dict[str, Any]
"""A rule in a scenario file's own words."""

HOLD = "race"
"""The name under which steps wait for others."""


def verb_of(step: StepData) -> str:
    """Return a step's verb."""
    return step if isinstance(step, str) else next(iter(step))


def of_order(steps: Iterable[StepData], late_acks: bool) -> list[StepData]:
    """Return those of the steps that can be done to a new order, in their order; what is filled is acked, too.

    Unless acks may be late, the ack comes before whatever becomes of the order.
    """
    order = StepSequence(is_new=True)
    done: list[StepData] = []
    for step in answered_once(steps):
        verb = verb_of(step)
        if _why_not(order, step) is not None or (verb in ("bust", "correct") and not order.is_filled):
            continue
        if not late_acks and verb in ("fill", "cancel", "expire", "stale") and order.do("ack") is None:
            done.append("ack")
        done.append(step)
    if order.is_filled and order.do("ack") is None:
        done.append("ack")
    return done


def of_cancel(steps: Iterable[StepData]) -> list[StepData]:
    """Return those of the steps that can be done to an order that is to be cancelled, in their order.

    An order whose cancel is refused lives on: that it is cancelled all the same would be another fault.
    """
    order = StepSequence(is_new=False)
    return [
        step
        for step in answered_once(steps)
        if not (order.is_refused and verb_of(step) == "cancel") and _why_not(order, step) is None
    ]


def _why_not(order: StepSequence, step: StepData) -> str | None:
    """Do a step to an order, if it is one about orders; return why it cannot be done, or None."""
    verb = verb_of(step)
    return order.do(verb, _quantity(step)) if verb in ORDER_VERBS else None


def answered_once(steps: Iterable[StepData]) -> list[StepData]:
    """Return the steps with one answer at most, and none that refuses what another step does."""
    found = list(steps)
    answers = [at for at, step in enumerate(found) if verb_of(step) == "reply"]
    if any(verb_of(step) in TRUTH for step in found):
        answers = [at for at in answers if not _is_refusal(found[at])]
    return [step for at, step in enumerate(found) if verb_of(step) != "reply" or at in answers[:1]]


def _is_refusal(step: StepData) -> bool:
    args = None if isinstance(step, str) else step["reply"]
    return isinstance(args, dict) and "Err" in args


def legal_rules(rules: Iterable[RuleData], releases: bool = False) -> list[RuleData]:
    """Return the rules that have steps and that no earlier one shadows.

    What waits is there only together with what it waits for; ``releases`` says whether something outside the rules
    releases it.
    """
    found = list(_unshadowed(rule for rule in rules if rule["then"]))
    verbs = {verb_of(step) for rule in found for step in rule["then"]}
    if "hold" not in verbs or not (releases or "release" in verbs):
        found = [{**rule, "then": _without_waits(rule["then"])} for rule in found]
    return [rule for rule in found if rule["then"]]


def _without_waits(steps: list[StepData]) -> list[StepData]:
    return [step for step in steps if verb_of(step) not in ("hold", "release")]


def _unshadowed(rules: Iterable[RuleData]) -> Iterator[RuleData]:
    taken: set[tuple[str, str | None]] = set()
    for rule in rules:
        request, side = rule["when"]["request"], rule["when"].get("dir")
        if not taken & {(request, None), (request, side)}:
            yield rule
            if not rule.keys() & {"times", "after"}:
                taken.add((request, side))


def _quantity(step: StepData) -> str:
    """Return for how much a fill is; for any other step, and a fill that does not say, the rest."""
    args = None if isinstance(step, str) else step.get("fill")
    quantity = args.get("quantity") if isinstance(args, dict) else args
    return quantity or "rest"
