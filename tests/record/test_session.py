"""A recorded session as a scenario: names for ids, fakes for accounts, times as delays."""

import json
from typing import Any

import pytest

from simulator.catalogue import load as load_catalogue
from simulator.record import RecordedEvent, scenario_of
from simulator.record.omissions import differences
from simulator.replay import replay
from simulator.scenario.reading.nodes import of_yaml
from simulator.scenario.reading.typed import plain
from simulator.times import parse_time
from simulator.yaml_writer import yaml_of

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
MS = 1_000_000
FOLLOW = {"type": "SubscribeOrderState"}
ORDER = {"type": "SendLimitOrder", "target": PAIR, "dir": "Buy", "price": "100", "quantity": "3", "account": "ACME"}


class Session:
    """Writes down what passes on one connection."""

    def __init__(self) -> None:
        self.seen = [RecordedEvent(0, 1, "open", "/architect"), RecordedEvent(0, 1, "out", '"Normal"')]
        self.time = 0

    def ask(self, number: int, request: dict[str, Any], **response: Any) -> None:
        """A request passes, and a millisecond later its answer if it has one."""
        self.seen.append(RecordedEvent(self.time, 1, "in", json.dumps({"id": number, **request})))
        if response:
            self.time += MS
            self.tell(number, **response)

    def tell(self, number: int, **response: Any) -> None:
        """A message of the endpoint's passes."""
        self.seen.append(RecordedEvent(self.time, 1, "out", json.dumps({"id": number, "response": response})))

    def update(self, order: str, state: list[str], filled: str = "0", mean: str | None = None) -> None:
        """An update of an order passes."""
        self.tell(1, Ok=[{"order_id": order, "state": state, "filled_qty": filled, "avg_fill_price": mean}])

    def close(self, code: str, by_endpoint: bool) -> None:
        """The connection ends."""
        self.seen.append(RecordedEvent(self.time, 1, "close", code, by_endpoint))

    def scenario(self) -> dict[str, Any]:
        """Return the session's scenario."""
        return scenario_of(self.seen, load_catalogue("default"))


@pytest.fixture
def session() -> Session:
    """A session of a client that follows its orders and has one, which its venue calls 81723."""
    session = Session()
    session.ask(1, FOLLOW, Ok=[])
    session.time += 20 * MS
    session.ask(2, ORDER, Ok="81723")
    session.update("81723", ["Open"])
    session.time += 250 * MS
    session.update("81723", ["Open", "Acked"])
    session.update("81723", ["Open", "Acked"], "1", "99.50")
    return session


def test_a_session_becomes_steps_and_rules(session: Session) -> None:
    """Ids are names, accounts are others, and what became of an order is what its rule does."""
    session.time += 40 * MS
    session.update("81723", ["Acked", "Filled", "Out"], "3", "99.83")
    found = session.scenario()
    (account,) = found["accounts"]
    update = {"on": "$updates1", "order_id": "$order1"}
    assert account != "ACME"
    assert found == {
        "name": "recorded session",
        "clock": "instant",
        "catalogue": "default",
        "accounts": [account],
        "rules": [
            {
                "when": {"request": "SendLimitOrder", "nth": "1"},
                "then": [
                    {"delay": "251ms"},
                    "ack",
                    {"fill": {"quantity": "1", "price": "99.5"}},
                    {"delay": "40ms"},
                    {"fill": {"quantity": "2", "price": "100"}},
                ],
            }
        ],
        "client": [
            {"send": FOLLOW, "as": "updates1"},
            {"wait": "21ms"},
            {"send": {**ORDER, "account": account}, "as": "order1"},
            {"await": {**update, "state": ["Open"], "filled_qty": "0", "within": "5s"}},
            {"await": {**update, "state": ["Open", "Acked"], "filled_qty": "0", "within": "5s"}},
            {"await": {**update, "state": ["Open", "Acked"], "filled_qty": "1", "within": "5s"}},
            {"await": {**update, "state": ["Acked", "Filled", "Out"], "filled_qty": "3", "within": "5s"}},
        ],
    }
    result = replay(found)
    assert (result.failures, differences(session.seen, result.journal)) == ((), [])


def test_what_became_of_an_order_otherwise(session: Session) -> None:
    """Cancels that were asked for and not, rejects with their reason, and refusals replay as they were."""
    session.ask(3, {"type": "CancelOrder", "order_id": "81723"}, Ok=None)
    session.update("81723", ["Open", "Acked", "Canceling"], "1", "99.50")
    session.update("81723", ["Acked", "Canceled", "Out"], "1", "99.50")
    session.ask(4, ORDER, Ok="81730")
    session.update("81730", ["Rejected", "Out"])
    session.ask(5, {"type": "GetRejectReason", "order_ids": ["81730"]}, Ok=[{"order_id": "81730", "reason": "odd"}])
    session.ask(6, {**ORDER, "account": "Acme"}, Err="the account ACME is closed")
    session.ask(7, ORDER, Ok="81731")
    session.update("81731", ["Open", "Acked"])
    session.update("81731", ["Acked", "Canceled", "Out"])
    session.ask(8, {"type": "CancelOrder", "order_id": "81731"}, Err="too late")
    session.ask(1, {"type": "Unsubscribe"})
    found = session.scenario()
    (account,) = found["accounts"]
    assert replay(found).failures == ()
    assert "acme" not in json.dumps(found).casefold()
    assert {"reply": {"Err": f"the account {account} is closed"}} in found["rules"][4]["then"]
    assert found["rules"][1]["then"] == [{"delay": "1ms"}, "cancel"]
    assert {"reject": {"code": "Other", "text": "odd"}} in found["rules"][2]["then"]


def test_queries_are_answered_as_they_were(session: Session) -> None:
    """A query's rule says what was answered, with orders as they count up when replayed."""
    opened = {"type": "ListOpen", "scope": "All", "set": {"Account": "ACME"}}
    session.ask(3, opened, Ok=["81723"])
    session.ask(4, {"type": "GetFillDetails", "fill_ids": ["x"]}, Ok=[{"order_id": "81723", "price": "81723"}])
    found = session.scenario()
    assert found["rules"][1:] == [
        {"when": {"request": "ListOpen", "nth": "1"}, "then": [{"delay": "1ms"}, {"reply": {"Ok": ["1"]}}]},
        {
            "when": {"request": "GetFillDetails", "nth": "1"},
            "then": [{"delay": "1ms"}, {"reply": {"Ok": [{"order_id": "1", "price": "81723"}]}}],
        },
    ]
    assert found["client"][-1]["reply"] == {"Ok": [{"order_id": "$order1", "price": "81723"}]}
    assert replay(found).failures == ()


@pytest.mark.parametrize("code", ["1012", "1006"])
def test_an_end_that_the_endpoint_made(session: Session, code: str) -> None:
    """A close of the endpoint's is in the timeline, and the client waits for it."""
    session.time += 100 * MS
    session.close(code, by_endpoint=True)
    session.seen.append(RecordedEvent(session.time + 10 * MS, 2, "open", "/?account=ACME"))
    session.seen.append(RecordedEvent(session.time + 20 * MS, 2, "in", "no json"))
    session.seen.append(RecordedEvent(session.time + 30 * MS, 2, "close", "1000"))
    found = session.scenario()
    account = found["accounts"][0]
    assert [entry["at"] for entry in found["timeline"]] == ["372ms"]
    assert found["client"][-7:] == [
        {"await": {"closed": int(code), "within": "5s"}},
        {"wait": "10ms"},
        {"connect": f"/?account={account}", "on": "connection2"},
        {"wait": "10ms"},
        {"raw": "no json", "on": "connection2"},
        {"wait": "10ms"},
        {"disconnect": True, "on": "connection2"},
    ]


def test_yaml_says_the_same(session: Session) -> None:
    """What is written as YAML loads as the same data, numbers with their digits."""
    session.ask(3, {**ORDER, "price": 9000.50}, Ok="2")
    text = yaml_of(session.scenario())
    assert "price: 9000.5" in text
    assert "'on': $updates1" in text
    node = of_yaml(text, "session.yaml")
    again = json.loads(json.dumps(plain(node), default=lambda raw: json.loads(bytes(raw))))
    assert again == json.loads(json.dumps(session.scenario(), default=float))


def test_an_empty_session() -> None:
    """Where nothing was said there is nothing to replay."""
    assert scenario_of([], load_catalogue("default")) == {
        "name": "recorded session",
        "clock": "instant",
        "catalogue": "default",
    }


def test_a_session_about_a_contract_says_when_it_was() -> None:
    """What a client calls by its date is there when the recording is replayed, because that begins at the same time."""
    start = "2026-11-24T20:00:00Z"
    began = parse_time(start)
    assert began is not None
    catalogue = load_catalogue("default", start=began[0])
    assert catalogue.tradable_product("ES Future 20240315/USD*CME/MAREX") is None
    for target in ("ES Future 20261218/USD*CME/MAREX", "BTC Crypto/USD*COINBASE/DIRECT"):
        session = Session()
        session.ask(1, ORDER | {"target": target}, Ok="7")
        found = scenario_of(session.seen, catalogue, start=start)
        assert found.get("start") == (start if "Future" in target else None)
        assert replay(found).failures == ()


def test_an_order_has_no_name_before_it_is_sent() -> None:
    """A client that asks about an id before its own order has it asks by number."""
    session = Session()
    session.ask(1, {"type": "GetOrderState", "order_ids": ["1"]}, Ok=[])
    session.ask(2, ORDER, Ok="1")
    session.ask(3, {"type": "GetOrderState", "order_ids": ["1"]}, Ok=[])
    found = session.scenario()
    assert [step["send"].get("order_ids") for step in found["client"] if "send" in step] == [["1"], None, ["$order1"]]
    assert replay(found).failures == ()
