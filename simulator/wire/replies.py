"""Every reply and update of the gateway as a frozen typed struct; decimals are texts, times RFC 3339.

Source: the gateway's API reference names the requests; the shapes of the replies are those that its published
Python client reads, completed in the same manner.
"""

import msgspec

__all__ = [
    "BookLevel",
    "BookView",
    "CandleView",
    "ContractClass",
    "FillDetails",
    "LimitView",
    "Named",
    "NetidxEvent",
    "NetidxSubscribed",
    "NetidxUpdate",
    "NetidxUpdates",
    "OrderDetails",
    "OrderStateView",
    "ProductDetails",
    "QuoteInfo",
    "RejectReasonView",
    "RfqQuote",
    "TradableProductDetails",
    "TradeInfo",
    "TradeView",
]


class Named(msgspec.Struct, frozen=True):
    """A route or a venue."""

    id: str
    name: str


class ContractClass(msgspec.Struct, frozen=True):
    """What kind of thing a product is; ``value`` says more of a derivative."""

    type: str
    value: msgspec.Struct | None


class ProductDetails(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """A product."""

    id: str
    name: str
    kind: ContractClass
    price_in_limit_dollars: str


class QuoteInfo(msgspec.Struct, frozen=True):
    """The quote symbols, by their ids, under which there is market data of a tradable product."""

    primary: str
    implied: str | None
    l2: str | None


class TradeInfo(msgspec.Struct, frozen=True):
    """How a tradable product is traded: the price tick and the quantity step."""

    trading_symbol: str
    quote_increment: str
    base_increment: str
    flags: tuple[str, ...]


class TradableProductDetails(msgspec.Struct, frozen=True):
    """A tradable product."""

    id: str
    name: str
    base: str
    quote: str
    venue: str
    route: str
    quote_info: QuoteInfo | None
    trade_info: TradeInfo | None


class OrderStateView(msgspec.Struct, frozen=True, gc=False):
    """An order's state."""

    order_id: str
    state: tuple[str, ...]
    filled_qty: str
    avg_fill_price: str | None


class RejectReasonView(msgspec.Struct, frozen=True):
    """Why an order was rejected, or cancelled unasked."""

    order_id: str
    reason: str | None


class OrderDetails(msgspec.Struct, frozen=True):
    """An order."""

    order_id: str
    tradable_product: str
    dir: str
    price: str
    quantity: str
    account: str
    quote_id: str | None
    params: msgspec.Raw
    """What the client sent, as it was sent."""
    time: str
    state: tuple[str, ...]
    filled_qty: str
    avg_fill_price: str | None


class FillDetails(msgspec.Struct, frozen=True):
    """A fill."""

    fill_id: str
    kind: str
    order_id: str
    tradable_product: str
    dir: str
    quantity: str
    price: str
    account: str
    liquidity: str
    recv_time: str
    trade_time: str


class LimitView(msgspec.Struct, frozen=True):
    """A limit in force."""

    set: str | dict[str, str]
    scope: str | dict[str, str]
    name: str
    value: str | None


class BookLevel(msgspec.Struct, frozen=True, gc=False):
    """One price of a book; ``total`` counts this level and all better ones."""

    price: str
    size: str
    total: str


class BookView(msgspec.Struct, frozen=True):
    """A book to a depth, best first on both sides."""

    buy: list[BookLevel]
    sell: list[BookLevel]
    timestamp: str


class TradeView(msgspec.Struct, frozen=True):
    """A public trade; the direction is the taker's."""

    time: str
    direction: str
    price: str
    size: str


class CandleView(msgspec.Struct, frozen=True):
    """The trades of a span of time."""

    time: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    buy_volume: str
    sell_volume: str


class RfqQuote(msgspec.Struct, frozen=True):
    """What a quantity costs to buy and fetches if sold at one venue, a unit; null where there is not so much.

    One order that bears the ``quote_id`` trades at the price, for the quantity or less.
    """

    quote_id: str | None
    tradable_product: str
    venue: str
    buy: str | None
    sell: str | None
    quantity: str


class NetidxSubscribed(msgspec.Struct, frozen=True, tag_field="type", tag="Subscribed"):
    """A path has been subscribed to, under a number."""

    id: int


class NetidxEvent(msgspec.Struct, frozen=True):
    """What became of a path: an ``Update`` with its value, or ``Unsubscribed``."""

    type: str
    value: str | None


class NetidxUpdate(msgspec.Struct, frozen=True):
    """One event of one subscription."""

    id: int
    event: NetidxEvent


class NetidxUpdates(msgspec.Struct, frozen=True, tag_field="type", tag="Update"):
    """Events of subscriptions."""

    updates: list[NetidxUpdate]
