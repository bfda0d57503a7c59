from typing import Any

import pytest

from simulator.catalogue import derived_id
from simulator.gateway import order_requests
from support.gateway import Client, World

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
PAIR_ID = derived_id("tradable_product", PAIR)
ETH = "ETH Crypto/USD*COINBASE/DIRECT"
DISABLED = "ETH Crypto/USD*KRAKEN/DIRECT"
UNTRADED = "ETH Crypto/USD*KRAKEN/TALOS"
RESTS = ["Open", "Acked"]
FILLED = ["Acked", "Filled", "Out"]
CANCELED = ["Acked", "Canceled", "Out"]
REJECTED = ["Rejected", "Out"]


def state(order_id: str, flags: list[str], filled: str = "0", mean: str | None = None) -> dict[str, Any]:
    """Return an order's state as the gateway gives it."""
    return {"order_id": order_id, "state": flags, "filled_qty": filled, "avg_fill_price": mean}


def details(order_id: str, **fields: Any) -> dict[str, Any]:
    """Return an order's details as the gateway gives them: of one that rests, unless fields say otherwise."""
    return {
        "order_id": order_id,
        "tradable_product": PAIR_ID,
        "dir": "Buy",
        "price": "100.00",
        "quantity": "1",
        "account": "DEFAULT",
        "quote_id": None,
        "params": None,
        "time": "2024-01-01T00:00:00.000000000Z",
        **state(order_id, RESTS),
        **fields,
    }


def positive(field: str, came: str) -> str:
    """Return what is said of a price or a quantity that is no positive decimal."""
    return f"`$.{field}`: expected a positive decimal of at most 15 digits before the point and 9 after it, got {came}"


def test_an_order_rests(client: Client) -> None:
    """An order that meets nothing gets the first id, is acked, is listed, and has all its details."""
    assert client.order("buy", "100", "1") == "1"
    assert client.ask("ListOpen", scope="All", set="All") == ["1"]
    assert client.ask("GetOrderState", order_ids=["1"]) == [state("1", RESTS)]
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [details("1")]
    assert client.ask("GetRejectReason", order_ids=["1"]) == [{"order_id": "1", "reason": None}]


def test_ids_count_up_over_connections_and_rejects(world: World) -> None:
    """Order ids count up from 1 within the exchange, whoever sends the order and whether the venue takes it."""
    first, second = world.connect(), world.connect("/architect")
    second.raw()
    ids = [first.order("buy", "1", "1"), second.order("buy", "0.001", "1"), first.order("buy", "1", "1")]
    assert ids == ["1", "2", "3"]


def test_orders_match_between_connections(world: World) -> None:
    """A seller's order fills what an earlier buyer has resting, at the buyer's price, and both are out."""
    alice, bob = world.connect(), world.connect()
    alice.order("Buy", "100.50", "2", account="ALICE")
    bob.order("Sell", "99", "2", account="BOB")
    assert bob.ask("GetOrderState", order_ids=["1", "2"]) == [
        state("1", FILLED, "2", "100.50"),
        state("2", FILLED, "2", "100.50"),
    ]
    assert alice.ask("ListOpen", scope="All", set="All") == []


def test_partial_fills(client: Client) -> None:
    """An order filled at several prices rests with what is left, and tells the mean of its prices."""
    client.order("Sell", "100.00", "1")
    client.order("Sell", "100.01", "2")
    client.order("Buy", "100.01", "5")
    assert client.ask("GetOrderState", order_ids=["1", "2", "3"]) == [
        state("1", FILLED, "1", "100.00"),
        state("2", FILLED, "2", "100.01"),
        state("3", RESTS, "3", "100.006666667"),
    ]
    client.order("Sell", "100.01", "0.5")
    assert client.ask("GetOrderState", order_ids=["3"]) == [state("3", RESTS, "3.5", "100.007142857")]


def test_cancel(client: Client) -> None:
    """A cancelled order is out with what it was filled, and cannot be cancelled again."""
    client.order("Buy", "100", "2")
    client.order("Sell", "100", "0.5")
    assert client.ask("CancelOrder", order_id="1") is None
    assert client.ask("GetOrderState", order_ids=["1"]) == [state("1", CANCELED, "0.5", "100.00")]
    assert client.refused("CancelOrder", order_id="1") == "order 1 is out already"
    assert client.refused("CancelOrder", order_id="2") == "order 2 is out already"
    client.order("Sell", "100", "1")
    assert client.ask("ListOpen", scope="All", set="All") == ["3"]


def test_cancel_of_a_rejected_order(client: Client) -> None:
    """An order that the venue rejected is out, so there is nothing to cancel."""
    client.order("Buy", "100.001", "1")
    assert client.refused("CancelOrder", order_id="1") == "order 1 is out already"


@pytest.mark.parametrize(
    "order_id", ["2", "0", "-1", "", "01", "1.0", "+1", " 1", "\u0661", "order1", 2, 0, -1, 10**30]
)
def test_cancel_of_an_unknown_order(client: Client, order_id: str | int) -> None:
    """An id that no order has is named."""
    client.order("Buy", "100", "1")
    assert client.refused("CancelOrder", order_id=order_id) == f"there is no order {str(order_id)!r}"
    assert client.ask("ListOpen", scope="All", set="All") == ["1"]


def test_an_order_id_may_be_a_number(client: Client) -> None:
    """An order is found by its id as a number as well as by its text, and told once however often it is asked for."""
    client.order("Buy", "100", "1")
    assert client.ask("GetOrderState", order_ids=[1, "1", 1]) == [state("1", RESTS)]
    assert client.ask("CancelOrder", order_id=1) is None


@pytest.mark.parametrize("kind", ["GetOrderState", "GetOrderDetails", "GetRejectReason"])
def test_unknown_orders_are_left_out(client: Client, kind: str) -> None:
    """Of ids in an array, those of no order are left out and the rest keep their order."""
    client.order("Buy", "100", "1")
    client.order("Buy", "100", "1")
    found = client.ask(kind, order_ids=["3", "2", "x", 0, -1, 10**30, "1" * 100, 1])
    assert [order["order_id"] for order in found] == ["2", "1"]


def test_an_account_that_has_been_named_before_is_still_not_anothers(world: World) -> None:
    """A connection that is bound to an account sends no order for another, though somebody has sent just that one."""
    assert world.connect("/").order("Buy", "1", "1", account="ALICE") == "1"
    bob = world.connect("/architect?account=BOB")
    bob.raw()
    terms = {"account": "ALICE", "dir": "Buy", "price": "1", "quantity": "1", "target": PAIR}
    why = "`$.account`: this connection is bound to the account 'BOB', not 'ALICE'"
    assert bob.refused("SendLimitOrder", **terms) == why


@pytest.mark.parametrize("account", ["DEFAULT", "Default", "default", "dEfAuLt"])
def test_an_account_is_known_whatever_its_case(client: Client, account: str) -> None:
    """An order for an account in any case belongs to the account by its own name."""
    client.order("Buy", "100", "1", account=account)
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [details("1")]
    assert client.ask("ListOpen", scope="All", set={"Account": account}) == ["1"]


@pytest.mark.parametrize("side", ["Sell", "sell", "SELL", "sElL"])
def test_a_side_is_known_whatever_its_case(client: Client, side: str) -> None:
    """An order's side comes in any case and goes out in one."""
    client.order(side, "100", "1")
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [details("1", dir="Sell")]


@pytest.mark.parametrize("target", [PAIR, PAIR_ID, PAIR_ID.upper()])
def test_a_target_is_known_by_name_or_id(client: Client, target: str) -> None:
    """An order's product is found by its name, and by its id in any case."""
    client.order("Buy", "100", "1", target=target)
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [details("1")]


@pytest.mark.parametrize(
    ("params", "echoed"),
    [
        ("null", b"null"),
        ("{}", b"{}"),
        ('{"a" : [1, 2.50, 1e400, "\\u00e9", 12345678901234567890]}', None),
    ],
)
def test_params_come_back_as_they_were_sent(client: Client, params: str, echoed: bytes | None) -> None:
    """An order's parameters are kept to the letter."""
    client.send(
        '{"id":1,"type":"SendLimitOrder","account":"DEFAULT","dir":"Buy","price":"1","quantity":"1",'
        f'"target":"{PAIR}","params":{params}}}'
    )
    client.send('{"id":2,"type":"GetOrderDetails","order_ids":["1"]}')
    _, found = client.raw()
    assert b'"quote_id":null,"params":%b,"time"' % (echoed or params.encode()) in found


@pytest.mark.parametrize(("params", "came"), [("[]", "[]"), ('"a"', '"a"'), ("5", "5"), ("false", "false")])
def test_params_are_an_object_or_null(client: Client, params: str, came: str) -> None:
    """Parameters that are no object are refused, and no order exists."""
    client.send(
        '{"id":1,"type":"SendLimitOrder","account":"DEFAULT","dir":"Buy","price":"1","quantity":"1",'
        f'"target":"{PAIR}","params":{params}}}'
    )
    why = f"`$.params`: expected an object or null, got {came}"
    assert client.news() == [{"id": 1, "response": {"Err": why}}]
    assert client.ask("GetOrderState", order_ids=["1"]) == []


def test_params_and_quote_ids_are_not_long(client: Client) -> None:
    """Parameters of 1,024 bytes are taken and handed back, and longer ones refused, as are quote ids."""
    longest = {"note": "a" * 1012}
    client.order("Buy", "100", "1", params=longest)
    (kept,) = client.ask("GetOrderDetails", order_ids=["1"])
    assert kept["params"] == longest
    begin = '{"id":7,"type":"SendLimitOrder","account":"DEFAULT","dir":"Buy","price":"1","quantity":"1"'
    client.send(f'{begin},"target":"{PAIR}","params":{{"a":"{"b" * 1017}"}}}}')
    client.send(f'{begin},"target":"{PAIR}","quote_id":"{"b" * 257}"}}')
    assert client.news() == [
        {"id": 7, "response": {"Err": "`$.params`: expected at most 1024 bytes, got 1025"}},
        {"id": 7, "response": {"Err": "`$.quote_id`: expected at most 256 characters, got 257"}},
    ]
    assert client.ask("ListOpen", scope="All", set="All") == ["1"]


@pytest.mark.parametrize(
    ("price", "quantity", "shown"),
    [
        ("0.07", "0.001", ("0.07", "0.001")),
        ("99999999999999.99", "999999999999999.999", ("99999999999999.99", "999999999999999.999")),
        ("100000000000000.03", "100000000000000.001", ("100000000000000.03", "100000000000000.001")),
        ("1.10000", "1.000000000", ("1.10", "1")),
    ],
)
@pytest.mark.parametrize("quote", ['"', ""])
def test_decimals_are_exact(client: Client, price: str, quantity: str, shown: tuple[str, str], quote: str) -> None:
    """A price and a quantity keep all their digits, as strings and as JSON numbers that no float holds."""
    client.send(
        '{"id":1,"type":"SendLimitOrder","account":"DEFAULT","dir":"Buy",'
        f'"price":{quote}{price}{quote},"quantity":{quote}{quantity}{quote},"target":"{PAIR}"}}'
    )
    client.raw()
    assert client.ask("GetOrderDetails", order_ids=["1"]) == [details("1", price=shown[0], quantity=shown[1])]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"price": "0"}, positive("price", '"0"')),
        ({"price": "-1"}, positive("price", '"-1"')),
        ({"price": "-0"}, positive("price", '"-0"')),
        ({"price": "NaN"}, positive("price", '"NaN"')),
        ({"price": "1e20"}, positive("price", '"1e20"')),
        ({"price": 0}, positive("price", "0")),
        ({"price": None}, positive("price", "null")),
        ({"price": {"a": 1}}, positive("price", '{"a": 1}')),
        ({"quantity": "0"}, positive("quantity", '"0"')),
        ({"quantity": "Infinity"}, positive("quantity", '"Infinity"')),
        ({"quantity": "0.0000000001"}, positive("quantity", '"0.0000000001"')),
        ({"quantity": "1000000000000000"}, positive("quantity", '"1000000000000000"')),
        ({"quantity": "9" * 100}, positive("quantity", '"' + "9" * 79 + "…")),
        ({"quantity": True}, positive("quantity", "true")),
        ({"account": "nobody"}, "`$.account`: there is no account 'nobody'"),
        ({"account": ""}, "`$.account`: there is no account ''"),
        ({"account": "x" * 100}, f"`$.account`: there is no account '{'x' * 80}…'"),
        ({"target": "nothing"}, "`$.target`: there is no tradable product 'nothing'"),
        (
            {"target": PAIR.lower()},
            f"`$.target`: there is no tradable product {PAIR.lower()!r}; did you mean {PAIR!r}?",
        ),
        ({"target": "BTC Crypto"}, "`$.target`: there is no tradable product 'BTC Crypto'"),
        ({"target": UNTRADED}, f"`$.target`: {UNTRADED} is quoted but not traded"),
    ],
)
def test_the_gateway_does_not_take_an_order(client: Client, fields: dict[str, Any], why: str) -> None:
    """An order for an unknown account or product, or without a positive price and quantity, never exists."""
    terms = {"account": "DEFAULT", "dir": "Buy", "price": "1", "quantity": "1", "target": PAIR}
    assert client.refused("SendLimitOrder", **terms | fields) == why
    assert client.ask("GetOrderState", order_ids=["1"]) == []
    assert client.order("Buy", "1", "1") == "1"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": "100.001"}, "OffTick: price 100.001 is no multiple of 0.01"),
        ({"quantity": "0.0001"}, "OffStep: quantity 0.0001 is no multiple of 0.001"),
        ({"target": DISABLED}, f"ProductDisabled: {DISABLED} is disabled"),
    ],
)
def test_the_venue_rejects_an_order(client: Client, fields: dict[str, Any], reason: str) -> None:
    """An order that only the venue refuses is taken, rejected, out, and has a reason."""
    terms = {"account": "DEFAULT", "dir": "Buy", "price": "1", "quantity": "1", "target": PAIR}
    assert client.ask("SendLimitOrder", **terms | fields) == "1"
    assert client.ask("GetOrderState", order_ids=["1"]) == [state("1", REJECTED)]
    assert client.ask("GetRejectReason", order_ids=["1"]) == [{"order_id": "1", "reason": reason}]
    assert client.ask("ListOpen", scope="All", set="All") == []


SCOPES = [
    ("All", ["1", "2", "3"]),
    ({"TradableProduct": PAIR}, ["1"]),
    ({"TradableProduct": PAIR_ID}, ["1"]),
    ({"TradableProduct": PAIR_ID.upper()}, ["1"]),
    (PAIR, ["1"]),
    (PAIR_ID, ["1"]),
    ({"Product": "BTC Crypto"}, ["1", "2"]),
    ({"Product": derived_id("product", "BTC Crypto")}, ["1", "2"]),
    ("BTC Crypto", ["1", "2"]),
    ({"Product": "USD"}, []),
    ({"Venue": "COINBASE"}, ["1", "3"]),
    ({"Venue": derived_id("venue", "COINBASE")}, ["1", "3"]),
    ("KRAKEN", ["2"]),
    ({"Route": "DIRECT"}, ["1", "3"]),
    (derived_id("route", "TALOS"), ["2"]),
]


@pytest.mark.parametrize(("scope", "found"), SCOPES)
def test_open_orders_within_a_scope(client: Client, scope: Any, found: list[str]) -> None:
    """A scope takes in a product, a base, a venue or a route, by name or id or as a bare word."""
    for target in (PAIR, "BTC Crypto/USD*KRAKEN/TALOS", ETH):
        client.order("Buy", "1", "1", target=target)
    assert client.ask("ListOpen", scope=scope, set="All") == found


@pytest.mark.parametrize(
    ("whose", "found"),
    [
        ("All", ["1", "2", "3"]),
        ({"Account": "ALICE"}, ["1", "3"]),
        ({"Account": "bob"}, ["2"]),
        ("alice", ["1", "3"]),
        ("DEFAULT", []),
    ],
)
def test_open_orders_of_a_set(client: Client, whose: Any, found: list[str]) -> None:
    """A set is everybody, or an account in any case, and orders come oldest first."""
    for account in ("ALICE", "BOB", "ALICE"):
        client.order("Buy", "1", "1", account=account)
    assert client.ask("ListOpen", scope="All", set=whose) == found


KINDS = (
    '"All", {"TradableProduct": id}, {"Product": id}, {"Venue": id}, {"Route": id}, or the name or id of one such thing'
)


@pytest.mark.parametrize("kind", ["ListOpen", "ListFills"])
@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ("all", f"expected {KINDS}, got 'all'"),
        ("", f"expected {KINDS}, got ''"),
        ("x" * 100, f"expected {KINDS}, got '{'x' * 80}…'"),
        (None, f"expected {KINDS}, got null"),
        (5, f"expected {KINDS}, got a number"),
        (True, f"expected {KINDS}, got true"),
        ([], f"expected {KINDS}, got an array"),
        ({}, f"expected {KINDS}, got an object with 0 keys"),
        ({"Base": "BTC Crypto"}, f"expected {KINDS}, got an object with the key 'Base'"),
        ({"Venue": 5}, f"expected {KINDS}, got an object with the key 'Venue'"),
        ({"Venue": "KRAKEN", "Route": "DIRECT"}, f"expected {KINDS}, got an object with 2 keys"),
        ({"Venue": "DIRECT"}, "there is no Venue 'DIRECT'"),
    ],
)
def test_a_scope_that_is_none(client: Client, kind: str, scope: Any, why: str) -> None:
    """What is no scope is told what may stand there and what came."""
    assert client.refused(kind, scope=scope, set="All") == f"`$.scope`: {why}"


@pytest.mark.parametrize("kind", ["ListOpen", "ListFills"])
@pytest.mark.parametrize(
    ("whose", "came"),
    [
        ("all", "'all'"),
        ({"Account": "nobody"}, "'nobody'"),
        ({"Account": 5}, "a number"),
        ({"account": "ALICE"}, "an object with the key 'account'"),
        (None, "null"),
        (["ALICE"], "an array"),
    ],
)
def test_a_set_that_is_none(client: Client, kind: str, whose: Any, came: str) -> None:
    """What is no set is told what may stand there, with the accounts that there are."""
    assert client.refused(kind, scope="All", set=whose) == (
        f'`$.set`: expected "All", {{"Account": name}} or the name of an account (DEFAULT, ALICE, BOB), got {came}'
    )


def test_as_many_open_orders_as_there_may_be(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """When as many orders are open as may be no more are taken, until some are out."""
    monkeypatch.setattr(order_requests, "_MOST_OPEN", 2)
    for _ in range(2):
        client.order("Buy", "100", "1")
    terms = {"account": "DEFAULT", "dir": "Buy", "price": "100", "quantity": "1", "target": PAIR}
    assert client.refused("SendLimitOrder", **terms) == (
        "the exchange has 2 open orders, and takes no more before some are out"
    )
    client.ask("CancelOrder", order_id="1")
    assert client.order("Buy", "100", "1") == "3"
