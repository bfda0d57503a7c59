"""Whatever a client sends, it is answered, and the exchange goes on."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.simulation import Simulation
from simulator.wire import REQUEST_TYPES
from support.messages import messages
from support.reference import REFERENCE

SILENT = {"SubscribeTrades", "SubscribeCandles", "SubscribeAlerts"}
"""What is answered by the first thing that happens, so that a good one has no answer at once."""

ORDER = '{"id":1,"type":"SendLimitOrder","account":"account1","dir":"Buy","price":"%s","quantity":"1","target":"tp1"}'
NAMES = ["tp1", "tp2", "product1", "USD", "venue1", "route2", "account1", "Buy", "sell", "All", "1", "2", "1s", "1d"]
NAMES += ["MaxOrderQty", "MaxPosition", "2024-01-01", "9999-12-31T23:59:59Z", "0001-01-01", "100.0", "99.99", ""]
NAMES += ["Venue", "TradableProduct", 'Base("product1") && !Venue("venue1")', "And", "Between", "\x00"]
LEAVES = (
    st.sampled_from(NAMES)
    | st.text(max_size=8)
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
    | st.booleans()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "value", "set", "scope", "name", "Venue", "Account"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)

VALID: list[dict[str, Any]] = [
    {"type": "SearchSymbol", "limit": 10, "pat": "prod*", "scope": "All"},
    {"type": "QueryTradableProductIndex", "query": {"type": "Base", "value": "product1"}},
    {"type": "GetRouteDetails", "route": ["route1"]},
    {"type": "GetVenueDetails", "venue": ["venue1"]},
    {"type": "GetProductDetails", "product": ["product1"]},
    {"type": "GetTradableProductDetails", "tradable_product": ["tp1"]},
    {"type": "GetCanonicalTradableProduct", "product": ["product1"]},
    {
        "type": "SendLimitOrder",
        "account": "account1",
        "dir": "buy",
        "price": "100.0",
        "quantity": "1",
        "target": "tp1",
        "params": None,
        "quote_id": None,
    },
    {"type": "CancelOrder", "order_id": "1"},
    {"type": "ListOpen", "scope": "All", "set": "All"},
    {"type": "GetOrderState", "order_ids": ["1"]},
    {"type": "SubscribeOrderState"},
    {"type": "GetRejectReason", "order_ids": ["1"]},
    {"type": "GetOrderDetails", "order_ids": ["1"]},
    {"type": "ListFills", "scope": "All", "set": "All"},
    {"type": "GetFillDetails", "fill_ids": ["fill1"]},
    {"type": "SetLimits", "limits": [{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "1"}]},
    {"type": "SubscribeBook", "tradable_product": "tp1", "width": 1},
    {"type": "SubscribeTrades", "tradable_product": "tp1"},
    {"type": "SubscribeCandles", "tradable_product": "tp1", "width": "1s"},
    {
        "type": "GetHistoricalCandles",
        "tradable_product": "tp1",
        "start": "2023-12-31T23:59:00Z",
        "end": "2024-01-01",
        "width": "1m",
    },
    {"type": "SubscribeConsolidatedBook", "tradable_products": ["tp1", "tp2"], "precision": "0.1"},
    {"type": "Unsubscribe"},
    {"type": "GetLimits", "limits": [["All", "All"]]},
    {"type": "GetGlobalLimits", "limits": ["MaxOrderQty"]},
    {"type": "GetHalts"},
    {"type": "Halt", "halt": "tp1"},
    {"type": "Resume", "resume": "tp1"},
    {"type": "SubscribeAlerts", "path": "/a", "seek": None},
    {"type": "SubscribeRfqs", "base": "product1", "quote": "USD", "quantity": "1", "venues": ["venue1"]},
    {"type": "SendRfqs", "query": {"base": "product1", "quote": "USD", "quantity": "1", "venues": None}},
    *({"type": kind, **fields} for kind, fields in REFERENCE.items()),
]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Return a good request of which some fields are left out, replaced by anything, or another's."""
    request = {"id": draw(st.integers(0, 10**9)), **draw(st.sampled_from(VALID))}
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from([*request, "id"]))
        request[field] = draw(VALUES)
        if draw(st.integers(0, 5)) == 0:
            del request[field]
    return request


def answers(message: str | bytes) -> list[dict[str, Any]]:
    """Send one message to a world in which an order rests and another has traded; return what is said."""
    sim = Simulation(catalogue="reference", seed=7)
    session = sim.connect("/")
    for price in ("100.00", "100.01"):
        sim.receive(session, ORDER % price)
    sim.take()
    sim.receive(session, message)
    return messages(sim.take())


@given(st.text() | st.binary() | st.text('{}[]":,0123456789eE.-+ \\unrtfalsidyp', max_size=80))
def test_any_text_gets_one_answer(text: str | bytes) -> None:
    """Any text and any bytes are answered once, with an Err under the id that they had, if they had one."""
    (answer,) = answers(text)
    assert answer == {"id": answer["id"], "response": {"Err": answer["response"]["Err"]}}


@settings(max_examples=600)
@given(mutated())
def test_any_request_gets_one_answer(request_: dict[str, Any]) -> None:
    """A request with anything in its fields is answered once, under its id if that is a number."""
    said = answers(json.dumps(request_))
    if not said and str(request_.get("type")) in SILENT:
        return
    number = request_.get("id")
    is_id = isinstance(number, (int, float)) and not isinstance(number, bool)
    (answer,) = said
    assert answer == {"id": number if is_id else None, "response": answer["response"]}
    assert list(answer["response"]) in (["Ok"], ["Err"])


@given(st.data())
def test_any_cut_of_a_request_gets_one_answer(data: st.DataObject) -> None:
    """A request with a piece cut out, doubled or overwritten is answered once."""
    text = json.dumps({"id": 7, **data.draw(st.sampled_from(VALID))}).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    said = answers(text[:start] + data.draw(st.binary(max_size=4)) + text[end:])
    assert len(said) == 1 or json.loads(text)["type"] in SILENT
    assert all(list(answer) == ["id", "response"] for answer in said)


@pytest.mark.parametrize("depth", [10, 60, 70, *range(880, 1000, 5), 3_000, 9_000, 20_000])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ('{"Venue":', "}"), ('{"type":"Not","value":', "}"), ('{"type":"And","value":[', "]}")],
)
def test_deep_nesting_gets_an_err(depth: int, opening: str, closing: str) -> None:
    """However deep a value is nested, around the depth that Python can bear too, it is refused once."""
    value = opening * depth + '""' + closing * depth
    for fields in ('"ListOpen","set":"All","scope":%s', '"ListOpen","scope":"All","set":%s', '"Halt","halt":%s'):
        (answer,) = answers('{"id":1,"type":' + fields % value + "}")
        assert list(answer["response"]) == ["Err"]
    (answer,) = answers('{"id":1,"type":"QueryTradableProductIndex","query":' + value + "}")
    assert list(answer["response"]) == ["Err"]


def test_each_request_type_is_mutated() -> None:
    """Every request type that a venue answers is among those that are mutated."""
    assert {request["type"] for request in VALID} == set(REQUEST_TYPES)
