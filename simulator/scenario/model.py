"""The scenario file, typed: the structs from which both the loader and the JSON Schema are made."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from simulator.scenario.step_forms import StepInFile
from simulator.scenario.steps import Amount, Duration, LimitEntry, Name, Percent, Reply
from simulator.wire.requests import REQUEST_TYPES

__all__ = [
    "APART",
    "BESIDE",
    "CONDITIONS",
    "EXACTLY_ONE",
    "REQUEST_FIELDS",
    "THINGS",
    "Await",
    "Bounds",
    "ClientStep",
    "ClockSetting",
    "Expectation",
    "Latency",
    "LegEntry",
    "Lognormal",
    "MarketEntry",
    "Matcher",
    "Rule",
    "Scaled",
    "Scenario",
    "TimelineEntry",
    "TradesEntry",
    "WalkEntry",
    "When",
]


class _Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """The base of what stands in a file."""


class Bounds(_Section, frozen=True, rename={"in_": "in", "not_": "not"}):
    """What a value must be; everything that is said must hold."""

    ge: Amount | None = None
    gt: Amount | None = None
    le: Amount | None = None
    lt: Amount | None = None
    in_: tuple[str, ...] | None = None
    not_: "str | Bounds | None" = None
    regex: Annotated[str, Meta(max_length=1000)] | None = None


Matcher = str | tuple[str, ...] | Bounds | None
"""A value, with * and ? as wildcards; a list of values; or bounds."""

THINGS = {
    "target": "tradable_product",
    "tradable_product": "tradable_product",
    "tradable_products": "tradable_product",
    "product": "product",
    "base": "product",
    "quote": "product",
    "venue": "venue",
    "venues": "venue",
    "route": "route",
}
"""The fields of requests that give names or ids of things, and of which kind of the catalogue's these are."""

CONDITIONS = ("request", "event", "session", "nth", "state")
"""What a rule can ask for besides a request's fields."""

REQUEST_FIELDS = tuple(
    sorted({name for kind in REQUEST_TYPES.values() for name in kind.__struct_fields__} - {"session", "nth", "state"})
)
"""Every field of every request."""

_EventName = Literal["connect", "subscribe", "disconnect"]
_optional = [("request", str | tuple[str, ...] | UnsetType), ("event", _EventName | UnsetType)]
_optional += [("session", Matcher | UnsetType), ("nth", Matcher | UnsetType), ("state", Matcher | UnsetType)]

When = msgspec.defstruct(
    "When",
    [(name, kind, UNSET) for name, kind in _optional] + [(name, Matcher | UnsetType, UNSET) for name in REQUEST_FIELDS],
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    module=__name__,
    namespace={"__doc__": "Which requests or events a rule is for: all that is said must hold."},
)


class Rule(_Section, frozen=True):
    """What the venue does when a request or an event matches; the first rule that matches decides."""

    when: When  # type: ignore[valid-type]  # made at run time
    then: tuple[StepInFile, ...]
    name: Name | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    after: Annotated[int, Meta(ge=0)] = 0
    every: Annotated[int, Meta(ge=1)] = 1
    chance: Percent | None = None
    required: bool = False
    illegal: bool = False


class Lognormal(_Section, frozen=True):
    """A delay whose half lies below the median, and one in a hundred above the p99."""

    median: Duration
    p99: Duration


class Normal(_Section, frozen=True):
    """A delay around a mean, never below zero."""

    mean: Duration
    stddev: Duration


class LegEntry(_Section, frozen=True):
    """A delay that is drawn anew for every message: exactly one distribution."""

    uniform: tuple[Duration, Duration] | None = None
    normal: Normal | None = None
    lognormal: Lognormal | None = None


Leg = Duration | LegEntry


class Latency(_Section, frozen=True):
    """How long messages travel: to the venue, and replies and updates back; ``requests`` has a type's own way in."""

    entry: Leg | None = None
    reply: Leg | None = None
    update: Leg | None = None
    requests: dict[str, Leg] = {}
    reorder: bool = False


class WalkEntry(_Section, frozen=True):
    """How a market's price moves.

    ``volatility`` is the standard deviation of one move, as a share of the price; that of n moves is the square root of
    n times as much. ``reversion`` is how much of its distance from ``mid`` each move takes back: with ``1%`` the price
    is half way back after 69 moves, and strays by about seven times its volatility at most.
    """

    every: Duration = "100ms"
    volatility: Percent = "0.01%"
    reversion: Percent = "0%"


class TradesEntry(_Section, frozen=True):
    """How often others trade in a market, on average."""

    per_second: Amount


class MarketEntry(_Section, frozen=True):
    """A product's market: either quotes, best first, or a price around which it quotes by itself."""

    bids: tuple[tuple[Amount, Amount], ...] | None = None
    asks: tuple[tuple[Amount, Amount], ...] | None = None
    mid: Amount | None = None
    spread: Amount | None = None
    levels: Annotated[int, Meta(ge=0, le=1000)] = 20
    walk: WalkEntry | None = None
    trades: TradesEntry | None = None


class TimelineEntry(_Section, frozen=True):
    """What happens by itself at a time after the start; ``every`` repeats it."""

    at: Duration
    do: StepInFile | tuple[StepInFile, ...]
    every: Duration | None = None


class Scaled(_Section, frozen=True):
    """A clock that runs so many times as fast as the wall's."""

    scaled: Annotated[
        str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$", description="How many times as fast, such as 20.")
    ]


ClockSetting = Literal["real", "instant", "manual"] | Scaled


class Await(_Section, frozen=True):
    """A message that must come within a time of the scenario's: on a subscription, or any at all."""

    on: str | None = None
    within: Duration = "5s"
    order_id: str | None = None
    state: tuple[str, ...] | None = None
    filled_qty: Amount | None = None
    avg_fill_price: Amount | None = None
    message: Any = UNSET
    closed: Annotated[int, Meta(ge=1000, le=4999)] | bool | None = None


class ClientStep(_Section, frozen=True, rename={"as_": "as", "await_": "await"}):
    """What a replayed client does: exactly one of send, await, wait, connect, disconnect."""

    send: dict[str, Any] | UnsetType = UNSET
    raw: str | UnsetType = UNSET
    reply: Any = UNSET
    as_: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")] | None = None
    await_: Await | UnsetType = UNSET
    wait: Duration | UnsetType = UNSET
    connect: str | UnsetType | None = UNSET
    disconnect: bool | UnsetType | None = UNSET
    on: str | None = None
    within: Duration = "5s"


class OrderExpectation(_Section, frozen=True):
    """How an order must be in the end."""

    state: tuple[str, ...] | None = None
    filled_qty: Amount | None = None
    avg_fill_price: Amount | None = None


class Expectation(_Section, frozen=True):
    """What must be true in the end: exactly one of never, received, orders, fired."""

    never: When | UnsetType = UNSET  # type: ignore[valid-type]  # made at run time
    received: When | UnsetType = UNSET  # type: ignore[valid-type]
    count: Annotated[int, Meta(ge=0)] | None = None
    orders: dict[str, OrderExpectation] | UnsetType = UNSET
    fired: Name | UnsetType = UNSET


class Scenario(_Section, frozen=True):
    """A scenario: what a venue is like, what it does, what a client says to it, and what must be true of it."""

    name: str | None = None
    include: tuple[str, ...] = ()
    seed: Annotated[int, Meta(ge=0)] = 0
    clock: ClockSetting = "real"
    start: str | None = None
    hello: Literal["Normal", "Trial", "FirstRun", "NotLicensed"] = "Normal"
    strict: bool = False
    catalogue: Any = "default"
    accounts: tuple[Name, ...] = ()
    latency: Latency = Latency()
    limits: tuple[LimitEntry, ...] = ()
    markets: dict[str, MarketEntry] = {}
    rules: tuple[Rule, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    client: tuple[ClientStep, ...] = ()
    expect: tuple[Expectation, ...] = ()


EXACTLY_ONE: dict[type[Struct], tuple[str, ...]] = {
    LegEntry: ("uniform", "normal", "lognormal"),
    Reply: ("Ok", "Err", "raw"),
    ClientStep: ("send", "raw", "await", "wait", "connect", "disconnect"),
    Expectation: ("never", "received", "orders", "fired"),
}
"""The keys of which a mapping must have just one."""

BESIDE: dict[type[Struct], dict[str, tuple[str, ...]]] = {
    MarketEntry: {"spread": ("mid",), "levels": ("mid",), "walk": ("mid",), "trades": ("mid",)},
    ClientStep: {
        "reply": ("send", "raw"),
        "as": ("send", "raw"),
        "on": ("send", "raw", "await", "connect", "disconnect"),
        "within": ("reply", "as", "connect"),
    },
    Expectation: {"count": ("received",)},
}
"""The keys that mean something only where one of others stands beside them."""

APART: dict[type[Struct], dict[str, tuple[str, ...]]] = {
    MarketEntry: {"mid": ("bids", "asks")},
    Await: {"closed": ("order_id", "state", "filled_qty", "avg_fill_price", "message")},
}
"""The keys beside which others mean nothing."""
