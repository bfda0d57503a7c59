"""Sessions with what venues do once a month: their recordings do it again."""

from typing import Any

import pytest

from simulator.catalogue import load as load_catalogue
from simulator.record import scenario_of
from simulator.record.omissions import differences
from simulator.replay import replay
from simulator.scenario.reading.files import bundled
from support.record import newcomer

SOME = {"price": "10000"}
WORTH = {"quantity": "4", **SOME}
BUY, BUY_AGAIN, CANCEL, CANCEL_AGAIN = (
    {"request": request, "nth": nth} for request in ("SendLimitOrder", "CancelOrder") for nth in ("1", "2")
)
HELD = {
    "half-open": ["adds the update of $order1 on updates1: Open, Acked, Canceling; filled 0"],
    "latency-jitter": ["adds the update of $order2 on updates1: Open, Acked, Canceling; filled 0"],
    "reordered-replies": ["adds the message '\"Normal\"' on connection 1"],
}
"""What a recording tells more than was told: a cancel is told at once, and so is a hello that came too late."""


def orders_of(found: dict[str, Any]) -> list[tuple[dict[str, str], list[Any]]]:
    """Return the rules of a scenario for orders and cancels."""
    wanted = ("SendLimitOrder", "CancelOrder")
    return [(rule["when"], rule["then"]) for rule in found["rules"] if rule["when"]["request"] in wanted]


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        (
            "fill-told-twice",
            [
                (BUY, ["ack", {"fill": {**WORTH, "send": "twice"}}]),
                (BUY_AGAIN, ["ack", {"fill": {**WORTH, "send": "twice"}}]),
            ],
        ),
        (
            "cancel-loses-the-race",
            [
                (BUY, [{"delay": "250ms"}, "ack", {"fill": WORTH}]),
                (
                    CANCEL,
                    [
                        {"fill": {"quantity": "6", **SOME}},
                        {"reject": {"code": "TooLateToCancel", "text": "already filled"}},
                    ],
                ),
                (BUY_AGAIN, [{"delay": "250ms"}, "ack", {"fill": WORTH}]),
                (
                    CANCEL_AGAIN,
                    [
                        {"fill": {"quantity": "6", **SOME}},
                        {"reject": {"code": "TooLateToCancel", "text": "already filled"}},
                    ],
                ),
            ],
        ),
        (
            "fill-before-ack",
            [
                (
                    BUY,
                    [
                        {"delay": "5ms"},
                        {"fill": WORTH},
                        {"fill": {"quantity": "6", **SOME}},
                        {"delay": "5ms"},
                        "ack",
                    ],
                ),
                (CANCEL, [{"reply": {"Err": "order 1 is out already"}}]),
                (BUY_AGAIN, [{"delay": "5ms"}, {"fill": {"quantity": "10", **SOME}}, {"delay": "5ms"}, "ack"]),
                (CANCEL_AGAIN, [{"reply": {"Err": "order 2 is out already"}}]),
            ],
        ),
        (
            "no-reply-but-booked",
            [(BUY, [{"reply": "never"}, "ack", {"fill": WORTH}]), (BUY_AGAIN, [{"reply": "never"}, "ack"])],
        ),
        (
            "garbage-on-the-wire",
            [
                (BUY, [{"reply": {"raw": '{"id":2,"response":{'}}, "ack", {"fill": WORTH}]),
                (BUY_AGAIN, [{"reply": {"raw": '{"id":1000006,"response":{"Ok":"2"}}'}}, "ack"]),
            ],
        ),
        (
            "duplicate-reply",
            [(BUY, [{"reply": "twice"}, "ack"]), (BUY_AGAIN, [{"reply": "twice"}, "ack"])],
        ),
        (
            "stalled-socket",
            [(BUY, [{"stall": "data"}])],
        ),
    ],
)
def test_the_rules_of_a_fault(name: str, rules: list[tuple[dict[str, str], list[Any]]]) -> None:
    """What the endpoint did to an order and its cancel is what their rules say."""
    assert orders_of(scenario_of(newcomer(name), load_catalogue("default"))) == rules


@pytest.mark.parametrize("name", [name for name in bundled() if name not in ("slow-cancel", "slow-drip")])
def test_every_bundled_scenario_can_be_recorded(name: str) -> None:
    """The recording of a session in a bundled scenario replays, and tells what was told."""
    seen = newcomer(name)
    result = replay(scenario_of(seen, load_catalogue("default")))
    assert result.failures == ()
    assert differences(seen, result.journal) == HELD.get(name, [])


def test_a_reply_that_never_came_is_expected_not_to_come() -> None:
    """The client waits for the reply as long as it did, and calls the order by its number."""
    steps = scenario_of(newcomer("no-reply-but-booked"), load_catalogue("default"))["client"]
    sent, opened = steps[2:4]
    assert (sent["reply"], sent["within"], "as" in sent) == ("never", "720ms", False)
    assert opened == {
        "await": {"on": "$updates1", "order_id": "1", "state": ["Open"], "filled_qty": "0", "within": "5s"}
    }
    assert steps[6] == {"send": {"type": "CancelOrder", "order_id": "1"}, "reply": {"Ok": None}}


def test_what_is_no_reply_is_awaited_as_it_came() -> None:
    """A message in a reply's place is awaited: as damaged if it is no JSON, else with its id."""
    steps = scenario_of(newcomer("garbage-on-the-wire"), load_catalogue("default"))["client"]
    messages = [step["await"]["message"] for step in steps if "message" in step.get("await", ())]
    assert messages == [{"damaged": '{"id":2,"response":{'}, {"id": 1000006, "response": {"Ok": "2"}}]


def test_an_end_that_a_request_brought_about_is_in_its_rule() -> None:
    """A connection that ends at a request ends at it again, not at a time."""
    found = scenario_of(newcomer("disconnect-and-refuse"), load_catalogue("default"))
    (rule,) = orders_of(found)
    assert (rule[1][-1], "timeline" in found) == ({"disconnect": {"code": 1012}}, False)


def test_a_fill_after_the_end_is_told_again() -> None:
    """An order that was told to be filled after its cancel is so again, by its cancel's rule."""
    late = {"when": {"request": "CancelOrder"}, "then": ["cancel", {"fill": WORTH}], "illegal": True}
    seen = newcomer({"rules": [late]})
    found = scenario_of(seen, load_catalogue("default"))
    result = replay(found)
    assert found["rules"][1] == {"when": CANCEL, "then": ["cancel", {"fill": WORTH}], "illegal": True}
    assert (result.failures, differences(seen, result.journal)) == ((), [])


def test_what_cannot_be_is_told_again_as_a_lie() -> None:
    """An order that was told to be filled more than it can be has rules that are illegal."""
    found = scenario_of(newcomer("overfilled"), load_catalogue("default"))
    assert found["rules"][0] == {
        "when": BUY,
        "then": ["ack", {"delay": "100ms"}, {"fill": {"quantity": "15", **SOME}}],
        "illegal": True,
    }
