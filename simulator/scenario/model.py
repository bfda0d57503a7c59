"""The scenario file, typed: the structs from which both the loader and the JSON Schema are made."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from simulator.exchange.orders import FIRST_ORDER_ID
from simulator.scenario.expectations import LAW_NAMES, Expectation, ExpectationInFile
from simulator.scenario.step_forms import StepInFile
from simulator.scenario.steps import Amount, CustomReplyStep, Duration, LimitEntry, Name, Percent, RejectStep
from simulator.scenario.when import FileEntry, When
from simulator.wire.hello import Hello

__all__ = [
    "APART",
    "BESIDE",
    "EXACTLY_ONE",
    "Await",
    "ClientStep",
    "ClockSetting",
    "Latency",
    "LegEntry",
    "Lognormal",
    "MarketEntry",
    "OrderIds",
    "Rule",
    "Scaled",
    "Scenario",
    "TimelineEntry",
    "TradesEntry",
    "WalkEntry",
]


class Rule(FileEntry, frozen=True):
    """What the venue does when a request or an event matches; the first rule that matches decides."""

    when: When  # type: ignore[valid-type]  # made at run time
    """Which requests or events the rule is for: all that is said must hold. Example:
    ``when: {request: SendLimitOrder, quantity: {ge: 10}}``.
    """
    then: tuple[StepInFile, ...]
    """The steps, done in order in the scenario's time; none leaves it all to the engine. Examples:
    ``then: [ack, {delay: 250ms}, {fill: 40%}]``, ``then: []``.
    """
    name: Name | None = None
    """What the journal, a failure and fired call the rule; without it, by its place: rule 1. Example:
    ``name: slow partial``.
    """
    times: Annotated[int, Meta(ge=1)] | None = None
    """How often the rule fires at most, over all connections together; then it is spent, and the rules after it are
    asked. Without it there is no bound. Example: ``times: 1``.
    """
    after: Annotated[int, Meta(ge=0)] = 0
    """How many of the requests that match are left to the rules after it before it may fire the first time, over all
    connections together. Requests that an earlier rule decided about are not counted. Example: ``after: 2``.
    """
    every: Annotated[int, Meta(ge=1)] = 1
    """That it fires for the first of so many that match after those, and then for every so many; the others are left
    to the rules after it. Counted over all connections together, like after. Example: ``every: 3``.
    """
    until: str | None = None
    """When it fires no more: so long after the start of the scenario, or at a time; what it has begun goes on. Without
    it there is no end. Examples: ``until: 30s``, ``until: '2024-06-28T14:30:00Z'``.
    """
    chance: Percent | None = None
    """How likely it fires for a request that would make it fire, drawn from the seed; one that is not drawn is left to
    the rules after it, and not counted by times. Example: ``chance: 10%``.
    """
    required: bool = False
    """Whether a test or a replay fails if the rule never fired. Example: ``required: true``."""
    illegal: bool = False
    """Whether the steps may do what no venue can truthfully do. It is told so, and the exchange's own record stays
    true, but that a fill beyond the limit, off the tick or off the step is booked. Example: ``illegal: true``.
    """


class Lognormal(FileEntry, frozen=True):
    """A delay whose half lies below the median, and one in a hundred above the p99."""

    median: Duration
    """Half of the delays are shorter; more than no time. Example: ``median: 2ms, p99: 20ms``."""
    p99: Duration
    """One delay in a hundred is longer; at least the median. Example: ``median: 2ms, p99: 20ms``."""


class Normal(FileEntry, frozen=True):
    """A delay around a mean, never below zero."""

    mean: Duration
    """The mean of the delays. Example: ``mean: 5ms, stddev: 1ms``."""
    stddev: Duration
    """Their standard deviation. Example: ``mean: 5ms, stddev: 1ms``."""


class LegEntry(FileEntry, frozen=True):
    """A delay that is drawn anew for every message: exactly one distribution."""

    uniform: tuple[Duration, Duration] | None = None
    """Any time between a shortest and a longest, each as likely. Example: ``uniform: [1ms, 5ms]``."""
    normal: Normal | None = None
    """Times around a mean, never below zero. Example: ``normal: {mean: 5ms, stddev: 1ms}``."""
    lognormal: Lognormal | None = None
    """Mostly short times with a long tail, as networks have them. Example: ``lognormal: {median: 2ms, p99: 20ms}``."""


Leg = Duration | LegEntry


class Latency(FileEntry, frozen=True):
    """How long messages travel: to the venue, and replies and updates back; ``requests`` has a type's own way in."""

    entry: Leg | None = None
    """How long a request travels to the venue, unless requests says otherwise for its type. Examples: ``entry: 1ms``,
    ``entry: {uniform: [1ms, 5ms]}``.
    """
    reply: Leg | None = None
    """How long a reply travels back. Example: ``reply: 1ms``."""
    update: Leg | None = None
    """How long an update of a subscription travels to its subscriber. Example:
    ``update: {lognormal: {median: 2ms, p99: 20ms}}``.
    """
    requests: dict[str, Leg] = field(default_factory=dict)
    """The entry of single types of requests. Example: ``requests: {CancelOrder: 50ms}``."""
    reorder: bool = False
    """Whether messages on one connection may overtake each other, as drawn delays would have it; otherwise each waits
    for the one before it. Example: ``reorder: true``.
    """


class OrderIds(FileEntry, frozen=True):
    """Which ids orders get."""

    first: Annotated[int, Meta(ge=1, le=999_999_999_999_999_999)] = FIRST_ORDER_ID
    """The first order's. Example: ``first: 9007199254740993``."""
    step: Annotated[int, Meta(ge=-1000, le=1000)] = 1
    """How much more each next one's is; less for ids that fall. Example: ``first: 9000000, step: -7``."""


class WalkEntry(FileEntry, frozen=True):
    """How a market's price moves.

    ``volatility`` is the standard deviation of one move, as a share of the price; that of n moves is the square root of
    n times as much. ``reversion`` is how much of its distance from ``mid`` each move takes back: with ``1%`` the price
    is half way back after 69 moves, and in the long run its standard deviation is seven times that of one move.
    """

    every: Duration = "100ms"
    """How long the price stands between two moves. Example: ``every: 100ms``."""
    volatility: Percent = "0.01%"
    """The standard deviation of one move, as a share of the price. Example: ``volatility: 0.05%``."""
    reversion: Percent = "0%"
    """How much of its distance from mid each move takes back. Example: ``reversion: 1%``."""


class TradesEntry(FileEntry, frozen=True):
    """How often others trade in a market, on average."""

    per_second: Amount
    """How many trades of others there are a second, on average. Example: ``per_second: 5``."""


class MarketEntry(FileEntry, frozen=True):
    """A product's market: either quotes, best first, or a price around which it quotes by itself."""

    bids: tuple[tuple[Amount, Amount], ...] | None = None
    """What is bid: pairs of price and quantity, best first. Example: ``bids: [[9999.50, 2], [9999.00, 5]]``."""
    asks: tuple[tuple[Amount, Amount], ...] | None = None
    """What is asked: pairs of price and quantity, best first. Example: ``asks: [[10000.00, 4], [10000.50, 20]]``."""
    mid: Amount | None = None
    """The price around which the market quotes by itself, instead of bids and asks. Example: ``mid: 10000``."""
    spread: Amount | None = None
    """How far the best ask is above the best bid, in the quote's own unit; without it, as the catalogue's market has
    it. Example: ``mid: 10000, spread: 0.50``.
    """
    levels: Annotated[int, Meta(ge=0, le=1000)] = 20
    """How many prices it quotes on each side. Example: ``mid: 10000, levels: 10``."""
    walk: WalkEntry | None = None
    """How its price moves; without it, it stands. Example: ``mid: 10000, walk: {every: 100ms, volatility: 0.05%}``."""
    trades: TradesEntry | None = None
    """How often others trade in it; without it, never. Example: ``mid: 10000, trades: {per_second: 5}``."""


class TimelineEntry(FileEntry, frozen=True):
    """What happens by itself at a time after the start; ``every`` repeats it."""

    at: Duration
    """When, after the start of the scenario. Example: ``at: 2s``."""
    do: StepInFile | tuple[StepInFile, ...]
    """A step, or a list of them, done in order. Examples: ``do: {disconnect: {code: 1012}}``,
    ``do: [{delay: 1ms}, heal]``.
    """
    every: Duration | None = None
    """That it is done again and again, so long after the time before. Example: ``every: 10s``."""


class Scaled(FileEntry, frozen=True):
    """A clock that runs so many times as fast as the wall's."""

    scaled: Annotated[
        str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$", description="How many times as fast, such as 20.")
    ]
    """How many times as fast as the wall's clock. Example: ``scaled: 20``."""


ClockSetting = Literal["real", "instant", "manual"] | Scaled


class Await(FileEntry, frozen=True):
    """A message that must come within a time of the scenario's: on a subscription, or any at all."""

    on: str | None = None
    """The name that the as of a subscription or a request gave, with a dollar before it, or the name of a connection.
    Without it, the connection main. Example: ``on: $states``.
    """
    within: Duration = "5s"
    """How long to wait at most, in the scenario's time. Example: ``within: 1s``."""
    order_id: str | None = None
    """The id of the order that the message tells of. Example: ``order_id: $order``."""
    state: tuple[str, ...] | None = None
    """The order's flags, just these, in any order: Open, Acked, Filled, Canceling, Canceled, Rejected, Out and Stale.
    Example: ``state: [Acked, Filled, Out]``.
    """
    filled_qty: Amount | None = None
    """How much of the order is filled. Example: ``filled_qty: 4``."""
    avg_fill_price: Amount | None = None
    """The mean price of its fills. Example: ``avg_fill_price: 9999.75``."""
    message: Any = UNSET
    """What the message bears: texts with wildcards, numbers as numbers, and of an object the keys that are said.
    Example: ``message: {price: 10000, size: 1}``.
    """
    closed: Annotated[int, Meta(ge=1000, le=4999)] | bool | None = None
    """That the connection ends: with a code, or with any (true); or that it stays open all the while (false).
    Examples: ``closed: 1012``, ``closed: true``.
    """


class ClientStep(FileEntry, frozen=True, rename={"as_": "as", "await_": "await"}):
    """What a replayed client does: exactly one of send, await, wait, connect, disconnect."""

    send: dict[str, Any] | UnsetType = UNSET
    """A request with its type and its fields; $name stands for what an earlier as has named. An id is given by itself.
    Examples: ``send: {type: GetOrderState, order_ids: [$order]}``, ``send: {type: SubscribeOrderState}``.
    """
    raw: str | UnsetType = UNSET
    """Text that is sent as it is, be it JSON or not. Example: ``raw: '{"id": 1'``."""
    reply: Any = UNSET
    """The reply that must come: Ok, Err, {Ok: ...} or {Err: ...} compared as an await's message is, or never.
    Examples: ``send: {type: CancelOrder, order_id: $order}, reply: {Err: "*already filled*"}``,
    ``send: {type: CancelOrder, order_id: $order}, reply: never``.
    """
    as_: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")] | None = None
    """A name for the reply's Ok, or, of a subscription, for its id; later steps write it with a dollar before it.
    Example: ``send: {type: SubscribeOrderState}, as: updates``.
    """
    await_: Await | UnsetType = UNSET
    """A message that must come, in whatever order those of other orders and subscriptions do. Example:
    ``await: {on: $states, order_id: $order, filled_qty: 4}``.
    """
    wait: Duration | UnsetType = UNSET
    """Time that passes before the next step. Example: ``wait: 250ms``."""
    connect: str | UnsetType | None = UNSET
    """A connection that is opened: its name, or its path, or nothing for main at /architect. The first step's aside,
    main is opened by itself. Examples: ``connect: second``, ``connect: "/?account=ALICE"``, ``connect:``.
    """
    disconnect: bool | UnsetType | None = UNSET
    """That a connection is closed, with code 1000. Examples: ``disconnect:``, ``disconnect: true``."""
    on: str | None = None
    """The name of the connection that the step is about; without it, main. Example:
    ``send: {type: SubscribeOrderState}, on: second``.
    """
    within: Duration = "5s"
    """How long to wait for a reply, or to try again to connect, in the scenario's time. Example:
    ``send: {type: GetHalts}, reply: Ok, within: 1s``.
    """


class Scenario(FileEntry, frozen=True):
    """A scenario: what a venue is like, what it does, what a client says to it, and what must be true of it."""

    name: str | None = None
    """What reports call the scenario; without it, the file's name. Example: ``name: cancel loses the race``."""
    include: tuple[str, ...] = ()
    """Files beside this one, or bundled scenarios by their names, of which client and expect are left out. Their rules,
    timeline and expect come after this file's own, the rest where this file says nothing. Example:
    ``include: [partial-fill]``.
    """
    seed: Annotated[int, Meta(ge=0)] = 0
    """What everything random is drawn from; the same seed gives the same run. Example: ``seed: 7``."""
    clock: ClockSetting = "real"
    """How time passes: real is the wall's; {scaled: 20} is twenty times as fast; instant jumps to what is due as soon
    as there is nothing to read; manual stands until a test advances it. Examples: ``clock: instant``,
    ``clock: {scaled: 20}``.
    """
    start: str | None = None
    """The time at which the scenario begins; without it 2024-01-01T00:00:00Z, but now on a real clock. Example:
    ``start: '2024-06-28T14:30:00Z'``.
    """
    hello: Hello = "Normal"
    """The first message at /architect. Example: ``hello: Trial``."""
    strict: bool = False
    """Whether requests with unknown fields are answered with an Err, and a test fails for a request that no rule
    decided about. Example: ``strict: true``.
    """
    catalogue: Any = "default"
    """The products, venues and accounts: default, reference, a file beside this one, or the catalogue itself. Example:
    ``catalogue: reference``.
    """
    accounts: tuple[Name, ...] = ()
    """The accounts there are, instead of the catalogue's. Example: ``accounts: [DEFAULT, ALICE]``."""
    latency: Latency = Latency()
    """How long messages travel between client and venue; without it, no time. Example:
    ``latency: {entry: 1ms, reply: 1ms}``.
    """
    limits: tuple[LimitEntry, ...] = ()
    """The limits in force from the start, as SetLimits takes them. Example:
    ``limits: [{set: All, scope: All, name: MaxOrderQty, value: 100}]``.
    """
    markets: dict[str, MarketEntry] = field(default_factory=dict)
    """The markets that there are from the start, by their products; others are empty. Example:
    ``markets: {BTC Crypto/USD*COINBASE/DIRECT: {bids: [[9999.50, 2]], asks: [[10000.00, 4]]}}``.
    """
    order_ids: OrderIds = OrderIds()
    """Which ids orders get; without it 1, 2, 3. Example: ``order_ids: {first: 9007199254740993}``."""
    rules: tuple[Rule, ...] = ()
    """What the venue does: the first rule that fires for a request decides about it, and where none does, the engine
    matches. Example: ``rules: [{when: {request: SendLimitOrder}, then: [ack, {fill: 40%}]}]``.
    """
    timeline: tuple[TimelineEntry, ...] = ()
    """What happens by itself, at times after the start. Example:
    ``timeline: [{at: 20s, do: {disconnect: {code: 1012}}}]``.
    """
    client: tuple[ClientStep, ...] = ()
    """What a client says when the scenario is replayed, one step after the other. Example:
    ``client: [{send: {type: GetHalts}, reply: Ok}]``.
    """
    must: tuple[ExpectationInFile, ...] = ()
    """What any client must do here, whoever made it: a test, a certification and every replay are held to it. Example:
    ``must: [backs_off, {reconnects: 30s}]``.
    """
    expect: tuple[ExpectationInFile, ...] = ()
    """What must be true in the end of this file's own replay; and of a test, but where the file has both a client and
    must. Example: ``expect: [{never: {request: SendLimitOrder, nth: 2}}]``.
    """


EXACTLY_ONE: dict[type[Struct], tuple[str, ...]] = {
    LegEntry: ("uniform", "normal", "lognormal"),
    CustomReplyStep: ("Ok", "Err", "raw"),
    ClientStep: ("send", "raw", "await", "wait", "connect", "disconnect"),
    Expectation: ("never", "received", "orders", "fired", *LAW_NAMES),
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
    RejectStep: {"reason": ("code", "text")},
    Await: {"closed": ("order_id", "state", "filled_qty", "avg_fill_price", "message")},
}
"""The keys beside which others mean nothing."""
