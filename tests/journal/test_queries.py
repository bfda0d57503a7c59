"""Queries over a journal, and what a scenario expects in the end."""

import json
from decimal import Decimal
from typing import Any

import pytest

from simulator.control.expectations import unmet
from simulator.errors import ScenarioError
from simulator.journal.lines import traffic_line
from simulator.journal.queries import (
    MissSearch,
    Received,
    Search,
    context,
    explain,
    last_messages,
    nearest_miss,
    received,
    traffic_about,
)
from simulator.scenario import load
from simulator.scenario.rules.matching import Difference
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"


class Asked:
    """A world of a scenario, and what has been asked of it."""

    def __init__(self, **sections: Any) -> None:
        self.loaded = load({"seed": 7, **sections})
        self.world = Simulation(self.loaded)
        self.session = self.world.connect("/")

    def ask(self, kind: str, **fields: Any) -> None:
        """Send a request; what it lacks of an order's fields is filled in."""
        if kind == "SendLimitOrder":
            fields = {"target": PAIR, "dir": "Buy", "price": "100", "quantity": "10", "account": "DEFAULT"} | fields
        self.world.receive(self.session, json.dumps({"id": 1, "type": kind, **fields}))

    def received(self, **when: Any) -> list[str]:
        """Return the texts of what was received."""
        return [one.text for one in received(self.world.journal, when, self.world.catalogue)]

    def unmet(self, **names: Any) -> list[str]:
        """Return what is not as expected, as texts."""
        return [str(failure) for failure in unmet(self.world, names).at_once()]


def test_requests_are_found_by_their_fields() -> None:
    """Only requests of the type and with the fields that are wanted are found, in their order."""
    asked = Asked()
    asked.ask("GetHalts")
    asked.ask("SendLimitOrder", quantity="5")
    asked.ask("SendLimitOrder", quantity="15")
    asked.world.receive(asked.session, "no json")
    asked.ask("SendLimitOrder", quantity="25")
    assert [json.loads(text)["quantity"] for text in asked.received(request="Send*", quantity={"gt": 5})] == [
        "15",
        "25",
    ]
    assert len(asked.received(request="SendLimitOrder", nth=2)) == 1
    assert asked.received(request="SendLimitOrder", session=2) == []


def test_events_are_found_by_their_name() -> None:
    """Connections that come and go, and subscriptions, are found as events."""
    asked = Asked()
    asked.ask("SubscribeOrderState")
    asked.world.disconnect(asked.session, why="gone")
    assert asked.received(event="connect") == ["connect /"]
    assert asked.received(event="subscribe") == ['subscribe {"id": 1, "type": "SubscribeOrderState"}']
    assert asked.received(event="disconnect") == ["disconnect gone"]


def test_a_when_that_is_none_is_refused() -> None:
    """Data that no rule could have as its `when` is a mistake."""
    with pytest.raises(ScenarioError):
        Asked().received(requests="GetHalts")


def test_the_state_counts_when_it_was() -> None:
    """A request is judged by the state in which the scenario was when it came."""
    rule = {"when": {"request": "GetHalts"}, "then": [{"goto": "later"}]}
    other = {"when": {"request": "ListOpen", "state": "later"}, "then": ["reply"]}
    asked = Asked(rules=[rule, other])
    asked.ask("ListOpen", scope="All", set="All")
    asked.ask("GetHalts")
    asked.ask("ListOpen", scope="All", set={"Account": "DEFAULT"})
    assert [json.loads(text)["set"] for text in asked.received(request="ListOpen", state="later")] == [
        {"Account": "DEFAULT"}
    ]


def test_the_nearest_miss_lacks_the_least() -> None:
    """Of several misses the nearest is told with what it lacks, the later of two that are as near."""
    asked = Asked()
    asked.ask("GetHalts")
    asked.ask("SendLimitOrder", quantity="5", dir="Sell")
    asked.ask("SendLimitOrder", quantity="6")
    asked.ask("SendLimitOrder", quantity="7")
    miss = nearest_miss(
        asked.world.journal, {"request": "SendLimitOrder", "quantity": 8, "dir": "Buy"}, asked.world.catalogue
    )
    assert miss is not None
    assert (json.loads(miss.received.text)["quantity"], miss.differences) == ("7", (Difference("quantity", "8", "7"),))


def test_misses_are_looked_for_once() -> None:
    """A search goes on where it has been, keeps what came nearest, and leaves out what is not of the newest lines."""
    asked = Asked()
    search = MissSearch({"request": "SendLimitOrder", "quantity": 8}, asked.world.catalogue, 2)

    def found(newest: int | None = None) -> list[str]:
        misses = search.look(asked.world.journal, newest).at_once()
        return [json.loads(miss.received.text)["quantity"] for miss in misses]

    asked.ask("SendLimitOrder", quantity="5")
    assert found() == ["5"]
    asked.ask("SendLimitOrder", quantity="6")
    asked.ask("SendLimitOrder", quantity="7")
    assert (found(newest=4), found()) == (["5", "7"], ["5", "7"])


def test_a_miss_says_what_was_sent() -> None:
    """What came is said as the client sent it, not as the gateway reads it: a spelling, a number, an id, a list."""
    asked = Asked()
    product = asked.world.catalogue.tradable_product(PAIR)
    assert product is not None
    asked.ask("SendLimitOrder", dir="buy", quantity=10, target=product.id, account="default", quote_id=None)
    wanted = {"dir": "Sell", "quantity": "10.5", "target": "ETH*", "account": "ALICE", "quote_id": "mine"}
    assert str(nearest_miss(asked.world.journal, wanted, asked.world.catalogue)).splitlines()[1:] == [
        "  account: wanted ALICE, came default",
        "  dir: wanted Sell, came buy",
        "  quantity: wanted 10.5, came 10",
        "  quote_id: wanted mine, came nothing",
        f"  target: wanted ETH*, came {product.id}",
    ]


def test_what_was_received_is_plain_data() -> None:
    """A request is told with its type and its fields as they were sent, no digit lost, and where it stands."""
    asked = Asked()
    text = '{"type": "CancelOrder", "id": 7, "order_id": "1", "more": [0.10, {"a": null}]}'
    asked.world.receive(asked.session, text)
    (came,) = received(asked.world.journal, {"request": "CancelOrder"}, asked.world.catalogue)
    fields = {"id": 7, "order_id": "1", "more": [Decimal("0.10"), {"a": None}]}
    assert came == Received(2, "2024-01-01T00:00:00.000000000Z", 1, "CancelOrder", fields, text)
    (opened,) = received(asked.world.journal, {"event": "connect"}, asked.world.catalogue)
    assert opened == Received(1, "2024-01-01T00:00:00.000000000Z", 1, None, {}, "connect /", "connect")


def test_fields_that_python_does_not_read_are_left_to_the_text() -> None:
    """A request that bears a longer number than Python takes for one is found all the same."""
    asked = Asked()
    order = json.dumps({"id": 1, "type": "SendLimitOrder", "target": PAIR, "dir": "Buy", "price": "1"})
    text = f'{order[:-1]}, "quantity": "1", "account": "DEFAULT", "params": {"1" * 5000}}}'
    asked.world.receive(asked.session, text)
    (came,) = received(asked.world.journal, {"request": "SendLimitOrder"}, asked.world.catalogue)
    assert (came.fields, came.text) == ({}, text)


def test_a_search_goes_on_where_it_was() -> None:
    """A search that is asked again finds what has come since, and counts on: what was given up is not missed."""
    asked = Asked()
    search = Search({"request": "GetHalts", "nth": [1, 3]}, asked.world.catalogue)
    counts = []
    for _ in range(4):
        counts.append(len(search.look(asked.world.journal).at_once()))
        asked.ask("GetHalts")
    assert counts == [0, 1, 1, 2]


def test_a_miss_may_be_one_of_circumstance() -> None:
    """Where all fields fit, the session, the state or the count is what lacks."""
    asked = Asked()
    asked.ask("GetHalts")
    assert explain(asked.world.journal, {"request": "GetHalts", "nth": 2}, asked.world.catalogue).at_once() == (
        'nearest: 00:00:00.000000Z #1 {"id": 1, "type": "GetHalts"}\n  nth: wanted 2, came 1'
    )


def test_nothing_comes_near_in_silence() -> None:
    """Where nothing has come there is no nearest, and only the seed to tell."""
    world = Simulation()
    assert explain(world.journal, {"request": "GetHalts"}, world.catalogue).at_once() == ""
    assert context(world.journal, 3) == "seed: 3"


def test_only_the_last_messages_are_shown() -> None:
    """At most so many lines are shown, with what a scenario did, and nothing that steers a terminal."""
    asked = Asked(rules=[{"name": "rude", "when": {"request": "GetHalts"}, "then": [{"disconnect": {"code": 1012}}]}])
    asked.world.receive(asked.session, "\x1b[2J")
    asked.ask("GetHalts")
    assert last_messages(asked.world.journal, 7) == [
        "00:00:00.000000Z #1 --> \\x1b[2J",
        '00:00:00.000000Z #1 <-- {"id":null,"response":{"Err":"not a JSON request: JSON is malformed: '
        'invalid character (byte 0)"}}',
        '00:00:00.000000Z #1 --> {"id": 1, "type": "GetHalts"}',
        "00:00:00.000000Z *** rule rude",
        "00:00:00.000000Z #1 *** fault close 1012",
        "00:00:00.000000Z #1 --- closed by the scenario: 1012",
        '00:00:00.000000Z #1 *** lost {"id":1,"response":{"Ok":[]}}',
    ]


def test_traffic_about_a_moment() -> None:
    """So many lines of traffic before a moment and from it on are shown, past what is no traffic; at its end for 0."""
    entries: list[Any] = [(time, 1, "in" if time % 2 else "due", b"%d" % time) for time in range(1, 12)]
    told = [traffic_line(entry) for entry in entries]
    assert traffic_about(entries, 6, 2) == [told[2], told[4], told[6], told[8]]
    assert traffic_about(entries, 0, 2) == [told[8], told[10]]
    assert traffic_about(entries, 100, 1) == [told[10]]
    assert traffic_about([], 5, 2) == []


def test_what_is_expected_and_so() -> None:
    """Nothing is said of expectations that hold."""
    expect = [
        {"never": {"request": "CancelOrder"}},
        {"received": {"request": "SendLimitOrder"}},
        {"received": {"request": "SendLimitOrder", "dir": "Sell"}, "count": 0},
        {"orders": {"$one": {"state": ["Open", "Acked"], "filled_qty": "4.0", "avg_fill_price": 100}, "2": {}}},
        {"fired": "part"},
    ]
    rule = {
        "name": "part",
        "when": {"request": "SendLimitOrder"},
        "then": [{"fill": {"quantity": 4, "price": 100}}, "ack"],
        "times": 1,
        "required": True,
    }
    asked = Asked(
        expect=expect, rules=[rule], client=[{"send": {"type": "SendLimitOrder"}, "as": "one", "reply": {"Err": "*"}}]
    )
    asked.ask("SendLimitOrder")
    asked.ask("SendLimitOrder")
    assert asked.unmet(one="1") == []


def test_what_is_expected_and_not_so() -> None:
    """Each expectation that does not hold is said with its place, what came, and what came nearest."""
    expect = [
        {"never": {"request": "SendLimitOrder"}},
        {"received": {"request": "SendLimitOrder", "dir": "Sell"}},
        {"received": {"request": "SendLimitOrder"}, "count": 2},
        {"orders": {"1": {"state": ["Acked", "Filled", "Out"], "filled_qty": 4, "avg_fill_price": 100}, "7": {}}},
        {"fired": "sell"},
    ]
    rule = {
        "name": "sell",
        "when": {"request": "SendLimitOrder", "dir": "Sell"},
        "then": ["ack"],
        "required": True,
    }
    asked = Asked(expect=expect, rules=[rule])
    asked.ask("SendLimitOrder")
    came = (
        f'00:00:00.000000Z #1 {{"id": 1, "type": "SendLimitOrder", "target": "{PAIR}", "dir": "Buy", '
        '"price": "100", "quantity": "10", "account": "DEFAULT"}'
    )
    nearest = f"nearest: {came}\n  dir: wanted Sell, came Buy"
    assert asked.unmet() == [
        f'expect[0].never: expected never {{"request":"SendLimitOrder"}}, got 1\nfirst: {came}',
        f'expect[1].received: expected at least once {{"request":"SendLimitOrder","dir":"Sell"}}, got 0\n{nearest}',
        'expect[2].received: expected 2 times {"request":"SendLimitOrder"}, got 1',
        "expect[3].orders['1'].state: expected the state of the order 1 to be Acked, Filled, Out, got Acked, Open",
        "expect[3].orders['1'].filled_qty: expected the filled_qty of the order 1 to be 4, got 0",
        "expect[3].orders['1'].avg_fill_price: expected the avg_fill_price of the order 1 to be 100, got null",
        "expect[3].orders['7']: expected the order 7, which does not exist; orders: 1",
        f"expect[4].fired: expected the rule 'sell' to fire; it never did\n{nearest}",
        f"rules[0]: expected the rule 'sell' to fire, which is required; it never did\n{nearest}",
    ]
