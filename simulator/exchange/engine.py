"""The matching engine of a venue: what an order trades against, and the fills that come of it."""

from typing import TYPE_CHECKING

from simulator.exchange.book import BookEntry
from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Fill, Order, Traded
from simulator.terms import ACKED, FILLED, OUT

if TYPE_CHECKING:
    from simulator.exchange.venue import Venue

__all__ = ["MARKET_ACCOUNT", "fill", "match", "match_market", "print_trade", "trade_as_promised"]

MARKET_ACCOUNT = "MARKET"
"""Who stands behind the market's own quotes."""


def match(venue: "Venue", order: Order, instrument: Instrument, now: int) -> None:
    """Trade an incoming order against the book, as far as their prices meet, and rest what is left of it."""
    book = instrument.book
    trades = book.match(order)
    if trades:
        # The book has taken all the trades off at once; each fill is to tell what was left after it.
        traded = sum(quantity for _, quantity in trades)
        order.leaves_qty += traded
        venue.expose(order, -traded, traded)
        for resting, quantity in trades:
            order.leaves_qty -= quantity
            _trade(venue, order, resting, quantity, now)
    if order.leaves_qty:
        book.rest(order)
    venue.touched[instrument.listing.id] = instrument


def trade_as_promised(venue: "Venue", order: Order, price: int, now: int) -> None:
    """Fill all that is left of an order that takes a quote, which is not in the book."""
    instrument = order.instrument
    quantity, order.leaves_qty = order.leaves_qty, 0
    venue.trades += 1
    venue.expose(order, -quantity, quantity)
    _record_fill(venue, order, instrument, price, quantity, False, MARKET_ACCOUNT, now)
    print_trade(venue, instrument, order.buy, price, quantity, now)
    venue.touched[instrument.listing.id] = instrument


def match_market(venue: "Venue", instrument: Instrument, entry: BookEntry, now: int) -> None:
    """Trade what the market offers against the book; what is left of it is not rested."""
    for resting, quantity in instrument.book.match(entry):
        venue.trades += 1
        if isinstance(resting, Order):
            venue.expose(resting, -quantity, quantity)
            _record_fill(venue, resting, instrument, resting.price, quantity, True, MARKET_ACCOUNT, now)
        print_trade(venue, instrument, entry.buy, resting.price, quantity, now)


def fill(venue: "Venue", order: Order, quantity: int, price: int, against: str, now: int) -> None:
    """Fill an order at a price, first from what rests there, then from ``against``."""
    instrument = order.instrument
    resting = order.rests
    given = instrument.book.take_at(order.buy, price, quantity)
    venue.expose(order, -quantity, quantity)
    venue.touched[instrument.listing.id] = instrument
    for entry, amount in given:
        instrument.book.reduce(order, amount)
        _trade(venue, order, entry, amount, now)
    rest = quantity - sum(amount for _, amount in given)
    if rest:
        instrument.book.reduce(order, rest)
        venue.trades += 1
        _record_fill(venue, order, instrument, price, rest, resting, against, now)
        print_trade(venue, instrument, order.buy != resting, price, rest, now)


def _trade(venue: "Venue", taker: Order, resting: BookEntry, quantity: int, now: int) -> None:
    """Record a trade that the book has made between an order, whose exposure has changed already, and what rested."""
    venue.trades += 1
    price = resting.price
    instrument = taker.instrument_ref()
    if isinstance(resting, Order):
        _record_fill(venue, taker, instrument, price, quantity, False, resting.account, now)
        venue.expose(resting, -quantity, quantity)
        _record_fill(venue, resting, instrument, price, quantity, True, taker.account, now)
    else:
        _record_fill(venue, taker, instrument, price, quantity, False, MARKET_ACCOUNT, now)
    print_trade(venue, instrument, taker.buy, price, quantity, now)


def _record_fill(
    venue: "Venue", order: Order, instrument: Instrument, price: int, quantity: int, maker: bool, against: str, now: int
) -> None:
    """Give an order, whose ``leaves_qty`` and exposure have changed already, its fill."""
    order.cum_qty += quantity
    order.notional += price * quantity
    fills, events = venue.fills, venue.events
    fill = Fill(
        fills.made + 1,
        order.id,
        order.account,
        instrument.listing.id,
        order.buy,
        price,
        quantity,
        maker,
        against,
        venue.trades,
        now,
    )
    fills.append(fill)
    events.append(fill)
    if order.leaves_qty:
        events.append(order.change())
    else:
        venue.retire(order)
        whole = FILLED if order.cum_qty == order.quantity else 0  # a part may have been busted meanwhile
        venue.move(order, (order.state & ACKED) | whole | OUT)


def print_trade(venue: "Venue", instrument: Instrument, buy: bool, price: int, quantity: int, now: int) -> None:
    """Tell of a trade; ``buy`` is the taker's side."""
    venue.events.append(Traded(instrument.listing.id, buy, price, quantity, now))
