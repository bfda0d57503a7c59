"""What a page is told at one look."""

from typing import Any

import pytest

from simulator.control.window import WindowQuery, Windows
from simulator.wire import decode
from support.control import ORDER, PAIR, Controlled

SLOW = {
    "when": {"request": "SendLimitOrder", "dir": "Buy"},
    "then": ["ack", {"delay": "250ms"}, {"hold": "rest"}, {"fill": {"quantity": "40%"}}],
}


@pytest.fixture
def slow() -> Controlled:
    """A world with a rule that has taken an order."""
    world = Controlled({"rules": [SLOW]})
    world.send(world.connect(), ORDER)
    return world


def look(world: Controlled, windows: Windows, **query: Any) -> Any:
    """Return what is seen of a world."""
    return windows.look(world.control, world.simulation, WindowQuery(**query))


def test_window_is_what_the_calls_tell(slow: Controlled) -> None:
    """One look gives what the calls of each panel give, and the book that was asked for."""
    seen = look(slow, Windows(), product=PAIR, depth=3)
    control = slow.control
    assert seen.lines == control.journal()
    assert (seen.line, seen.left_out) == (len(seen.lines), 0)
    assert (seen.orders, seen.fills) == (control.orders(), control.fills())
    assert (seen.rules, seen.due, seen.held) == (control.rules(), control.due(), control.held())
    assert (seen.sessions, seen.book) == (control.sessions(), control.book(PAIR, 3))
    assert seen.products == [PAIR]
    assert [rule.when for rule in seen.rules] == [SLOW["when"]]


@pytest.mark.parametrize("product", [None, "no such product"])
def test_window_without_a_book(slow: Controlled, product: str | None) -> None:
    """A product that there is not has no book, and the rest is told all the same."""
    seen = look(slow, Windows(), product=product)
    assert (seen.book, len(seen.orders)) == (None, 1)


def test_window_tells_what_is_new(slow: Controlled) -> None:
    """Of what has come since the last look the newest is told, with how many lines were left out before it."""
    windows = Windows()
    line = look(slow, windows).line
    session = slow.simulation.sessions[1]
    for number in range(5, 9):
        slow.send(session, {**ORDER, "dir": "Sell", "price": "1000000", "quantity": str(number)})
    control = slow.control
    seen = look(slow, windows, since=line, most=3)
    assert seen.lines == control.journal()[-3:]
    assert seen.left_out == control.state().line - line - 3
    assert seen.rules == control.rules()
    assert look(slow, windows, since=seen.line).lines == []


def test_look_is_short_however_much_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what has come since the last look few lines are looked through for near misses."""
    rules = [{"when": {"request": "SendLimitOrder", "price": str(number)}, "then": ["ack"]} for number in range(1, 51)]
    world, windows = Controlled({"rules": rules}), Windows()
    session = world.connect()
    look(world, windows)
    for _ in range(300):
        world.send(session, {**ORDER, "price": "60"})
    decoded: list[Any] = []

    def count(message: Any) -> Any:
        decoded.append(message)
        return decode(message)

    monkeypatch.setattr("simulator.journal.queries.decode", count)
    assert len(look(world, windows).rules[0].misses) > 0
    assert 0 < len(decoded) <= 500


def test_what_is_due_next(slow: Controlled) -> None:
    """So much of what is due is told as is asked for, the next first."""
    for number in range(5):
        slow.simulation.do({"delay": f"{5 - number}s"}, "heal")
    control = slow.control
    assert control.due(3) == control.due()[:3]
    assert [one.left for one in control.due(3)] == ["0.25s", "1s", "2s"]


def test_open_orders_are_seen_however_old() -> None:
    """Of many orders the newest are seen, and those that are still open, the oldest first."""
    world = Controlled({"rules": [{"when": {"request": "SendLimitOrder", "dir": "Sell"}, "then": [{"reject": {}}]}]})
    session = world.connect()
    world.send(session, {**ORDER, "price": "1"})
    for _ in range(50):
        world.send(session, {**ORDER, "dir": "Sell"})
    orders = look(world, Windows()).orders
    assert [int(one.order_id) for one in orders] == [1, *range(32, 52)]
    assert orders == [order for order in world.control.orders() if order in orders]


def test_level_of_very_many_orders() -> None:
    """Of the orders at one price the ids of the first are seen, though the market quotes there; and all quantity."""
    world = Controlled({"markets": {PAIR: {"bids": [["1", 1]]}}})
    session = world.connect()
    for _ in range(50):
        world.send(session, {**ORDER, "price": "1", "quantity": "1"})
    level = look(world, Windows(), product=PAIR, depth=100).book.bids[-1]
    assert (level.quantity, level.orders) == ("51", tuple(map(str, range(1, 21))))
