"""Corrections: every one with all the events it gives, and what is refused without a trace."""

from functools import partial

import pytest

from simulator.decimals import text_of_amount
from simulator.exchange.corrections import bust, correct
from simulator.exchange.engine import MARKET_ACCOUNT
from simulator.terms import FillKind
from support.exchange import (
    BUY,
    SELL,
    Floor,
    amount,
    cancelled,
    changed,
    exposures,
    filled,
    printed,
    recomputed,
    refuses,
    two_sides,
    units,
    whole,
)

REVERSAL, CORRECTION = FillKind.REVERSAL, FillKind.CORRECTION


@pytest.fixture
def floor() -> Floor:
    """A venue on which nothing has happened."""
    return Floor()


@pytest.mark.parametrize("side", [0, 1])
def test_bust_takes_both_sides_back(floor: Floor, side: int) -> None:
    """Whichever fill of a trade is busted, both sides get a reversal and are filled no more; none opens again."""
    maker, taker = two_sides(floor)
    floor.news()
    bust(floor.venue, floor.venue.fills[side], 7)
    assert floor.news() == [
        filled(3, taker, 100, 2, against="ann", trade=1, time=7, kind=REVERSAL, of=1),
        changed(taker, "Acked Out"),
        filled(4, maker, 100, 2, against="bob", trade=1, time=7, maker=True, kind=REVERSAL, of=2),
        changed(maker, "Acked Out"),
    ]
    assert (exposures(floor.venue), floor.venue.open, floor.depth()) == ({}, {}, ([], []))
    for fill in floor.venue.fills[:2]:
        number = fill.number
        refuses(floor, partial(bust, floor.venue, fill, 8), f"fill {number} is busted already")


def test_bust_leaves_other_trades(floor: Floor) -> None:
    """A bust concerns one trade; those just before and after it stand."""
    first, second, third = (floor.submit("ann", SELL, 100, 1) for _ in range(3))
    taker = floor.submit("bob", BUY, 100, 3)
    floor.news()
    bust(floor.venue, floor.venue.fills[2], 7)
    assert floor.news() == [
        filled(7, taker, 100, 1, against="ann", trade=2, time=7, kind=REVERSAL, of=3),
        changed(taker, "Acked Out", 2, 100),
        filled(8, second, 100, 1, against="bob", trade=2, time=7, maker=True, kind=REVERSAL, of=4),
        changed(second, "Acked Out"),
    ]
    assert (first.cum_qty, third.cum_qty) == (amount(1), amount(1))
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_bust_of_an_open_orders_fill_leaves_what_is_left(floor: Floor) -> None:
    """An open order that loses a fill keeps what it has left, and ends neither filled nor cancelled."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.trade(SELL, 100, 1)
    floor.news()
    bust(floor.venue, floor.venue.fills[0], 7)
    assert (order.leaves_qty, order.cum_qty, order.notional) == (amount(2), 0, 0)
    floor.trade(SELL, 100, 2)
    assert floor.news() == [
        filled(2, order, 100, 1, against=MARKET_ACCOUNT, trade=1, time=7, maker=True, kind=REVERSAL, of=1),
        changed(order, "Open Acked"),
        filled(3, order, 100, 2, against=MARKET_ACCOUNT, trade=2, time=3, maker=True),
        changed(order, "Acked Out", 2, 100),
        printed(order, SELL, 100, 2, 3),
    ]
    assert exposures(floor.venue) == recomputed(floor.venue)


@pytest.mark.parametrize("steps", [(), ("ack",), ("ask",), ("ack", "ask")])
def test_busted_order_may_end_from_every_open_state(floor: Floor, steps: tuple[str, ...]) -> None:
    """Whatever an open order's flags, with a part busted and nothing left it is out and not filled."""
    order = floor.place("ann", BUY, 100, 3)
    if "ack" in steps:
        floor.venue.ack(order)
    if "ask" in steps:
        floor.venue.ask_cancel(order)
    floor.fill(order, 1, 100)
    bust(floor.venue, floor.venue.fills[0], 7)
    floor.fill(order, 2, 100)
    assert floor.news()[-2] == changed(order, "Acked Out" if "ack" in steps else "Out", 2, 100)
    assert floor.venue.open == {}


def test_bust_of_a_cancelled_orders_fill(floor: Floor) -> None:
    """A cancelled order that loses a fill stays cancelled."""
    order = cancelled(floor)
    floor.news()
    bust(floor.venue, floor.venue.fills[0], 7)
    assert floor.news() == [
        filled(2, order, 100, 1, against=MARKET_ACCOUNT, trade=1, time=7, maker=True, kind=REVERSAL, of=1),
        changed(order, "Acked Canceled Out"),
    ]


def test_correction_replaces_price_and_quantity_of_both_sides(floor: Floor) -> None:
    """A correction gives both sides another price and quantity; less than all is filled no more, all is again."""
    maker, taker = two_sides(floor)
    floor.news()
    correct(floor.venue, floor.venue.fills[0], amount(101), amount(1), 7)
    assert floor.news() == [
        filled(3, taker, 101, 1, against="ann", trade=1, time=7, kind=CORRECTION, of=1),
        changed(taker, "Acked Out", 1, 101),
        filled(4, maker, 101, 1, against="bob", trade=1, time=7, maker=True, kind=CORRECTION, of=2),
        changed(maker, "Acked Out", 1, 101),
    ]
    assert exposures(floor.venue) == recomputed(floor.venue)
    correct(floor.venue, floor.venue.fills[1], amount(99), amount(2), 8)
    assert floor.news() == [
        filled(5, taker, 99, 2, against="ann", trade=1, time=8, kind=CORRECTION, of=1),
        changed(taker, "Acked Filled Out", 2, 99),
        filled(6, maker, 99, 2, against="bob", trade=1, time=8, maker=True, kind=CORRECTION, of=2),
        changed(maker, "Acked Filled Out", 2, 99),
    ]
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_correction_gives_back_what_a_bust_took(floor: Floor) -> None:
    """A busted trade may be corrected into one that stands, and be busted again."""
    maker, taker = two_sides(floor)
    fill = floor.venue.fills[0]
    bust(floor.venue, fill, 7)
    correct(floor.venue, fill, amount(100), amount(2), 8)
    assert (maker.cum_qty, taker.cum_qty) == (amount(2), amount(2))
    bust(floor.venue, fill, 9)
    assert (maker.cum_qty, taker.cum_qty, maker.notional, taker.notional) == (0, 0, 0, 0)
    assert [fill.kind for fill in floor.venue.fills[2:]] == [REVERSAL] * 2 + [CORRECTION] * 2 + [REVERSAL] * 2
    assert exposures(floor.venue) == {}


def test_reversal_after_a_correction_bears_what_it_takes(floor: Floor) -> None:
    """A bust of a corrected trade takes back the corrected quantity."""
    two_sides(floor)
    fill = floor.venue.fills[0]
    correct(floor.venue, fill, amount(101), amount(1), 7)
    bust(floor.venue, fill, 8)
    assert [(fill.price, fill.quantity) for fill in floor.venue.fills[4:]] == units((101, 1), (101, 1))


@pytest.mark.parametrize("quantity", ["2.000000001", "5"])
def test_correction_beyond_an_order_is_refused(floor: Floor, quantity: str) -> None:
    """A correction may not give one side more than its order has, though the other has it; neither is corrected."""
    floor.submit("ann", SELL, 100, 5)
    floor.submit("bob", BUY, 100, 2)
    refuses(
        floor,
        lambda: correct(floor.venue, floor.venue.fills[0], amount(100), amount(quantity), 8),
        f"order 2 cannot have been filled {quantity}",
    )


def test_correction_leaves_what_is_open_alone(floor: Floor) -> None:
    """A correction of an open order's fill may not eat into what the order has left in the market."""
    order = floor.submit("ann", BUY, 100, 5)
    floor.trade(SELL, 100, 2)
    fill = floor.venue.fills[0]
    refuses(floor, lambda: correct(floor.venue, fill, amount(100), amount(3), 7), "order 1 cannot have been filled 3")
    correct(floor.venue, fill, amount(100), amount(1), 7)
    assert (order.leaves_qty, order.cum_qty) == (amount(3), amount(1))


def test_correction_of_the_price_alone(floor: Floor) -> None:
    """An order that was filled is still filled when only the price of its fill is another."""
    maker, taker = two_sides(floor)
    floor.news()
    correct(floor.venue, floor.venue.fills[0], amount(99), amount(2), 7)
    assert floor.news() == [
        filled(3, taker, 99, 2, against="ann", trade=1, time=7, kind=CORRECTION, of=1),
        changed(taker, "Acked Filled Out", 2, 99),
        filled(4, maker, 99, 2, against="bob", trade=1, time=7, maker=True, kind=CORRECTION, of=2),
        changed(maker, "Acked Filled Out", 2, 99),
    ]


def test_cancelled_order_stays_so_whatever_it_is_corrected_to(floor: Floor) -> None:
    """A cancelled order whose fill is corrected to all that was ordered has been cancelled all the same."""
    order = floor.submit("ann", BUY, 100, 5)
    floor.trade(SELL, 100, 2)
    floor.venue.cancel(order)
    floor.news()
    correct(floor.venue, floor.venue.fills[0], amount(100), amount(5), 7)
    assert floor.news()[1:] == [changed(order, "Acked Canceled Out", 5, 100)]
    correct(floor.venue, floor.venue.fills[0], amount(100), amount(1), 8)
    assert floor.news()[1:] == [changed(order, "Acked Canceled Out", 1, 100)]


def test_amended_trades_are_forgotten_with_their_fills() -> None:
    """However many trades are taken back, what they were worth is remembered only of those that are kept."""
    floor = Floor(limit=8)
    for _ in range(30):
        two_sides(floor)
        bust(floor.venue, floor.venue.fills[-1], 7)
    fills = floor.venue.fills
    amended = [number for number in range(1, fills.made + 1) if fills.amendment(number)]
    assert amended == [fill.number for fill in fills if fill.kind is FillKind.NORMAL]
    refuses(floor, lambda: bust(floor.venue, fills[-3], 8), f"fill {fills.made - 2} is busted already")


def test_trade_that_is_forgotten_for_its_own_amendment() -> None:
    """Both sides are amended from what they were, though the first amendment crowds the trade's fills out."""
    floor = Floor(limit=8)
    maker, taker = two_sides(floor)
    fill = floor.venue.fills[0]
    correct(floor.venue, fill, amount(101), amount(1), 7)
    floor.submit("ann", SELL, 100, 9)
    for _ in range(5):
        floor.trade(BUY, 100, 1)
    assert (floor.venue.fills.first, floor.venue.fills.made) == (1, 9)
    correct(floor.venue, fill, amount(102), amount(2), 8)
    assert (floor.venue.fills.first, floor.venue.fills.made) == (3, 11)
    assert [(order.cum_qty, order.notional) for order in (maker, taker)] == [(amount(2), amount(102) * amount(2))] * 2


@pytest.mark.parametrize("quantity", [0, -1])
def test_correction_to_nothing_is_refused(floor: Floor, quantity: int) -> None:
    """A trade is not corrected to nothing: that would be a bust."""
    two_sides(floor)
    fill = floor.venue.fills[0]
    refuses(
        floor,
        lambda: correct(floor.venue, fill, amount(100), quantity, 7),
        f"a quantity is above zero, not {text_of_amount(quantity)}",
    )


def test_amendments_are_not_amended(floor: Floor) -> None:
    """A reversal or a correction is no trade that could be taken back or corrected."""
    order = whole(floor)
    fill = floor.venue.fills[0]
    correct(floor.venue, fill, amount(99), amount(3), 7)
    bust(floor.venue, fill, 8)
    assert order.cum_qty == 0
    for number, kind in ((2, "correction"), (3, "reversal")):
        amendment = floor.venue.fills[number - 1]
        message = f"fill {number} is a {kind} of fill 1, which is to be named"
        refuses(floor, partial(bust, floor.venue, amendment, 9), message)
        refuses(floor, partial(correct, floor.venue, amendment, 1, 1, 9), message)


def test_trade_of_a_forgotten_order_is_not_amended() -> None:
    """A trade can be taken back or corrected only as long as the orders on both its sides are kept."""
    floor = Floor(limit=2)
    two_sides(floor)
    fill = floor.venue.fills[0]
    floor.submit("ann", BUY, "0.3", 1)
    for amend in (
        lambda: bust(floor.venue, fill, 7),
        lambda: correct(floor.venue, fill, amount(100), amount(1), 7),
    ):
        refuses(floor, amend, "the exchange no longer has order 2 of fill 1")
