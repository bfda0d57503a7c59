"""How a file may write the steps of `simulator.scenario.steps`, and how they are written out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Struct, UnsetType

from simulator.scenario.steps import (
    AckStep,
    BookStep,
    BustStep,
    CancelStep,
    CorrectStep,
    CorruptStep,
    CustomReplyStep,
    Damage,
    DisconnectStep,
    Duration,
    ExpireStep,
    FillStep,
    HealStep,
    IncrementsStep,
    LimitEntry,
    LoseStep,
    MatchStep,
    Name,
    Offset,
    Quantity,
    RateLimitStep,
    RefuseStep,
    RejectStep,
    RepeatStep,
    RestartStep,
    SkewStep,
    SlowStep,
    SnapshotStep,
    StaleStep,
    StallStep,
    Standstill,
    Step,
    TradeStep,
    UnsubscribeStep,
    ViewEntry,
    ViewName,
)
from simulator.scenario.values import decoded

__all__ = ["BARE", "VERBS", "StepEntry", "StepInFile", "in_words", "written_out"]


class StepEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """One step: exactly one verb with what it takes."""

    # The text above is the JSON Schema's. There is no instance: what is read is written out.

    ack: AckStep | UnsetType | None = UNSET
    """Examples: ``ack``, ``ack: {send: never}``."""
    reject: RejectStep | UnsetType | None = UNSET
    """Examples: ``reject: {code: InsufficientFunds, text: too poor}``, ``reject: {reason: E4711}``."""
    fill: Quantity | FillStep | UnsetType | None = UNSET
    """Examples: ``fill: 40%``, ``fill: {quantity: rest, price: 9999.75, as: second}``, ``fill``."""
    match: MatchStep | UnsetType | None = UNSET
    """Examples: ``match``, ``match: {send: never}``."""
    cancel: CancelStep | UnsetType | None = UNSET
    """Examples: ``cancel``, ``cancel: {text: self-trade prevention}``, ``cancel: {order: all, omit: [last]}``."""
    expire: ExpireStep | UnsetType | None = UNSET
    """Examples: ``expire``, ``expire: {order: last}``."""
    bust: Name | BustStep | UnsetType | None = UNSET
    """Example: ``bust: first``."""
    correct: CorrectStep | UnsetType = UNSET
    """Example: ``correct: {fill: last, price: 9999.75}``."""
    stale: StaleStep | UnsetType | None = UNSET
    """Examples: ``stale``, ``stale: {for: 2s}``."""
    delay: Duration | UnsetType = UNSET
    """Example: ``delay: 5ms``."""
    hold: Name | UnsetType = UNSET
    """Example: ``hold: second-fill``."""
    release: Name | UnsetType = UNSET
    """Example: ``release: second-fill``."""
    reply: Literal["never", "once", "twice"] | CustomReplyStep | UnsetType | None = UNSET
    """The reply to the request goes out now, twice or never; or it is in other words than the simulator's own.
    Examples: ``reply``, ``reply: never``, ``reply: {Ok: "17"}``, ``reply: {Err: not today}``.
    """
    disconnect: Literal["abort"] | DisconnectStep | UnsetType | None = UNSET
    """The connection is closed with a code, or cut with a TCP reset (abort). Examples: ``disconnect: {code: 1012}``,
    ``disconnect``, ``disconnect: abort``, ``disconnect: {abort: true, session: "2"}``.
    """
    refuse: RefuseStep | UnsetType = UNSET
    """Example: ``refuse: {for: 5s}``."""
    stall: Standstill | StallStep | UnsetType | None = UNSET
    """Examples: ``stall: pong``, ``stall: {what: all, for: 5s}``."""
    slow: SlowStep | UnsetType = UNSET
    """Example: ``slow: {bytes_per_second: 100, for: 5s}``."""
    corrupt: Damage | CorruptStep | UnsetType | None = UNSET
    """Examples: ``corrupt: json``, ``corrupt: {what: utf8, messages: 3}``."""
    unsubscribe: UnsubscribeStep | UnsetType | None = UNSET
    """Examples: ``unsubscribe``, ``unsubscribe: {session: all}``."""
    snapshot: SnapshotStep | UnsetType | None = UNSET
    """Examples: ``snapshot``, ``snapshot: {session: all}``."""
    skew: Offset | SkewStep | UnsetType = UNSET
    """Examples: ``skew: 1h``, ``skew: {by: -10m, of: fills, for: 30s}``."""
    view: dict[ViewName, ViewEntry] | UnsetType = UNSET
    """Example: ``view: {ListOpen: {lag: 500ms, omit: [last]}}``."""
    book: BookStep | UnsetType = UNSET
    """Example: ``book: {product: BTC Crypto/USD*COINBASE/DIRECT, bids: [[9999.50, 2]], asks: [[10000.00, 4]]}``."""
    trade: TradeStep | UnsetType = UNSET
    """Example: ``trade: {product: BTC Crypto/USD*COINBASE/DIRECT, price: 10000, quantity: 1}``."""
    halt: Any = UNSET
    """Examples: ``halt: All``, ``halt: {Venue: COINBASE}``."""
    resume: Any = UNSET
    """Example: ``resume: All``."""
    delist: Name | UnsetType = UNSET
    """Example: ``delist: BTC Crypto/USD*COINBASE/DIRECT``."""
    increments: IncrementsStep | UnsetType = UNSET
    """Example: ``increments: {product: BTC Crypto/USD*COINBASE/DIRECT, quote_increment: 0.50}``."""
    limits: tuple[LimitEntry, ...] | UnsetType = UNSET
    """Example: ``limits: [{set: All, scope: All, name: MaxOrderQty, value: 100}]``."""
    goto: Name | UnsetType = UNSET
    """Example: ``goto: closing``."""
    heal: HealStep | UnsetType | None = UNSET
    """Example: ``heal``."""
    rate_limit: RateLimitStep | UnsetType = UNSET
    """Example: ``rate_limit: {cap: 10, per: 1s, ban: 5s}``."""
    restart: RestartStep | UnsetType | None = UNSET
    """Examples: ``restart``, ``restart: {orders: lost, for: 2s}``."""
    repeat: RepeatStep | UnsetType | None = UNSET
    """Examples: ``repeat``, ``repeat: {order: all}``."""
    lose: LoseStep | UnsetType | None = UNSET
    """Examples: ``lose``, ``lose: {order: last}``."""
    alert: Any = UNSET
    """Example: ``alert: {path: venues/COINBASE, severity: high, text: maintenance}``."""


Bare = Literal[
    "ack",
    "match",
    "cancel",
    "expire",
    "stale",
    "repeat",
    "lose",
    "reject",
    "fill",
    "bust",
    "reply",
    "disconnect",
    "unsubscribe",
    "snapshot",
    "restart",
    "heal",
]
BARE: tuple[str, ...] = get_args(Bare)
"""The verbs that may stand alone."""

_ABORT = DisconnectStep(abort=True)

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
        return _ABORT
    if words is None and verb in _ALONE:
        return _ALONE[verb]
    return _BY_VERB[verb](words)


_WITH_FIELDS = {part for hint in get_type_hints(StepEntry).values() for part in get_args(hint) if part in _STEPS}
"""The steps behind whose verb a file writes their fields, not a value alone."""


def in_words(step: Step) -> Any:
    """Return a step in a file's own words."""
    if step == _ABORT:
        return {"disconnect": "abort"}
    fields = decoded(msgspec.json.encode(step))
    if not fields:
        return step.verb if step.verb in BARE else {step.verb: None}
    return {step.verb: fields if type(step) in _WITH_FIELDS else next(iter(fields.values()))}
