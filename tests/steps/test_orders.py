"""The verbs that change what becomes of an order: all that is told, and what the exchange holds afterwards."""

from typing import Any

import pytest

from simulator.control.doing import do
from simulator.errors import ScenarioError, SimulatorError
from support.steps import PAIR, Play, cancels, err, ok, sends, state, told

ASKS = {PAIR: {"bids": [], "asks": [["100.00", 4], ["101.00", 20]]}}


def test_ack_is_told_after_the_reply_and_the_order_rests() -> None:
    """An order is answered when the gateway takes it, then acked, and rests for others to trade with."""
    play = Play(sends("ack"))
    client = play.follow()
    client.order(10, 100)
    assert client.news() == [(0, ok(2, "1")), (0, told(1, "Open")), (0, told(1, "Open Acked"))]
    play.sim.do({"trade": {"product": PAIR, "price": 100, "quantity": 3, "dir": "Sell"}})
    assert client.news() == [(0, told(1, "Open Acked", "3", "100.00"))]
    assert play.notes("rule", "skipped") == ["rule 1"]


def test_an_order_whose_fate_is_told_stands_without_trading_with_the_market() -> None:
    """After an ack of its own rule an order does not trade with the market's quotes: those it would cross step back."""
    play = Play(sends("ack"), markets=ASKS)
    client = play.follow()
    client.order(10, "100.50")
    assert client.news() == [(0, ok(2, "1")), (0, told(1, "Open")), (0, told(1, "Open Acked"))]
    book = client.ask("SubscribeBook", tradable_product=PAIR, width=1)["Ok"]
    assert book["buy"] == [{"price": "100.50", "size": "10", "total": "10"}]
    assert book["sell"] == [{"price": "101.00", "size": "20", "total": "20"}]


def test_an_order_whose_fate_is_told_still_trades_with_clients() -> None:
    """What another client has resting does trade with an order that stands, so no book is ever crossed."""
    play = Play({**sends("ack"), "when": {"request": "SendLimitOrder", "dir": "Buy"}}, markets=ASKS)
    client = play.follow()
    client.order(3, 100, "Sell")
    client.news()
    client.order(10, "100.50")
    assert client.news() == [
        (0, ok(3, "2")),
        (0, told(2, "Open")),
        (0, told(2, "Open Acked")),
        (0, told(2, "Open Acked", "3", "100.00")),
        (0, told(1, "Acked Filled Out", "3", "100.00")),
    ]


def test_an_order_of_a_rule_that_tells_no_fate_is_matched() -> None:
    """A rule that only delays leaves what becomes of an order to the engine."""
    play = Play(sends({"delay": "5ms"}), markets=ASKS)
    client = play.follow()
    client.order(10, 100)
    play.advance("5ms")
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (5, told(1, "Open Acked")),
        (5, told(1, "Open Acked", "4", "100.00")),
    ]


def test_reject_tells_code_and_text() -> None:
    """A rejected order is out, and its reason says the code and the text."""
    play = Play(sends({"reject": {"code": "PriceOutOfBand", "text": "above the band"}}))
    client = play.follow()
    client.order()
    assert client.news() == [(0, ok(2, "1")), (0, told(1, "Rejected Out"))]
    assert client.reason(1) == "PriceOutOfBand: above the band"
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": []}


def test_reject_for_a_reason_that_no_documentation_knows() -> None:
    """A reason can be any text."""
    play = Play(sends({"reject": {"reason": "E4711 (unspecified)"}}))
    client = play.connect()
    client.order()
    client.news()
    assert client.reason(1) == "E4711 (unspecified)"


def test_all_orders_are_cancelled_but_some() -> None:
    """A cancel of all leaves those open that it omits: the rule's own, the newest, or those of an id."""
    play = Play({"when": {"request": "CancelOrder"}, "then": [{"cancel": {"order": "all", "omit": ["this", "last"]}}]})
    client = play.connect()
    for _ in range(4):
        client.order()
    client.request("CancelOrder", order_id=2)
    client.news()
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": ["4"]}
    for _ in range(2):
        client.order()
    client.news()
    play.sim.do({"cancel": {"order": "all", "omit": ["5"]}})
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": ["5"]}
    with pytest.raises(ScenarioError, match="expected omit beside order: all, got it beside order: last"):
        do(play.sim, [{"cancel": {"order": "last", "omit": ["5"]}}])


def test_reject_alone_says_other() -> None:
    """A reject that says nothing has the reason Other."""
    play = Play(sends("reject"))
    client = play.connect()
    client.order()
    client.news()
    assert client.reason(1) == "Other"


def test_fill_by_share_then_the_rest() -> None:
    """A fill of 40% and one of the rest are real: states, prices, fills, positions and the public tape agree."""
    play = Play(
        sends({"delay": "250ms"}, "ack", {"fill": {"quantity": "40%"}}, {"delay": "1s"}, {"fill": {"price": "99.75"}})
    )
    client = play.follow()
    tape = play.connect()
    tape.request("SubscribeTrades", tradable_product=PAIR)
    client.order(10, 100)
    play.advance("2s")
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (250, told(1, "Open Acked")),
        (250, told(1, "Open Acked", "4", "100.00")),
        (1250, told(1, "Acked Filled Out", "10", "99.85")),
    ]
    assert client.fills() == [("Normal", "1", "4", "100.00"), ("Normal", "1", "6", "99.75")]
    assert [(ms, trade["response"]["Ok"]["price"]) for ms, trade in tape.news()] == [(250, "100.00"), (1250, "99.75")]
    exposure = play.sim.venue.orders[1].instrument.exposure("DEFAULT")
    assert (exposure.position, exposure.buying, exposure.orders) == (10 * 10**9, 0, 0)


def test_a_fill_takes_what_stands_at_its_price_first() -> None:
    """A scripted fill takes from the book what stands at its price; a named counterparty gives the rest."""
    play = Play(sends({"fill": {"price": 100, "against": "WHALE"}}), markets=ASKS)
    client = play.follow()
    client.order(10, 100)
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (0, told(1, "Open", "4", "100.00")),
        (0, told(1, "Filled Out", "10", "100.00")),
    ]
    assert [(fill.against, fill.quantity // 10**9) for fill in play.sim.venue.fills] == [("MARKET", 4), ("WHALE", 6)]
    book = client.ask("SubscribeBook", tradable_product=PAIR, width=1)["Ok"]
    assert (book["buy"], [level["price"] for level in book["sell"]]) == ([], ["101.00"])


def test_a_fill_without_a_price_has_the_best_there_is() -> None:
    """A fill that says no price is at the best of the other side if the order reaches it, else at the order's own."""
    play = Play(sends("fill"), markets=ASKS)
    client = play.follow()
    client.order(1, "100.75")
    client.order(1, "99.00")
    assert [message for _, message in client.news() if "Filled" in str(message)] == [
        told(1, "Filled Out", "1", "100.00"),
        told(2, "Filled Out", "1", "99.00"),
    ]


def test_fill_before_ack() -> None:
    """An ack may come after the last fill, as some venues tell it."""
    play = Play(sends({"fill": "rest"}, "ack"))
    client = play.follow()
    client.order()
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (0, told(1, "Filled Out", "10", "100.00")),
        (0, told(1, "Acked Filled Out", "10", "100.00")),
    ]


def test_fill_twice_tells_it_twice_under_one_id() -> None:
    """A fill that is told twice happened once: the stream and ListFills say it twice, GetOrderState does not."""
    play = Play(sends("ack", {"fill": {"quantity": 4, "send": "twice"}}))
    client = play.follow()
    client.order()
    assert client.news()[2:] == [
        (0, told(1, "Open Acked")),
        (0, told(1, "Open Acked", "4", "100.00")),
        (0, told(1, "Open Acked", "4", "100.00")),
    ]
    first, second = client.ask("ListFills", scope="All", set="All")["Ok"]
    assert first == second
    assert client.state(1) == state(1, "Open Acked", "4", "100.00")


def test_a_fill_told_twice_is_told_once_to_the_other_side() -> None:
    """A fill that is told twice or never of its own order is told once of a client's order on the other side."""
    rule = sends({"fill": {"quantity": 1, "price": 100, "send": "twice"}}, {"fill": {"quantity": 1, "send": "never"}})
    play = Play({**rule, "when": {"request": "SendLimitOrder", "dir": "Buy"}})
    client = play.follow()
    client.order(5, 100, "Sell")
    client.news()
    client.order(2, 100)
    assert client.news()[2:] == [
        (0, told(2, "Open", "1", "100.00")),
        (0, told(2, "Open", "1", "100.00")),
        (0, told(1, "Open Acked", "1", "100.00")),
        (0, told(1, "Open Acked", "2", "100.00")),
    ]


def test_fill_renamed_lists_it_under_another_id_too() -> None:
    """A renamed fill is listed under two ids, and both have the same details; the order was filled once."""
    play = Play(sends("ack", {"fill": {"quantity": 4, "send": "renamed"}}))
    client = play.follow()
    client.order()
    client.news()
    first, second = client.ask("ListFills", scope="All", set="All")["Ok"]
    assert first != second
    one, other = client.ask("GetFillDetails", fill_ids=[first, second])["Ok"]
    assert (one["fill_id"], other["fill_id"]) == (first, second)
    assert {**one, "fill_id": ""} == {**other, "fill_id": ""}
    assert client.state(1) == state(1, "Open Acked", "4", "100.00")


def test_fill_never_told_is_a_fill() -> None:
    """A fill that the stream never tells is in GetOrderState and ListFills, and the journal says that it was lost."""
    play = Play(sends("ack", {"fill": {"quantity": 4, "send": "never"}}))
    client = play.follow()
    client.order()
    assert client.news() == [(0, ok(2, "1")), (0, told(1, "Open")), (0, told(1, "Open Acked"))]
    assert client.state(1) == state(1, "Open Acked", "4", "100.00")
    assert client.fills() == [("Normal", "1", "4", "100.00")]
    (lost,) = play.notes("lost")
    assert (lost.order_id, lost.cum_qty) == (1, 4 * 10**9)


def test_match_lets_the_engine_have_the_order() -> None:
    """The match step trades with the book and rests what is left, at the moment that the steps say."""
    play = Play(sends("ack", {"delay": "10ms"}, "match", {"delay": "10ms"}, "cancel"), markets=ASKS)
    client = play.follow()
    client.order(10, 100)
    play.advance("20ms")
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (0, told(1, "Open Acked")),
        (10, told(1, "Open Acked", "4", "100.00")),
        (20, told(1, "Acked Canceled Out", "4", "100.00")),
    ]


def test_cancel_unasked_says_why() -> None:
    """The venue cancels an order that nobody asked to cancel, and GetRejectReason says why."""
    play = Play(sends("ack", {"delay": "1s"}, {"cancel": {"text": "self-trade prevention"}}))
    client = play.follow()
    client.order()
    play.advance("1s")
    assert client.news()[2:] == [(0, told(1, "Open Acked")), (1000, told(1, "Acked Canceled Out"))]
    assert client.reason(1) == "self-trade prevention"


def test_expire_takes_the_order_out() -> None:
    """An expired order is cancelled, and its reason says that its time was over."""
    play = Play(sends("ack", {"delay": "1s"}, "expire"))
    client = play.follow()
    client.order()
    play.advance("1s")
    assert client.news()[2:] == [(0, told(1, "Open Acked")), (1000, told(1, "Acked Canceled Out"))]
    assert client.reason(1) == "Expired: the order's time is over"


def test_stale_for_a_while() -> None:
    """A stale order is marked as uncertain, and after a while as certain again; nothing else changes."""
    play = Play(sends("ack", {"stale": {"for": "2s"}}))
    client = play.follow()
    client.order()
    play.advance("3s")
    assert client.news()[2:] == [
        (0, told(1, "Open Acked")),
        (0, told(1, "Open Acked Stale")),
        (2000, told(1, "Open Acked")),
    ]


def test_stale_ends_with_the_order() -> None:
    """An order that is out meanwhile is not told to be certain again."""
    play = Play(sends("ack", {"stale": {"for": "2s"}}, {"delay": "1s"}, "fill"))
    client = play.follow()
    client.order()
    play.advance("3s")
    assert client.news()[3:] == [
        (0, told(1, "Open Acked Stale")),
        (1000, told(1, "Acked Filled Out", "10", "100.00")),
    ]


def test_bust_takes_a_named_fill_back() -> None:
    """A bust of a fill by its name gives a reversal, and the order's sums go back; it does not open again."""
    play = Play(
        sends(
            "ack",
            {"fill": {"quantity": 4, "as": "first"}},
            {"fill": {"quantity": "rest", "price": "99.00"}},
            {"delay": "1s"},
            {"bust": "first"},
        )
    )
    client = play.follow()
    client.order()
    play.advance("1s")
    assert client.news()[3:] == [
        (0, told(1, "Open Acked", "4", "100.00")),
        (0, told(1, "Acked Filled Out", "10", "99.40")),
        (1000, told(1, "Acked Out", "6", "99.00")),
    ]
    assert client.fills() == [
        ("Normal", "1", "4", "100.00"),
        ("Normal", "1", "6", "99.00"),
        ("Reversal", "1", "4", "100.00"),
    ]


def test_each_order_has_its_own_named_fills() -> None:
    """A name that a rule gives to a fill of each of several orders means, for each of them, its own."""
    steps = ["ack", {"fill": {"quantity": "40%", "as": "first"}}, {"delay": "1s"}, {"bust": "first"}]
    play = Play(sends(*steps))
    client = play.connect()
    for quantity in (10, 20):
        client.order(quantity)
    client.news()
    play.advance("1s")
    assert [entry[:3] for entry in client.fills()] == [
        ("Normal", "1", "4"),
        ("Normal", "2", "8"),
        ("Reversal", "1", "4"),
        ("Reversal", "2", "8"),
    ]


def test_bust_alone_takes_the_last_fill() -> None:
    """Without a name, the order's last fill is busted; what is still open stays open."""
    play = Play(sends("ack", {"fill": 4}, {"fill": 1}, "bust"))
    client = play.follow()
    client.order()
    assert client.news()[3:] == [
        (0, told(1, "Open Acked", "4", "100.00")),
        (0, told(1, "Open Acked", "5", "100.00")),
        (0, told(1, "Open Acked", "4", "100.00")),
    ]


def test_correct_replaces_price_and_quantity() -> None:
    """A correction gives a fill another price and quantity."""
    play = Play(
        sends(
            "ack", {"fill": {"quantity": 4, "as": "first"}}, {"correct": {"fill": "first", "price": 99, "quantity": 3}}
        )
    )
    client = play.follow()
    client.order()
    assert client.news()[3:] == [
        (0, told(1, "Open Acked", "4", "100.00")),
        (0, told(1, "Open Acked", "3", "99.00")),
    ]
    assert client.fills() == [("Normal", "1", "4", "100.00"), ("Correction", "1", "3", "99.00")]


def test_a_fill_is_found_by_its_id() -> None:
    """A fill that no step has named can be busted by the id that ListFills tells."""
    play = Play()
    client = play.follow()
    client.order(4, 100, "Sell")
    client.order(4, 100)
    client.news()
    fill_id = client.ask("ListFills", scope="All", set="All")["Ok"][0]
    play.sim.do({"bust": fill_id})
    assert client.news() == [(0, told(2, "Acked Out", "0")), (0, told(1, "Acked Out", "0"))]


@pytest.mark.parametrize(("telling", "copies"), [("once", 1), ("twice", 2), ("never", 0)])
@pytest.mark.parametrize(
    ("before", "step", "flags", "filled"),
    [
        ([], "ack", "Open Acked", "0"),
        ([], "reject", "Rejected Out", "0"),
        ([], "fill", "Filled Out", "10"),
        ([], "match", "Open Acked", "0"),
        (["ack"], "cancel", "Acked Canceled Out", "0"),
        (["ack"], "expire", "Acked Canceled Out", "0"),
        (["ack"], "stale", "Open Acked Stale", "0"),
        (["ack", {"fill": 4}], "bust", "Open Acked", "0"),
        (["ack", {"fill": 4}], "correct", "Open Acked", "4"),
    ],
)
def test_send_changes_the_telling_and_not_the_truth(
    before: list[Any], step: str, flags: str, filled: str, telling: str, copies: int
) -> None:
    """Any step that changes an order is told once, twice or never, and the exchange holds the same."""
    args: dict[str, Any] = {"price": 90} if step == "correct" else {}
    play = Play(sends(*before, {"hold": "until asked"}, {step: {"send": telling, **args}}, {"hold": "for good"}))
    client = play.follow()
    client.order()
    client.news()
    play.sim.release("until asked")
    mean = {"0": None, "4": "90.00", "10": "100.00"}[filled]
    assert client.news() == [(0, told(1, flags, filled, mean))] * copies
    assert client.state(1) == state(1, flags, filled, mean)


def test_a_step_names_another_order() -> None:
    """A step is about the rule's own order, the last one that is open, all that are, or the one of an id."""
    play = Play()
    client = play.follow()
    for price in (100, 99, 98, 97):
        client.order(1, price)
    client.news()
    play.sim.do({"fill": {"order": "last"}})
    play.sim.do({"cancel": {"order": "2"}})
    play.sim.do({"cancel": {"order": "all"}})
    assert client.news() == [
        (0, told(4, "Acked Filled Out", "1", "97.00")),
        (0, told(2, "Acked Canceled Out")),
        (0, told(1, "Acked Canceled Out")),
        (0, told(3, "Acked Canceled Out")),
    ]
    play.sim.do({"cancel": {"order": "last"}}, {"cancel": {"order": "99"}})
    assert play.notes("skipped") == ["do: cancel: there is no order to do it to"] * 2
    with pytest.raises(SimulatorError, match="cancel: expected order: last, all or an order's id"):
        play.sim.do({"fill": {"order": "all"}}, "cancel")


def test_what_cannot_be_done_any_more_is_noted() -> None:
    """A step that comes after the client's cancel changes nothing, and the journal says so."""
    play = Play(sends("ack", {"delay": "1s"}, "fill", name="late"))
    client = play.follow()
    client.order()
    client.cancel(1)
    client.news()
    play.advance("1s")
    assert client.news() == []
    assert play.notes("skipped") == ["late: fill: order 1 has nothing left to fill"]


def test_an_order_the_exchange_itself_rejects_gets_no_fills_but_the_other_steps() -> None:
    """Where the exchange rejects an order, no step changes that, but the steps about the wire are still done."""
    play = Play(sends({"delay": "1s"}, "fill", {"reply": "twice"}))
    client = play.follow()
    client.order(10, "100.001")
    play.advance("1s")
    assert client.news() == [(0, told(1, "Rejected Out")), (1000, ok(2, "1")), (1000, ok(2, "1"))]
    assert play.notes("skipped") == ["rule 1: fill: order 1 has nothing left to fill"]


def test_illegal_steps_are_lies() -> None:
    """With illegal, what cannot be true is told and changes nothing: the order is as it was, and rests."""
    play = Play(sends("ack", {"fill": 15}, {"fill": {"quantity": "50%", "price": 90}}, illegal=True))
    client = play.follow()
    client.order(10, 100)
    assert client.news()[2:] == [
        (0, told(1, "Open Acked")),
        (0, told(1, "Acked Filled Out", "15", "100.00")),
        (0, told(1, "Open Acked", "5", "90.00")),
    ]
    assert play.notes("lie") == ["fill of order 1"]
    play.sim.do({"trade": {"product": PAIR, "price": 90, "quantity": 9, "dir": "Sell"}})
    assert client.news() == [(0, told(1, "Acked Filled Out", "10", "95.00"))]


@pytest.mark.parametrize(
    ("steps", "lies"),
    [
        ([{"fill": "60%"}, {"fill": "60%"}], [told(1, "Open", "6", "100.00"), told(1, "Filled Out", "12", "100.00")]),
        (["reject", "ack"], [told(1, "Rejected Out"), told(1, "Acked Rejected Out")]),
        (["reject", "fill"], [told(1, "Rejected Out"), told(1, "Filled Out", "10", "100.00")]),
        (["ack", "reject"], [told(1, "Open Acked"), told(1, "Rejected Out")]),
        (["fill", "cancel"], [told(1, "Filled Out", "10", "100.00"), told(1, "Canceled Out", "10", "100.00")]),
        (["cancel", "expire"], [told(1, "Canceled Out"), told(1, "Canceled Out")]),
        (["cancel", "stale"], [told(1, "Canceled Out"), told(1, "Canceled Out Stale")]),
        (["reject", {"ack": {"send": "twice"}}], [told(1, "Rejected Out"), *[told(1, "Acked Rejected Out")] * 2]),
    ],
)
def test_every_illegal_step_has_its_lie(steps: list[Any], lies: list[Any]) -> None:
    """Whatever a venue cannot truthfully do to an order can be told of it."""
    play = Play(sends(*steps, {"hold": "for good"}, illegal=True))
    client = play.follow()
    client.order()
    news = [message for message in client.news() if message[1]["id"] == 1]
    assert [message for message in news if message != (0, told(1, "Open"))] == [(0, lie) for lie in lies]


def test_reject_of_a_cancel_leaves_the_order_as_it_was() -> None:
    """A refused cancel is an Err, after which the order is as before."""
    play = Play(cancels({"delay": "5ms"}, {"reject": {"code": "TooLateToCancel", "text": "already matched"}}))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    play.advance("5ms")
    assert client.news() == [
        (0, told(1, "Open Acked Canceling")),
        (5, err(3, "TooLateToCancel: already matched")),
        (5, told(1, "Open Acked")),
    ]


def test_a_refused_cancel_can_be_silent_in_the_stream() -> None:
    """The state after a refused cancel can be told never, as all that changes can."""
    play = Play(cancels({"reject": {"send": "never"}}))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    assert client.news() == [(0, told(1, "Open Acked Canceling")), (0, err(3, "Other"))]
    assert client.state(1) == state(1, "Open Acked")


def test_a_refused_cancel_is_answered_when_the_steps_say() -> None:
    """A reply step after a reject says the refusal at its own time."""
    play = Play(cancels("reject", {"delay": "5ms"}, "reply"))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    play.advance("5ms")
    assert client.news() == [
        (0, told(1, "Open Acked Canceling")),
        (0, told(1, "Open Acked")),
        (5, err(3, "Other")),
    ]


def test_a_cancel_that_loses_the_race() -> None:
    """An order that is filled while its cancel is on the way is filled, and the cancel is an Err."""
    play = Play(cancels({"delay": "5ms"}, "fill"))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    play.advance("5ms")
    assert client.news() == [
        (0, told(1, "Open Acked Canceling")),
        (5, told(1, "Acked Filled Out", "10", "100.00")),
        (5, err(3, "order 1 is out already")),
    ]


def test_a_cancel_is_done_at_the_end_of_its_steps() -> None:
    """What is still being cancelled when the steps run out is cancelled, with what was filled before."""
    play = Play(cancels({"delay": "5ms"}, {"fill": 4}))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    play.advance("5ms")
    assert client.news() == [
        (0, told(1, "Open Acked Canceling")),
        (5, told(1, "Open Acked Canceling", "4", "100.00")),
        (5, ok(3, None)),
        (5, told(1, "Acked Canceled Out", "4", "100.00")),
    ]


def test_a_cancel_step_cancels_before_the_reply() -> None:
    """A cancel step in a cancel's rule does it at its place, before the reply."""
    play = Play(cancels("cancel", {"delay": "5ms"}, "reply"))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    play.advance("5ms")
    assert client.news() == [
        (0, told(1, "Open Acked Canceling")),
        (0, told(1, "Acked Canceled Out")),
        (5, ok(3, None)),
    ]


def test_a_cancel_of_nothing_is_refused_whatever_the_rule() -> None:
    """The gateway refuses a cancel for an order that does not exist or is out, before any step."""
    play = Play(cancels({"delay": "5ms"}))
    client = play.connect()
    assert client.ask("CancelOrder", order_id="7") == {"Err": "there is no order '7'"}
    assert client.ask("SendLimitOrder", target=PAIR, dir="Buy", price=1, quantity=1, account="nobody") == {
        "Err": "`$.account`: there is no account 'nobody'"
    }


def test_reject_of_any_other_request() -> None:
    """A reject in a rule for another request answers it with an Err and does nothing of it."""
    play = Play({"when": {"request": "SetLimits"}, "then": [{"reject": {"code": "VenueUnavailable", "text": "later"}}]})
    client = play.connect()
    limits = [{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "1"}]
    assert client.ask("SetLimits", limits=limits) == {"Err": "VenueUnavailable: later"}
    assert client.ask("GetGlobalLimits", limits=["MaxOrderQty"]) == {"Ok": []}


def test_reject_in_another_rule_may_name_an_order() -> None:
    """A reject that names an order rejects it, whatever request the rule is for."""
    play = Play(
        {"when": {"request": "ListOpen"}, "then": [{"reject": {"order": "last"}}]}, sends({"hold": "for good"}, "ack")
    )
    client = play.follow()
    client.order()
    client.news()
    client.request("ListOpen", scope="All", set="All")
    assert client.news() == [(0, told(1, "Rejected Out")), (0, ok(3, []))]


@pytest.mark.parametrize(
    ("side", "fill", "why"),
    [
        ("Buy", {"quantity": 1, "price": "100.01"}, "order 1 buys at 100 or better, not at 100.01"),
        ("Sell", {"quantity": 1, "price": "99.99"}, "order 1 sells at 100 or better, not at 99.99"),
        ("Buy", {"quantity": 1, "price": "99.995"}, "99.995 is no multiple of 0.01, as a price has to be"),
        (
            "Sell",
            {"quantity": "0.000000015", "price": 101},
            "0.000000015 is no multiple of 0.00000001, as a quantity has to be",
        ),
    ],
)
@pytest.mark.parametrize("illegal", [False, True])
def test_a_fill_that_no_venue_gives_has_to_be_called_illegal(
    side: str, fill: dict[str, Any], why: str, illegal: bool
) -> None:
    """Beyond the limit, off the tick or off the step: a fill is a mistake, or done if it may be illegal."""
    play = Play(sends("ack", {"fill": fill}, illegal=illegal))
    client = play.follow()
    client.request("SendLimitOrder", dir=side, price="100", quantity="10", target=PAIR, account="DEFAULT")
    client.news()
    assert play.notes("mistake") == ([] if illegal else [f"rule 1: fill: {why}"])
    (found,) = client.ask("GetOrderState", order_ids=["1"])["Ok"]
    assert found["filled_qty"] == (str(fill["quantity"]) if illegal else "0")


def test_what_an_order_has_itself_is_on_the_increments() -> None:
    """An order that came before the increments changed is filled at its own price and for all it has."""
    play = Play(sends("ack", {"hold": "on"}, "fill"))
    client = play.follow()
    client.order("0.5", "100.01")
    play.sim.do({"increments": {"product": PAIR, "quote_increment": 1, "base_increment": 1}}, {"release": "on"})
    assert client.news()[-1] == (0, told(1, "Acked Filled Out", "0.5", "100.01"))
    assert play.notes("mistake", "skipped") == []


@pytest.mark.parametrize(
    ("steps", "mistakes"),
    [
        (["ack", "match", "stale"], ["rule 1: stale: order 1 is out already"]),
        (["ack", "match", "fill"], ["rule 1: fill: order 1 has nothing left to fill"]),
        (["ack", {"fill": 4}, {"correct": {"quantity": 11}}], ["rule 1: correct: order 1 cannot have been filled 11"]),
        ([{"delay": "1s"}, {"fill": {"quantity": 1, "as": "one"}}, {"bust": "one"}], []),
        ([{"delay": "1s"}, "stale"], []),
    ],
)
def test_what_a_script_cannot_do_is_a_mistake(steps: list[Any], mistakes: list[str]) -> None:
    """A step that cannot be done is noted as a mistake; not so where the client has cancelled the order meanwhile."""
    play = Play(sends(*steps), markets={PAIR: {"asks": [["100.00", "10"]], "bids": []}})
    client = play.follow()
    client.order()
    client.cancel(1)
    play.advance("2s")
    assert play.notes("mistake") == mistakes
    assert bool(play.notes("skipped")) is not bool(mistakes)
