"""What a rule, an expectation or a test asks of requests and events: the words of ``when``."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from simulator.scenario.steps import Amount
from simulator.wire.requests import REQUEST_TYPES

__all__ = [
    "CONDITIONS",
    "REQUEST_FIELDS",
    "REQUEST_FIELD_DOCS",
    "THINGS",
    "Bounds",
    "FileEntry",
    "Matcher",
    "When",
]


class FileEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, repr_omit_defaults=True):
    """The base of what stands in a file."""


class Bounds(FileEntry, frozen=True, rename={"in_": "in", "not_": "not"}):
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


class _Conditions(FileEntry, frozen=True):
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
