"""The examples of the gateway's API reference, to the letter, against a catalogue of just their names."""

import json
from typing import Any

import pytest

from support.gateway import World

SEARCH_SYMBOL = """{
  "id": 1,
  "limit": 10,
  "pat": "AAPL",
  "scope": "some_scope",
  "type": "SearchSymbol"
}"""
QUERY = """{
  "id": 2,
  "query": {
    // Query Object Details
  },
  "type": "QueryTradableProductIndex"
}"""
ROUTE_DETAILS = """{
  "id": 3,
  "route": ["route1", "route2"],
  "type": "GetRouteDetails"
}"""
VENUE_DETAILS = """{
  "id": 4,
  "venue": ["venue1", "venue2"],
  "type": "GetVenueDetails"
}"""
PRODUCT_DETAILS = """{
  "id": 5,
  "product": ["product1", "product2"],
  "type": "GetProductDetails"
}"""
TRADABLE_PRODUCT_DETAILS = """{
  "id": 6,
  "tradable_product": ["tp1", "tp2"],
  "type": "GetTradableProductDetails"
}"""
CANONICAL = """{
  "id": 7,
  "product": ["product1", "product2"],
  "type": "GetCanonicalTradableProduct"
}"""
SEND_LIMIT_ORDER = """{
  "account": "account1",
  "dir": "buy",
  "id": 8,
  "params": null,
  "price": "100.0",
  "quantity": "10.0",
  "quote_id": null,
  "target": "tp1",
  "type": "SendLimitOrder"
}"""
CANCEL_ORDER = """{
  "id": 9,
  "order_id": "order1",
  "type": "CancelOrder"
}"""
LIST_OPEN = """{
  "id": 10,
  "scope": "some_scope",
  "set": "some_set",
  "type": "ListOpen"
}"""
ORDER_STATE = """{
  "id": 11,
  "order_ids": ["order1", "order2"],
  "type": "GetOrderState"
}"""
SUBSCRIBE_ORDER_STATE = """{
  "id": 12,
  "type": "SubscribeOrderState"
}"""
REJECT_REASON = """{
  "id": 13,
  "order_ids": ["order1", "order2"],
  "type": "GetRejectReason"
}"""
ORDER_DETAILS = """{
  "id": 14,
  "order_ids": ["order1", "order2"],
  "type": "GetOrderDetails"
}"""
LIST_FILLS = """{
  "id": 15,
  "scope": "some_scope",
  "set": "some_set",
  "type": "ListFills"
}"""
FILL_DETAILS = """{
  "id": 16,
  "fill_ids": ["fill1", "fill2"],
  "type": "GetFillDetails"
}"""
SET_LIMITS = """{
  "id": 17,
  "limits": [
    // Limit Objects
  ],
  "type": "SetLimits"
}"""

NO_SCOPE = (
    '`$.scope`: expected "All", {"TradableProduct": id}, {"Product": id}, {"Venue": id}, {"Route": id}, '
    "or the name or id of one such thing, got 'some_scope'"
)
NO_SET = '`$.set`: expected "All", {"Account": name} or the name of an account (account1), got \'some_set\''


def product(name: str, dollars: str) -> dict[str, Any]:
    """Return the details of a coin of the reference."""
    return {"id": name, "name": name, "class": {"type": "Coin", "value": None}, "price_in_limit_dollars": dollars}


def tradable_product(number: int, usd: str, quote_symbol: str, trading_symbol: str) -> dict[str, Any]:
    """Return the details of a tradable product of the reference."""
    return {
        "id": f"tp{number}",
        "name": f"product{number}/USD*venue{number}/route{number}",
        "base": f"product{number}",
        "quote": usd,
        "venue": f"venue{number}",
        "route": f"route{number}",
        "quote_info": {"primary": quote_symbol, "implied": None, "l2": quote_symbol},
        "trade_info": {
            "trading_symbol": trading_symbol,
            "quote_increment": "0.01",
            "base_increment": "0.001",
            "flags": [],
        },
    }


# The UUIDv5 of `venue1:product1-USD` and so on, and of `USD`, in the gateway's namespaces.
USD = "26f1e368-3e4f-5e0a-b7a2-b344675e0626"


def answer(world: World, text: str) -> Any:
    """Send one message on a fresh connection; return the one answer, decoded."""
    client = world.connect()
    client.send(text)
    (message,) = client.news()
    return message


@pytest.mark.parametrize(
    ("text", "number", "value"),
    [
        (ROUTE_DETAILS, 3, [{"id": "route1", "name": "route1"}, {"id": "route2", "name": "route2"}]),
        (VENUE_DETAILS, 4, [{"id": "venue1", "name": "venue1"}, {"id": "venue2", "name": "venue2"}]),
        (PRODUCT_DETAILS, 5, [product("product1", "100"), product("product2", "50")]),
        (CANONICAL, 7, [["product1", "tp1"], ["product2", "tp2"]]),
        (SEND_LIMIT_ORDER, 8, "1"),
        (ORDER_STATE, 11, []),
        (SUBSCRIBE_ORDER_STATE, 12, []),
        (REJECT_REASON, 13, []),
        (ORDER_DETAILS, 14, []),
        (FILL_DETAILS, 16, []),
    ],
)
def test_example_is_answered(reference: World, text: str, number: int, value: Any) -> None:
    """An example that names what there is is answered with it; orders and fills that never were are left out."""
    assert answer(reference, text) == {"id": number, "response": {"Ok": value}}


def test_tradable_products(reference: World) -> None:
    """The example's tradable products come with their parts, increments and symbols, which are ids."""
    found = answer(reference, TRADABLE_PRODUCT_DETAILS)
    symbols = [
        (details["quote_info"]["primary"], details["trade_info"]["trading_symbol"])
        for details in found["response"]["Ok"]
    ]
    searched = answer(reference, SEARCH_SYMBOL.replace("some_scope", "All").replace("AAPL", "venue"))["response"]["Ok"]
    assert symbols == list(
        zip(
            [id_ for _, id_ in searched["quote_symbol"]],
            [id_ for _, id_ in searched["trading_symbol"]],
            strict=True,
        )
    )
    assert found == {
        "id": 6,
        "response": {"Ok": [tradable_product(1, USD, *symbols[0]), tradable_product(2, USD, *symbols[1])]},
    }


@pytest.mark.parametrize(
    ("text", "number", "why"),
    [
        (
            SEARCH_SYMBOL,
            1,
            "`$.scope`: expected one of All, Route, Venue, Product, TradableProduct, QuoteSymbol, TradingSymbol, "
            "got 'some_scope'",
        ),
        (CANCEL_ORDER, 9, "there is no order 'order1'"),
        (LIST_OPEN, 10, NO_SCOPE),
        (LIST_OPEN.replace("some_scope", "All"), 10, NO_SET),
        (LIST_FILLS, 15, NO_SCOPE),
        (LIST_FILLS.replace("some_scope", "All"), 15, NO_SET),
    ],
)
def test_example_with_a_placeholder(reference: World, text: str, number: int, why: str) -> None:
    """An example with a word that stands for nothing is refused, with what may stand there."""
    assert answer(reference, text) == {"id": number, "response": {"Err": why}}


@pytest.mark.parametrize("text", [QUERY, SET_LIMITS])
def test_example_with_a_comment(reference: World, text: str) -> None:
    """A comment makes an example no JSON, so not even its id is known."""
    why = answer(reference, text)
    assert why == {"id": None, "response": {"Err": why["response"]["Err"]}}
    assert why["response"]["Err"].startswith("not a JSON request: JSON is malformed: ")


def test_query_example_filled_in(reference: World) -> None:
    """The example's query, filled in, gives tradable products; left empty, an Err says what it lacks."""
    text = QUERY.replace("// Query Object Details", '"type": "Venue", "value": "venue2"')
    assert answer(reference, text) == {"id": 2, "response": {"Ok": ["tp2"]}}
    empty = answer(reference, QUERY.replace("// Query Object Details", ""))
    assert empty == {"id": 2, "response": {"Err": empty["response"]["Err"]}}
    assert "`$.query.type`" in empty["response"]["Err"]


@pytest.mark.parametrize("limits", ["", '{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "10"}'])
def test_limits_example_filled_in(reference: World, limits: str) -> None:
    """The example's limits, filled in or empty, are set."""
    text = SET_LIMITS.replace("// Limit Objects", limits)
    assert answer(reference, text) == {"id": 17, "response": {"Ok": None}}


def test_search_example_with_a_scope(reference: World) -> None:
    """The example's search within all there is has a list for each kind of thing."""
    text = SEARCH_SYMBOL.replace("some_scope", "All")
    kinds = ["route", "venue", "product", "tradable_product", "quote_symbol", "trading_symbol"]
    assert answer(reference, text) == {"id": 1, "response": {"Ok": {kind: [] for kind in kinds}}}


def test_examples_in_a_row(reference: World) -> None:
    """All examples on one connection are answered in their order, and the example's order stands afterwards."""
    client = reference.connect()
    texts = [SEARCH_SYMBOL, ROUTE_DETAILS, VENUE_DETAILS, PRODUCT_DETAILS, TRADABLE_PRODUCT_DETAILS, CANONICAL]
    texts += [SEND_LIMIT_ORDER, CANCEL_ORDER, LIST_OPEN, ORDER_STATE, SUBSCRIBE_ORDER_STATE, REJECT_REASON]
    texts += [ORDER_DETAILS, LIST_FILLS, FILL_DETAILS]
    for text in texts:
        client.send(text)
    assert [message["id"] for message in client.news()] == [json.loads(text)["id"] for text in texts]
    client.id = 20
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [
        {
            "order_id": "1",
            "tradable_product": "tp1",
            "dir": "Buy",
            "price": "100.00",
            "quantity": "10",
            "account": "account1",
            "quote_id": None,
            "params": None,
            "time": "2024-01-01T00:00:00.000000000Z",
            "state": ["Open", "Acked"],
            "filled_qty": "0",
            "avg_fill_price": None,
        }
    ]
