"""Every request of the gateway as a frozen typed struct, tagged by its ``type``.

Source: the gateway's API reference for the seventeen, its later editions for the rest. Ids are kept as the text
they came in, because any JSON number is an id and comes back as it was sent; so are decimals, which never become
floats.
"""

from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from simulator.terms import Dir, LimitName

NULL = Raw(b"null")
"""What stands where JSON of any kind may come and none has."""

_MOST = 5000
"""How many things one request may ask about: all of them are answered before anybody else is."""

_T = TypeVar("_T")
_Listed = Annotated[list[_T], Meta(max_length=_MOST)]
OrderId = str | int


class RequestBase(msgspec.Struct, frozen=True, tag=True, tag_field="type", gc=False):
    """The base of every request: the id is the JSON number it came as."""

    id: Raw


class SearchSymbol(RequestBase, frozen=True, tag=True):
    """Search names by a pattern; at most ``limit`` of each kind."""

    limit: int
    pat: str
    scope: str


class QueryTradableProductIndex(RequestBase, frozen=True, tag=True):
    """Query the tradable products, by an object or a string expression."""

    query: Any


class GetRouteDetails(RequestBase, frozen=True, tag=True):
    """Details of routes by name or id."""

    route: _Listed[str]


class GetVenueDetails(RequestBase, frozen=True, tag=True):
    """Details of venues by name or id."""

    venue: _Listed[str]


class GetProductDetails(RequestBase, frozen=True, tag=True):
    """Details of products by name or id."""

    product: _Listed[str]


class GetTradableProductDetails(RequestBase, frozen=True, tag=True):
    """Details of tradable products by name or id."""

    tradable_product: _Listed[str]


class GetCanonicalTradableProduct(RequestBase, frozen=True, tag=True):
    """The most usual tradable product of each product."""

    product: _Listed[str]


class SendLimitOrder(RequestBase, frozen=True, tag=True):
    """A limit order, good till cancelled; price and quantity are the JSON they came as."""

    account: str
    dir: Dir
    price: Raw
    quantity: Raw
    target: str
    quote_id: Annotated[str, Meta(max_length=256)] | None = None
    params: Raw = NULL


class CancelOrder(RequestBase, frozen=True, tag=True):
    """Cancel one order."""

    order_id: OrderId


class ListOpen(RequestBase, frozen=True, tag=True):
    """Ids of the orders that are not out."""

    scope: Any
    set: Any


class GetOrderState(RequestBase, frozen=True, tag=True):
    """States of orders."""

    order_ids: _Listed[OrderId]


class SubscribeOrderState(RequestBase, frozen=True, tag=True):
    """Every change of an order's state, from now on."""


class GetRejectReason(RequestBase, frozen=True, tag=True):
    """Why orders were rejected."""

    order_ids: _Listed[OrderId]


class GetOrderDetails(RequestBase, frozen=True, tag=True):
    """All that is known of orders."""

    order_ids: _Listed[OrderId]


class ListFills(RequestBase, frozen=True, tag=True):
    """Ids of the fills."""

    scope: Any
    set: Any


class GetFillDetails(RequestBase, frozen=True, tag=True):
    """All that is known of fills."""

    fill_ids: _Listed[str]


class RequestedLimit(msgspec.Struct, frozen=True):
    """One limit; a null value lifts it."""

    set: Any
    scope: Any
    name: LimitName
    value: Raw


class SetLimits(RequestBase, frozen=True, tag=True):
    """Set limits, all of them or none."""

    limits: _Listed[RequestedLimit]


class SubscribeBook(RequestBase, frozen=True, tag=True):
    """A product's book, at once and at every change; ``width`` is the price bucket in ticks."""

    tradable_product: str
    width: int = 1


class SubscribeTrades(RequestBase, frozen=True, tag=True):
    """A product's trades as they happen."""

    tradable_product: str


class SubscribeCandles(RequestBase, frozen=True, tag=True):
    """A product's candles, each when it ends."""

    tradable_product: str
    width: str


class GetHistoricalCandles(RequestBase, frozen=True, tag=True):
    """A product's candles between two times."""

    tradable_product: str
    start: str
    end: str
    width: str


class SubscribeConsolidatedBook(RequestBase, frozen=True, tag=True):
    """The books of several products as one; ``precision`` is the price bucket."""

    tradable_products: Annotated[list[str], Meta(min_length=1, max_length=64)]
    precision: Raw = NULL


class Unsubscribe(RequestBase, frozen=True, tag=True):
    """End the subscription that bears this id."""


class GetLimits(RequestBase, frozen=True, tag=True):
    """The limits in force for pairs of set and scope."""

    limits: _Listed[tuple[Any, Any]]


class GetGlobalLimits(RequestBase, frozen=True, tag=True):
    """The limits in force for all accounts and products, by name."""

    limits: _Listed[LimitName]


class GetHalts(RequestBase, frozen=True, tag=True):
    """The halts in force."""


class Halt(RequestBase, frozen=True, tag=True):
    """Halt trading within a scope."""

    halt: Any


class Resume(RequestBase, frozen=True, tag=True):
    """End a halt."""

    resume: Any


class SubscribeAlerts(RequestBase, frozen=True, tag=True):
    """Alerts of a path."""

    path: str | None = None
    seek: Any = None


class SubscribeRfqs(RequestBase, frozen=True, tag=True):
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


class SendRfqs(RequestBase, frozen=True, tag=True):
    """Ask for quotes once."""

    query: RfqQuery


class OutOfScope(RequestBase, frozen=True):
    """A request that the gateway knows and a venue has nothing to say to: only a scenario answers it."""


class GetAllowance(OutOfScope, frozen=True, tag=True):
    """How much of a token may be spent."""

    account: str
    route: str
    token: str
    venue: str


class SetAllowance(OutOfScope, frozen=True, tag=True):
    """Allow an amount of a token to be spent."""

    account: str
    route: str
    amount: Raw
    token: str
    venue: str


class GetOrderTransaction(OutOfScope, frozen=True, tag=True):
    """The transactions of orders."""

    order_ids: _Listed[OrderId]


class EstimateOrderParams(OutOfScope, frozen=True, tag=True):
    """What further parameters an order should have."""

    order: Any


class GetEVMAttempts(OutOfScope, frozen=True, tag=True):
    """The attempts at a transaction."""

    transaction: Any


class EstimateEVMRetryParams(OutOfScope, frozen=True, tag=True):
    """With what gas a transaction should be tried again."""

    transaction: Any


class RetryEVMTransaction(OutOfScope, frozen=True, tag=True):
    """Try a transaction again."""

    transaction: Any
    gas: int | None = None
    gas_price: tuple[int, int] | None = None


class ListSecrets(OutOfScope, frozen=True, tag=True):
    """The keys of all secrets."""


class AddSecret(OutOfScope, frozen=True, tag=True):
    """Keep a secret, given as bytes, under a key."""

    secret_key: str
    value: _Listed[int]


class DeleteSecret(OutOfScope, frozen=True, tag=True):
    """Forget the secret of a key."""

    secret_key: str


class GetPathmap(OutOfScope, frozen=True, tag=True):
    """Where each service is."""


OUT_OF_SCOPE = tuple(OutOfScope.__subclasses__())
"""The types of those requests."""

Subscribe = (
    SubscribeOrderState
    | SubscribeBook
    | SubscribeTrades
    | SubscribeCandles
    | SubscribeConsolidatedBook
    | SubscribeAlerts
    | SubscribeRfqs
)
"""What begins a subscription."""

Question = (
    SearchSymbol
    | QueryTradableProductIndex
    | GetRouteDetails
    | GetVenueDetails
    | GetProductDetails
    | GetTradableProductDetails
    | GetCanonicalTradableProduct
    | ListOpen
    | GetOrderState
    | GetRejectReason
    | GetOrderDetails
    | ListFills
    | GetFillDetails
    | GetLimits
    | GetGlobalLimits
    | GetHalts
    | GetHistoricalCandles
    | OutOfScope
)
"""What changes nothing, unless a scenario's rule takes it."""

Command = SetLimits | Halt | Resume | SendRfqs
"""What may change something, as an answer with quotes opens markets, and is about no order and no subscription."""

Request = SendLimitOrder | CancelOrder | Subscribe | Unsubscribe | Question | Command
"""Every request: what is not in here is none to the decoder."""

QUESTIONS = frozenset((*get_args(Question), *OUT_OF_SCOPE))

REQUEST_TYPES: dict[str, type[Request]] = {
    kind.__name__: kind for kind in (*get_args(Request), *OUT_OF_SCOPE) if kind is not OutOfScope
}
"""Every request type by its name on the wire."""


class NetidxRequest(msgspec.Struct, frozen=True):
    """A request on the publish/subscribe connection."""

    type: str
    path: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
