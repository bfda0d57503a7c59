"""What is told of a running world: plain data, with names beside ids, and amounts and times as texts."""

from typing import Any

import msgspec

from simulator.journal.queries import Miss

__all__ = [
    "BookInfo",
    "DueInfo",
    "FillInfo",
    "HeldInfo",
    "LevelInfo",
    "LimitInfo",
    "OrderInfo",
    "RuleInfo",
    "SentInfo",
    "SessionInfo",
    "StateInfo",
    "SubscriptionInfo",
]


class OrderInfo(msgspec.Struct, frozen=True):
    """An order as the exchange holds it.

    ``product`` is the name and ``tradable_product`` the id of what it is for; ``params`` is what its sender hung on it,
    as data; ``reason`` is why it was rejected, or cancelled unasked.
    """

    order_id: str
    product: str
    tradable_product: str
    account: str
    dir: str
    price: str
    quantity: str
    state: tuple[str, ...]
    filled_qty: str
    leaves_qty: str
    avg_fill_price: str | None
    reason: str | None
    time: str
    quote_id: str | None
    params: Any


class FillInfo(msgspec.Struct, frozen=True):
    """A fill as the exchange holds it.

    ``against`` is the account on the other side, and ``of`` the id of the fill that this one takes back or corrects.
    """

    fill_id: str
    order_id: str
    product: str
    tradable_product: str
    account: str
    dir: str
    price: str
    quantity: str
    kind: str
    liquidity: str
    against: str
    of: str | None
    time: str


class LevelInfo(msgspec.Struct, frozen=True):
    """One price of a book; ``total`` counts this level and all better ones, ``orders`` are the ids of clients' own."""

    price: str
    quantity: str
    total: str
    orders: tuple[str, ...] = ()


class BookInfo(msgspec.Struct, frozen=True):
    """A product's book, best first on both sides."""

    product: str
    tradable_product: str
    bids: tuple[LevelInfo, ...]
    asks: tuple[LevelInfo, ...]


class SubscriptionInfo(msgspec.Struct, frozen=True):
    """A subscription: the id that its messages bear, the request that asked for it, and the products it is about."""

    id: str
    request: str
    products: tuple[str, ...]


class SessionInfo(msgspec.Struct, frozen=True):
    """An open connection.

    ``is_stalled`` tells whether its messages are kept back and ``kept`` how many are, ``bytes_per_second`` how slowly
    they drip, ``damages`` how the next ones will be damaged, and ``answers_pings`` whether pings are answered.
    """

    connection: int
    target: str
    account: str | None
    subscriptions: tuple[SubscriptionInfo, ...]
    is_stalled: bool = False
    kept: int = 0
    bytes_per_second: int | None = None
    damages: tuple[str, ...] = ()
    answers_pings: bool = True


class LimitInfo(msgspec.Struct, frozen=True):
    """A limit in force: whose orders and what it is about, by names; ``All`` for all."""

    set: str
    scope: str | dict[str, str]
    name: str
    value: str


class HeldInfo(msgspec.Struct, frozen=True):
    """A rule that waits for a release: the name it is held under, the rule's, and what it is about."""

    name: str
    rule: str
    order_id: str | None
    connection: int | None


class DueInfo(msgspec.Struct, frozen=True):
    """Something that happens by itself.

    ``left`` is how long that is off, ``cause`` the journal's line of what has made it due, ``because`` what that line
    says, and ``is_endless`` whether it comes again for ever, as a walking market's steps do.
    """

    time: str
    left: str
    cause: int | None
    because: str
    is_endless: bool


class RuleInfo(msgspec.Struct, frozen=True):
    """A rule and what has become of it.

    ``place`` is where it stands in its file, ``left`` how often it may fire yet (None for without end), and ``misses``
    are the last requests that came nearest to it without being its own.
    """

    name: str
    number: int
    place: str
    is_on: bool
    is_required: bool
    matched: int
    fired: int
    left: int | None
    when: dict[str, Any]
    then: tuple[Any, ...]
    misses: tuple[Miss, ...]


class SentInfo(msgspec.Struct, frozen=True):
    """A message that was sent to a client; ``message`` is its JSON as data, or its text if it is none."""

    line: int
    time: str
    connection: int
    message: Any


class StateInfo(msgspec.Struct, frozen=True):
    """How a world stands.

    ``began`` and ``now`` are its times, ``state`` is the one its rules know, ``halts`` are what is halted, by names,
    ``next_due`` is when something happens by itself, ``line`` the journal's last, and ``errors`` what went wrong
    inside the simulator.
    """

    scenario: str | None
    seed: int
    clock: str | dict[str, str]
    began: str
    now: str
    state: str
    orders: int
    open_orders: int
    fills: int
    connections: int
    held: tuple[str, ...]
    halts: tuple[str | dict[str, str], ...]
    next_due: str | None
    line: int
    errors: tuple[str, ...]
