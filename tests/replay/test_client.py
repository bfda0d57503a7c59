"""What each step of a client does, played in process."""

from typing import Any

import pytest

from simulator.replay import replay
from simulator.scenario.values import decoded
from simulator.terms import BILLION
from support.replay import BUY, FILLS_IN_PARTS, FOLLOW, ORDER, failure, play, said, scenario, update


def test_a_conversation_passes_in_the_scenarios_time() -> None:
    """Each await takes time on to its message, and the whole costs what the script's delays cost."""
    result = play(
        FOLLOW,
        BUY,
        update(state=["Open", "Acked"]),
        update(filled_qty=4, avg_fill_price=100),
        update(state=["Acked", "Filled", "Out"]),
        rules=[FILLS_IN_PARTS],
    )
    assert (result.failures, result.names, result.steps, result.elapsed) == (
        (),
        {"states": 1, "order": "1"},
        5,
        2 * BILLION,
    )


def test_ids_count_up_around_those_that_are_given() -> None:
    """A request without an id gets the next one that no step has for itself."""
    asking = {"send": {"type": "ListOpen", "scope": "All", "set": "All"}}
    given = {"send": {**asking["send"], "id": 2}}
    result = play(asking, asking, given)
    assert [decoded(text)["id"] for text in said(result, "in")] == [1, 3, 2]


def test_a_subscription_is_ended_by_its_name() -> None:
    """The name of a subscription stands for its id."""
    result = play(FOLLOW, {"send": {"type": "Unsubscribe", "id": "$states"}})
    assert said(result, "in")[-1] == '{"type":"Unsubscribe","id":1}'


@pytest.mark.parametrize("reply", [{"Ok": "1"}, {"Ok": 1}, {"Ok": "*"}, "Ok"])
def test_a_reply_is_compared(reply: Any) -> None:
    """A reply may be stated whole, as a number, by a wildcard or by its kind."""
    assert play({"send": ORDER, "reply": reply}).failures == ()


def test_a_reply_may_be_told_never_to_come() -> None:
    """`reply: never` holds if nothing comes within its time, which then has passed."""
    rule = {"when": {"request": "ListOpen"}, "then": [{"reply": "never"}]}
    step = {"send": {"type": "ListOpen", "scope": "All", "set": "All"}, "reply": "never", "within": "2s"}
    result = play(step, rules=[rule])
    assert (result.failures, result.elapsed) == ((), 2 * BILLION)


def test_raw_text_is_sent_as_it_is() -> None:
    """Raw text goes out unchanged, and the answer to what is no request bears no id."""
    result = play({"raw": "{", "reply": {"Err": "not a JSON request*"}})
    assert (result.failures, said(result, "in")) == ((), ["{"])


def test_an_await_passes_over_what_came_before_of_the_same_order() -> None:
    """Updates of one order must be awaited in their order, because an earlier one is gone."""
    assert failure(
        FOLLOW,
        BUY,
        update(filled_qty=4),
        update(state=["Open", "Acked"], filled_qty=0, within="0s"),
        rules=[FILLS_IN_PARTS],
    ) == (
        'client[3].await: expected within 0s a message on $states with {"order_id":"1","filled_qty":"0",'
        '"state":["Open","Acked"]}; none came\n'
        'nearest: {"order_id":"1","state":["Open","Acked"],"filled_qty":"0","avg_fill_price":null}, '
        "which an earlier step has taken or passed over"
    )


def test_an_await_leaves_other_orders_alone() -> None:
    """Updates of two orders can be awaited one order after the other."""
    second = {"send": ORDER, "as": "second"}
    other = {"await": {"on": "$states", "order_id": "$second", "state": ["Open", "Acked"]}}
    assert play(FOLLOW, BUY, second, other, update(state=["Open", "Acked"])).failures == ()


def test_a_doubled_reply_can_be_awaited() -> None:
    """What comes again under a request's id is awaited on the name of its reply."""
    rule = {"when": {"request": "SendLimitOrder"}, "then": [{"reply": "twice"}]}
    step = {"await": {"on": "$order", "message": "$order", "within": "0s"}}
    assert play(BUY, step, rules=[rule]).failures == ()
    assert play(BUY, step).failures != ()


def test_a_damaged_message_is_seen_as_one() -> None:
    """What is no JSON comes as an object with the key `damaged`."""
    rule = {"when": {"event": "subscribe"}, "then": [{"corrupt": "utf8"}]}
    awaited = {"await": {"message": {"damaged": "*id*"}}}
    assert play(FOLLOW, {"send": {"type": "GetHalts"}}, awaited, rules=[rule]).failures == ()


def test_a_frame_that_drips_is_put_together() -> None:
    """A message that comes a few bytes at a time is heard when it is whole."""
    rule = {"when": {"request": "SendLimitOrder"}, "then": [{"slow": {"bytes_per_second": 100}}, "ack"]}
    result = play(BUY, rules=[rule])
    assert (result.failures, result.elapsed) == ((), 300_000_000)


@pytest.mark.parametrize(
    ("step", "closed"),
    [({"disconnect": {"code": 1012}}, 1012), ({"disconnect": "abort"}, 1006), ("restart", 1012)],
)
def test_the_end_of_a_connection_is_awaited(step: Any, closed: int) -> None:
    """A close is seen with its code, a reset as 1006, and a new connection may be opened after it."""
    result = play(
        {"await": {"closed": closed}},
        {"connect": None},
        BUY,
        {"await": {"closed": False, "within": "10s"}},
        timeline=[{"at": "1s", "do": step}],
    )
    assert (result.failures, result.elapsed) == ((), 11 * BILLION)


def test_a_refused_connection_is_tried_again() -> None:
    """A connect goes on until it is let in, after 100 ms, 200 ms more, 400 ms more, and so on up to a second."""
    result = play(
        {"await": {"closed": True}},
        {"connect": None, "within": "3s"},
        timeline=[{"at": "1s", "do": [{"refuse": {"for": "1250ms"}}, {"disconnect": None}]}],
    )
    assert (result.failures, result.elapsed) == ((), 2_500_000_000)


def test_connections_have_names_and_targets() -> None:
    """A step says on which connection it is, and a connection by which name or target it is opened."""
    result = play(
        {"connect": "second"},
        {"connect": "/netidx", "on": "clock"},
        {"raw": '{"type":"Subscribe","path":"/local/architect/core/clock"}', "on": "clock"},
        {"await": {"on": "clock", "message": {"type": "Update"}}},
        {"send": ORDER, "on": "second", "as": "order"},
        {"disconnect": True, "on": "second"},
    )
    assert (result.failures, said(result, "open")) == ((), ["/architect", "/architect", "/netidx"])


def test_the_first_step_may_open_the_first_connection() -> None:
    """No connection is opened before a step that opens the first."""
    result = play({"connect": "/"}, BUY)
    assert (result.failures, said(result, "open")) == ((), ["/"])


def test_a_replay_is_the_same_every_time() -> None:
    """The same scenario and seed make the same journal, and another seed another."""
    data = scenario(
        FOLLOW,
        BUY,
        update(filled_qty=10),
        rules=[FILLS_IN_PARTS],
        latency={"entry": {"uniform": ["1ms", "9ms"]}},
    )
    journals = [list(replay(data, seed).journal) for seed in (7, 7, 8)]
    assert journals[0] == journals[1] != journals[2]
