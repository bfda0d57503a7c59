"""What a venue can truthfully do one after the other: steps and rules that were drawn at random become legal."""

from collections.abc import Iterable, Iterator
from typing import Any

from simulator.scenario.steps import TRUTH

__all__ = ["HOLD", "Rule", "Step", "answered_once", "legal_rules", "of_cancel", "of_order", "verb_of"]

Step = str | dict[str, Any]
"""A step in a scenario file's own words."""

Rule = dict[str, Any]
"""A rule in a scenario file's own words."""

HOLD = "race"
"""The name under which steps wait for others."""


def verb_of(step: Step) -> str:
    """Return a step's verb."""
    return step if isinstance(step, str) else next(iter(step))


def of_order(steps: Iterable[Step], late_acks: bool) -> list[Step]:
    """Return those of the steps that can be done to a new order, in their order; what is filled is acked, too.

    Unless acks may be late, the ack comes before whatever becomes of the order.
    """
    fate = _Fate()
    done: list[Step] = []
    for step in answered_once(steps):
        verb = verb_of(step)
        if not fate.can(step, verb):
            continue
        if not late_acks and not fate.acked and verb in ("fill", "cancel", "expire", "stale"):
            fate.do("ack", "ack")
            done.append("ack")
        fate.do(step, verb)
        done.append(step)
    if fate.cum_qty and not fate.acked:
        done.append("ack")
    return done


def of_cancel(steps: Iterable[Step]) -> list[Step]:
    """Return those of the steps that can be done to an order that is to be cancelled, in their order."""
    filled, is_out, is_refused = 0, False, False
    done: list[Step] = []
    for step in answered_once(steps):
        match verb_of(step):
            case "fill":
                if is_out or filled + _share(step, filled) > 100:
                    continue
                filled += _share(step, filled)
                is_out = filled == 100
            case "cancel":
                if is_out or is_refused:
                    continue
                is_out = is_refused = True
            case "reject":
                if is_refused:
                    continue
                is_refused = True
        done.append(step)
    return done


def answered_once(steps: Iterable[Step]) -> list[Step]:
    """Return the steps with one answer at most, and none that refuses what another step does."""
    found = list(steps)
    answers = [at for at, step in enumerate(found) if verb_of(step) == "reply"]
    if any(verb_of(step) in TRUTH for step in found):
        answers = [at for at in answers if not _is_refusal(found[at])]
    return [step for at, step in enumerate(found) if verb_of(step) != "reply" or at in answers[:1]]


def _is_refusal(step: Step) -> bool:
    args = None if isinstance(step, str) else step["reply"]
    return isinstance(args, dict) and "Err" in args


def legal_rules(rules: Iterable[Rule], releases: bool = False) -> list[Rule]:
    """Return the rules that have steps and that no earlier one shadows.

    What waits is there only together with what it waits for; ``releases`` says whether something outside the rules
    releases it.
    """
    found = list(_unshadowed(rule for rule in rules if rule["then"]))
    verbs = {verb_of(step) for rule in found for step in rule["then"]}
    if "hold" not in verbs or not (releases or "release" in verbs):
        found = [{**rule, "then": _without_waits(rule["then"])} for rule in found]
    return [rule for rule in found if rule["then"]]


def _without_waits(steps: list[Step]) -> list[Step]:
    return [step for step in steps if verb_of(step) not in ("hold", "release")]


def _unshadowed(rules: Iterable[Rule]) -> Iterator[Rule]:
    taken: set[tuple[str, str | None]] = set()
    for rule in rules:
        request, side = rule["when"]["request"], rule["when"].get("dir")
        if not taken & {(request, None), (request, side)}:
            yield rule
            if not rule.keys() & {"times", "after"}:
                taken.add((request, side))


def _share(step: Step, filled: int) -> int:
    """Return how many percent of its order a fill is for."""
    args = None if isinstance(step, str) else step["fill"]
    quantity = args.get("quantity", "rest") if isinstance(args, dict) else args or "rest"
    return 100 - filled if quantity == "rest" else int(quantity.removesuffix("%"))


class _Fate:
    """What becomes of a new order, step by step: what of it is filled, in percent, and whether it is out."""

    def __init__(self) -> None:
        self.acked = False
        self.cum_qty = 0
        self._is_out = False
        self._is_rejected = False

    def can(self, step: Step, verb: str) -> bool:
        """Tell whether a step can be done now."""
        match verb:
            case "ack":
                return not self.acked and not self._is_rejected
            case "fill":
                return not self._is_out and self.cum_qty + _share(step, self.cum_qty) <= 100
            case "reject":
                return not self._is_out and not self.acked and not self.cum_qty
            case "cancel" | "expire" | "stale":
                return not self._is_out
            case "bust":
                return self.cum_qty > 0
            case _:
                return True

    def do(self, step: Step, verb: str) -> None:
        """Do a step that can be done."""
        match verb:
            case "ack":
                self.acked = True
            case "fill":
                self.cum_qty += _share(step, self.cum_qty)
                self._is_out = self.cum_qty == 100
            case "reject":
                self._is_out = self._is_rejected = True
            case "cancel" | "expire":
                self._is_out = True
