"""What a rule, a timeline or a test can make the venue do: one frozen struct a verb, as it stands in the file.

Amounts, shares and durations are the texts of the file; what reads them is in `simulator.scenario.amounts`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "BARE",
    "DURATION",
    "TRUTH",
    "VERBS",
    "VIEWED",
    "Ack",
    "Amount",
    "Book",
    "Bust",
    "Cancel",
    "Correct",
    "Corrupt",
    "Damage",
    "Disconnect",
    "Duration",
    "Expire",
    "Fill",
    "Increments",
    "LimitEntry",
    "Match",
    "Name",
    "Percent",
    "Quantity",
    "RateLimit",
    "Refuse",
    "Reject",
    "Reply",
    "Restart",
    "Slow",
    "Stale",
    "Stall",
    "Standstill",
    "Step",
    "StepEntry",
    "Trade",
    "View",
    "entry_of",
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


class Ack(_Args, frozen=True):
    """The venue confirms the order."""

    send: Telling = "once"
    order: OrderName = "this"


class Reject(_Args, frozen=True):
    """The venue refuses the order, or its cancel; in a rule for any other request, the request."""

    code: Code = "Other"
    text: str = ""
    send: Telling = "once"
    order: OrderName = "this"


class Fill(_Args, frozen=True):
    """The order is filled, in whole or in part, whatever the market says."""

    quantity: Quantity = "rest"
    price: Amount | None = None
    as_: Name | None = None
    against: Name = "SCENARIO"
    send: Literal["once", "twice", "never", "renamed"] = "once"
    order: OrderName = "this"


class Match(_Args, frozen=True):
    """The engine matches the order against the book and rests what is left."""

    send: Telling = "once"
    order: OrderName = "this"


class Cancel(_Args, frozen=True):
    """The order is cancelled, asked for or not."""

    text: str | None = None
    send: Telling = "once"
    order: OrderName = "this"


class Expire(_Args, frozen=True):
    """The order expires: it is out, and nobody asked."""

    send: Telling = "once"
    order: OrderName = "this"


class Stale(_Args, frozen=True):
    """The gateway is no longer sure of the order's state; after ``for`` it is again."""

    for_: Duration | None = None
    send: Telling = "once"
    order: OrderName = "this"


class Bust(_Args, frozen=True):
    """A fill is taken back: its name, or last."""

    fill: Name = "last"
    send: Telling = "once"


class Correct(_Args, frozen=True):
    """A fill's price or quantity is replaced."""

    fill: Name = "last"
    price: Amount | None = None
    quantity: Amount | None = None
    send: Telling = "once"


class Reply(_Args, frozen=True, rename={"ok": "Ok", "err": "Err"}):
    """The reply to the request, in other words than the simulator's own."""

    ok: Any = UNSET
    err: str | UnsetType = UNSET
    raw: str | UnsetType = UNSET


class Disconnect(_Args, frozen=True):
    """The connection is closed with a code."""

    code: Annotated[int, Meta(ge=1000, le=4999)] = 1000
    reason: Annotated[str, Meta(max_length=100)] = ""
    session: str | None = None


class Refuse(_Args, frozen=True):
    """New connections are refused for a while."""

    for_: Duration


class Stall(_Args, frozen=True):
    """The connection stands still: no data, no pongs, or nothing at all; for good unless ``for`` says how long."""

    what: Standstill = "all"
    for_: Duration | None = None
    session: str | None = None


class Slow(_Args, frozen=True):
    """The connection drips."""

    bytes_per_second: Annotated[int, Meta(ge=1, le=10_000_000)]
    for_: Duration | None = None
    session: str | None = None


class Corrupt(_Args, frozen=True):
    """The next messages on the connection come damaged: bad JSON, a frame cut short, another id, or bad UTF-8."""

    what: Damage = "json"
    messages: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    session: str | None = None


class View(_Args, frozen=True):
    """What a query says: as things were ``lag`` ago, and with some left out (this, last, all, an id, a fill's name)."""

    lag: Duration | None = None
    omit: tuple[str, ...] = ()
    for_: Duration | None = None


class Book(_Args, frozen=True):
    """The market's own quotes for a product, best first: pairs of price and quantity."""

    product: Name
    bids: tuple[tuple[Amount, Amount], ...] = ()
    asks: tuple[tuple[Amount, Amount], ...] = ()


class Trade(_Args, frozen=True):
    """Somebody in the market trades: takes what rests at the price or better, and prints what is left there."""

    product: Name
    price: Amount
    quantity: Amount
    dir: Literal["Buy", "Sell"] = "Buy"


class Increments(_Args, frozen=True):
    """A product's price tick or quantity step changes."""

    product: Name
    quote_increment: Amount | None = None
    base_increment: Amount | None = None


class LimitEntry(_Args, frozen=True):
    """A limit, as SetLimits takes it; without a value it is lifted."""

    set: Any
    scope: Any
    name: str
    value: Amount | None = None


class RateLimit(_Args, frozen=True):
    """At most ``cap`` requests ``per`` time on a connection; one more is refused, or banned for a while."""

    cap: Annotated[int, Meta(ge=0)]
    per: Duration = "1s"
    code: Code = "RateLimited"
    ban: Duration | None = None


class Restart(_Args, frozen=True):
    """The venue restarts: every connection is closed with 1012, and its orders are kept or lost."""

    orders: Literal["kept", "lost"] = "kept"
    for_: Duration = "0s"


VIEWED = ("ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails")
"""The queries whose answers a scenario can bend."""

ViewName = Literal["ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails"]


class StepEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """One step: exactly one verb with what it takes."""

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
    rate_limit: RateLimit | UnsetType = UNSET
    restart: Restart | UnsetType | None = UNSET
    alert: Any = UNSET

    @property
    def verb(self) -> str:
        """The name of the verb."""
        return next(name for name in VERBS if getattr(self, name) is not UNSET)

    @property
    def args(self) -> Any:
        """What the verb takes, short forms written out."""
        return _written_out(self.verb, getattr(self, self.verb))


Bare = Literal["ack", "match", "cancel", "expire", "stale", "reject", "fill", "bust", "reply", "disconnect", "restart"]
BARE: tuple[str, ...] = Bare.__args__  # type: ignore[attr-defined]  # a Literal has them at run time
"""The verbs that may stand alone."""

VERBS: tuple[str, ...] = StepEntry.__struct_fields__
"""Every verb."""

TRUTH = frozenset({"ack", "reject", "fill", "match", "cancel", "expire", "bust", "correct", "stale"})
"""The verbs that change what the exchange holds of an order."""

Step = Bare | StepEntry

_FULL: dict[str, type[Struct]] = {
    "ack": Ack,
    "reject": Reject,
    "fill": Fill,
    "match": Match,
    "cancel": Cancel,
    "expire": Expire,
    "bust": Bust,
    "stale": Stale,
    "disconnect": Disconnect,
    "stall": Stall,
    "corrupt": Corrupt,
    "restart": Restart,
}
_SHORT = {"fill": "quantity", "bust": "fill", "stall": "what", "corrupt": "what"}


def _written_out(verb: str, value: Any) -> Any:
    """Return a verb's struct for a short form of it: nothing at all, or its first word."""
    if verb == "reply":
        return "once" if value is None else value
    if verb == "disconnect" and value == "abort":
        return value
    full = _FULL.get(verb)
    if full is None or isinstance(value, full):
        return value
    if value is None:
        return full()
    return msgspec.convert({_SHORT[verb]: value}, full)


def entry_of(step: "Bare | StepEntry") -> StepEntry:
    """Return a step as an entry: a verb that stands alone takes nothing."""
    if isinstance(step, StepEntry):
        return step
    bare: dict[str, Any] = {step: None}
    return StepEntry(**bare)
