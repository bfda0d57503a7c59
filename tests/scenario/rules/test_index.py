"""The index leaves out just those conditions that a field keeps from being met, however often it is asked."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.catalogue import load
from simulator.scenario.loader import parse_when
from simulator.scenario.rules.index import RuleIndex
from simulator.scenario.rules.matching import Condition, RequestFacts
from simulator.wire import BadRequest, decode

CATALOGUE = load("default")
BTC, ETH = "BTC Crypto/USD*COINBASE/DIRECT", "ETH Crypto/USD*COINBASE/DIRECT"
WHENS: list[dict[str, Any]] = [
    {"request": "SendLimitOrder"},
    {"target": "BTC*"},
    {"target": [ETH], "dir": "sell"},
    {"account": "alice"},
    {"price": 100, "quantity": {"ge": 5}},
    {"price": {"lt": 100}},
    {"price": {"ge": 99, "le": 100}, "quantity": {"gt": 4}},
    {"price": {"gt": 99, "lt": 100}},
    {"quantity": {"in": ["4", "6"], "not": "5"}},
    {"target": "unknown"},
    {"quote_id": "mine"},
    {"quote_id": None, "quantity": 5},
    {"params": None},
    {"state": "elsewhere"},
    {"state": ["start", "else*"], "price": {"lt": 100}},
    {"session": 7, "dir": "Buy"},
    {"session": {"in": [1, 2]}},
    {"nth": 3},
]
ORDERS = st.fixed_dictionaries(
    {
        "type": st.just("SendLimitOrder"),
        "target": st.sampled_from([BTC, ETH, "unknown"]),
        "dir": st.sampled_from(["Buy", "sell"]),
        "account": st.sampled_from(["ALICE", "Alice", "DEFAULT"]),
        "price": st.sampled_from([100, "100", "100.0", "99", "x"]),
        "quantity": st.sampled_from([4, "5", "5.0"]),
    },
    optional={"quote_id": st.sampled_from(["mine", "other", None]), "params": st.sampled_from([None, {"a": 1}])},
)
COMES_IN = st.tuples(st.sampled_from([1, 7]), st.sampled_from(["start", "elsewhere"]))
LISTS = st.fixed_dictionaries(
    {"type": st.just("GetOrderState"), "order_ids": st.lists(st.sampled_from(["1", 1, "2"]), max_size=3)}
)


def conditions(whens: list[dict[str, Any]]) -> list[Condition]:
    """Return compiled conditions."""
    return [Condition(parse_when(when)) for when in whens]


def passing(
    request: dict[str, Any], index: RuleIndex, among: list[Condition], comes_in: tuple[int, str] = (0, "start")
) -> tuple[list[bool], list[bool]]:
    """Return which conditions an index lets pass, and which have no test of a field that fails."""
    decoded = decode(json.dumps({"id": 1, **request}))
    assert not isinstance(decoded, BadRequest)
    facts = RequestFacts(decoded, *comes_in, CATALOGUE)
    passed = index.passing(facts)
    assert passed == sorted(set(passed))
    return [at in passed for at in range(len(among))], [condition.meets(facts) for condition in among]


@given(st.lists(st.sampled_from(WHENS), max_size=12), st.lists(st.tuples(ORDERS, COMES_IN), max_size=12))
def test_all_but_nth_decides(whens: list[dict[str, Any]], orders: list[tuple[dict[str, Any], tuple[int, str]]]) -> None:
    """What passes is what no field, session or state forbids, whether a value has been seen before or not."""
    among = conditions(whens)
    index = RuleIndex(among)
    for order, comes_in in orders:
        sifted, meant = passing(order, index, among, comes_in)
        assert sifted == meant


@given(st.lists(LISTS, max_size=6))
def test_lists_are_judged_anew(requests: list[dict[str, Any]]) -> None:
    """A list of values is judged as a condition judges it."""
    among = conditions([{"order_ids": "1"}, {"order_ids": ["2", "3"]}, {"order_ids": {"not": "1"}}])
    index = RuleIndex(among)
    for request in requests:
        sifted, meant = passing(request, index, among)
        assert sifted == meant


def test_what_is_remembered_is_bounded() -> None:
    """Ever new values do not fill the memory, and are judged rightly."""
    among = conditions([{"price": {"not": {"ge": 5000}}}])
    index = RuleIndex(among)
    order = {"type": "SendLimitOrder", "target": BTC, "dir": "Buy", "account": "DEFAULT", "quantity": 1}
    for price in range(1, 10_000):
        sifted, _ = passing({**order, "price": price}, index, among)
        assert sifted == [price < 5000]
    (field,) = index._fields
    assert len(field.known) <= 4096
    passing({**order, "price": f"{'0' * 100}1"}, index, among)
    assert max(map(len, field.known)) <= 64
