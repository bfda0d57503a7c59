"""Every request of the gateway as a frozen typed struct, tagged by its ``type``.

Source: the gateway's API reference for the seventeen, its later editions for the rest. Ids are kept as the text
they came in, because any JSON number is an id and comes back as it was sent; so are decimals, which never become
floats.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from simulator.terms import Dir, LimitName

__all__ = [
    "OUT_OF_SCOPE",
    "QUESTIONS",
    "CancelOrder",
    "GetCanonicalTradableProduct",
    "GetFillDetails",
    "GetGlobalLimits",
    "GetHalts",
    "GetHistoricalCandles",
    "GetLimits",
    "GetOrderDetails",
    "GetOrderState",
    "GetProductDetails",
    "GetRejectReason",
    "GetRouteDetails",
    "GetTradableProductDetails",
    "GetVenueDetails",
    "Halt",
    "ListFills",
    "ListOpen",
    "NetidxRequest",
    "OutOfScope",
    "QueryTradableProductIndex",
    "Request",
    "RequestedLimit",
    "Resume",
    "RfqQuery",
    "SearchSymbol",
    "SendLimitOrder",
    "SendRfqs",
    "SetLimits",
    "SubscribeAlerts",
    "SubscribeBook",
    "SubscribeCandles",
    "SubscribeConsolidatedBook",
    "SubscribeOrderState",
    "SubscribeRfqs",
    "SubscribeTrades",
    "Unsubscribe",
]

_NULL = Raw(b"null")

OrderIds = list[str | int]
Width = str


class Request(msgspec.Struct, frozen=True, tag=True, tag_field="type", gc=False):
    """The base of every request: the id is the JSON number it came as."""

    id: Raw


class SearchSymbol(Request, frozen=True, tag=True):
    """Search names by a pattern; at most ``limit`` of each kind."""

    limit: int
    pat: str
    scope: str


class QueryTradableProductIndex(Request, frozen=True, tag=True):
    """Query the tradable products, by an object or a string expression."""

    query: Any


class GetRouteDetails(Request, frozen=True, tag=True):
    """Details of routes by name or id."""

    route: list[str]


class GetVenueDetails(Request, frozen=True, tag=True):
    """Details of venues by name or id."""

    venue: list[str]


class GetProductDetails(Request, frozen=True, tag=True):
    """Details of products by name or id."""

    product: list[str]


class GetTradableProductDetails(Request, frozen=True, tag=True):
    """Details of tradable products by name or id."""

    tradable_product: list[str]


class GetCanonicalTradableProduct(Request, frozen=True, tag=True):
    """The most usual tradable product of each product."""

    product: list[str]


class SendLimitOrder(Request, frozen=True, tag=True):
    """A limit order, good till cancelled; price and quantity are the JSON they came as."""

    account: str
    dir: Dir
    price: Raw
    quantity: Raw
    target: str
    quote_id: str | None = None
    params: Raw = _NULL


class CancelOrder(Request, frozen=True, tag=True):
    """Cancel one order."""

    order_id: str | int


class ListOpen(Request, frozen=True, tag=True):
    """Ids of the orders that are not out."""

    scope: Any
    set: Any


class GetOrderState(Request, frozen=True, tag=True):
    """States of orders."""

    order_ids: OrderIds


class SubscribeOrderState(Request, frozen=True, tag=True):
    """Every change of an order's state, from now on."""


class GetRejectReason(Request, frozen=True, tag=True):
    """Why orders were rejected."""

    order_ids: OrderIds


class GetOrderDetails(Request, frozen=True, tag=True):
    """All that is known of orders."""

    order_ids: OrderIds


class ListFills(Request, frozen=True, tag=True):
    """Ids of the fills."""

    scope: Any
    set: Any


class GetFillDetails(Request, frozen=True, tag=True):
    """All that is known of fills."""

    fill_ids: list[str]


class RequestedLimit(msgspec.Struct, frozen=True):
    """One limit; a null value lifts it."""

    set: Any
    scope: Any
    name: LimitName
    value: Raw


class SetLimits(Request, frozen=True, tag=True):
    """Set limits, all of them or none."""

    limits: list[RequestedLimit]


class SubscribeBook(Request, frozen=True, tag=True):
    """A product's book, at once and at every change; ``width`` is the price bucket in ticks."""

    tradable_product: str
    width: int = 1


class SubscribeTrades(Request, frozen=True, tag=True):
    """A product's trades as they happen."""

    tradable_product: str


class SubscribeCandles(Request, frozen=True, tag=True):
    """A product's candles, each when it ends."""

    tradable_product: str
    width: Width


class GetHistoricalCandles(Request, frozen=True, tag=True):
    """A product's candles between two times."""

    tradable_product: str
    start: str
    end: str
    width: Width


class SubscribeConsolidatedBook(Request, frozen=True, tag=True):
    """The books of several products as one; ``precision`` is the price bucket."""

    tradable_products: list[str]
    precision: Raw = _NULL


class Unsubscribe(Request, frozen=True, tag=True):
    """End the subscription that bears this id."""


class GetLimits(Request, frozen=True, tag=True):
    """The limits in force for pairs of set and scope."""

    limits: list[tuple[Any, Any]]


class GetGlobalLimits(Request, frozen=True, tag=True):
    """The limits in force for all accounts and products, by name."""

    limits: list[LimitName]


class GetHalts(Request, frozen=True, tag=True):
    """The halts in force."""


class Halt(Request, frozen=True, tag=True):
    """Halt trading within a scope."""

    halt: Any


class Resume(Request, frozen=True, tag=True):
    """End a halt."""

    resume: Any


class SubscribeAlerts(Request, frozen=True, tag=True):
    """Alerts of a path."""

    path: str | None = None
    seek: Any = None


class SubscribeRfqs(Request, frozen=True, tag=True):
    """Quotes for a quantity of a pair."""

    base: str
    quote: str
    quantity: Raw
    venues: list[str] | None = None


class RfqQuery(msgspec.Struct, frozen=True):
    """What quotes are asked for."""

    base: str
    quote: str
    quantity: Raw
    venues: list[str] | None = None


class SendRfqs(Request, frozen=True, tag=True):
    """Ask for quotes once."""

    query: RfqQuery


class OutOfScope(Request, frozen=True):
    """A request that the gateway knows and a venue has nothing to say to: only a scenario answers it."""


OUT_OF_SCOPE = tuple(
    msgspec.defstruct(name, [], bases=(OutOfScope,), frozen=True, tag=name, module=__name__)
    for name in (
        "AddSecret",
        "DeleteSecret",
        "EstimateEVMRetryParams",
        "EstimateOrderParams",
        "GetAllowance",
        "GetEVMAttempts",
        "GetOrderTransaction",
        "GetPathmap",
        "ListSecrets",
        "RetryEVMTransaction",
        "SetAllowance",
    )
)
"""The types of those requests."""

QUESTIONS = frozenset(
    {
        *OUT_OF_SCOPE,
        SearchSymbol,
        QueryTradableProductIndex,
        GetRouteDetails,
        GetVenueDetails,
        GetProductDetails,
        GetTradableProductDetails,
        GetCanonicalTradableProduct,
        ListOpen,
        GetOrderState,
        GetRejectReason,
        GetOrderDetails,
        ListFills,
        GetFillDetails,
        GetLimits,
        GetGlobalLimits,
        GetHalts,
        GetHistoricalCandles,
    }
)
"""The types of the requests that change nothing, unless a scenario's rule takes them."""


class NetidxRequest(msgspec.Struct, frozen=True):
    """A request on the publish/subscribe connection."""

    type: str
    path: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
