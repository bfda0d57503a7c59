"""What a rule, a timeline or a test can make the venue do: one frozen struct a step.

A file may write a step in a short form, such as ``ack`` or ``fill: 40%``; the reader writes it out. Amounts, shares and
durations are the texts of the file; what reads them is in `simulator.scenario.amounts`.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "DURATION",
    "TRUTH",
    "VIEWED",
    "Abort",
    "Ack",
    "Alert",
    "Amount",
    "Answer",
    "Book",
    "Bust",
    "Cancel",
    "ConnectionStep",
    "Correct",
    "Corrupt",
    "Damage",
    "Delay",
    "Delist",
    "Disconnect",
    "Duration",
    "Expire",
    "Fill",
    "FillStep",
    "FlowStep",
    "Goto",
    "Halt",
    "Heal",
    "Hold",
    "Increments",
    "LimitEntry",
    "MarketStep",
    "Match",
    "Name",
    "OrderName",
    "OrderStep",
    "Percent",
    "Quantity",
    "RateLimit",
    "Refuse",
    "Reject",
    "Release",
    "Reply",
    "Restart",
    "Resume",
    "SetLimits",
    "Slow",
    "Stale",
    "Stall",
    "Standstill",
    "Step",
    "Steps",
    "Telling",
    "Trade",
    "View",
    "ViewName",
    "Views",
]

DURATION = r"^[0-9]{1,15}(\.[0-9]{1,9})?(ns|us|ms|s|m|h)$"
"""What a duration looks like."""

Duration = Annotated[str, Meta(pattern=DURATION, description="A time with its unit, such as 250ms or 1.5s.")]
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
Damage = Literal["json", "frame", "id", "utf8"]
Standstill = Literal["data", "pong", "all"]
Telling = Literal["once", "twice", "never"]
OrderName = Annotated[
    str, Meta(description="Which order: this (the rule's own, the default), last, all, or an order id.")
]


class _Args(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    rename={"as_": "as", "for_": "for"},
):
    """The base of what a verb takes."""


class _OrderStep(_Args, frozen=True):
    kind: ClassVar[Literal["order"]] = "order"


class _FillStep(_Args, frozen=True):
    kind: ClassVar[Literal["fill"]] = "fill"


class _ConnectionStep(_Args, frozen=True):
    kind: ClassVar[Literal["connection"]] = "connection"


class _MarketStep(_Args, frozen=True):
    kind: ClassVar[Literal["market"]] = "market"


class _FlowStep(_Args, frozen=True):
    kind: ClassVar[Literal["flow"]] = "flow"


class Ack(_OrderStep, frozen=True):
    """The venue confirms the order."""

    verb: ClassVar[Literal["ack"]] = "ack"
    send: Telling = "once"
    order: OrderName = "this"


class Reject(_OrderStep, frozen=True):
    """The venue refuses the order, or its cancel; in a rule for any other request, the request."""

    verb: ClassVar[Literal["reject"]] = "reject"
    code: Code = "Other"
    text: str = ""
    send: Telling = "once"
    order: OrderName = "this"


class Fill(_OrderStep, frozen=True):
    """The order is filled, in whole or in part, whatever the market says."""

    verb: ClassVar[Literal["fill"]] = "fill"
    quantity: Quantity = "rest"
    price: Amount | None = None
    as_: Name | None = None
    against: Name = "SCENARIO"
    send: Literal["once", "twice", "never", "renamed"] = "once"
    order: OrderName = "this"


class Match(_OrderStep, frozen=True):
    """The engine matches the order against the book and rests what is left."""

    verb: ClassVar[Literal["match"]] = "match"
    send: Telling = "once"
    order: OrderName = "this"


class Cancel(_OrderStep, frozen=True):
    """The order is cancelled, asked for or not."""

    verb: ClassVar[Literal["cancel"]] = "cancel"
    text: str | None = None
    send: Telling = "once"
    order: OrderName = "this"


class Expire(_OrderStep, frozen=True):
    """The order expires: it is out, and nobody asked."""

    verb: ClassVar[Literal["expire"]] = "expire"
    send: Telling = "once"
    order: OrderName = "this"


class Stale(_OrderStep, frozen=True):
    """The gateway is no longer sure of the order's state; after ``for`` it is again."""

    verb: ClassVar[Literal["stale"]] = "stale"
    for_: Duration | None = None
    send: Telling = "once"
    order: OrderName = "this"


class Bust(_FillStep, frozen=True):
    """A fill is taken back: its name, or last."""

    verb: ClassVar[Literal["bust"]] = "bust"
    fill: Name = "last"
    send: Telling = "once"


class Correct(_FillStep, frozen=True):
    """A fill's price or quantity is replaced."""

    verb: ClassVar[Literal["correct"]] = "correct"
    fill: Name = "last"
    price: Amount | None = None
    quantity: Amount | None = None
    send: Telling = "once"


class Delay(_FlowStep, frozen=True):
    """The next step is done so much later."""

    verb: ClassVar[Literal["delay"]] = "delay"
    time: Duration


class Hold(_FlowStep, frozen=True):
    """The next step is done when the name is released."""

    verb: ClassVar[Literal["hold"]] = "hold"
    name: Name


class Release(_FlowStep, frozen=True):
    """What waits for a name goes on."""

    verb: ClassVar[Literal["release"]] = "release"
    name: Name


class Answer(_FlowStep, frozen=True):
    """The reply to the request, as the simulator words it."""

    verb: ClassVar[Literal["reply"]] = "reply"
    send: Telling = "once"


class Reply(_FlowStep, frozen=True, rename={"ok": "Ok", "err": "Err"}):
    """The reply to the request, in other words than the simulator's own."""

    verb: ClassVar[Literal["reply"]] = "reply"
    ok: Any = UNSET
    err: str | UnsetType = UNSET
    raw: str | UnsetType = UNSET


class Disconnect(_ConnectionStep, frozen=True):
    """The connection is closed with a code."""

    verb: ClassVar[Literal["disconnect"]] = "disconnect"
    code: Annotated[int, Meta(ge=1000, le=4999)] = 1000
    reason: Annotated[str, Meta(max_length=100)] = ""
    session: str | None = None


class Abort(_ConnectionStep, frozen=True):
    """The connection is cut with a TCP reset."""

    verb: ClassVar[Literal["disconnect"]] = "disconnect"


class Refuse(_ConnectionStep, frozen=True):
    """New connections are refused for a while."""

    verb: ClassVar[Literal["refuse"]] = "refuse"
    for_: Duration


class Stall(_ConnectionStep, frozen=True):
    """The connection stands still: no data, no pongs, or nothing at all; for good unless ``for`` says how long."""

    verb: ClassVar[Literal["stall"]] = "stall"
    what: Standstill = "all"
    for_: Duration | None = None
    session: str | None = None


class Slow(_ConnectionStep, frozen=True):
    """The connection drips."""

    verb: ClassVar[Literal["slow"]] = "slow"
    bytes_per_second: Annotated[int, Meta(ge=1, le=10_000_000)]
    for_: Duration | None = None
    session: str | None = None


class Corrupt(_ConnectionStep, frozen=True):
    """The next messages on the connection come damaged: bad JSON, a frame cut short, another id, or bad UTF-8."""

    verb: ClassVar[Literal["corrupt"]] = "corrupt"
    what: Damage = "json"
    messages: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    session: str | None = None


class View(_Args, frozen=True):
    """What a query says: as things were ``lag`` ago, and with some left out (this, last, all, an id, a fill's name)."""

    lag: Duration | None = None
    omit: tuple[str, ...] = ()
    for_: Duration | None = None


class Book(_MarketStep, frozen=True):
    """The market's own quotes for a product, best first: pairs of price and quantity."""

    verb: ClassVar[Literal["book"]] = "book"
    product: Name
    bids: tuple[tuple[Amount, Amount], ...] = ()
    asks: tuple[tuple[Amount, Amount], ...] = ()


class Trade(_MarketStep, frozen=True):
    """Somebody in the market trades: takes what rests at the price or better, and prints what is left there."""

    verb: ClassVar[Literal["trade"]] = "trade"
    product: Name
    price: Amount
    quantity: Amount
    dir: Literal["Buy", "Sell"] = "Buy"


class Halt(_MarketStep, frozen=True):
    """Trading stops within a scope."""

    verb: ClassVar[Literal["halt"]] = "halt"
    scope: Any


class Resume(_MarketStep, frozen=True):
    """A halt of a scope ends."""

    verb: ClassVar[Literal["resume"]] = "resume"
    scope: Any


class Delist(_MarketStep, frozen=True):
    """A product's trading ends for good."""

    verb: ClassVar[Literal["delist"]] = "delist"
    product: Name


class Increments(_MarketStep, frozen=True):
    """A product's price tick or quantity step changes."""

    verb: ClassVar[Literal["increments"]] = "increments"
    product: Name
    quote_increment: Amount | None = None
    base_increment: Amount | None = None


class LimitEntry(_Args, frozen=True):
    """A limit, as SetLimits takes it; without a value it is lifted."""

    set: Any
    scope: Any
    name: str
    value: Amount | None = None


class SetLimits(_MarketStep, frozen=True):
    """Limits are set, whatever already rests."""

    verb: ClassVar[Literal["limits"]] = "limits"
    limits: tuple[LimitEntry, ...]


class Alert(_MarketStep, frozen=True):
    """Those who follow alerts are told of one."""

    verb: ClassVar[Literal["alert"]] = "alert"
    value: Any


class Goto(_FlowStep, frozen=True):
    """The scenario goes to a state."""

    verb: ClassVar[Literal["goto"]] = "goto"
    state: Name


class Heal(_FlowStep, frozen=True):
    """Every fault ends: rules, halts and refusals are gone, lines and views are as they should be, nothing is held."""

    verb: ClassVar[Literal["heal"]] = "heal"


class RateLimit(_FlowStep, frozen=True):
    """At most ``cap`` requests ``per`` time on a connection; one more is refused, or banned for a while."""

    verb: ClassVar[Literal["rate_limit"]] = "rate_limit"
    cap: Annotated[int, Meta(ge=0)]
    per: Duration = "1s"
    code: Code = "RateLimited"
    ban: Duration | None = None


class Restart(_ConnectionStep, frozen=True):
    """The venue restarts: every connection is closed with 1012, and its orders are kept or lost."""

    verb: ClassVar[Literal["restart"]] = "restart"
    orders: Literal["kept", "lost"] = "kept"
    for_: Duration = "0s"


ViewName = Literal["ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails"]
VIEWED: tuple[ViewName, ...] = get_args(ViewName)
"""The queries whose answers a scenario can bend."""


class Views(_Args, frozen=True):
    """What some queries say, by their names."""

    kind: ClassVar[Literal["view"]] = "view"
    verb: ClassVar[Literal["view"]] = "view"
    views: dict[ViewName, View]


OrderStep = Ack | Reject | Fill | Match | Cancel | Expire | Stale
FillStep = Bust | Correct
FlowStep = Delay | Hold | Release | Answer | Reply | Goto | Heal | RateLimit
ConnectionStep = Disconnect | Abort | Refuse | Stall | Slow | Corrupt | Restart
MarketStep = Book | Trade | Halt | Resume | Delist | Increments | SetLimits | Alert
Step = OrderStep | FillStep | FlowStep | ConnectionStep | MarketStep | Views
"""A step, written out. Its ``verb`` tells which it is, its ``kind`` who does it."""

TRUTH = frozenset(step.verb for step in get_args(OrderStep | FillStep))
"""The verbs that change what the exchange holds of an order."""


class Steps:
    """Steps in their order, and what follows from which there are.

    Args:
        steps: the steps.
    """

    __slots__ = ("answers", "in_order", "is_truthful", "refuses")

    def __init__(self, steps: Iterable[Step]) -> None:
        self.in_order = tuple(steps)
        self.answers = any(step.verb == "reply" for step in self.in_order)
        """Whether they say when, or whether, the request is answered."""
        self.is_truthful = any(step.verb in TRUTH for step in self.in_order)
        """Whether they say what becomes of the order; else the engine does."""
        errs = (step.err for step in self.in_order if isinstance(step, Reply))
        self.refuses = not self.is_truthful and any(err is not UNSET for err in errs)
        """Whether the request is answered with an ``Err`` and nothing comes of it."""
