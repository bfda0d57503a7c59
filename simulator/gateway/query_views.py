"""Through what the gateway looks at orders and fills: straight, or as a scenario bends the view."""

from collections.abc import Iterable, Iterator

import msgspec

from simulator.exchange.orders import Fill, Order
from simulator.exchange.venue import Venue
from simulator.gateway import replies
from simulator.gateway.fill_ids import FillIds
from simulator.schedule import Schedule
from simulator.terms import OUT
from simulator.wire.replies import OrderDetails, OrderStateView

__all__ = ["FaultyView", "OrderView", "ViewFault"]


class OrderView:
    """Orders and fills as they are.

    Args:
        venue: the exchange.
        fill_ids: the ids of its fills.
    """

    def __init__(self, venue: Venue, fill_ids: FillIds) -> None:
        self._venue = venue
        self._fill_ids = fill_ids

    def open_orders(self) -> Iterable[Order]:
        """Return the orders that are not out, oldest first."""
        return self._venue.open.values()

    def state(self, order: Order) -> OrderStateView | None:
        """Return an order's state, or None if there is no such order to be seen."""
        return replies.order_state(order)

    def details(self, order: Order) -> OrderDetails | None:
        """Return an order's details, or None if there is no such order to be seen."""
        return replies.order_details(order)

    def fills(self) -> Iterable[tuple[str, Fill]]:
        """Return fills with their ids, oldest first."""
        text = self._fill_ids.text
        return ((text(fill.number), fill) for fill in self._venue.fills)

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

    def open_orders(self) -> Iterator[Order]:
        """Return the orders that were not out, oldest first."""
        as_of = self._as_of()
        orders = self._venue.open.values() if as_of is None else self._venue.orders.values()
        for order in orders:
            if self.fault.hides(order):
                continue
            if as_of is not None:
                change = order.state_at(as_of)
                if change is None or change.state & OUT:
                    continue
            yield order

    def state(self, order: Order) -> OrderStateView | None:
        """Return an order's state as it was."""
        if self.fault.hides(order):
            return None
        as_of = self._as_of()
        if as_of is None:
            return replies.order_state(order)
        change = order.state_at(as_of)
        return None if change is None else replies.change_view(change)

    def details(self, order: Order) -> OrderDetails | None:
        """Return an order's details, with the state that it was in."""
        state = self.state(order)
        return None if state is None else replies.order_details(order, state)

    def fills(self) -> Iterator[tuple[str, Fill]]:
        """Return the fills there were, those told twice twice."""
        repeats = self._fill_ids.repeats
        for fill in self._venue.fills:
            if self._sees(fill):
                yield self._fill_ids.text(fill.number), fill
                if fill.number in repeats:
                    yield repeats[fill.number], fill

    def fill(self, fill_id: str) -> Fill | None:
        """Return the fill of an id, or of the id under which it is seen once more."""
        fill = super().fill(fill_id)
        if fill is None:
            wanted = fill_id.lower()
            number = next((number for number, text in self._fill_ids.repeats.items() if text == wanted), None)
            fill = None if number is None else self._venue.fills.get(number)
        return fill if fill is not None and self._sees(fill) else None

    def _sees(self, fill: Fill) -> bool:
        as_of = self._as_of()
        return not self.fault.hides_fill(fill) and (as_of is None or fill.time <= as_of)
