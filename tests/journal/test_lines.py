"""The journal as JSON lines: what each line has, and what caused it."""

import json
from typing import Any

import pytest

from simulator.catalogue import Catalogue
from simulator.gateway.outgoing import RawBytes
from simulator.journal.journal import Journal
from simulator.journal.lines import json_lines
from simulator.schedule import Schedule
from simulator.simulation import Simulation
from simulator.times import EPOCH_2024

ORDER = {
    "type": "SendLimitOrder",
    "target": "BTC Crypto/USD*COINBASE/DIRECT",
    "dir": "Buy",
    "price": "100",
    "quantity": "1",
    "account": "DEFAULT",
}
RULE = {"name": "late", "when": {"request": "SendLimitOrder"}, "then": [{"delay": "1s"}, "ack", {"hold": "more"}]}


def lines(journal: Journal, catalogue: Catalogue | None = None) -> list[dict[str, Any]]:
    """Return a journal's lines, decoded."""
    return [json.loads(line) for line in json_lines(journal, catalogue)]


def test_each_line_has_the_same_keys() -> None:
    """A message is written as it is, with its time, connection, direction and cause."""
    journal = Journal()
    journal.write(EPOCH_2024 + 5, 1, "in", '{"id":1.50}')
    journal.write(EPOCH_2024 + 6, 0, "rule", "some")
    assert list(json_lines(journal)) == [
        b'{"line":1,"time":"2024-01-01T00:00:00.000000005Z","connection":1,"direction":"in","kind":"in",'
        b'"cause":null,"data":{"id":1.50}}',
        b'{"line":2,"time":"2024-01-01T00:00:00.000000006Z","connection":null,"direction":null,"kind":"rule",'
        b'"cause":1,"data":"some"}',
    ]


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"no json", "no json"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ('{"a":\n1}', '{"a":\n1}'),
        ("\ud800", "\\ud800"),
        ("[" * 100_000, "[" * 100_000),
        (b"[1,2]", [1, 2]),
    ],
)
def test_a_message_stays_on_its_line(data: str | bytes, written: Any) -> None:
    """What is no JSON, or would break the line, is written as text."""
    journal = Journal()
    journal.write(0, 1, "out", data)
    (line,) = json_lines(journal)
    assert b"\n" not in line
    assert json.loads(line)["data"] == written


def test_what_is_no_message_is_written_with_its_name() -> None:
    """A struct is written as its name and its fields."""
    journal = Journal()
    journal.write(0, 1, "fault", RawBytes(b"ab", more=True))
    assert lines(journal)[0]["data"] == {"type": "RawBytes", "data": "YWI=", "more": True}


def test_what_the_exchange_did_is_told_by_names_and_texts() -> None:
    """Fills, changes and trades say the product's name and amounts as texts, or its id where names are not known."""
    world = Simulation({"rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"fill": "50%"}, {"hold": "end"}]}]})
    world.receive(world.connect("/"), json.dumps({"id": 1, **ORDER}))
    events = [line["data"] for line in lines(world.journal, world.catalogue) if line["kind"] == "event"]
    changed = {"type": "OrderChanged", "order_id": "1", "account": "DEFAULT"}
    terms = {"product": ORDER["target"], "dir": "Buy", "price": "100", "quantity": "0.5"}
    assert events == [
        {**changed, "state": ["Open"], "filled_qty": "0", "avg_fill_price": None},
        {
            "type": "Fill",
            "number": 1,
            "kind": "Normal",
            "order_id": "1",
            "account": "DEFAULT",
            **terms,
            "liquidity": "Taker",
            "against": "SCENARIO",
            "trade": 1,
            "of": None,
        },
        {**changed, "state": ["Open"], "filled_qty": "0.5", "avg_fill_price": "100.00"},
        {"type": "Traded", **terms},
    ]
    product = world.catalogue.tradable_product(ORDER["target"])
    assert product is not None
    fill = next(line["data"] for line in lines(world.journal) if line["kind"] == "event" and "trade" in line["data"])
    assert fill["product"] == product.id


def test_entries_behind_a_line() -> None:
    """What came behind a line is told with its number, near the end or the beginning, as far as it is kept."""
    journal = Journal(limit=5)
    for number in range(8):
        journal.write(number, 1, "in", str(number))
    for line in range(-1, 10):
        expected = [(at, (at - 1, 1, "in", str(at - 1)), 0) for at in range(max(line + 1, 4), 9)]
        assert list(journal.since(line)) == expected
    assert [journal.entry(line) for line in (3, 4, 8, 9)] == [None, (3, 1, "in", "3"), (7, 1, "in", "7"), None]
    copy = journal.copy()
    journal.write(8, 1, "in", "8")
    assert list(copy.since(7)) == [(8, (7, 1, "in", "7"), 0)]


def test_lines_keep_their_numbers_when_old_ones_are_given_up() -> None:
    """A line's number counts from the journal's beginning, so that causes can be found."""
    journal = Journal(limit=2, schedule=Schedule(0))
    for number in range(5):
        journal.write(number, 1, "in", "{}")
    journal.write(5, 1, "out", "{}")
    assert [(line["line"], line["cause"]) for line in lines(journal)] == [(5, None), (6, 5)]


def test_causes_live_through_delays() -> None:
    """What a rule does later was caused by the rule, the rule by its request, and what a test does by nothing."""
    world = Simulation({"rules": [RULE], "timeline": [{"at": "5s", "do": {"disconnect": {"code": 1012}}}]})
    session = world.connect("/")
    world.receive(session, json.dumps({"id": 1, **ORDER}))
    world.advance(world.now + 2_000_000_000)
    world.receive(session, json.dumps({"id": 2, "type": "GetHalts"}))
    world.release("more")
    world.do({"cancel": {"order": "last"}})
    world.advance(world.now + 5_000_000_000)
    found = lines(world.journal)
    kinds = {line["line"]: line["kind"] for line in found}
    assert sorted((line["kind"], kinds.get(line["cause"], "nothing")) for line in found) == [
        ("close", "timeline"),
        ("event", "nothing"),
        ("event", "rule"),
        ("event", "rule"),
        ("fault", "timeline"),
        ("in", "nothing"),
        ("in", "nothing"),
        ("open", "nothing"),
        ("out", "in"),
        ("out", "rule"),
        ("rule", "in"),
        ("timeline", "nothing"),
    ]
