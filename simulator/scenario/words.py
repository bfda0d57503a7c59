"""What a scenario's file says, as types for Python data.

They are made of the types that the loader reads, by
``python -m simulator.scenario.typed_dicts > simulator/scenario/words.py && ruff format simulator/scenario/words.py``.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Required, TypeAlias, TypedDict

__all__ = [
    "AckWords",
    "AwaitWords",
    "BookWords",
    "BoundsWords",
    "BustWords",
    "CancelWords",
    "ClientStepWords",
    "ClockWords",
    "CorrectWords",
    "CorruptWords",
    "DisconnectWords",
    "ExpectationWords",
    "ExpectedWords",
    "ExpireWords",
    "FillWords",
    "HealWords",
    "IncrementsWords",
    "LatencyWords",
    "LegWords",
    "LimitWords",
    "LognormalWords",
    "LoseWords",
    "MarketWords",
    "MatchWords",
    "MatcherWords",
    "NormalWords",
    "OrderExpectationWords",
    "OrderIdsWords",
    "RateLimitWords",
    "RefuseWords",
    "RejectWords",
    "RepeatWords",
    "ReplyWords",
    "RestartWords",
    "RuleWords",
    "ScaledWords",
    "ScenarioWords",
    "SkewWords",
    "SlowWords",
    "SnapshotWords",
    "StaleWords",
    "StallWords",
    "StepWords",
    "Text",
    "TimelineWords",
    "TradeWords",
    "TradesWords",
    "UnsubscribeWords",
    "VerbWords",
    "ViewWords",
    "WalkWords",
    "WhenWords",
]

Text: TypeAlias = str | int | float | Decimal | Enum
"""A text, or a number that is written as one; an enumeration's member stands for its value."""


class ScaledWords(TypedDict, total=False):
    """A clock that runs so many times as fast as the wall's."""

    scaled: Required[Text]


ClockWords: TypeAlias = Literal["instant", "manual", "real"] | ScaledWords


class NormalWords(TypedDict, total=False):
    """A delay around a mean, never below zero."""

    mean: Required[str]
    stddev: Required[str]


class LognormalWords(TypedDict, total=False):
    """A delay whose half lies below the median, and one in a hundred above the p99."""

    median: Required[str]
    p99: Required[str]


class LegWords(TypedDict, total=False):
    """A delay that is drawn anew for every message: exactly one distribution."""

    uniform: Sequence[str] | None
    normal: NormalWords | None
    lognormal: LognormalWords | None


class LatencyWords(TypedDict, total=False):
    """How long messages travel: to the venue, and replies and updates back; ``requests`` has a type's own way in."""

    entry: str | LegWords | None
    reply: str | LegWords | None
    update: str | LegWords | None
    requests: Mapping[str, str | LegWords]
    reorder: bool


class LimitWords(TypedDict, total=False):
    """A limit, as SetLimits takes it; without a value it is lifted."""

    set: Required[Any]
    scope: Required[Any]
    name: Required[Text]
    value: Text | None


class WalkWords(TypedDict, total=False):
    """How a market's price moves.

    ``volatility`` is the standard deviation of one move, as a share of the price; that of n moves is the square root of
    n times as much. ``reversion`` is how much of its distance from ``mid`` each move takes back: with ``1%`` the price
    is half way back after 69 moves, and in the long run its standard deviation is seven times that of one move.
    """

    every: str
    volatility: str
    reversion: str


class TradesWords(TypedDict, total=False):
    """How often others trade in a market, on average."""

    per_second: Required[Text]


class MarketWords(TypedDict, total=False):
    """A product's market: either quotes, best first, or a price around which it quotes by itself."""

    bids: Sequence[Sequence[Text]] | None
    asks: Sequence[Sequence[Text]] | None
    mid: Text | None
    spread: Text | None
    levels: int
    walk: WalkWords | None
    trades: TradesWords | None


class OrderIdsWords(TypedDict, total=False):
    """Which ids orders get."""

    first: int
    step: int


BoundsWords = TypedDict(
    "BoundsWords",
    {
        "ge": Text | None,
        "gt": Text | None,
        "le": Text | None,
        "lt": Text | None,
        "in": Sequence[Text] | None,
        "not": "Text | BoundsWords | None",
        "regex": Text | None,
    },
    total=False,
)
"""What a value must be; everything that is said must hold."""

MatcherWords: TypeAlias = Text | Sequence[Text] | BoundsWords | None


class WhenWords(TypedDict, total=False):
    """Which requests or events a rule is for: all that is said must hold."""

    request: Text | Sequence[Text]
    event: Literal["connect", "disconnect", "subscribe"]
    session: MatcherWords
    nth: MatcherWords
    state: MatcherWords
    account: MatcherWords
    amount: MatcherWords
    base: MatcherWords
    dir: MatcherWords
    end: MatcherWords
    fill_ids: MatcherWords
    gas: MatcherWords
    gas_price: MatcherWords
    halt: MatcherWords
    id: MatcherWords
    limit: MatcherWords
    limits: MatcherWords
    order_id: MatcherWords
    order_ids: MatcherWords
    params: MatcherWords
    pat: MatcherWords
    path: MatcherWords
    precision: MatcherWords
    price: MatcherWords
    product: MatcherWords
    quantity: MatcherWords
    query: MatcherWords
    quote: MatcherWords
    quote_id: MatcherWords
    resume: MatcherWords
    route: MatcherWords
    scope: MatcherWords
    secret_key: MatcherWords
    seek: MatcherWords
    set: MatcherWords
    start: MatcherWords
    target: MatcherWords
    token: MatcherWords
    tradable_product: MatcherWords
    tradable_products: MatcherWords
    transaction: MatcherWords
    value: MatcherWords
    venue: MatcherWords
    venues: MatcherWords
    width: MatcherWords


class AckWords(TypedDict, total=False):
    """The venue confirms the order."""

    send: Literal["never", "once", "twice"]
    order: Text


class RejectWords(TypedDict, total=False):
    """The venue refuses the order, or its cancel; in a rule for any other request, the request.

    Where it is the first thing that is done to a new order, before any delay, nobody is told that the order was open.
    """

    code: Literal[
        "CancelOnly",
        "Delisted",
        "DuplicateOrder",
        "Expired",
        "Halted",
        "InsufficientFunds",
        "LimitExceeded",
        "OffStep",
        "OffTick",
        "Other",
        "PriceOutOfBand",
        "ProductDisabled",
        "RateLimited",
        "TooLateToCancel",
        "UnknownOrder",
        "VenueUnavailable",
        "WouldTrade",
    ]
    text: Text
    reason: Text | None
    send: Literal["never", "once", "twice"]
    order: Text


FillWords = TypedDict(
    "FillWords",
    {
        "quantity": Text,
        "price": Text | None,
        "as": Text | None,
        "against": Text,
        "send": Literal["never", "once", "renamed", "twice"],
        "order": Text,
    },
    total=False,
)
"""The order is filled, in whole or in part, whatever the market says, but not beyond its limit nor off the
    product's tick and step unless the rule says ``illegal: true``.
    """


class MatchWords(TypedDict, total=False):
    """The engine matches the order against the book and rests what is left."""

    send: Literal["never", "once", "twice"]
    order: Text


class CancelWords(TypedDict, total=False):
    """The order is cancelled, asked for or not."""

    text: Text | None
    omit: Sequence[Text]
    send: Literal["never", "once", "twice"]
    order: Text


class ExpireWords(TypedDict, total=False):
    """The order expires: it is out, and nobody asked."""

    send: Literal["never", "once", "twice"]
    order: Text


class BustWords(TypedDict, total=False):
    """A fill is taken back: its name, or last."""

    fill: Text
    send: Literal["never", "once", "twice"]


class CorrectWords(TypedDict, total=False):
    """A fill's price or quantity is replaced."""

    fill: Text
    price: Text | None
    quantity: Text | None
    send: Literal["never", "once", "twice"]


StaleWords = TypedDict(
    "StaleWords", {"for": str | None, "send": Literal["never", "once", "twice"], "order": Text}, total=False
)
"""The gateway is no longer sure of the order's state; after ``for`` it is again."""


class ReplyWords(TypedDict, total=False):
    """The reply to the request, in other words than the simulator's own."""

    Ok: Any
    Err: Text
    raw: Text


class DisconnectWords(TypedDict, total=False):
    """The connection is closed with a code, or cut with a TCP reset."""

    code: int
    reason: Text
    session: Text | None
    abort: bool


RefuseWords = TypedDict("RefuseWords", {"for": Required[str]}, total=False)
"""New connections are refused for a while."""

StallWords = TypedDict(
    "StallWords", {"what": Literal["all", "data", "pong"], "for": str | None, "session": Text | None}, total=False
)
"""The connection stands still: no data, no pongs, or nothing at all; for good unless ``for`` says how long."""

SlowWords = TypedDict(
    "SlowWords", {"bytes_per_second": Required[int], "for": str | None, "session": Text | None}, total=False
)
"""What the connection is sent goes out slowly."""


class CorruptWords(TypedDict, total=False):
    """The next messages on the connection come as bad JSON, cut short, under another id, as bad UTF-8, or in pieces."""

    what: Literal["fragments", "frame", "id", "json", "utf8"]
    messages: int
    session: Text | None


class UnsubscribeWords(TypedDict, total=False):
    """The connection lives on, and nothing that it has subscribed to is told any more."""

    session: Text | None


class SnapshotWords(TypedDict, total=False):
    """Who follows orders on the connection is told of every one again, of those that are out as well."""

    session: Text | None


SkewWords = TypedDict(
    "SkewWords",
    {
        "by": Required[str],
        "of": Literal["books", "clock", "fills", "orders", "trades"] | Literal["all"],
        "for": str | None,
    },
    total=False,
)
"""The times that messages say jump ahead of the world's, or behind it, from now on.

    The world's own time goes on as it did, and what has been told keeps its time. Candles keep the world's.
    """

ViewWords = TypedDict("ViewWords", {"lag": str | None, "omit": Sequence[Text], "for": str | None}, total=False)
"""What a query says: as things were ``lag`` ago, and with some left out (this, last, all, an id, a fill's name)."""


class BookWords(TypedDict, total=False):
    """The market's own quotes for a product, best first: pairs of price and quantity."""

    product: Required[Text]
    bids: Sequence[Sequence[Text]]
    asks: Sequence[Sequence[Text]]


class TradeWords(TypedDict, total=False):
    """Somebody in the market trades: takes what rests at the price or better, and prints what is left there."""

    product: Required[Text]
    price: Required[Text]
    quantity: Required[Text]
    dir: Literal["Buy", "Sell"]


class IncrementsWords(TypedDict, total=False):
    """A product's price tick or quantity step changes."""

    product: Required[Text]
    quote_increment: Text | None
    base_increment: Text | None


class HealWords(TypedDict, total=False):
    """Every fault ends: no rules, halts, refusals, latencies; lines and views are right again, and nothing is held."""


class RateLimitWords(TypedDict, total=False):
    """At most ``cap`` requests ``per`` time; one more is refused with an ``Err``, and banned if ``ban`` says so.

    Requests that the rule is for are counted for each connection by itself; a refused one is not counted. A rule of
    nothing but rate limits leaves what is within them to the rules after it. In the timeline and for an event it is
    passed over.
    """

    cap: Required[int]
    per: str
    code: Literal[
        "CancelOnly",
        "Delisted",
        "DuplicateOrder",
        "Expired",
        "Halted",
        "InsufficientFunds",
        "LimitExceeded",
        "OffStep",
        "OffTick",
        "Other",
        "PriceOutOfBand",
        "ProductDisabled",
        "RateLimited",
        "TooLateToCancel",
        "UnknownOrder",
        "VenueUnavailable",
        "WouldTrade",
    ]
    ban: str | None
    bars: Literal["everybody", "offender"]


RestartWords = TypedDict("RestartWords", {"orders": Literal["kept", "lost"], "for": str}, total=False)
"""The venue restarts: every connection is closed with 1012, and its orders are kept or lost."""


class RepeatWords(TypedDict, total=False):
    """What is so of the order is told again, however often it was told and however long ago."""

    send: Literal["never", "once", "twice"]
    order: Text


class LoseWords(TypedDict, total=False):
    """The venue loses an open order: nobody is told, no query knows it, and its fills stay."""

    order: Text


class VerbWords(TypedDict, total=False):
    """One step: exactly one verb with what it takes."""

    ack: AckWords | None
    reject: RejectWords | None
    fill: Text | FillWords | None
    match: MatchWords | None
    cancel: CancelWords | None
    expire: ExpireWords | None
    bust: Text | BustWords | None
    correct: CorrectWords
    stale: StaleWords | None
    delay: str
    hold: Text
    release: Text
    reply: Literal["never", "once", "twice"] | ReplyWords | None
    disconnect: Literal["abort"] | DisconnectWords | None
    refuse: RefuseWords
    stall: Literal["all", "data", "pong"] | StallWords | None
    slow: SlowWords
    corrupt: Literal["fragments", "frame", "id", "json", "utf8"] | CorruptWords | None
    unsubscribe: UnsubscribeWords | None
    snapshot: SnapshotWords | None
    skew: str | SkewWords
    view: Mapping[Literal["GetFillDetails", "GetOrderDetails", "GetOrderState", "ListFills", "ListOpen"], ViewWords]
    book: BookWords
    trade: TradeWords
    halt: Any
    resume: Any
    delist: Text
    increments: IncrementsWords
    limits: Sequence[LimitWords]
    goto: Text
    heal: HealWords | None
    rate_limit: RateLimitWords
    restart: RestartWords | None
    repeat: RepeatWords | None
    lose: LoseWords | None
    alert: Any


StepWords: TypeAlias = (
    Literal[
        "ack",
        "bust",
        "cancel",
        "disconnect",
        "expire",
        "fill",
        "heal",
        "lose",
        "match",
        "reject",
        "repeat",
        "reply",
        "restart",
        "snapshot",
        "stale",
        "unsubscribe",
    ]
    | VerbWords
)


class RuleWords(TypedDict, total=False):
    """What the venue does when a request or an event matches; the first rule that matches decides."""

    when: Required[WhenWords]
    then: Required[Sequence[StepWords]]
    name: Text | None
    times: int | None
    after: int
    every: int
    until: Text | None
    chance: str | None
    required: bool
    illegal: bool


class TimelineWords(TypedDict, total=False):
    """What happens by itself at a time after the start; ``every`` repeats it."""

    at: Required[str]
    do: Required[StepWords | Sequence[StepWords]]
    every: str | None


class AwaitWords(TypedDict, total=False):
    """A message that must come within a time of the scenario's: on a subscription, or any at all."""

    on: Text | None
    within: str
    order_id: Text | None
    state: Sequence[Text] | None
    filled_qty: Text | None
    avg_fill_price: Text | None
    message: Any
    closed: int | bool | None


ClientStepWords = TypedDict(
    "ClientStepWords",
    {
        "send": Mapping[str, Any],
        "raw": Text,
        "reply": Any,
        "as": str | None,
        "await": AwaitWords,
        "wait": str,
        "connect": Text | None,
        "disconnect": bool | None,
        "on": Text | None,
        "within": str,
    },
    total=False,
)
"""What a replayed client does: exactly one of send, await, wait, connect, disconnect."""


class OrderExpectationWords(TypedDict, total=False):
    """How an order must be in the end."""

    state: Sequence[Text] | None
    filled_qty: Text | None
    avg_fill_price: Text | None


class ExpectationWords(TypedDict, total=False):
    """What must be true in the end: exactly one of never, received, orders, fired, or a law of what a client does.

    A law may stand alone, with a bound of its own. A client is judged where it had the means and the time to keep it.
    """

    never: WhenWords
    received: WhenWords
    count: int | None
    orders: Mapping[str, OrderExpectationWords]
    fired: Text
    never_sent_twice: str | None
    asks_again: str | None
    reconnects: str | None
    follows_again: str | None
    notices_a_dead_line: str | None
    backs_off: int | None
    respects_the_rate: int | None
    learns_from_refusals: int | None
    cancels_end: int | None


ExpectedWords: TypeAlias = (
    Literal[
        "asks_again",
        "backs_off",
        "cancels_end",
        "follows_again",
        "learns_from_refusals",
        "never_sent_twice",
        "notices_a_dead_line",
        "reconnects",
        "respects_the_rate",
    ]
    | ExpectationWords
)


class ScenarioWords(TypedDict, total=False):
    """A scenario: what a venue is like, what it does, what a client says to it, and what must be true of it."""

    name: Text | None
    include: Sequence[Text]
    seed: int
    clock: ClockWords
    start: Text | None
    hello: Literal["FirstRun", "Normal", "NotLicensed", "Trial"]
    strict: bool
    catalogue: Any
    accounts: Sequence[Text]
    latency: LatencyWords
    limits: Sequence[LimitWords]
    markets: Mapping[str, MarketWords]
    order_ids: OrderIdsWords
    rules: Sequence[RuleWords]
    timeline: Sequence[TimelineWords]
    client: Sequence[ClientStepWords]
    must: Sequence[ExpectedWords]
    expect: Sequence[ExpectedWords]
