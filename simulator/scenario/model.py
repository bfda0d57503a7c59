"""The scenario file, typed: the structs from which both the loader and the JSON Schema are made."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from simulator.exchange.orders import FIRST_ORDER_ID
from simulator.scenario.step_forms import StepInFile
from simulator.scenario.steps import Amount, CustomReplyStep, Duration, LimitEntry, Name, Percent, RejectStep
from simulator.wire.hello import Hello
from simulator.wire.requests import REQUEST_TYPES

__all__ = [
    "APART",
    "BESIDE",
    "CONDITIONS",
    "EXACTLY_ONE",
    "REQUEST_FIELDS",
    "REQUEST_FIELD_DOCS",
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
    "OrderIds",
    "Rule",
    "Scaled",
    "Scenario",
    "TimelineEntry",
    "TradesEntry",
    "WalkEntry",
    "When",
]


class _FileEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """The base of what stands in a file."""


class Bounds(_FileEntry, frozen=True, rename={"in_": "in", "not_": "not"}):
    """What a value must be; everything that is said must hold."""

    ge: Amount | None = None
    """The number is this or more. Example: ``ge: 10``."""
    gt: Amount | None = None
    """The number is more than this. Example: ``gt: 9999.50``."""
    le: Amount | None = None
    """The number is this or less. Example: ``le: 10``."""
    lt: Amount | None = None
    """The number is less than this. Example: ``ge: 10, lt: 20``."""
    in_: tuple[str, ...] | None = None
    """The value is one of these, each matched as a value alone would be. Example: ``in: [Buy]``."""
    not_: "str | Bounds | None" = None
    """The value is not this: a value with its wildcards, or bounds. Examples: ``not: Sell``, ``not: {ge: 10}``."""
    regex: Annotated[str, Meta(max_length=1000)] | None = None
    """The value has a match of this regular expression somewhere in it; there is no backtracking, so no group is
    referred back to. Example: ``regex: '^B'``.
    """


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
    "token": "product",
}
"""The fields of requests that give names or ids of things, and of which kind of the catalogue's these are."""

CONDITIONS = ("request", "event", "session", "nth", "state")
"""What a rule can ask for besides a request's fields."""

REQUEST_FIELDS = tuple(
    sorted({name for kind in REQUEST_TYPES.values() for name in kind.__struct_fields__} - {*CONDITIONS, "order"})
)
"""Every field of every request, but the order of EstimateOrderParams: who waits for an order means one by that word."""

REQUEST_FIELD_DOCS = {
    "account": "Whose order it is. Example: ``account: DEFAULT``.",
    "amount": "How much of a token may be spent. Example: ``amount: {gt: 1000}``.",
    "base": "What quotes are asked for. Example: ``base: BTC Crypto``.",
    "dir": "The order's side. Example: ``dir: Buy``.",
    "end": 'Up to when. Example: ``end: "2024-*"``.',
    "fill_ids": 'The fills that are asked about: one of them matches. Example: ``fill_ids: "*"``.',
    "gas": "The gas of a transaction. Example: ``gas: {ge: 21000}``.",
    "gas_price": "The range of its price: one end of it matches. Example: ``gas_price: {gt: 100}``.",
    "halt": "The scope that is to be halted, as JSON. Example: ``halt: All``.",
    "id": "The number that comes back with the reply. Example: ``id: {ge: 100}``.",
    "limit": "The most names of each kind that are asked for. Example: ``limit: {gt: 100}``.",
    "limits": 'The limits, each as JSON: one of them matches. Example: ``limits: "*MaxOrderQty*"``.',
    "order_id": "The order that is to be cancelled. Example: ``order_id: 1``.",
    "order_ids": "The orders that are asked about: one of them matches. Example: ``order_ids: [1, 2]``.",
    "params": 'The order\'s further parameters, as JSON. Example: ``params: "*"``.',
    "pat": 'The pattern that is searched for. Example: ``pat: "BTC"``.',
    "path": 'Where the alerts are. Example: ``path: "*"``.',
    "precision": "The price bucket. Example: ``precision: {ge: 1}``.",
    "price": "The order's limit. Example: ``price: {ge: 10000}``.",
    "product": "The products, by name or id: one of them matches. Example: ``product: BTC Crypto``.",
    "quantity": "How much, in the base. Example: ``quantity: {ge: 10, lt: 20}``.",
    "query": 'The query, a text or as JSON. Example: ``query: "*BTC*"``.',
    "quote": "In what the price is. Example: ``quote: USD``.",
    "quote_id": 'The quote that the order takes. Example: ``quote_id: "*"``.',
    "resume": "The scope whose halt is to end, as JSON. Example: ``resume: All``.",
    "route": "The routes, by name or id: one of them matches. Example: ``route: DIRECT``.",
    "scope": "Of what: a text, or as JSON. Example: ``scope: All``.",
    "secret_key": "The name of a secret. Example: ``secret_key: coinbase``.",
    "seek": 'From where on, as JSON. Example: ``seek: "*"``.',
    "set": "Whose: a text, or as JSON. Example: ``set: All``.",
    "start": 'From when on. Example: ``start: "2024-*"``.',
    "target": 'The order\'s tradable product, by name or id. Example: ``target: "BTC*"``.',
    "token": "What may be spent, by name or id. Example: ``token: USDC Crypto``.",
    "tradable_product": 'Tradable products: one of them matches. Example: ``tradable_product: "BTC*"``.',
    "tradable_products": 'The same, where several are asked for at once. Example: ``tradable_products: "BTC*"``.',
    "transaction": 'The transaction, a text or as JSON. Example: ``transaction: "0x*"``.',
    "value": "The bytes of a secret: one of them matches. Example: ``value: 0``.",
    "venue": "The venues, by name or id: one of them matches. Example: ``venue: COINBASE``.",
    "venues": "The venues that quotes are asked of: one of them matches. Example: ``venues: COINBASE``.",
    "width": "The price bucket in ticks, or a candle's length. Example: ``width: 1m``.",
}
"""What each field of a request is, and an example of it in a rule's ``when``."""


class _Conditions(_FileEntry, frozen=True):
    request: str | tuple[str, ...] | UnsetType = UNSET
    """The type of the request: a name, a name with wildcards, or a list of them. Without it and without event, a rule
    is for every type. Examples: ``request: SendLimitOrder``, ``request: [SendLimitOrder, CancelOrder]``,
    ``request: "Get*"``.
    """
    event: Literal["connect", "subscribe", "disconnect"] | UnsetType = UNSET
    """What happens to a connection, instead of a request: it is opened, it subscribes to something, it ends. Example:
    ``event: connect``.
    """
    session: Matcher | UnsetType = UNSET
    """The number of the connection: the first that is opened has 1. Examples: ``session: 1``, ``session: {ge: 2}``."""
    nth: Matcher | UnsetType = UNSET
    """Which one it is, from 1, of the requests that meet everything else in this when, counted over all connections
    since the scenario began or its rules were set, whichever rule decided about them. Examples: ``nth: 2``,
    ``nth: {ge: 3}``.
    """
    state: Matcher | UnsetType = UNSET
    """The state that the scenario is in: start, until a goto step says another. Example: ``state: start``."""


When = msgspec.defstruct(
    "When",
    [(name, Matcher | UnsetType, UNSET) for name in REQUEST_FIELDS],
    bases=(_Conditions,),
    frozen=True,
    module=__name__,
    namespace={"__doc__": "Which requests or events a rule is for: all that is said must hold."},
)


class Rule(_FileEntry, frozen=True):
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


class Lognormal(_FileEntry, frozen=True):
    """A delay whose half lies below the median, and one in a hundred above the p99."""

    median: Duration
    """Half of the delays are shorter; more than no time. Example: ``median: 2ms, p99: 20ms``."""
    p99: Duration
    """One delay in a hundred is longer; at least the median. Example: ``median: 2ms, p99: 20ms``."""


class Normal(_FileEntry, frozen=True):
    """A delay around a mean, never below zero."""

    mean: Duration
    """The mean of the delays. Example: ``mean: 5ms, stddev: 1ms``."""
    stddev: Duration
    """Their standard deviation. Example: ``mean: 5ms, stddev: 1ms``."""


class LegEntry(_FileEntry, frozen=True):
    """A delay that is drawn anew for every message: exactly one distribution."""

    uniform: tuple[Duration, Duration] | None = None
    """Any time between a shortest and a longest, each as likely. Example: ``uniform: [1ms, 5ms]``."""
    normal: Normal | None = None
    """Times around a mean, never below zero. Example: ``normal: {mean: 5ms, stddev: 1ms}``."""
    lognormal: Lognormal | None = None
    """Mostly short times with a long tail, as networks have them. Example: ``lognormal: {median: 2ms, p99: 20ms}``."""


Leg = Duration | LegEntry


class Latency(_FileEntry, frozen=True):
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
    requests: dict[str, Leg] = {}
    """The entry of single types of requests. Example: ``requests: {CancelOrder: 50ms}``."""
    reorder: bool = False
    """Whether messages on one connection may overtake each other, as drawn delays would have it; otherwise each waits
    for the one before it. Example: ``reorder: true``.
    """


class OrderIds(_FileEntry, frozen=True):
    """Which ids orders get."""

    first: Annotated[int, Meta(ge=1, le=999_999_999_999_999_999)] = FIRST_ORDER_ID
    """The first order's. Example: ``first: 9007199254740993``."""
    step: Annotated[int, Meta(ge=-1000, le=1000)] = 1
    """How much more each next one's is; less for ids that fall. Example: ``first: 9000000, step: -7``."""


class WalkEntry(_FileEntry, frozen=True):
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


class TradesEntry(_FileEntry, frozen=True):
    """How often others trade in a market, on average."""

    per_second: Amount
    """How many trades of others there are a second, on average. Example: ``per_second: 5``."""


class MarketEntry(_FileEntry, frozen=True):
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


class TimelineEntry(_FileEntry, frozen=True):
    """What happens by itself at a time after the start; ``every`` repeats it."""

    at: Duration
    """When, after the start of the scenario. Example: ``at: 2s``."""
    do: StepInFile | tuple[StepInFile, ...]
    """A step, or a list of them, done in order. Examples: ``do: {disconnect: {code: 1012}}``,
    ``do: [{delay: 1ms}, heal]``.
    """
    every: Duration | None = None
    """That it is done again and again, so long after the time before. Example: ``every: 10s``."""


class Scaled(_FileEntry, frozen=True):
    """A clock that runs so many times as fast as the wall's."""

    scaled: Annotated[
        str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$", description="How many times as fast, such as 20.")
    ]
    """How many times as fast as the wall's clock. Example: ``scaled: 20``."""


ClockSetting = Literal["real", "instant", "manual"] | Scaled


class Await(_FileEntry, frozen=True):
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


class ClientStep(_FileEntry, frozen=True, rename={"as_": "as", "await_": "await"}):
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


class OrderExpectation(_FileEntry, frozen=True):
    """How an order must be in the end."""

    state: tuple[str, ...] | None = None
    """The order's flags, just these, in any order: Open, Acked, Filled, Canceling, Canceled, Rejected, Out and Stale.
    Example: ``state: [Acked, Filled, Out]``.
    """
    filled_qty: Amount | None = None
    """How much of it is filled. Example: ``filled_qty: 10``."""
    avg_fill_price: Amount | None = None
    """The mean price of its fills. Example: ``avg_fill_price: 9999.75``."""


class Expectation(_FileEntry, frozen=True):
    """What must be true in the end: exactly one of never, received, orders, fired."""

    never: When | UnsetType = UNSET  # type: ignore[valid-type]  # made at run time
    """Requests that must not have come, in the words of a rule's when. Example:
    ``never: {request: SendLimitOrder, nth: 2}``.
    """
    received: When | UnsetType = UNSET  # type: ignore[valid-type]
    """Requests that must have come, in the words of a rule's when. Example: ``received: {request: CancelOrder}``."""
    count: Annotated[int, Meta(ge=0)] | None = None
    """How many of them, just so many; without it, at least one. Example:
    ``received: {request: CancelOrder}, count: 1``.
    """
    orders: dict[str, OrderExpectation] | UnsetType = UNSET
    """Orders as they must be at the exchange, by their ids or the names that an as gave them. Example:
    ``orders: {$order: {filled_qty: 10}}``.
    """
    fired: Name | UnsetType = UNSET
    """The name of a rule that must have fired. Example: ``fired: slow partial``."""


class Scenario(_FileEntry, frozen=True):
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
    markets: dict[str, MarketEntry] = {}
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
    expect: tuple[Expectation, ...] = ()
    """What must be true in the end, of a replay or of a test. Example:
    ``expect: [{never: {request: SendLimitOrder, nth: 2}}]``.
    """


EXACTLY_ONE: dict[type[Struct], tuple[str, ...]] = {
    LegEntry: ("uniform", "normal", "lognormal"),
    CustomReplyStep: ("Ok", "Err", "raw"),
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
    RejectStep: {"reason": ("code", "text")},
    Await: {"closed": ("order_id", "state", "filled_qty", "avg_fill_price", "message")},
}
"""The keys beside which others mean nothing."""
