"""How a file may write the steps of `simulator.scenario.steps`, and how they are written out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Struct, UnsetType

from simulator.scenario.steps import (
    Abort,
    Ack,
    Book,
    Bust,
    Cancel,
    Correct,
    Corrupt,
    Damage,
    Disconnect,
    Duration,
    Expire,
    Fill,
    Heal,
    Increments,
    LimitEntry,
    Match,
    Name,
    Quantity,
    RateLimit,
    Refuse,
    Reject,
    Reply,
    Restart,
    Slow,
    Stale,
    Stall,
    Standstill,
    Step,
    Trade,
    View,
    ViewName,
)
from simulator.scenario.values import decoded

__all__ = ["BARE", "VERBS", "StepEntry", "StepInFile", "in_words", "written_out"]


class StepEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """One step: exactly one verb with what it takes."""

    # The text above is the JSON Schema's. There is no instance: what is read is written out.

    ack: Ack | UnsetType | None = UNSET
    reject: Reject | UnsetType | None = UNSET
    fill: Quantity | Fill | UnsetType | None = UNSET
    match: Match | UnsetType | None = UNSET
    cancel: Cancel | UnsetType | None = UNSET
    expire: Expire | UnsetType | None = UNSET
    bust: Name | Bust | UnsetType | None = UNSET
    correct: Correct | UnsetType = UNSET
    stale: Stale | UnsetType | None = UNSET
    delay: Duration | UnsetType = UNSET
    hold: Name | UnsetType = UNSET
    release: Name | UnsetType = UNSET
    reply: Literal["never", "once", "twice"] | Reply | UnsetType | None = UNSET
    disconnect: Literal["abort"] | Disconnect | UnsetType | None = UNSET
    refuse: Refuse | UnsetType = UNSET
    stall: Standstill | Stall | UnsetType | None = UNSET
    slow: Slow | UnsetType = UNSET
    corrupt: Damage | Corrupt | UnsetType | None = UNSET
    view: dict[ViewName, View] | UnsetType = UNSET
    book: Book | UnsetType = UNSET
    trade: Trade | UnsetType = UNSET
    halt: Any = UNSET
    resume: Any = UNSET
    delist: Name | UnsetType = UNSET
    increments: Increments | UnsetType = UNSET
    limits: tuple[LimitEntry, ...] | UnsetType = UNSET
    goto: Name | UnsetType = UNSET
    heal: Heal | UnsetType | None = UNSET
    rate_limit: RateLimit | UnsetType = UNSET
    restart: Restart | UnsetType | None = UNSET
    alert: Any = UNSET


Bare = Literal[
    "ack", "match", "cancel", "expire", "stale", "reject", "fill", "bust", "reply", "disconnect", "restart", "heal"
]
BARE: tuple[str, ...] = get_args(Bare)
"""The verbs that may stand alone."""

VERBS: tuple[str, ...] = StepEntry.__struct_fields__
"""Every verb."""

if TYPE_CHECKING:
    StepInFile = Step
else:
    StepInFile = Bare | StepEntry
"""A step as a file has it; what is read of it is a `Step`."""

_STEPS: tuple[type[Step], ...] = get_args(Step)
_BY_VERB: dict[str, Callable[..., Step]] = {step.verb: step for step in reversed(_STEPS)}
_ALONE = {
    step.verb: _BY_VERB[step.verb]() for step in _STEPS if len(step.__struct_defaults__) == len(step.__struct_fields__)
}


def written_out(verb: str, words: Any) -> Step:
    """Return a step of a verb and what stands behind it: its struct, nothing, or the first field of its struct."""
    if isinstance(words, _STEPS):
        return words
    if verb == "disconnect" and words == "abort":
        return Abort()
    if words is None and verb in _ALONE:
        return _ALONE[verb]
    return _BY_VERB[verb](words)


_WITH_FIELDS = {part for hint in get_type_hints(StepEntry).values() for part in get_args(hint) if part in _STEPS}
"""The steps behind whose verb a file writes their fields, not a value alone."""


def in_words(step: Step) -> Any:
    """Return a step in a file's own words."""
    if isinstance(step, Abort):
        return {"disconnect": "abort"}
    fields = decoded(msgspec.json.encode(step))
    if not fields:
        return step.verb if step.verb in BARE else {step.verb: None}
    return {step.verb: fields if type(step) in _WITH_FIELDS else next(iter(fields.values()))}
