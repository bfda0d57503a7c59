"""What the gateway answers to each request: the wire's requests become the exchange's commands and questions.

An answer is data to encode, or a `Refusal`. Nothing here knows a connection: whose eyes a request is answered
for is the ``viewer``, the account that a connection is bound to, or None for one that sees all.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar, assert_never

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument, digits_of
from simulator.exchange.limits import ALL, Limit, Scope
from simulator.exchange.orders import Order
from simulator.exchange.scopes import EVERYBODY, read_scope, read_set
from simulator.exchange.venue import Venue
from simulator.gateway import replies
from simulator.gateway.candles import read_width
from simulator.gateway.fill_ids import FillIds
from simulator.gateway.rfqs import Rfqs
from simulator.gateway.said_times import SaidTimes
from simulator.gateway.tape import Tape
from simulator.gateway.view_faults import OrderView, Within
from simulator.quoting import cut_raw, quoted
from simulator.terms import Refusal
from simulator.times import parse_span
from simulator.wire import amount_of, encode, requests
from simulator.wire.replies import (
    CandleView,
    FillDetails,
    LimitView,
    Named,
    OrderDetails,
    OrderStateView,
    RfqQuote,
    TradableProductDetails,
)

__all__ = ["Gateway"]

_MOST_LIMITS = 20_000
"""How many limits are in force at most."""


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Thing = TypeVar("_Thing", bound=_HasId)


class Gateway:
    """Reads requests and answers them from one venue.

    Args:
        venue: the exchange behind the gateway.
        accounts: the names of the accounts on it.
        instrument: gives the trading state of a tradable product, with its market opened.
        fill_ids: the ids of its fills.
        tape: its trades, and the time before it began.
        rfqs: gives quotes on request.
        views: what a query looks through, by its type, where a scenario may bend its view.
        times: which times are said.
    """

    def __init__(
        self,
        venue: Venue,
        accounts: tuple[str, ...],
        instrument: Callable[[TradableProduct], Instrument],
        fill_ids: FillIds,
        tape: Tape,
        rfqs: Rfqs,
        views: Mapping[str, OrderView],
        times: SaidTimes,
    ) -> None:
        self.venue = venue
        self.catalogue = venue.catalogue
        self.accounts = {name.lower(): name for name in accounts}
        self.instrument = instrument
        self.fill_ids = fill_ids
        self.tape = tape
        self.rfqs = rfqs
        self.times = times
        self._views = views
        self._view = OrderView(venue, fill_ids)

    def answer(self, request: requests.Question | requests.Command, viewer: str | None, now: int) -> object:
        """Answer a question, or do a command that is about no order: data to encode, or a `Refusal`."""
        match request:
            case requests.GetOrderState():
                return self._order_states(request, viewer)
            case requests.GetOrderDetails():
                return self._order_details(request, viewer)
            case requests.GetRejectReason():
                orders = self._orders(request.order_ids, viewer)
                return [replies.reject_reason(order, sees_all=viewer is None) for order in orders]
            case requests.GetFillDetails():
                return self._fill_details(request, viewer)
            case requests.ListOpen():
                return self._list_open(request, viewer)
            case requests.ListFills():
                fills = self.venue.fills
                return self.list_fills(request, viewer, range(fills.first, fills.made + 1))
            case requests.SetLimits():
                return self._set_limits(request, viewer)
            case requests.GetLimits():
                return self._get_limits(request, viewer)
            case requests.GetGlobalLimits():
                return self._global_limits(request)
            case requests.GetHalts():
                return [replies.scope_view(scope) for scope in self.venue.halts]
            case requests.Halt():
                return self._halt(request, viewer)
            case requests.Resume():
                return self._resume(request, viewer)
            case requests.GetHistoricalCandles():
                return self._candles(request)
            case requests.SendRfqs():
                return self._send_rfqs(request)
            case requests.SearchSymbol():
                return self.catalogue.search(request.pat, request.scope, min(request.limit, sys.maxsize), now)
            case requests.QueryTradableProductIndex():
                return self.catalogue.query(request.query, now)
            case requests.GetRouteDetails():
                return [Named(route.id, route.name) for route in _each_once(self.catalogue.route, request.route)]
            case requests.GetVenueDetails():
                return [Named(venue.id, venue.name) for venue in _each_once(self.catalogue.venue, request.venue)]
            case requests.GetProductDetails():
                found = _each_once(self.catalogue.product, request.product)
                return [replies.product_details(product, self.catalogue.underlying(product)) for product in found]
            case requests.GetTradableProductDetails():
                return self._tradable_product_details(request, now)
            case requests.GetCanonicalTradableProduct():
                return self._canonical(request)
            case requests.OutOfScope():
                name = type(request).__name__
                return Refusal(f"{name} is not a venue's business: only a scenario's scripted reply answers it")
            case _:
                assert_never(request)

    # Orders

    def order(self, order_id: requests.OrderId) -> Order | None:
        """Return the order of an id as the wire gives it, or None."""
        if isinstance(order_id, str):
            if len(order_id) > 18 or not (order_id.isascii() and order_id.isdigit()) or order_id[0] == "0":
                return None
            order_id = int(order_id)
        return self.venue.orders.get(order_id)

    def _orders(self, ids: list[requests.OrderId], viewer: str | None) -> Iterable[Order]:
        """Return the orders of ids that a viewer may see, each once."""
        found = {order.id: order for order_id in ids if (order := self.order(order_id)) is not None}
        return found.values() if viewer is None else [order for order in found.values() if order.account == viewer]

    def no_account(self, name: str, viewer: str | None) -> Refusal:
        """Return why an account is refused: a bound connection does not learn whether there is another one."""
        if viewer is None:
            return Refusal(f"`$.account`: there is no account {quoted(name)}")
        return Refusal(f"`$.account`: this connection is bound to the account {viewer!r}, not {quoted(name)}")

    def _accounts_for(self, viewer: str | None) -> dict[str, str]:
        """Return the accounts that a viewer may know of, by their names in lower case."""
        return self.accounts if viewer is None else {viewer.lower(): viewer}

    def _within(self, request: requests.ListOpen | requests.ListFills, viewer: str | None) -> Within | Refusal:
        """Read a request's set and scope: which accounts and instruments are within them."""
        scope = read_scope(request.scope, self.catalogue)
        if isinstance(scope, Refusal):
            return scope
        account = read_set(request.set, self._accounts_for(viewer))
        if isinstance(account, Refusal):
            return account
        instruments = self.venue.instruments.values()
        covered = None if scope == ALL else frozenset(one for one in instruments if scope.covers(one.listing))
        return Within(viewer if account == EVERYBODY else account, covered)

    def _list_open(self, request: requests.ListOpen, viewer: str | None) -> list[str] | Refusal:
        within = self._within(request, viewer)
        return within if isinstance(within, Refusal) else self.view_for(request).list_open(within)

    def _order_states(self, request: requests.GetOrderState, viewer: str | None) -> list[OrderStateView]:
        view = self.view_for(request)
        return [state for order in self._orders(request.order_ids, viewer) if (state := view.state(order))]

    def _order_details(self, request: requests.GetOrderDetails, viewer: str | None) -> list[OrderDetails]:
        view = self.view_for(request)
        said = self.times.of_order
        return [
            replies.order_details(order, state, said(order))
            for order in self._orders(request.order_ids, viewer)
            if (state := view.state(order))
        ]

    def list_fills(self, request: requests.ListFills, viewer: str | None, numbers: range) -> list[str] | Refusal:
        """Return those ids of what a request asks for whose fills have consecutive numbers."""
        within = self._within(request, viewer)
        return within if isinstance(within, Refusal) else self.view_for(request).list_fills(within, numbers)

    def _fill_details(self, request: requests.GetFillDetails, viewer: str | None) -> list[FillDetails]:
        view = self.view_for(request)
        found = []
        for fill_id in dict.fromkeys(map(str.lower, request.fill_ids)):
            fill = view.fill(fill_id)
            if fill is not None and viewer in (None, fill.account):
                digits = self.venue.instruments[fill.target].digits
                found.append(replies.fill_details(fill, fill_id, digits, self.times.of_fill(fill)))
        return found

    def view_for(self, request: requests.Request) -> OrderView:
        """Return what a query looks through."""
        return self._views.get(type(request).__name__, self._view)

    # Limits and halts

    def _set_limits(self, request: requests.SetLimits, viewer: str | None) -> Refusal | None:
        limits = []
        for index, entry in enumerate(request.limits):
            limit = self._read_limit(entry, f"$.limits[{index}]", viewer)
            if isinstance(limit, Refusal):
                return limit
            limits.append(limit)
        if len(self.venue.limits) + len(limits) > _MOST_LIMITS and not self._has_room(limits):
            return Refusal(f"`$.limits`: expected at most {_MOST_LIMITS} limits in force, these included")
        self.venue.limits.set(limits)
        return None

    def _has_room(self, limits: list[Limit]) -> bool:
        """Tell whether no more limits would be in force than may."""
        in_force = {(limit.account, limit.scope, limit.name) for limit in self.venue.limits}
        for limit in limits:
            key = limit.account, limit.scope, limit.name
            if limit.value is None:
                in_force.discard(key)
            else:
                in_force.add(key)
        return len(in_force) <= _MOST_LIMITS

    def _read_limit(self, entry: requests.RequestedLimit, where: str, viewer: str | None) -> Limit | Refusal:
        account = read_set(entry.set, self._accounts_for(viewer), f"{where}.set")
        if isinstance(account, Refusal):
            return account
        if viewer is not None and account != viewer:
            return Refusal(f"`{where}.set`: this connection is bound to the account {viewer!r}")
        scope = read_scope(entry.scope, self.catalogue, f"{where}.scope")
        if isinstance(scope, Refusal):
            return scope
        value = None
        if bytes(entry.value) != b"null":
            value = amount_of(entry.value)
            if value is None or value < 0:
                return Refusal(
                    f"`{where}.value`: expected a decimal that is not negative, or null, got {cut_raw(entry.value)}"
                )
        return Limit(account or None, scope, entry.name, value)

    def _get_limits(self, request: requests.GetLimits, viewer: str | None) -> list[LimitView] | Refusal:
        found: dict[tuple[str, Scope], tuple[Limit, ...]] = {}
        for index, (whose, what) in enumerate(request.limits):
            account = read_set(whose, self._accounts_for(viewer), f"$.limits[{index}][0]")
            if isinstance(account, Refusal):
                return account
            scope = read_scope(what, self.catalogue, f"$.limits[{index}][1]")
            if isinstance(scope, Refusal):
                return scope
            found[account, scope] = self.venue.limits.of(account or None, scope)
        return [replies.limit_view(limit) for limits in found.values() for limit in limits]

    def _global_limits(self, request: requests.GetGlobalLimits) -> list[LimitView]:
        in_force = {limit.name: limit for limit in self.venue.limits.of(None, ALL)}
        return [replies.limit_view(in_force[name]) for name in dict.fromkeys(request.limits) if name in in_force]

    def _halt(self, request: requests.Halt, viewer: str | None) -> Refusal | None:
        if viewer is not None:
            return Refusal(f"`$.halt`: this connection is bound to the account {viewer!r}, and halts no market")
        scope = read_scope(request.halt, self.catalogue, "$.halt")
        if isinstance(scope, Refusal):
            return scope
        self.venue.halts.begin(scope)
        return None

    def _resume(self, request: requests.Resume, viewer: str | None) -> Refusal | None:
        if viewer is not None:
            return Refusal(f"`$.resume`: this connection is bound to the account {viewer!r}, and resumes no market")
        scope = read_scope(request.resume, self.catalogue, "$.resume")
        if isinstance(scope, Refusal):
            return scope
        if not self.venue.halts.end(scope):
            return Refusal(f"`$.resume`: there is no halt of {encode(replies.scope_view(scope)).decode()}")
        return None

    # Market data

    def _candles(self, request: requests.GetHistoricalCandles) -> list[CandleView] | Refusal:
        listing = self.catalogue.tradable_product(request.tradable_product)
        if listing is None:
            name = request.tradable_product
            hint = self.catalogue.meant(name)
            return Refusal(f"`$.tradable_product`: there is no tradable product {quoted(name)}{hint}")
        width = read_width(request.width)
        if isinstance(width, Refusal):
            return width
        start, end = parse_span(request.start), parse_span(request.end)
        if start is None or end is None:
            where = "$.start" if start is None else "$.end"
            return Refusal(f"`{where}`: expected a date or a time such as 2024-01-01T00:00:00Z")
        instrument = self.venue.instruments.get(listing.id)  # a question opens no market
        opened = listing.mid if instrument is None else instrument.opened
        digits = digits_of(listing.quote_increment) if instrument is None else instrument.digits
        return self.tape.history(listing, opened, (start[0], end[0]), width, digits)

    def _send_rfqs(self, request: requests.SendRfqs) -> list[RfqQuote] | Refusal:
        query = request.query
        asked = self.rfqs.read(query.base, query.quote, query.quantity, query.venues, "$.query")
        return asked if isinstance(asked, Refusal) else self.rfqs.give(self.rfqs.look(*asked))

    # Symbology

    def _tradable_product_details(
        self, request: requests.GetTradableProductDetails, now: int
    ) -> list[TradableProductDetails]:
        found = _each_once(self.catalogue.tradable_product, request.tradable_product)
        traded = self.venue.instruments
        return [replies.tradable_product_details(listing, traded.get(listing.id), now) for listing in found]

    def _canonical(self, request: requests.GetCanonicalTradableProduct) -> list[tuple[str, str]]:
        found = _each_once(self.catalogue.product, request.product)
        pairs = ((product, self.catalogue.canonical(product)) for product in found)
        return [(product.id, listing.id) for product, listing in pairs if listing]


def _each_once(find: Callable[[str], _Thing | None], names: Iterable[str]) -> Iterable[_Thing]:
    """Return the things that there are of these names and ids, each once, however often it is named."""
    return {thing.id: thing for name in names if (thing := find(name)) is not None}.values()
