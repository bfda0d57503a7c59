"""The rules of a recording: what the endpoint did to orders and cancels, and where it answered."""

import json
from typing import Any

import pytest

from simulator.catalogue import load as load_catalogue
from simulator.record import RecordedEvent, scenario_of
from simulator.record.omissions import differences
from simulator.replay import replay
from support.record import MS, ORDER, PAIR, Visit, newcomer

FOLLOW = {"type": "SubscribeOrderState"}
BUY, CANCEL = {"request": "SendLimitOrder", "nth": "1"}, {"request": "CancelOrder", "nth": "1"}
FOR_EVER = {"hold": "for ever"}
ACCEPTED = {"reply": {"Ok": None}}
SILENT = {"reject": {"send": "never"}}
GONE = {"disconnect": {"code": 1012}}
FILL, WHOLE = ({"fill": {"quantity": quantity, "price": "10000"}} for quantity in ("4", "10"))


def first_rules(seen: list[RecordedEvent]) -> list[tuple[dict[str, str], list[Any]]]:
    """Return the rules for the first order and its cancel of a recording that does all that was seen."""
    found = scenario_of(seen, load_catalogue("default"))
    result = replay(found)
    assert (result.failures, differences(seen, result.journal)) == ((), [])
    return [(rule["when"], rule["then"]) for rule in found["rules"] if rule["when"] in (BUY, CANCEL)]


@pytest.mark.parametrize(
    ("request_type", "steps", "rules"),
    [
        ("SendLimitOrder", [{"delay": "10m"}, "ack"], [(BUY, [FOR_EVER])]),
        ("SendLimitOrder", ["ack", {"reply": None}], [(BUY, ["ack", "reply"])]),
        ("SendLimitOrder", ["ack", "reply", {"delay": "5ms"}, FILL], [(BUY, ["ack", "reply", {"delay": "5ms"}, FILL])]),
        ("SendLimitOrder", ["ack", GONE], [(BUY, ["reply", "ack", GONE])]),
        ("CancelOrder", [ACCEPTED, {"delay": "10m"}], [(BUY, ["ack"]), (CANCEL, [ACCEPTED, FOR_EVER])]),
        ("CancelOrder", [{"delay": "5ms"}], [(BUY, ["ack"]), (CANCEL, [{"delay": "5ms"}, "cancel"])]),
        (
            "CancelOrder",
            [ACCEPTED, {"delay": "5ms"}, "cancel"],
            [(BUY, ["ack"]), (CANCEL, [ACCEPTED, {"delay": "5ms"}, "cancel"])],
        ),
        ("CancelOrder", ["cancel", "reply", GONE], [(BUY, ["ack"]), (CANCEL, ["cancel", ACCEPTED, GONE])]),
        ("CancelOrder", [FILL, ACCEPTED], [(BUY, ["ack"]), (CANCEL, [FILL, "cancel"])]),
        ("CancelOrder", [WHOLE, ACCEPTED], [(BUY, ["ack"]), (CANCEL, [WHOLE, ACCEPTED])]),
        (
            "CancelOrder",
            [{"reject": {"code": "Halted", "send": "never"}}],
            [(BUY, ["ack"]), (CANCEL, [{"reply": {"Err": "Halted"}}, {"delay": "40ms"}, SILENT])],
        ),
        (
            "CancelOrder",
            ["reject", {"delay": "5ms"}, {"reply": {"Err": "not so"}}],
            [(BUY, ["ack"]), (CANCEL, ["reject", {"delay": "5ms"}, {"reply": {"Err": "not so"}}])],
        ),
    ],
)
def test_what_a_rule_did_is_what_its_recording_says(
    request_type: str, steps: list[Any], rules: list[tuple[dict[str, str], list[Any]]]
) -> None:
    """A rule's recording does the same at the same times, in the order in which it was told."""
    assert first_rules(newcomer({"rules": [{"when": {"request": request_type}, "then": steps}]})) == rules


def test_a_cancel_that_is_refused_and_never_said_to_be_over() -> None:
    """The refusal is done without being told, or the order would not be canceling when it is."""
    rule = {"when": {"request": "CancelOrder"}, "then": [{"reject": {"code": "Halted", "send": "never"}}]}
    visit = Visit({"rules": [rule]})
    for request in (FOLLOW, ORDER, {"type": "CancelOrder", "order_id": "1"}):
        visit.ask(request)
    assert first_rules(visit.seen) == [(BUY, ["ack"]), (CANCEL, [SILENT, {"reply": {"Err": "Halted"}}])]


def test_two_who_follow_are_told_once_each() -> None:
    """What two subscriptions tell of an order is done once, and when one ends the other tells on."""
    visit = Visit({"rules": [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"delay": "300ms"}, FILL]}]})
    visit.ask(FOLLOW)
    visit.ask(FOLLOW)
    visit.ask(ORDER)
    visit.ask({"type": "Unsubscribe", "id": 1})
    visit.wait(500)
    assert first_rules(visit.seen) == [(BUY, ["ack", {"delay": "300ms"}, FILL])]


def test_a_subscription_that_was_refused_is_refused() -> None:
    """Its refusal is expected, and it has no name."""
    visit = Visit({"rules": [{"when": {"request": "SubscribeBook"}, "then": [{"reply": {"Err": "not you"}}]}]})
    request = {"type": "SubscribeBook", "tradable_product": PAIR, "width": 1}
    visit.ask(request)
    found = scenario_of(visit.seen, load_catalogue("default"))
    assert found["client"] == [{"send": request, "reply": {"Err": "not you"}}]
    assert replay(found).failures == ()


def seen_of(*lines: tuple[int, str, Any]) -> list[RecordedEvent]:
    """Return a session on one connection of messages at so many milliseconds."""
    begun = [RecordedEvent(0, 1, "open", "/architect"), RecordedEvent(0, 1, "out", '"Normal"')]
    return begun + [RecordedEvent(at * MS, 1, kind, json.dumps(data)) for at, kind, data in lines]


def test_a_reply_under_another_id_tells_whose_order_it_is() -> None:
    """The order's id in a reply that answers nothing is its request's, and becomes the number that it will have."""
    state = {"order_id": "81723", "state": ["Open"], "filled_qty": "0", "avg_fill_price": None}
    seen = seen_of(
        (0, "in", {"id": 1, **FOLLOW}),
        (0, "out", {"id": 1, "response": {"Ok": []}}),
        (1, "in", {"id": 2, **ORDER}),
        (2, "out", {"id": 1, "response": {"Ok": [{**state, "order_id": "99"}]}}),
        (3, "out", {"id": 77, "response": {"Ok": "81723"}}),
        (3, "out", {"id": 1, "response": {"Ok": [state]}}),
    )
    raw = '{"id": 77, "response": {"Ok": "1"}}'.replace(" ", "")
    seen[6] = RecordedEvent(3 * MS, 1, "out", '{"id":77,"response":{"Ok":"81723"}}')
    (rule,) = scenario_of(seen, load_catalogue("default"))["rules"]
    assert rule["then"] == [{"delay": "2ms"}, {"reply": {"raw": raw}}, FOR_EVER]


def test_a_client_waits_for_what_never_comes_until_the_end() -> None:
    """A reply that a close forestalled is waited for until then, and the time after it is waited out."""
    seen = seen_of((0, "in", {"id": 1, **ORDER}))
    seen += [
        RecordedEvent(20 * MS, 1, "close", "1012", by_endpoint=True),
        RecordedEvent(500 * MS, 2, "open", "/architect"),
        RecordedEvent(500 * MS, 2, "out", '"Normal"'),
    ]
    found = scenario_of(seen, load_catalogue("default"), keep_accounts=True)
    assert found["client"] == [
        {"send": ORDER, "reply": "never", "within": "20ms"},
        {"await": {"closed": 1012, "within": "5s"}},
        {"wait": "480ms"},
        {"connect": "/architect", "on": "connection2"},
    ]
    assert found["rules"][0]["then"] == [{"reply": "never"}, {"delay": "20ms"}, GONE]
    assert replay(found).failures == ()


def test_an_answer_that_comes_again_is_awaited() -> None:
    """The client waits for both copies of a reply."""
    steps = scenario_of(newcomer("duplicate-reply"), load_catalogue("default"))["client"]
    copies = [step["await"]["message"] for step in steps if "message" in step.get("await", ())]
    assert copies == [{"response": {"Ok": "$order1"}}, {"response": {"Ok": "$order2"}}]
