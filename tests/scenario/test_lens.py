"""What a lens knows of the past."""

from simulator.exchange.orders import OrderChanged
from simulator.lens import History
from simulator.terms import ACKED, OPEN


def change(order_id: int, state: int) -> OrderChanged:
    """Return a change of an order."""
    return OrderChanged(order_id, "DEFAULT", state, 0, None, 2)


def test_history_knows_what_an_order_was_at_any_time() -> None:
    """An order's state at a time is the last one recorded by then; before the first there is none."""
    history = History()
    first, second, third = change(1, OPEN), change(1, OPEN | ACKED), change(2, OPEN)
    history.record(first, 10)
    history.record(second, 20)
    history.record(third, 20)
    assert [history.at(1, time) for time in (9, 10, 19, 20, 99)] == [None, first, first, second, second]
    assert [history.at(2, time) for time in (19, 20)] == [None, third]
    assert history.at(3, 99) is None


def test_of_two_changes_at_one_time_the_later_counts() -> None:
    """Changes of the same moment are told apart by their order."""
    history = History()
    history.record(change(1, OPEN), 10)
    history.record(change(1, OPEN | ACKED), 10)
    assert history.at(1, 10) == change(1, OPEN | ACKED)
