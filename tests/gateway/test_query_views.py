"""What a view knows of the past."""

from typing import Any

from simulator.exchange.orders import OrderChanged
from simulator.gateway.query_views import History
from simulator.terms import ACKED, OPEN


def change(order_id: int, state: int) -> OrderChanged:
    """Return a change of an order."""
    return OrderChanged(order_id, "DEFAULT", state, 0, None, 2)


def test_history_knows_what_an_order_was_at_any_time() -> None:
    """An order's state at a time is the last one recorded by then; before the first there is none."""
    history = History({})
    first, second, third = change(1, OPEN), change(1, OPEN | ACKED), change(2, OPEN)
    history.record(first, 10)
    history.record(second, 20)
    history.record(third, 20)
    assert [history.at(1, time) for time in (9, 10, 19, 20, 99)] == [None, first, first, second, second]
    assert [history.at(2, time) for time in (19, 20)] == [None, third]
    assert history.at(3, 99) is None


def test_of_two_changes_at_one_time_the_later_counts() -> None:
    """Changes of the same moment are told apart by their order."""
    history = History({})
    history.record(change(1, OPEN), 10)
    history.record(change(1, OPEN | ACKED), 10)
    assert history.at(1, 10) == change(1, OPEN | ACKED)


def test_history_of_forgotten_orders_is_forgotten() -> None:
    """What the exchange keeps no longer does not stay in the history for ever; what it keeps does."""
    orders: dict[int, Any] = {1: None}
    history = History(orders)
    for number in range(1, 3000):
        orders[number] = None
        history.record(change(number, OPEN), number)
        if number > 5:
            del orders[number - 4]
    assert history.at(1, 5000) == change(1, OPEN)
    assert history.at(2999, 5000) == change(2999, OPEN)
    assert sum(history.at(number, 5000) is not None for number in range(3000)) < 1100
