"""What a rule, a timeline or a test can make the venue do: one frozen struct a step.

A file may write a step in a short form, such as ``ack`` or ``fill: 40%``; the reader writes it out. Amounts, shares and
durations are the texts of the file; what reads them is in `simulator.scenario.amounts`.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "DURATION",
    "OFFSET",
    "SKEWED",
    "STEP_KEY_DOCS",
    "TRUTH",
    "VIEWED",
    "AckStep",
    "AlertStep",
    "Amount",
    "BookStep",
    "BustStep",
    "CancelStep",
    "ConnectionStep",
    "CorrectStep",
    "CorrectionStep",
    "CorruptStep",
    "CustomReplyStep",
    "Damage",
    "DelayStep",
    "DelistStep",
    "DisconnectStep",
    "Duration",
    "ExpireStep",
    "FillStep",
    "FlowStep",
    "GotoStep",
    "HaltStep",
    "HealStep",
    "HoldStep",
    "IncrementsStep",
    "LimitEntry",
    "LimitsStep",
    "LoseStep",
    "MarketStep",
    "MatchStep",
    "Name",
    "Offset",
    "OrderName",
    "OrderStep",
    "Percent",
    "Quantity",
    "RateLimitStep",
    "RefuseStep",
    "RejectStep",
    "ReleaseStep",
    "RepeatStep",
    "ReplyStep",
    "RestartStep",
    "ResumeStep",
    "SkewStep",
    "Skewed",
    "SlowStep",
    "SnapshotStep",
    "StaleStep",
    "StallStep",
    "Standstill",
    "Step",
    "StepList",
    "Telling",
    "TradeStep",
    "UnsubscribeStep",
    "ViewEntry",
    "ViewName",
    "ViewStep",
]

DURATION = r"^[0-9]{1,15}(\.[0-9]{1,9})?(ns|us|ms|s|m|h)$"
"""What a duration looks like."""

Duration = Annotated[str, Meta(pattern=DURATION, description="A time with its unit, such as 250ms or 1.5s.")]
OFFSET = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,9})?(ns|us|ms|s|m|h)$"
"""What a duration looks like that may go back."""

Offset = Annotated[str, Meta(pattern=OFFSET, description="A time ahead, such as 1h, or behind, such as -250ms.")]
Amount = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?$",
        description="A decimal, kept digit by digit, such as 5000.00.",
    ),
]
Percent = Annotated[str, Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?%$", description="A share, such as 40%.")]
Quantity = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,15}(\.[0-9]{1,9})?|[0-9]{1,15}(\.[0-9]{1,9})?%|rest)$",
        description="A decimal, a share of the order such as 40%, or rest.",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Literal[
    "LimitExceeded",
    "OffTick",
    "OffStep",
    "ProductDisabled",
    "CancelOnly",
    "WouldTrade",
    "Halted",
    "Delisted",
    "Expired",
    "InsufficientFunds",
    "PriceOutOfBand",
    "DuplicateOrder",
    "RateLimited",
    "TooLateToCancel",
    "UnknownOrder",
    "VenueUnavailable",
    "Other",
]
Damage = Literal["json", "frame", "id", "utf8", "fragments"]
Standstill = Literal["data", "pong", "all"]
Telling = Literal["once", "twice", "never"]
OrderName = Annotated[
    str, Meta(description="Which order: this (the rule's own, the default), last, all, or an order id.")
]


STEP_KEY_DOCS = {
    "send": "How often the subscribers are told of it; that changes nothing of what is true. Example: ``send: never``.",
    "order": (
        "Which order: this, which is the rule's own; last, the newest that is open; all that are open; or one's id. "
        "Example: ``order: last``."
    ),
    "session": (
        "Which connection: its number, or all. Without it, the rule's own; in the timeline and in a test, all. "
        "Example: ``session: all``."
    ),
}
"""What these keys are in every step that takes them and says nothing else, each with an example."""


class _Args(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    rename={"as_": "as", "for_": "for"},
):
    """The base of what a verb takes."""


class _OrderArgs(_Args, frozen=True):
    kind: ClassVar[Literal["order"]] = "order"


class _CorrectionArgs(_Args, frozen=True):
    kind: ClassVar[Literal["correction"]] = "correction"


class _ConnectionArgs(_Args, frozen=True):
    kind: ClassVar[Literal["connection"]] = "connection"


class _MarketArgs(_Args, frozen=True):
    kind: ClassVar[Literal["market"]] = "market"


class _FlowArgs(_Args, frozen=True):
    kind: ClassVar[Literal["flow"]] = "flow"


class AckStep(_OrderArgs, frozen=True):
    """The venue confirms the order."""

    verb: ClassVar[Literal["ack"]] = "ack"
    send: Telling = "once"
    order: OrderName = "this"


class RejectStep(_OrderArgs, frozen=True):
    """The venue refuses the order, or its cancel; in a rule for any other request, the request.

    Where it is the first thing that is done to a new order, before any delay, nobody is told that the order was open.
    """

    verb: ClassVar[Literal["reject"]] = "reject"
    code: Code = "Other"
    """The reason's first word, as GetRejectReason says it. Example: ``code: InsufficientFunds``."""
    text: str = ""
    """What follows the code in the reason. Example: ``code: Other, text: not today``."""
    reason: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    """The whole reason instead of code and text, for one that no documentation knows. Example:
    ``reason: "E4711 (unspecified)"``.
    """
    send: Telling = "once"
    order: OrderName = "this"


class FillStep(_OrderArgs, frozen=True):
    """The order is filled, in whole or in part, whatever the market says, but not beyond its limit nor off the
    product's tick and step unless the rule says ``illegal: true``.
    """

    verb: ClassVar[Literal["fill"]] = "fill"
    quantity: Quantity = "rest"
    """How much: an amount, a share of the whole order cut down to the product's step, or rest, which is all that is
    left. Examples: ``quantity: 40%``, ``quantity: 4``.
    """
    price: Amount | None = None
    """At which price; without it, the best on the other side that the order crosses, else the order's own. Example:
    ``price: 9999.75``.
    """
    as_: Name | None = None
    """A name for the fill, by which bust and correct find it. Example: ``as: first``."""
    against: Name = "SCENARIO"
    """The name of whoever is on the other side. Example: ``against: MAKER``."""
    send: Literal["once", "twice", "never", "renamed"] = "once"
    """How often the subscribers are told; twice repeats the fill with its id, renamed under another id. Example:
    ``send: twice``.
    """
    order: OrderName = "this"


class MatchStep(_OrderArgs, frozen=True):
    """The engine matches the order against the book and rests what is left."""

    verb: ClassVar[Literal["match"]] = "match"
    send: Telling = "once"
    order: OrderName = "this"


class CancelStep(_OrderArgs, frozen=True):
    """The order is cancelled, asked for or not."""

    verb: ClassVar[Literal["cancel"]] = "cancel"
    text: str | None = None
    """Why, as GetRejectReason says it. Example: ``text: self-trade prevention``."""
    omit: tuple[Name, ...] = ()
    """Of all orders, those that stay open: this, last, or ids. Example: ``order: all, omit: [last]``."""
    send: Telling = "once"
    order: OrderName = "this"


class ExpireStep(_OrderArgs, frozen=True):
    """The order expires: it is out, and nobody asked."""

    verb: ClassVar[Literal["expire"]] = "expire"
    send: Telling = "once"
    order: OrderName = "this"


class RepeatStep(_OrderArgs, frozen=True):
    """What is so of the order is told again, however often it was told and however long ago."""

    verb: ClassVar[Literal["repeat"]] = "repeat"
    send: Telling = "once"
    order: OrderName = "this"


class LoseStep(_OrderArgs, frozen=True):
    """The venue loses an open order: nobody is told, no query knows it, and its fills stay."""

    verb: ClassVar[Literal["lose"]] = "lose"
    send: ClassVar[Telling] = "never"
    order: OrderName = "this"


class StaleStep(_OrderArgs, frozen=True):
    """The gateway is no longer sure of the order's state; after ``for`` it is again."""

    verb: ClassVar[Literal["stale"]] = "stale"
    for_: Duration | None = None
    """How long the state is unsure; without it, for good. Example: ``for: 2s``."""
    send: Telling = "once"
    order: OrderName = "this"


class BustStep(_CorrectionArgs, frozen=True):
    """A fill is taken back: its name, or last."""

    verb: ClassVar[Literal["bust"]] = "bust"
    fill: Name = "last"
    """Which fill: the name that its as gave, which is the own fill's in the rule that gave it; its id; or last.
    Example: ``fill: last``.
    """
    send: Telling = "once"


class CorrectStep(_CorrectionArgs, frozen=True):
    """A fill's price or quantity is replaced."""

    verb: ClassVar[Literal["correct"]] = "correct"
    fill: Name = "last"
    """Which fill: the name that its as gave, which is the own fill's in the rule that gave it; its id; or last.
    Example: ``fill: last, price: 9999.75``.
    """
    price: Amount | None = None
    """The price that it really had; without it, the one it has. Example: ``price: 9999.75``."""
    quantity: Amount | None = None
    """The quantity that it really had; without it, the one it has. Example: ``quantity: 3``."""
    send: Telling = "once"


class DelayStep(_FlowArgs, frozen=True):
    """The next step is done so much later."""

    verb: ClassVar[Literal["delay"]] = "delay"
    time: Duration


class HoldStep(_FlowArgs, frozen=True):
    """The next step is done when the name is released: by a release step, or by a test."""

    verb: ClassVar[Literal["hold"]] = "hold"
    name: Name


class ReleaseStep(_FlowArgs, frozen=True):
    """All that wait for a name go on; if nothing does, the next hold of it does not wait."""

    verb: ClassVar[Literal["release"]] = "release"
    name: Name


class ReplyStep(_FlowArgs, frozen=True):
    """The reply to the request, as the simulator words it."""

    verb: ClassVar[Literal["reply"]] = "reply"
    send: Telling = "once"


class CustomReplyStep(_FlowArgs, frozen=True, rename={"ok": "Ok", "err": "Err"}):
    """The reply to the request, in other words than the simulator's own."""

    verb: ClassVar[Literal["reply"]] = "reply"
    ok: Any = UNSET
    """The reply's Ok: any data. Examples: ``Ok: "17"``, ``Ok: null``."""
    err: str | UnsetType = UNSET
    """The reply's Err: a text. Example: ``Err: not today``."""
    raw: str | UnsetType = UNSET
    """Text that is sent instead of a reply, be it JSON or not. Example: ``raw: '{"id": 1'``."""


class DisconnectStep(_ConnectionArgs, frozen=True):
    """The connection is closed with a code, or cut with a TCP reset."""

    verb: ClassVar[Literal["disconnect"]] = "disconnect"
    code: Annotated[int, Meta(ge=1000, le=4999)] = 1000
    """The close code. Example: ``code: 1012``."""
    reason: Annotated[str, Meta(max_length=100)] = ""
    """The close reason. Example: ``code: 1012, reason: service restart``."""
    session: str | None = None
    abort: bool = False
    """Whether it is cut with a TCP reset instead. Example: ``abort: true, session: "2"``."""


class RefuseStep(_ConnectionArgs, frozen=True):
    """New connections are refused for a while."""

    verb: ClassVar[Literal["refuse"]] = "refuse"
    for_: Duration
    """How long. Example: ``for: 5s``."""


class StallStep(_ConnectionArgs, frozen=True):
    """The connection stands still: no data, no pongs, or nothing at all; for good unless ``for`` says how long."""

    verb: ClassVar[Literal["stall"]] = "stall"
    what: Standstill = "all"
    """What no longer comes: data, pong, or all of both. Example: ``what: pong``."""
    for_: Duration | None = None
    """How long; without it, for good. Example: ``for: 5s``."""
    session: str | None = None


class SlowStep(_ConnectionArgs, frozen=True):
    """What the connection is sent goes out slowly."""

    verb: ClassVar[Literal["slow"]] = "slow"
    bytes_per_second: Annotated[int, Meta(ge=1, le=10_000_000)]
    """How many bytes go out a second. Example: ``bytes_per_second: 100``."""
    for_: Duration | None = None
    """How long; without it, for good. Example: ``for: 5s``."""
    session: str | None = None


class CorruptStep(_ConnectionArgs, frozen=True):
    """The next messages on the connection come as bad JSON, cut short, under another id, as bad UTF-8, or in pieces."""

    verb: ClassVar[Literal["corrupt"]] = "corrupt"
    what: Damage = "json"
    """How: json is cut short, frame ends in the middle with the connection, id is another, utf8 is none; fragments is
    whole, in several frames. Example: ``what: utf8``.
    """
    messages: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    """How many messages of the connection are damaged. Example: ``messages: 3``."""
    session: str | None = None


class ViewEntry(_Args, frozen=True):
    """What a query says: as things were ``lag`` ago, and with some left out (this, last, all, an id, a fill's name)."""

    lag: Duration | None = None
    """How long ago what it says was true. Example: ``lag: 500ms``."""
    omit: tuple[str, ...] = ()
    """What it leaves out: this, last, all, an order's id, or a fill's name or id. Example: ``omit: [last]``."""
    for_: Duration | None = None
    """How long; without it, for good. Example: ``lag: 500ms, for: 10s``."""


class BookStep(_MarketArgs, frozen=True):
    """The market's own quotes for a product, best first: pairs of price and quantity."""

    verb: ClassVar[Literal["book"]] = "book"
    product: Name
    """The tradable product, by its name or id. Example: ``product: BTC Crypto/USD*COINBASE/DIRECT``."""
    bids: tuple[tuple[Amount, Amount], ...] = ()
    """What is bid, instead of what the market bid before: pairs of price and quantity, best first. Example:
    ``bids: [[9999.50, 2], [9999.00, 5]]``.
    """
    asks: tuple[tuple[Amount, Amount], ...] = ()
    """What is asked, instead of what the market asked before: pairs of price and quantity, best first. Example:
    ``asks: [[10000.00, 4], [10000.50, 20]]``.
    """


class TradeStep(_MarketArgs, frozen=True):
    """Somebody in the market trades: takes what rests at the price or better, and prints what is left there."""

    verb: ClassVar[Literal["trade"]] = "trade"
    product: Name
    """The tradable product, by its name or id. Example: ``product: BTC Crypto/USD*COINBASE/DIRECT``."""
    price: Amount
    """The worst price that is taken. Example: ``price: 10000``."""
    quantity: Amount
    """How much. Example: ``quantity: 1``."""
    dir: Literal["Buy", "Sell"] = "Buy"
    """The side of whoever trades. Example: ``dir: Sell``."""


class HaltStep(_MarketArgs, frozen=True):
    """Trading stops within a scope."""

    verb: ClassVar[Literal["halt"]] = "halt"
    scope: Any


class ResumeStep(_MarketArgs, frozen=True):
    """A halt of a scope ends."""

    verb: ClassVar[Literal["resume"]] = "resume"
    scope: Any


class DelistStep(_MarketArgs, frozen=True):
    """A product's trading ends for good."""

    verb: ClassVar[Literal["delist"]] = "delist"
    product: Name


class IncrementsStep(_MarketArgs, frozen=True):
    """A product's price tick or quantity step changes."""

    verb: ClassVar[Literal["increments"]] = "increments"
    product: Name
    """The tradable product, by its name or id. Example:
    ``product: BTC Crypto/USD*COINBASE/DIRECT, quote_increment: 0.50``.
    """
    quote_increment: Amount | None = None
    """The tick of its prices; without it, as it was. Example: ``quote_increment: 0.50``."""
    base_increment: Amount | None = None
    """The step of its quantities; without it, as it was. Example: ``base_increment: 0.1``."""


class LimitEntry(_Args, frozen=True):
    """A limit, as SetLimits takes it; without a value it is lifted."""

    set: Any
    """Whose orders: All, or an account. Examples: ``set: {Account: DEFAULT}``, ``set: All``."""
    scope: Any
    """Of what: All, a kind with a name, or a name alone. Examples: ``scope: {Venue: COINBASE}``, ``scope: All``."""
    name: str
    """Which limit: MaxOrderQty, MaxOpenQty, MaxOpenBuyQty, MaxOpenSellQty, MaxPosition, MaxOpenOrders, MaxOrderDollars,
    MaxOpenDollars or MaxPositionDollars. Example: ``name: MaxOpenQty``.
    """
    value: Amount | None = None
    """The most that is allowed; without it, the limit is lifted. Example: ``value: 100``."""


class LimitsStep(_MarketArgs, frozen=True):
    """Limits are set, whatever already rests."""

    verb: ClassVar[Literal["limits"]] = "limits"
    limits: tuple[LimitEntry, ...]


class AlertStep(_MarketArgs, frozen=True):
    """Those who follow alerts are told of one: if it has a path, those who follow that path, one above it, or all."""

    verb: ClassVar[Literal["alert"]] = "alert"
    value: Any


class GotoStep(_FlowArgs, frozen=True):
    """The scenario goes to a state."""

    verb: ClassVar[Literal["goto"]] = "goto"
    state: Name


class HealStep(_FlowArgs, frozen=True):
    """Every fault ends: no rules, halts, refusals, latencies; lines and views are right again, and nothing is held."""

    verb: ClassVar[Literal["heal"]] = "heal"


class RateLimitStep(_FlowArgs, frozen=True):
    """At most ``cap`` requests ``per`` time; one more is refused with an ``Err``, and banned if ``ban`` says so.

    Requests that the rule is for are counted for each connection by itself; a refused one is not counted. A rule of
    nothing but rate limits leaves what is within them to the rules after it. In the timeline and for an event it is
    passed over.
    """

    verb: ClassVar[Literal["rate_limit"]] = "rate_limit"
    cap: Annotated[int, Meta(ge=0)]
    """How many requests. Example: ``cap: 10``."""
    per: Duration = "1s"
    """In how long a time, which goes along with the clock. Example: ``cap: 10, per: 1s``."""
    code: Code = "RateLimited"
    """The first word of the refusal. Example: ``code: VenueUnavailable``."""
    ban: Duration | None = None
    """How long none is taken of whom bars says, after the connection that asked too often is closed with 1008; without
    it, the request is refused and that is all. Example: ``ban: 5s``.
    """
    bars: Literal["offender", "everybody"] = "offender"
    """Whose new connections are refused: those that are bound to the offender's account, or to none if that is bound to
    none; or everybody's. Example: ``ban: 5s, bars: everybody``.
    """


class UnsubscribeStep(_ConnectionArgs, frozen=True):
    """The connection lives on, and nothing that it has subscribed to is told any more."""

    verb: ClassVar[Literal["unsubscribe"]] = "unsubscribe"
    session: str | None = None


class SnapshotStep(_ConnectionArgs, frozen=True):
    """Who follows orders on the connection is told of every one again, of those that are out as well."""

    verb: ClassVar[Literal["snapshot"]] = "snapshot"
    session: str | None = None


class RestartStep(_ConnectionArgs, frozen=True):
    """The venue restarts: every connection is closed with 1012, and its orders are kept or lost."""

    verb: ClassVar[Literal["restart"]] = "restart"
    orders: Literal["kept", "lost"] = "kept"
    """Whether the open orders are still there. Example: ``orders: lost``."""
    for_: Duration = "0s"
    """How long no connection is taken. Example: ``for: 2s``."""


ViewName = Literal["ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails"]
VIEWED: tuple[ViewName, ...] = get_args(ViewName)
"""The queries whose answers a scenario can bend."""


class ViewStep(_Args, frozen=True):
    """What some queries say, by their names."""

    kind: ClassVar[Literal["view"]] = "view"
    verb: ClassVar[Literal["view"]] = "view"
    views: dict[ViewName, ViewEntry]


Skewed = Literal["orders", "fills", "trades", "books", "clock"]
SKEWED: tuple[Skewed, ...] = get_args(Skewed)
"""What bears times that a scenario can set ahead or behind."""


class SkewStep(_Args, frozen=True):
    """The times that messages say jump ahead of the world's, or behind it, from now on.

    The world's own time goes on as it did, and what has been told keeps its time. Candles keep the world's.
    """

    kind: ClassVar[Literal["view"]] = "view"
    verb: ClassVar[Literal["skew"]] = "skew"
    by: Offset
    """How far ahead of the world's time, or behind it; 0s sets it right. Examples: ``by: 1h``, ``by: -10m``."""
    of: Skewed | Literal["all"] = "all"
    """Which times: those at which orders came, fills and others' trades were made, books were so, the published clock,
    or all. Example: ``by: -10m, of: fills``.
    """
    for_: Duration | None = None
    """How long; without it, for good. Example: ``by: 1h, for: 30s``."""


OrderStep = AckStep | RejectStep | FillStep | MatchStep | CancelStep | ExpireStep | StaleStep | RepeatStep | LoseStep
CorrectionStep = BustStep | CorrectStep
FlowStep = DelayStep | HoldStep | ReleaseStep | ReplyStep | CustomReplyStep | GotoStep | HealStep | RateLimitStep
ConnectionStep = (
    DisconnectStep | RefuseStep | StallStep | SlowStep | CorruptStep | UnsubscribeStep | SnapshotStep | RestartStep
)
MarketStep = BookStep | TradeStep | HaltStep | ResumeStep | DelistStep | IncrementsStep | LimitsStep | AlertStep
Step = OrderStep | CorrectionStep | FlowStep | ConnectionStep | MarketStep | ViewStep | SkewStep
"""A step, written out. Its ``verb`` tells which it is, its ``kind`` who does it."""

TRUTH = frozenset(step.verb for step in get_args(OrderStep | CorrectionStep))
"""The verbs that change what the exchange holds of an order."""


class StepList:
    """Steps in their order, and what follows from which there are.

    Args:
        steps: the steps.
    """

    __slots__ = ("answers", "in_order", "is_truthful", "refuses", "rejects")

    def __init__(self, steps: Iterable[Step]) -> None:
        self.in_order = tuple(steps)
        self.answers = any(step.verb == "reply" for step in self.in_order)
        """Whether they say when, or whether, the request is answered."""
        self.is_truthful = any(step.verb in TRUTH for step in self.in_order)
        """Whether they say what becomes of the order; else the engine does."""
        errs = (step.err for step in self.in_order if isinstance(step, CustomReplyStep))
        self.refuses = not self.is_truthful and any(err is not UNSET for err in errs)
        """Whether the request is answered with an ``Err`` and nothing comes of it."""
        first = next((step for step in self.in_order if step.verb != "reply"), None)
        self.rejects = isinstance(first, RejectStep) and first.order == "this"
        """Whether they begin with a reject, as of an order that was never open."""
