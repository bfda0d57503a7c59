"""Corrections of trades: a bust takes one back, and a correction gives it another price and quantity."""

from typing import NamedTuple

from simulator.decimals import text_of_amount
from simulator.exchange.orders import Fill
from simulator.exchange.venue import Venue, require_positive
from simulator.terms import CANCELED, FILLED, OUT, REJECTED, FillKind

__all__ = ["bust", "correct"]


class _AmendedFill(NamedTuple):
    """A fill of a trade that is amended, with its price and quantity until then.

    They are looked up before anything is amended: the fill may be forgotten for the amendment of the other side.
    """

    fill: Fill
    price: int
    quantity: int


def bust(venue: Venue, fill: Fill, now: int) -> None:
    """Take back a trade: each of its fills gets a reversal; no order opens again.

    Raises `ValueError` if it is taken back already, the fill is itself a reversal or a correction, or an order of the
    trade is no longer kept.
    """
    _require_original(fill)
    if _present(venue, fill)[1] == 0:
        raise ValueError(f"fill {fill.number} is busted already")
    for side in _sides(venue, fill):
        _amend(venue, side, side.price, 0, FillKind.REVERSAL, now)


def correct(venue: Venue, fill: Fill, price: int, quantity: int, now: int) -> None:
    """Replace a trade's price and quantity; each of its fills gets a correction.

    Raises `ValueError` if an order has not that much to give or is no longer kept, or the fill is itself a reversal
    or a correction.
    """
    _require_original(fill)
    require_positive(quantity)
    sides = _sides(venue, fill)
    for side in sides:
        order = venue.orders[side.fill.order_id]
        if order.cum_qty - side.quantity + quantity > order.quantity - order.leaves_qty:
            raise ValueError(f"order {order.id} cannot have been filled {text_of_amount(quantity)}")
    for side in sides:
        _amend(venue, side, price, quantity, FillKind.CORRECTION, now)


def _require_original(fill: Fill) -> None:
    if fill.kind is not FillKind.NORMAL:
        raise ValueError(f"fill {fill.number} is a {fill.kind.value.lower()} of fill {fill.of}, which is to be named")


def _present(venue: Venue, fill: Fill) -> tuple[int, int]:
    """Return a fill's price and quantity after all that has been amended in it."""
    last = venue.fills.amendment(fill.number) or fill
    return last.price, 0 if last.kind is FillKind.REVERSAL else last.quantity


def _sides(venue: Venue, fill: Fill) -> list[_AmendedFill]:
    """Return the fills of a fill's trade; raises `ValueError` if an order of one of them is no longer kept."""
    near = [venue.fills.get(fill.number + step) for step in (-1, 0, 1)]
    sides = [other for other in near if other and other.trade == fill.trade and other.kind is FillKind.NORMAL]
    for side in sides:
        if side.order_id not in venue.orders:
            raise ValueError(f"the exchange no longer has order {side.order_id} of fill {fill.number}")
    return [_AmendedFill(side, *_present(venue, side)) for side in sides]


def _amend(venue: Venue, side: _AmendedFill, price: int, quantity: int, kind: FillKind, now: int) -> None:
    """Replace a fill in its order's sums: by nothing, or by another price and quantity."""
    fill = side.fill
    order = venue.orders[fill.order_id]
    change = quantity - side.quantity
    order.cum_qty += change
    order.notional += price * quantity - side.price * side.quantity
    venue.expose(order, 0, change)
    amendment = Fill(
        venue.fills.made + 1,
        order.id,
        order.account,
        fill.target,
        fill.buy,
        price,
        quantity or side.quantity,
        fill.maker,
        fill.against,
        fill.trade,
        now,
        kind,
        fill.number,
    )
    venue.fills.amend(amendment)
    venue.events.append(amendment)
    if order.state & (FILLED | CANCELED) == FILLED and order.cum_qty < order.quantity:
        venue.move(order, order.state & ~FILLED)
    elif order.state & (OUT | CANCELED | REJECTED) == OUT and order.cum_qty == order.quantity:
        venue.move(order, order.state | FILLED)
    else:
        venue.events.append(order.change())
