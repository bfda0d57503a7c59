"""The venue: every command with all the events it gives, and what it refuses without a trace."""

import gc
import random
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest

from simulator.exchange import corrections
from simulator.exchange.engine import MARKET_ACCOUNT
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import ALL, Limit, Scope
from simulator.exchange.orders import Order
from simulator.terms import FillKind, LimitName
from support.exchange import (
    BTC_NORTH,
    BTC_SOUTH,
    BUY,
    CATALOGUE,
    ETH_NORTH,
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
    snapshot,
    units,
    whole,
)

REVERSAL, CORRECTION = FillKind.REVERSAL, FillKind.CORRECTION


@pytest.fixture
def floor() -> Floor:
    """A venue on which nothing has happened."""
    return Floor()


# Orders on their way in


def test_order_rests_where_nothing_meets_it(floor: Floor) -> None:
    """An order that meets nothing is opened, acked, and stands in the book with all it has."""
    order = floor.submit("ann", BUY, 100, 3)
    assert floor.news() == [changed(order, "Open"), changed(order, "Open Acked")]
    assert floor.depth() == (units((100, 3)), [])
    assert floor.venue.open == floor.venue.orders == {1: order}
    assert (order.time, order.leaves_qty, order.reason, order.cum_qty) == (1, amount(3), None, 0)
    assert exposures(floor.venue) == {(floor.btc.listing.id, "ann"): (amount(3), 0, 1, 0)}


def test_an_order_without_objections_comes_to_what_its_parts_come_to() -> None:
    """Submitting an order does what placing and matching it do, whether it rests, trades or is rejected."""
    drawn = random.Random(7)
    short, long = Floor(limit=20), Floor(limit=20)
    for number in range(400):
        account, buy = drawn.choice(("ann", "bob")), drawn.choice((BUY, SELL))
        price = drawn.choice(("98", "99", "100", "100.001", "101"))
        quantity = drawn.choice(("1", "2.5", "7", "0.0001"))
        if number == 200:
            for floor in (short, long):
                floor.venue.limits.set([Limit(None, ALL, LimitName.MAX_ORDER_QTY, amount(2))])
        short.submit(account, buy, price, quantity)
        order = long.place(account, buy, price, quantity)
        if not order.is_out:
            long.venue.match(order, long.now)
        assert state(short) == state(long)


def state(floor: Floor) -> dict[str, Any]:
    """Return all of a floor that a command could change, without what only it holds."""
    found = snapshot(floor)
    for order in found["orders"].values():
        del order["instrument_ref"]
    del found["quotes"]
    return found


def test_taker_pays_the_resting_price(floor: Floor) -> None:
    """A trade is at the resting order's price; the taker is told first, then the maker, then the public."""
    maker = floor.submit("ann", SELL, 100, 3)
    floor.news()
    taker = floor.submit("bob", BUY, 105, 2)
    assert floor.news() == [
        changed(taker, "Open"),
        changed(taker, "Open Acked"),
        filled(1, taker, 100, 2, against="ann", trade=1, time=2),
        changed(taker, "Acked Filled Out", 2, 100),
        filled(2, maker, 100, 2, against="bob", trade=1, time=2, maker=True),
        changed(maker, "Open Acked", 2, 100),
        printed(taker, BUY, 100, 2, 2),
    ]
    assert floor.depth() == ([], units((100, 1)))
    assert list(floor.venue.open) == [maker.id]
    assert (taker.leaves_qty, maker.leaves_qty) == (0, amount(1))
    assert exposures(floor.venue) == {
        (floor.btc.listing.id, "ann"): (0, amount(1), 1, amount(-2)),
        (floor.btc.listing.id, "bob"): (0, 0, 0, amount(2)),
    }


def test_taker_is_open_until_its_last_fill(floor: Floor) -> None:
    """A taker that sweeps several orders is told of each fill in turn, and is filled and out at the last only."""
    best, next_best = floor.submit("ann", BUY, 101, 1), floor.submit("ann", BUY, 100, 5)
    floor.news()
    taker = floor.submit("bob", SELL, 99, 3)
    assert floor.news() == [
        changed(taker, "Open"),
        changed(taker, "Open Acked"),
        filled(1, taker, 101, 1, against="ann", trade=1, time=3),
        changed(taker, "Open Acked", 1, 101),
        filled(2, best, 101, 1, against="bob", trade=1, time=3, maker=True),
        changed(best, "Acked Filled Out", 1, 101),
        printed(taker, SELL, 101, 1, 3),
        filled(3, taker, 100, 2, against="ann", trade=2, time=3),
        changed(taker, "Acked Filled Out", 3, "100.333333333"),
        filled(4, next_best, 100, 2, against="bob", trade=2, time=3, maker=True),
        changed(next_best, "Open Acked", 2, 100),
        printed(taker, SELL, 100, 2, 3),
    ]
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_rest_of_a_taker_stands_in_the_book(floor: Floor) -> None:
    """What a taker has left after its trades rests at its own price and is a maker's from then on."""
    floor.submit("ann", SELL, 100, 1)
    taker = floor.submit("bob", BUY, 102, 3)
    assert floor.depth() == (units((102, 2)), [])
    floor.news()
    later = floor.submit("ann", SELL, 90, 1)
    assert floor.news()[2:] == [
        filled(3, later, 102, 1, against="bob", trade=2, time=3),
        changed(later, "Acked Filled Out", 1, 102),
        filled(4, taker, 102, 1, against="ann", trade=2, time=3, maker=True),
        changed(taker, "Open Acked", 2, 101),
        printed(later, SELL, 102, 1, 3),
    ]


def test_placed_order_waits_for_its_ack_and_match(floor: Floor) -> None:
    """A placed order is open and in no book; ack and match are steps of their own, and an ack comes once."""
    order = floor.place("ann", BUY, 100, 3)
    assert floor.news() == [changed(order, "Open")]
    assert floor.depth() == ([], [])
    assert exposures(floor.venue) == {(floor.btc.listing.id, "ann"): (amount(3), 0, 1, 0)}
    floor.venue.ack(order)
    floor.venue.ack(order)
    assert floor.news() == [changed(order, "Open Acked")]
    floor.venue.match(order, 5)
    floor.venue.match(order, 6)
    assert floor.news() == []
    assert floor.depth() == (units((100, 3)), [])


def test_match_acks_an_order_that_is_being_cancelled(floor: Floor) -> None:
    """A cancel on its way does not keep the engine from acking and matching the order."""
    order = floor.place("ann", BUY, 100, 3)
    floor.venue.ask_cancel(order)
    floor.venue.match(order, 5)
    assert floor.news() == [
        changed(order, "Open"),
        changed(order, "Open Canceling"),
        changed(order, "Open Acked Canceling"),
    ]
    assert floor.depth() == (units((100, 3)), [])


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda floor: floor.venue.delist(floor.btc), f"Delisted: {BTC_NORTH} is no longer traded"),
        (lambda floor: setattr(floor.btc, "flags", ("Disabled",)), f"ProductDisabled: {BTC_NORTH} is disabled"),
        (lambda floor: setattr(floor.btc, "flags", ("CancelOnly",)), f"CancelOnly: {BTC_NORTH} takes cancels only"),
        (lambda floor: floor.venue.halts.begin(ALL), f"Halted: {BTC_NORTH} is halted"),
        (
            lambda floor: floor.btc.set_increments(amount("0.7"), None),
            "OffTick: price 100 is no multiple of 0.7",
        ),
        (
            lambda floor: floor.btc.set_increments(None, amount("0.7")),
            "OffStep: quantity 3 is no multiple of 0.7",
        ),
        (
            lambda floor: floor.venue.limits.set([Limit(None, ALL, LimitName.MAX_ORDER_QTY, amount(2))]),
            "LimitExceeded: MaxOrderQty is 2 for all accounts, all products; this order would make it 3",
        ),
    ],
)
def test_refused_order_is_rejected_and_out(floor: Floor, prepare: Callable[[Floor], object], reason: str) -> None:
    """What the venue or the risk check refuses is an order all the same: rejected, out, with a reason, nothing open."""
    prepare(floor)
    floor.news()
    order = floor.submit("ann", BUY, 100, 3)
    assert floor.news() == [changed(order, "Rejected Out")]
    assert (order.reason, order.leaves_qty, order.cum_qty) == (reason, 0, 0)
    assert (floor.venue.orders, floor.venue.open) == ({1: order}, {})
    assert floor.depth() == ([], [])
    assert exposures(floor.venue) == {}


def test_risk_check_comes_before_the_venue(floor: Floor) -> None:
    """An order that breaks a limit is refused for that, whatever the venue would have said."""
    floor.venue.limits.set([Limit("ann", ALL, LimitName.MAX_ORDER_QTY, 0)])
    floor.venue.delist(floor.btc)
    assert floor.submit("ann", BUY, 100, 1).reason == (
        "LimitExceeded: MaxOrderQty is 0 for ann, all products; this order would make it 1"
    )


def test_post_only_product_takes_what_rests(floor: Floor) -> None:
    """A product that is PostOnly refuses just the orders that would trade at once."""
    floor.btc.flags = ("PostOnly",)
    floor.submit("ann", SELL, 100, 1)
    for price in (100, 101):
        order = floor.submit("bob", BUY, price, 1)
        assert order.reason == f"WouldTrade: {BTC_NORTH} takes only orders that rest"
    assert not floor.submit("bob", BUY, "99.5", 1).is_out
    assert floor.depth() == (units(("99.5", 1)), units((100, 1)))


@pytest.mark.parametrize("flag", ["LimitOnly", "MarginEnabled"])
def test_other_flags_refuse_nothing(floor: Floor, flag: str) -> None:
    """Flags that only describe a product keep no order away."""
    floor.btc.flags = (flag,)
    assert not floor.submit("ann", BUY, 100, 1).is_out


def test_cancel_only_product_lets_orders_leave(floor: Floor) -> None:
    """A product that takes cancels only still trades nothing new and lets what rests be cancelled."""
    order = floor.submit("ann", BUY, 100, 1)
    floor.btc.flags = ("CancelOnly",)
    floor.venue.cancel(order)
    assert order.is_out


def test_order_numbers_rise(floor: Floor) -> None:
    """Orders are numbered from one, those that are refused too."""
    numbers = [floor.submit("ann", BUY, price, 1).id for price in (1, "0.1", 2)]
    assert numbers == list(floor.venue.orders) == [1, 2, 3]


def test_standing_order_pushes_the_markets_quotes_back(floor: Floor) -> None:
    """An order told to stand does not trade with quotes it would cross: they go; others stay."""
    floor.quote((BUY, 98, 1), (SELL, 100, 1), (SELL, 101, 2), (SELL, 102, 3))
    order = floor.place("ann", BUY, 101, 5)
    floor.news()
    floor.venue.rest_only(order, 9)
    assert floor.news() == [changed(order, "Open Acked")]
    assert floor.depth() == (units((101, 5), (98, 1)), units((102, 3)))


def test_standing_order_pushes_bids_back_likewise(floor: Floor) -> None:
    """On the selling side it is the bids at its price and above that go."""
    floor.quote((BUY, 101, 1), (BUY, 100, 2), (BUY, 98, 3), (SELL, 102, 1))
    order = floor.place("ann", SELL, 100, 5)
    floor.venue.rest_only(order, 9)
    assert floor.depth() == (units((98, 3)), units((100, 5), (102, 1)))


def test_a_billionth_is_a_quantity(floor: Floor) -> None:
    """The least amount that the wire can say is one that can be filled, quoted and traded."""
    least = "0.000000001"
    order = floor.submit("ann", BUY, 100, 1)
    floor.fill(order, least, 100)
    floor.quote((SELL, 101, least))
    floor.trade(BUY, 101, least)
    assert (order.leaves_qty, floor.depth()[1]) == (amount("0.999999999"), [])


def test_standing_order_trades_with_clients(floor: Floor) -> None:
    """An order told to stand does trade with clients that it meets, so the book is never crossed."""
    floor.quote((BUY, 100, 1), (BUY, 97, 1))
    maker = floor.submit("ann", BUY, 99, 2)
    order = floor.place("bob", SELL, 98, 5)
    floor.news()
    floor.venue.rest_only(order, 9)
    assert floor.news() == [
        changed(order, "Open Acked"),
        filled(1, order, 99, 2, against="ann", trade=1, time=9),
        changed(order, "Open Acked", 2, 99),
        filled(2, maker, 99, 2, against="bob", trade=1, time=9, maker=True),
        changed(maker, "Acked Filled Out", 2, 99),
        printed(order, SELL, 99, 2, 9),
    ]
    assert floor.depth() == (units((97, 1)), units((98, 3)))


# Orders on their way out


def test_cancel_takes_an_order_out(floor: Floor) -> None:
    """An order asked to be cancelled is canceling, then cancelled and out, and gone from the book."""
    order = floor.submit("ann", SELL, 100, 3)
    floor.news()
    floor.venue.ask_cancel(order)
    floor.venue.ask_cancel(order)
    assert floor.depth() == ([], units((100, 3)))
    floor.venue.cancel(order)
    assert floor.news() == [changed(order, "Open Acked Canceling"), changed(order, "Acked Canceled Out")]
    assert (order.leaves_qty, order.reason, floor.venue.open, floor.depth()) == (0, None, {}, ([], []))
    assert exposures(floor.venue) == {}


def test_partly_filled_order_keeps_its_fills_when_cancelled(floor: Floor) -> None:
    """A cancel takes what is left and nothing of what is filled; nobody asked, so the reason is kept."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.trade(SELL, 100, 1)
    floor.news()
    floor.venue.cancel(order, "Other: good night")
    assert floor.news() == [changed(order, "Acked Canceled Out", 1, 100)]
    assert (order.reason, order.leaves_qty, order.cum_qty) == ("Other: good night", 0, amount(1))
    assert exposures(floor.venue) == {(floor.btc.listing.id, "ann"): (0, 0, 0, amount(1))}


def test_unacked_order_can_be_cancelled(floor: Floor) -> None:
    """A cancel may win over the ack, and the late ack changes no more than its flag."""
    order = floor.place("ann", BUY, 100, 3)
    floor.news()
    floor.venue.cancel(order)
    floor.venue.ack(order)
    assert floor.news() == [changed(order, "Canceled Out"), changed(order, "Acked Canceled Out")]


def test_refused_cancel_leaves_the_order_as_it_was(floor: Floor) -> None:
    """When the venue does not cancel, the order is open as before the wish; without a wish nothing is told."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.venue.ask_cancel(order)
    floor.news()
    floor.venue.refuse_cancel(order)
    floor.venue.refuse_cancel(order)
    assert floor.news() == [changed(order, "Open Acked")]
    assert floor.depth() == (units((100, 3)), [])


def test_placed_order_can_be_rejected(floor: Floor) -> None:
    """The venue may refuse an order that it took and has not acked, whose account has nothing open then."""
    order = floor.place("ann", BUY, 100, 3)
    floor.news()
    floor.venue.reject(order, "Other: no")
    assert floor.news() == [changed(order, "Rejected Out")]
    assert (order.reason, order.leaves_qty, floor.venue.open) == ("Other: no", 0, {})
    assert exposures(floor.venue) == {}


def test_acked_order_cannot_be_rejected(floor: Floor) -> None:
    """A venue that has acked an order cannot reject it any more; trying changes nothing."""
    order = floor.submit("ann", BUY, 100, 3)
    refuses(
        floor,
        lambda: floor.venue.reject(order, "Other: no"),
        "order 1 cannot go from ['Open', 'Acked'] to ['Rejected', 'Out']",
    )


def test_fill_wins_over_a_cancel(floor: Floor) -> None:
    """An order that fills while its cancel is on the way is filled, and the cancel is too late."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.venue.ask_cancel(order)
    floor.news()
    floor.trade(SELL, 100, 1)
    floor.trade(SELL, 100, 2)
    assert floor.news() == [
        filled(1, order, 100, 1, against=MARKET_ACCOUNT, trade=1, time=2, maker=True),
        changed(order, "Open Acked Canceling", 1, 100),
        printed(order, SELL, 100, 1, 2),
        filled(2, order, 100, 2, against=MARKET_ACCOUNT, trade=2, time=3, maker=True),
        changed(order, "Acked Filled Out", 3, 100),
        printed(order, SELL, 100, 2, 3),
    ]
    refuses(floor, lambda: floor.venue.cancel(order), "order 1 is out already")


def test_stale_comes_and_goes(floor: Floor) -> None:
    """An open order is marked as uncertain and as certain again, each told once, and is certain when it goes out."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.news()
    for unsure in (True, True, False, False, True):
        floor.venue.stale(order, unsure)
    floor.trade(SELL, 100, 1)
    floor.venue.cancel(order)
    assert floor.news() == [
        changed(order, "Open Acked Stale"),
        changed(order, "Open Acked"),
        changed(order, "Open Acked Stale"),
        filled(1, order, 100, 1, against=MARKET_ACCOUNT, trade=1, time=2, maker=True),
        changed(order, "Open Acked Stale", 1, 100),
        printed(order, SELL, 100, 1, 2),
        changed(order, "Acked Canceled Out", 1, 100),
    ]


def rejected(floor: Floor) -> Order:
    """Return an order that its venue has rejected."""
    order = floor.place("ann", BUY, 100, 3)
    floor.venue.reject(order, "Other: no")
    return order


@pytest.mark.parametrize("make", [cancelled, rejected, whole])
@pytest.mark.parametrize(
    "command",
    [
        lambda floor, order: floor.venue.match(order, 9),
        lambda floor, order: floor.venue.rest_only(order, 9),
        lambda floor, order: floor.venue.cancel(order, "Other: again"),
        lambda floor, order: floor.venue.reject(order, "Other: again"),
        lambda floor, order: floor.venue.stale(order),
    ],
)
def test_order_that_is_out_takes_no_command(
    floor: Floor, make: Callable[[Floor], Order], command: Callable[[Floor, Order], object]
) -> None:
    """A command to an order that is out raises, and leaves the order, the book and everything else alone."""
    order = make(floor)
    floor.quote((SELL, 99, 5))
    floor.news()
    refuses(floor, lambda: command(floor, order), "order 1 is out already")


@pytest.mark.parametrize("make", [cancelled, rejected, whole])
def test_order_that_is_out_is_not_asked_nor_filled(floor: Floor, make: Callable[[Floor], Order]) -> None:
    """An order that is out goes into no open state, and has nothing left to fill."""
    order = make(floor)
    before = snapshot(floor)
    with pytest.raises(ValueError, match="order 1 cannot go from"):
        floor.venue.ask_cancel(order)
    with pytest.raises(ValueError, match="order 1 has 0 left, not 1"):
        floor.fill(order, 1, 100)
    assert snapshot(floor) == before


def test_rejected_order_is_never_acked(floor: Floor) -> None:
    """An ack for a rejected order is not legal."""
    order = rejected(floor)
    refuses(
        floor,
        lambda: floor.venue.ack(order),
        "order 1 cannot go from ['Rejected', 'Out'] to ['Acked', 'Rejected', 'Out']",
    )


# Fills


def test_scripted_fill_needs_no_market(floor: Floor) -> None:
    """A resting order is filled as told, as the maker against the one named; the public sees the other side take."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.news()
    floor.fill(order, 1, 99)
    floor.fill(order, 2, "99.5", "zoe")
    assert floor.news() == [
        filled(1, order, 99, 1, against="eve", trade=1, time=2, maker=True),
        changed(order, "Open Acked", 1, 99),
        printed(order, SELL, 99, 1, 2),
        filled(2, order, "99.5", 2, against="zoe", trade=2, time=3, maker=True),
        changed(order, "Acked Filled Out", 3, "99.333333333"),
        printed(order, SELL, "99.5", 2, 3),
    ]
    assert floor.depth() == ([], [])
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_scripted_fill_of_an_order_that_does_not_rest_takes(floor: Floor) -> None:
    """An order filled before it is acked is the taker, may be filled wholly, and may be acked thereafter."""
    order = floor.place("ann", SELL, 100, 3)
    floor.news()
    floor.fill(order, 1, 100)
    floor.fill(order, 2, 100)
    floor.venue.ack(order)
    assert floor.news() == [
        filled(1, order, 100, 1, against="eve", trade=1, time=2),
        changed(order, "Open", 1, 100),
        printed(order, SELL, 100, 1, 2),
        filled(2, order, 100, 2, against="eve", trade=2, time=3),
        changed(order, "Filled Out", 3, 100),
        printed(order, SELL, 100, 2, 3),
        changed(order, "Acked Filled Out", 3, 100),
    ]


def test_scripted_fill_takes_first_what_rests_at_its_price(floor: Floor) -> None:
    """A scripted fill takes clients and the market at just its price, oldest first, then whoever is named."""
    floor.quote((SELL, 105, 1), (SELL, 104, 9))
    maker = floor.submit("bob", SELL, 105, 1)
    order = floor.submit("ann", BUY, 100, 6)
    floor.news()
    floor.fill(order, 4, 105)
    assert floor.news() == [
        filled(1, order, 105, 1, against=MARKET_ACCOUNT, trade=1, time=4),
        changed(order, "Open Acked", 1, 105),
        printed(order, BUY, 105, 1, 4),
        filled(2, order, 105, 1, against="bob", trade=2, time=4),
        changed(order, "Open Acked", 2, 105),
        filled(3, maker, 105, 1, against="ann", trade=2, time=4, maker=True),
        changed(maker, "Acked Filled Out", 1, 105),
        printed(order, BUY, 105, 1, 4),
        filled(4, order, 105, 2, against="eve", trade=3, time=4, maker=True),
        changed(order, "Open Acked", 4, 105),
        printed(order, SELL, 105, 2, 4),
    ]
    assert floor.depth() == (units((100, 2)), units((104, 9)))
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_scripted_fill_takes_no_more_than_its_quantity(floor: Floor) -> None:
    """Where enough rests at its price, a scripted fill leaves the rest there and nobody else is named."""
    floor.quote((SELL, 105, 5))
    order = floor.submit("ann", BUY, 100, 3)
    floor.fill(order, 3, 105)
    assert [(fill.against, fill.quantity) for fill in floor.venue.fills] == [(MARKET_ACCOUNT, amount(3))]
    assert order.is_out
    assert floor.depth() == ([], units((105, 2)))


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("3.000000001", "order 1 has 3 left, not 3.000000001"),
        (0, "a quantity is above zero, not 0"),
        (-1, "a quantity is above zero, not -1"),
    ],
)
def test_scripted_fill_of_too_much_or_nothing_is_refused(floor: Floor, quantity: int | str, message: str) -> None:
    """A fill beyond what is left, or of nothing, raises and changes nothing."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.quote((SELL, 101, 5))
    refuses(floor, lambda: floor.fill(order, quantity, 101), message)


def test_lost_orders_are_gone_from_everywhere(floor: Floor) -> None:
    """A venue that loses its open orders knows nothing of them, and tells nobody; what is out it still knows."""
    out = floor.submit("ann", BUY, 99, 1)
    floor.venue.cancel(out)
    for price in (98, 97):
        floor.submit("ann", BUY, price, 1)
    floor.place("bob", SELL, 103, 1)
    floor.news()
    floor.venue.forget_open()
    assert (list(floor.venue.orders), floor.venue.open, floor.news()) == ([out.id], {}, [])
    assert (exposures(floor.venue), floor.depth()) == ({}, ([], []))


def test_lost_orders_do_not_crowd_out_others() -> None:
    """What is lost with a venue's book does not count among the orders that are out."""
    floor = Floor(limit=2)
    for _ in range(2):
        floor.venue.cancel(floor.submit("ann", BUY, 99, 1))
    for _ in range(5):
        floor.submit("ann", BUY, 99, 1)
    floor.venue.forget_open()
    assert list(floor.venue.orders) == [1, 2]


def test_increments_change_one_at_a_time(floor: Floor) -> None:
    """A new tick leaves the step as it is, and a new step the tick."""
    floor.btc.set_increments(amount("0.25"), None)
    assert (floor.btc.tick, floor.btc.step, floor.btc.digits) == (amount("0.25"), amount("0.01"), 2)
    floor.btc.set_increments(None, amount(1))
    assert (floor.btc.tick, floor.btc.step) == (amount("0.25"), amount(1))


def test_stale_is_unsure(floor: Floor) -> None:
    """An order is stale until it is said to be certain again."""
    order = floor.submit("ann", BUY, 100, 1)
    floor.news()
    floor.venue.stale(order)
    floor.venue.stale(order, False)
    assert floor.news() == [changed(order, "Open Acked Stale"), changed(order, "Open Acked")]


def test_quotes_of_the_past_are_not_kept(floor: Floor) -> None:
    """New quotes replace the old ones in the market's own list too."""
    for price in (98, 97, 96):
        floor.quote((BUY, price, 1), (SELL, price + 10, 2))
    assert [(quote.price, quote.leaves_qty) for quote in floor.btc.market_quotes] == units((96, 1), (106, 2))


# The market


def test_quotes_replace_the_ones_before(floor: Floor) -> None:
    """The market's quotes stand until the next ones come, without a word to any client."""
    floor.quote((BUY, 99, 1), (SELL, 101, 2))
    floor.quote((BUY, 98, 3), (BUY, 97, 4), (SELL, 102, 5))
    assert floor.depth() == (units((98, 3), (97, 4)), units((102, 5)))
    assert floor.venue.touched == {floor.btc.listing.id: floor.btc}
    assert floor.news() == []
    floor.quote()
    assert floor.depth() == ([], [])


def test_walking_quotes_fill_a_clients_order(floor: Floor) -> None:
    """Quotes that walk over a client's resting order trade with it at the order's price, and the rest of them stand."""
    order = floor.submit("ann", BUY, 100, 5)
    floor.quote((SELL, 101, 2))
    floor.news()
    floor.quote((SELL, 99, 2), (SELL, 100, 4))
    assert floor.news() == [
        filled(1, order, 100, 2, against=MARKET_ACCOUNT, trade=1, time=3, maker=True),
        changed(order, "Open Acked", 2, 100),
        printed(order, SELL, 100, 2, 3),
        filled(2, order, 100, 3, against=MARKET_ACCOUNT, trade=2, time=3, maker=True),
        changed(order, "Acked Filled Out", 5, 100),
        printed(order, SELL, 100, 3, 3),
    ]
    assert floor.depth() == ([], units((100, 1)))
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_client_takes_the_markets_quotes(floor: Floor) -> None:
    """A client's order trades with the quotes it crosses, best first, against the market's name."""
    floor.quote((SELL, 101, 2), (SELL, 100, 1))
    order = floor.submit("ann", BUY, 101, 2)
    assert floor.news()[2:] == [
        filled(1, order, 100, 1, against=MARKET_ACCOUNT, trade=1, time=2),
        changed(order, "Open Acked", 1, 100),
        printed(order, BUY, 100, 1, 2),
        filled(2, order, 101, 1, against=MARKET_ACCOUNT, trade=2, time=2),
        changed(order, "Acked Filled Out", 2, "100.5"),
        printed(order, BUY, 101, 1, 2),
    ]
    assert floor.depth() == ([], units((101, 1)))


def test_trade_in_the_market_takes_what_rests_and_prints_the_rest(floor: Floor) -> None:
    """Somebody's trade takes quotes and clients in priority at their prices; what finds none prints at its own."""
    floor.quote((BUY, 100, 1))
    order = floor.submit("ann", BUY, 100, 2)
    floor.news()
    floor.trade(SELL, 99, 5)
    assert floor.news() == [
        printed(order, SELL, 100, 1, 3),
        filled(1, order, 100, 2, against=MARKET_ACCOUNT, trade=2, time=3, maker=True),
        changed(order, "Acked Filled Out", 2, 100),
        printed(order, SELL, 100, 2, 3),
        printed(order, SELL, 99, 2, 3),
    ]
    assert floor.depth() == ([], [])


@pytest.mark.parametrize("quantity", [0, -1])
def test_market_without_a_quantity_is_refused(floor: Floor, quantity: int) -> None:
    """Quotes and trades of nothing or less raise, and the quotes before them stay."""
    floor.quote((BUY, 99, 1))
    message = f"a quantity is above zero, not {quantity}"
    refuses(floor, lambda: floor.quote((BUY, 98, 1), (SELL, 101, quantity)), message)
    refuses(floor, lambda: floor.trade(SELL, 99, quantity), message)


def test_halt_keeps_new_orders_away_until_resumed(floor: Floor) -> None:
    """Within a halt's scope no order is taken while those that rest may be cancelled; outside of it all goes on."""
    south, ether = floor.instrument(BTC_SOUTH), floor.instrument(ETH_NORTH)
    order = floor.submit("ann", BUY, 100, 1)
    scope = Scope("Venue", floor.btc.listing.venue.id)
    floor.venue.halts.begin(scope)
    floor.venue.halts.begin(scope)
    assert floor.venue.halts == [scope]
    taken = [not floor.submit("ann", BUY, 50, 1, on).is_out for on in (floor.btc, south, ether)]
    assert taken == [False, True, False]
    floor.venue.cancel(order)
    assert floor.venue.halts.end(Scope("Venue", south.listing.venue.id)) is False
    assert floor.venue.halts.end(scope) is True
    assert floor.venue.halts.end(scope) is False
    assert not floor.submit("ann", BUY, 50, 1).is_out


def test_halts_overlap(floor: Floor) -> None:
    """A product is halted until the last halt that covers it has ended; if all is to resume, every halt ends."""
    scope, venue = Scope("TradableProduct", floor.btc.listing.id), Scope("Venue", floor.btc.listing.venue.id)
    for halt in (ALL, venue, scope):
        floor.venue.halts.begin(halt)
    floor.venue.halts.end(scope)
    assert floor.venue.halts.cover(floor.btc.listing)
    floor.venue.halts.end(ALL)
    assert floor.venue.halts == []
    assert floor.venue.halts.end(ALL) is False


def test_delisted_product_is_empty_for_good(floor: Floor) -> None:
    """Delisting cancels a product's orders, oldest first, with a reason, and takes its quotes; others stay."""
    floor.quote((SELL, 120, 1))
    first, waiting = floor.submit("ann", BUY, 100, 1), floor.place("bob", SELL, 110, 1)
    other = floor.submit("ann", BUY, 100, 1, floor.instrument(BTC_SOUTH))
    floor.news()
    floor.venue.delist(floor.btc)
    assert floor.news() == [changed(first, "Acked Canceled Out"), changed(waiting, "Canceled Out")]
    assert {first.reason, waiting.reason} == {f"Delisted: {BTC_NORTH} is no longer traded"}
    assert floor.depth() == ([], [])
    assert floor.venue.open == {other.id: other}
    assert exposures(floor.venue) == recomputed(floor.venue)
    floor.venue.delist(floor.btc)
    assert floor.news() == []


def test_increments_change_while_orders_rest(floor: Floor) -> None:
    """New increments are for new orders; those that rest stay, and are told with the new number of digits."""
    order = floor.submit("ann", BUY, "100.5", 1)
    floor.news()
    floor.btc.set_increments(amount("0.25"), None)
    floor.btc.set_increments(None, amount("0.5"))
    assert (floor.btc.tick, floor.btc.step, floor.btc.digits) == (amount("0.25"), amount("0.5"), 2)
    assert floor.submit("ann", BUY, "100.1", 1).reason == "OffTick: price 100.1 is no multiple of 0.25"
    assert floor.submit("ann", BUY, "100.25", "0.75").reason == "OffStep: quantity 0.75 is no multiple of 0.5"
    floor.news()
    floor.venue.cancel(order)
    assert order.instrument.digits == 2
    assert floor.news() == [changed(order, "Acked Canceled Out")]


@pytest.mark.parametrize(("increment", "digits"), [("1", 0), ("5", 0), ("0.5", 1), ("2.5", 1), ("0.000000001", 9)])
def test_digits_are_those_of_the_tick(floor: Floor, increment: str, digits: int) -> None:
    """Prices are told with as many digits as the tick has after the point."""
    floor.btc.set_increments(amount(increment), None)
    assert floor.btc.digits == digits


@pytest.mark.parametrize("increment", [0, -1])
def test_increment_is_above_zero(floor: Floor, increment: int) -> None:
    """An increment of nothing or less raises, and neither increment changes."""
    message = f"an increment is above zero, not {increment}"
    refuses(floor, lambda: floor.btc.set_increments(amount(2), amount(increment)), message)
    refuses(floor, lambda: floor.btc.set_increments(amount(increment), amount(2)), message)


def test_instrument_is_made_once() -> None:
    """A tradable product has one trading state, made when it is first asked for."""
    floor = Floor()
    listing = copy(floor.btc.listing)
    assert floor.venue.instrument(listing) is floor.btc
    assert set(floor.venue.instruments) == {listing.id}
    assert len(CATALOGUE.tradable_products) == 3


def test_touched_books_are_told(floor: Floor) -> None:
    """Whatever changes a book says whose book it was, and nothing else does."""
    order = floor.place("ann", BUY, 100, 3)
    assert floor.venue.touched == {}
    steps: list[Callable[[], object]] = [
        lambda: floor.venue.match(order, 1),
        lambda: floor.fill(order, 1, 100),
        lambda: floor.trade(SELL, 100, 1),
        lambda: floor.quote((SELL, 101, 1)),
        lambda: floor.venue.cancel(order),
        lambda: floor.venue.delist(floor.btc),
    ]
    for step in steps:
        floor.news()
        step()
        assert floor.venue.touched == {floor.btc.listing.id: floor.btc}
    floor.news()
    corrections.bust(floor.venue, floor.venue.fills[0], 9)
    assert floor.venue.touched == {}


# What is kept


def test_orders_that_went_out_first_are_forgotten_first() -> None:
    """Of the orders that are out the last ones are kept, however old they are; what is open is always kept."""
    floor = Floor(limit=2)
    resting = [floor.submit("ann", BUY, 100, 1) for _ in range(4)]
    floor.submit("ann", BUY, "0.3", 1)  # off tick, so it goes out at once
    for order in (resting[2], resting[0]):
        floor.venue.cancel(order)
    assert list(floor.venue.orders) == [1, 2, 3, 4]
    assert list(floor.venue.open) == [2, 4]
    floor.submit("bob", SELL, 100, 2)
    assert list(floor.venue.orders) == [4, 6]
    assert (list(floor.venue.open), floor.depth()) == ([], ([], []))


def test_exchange_that_nobody_holds_is_collected() -> None:
    """An exchange that is let go of with orders in its books leaves nothing behind, though the collector knows none."""

    def books() -> int:
        gc.collect()
        return sum(isinstance(thing, Instrument) for thing in gc.get_objects())

    before = books()
    floor = Floor()
    assert not gc.is_tracked(floor.submit("ann", BUY, 100, 1))  # however many there are, they make no pauses
    floor.quote((SELL, 101, 1))
    assert books() == before + 1
    del floor
    assert books() == before


@pytest.mark.parametrize(
    ("first", "step", "given", "others"),
    [(1, 1, [1, 2, 3], [0, 4]), (9000, -7, [9000, 8993, 8986], [9007, 8999, 8979]), (5, 10, [5, 15, 25], [6, 35])],
)
def test_orders_get_the_ids_that_are_asked_for(
    floor: Floor, first: int, step: int, given: list[int], others: list[int]
) -> None:
    """Ids begin where they are to and rise or fall by as much, and which ones there have been is known for good."""
    floor.venue.number_orders(first, step)
    assert [floor.submit("ann", BUY, 1, 1).id for _ in given] == given
    assert [order_id for order_id in given + others if floor.venue.has_numbered(order_id)] == given
