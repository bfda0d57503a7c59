"""An order's life from what was said of it: each change of its state as the step that makes it."""

from decimal import Decimal
from typing import Any

import pytest

from simulator.record.order_life import Life, OrderReport, duration_text, reject_of

MS = 1_000_000
OPEN, ACKED, CANCELING = ("Open",), ("Open", "Acked"), ("Open", "Acked", "Canceling")
FILLED, CANCELED = ("Acked", "Filled", "Out"), ("Acked", "Canceled", "Out")

Said = tuple[int, tuple[str, ...], str, str | None]


def life(*said: Said, cancels: tuple[int, ...] = (), source: str = "updates1", reason: str = "odd") -> Life:
    """Return the life of an order for 10 of which so much was said at these milliseconds; cancels too are in them."""
    life = Life(0, [(at, at * MS) for at in cancels], Decimal("0.01"), Decimal(10), reason)
    for at, state, filled, mean in said:
        average_price = None if mean is None else Decimal(mean)
        life.tell(OrderReport(at * MS, source, "1", state, Decimal(filled), average_price, at, source != "query"))
    return life


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ([(0, OPEN, "0", None), (3, ACKED, "0", None)], [{"delay": "3ms"}, "ack"]),
        (
            [(0, OPEN, "0", None), (0, ACKED, "4", "99.5")],
            [{"ack": {"send": "never"}}, {"fill": {"quantity": "4", "price": "99.5"}}],
        ),
        (
            [(0, ("Filled", "Out"), "10", "100"), (2, FILLED, "10", "100"), (2, FILLED, "10", "100")],
            [{"fill": {"quantity": "10", "price": "100"}}, {"delay": "2ms"}, {"ack": {"send": "twice"}}],
        ),
        (
            [(0, ACKED, "4", "100"), (1, ACKED, "10", "100.006")],
            [
                {"ack": {"send": "never"}},
                {"fill": {"quantity": "4", "price": "100"}},
                {"delay": "1ms"},
                {"fill": {"quantity": "6", "price": "100.01"}},
            ],
        ),
        ([(0, ACKED, "0", None), (5, CANCELED, "0", None)], ["ack", {"delay": "5ms"}, "cancel"]),
        ([(0, ("Rejected", "Out"), "0", None)], [{"reject": {"code": "Other", "text": "odd"}}]),
        (
            [(0, ACKED, "0", None), (1, (*ACKED, "Stale"), "0", None), (9, ACKED, "0", None)],
            ["ack", {"delay": "1ms"}, {"stale": {"for": "8ms"}}],
        ),
        (
            [(0, FILLED, "10", "100"), (1, ("Acked", "Out"), "0", None)],
            [{"ack": {"send": "never"}}, {"fill": {"quantity": "10", "price": "100"}}, {"delay": "1ms"}, "bust"],
        ),
        (
            [(0, OPEN, "4", "100"), (0, OPEN, "5", "100"), (0, OPEN, "1", "100")],
            [{"fill": {"quantity": "4", "price": "100"}}, {"fill": {"quantity": "1", "price": "100"}}],
        ),
        (
            [(0, ACKED, "4", "100"), (0, ACKED, "3", "101")],
            [
                {"ack": {"send": "never"}},
                {"fill": {"quantity": "4", "price": "100"}},
                {"correct": {"quantity": "3", "price": "101"}},
            ],
        ),
    ],
)
def test_the_steps_of_a_life(said: list[Said], steps: list[Any]) -> None:
    """Every change is a step at its time; what was told at once is told once, and what came again is told twice."""
    assert life(*said).own.steps() == steps


def test_a_cancel_has_what_comes_after_it() -> None:
    """While an order is canceling its changes are its cancel's; after a refusal they are its own again."""
    found = life(
        (0, ACKED, "0", None),
        (11, CANCELING, "0", None),
        (12, CANCELING, "4", "100"),
        (14, ACKED, "4", "100"),
        (20, FILLED, "10", "100"),
        cancels=(10,),
    )
    fill, rest = ({"fill": {"quantity": quantity, "price": "100"}} for quantity in ("4", "6"))
    assert found.own.steps() == ["ack", {"delay": "20ms"}, rest]
    assert found.cancels[10].steps() == [{"delay": "2ms"}, fill, {"delay": "2ms"}, "reject"]


def test_more_than_was_ordered_is_illegal() -> None:
    """A fill beyond the order is told as it was, and what is true again later takes nothing back."""
    found = life((0, ACKED, "0", None), (0, FILLED, "15", "100"), (1, CANCELED, "0", None))
    assert (found.is_illegal, found.own.steps()[1]) == (True, {"fill": {"quantity": "15", "price": "100"}})
    assert found.own.steps()[2:] == [{"delay": "1ms"}, "cancel"]


def test_what_a_query_alone_says_was_told_to_nobody() -> None:
    """What a query says beyond what those who follow were told is done without telling them."""
    found = life((0, ACKED, "0", None))
    found.tell(OrderReport(3 * MS, "query", "1", FILLED, Decimal(10), Decimal(100), 3, is_news=False))
    assert found.own.steps()[2:] == [{"fill": {"quantity": "10", "price": "100", "send": "never"}}]


def test_where_nobody_follows_queries_tell() -> None:
    """Without a subscription, what queries said is what became of the order, said again or not."""
    found = life((1, ACKED, "0", None), (2, ACKED, "0", None), source="query")
    assert (found.own.steps(), found.is_followed) == ([{"delay": "1ms"}, "ack"], False)


@pytest.mark.parametrize(
    ("text", "reject"),
    [
        ("TooLateToCancel: already filled", {"code": "TooLateToCancel", "text": "already filled"}),
        ("Halted", {"code": "Halted"}),
        ("Halted: ", None),
        ("no more today", None),
        ("so: it is", None),
    ],
)
def test_the_reject_that_says_a_text(text: str, reject: dict[str, str] | None) -> None:
    """A reason that begins with a code is a reject's; any other is not."""
    assert reject_of(text) == reject


def test_times_are_said_to_the_microsecond() -> None:
    """A duration has milliseconds and what is left of them."""
    assert [duration_text(time) for time in (-1, 999, 1_500_999, 250_000_000)] == ["0ms", "0ms", "1.5ms", "250ms"]
