"""The times that messages say: the world's, unless a scenario sets the gateway's clock ahead of it, or behind."""

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from simulator.exchange.orders import Fill, Order
from simulator.exchange.venue import Venue
from simulator.scenario.steps import SKEWED, Skewed
from simulator.schedule import Schedule
from simulator.terms import BILLION

__all__ = ["SaidTimes"]

_LAST = 253_402_300_799 * BILLION
"""The last second that has a date of four digits."""
_MOST_JUMPS = 10_000
"""How many are kept, the newest of them: what came before them has the world's time."""


class _Jump(NamedTuple):
    """How far ahead the times of later orders and fills are said: of those that come after so many."""

    orders: int
    fills: int
    of_orders: int
    of_fills: int


class SaidTimes:
    """What times are said of orders, fills, trades and books, and by the published clock; all in nanoseconds.

    What has been is said as it was said when it came about: a clock that is right again mends no earlier time.

    Args:
        schedule: the world's time.
        venue: counts its orders and fills.
    """

    def __init__(self, schedule: Schedule, venue: Venue) -> None:
        self._schedule = schedule
        self._venue = venue
        self._ahead = dict.fromkeys(SKEWED, 0)
        self._turns = dict.fromkeys(SKEWED, 0)
        """How often each has been set, so that what was to end an earlier setting does not end a later one."""
        self._jumps: list[_Jump] = []

    def skew(self, what: Skewed, nanoseconds: int) -> int:
        """Say the times of something so far ahead of the world's from now on; return which setting of it this is."""
        self._ahead[what] = nanoseconds
        self._turns[what] += 1
        orders, fills = self._orders_so_far(), self._venue.fills.made
        jumps = self._jumps
        if jumps and (jumps[-1].orders, jumps[-1].fills) == (orders, fills):
            jumps.pop()
        jumps.append(_Jump(orders, fills, self._ahead["orders"], self._ahead["fills"]))
        del jumps[:-_MOST_JUMPS]
        return self._turns[what]

    def end(self, what: Skewed, turn: int) -> None:
        """Let a setting end, unless it has been set anew since."""
        if self._turns[what] == turn:
            self.skew(what, 0)

    def end_all(self) -> None:
        """Say the world's time from now on."""
        for what, ahead in self._ahead.items():
            if ahead:
                self.skew(what, 0)

    def now(self, what: Skewed) -> int:
        """Return the time that is said of something that is so at this moment."""
        ahead = self._ahead[what]
        return _dated(self._schedule.now + ahead) if ahead else self._schedule.now

    def of_order(self, order: Order) -> int:
        """Return when an order is said to have come."""
        if not self._jumps:
            return order.time
        venue = self._venue
        number = (order.id - venue.first_order_id) // venue.order_id_step + 1
        jump = self._before(number, lambda jump: jump.orders)
        return order.time if jump is None else _dated(order.time + jump.of_orders)

    def of_fill(self, fill: Fill) -> int:
        """Return when a fill is said to have been made."""
        jump = self._before(fill.number, lambda jump: jump.fills) if self._jumps else None
        return fill.time if jump is None else _dated(fill.time + jump.of_fills)

    def _orders_so_far(self) -> int:
        venue = self._venue
        return (venue.last_order_id - venue.first_order_id) // venue.order_id_step + 1

    def _before(self, number: int, count: Callable[[_Jump], int]) -> _Jump | None:
        """Return the last jump that came before an order or a fill of a number, counted from 1."""
        at = bisect_left(self._jumps, number, key=count)
        return self._jumps[at - 1] if at else None


def _dated(nanoseconds: int) -> int:
    """Return a time, or the last that has a date."""
    return min(nanoseconds, _LAST)
