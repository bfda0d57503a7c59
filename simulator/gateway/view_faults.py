"""Through what the gateway looks at orders and fills: straight, or as a scenario bends the view."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Fill, Order
from simulator.exchange.venue import Venue
from simulator.gateway import replies
from simulator.gateway.fill_ids import FillIds
from simulator.schedule import Schedule
from simulator.terms import OUT
from simulator.wire.replies import OrderStateView

__all__ = ["FaultyView", "OrderView", "ViewFault", "Within"]


class Within(NamedTuple):
    """Whose orders and fills are meant, and which instruments; None for all."""

    account: str | None
    instruments: frozenset[Instrument] | None

    def has(self, account: str, instrument: Instrument) -> bool:
        """Tell whether something of an account's in an instrument is meant."""
        return self.account in (None, account) and (self.instruments is None or instrument in self.instruments)


EVERYTHING = Within(None, None)


class OrderView:
    """Orders and fills as they are.

    Args:
        venue: the exchange.
        fill_ids: the ids of its fills.
    """

    def __init__(self, venue: Venue, fill_ids: FillIds) -> None:
        self._venue = venue
        self._fill_ids = fill_ids

    def list_open(self, within: Within) -> list[str]:
        """Return the ids of the orders that are not out, oldest first."""
        orders: Iterable[Order] = self._venue.open.values()
        if within.account is not None:
            orders = [order for order in orders if order.account == within.account]
        if within.instruments is not None:
            orders = [order for order in orders if order.instrument in within.instruments]
        return [str(order.id) for order in orders]

    def state(self, order: Order) -> OrderStateView | None:
        """Return an order's state, or None if there is no such order to be seen."""
        return replies.order_state(order)

    def list_fills(self, within: Within, numbers: range) -> list[str]:
        """Return the ids of the fills of consecutive numbers, oldest first."""
        fills = self._venue.fills
        if within == EVERYTHING:
            return self._fill_ids.texts(range(max(fills.first, numbers.start), numbers.stop))
        return self._fill_ids.texts([fill.number for fill in _within(fills.between(numbers), within)])

    def fill(self, fill_id: str) -> Fill | None:
        """Return the fill of an id, or None if there is no such fill to be seen."""
        number = self._fill_ids.number(fill_id)
        return None if number is None else self._venue.fills.get(number)


class ViewFault(msgspec.Struct, frozen=True):
    """How a view is bent.

    Args:
        lag: how long ago things are seen as they were, in nanoseconds; None for now.
        orders: ids of the orders left out, with their fills; None for all.
        fills: numbers of the fills left out.
    """

    lag: int | None = None
    orders: frozenset[int] | None = frozenset()
    fills: frozenset[int] = frozenset()

    def hides(self, order: Order) -> bool:
        """Tell whether an order is left out."""
        return self.orders is None or order.id in self.orders

    def hides_fill(self, fill: Fill) -> bool:
        """Tell whether a fill is left out."""
        return self.orders is None or fill.order_id in self.orders or fill.number in self.fills


_STRAIGHT = ViewFault()


class FaultyView(OrderView):
    """Orders and fills as they were a while ago, and some of them left out, or there twice.

    Args:
        venue: the exchange.
        fill_ids: the ids of its fills.
        schedule: the world's time.
    """

    def __init__(self, venue: Venue, fill_ids: FillIds, schedule: Schedule) -> None:
        super().__init__(venue, fill_ids)
        self.fault = ViewFault()
        self._schedule = schedule

    def _as_of(self) -> int | None:
        return None if self.fault.lag is None else self._schedule.now - self.fault.lag

    def list_open(self, within: Within) -> list[str]:
        """Return the ids of the orders that were not out, oldest first."""
        if self.fault == _STRAIGHT:
            return super().list_open(within)
        as_of = self._as_of()
        orders = self._venue.open.values() if as_of is None else self._venue.orders.values()
        return [
            str(order.id)
            for order in orders
            if within.has(order.account, order.instrument)
            and not self.fault.hides(order)
            and (as_of is None or _was_open(order, as_of))
        ]

    def state(self, order: Order) -> OrderStateView | None:
        """Return an order's state as it was."""
        if self.fault.hides(order):
            return None
        as_of = self._as_of()
        if as_of is None:
            return replies.order_state(order)
        change = order.state_at(as_of)
        return None if change is None else replies.change_view(change)

    def list_fills(self, within: Within, numbers: range) -> list[str]:
        """Return the ids of the fills there were of consecutive numbers, those told twice twice."""
        repeats = self._fill_ids.repeats
        if self.fault == _STRAIGHT and not repeats:
            return super().list_fills(within, numbers)
        found = []
        for fill in _within(self._venue.fills.between(numbers), within):
            if self._sees(fill):
                found.append(self._fill_ids.text(fill.number))
                if fill.number in repeats:
                    found.append(repeats[fill.number])
        return found

    def fill(self, fill_id: str) -> Fill | None:
        """Return the fill of an id, or of the id under which it is seen once more."""
        fill = super().fill(fill_id)
        if fill is None:
            number = self._fill_ids.repeated(fill_id)
            fill = None if number is None else self._venue.fills.get(number)
        return fill if fill is not None and self._sees(fill) else None

    def _sees(self, fill: Fill) -> bool:
        as_of = self._as_of()
        return not self.fault.hides_fill(fill) and (as_of is None or fill.time <= as_of)


def _was_open(order: Order, as_of: int) -> bool:
    change = order.state_at(as_of)
    return change is not None and not change.state & OUT


def _within(fills: Sequence[Fill], within: Within) -> Iterable[Fill]:
    """Return the fills that are meant."""
    found: Iterable[Fill] = fills
    if within.account is not None:
        found = [fill for fill in found if fill.account == within.account]
    if within.instruments is not None:
        targets = {instrument.listing.id for instrument in within.instruments}
        found = [fill for fill in found if fill.target in targets]
    return found
