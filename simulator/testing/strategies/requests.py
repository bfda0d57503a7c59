"""Strategies for the gateway's requests: good ones of every type, and such as are wrong in one way."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from simulator.catalogue import Catalogue, TradableProduct, load
from simulator.catalogue.search import SCOPES
from simulator.decimals import text_of_amount
from simulator.did_you_mean import nearest
from simulator.gateway.candles import WIDTHS
from simulator.terms import BILLION, LimitName
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["catalogue_of", "limit_orders", "price_of", "requests", "traded", "wrong_requests"]

FieldsStrategy = st.SearchStrategy[dict[str, Any]]
_FieldStrategies = dict[str, st.SearchStrategy[Any]]

_PLAIN_MID = 100 * BILLION
_TICKS = st.integers(-20, 20)
_STEPS = st.integers(1, 1000)
_DIRS = st.sampled_from(("Buy", "Sell"))
_AMOUNTS = st.sampled_from(("price", "quantity"))
_IS_RARE = st.sampled_from((False, False, False, True))
_WRONG: list[object] = [[]]
"""What no field of any request takes."""


def catalogue_of(catalogue: Catalogue | str | None) -> Catalogue:
    """Return a catalogue, or the one of a name or a file; the default one for None."""
    return catalogue if isinstance(catalogue, Catalogue) else load(catalogue or "default")


def requests(catalogue: Catalogue | str | None = None, kinds: Iterable[str] | None = None) -> FieldsStrategy:
    """Return a strategy for valid requests, as dicts ready for JSON: ``{"id": 3, "type": "CancelOrder", …}``.

    Products, venues, routes and accounts are the catalogue's, by name or by id; decimals are texts, most of them on
    the product's increments; order ids are small numbers, as an exchange counts them.

    Args:
        catalogue: what is traded, or its name; the default one unless it is said.
        kinds: the types to draw from; every type unless it is said.
    """
    fields = _Makers(catalogue_of(catalogue)).fields()
    return st.sampled_from(_kinds(kinds)).flatmap(lambda kind: _whole(kind, fields.get(kind, st.just({}))))


def wrong_requests(catalogue: Catalogue | str | None = None, kinds: Iterable[str] | None = None) -> FieldsStrategy:
    """Return a strategy for requests that are wrong in one way, each to be answered with an ``Err``.

    A field that must be there is missing or of a wrong kind, or the type is none. Arguments as for `requests`.
    """
    return requests(catalogue, kinds).flatmap(_broken)


def limit_orders(catalogue: Catalogue | str | None = None, product: str | None = None) -> FieldsStrategy:
    """Return a strategy for the fields of SendLimitOrder, near the market and on the increments.

    Args:
        catalogue: what is traded, or its name.
        product: the name of the one product to trade; any that takes orders unless it is said.
    """
    whole = catalogue_of(catalogue)
    listings = traded(whole)
    if product is not None:
        named = whole.tradable_product(product)
        if named is None:
            raise ValueError(f"there is no tradable product {product!r}")
        listings = [named]
    return _orders(st.sampled_from(listings), st.sampled_from(whole.accounts), off=False)


def traded(catalogue: Catalogue) -> list[TradableProduct]:
    """Return the tradable products that take orders, those with a market first, the most liquid before the others."""
    listings = [listing for listing in catalogue.tradable_products if listing.traded and not listing.flags]
    return sorted(listings, key=lambda listing: (listing.mid is None, -listing.turnover, listing.name))


def price_of(listing: TradableProduct, ticks: int) -> str:
    """Return the price so many ticks above the middle of a product's market, or the lowest one there is."""
    tick = listing.quote_increment
    return text_of_amount(max(1, (listing.mid or _PLAIN_MID) // tick + ticks) * tick)


def _kinds(kinds: Iterable[str] | None) -> list[str]:
    wanted = list(REQUEST_TYPES) if kinds is None else list(kinds)
    for kind in wanted:
        if kind not in REQUEST_TYPES:
            raise ValueError(f"expected types of requests, got {kind!r}{nearest(kind, REQUEST_TYPES)}")
    return wanted


@st.composite
def _whole(draw: st.DrawFn, kind: str, fields: FieldsStrategy) -> dict[str, Any]:
    return {"id": draw(st.integers(1, 10**9)), "type": kind, **draw(fields)}


def _broken(request: dict[str, Any]) -> FieldsStrategy:
    """Return a strategy for a request with one thing wrong in it."""
    kind = REQUEST_TYPES[request["type"]]
    needed = [field.name for field in msgspec.structs.fields(kind) if field.required and field.name in request]
    without = [{name: value for name, value in request.items() if name != gone} for gone in needed]
    changed = [{**request, name: _WRONG} for name in needed]
    return st.sampled_from([{**request, "type": request["type"] + "s"}, *without, *changed])


@st.composite
def _orders(
    draw: st.DrawFn, listings: st.SearchStrategy[TradableProduct], accounts: st.SearchStrategy[str], off: bool
) -> dict[str, Any]:
    """Draw an order; if ``off``, some have more to them, or are between the increments."""
    listing = draw(listings)
    order: dict[str, Any] = {
        "account": draw(accounts),
        "dir": draw(_DIRS),
        "price": price_of(listing, draw(_TICKS)),
        "quantity": text_of_amount(draw(_STEPS) * listing.base_increment),
        "target": listing.id if draw(_IS_RARE) else listing.name,
    }
    if off and draw(_IS_RARE):
        name = draw(_AMOUNTS)
        order[name] = _finer(order[name])
    if off and draw(_IS_RARE):
        order["params"] = {"note": "x"}
    return order


def _finer(text: str) -> str:
    """Return a decimal with a digit after its last one, as far as a decimal may have so many."""
    places = -int(Decimal(text).as_tuple().exponent)
    return text if places >= 9 else f"{text if '.' in text else text + '.'}1"


class _Makers:
    """Strategies for the fields of each type of request.

    Args:
        catalogue: whose names are used.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listings = traded(catalogue)
        self._order_id = st.integers(1, 20).map(str)
        self._listing = _called([listing for listing in catalogue.tradable_products if listing.quoted])
        self._product = _called(catalogue.products)
        self._venue = _called(catalogue.venues)
        self._route = _called(catalogue.routes)
        self._account = st.sampled_from(catalogue.accounts)
        self._scope = st.just("All") | st.one_of(
            st.fixed_dictionaries({"TradableProduct": self._listing}),
            st.fixed_dictionaries({"Product": self._product}),
            st.fixed_dictionaries({"Venue": self._venue}),
            st.fixed_dictionaries({"Route": self._route}),
        )
        self._set = st.just("All") | st.fixed_dictionaries({"Account": self._account})

    def fields(self) -> dict[str, FieldsStrategy]:
        """Return strategies for the fields of types; a type that is not among them has none."""
        said = {**self._of_names(), **self._of_orders(), **self._of_limits(), **self._of_markets(), **self._beyond()}
        return {**{kind: st.fixed_dictionaries(each) for kind, each in said.items()}, "SendLimitOrder": self._send()}

    def _of_names(self) -> dict[str, _FieldStrategies]:
        return {
            "SearchSymbol": {
                "limit": st.integers(0, 100),
                "pat": st.sampled_from(["", "*", "?", *self._names()]),
                "scope": st.sampled_from(["All", *SCOPES]),
            },
            "QueryTradableProductIndex": {"query": self._queries()},
            "GetRouteDetails": {"route": _some(self._route)},
            "GetVenueDetails": {"venue": _some(self._venue)},
            "GetProductDetails": {"product": _some(self._product)},
            "GetTradableProductDetails": {"tradable_product": _some(self._listing)},
            "GetCanonicalTradableProduct": {"product": _some(self._product)},
        }

    def _of_orders(self) -> dict[str, _FieldStrategies]:
        order_ids = {"order_ids": _some(self._order_id)}
        within = {"scope": self._scope, "set": self._set}
        return {
            "CancelOrder": {"order_id": self._order_id},
            "ListOpen": within,
            "ListFills": within,
            "GetOrderState": order_ids,
            "GetRejectReason": order_ids,
            "GetOrderDetails": order_ids,
            "GetFillDetails": {"fill_ids": _some(st.uuids().map(str))},
        }

    def _of_limits(self) -> dict[str, _FieldStrategies]:
        return {
            "SetLimits": {"limits": st.lists(self._limit(), max_size=3)},
            "GetLimits": {"limits": st.lists(st.tuples(self._set, self._scope).map(list), max_size=3)},
            "GetGlobalLimits": {"limits": _some(st.sampled_from([name.value for name in LimitName]))},
            "Halt": {"halt": self._scope},
            "Resume": {"resume": self._scope},
        }

    def _of_markets(self) -> dict[str, _FieldStrategies]:
        listing = {"tradable_product": self._listing}
        asked = {
            "base": self._product,
            "quote": self._product,
            "quantity": st.integers(1, 100).map(str),
            "venues": st.none() | _some(self._venue),
        }
        return {
            "SubscribeBook": {**listing, "width": st.integers(1, 100)},
            "SubscribeTrades": listing,
            "SubscribeCandles": {**listing, "width": st.sampled_from(tuple(WIDTHS))},
            "GetHistoricalCandles": {
                **listing,
                "start": st.sampled_from(["2023-12-31T23:59:00Z", "2023-12-31T23:45:00Z"]),
                "end": st.sampled_from(["2024-01-01", "2024-01-01T00:00:10Z"]),
                "width": st.sampled_from(tuple(WIDTHS)),
            },
            "SubscribeConsolidatedBook": {
                "tradable_products": st.lists(self._listing, min_size=1, max_size=3),
                "precision": st.sampled_from(["0.1", "1", "10"]),
            },
            "SubscribeAlerts": {"path": st.none() | st.just("/alerts"), "seek": st.none()},
            "SubscribeRfqs": asked,
            "SendRfqs": {"query": st.fixed_dictionaries(asked)},
        }

    def _beyond(self) -> dict[str, _FieldStrategies]:
        token = {"account": self._account, "route": self._route, "token": self._product, "venue": self._venue}
        transaction = {"transaction": st.just("txn_1234")}
        key = {"secret_key": st.just("my_secret_key")}
        return {
            "GetAllowance": token,
            "SetAllowance": {**token, "amount": st.integers(0, 100).map(str)},
            "GetOrderTransaction": {"order_ids": _some(self._order_id)},
            "EstimateOrderParams": {"order": self._send()},
            "GetEVMAttempts": transaction,
            "EstimateEVMRetryParams": transaction,
            "RetryEVMTransaction": {
                **transaction,
                "gas": st.none() | st.integers(21_000, 10**6),
                "gas_price": st.none() | st.lists(st.integers(1, 100), min_size=2, max_size=2),
            },
            "AddSecret": {**key, "value": st.lists(st.integers(0, 255), max_size=3)},
            "DeleteSecret": key,
        }

    def _send(self) -> FieldsStrategy:
        return _orders(st.sampled_from(self._listings), self._account, off=True)

    def _limit(self) -> FieldsStrategy:
        return st.fixed_dictionaries(
            {
                "set": self._set,
                "scope": self._scope,
                "name": st.sampled_from([name.value for name in LimitName]),
                "value": st.none() | st.integers(0, 10**6).map(str),
            }
        )

    def _names(self) -> list[str]:
        things = (self._catalogue.products, self._catalogue.venues, self._catalogue.routes)
        return [thing.name for group in things for thing in group[:3]]

    def _queries(self) -> st.SearchStrategy[Any]:
        named = [("Base", self._catalogue.products), ("Quote", self._catalogue.products)]
        named += [("Venue", self._catalogue.venues), ("Route", self._catalogue.routes)]  # type: ignore[list-item]
        leaves = st.one_of(
            st.just({"type": "All"}),
            *(
                st.sampled_from([thing.name for thing in things]).map(_term(variant))
                for variant, things in named
                if things
            ),
        )
        objects: st.SearchStrategy[Any] = st.recursive(
            leaves,
            lambda inner: (
                inner.map(_term("Not"))
                | st.lists(inner, max_size=3).map(_term("And"))
                | st.lists(inner, max_size=3).map(_term("Or"))
            ),
            max_leaves=4,
        )
        return objects | st.sampled_from(self._catalogue.venues).map(lambda venue: f'!Venue("{venue.name}")')


def _term(variant: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"type": variant, "value": value}


def _called(things: Iterable[Any]) -> st.SearchStrategy[str]:
    """Return a strategy for what things are called: their names, or their ids."""
    return st.sampled_from([name for thing in things for name in (thing.name, thing.id)])


def _some(items: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(items, max_size=3)
