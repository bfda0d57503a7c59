"""Every form of a ``when``: what a request's fields are compared with, and how."""

import json
from typing import Any

import pytest

from simulator.catalogue import derived_id, load
from simulator.scenario.loader import parse_when
from simulator.scenario.rules.matching import Condition, Difference, RequestFacts
from simulator.wire import BadRequest, decode
from support.steps import PAIR, Play

CATALOGUE = load("default")
COINBASE_ID = derived_id("venue", "COINBASE")
PAIR_ID = CATALOGUE.tradable_product(PAIR).id  # type: ignore[union-attr]  # it is there
ORDER = {
    "type": "SendLimitOrder",
    "target": PAIR,
    "dir": "buy",
    "price": "100.50",
    "quantity": 10,
    "account": "default",
}


def facts(**fields: Any) -> RequestFacts:
    """Return the facts of an order, or of another request."""
    request = decode(json.dumps({"id": 1, **({} if "type" in fields else ORDER), **fields}))
    assert not isinstance(request, BadRequest)
    return RequestFacts(request, 3, "calm", CATALOGUE)


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"request": "SendLimitOrder"}, True),
        ({"request": "CancelOrder"}, False),
        ({"request": ["CancelOrder", "SendLimitOrder"]}, True),
        ({"request": "*"}, True),
        ({"request": "Send*"}, True),
        ({"request": "Get*"}, False),
        ({"target": PAIR}, True),
        ({"target": PAIR_ID}, True),
        ({"target": "BTC*"}, True),
        ({"target": "ETH*"}, False),
        ({"dir": "Buy"}, True),
        ({"dir": "sell"}, False),
        ({"account": "DEFAULT"}, True),
        ({"account": ["ALICE", "Default"]}, True),
        ({"account": "ALICE"}, False),
        ({"price": 100.5}, True),
        ({"price": "100.500"}, True),
        ({"price": 100}, False),
        ({"quantity": 10}, True),
        ({"quantity": [1, 10]}, True),
        ({"quantity": [1, 2]}, False),
        ({"quantity": {"ge": 10}}, True),
        ({"quantity": {"gt": 10}}, False),
        ({"quantity": {"le": 10}}, True),
        ({"quantity": {"lt": 10}}, False),
        ({"quantity": {"ge": 5, "lt": 11}}, True),
        ({"quantity": {"ge": 5, "lt": 9}}, False),
        ({"quantity": {"in": [1, 10]}}, True),
        ({"quantity": {"in": [1, 2]}}, False),
        ({"quantity": {"not": 10}}, False),
        ({"quantity": {"not": 11}}, True),
        ({"quantity": {"not": {"ge": 11}}}, True),
        ({"quantity": {"not": {"in": [10]}}}, False),
        ({"target": {"regex": r"^BTC .*/DIRECT$"}}, True),
        ({"target": {"regex": "^USD"}}, False),
        ({"target": {"regex": "COINBASE", "not": "ETH*"}}, True),
        ({"dir": {"regex": "^Buy$"}}, True),
        ({"dir": {"not": {"regex": "^Buy$"}}}, False),
        ({"quote_id": None}, True),
        ({"quote_id": "*"}, False),
        ({"quote_id": {"not": "mine"}}, True),
        ({"price": None}, False),
        ({"session": 3}, True),
        ({"session": [1, 2]}, False),
        ({"session": {"ge": 2}}, True),
        ({"state": "calm"}, True),
        ({"state": "c*"}, True),
        ({"state": "storm"}, False),
        ({"dir": "Buy", "quantity": {"ge": 10}, "state": "calm"}, True),
        ({"dir": "Buy", "quantity": {"ge": 11}, "state": "calm"}, False),
    ],
)
def test_a_when_is_for_what_meets_all_of_it(when: dict[str, Any], matches: bool) -> None:
    """A field is compared literally, as a number, by wildcards, a list or bounds; all that is said must hold."""
    condition, found = Condition(parse_when(when)), facts()
    assert (type(found.request) in condition.types and condition.matches(found)) is matches


@pytest.mark.parametrize(
    ("fields", "when", "matches"),
    [
        ({"type": "GetVenueDetails", "venue": [COINBASE_ID]}, {"venue": "COINBASE"}, True),
        ({"type": "GetVenueDetails", "venue": ["COINBASE"]}, {"venue": COINBASE_ID}, True),
        ({"type": "GetProductDetails", "product": ["USD"]}, {"product": [derived_id("product", "USD")]}, True),
        ({"type": "GetProductDetails", "product": ["nothing"]}, {"product": "USD"}, False),
        ({"type": "CancelOrder", "order_id": 7}, {"order_id": "7"}, True),
        ({"type": "CancelOrder", "order_id": "7"}, {"order_id": {"ge": 7}}, True),
        ({"type": "GetOrderState", "order_ids": ["1", "2"]}, {"order_ids": "2"}, True),
        ({"type": "GetOrderState", "order_ids": ["1", "2"]}, {"order_ids": "3"}, False),
        ({"type": "GetOrderState", "order_ids": []}, {"order_ids": None}, True),
        ({"type": "ListOpen", "set": "All", "scope": {"Product": "USD"}}, {"scope": "*USD*"}, True),
        ({"type": "ListOpen", "set": "All", "scope": "All"}, {"set": "All", "scope": "All"}, True),
        ({"type": "GetTradableProductDetails", "tradable_product": [PAIR_ID]}, {"tradable_product": PAIR}, True),
        ({"quote_id": "mine"}, {"quote_id": "m?ne"}, True),
    ],
)
def test_fields_of_every_kind(fields: dict[str, Any], when: dict[str, Any], matches: bool) -> None:
    """Ids, lists of them, objects and names are compared by their text, a product by its name and its id."""
    assert Condition(parse_when(when)).matches(facts(**fields)) is matches


def test_nth_counts_what_meets_the_rest() -> None:
    """The nth is that of the requests which meet all else that is said."""
    condition = Condition(parse_when({"quantity": {"ge": 5}, "nth": [2, 4]}))
    quantities = [5, 1, 6, 2, 7, 8, 9]
    assert [n for n in quantities if condition.matches(facts(quantity=n))] == [6, 8]


def test_differences_say_what_keeps_a_request_from_matching() -> None:
    """Each field that does not fit is told with what was wanted and what came."""
    when: dict[str, Any] = {"request": "CancelOrder"}
    assert Condition(parse_when(when)).differences(facts()) == [Difference("request", "CancelOrder", "SendLimitOrder")]
    when = {"request": "Send*", "dir": ["Sell"], "quantity": {"ge": 11}, "quote_id": "mine", "price": 100.5}
    assert Condition(parse_when(when)).differences(facts()) == [
        Difference("dir", "Sell", "Buy"),
        Difference("quantity", "{'ge': '11'}", "10"),
        Difference("quote_id", "mine", "nothing"),
    ]


def test_a_scenario_reads_whens_as_written() -> None:
    """In a scenario the same forms decide which orders a rule is for."""
    play = Play({"when": {"request": "SendLimitOrder", "target": "BTC*", "quantity": {"ge": 10}}, "then": ["reject"]})
    client = play.connect()
    for quantity in (9, 10):
        client.order(quantity)
    client.news()
    assert [client.reason(number) for number in (1, 2)] == [None, "Other"]
