"""What the exchange holds, as the gateway's replies say it: amounts become decimals' texts, times RFC 3339."""

from collections.abc import Sequence

import msgspec

from simulator.catalogue import Product, TradableProduct, is_expired
from simulator.decimals import text_of_amount
from simulator.exchange.depth import LEVELS_SHOWN, Depth
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import ALL_ACCOUNTS, WOULD_BE, Limit, Scope
from simulator.exchange.orders import Fill, Order, OrderChanged, Traded, average_price
from simulator.terms import flags_of
from simulator.times import text_of_time
from simulator.wire.replies import (
    BookLevel,
    BookView,
    ContractClass,
    FillDetails,
    LimitView,
    OrderDetails,
    OrderStateView,
    ProductDetails,
    QuoteInfo,
    RejectReasonView,
    TradableProductDetails,
    TradeInfo,
    TradeView,
)

__all__ = [
    "ShownBook",
    "book_view",
    "change_view",
    "fill_details",
    "limit_view",
    "order_details",
    "order_state",
    "product_details",
    "reject_reason",
    "scope_view",
    "shown_book",
    "tradable_product_details",
    "trade_view",
]

ShownBook = tuple[list[tuple[int, int]], list[tuple[int, int]], int]
"""The prices and quantities of the bids and of the offers, the best first, and with how many digits they are told."""

_NULL = msgspec.Raw(b"null")


def _dir(buy: bool) -> str:
    return "Buy" if buy else "Sell"


def change_view(change: OrderChanged) -> OrderStateView:
    """Return an order's state at the moment of a change."""
    mean = change.avg_price
    return OrderStateView(
        str(change.order_id),
        flags_of(change.state),
        text_of_amount(change.cum_qty),
        None if mean is None else text_of_amount(mean, change.digits),
    )


def order_state(order: Order) -> OrderStateView:
    """Return an order's state now."""
    return OrderStateView(str(order.id), flags_of(order.state), text_of_amount(order.cum_qty), _average_price(order))


def _average_price(order: Order) -> str | None:
    mean = average_price(order.notional, order.cum_qty)
    return None if mean is None else text_of_amount(mean, order.instrument.digits)


def reject_reason(order: Order, sees_all: bool = True) -> RejectReasonView:
    """Return why an order was rejected, if it was.

    Who does not see all accounts is not told what a limit on all of them together has come to.
    """
    reason = order.reason
    if not sees_all and reason is not None and ALL_ACCOUNTS in reason:
        reason = reason.partition(WOULD_BE)[0]
    return RejectReasonView(str(order.id), reason)


def order_details(order: Order, state: OrderStateView, time: int) -> OrderDetails:
    """Return all that is known of an order in a state, with the time at which it is said to have come."""
    quote_id, params = order.passed_through or (None, None)
    return OrderDetails(
        str(order.id),
        order.instrument.listing.id,
        _dir(order.buy),
        text_of_amount(order.price, order.instrument.digits),
        text_of_amount(order.quantity),
        order.account,
        quote_id,
        _NULL if params is None else msgspec.Raw(params),
        text_of_time(time),
        state.state,
        state.filled_qty,
        state.avg_fill_price,
    )


def fill_details(fill: Fill, fill_id: str, digits: int, time: int) -> FillDetails:
    """Return all that is known of a fill, with the time at which it is said to have been made.

    ``digits`` are those of its product's price increment.
    """
    said = text_of_time(time)
    return FillDetails(
        fill_id,
        fill.kind.value,
        str(fill.order_id),
        fill.target,
        _dir(fill.buy),
        text_of_amount(fill.quantity),
        text_of_amount(fill.price, digits),
        fill.account,
        "Maker" if fill.maker else "Taker",
        said,
        said,
    )


def product_details(product: Product, underlying: Product | None) -> ProductDetails:
    """Return a product with its class; what it is a derivative of is told by its id."""
    contract = product.value
    if contract is not None and underlying is not None:
        contract = msgspec.structs.replace(contract, underlying=underlying.id)
    return ProductDetails(
        product.id,
        product.name,
        ContractClass(product.kind, contract),
        text_of_amount(product.price_in_limit_dollars),
    )


def tradable_product_details(
    listing: TradableProduct, instrument: Instrument | None, now: int
) -> TradableProductDetails:
    """Return a tradable product, with the increments of the moment where it has been traded.

    One whose trading has ended is ``Disabled``: it has been delisted, or its contract has expired.
    """
    tick = listing.quote_increment if instrument is None else instrument.tick
    step = listing.base_increment if instrument is None else instrument.step
    flags = listing.flags if instrument is None else instrument.flags
    has_ended = is_expired(listing.base, now) if instrument is None else instrument.delisted
    if has_ended and "Disabled" not in flags:
        flags = ("Disabled", *flags)
    return TradableProductDetails(
        listing.id,
        listing.name,
        listing.base.id,
        listing.quote.id,
        listing.venue.id,
        listing.route.id,
        QuoteInfo(listing.quote_symbol_id, None, listing.quote_symbol_id) if listing.quoted else None,
        TradeInfo(listing.trading_symbol_id, text_of_amount(tick), text_of_amount(step), flags)
        if listing.traded
        else None,
    )


def scope_view(scope: Scope) -> str | dict[str, str]:
    """Return a scope as a request may say it."""
    return "All" if scope.kind == "All" else {scope.kind: scope.id}


def limit_view(limit: Limit) -> LimitView:
    """Return a limit as SetLimits would take it."""
    return LimitView(
        "All" if limit.account is None else {"Account": limit.account},
        scope_view(limit.scope),
        limit.name.value,
        None if limit.value is None else text_of_amount(limit.value),
    )


def trade_view(trade: Traded, digits: int, time: int) -> TradeView:
    """Return a public trade with a time; ``digits`` are those of its product's price increment."""
    return TradeView(
        text_of_time(time),
        _dir(trade.buy),
        text_of_amount(trade.price, digits),
        text_of_amount(trade.quantity),
    )


def shown_book(instruments: Sequence[Instrument], bucket: int) -> ShownBook:
    """Return what is shown of one or several books as one, in buckets of ``bucket`` billionths.

    A bid counts at its bucket's lower end and an offer at the upper one, so no bucket looks better than it is.
    """
    return (
        _best([instrument.bid_depth for instrument in instruments], bucket, is_bid=True),
        _best([instrument.ask_depth for instrument in instruments], bucket, is_bid=False),
        max(instrument.digits for instrument in instruments),
    )


def _best(depths: list[Depth], bucket: int, *, is_bid: bool) -> list[tuple[int, int]]:
    if len(depths) == 1:
        return depths[0].best(bucket, LEVELS_SHOWN)
    sizes: dict[int, int] = {}
    for depth in depths:
        for price, size in depth.best(bucket, LEVELS_SHOWN):
            sizes[price] = sizes.get(price, 0) + size
    return sorted(sizes.items(), reverse=is_bid)[:LEVELS_SHOWN]


def book_view(shown: ShownBook, now: int) -> BookView:
    """Return what is shown of a book as it is told at a time."""
    bids, asks, digits = shown
    return BookView(_levels(bids, digits), _levels(asks, digits), text_of_time(now))


def _levels(best: list[tuple[int, int]], digits: int) -> list[BookLevel]:
    total = 0
    levels = []
    for price, size in best:
        total += size
        levels.append(BookLevel(text_of_amount(price, digits), text_of_amount(size), text_of_amount(total)))
    return levels
