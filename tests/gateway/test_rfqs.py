"""Quotes on request: what they say of the book, and that each is good for one order."""

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from simulator.command_log import state_hash
from simulator.gateway import rfqs
from simulator.simulation import Simulation
from support.gateway import PAIR, Client, World, quiet_catalogue

ASKED = {"base": "BTC Crypto", "quote": "USD", "venues": ["COINBASE"]}
OTHER = "BTC Crypto/USD*KRAKEN/TALOS"


@pytest.fixture
def client() -> Client:
    """A client of a market with three bids and three offers of others."""
    world = World(quiet_catalogue(), seed=7)
    maker = world.connect()
    for side, price, quantity in (
        ("Buy", "99", "1"),
        ("Buy", "98", "2"),
        ("Buy", "90", "4"),
        ("Sell", "101", "1"),
        ("Sell", "102.50", "2"),
        ("Sell", "110", "4"),
    ):
        maker.order(side, price, quantity, account="BOB")
    return world.connect()


def quote(client: Client, quantity: str = "2") -> dict[str, Any]:
    """Ask for a quote and return it."""
    found: dict[str, Any] = client.ask("SendRfqs", query={**ASKED, "quantity": quantity})[0]
    return found


def fills(client: Client, order_id: str) -> list[tuple[str, str, str, str]]:
    """Return side, quantity, price and liquidity of an order's fills."""
    details = client.ask("GetFillDetails", fill_ids=client.ask("ListFills", scope="All", set="All"))
    own = [fill for fill in details if fill["order_id"] == order_id]
    return [(fill["dir"], fill["quantity"], fill["price"], fill["liquidity"]) for fill in own]


def shown(client: Client) -> dict[str, list[tuple[Fraction, Fraction]]]:
    """Return the book as a subscription shows it: price and size of each level."""
    (message,) = client.request("SubscribeBook", tradable_product=PAIR, width=1)
    client.send(json.dumps({"id": client.id, "type": "Unsubscribe"}))
    client.news()
    book = message["response"]["Ok"]
    return {
        side: [(Fraction(each["price"]), Fraction(each["size"])) for each in book[side]]
        for side in book
        if side != "timestamp"
    }


def swept(levels: list[tuple[Fraction, Fraction]], quantity: Fraction) -> Fraction | None:
    """Return what a quantity costs a unit, level by level, or None if there is not so much."""
    cost, left = Fraction(), quantity
    for price, size in levels:
        part = min(size, left)
        cost += part * price
        left -= part
    return None if left else cost / quantity


@pytest.mark.parametrize("quantity", ["0.001", "0.7", "1", "1.001", "2", "2.999", "3", "6.543", "7", "7.001"])
def test_a_quote_is_what_the_book_would_give(client: Client, quantity: str) -> None:
    """A quote is the average price of the quantity, rounded to the tick against who asks; null beyond the book."""
    book, cent = shown(client), Fraction("0.01")
    buy, sell = (swept(book[side], Fraction(quantity)) for side in ("sell", "buy"))
    found = quote(client, quantity)
    if buy is None or sell is None:
        assert (found["buy"], found["sell"], found["quote_id"]) == (None, None, None)
    else:
        offered, bid = Fraction(found["buy"]), Fraction(found["sell"])
        assert offered % cent == bid % cent == 0
        assert 0 <= offered - buy < cent
        assert 0 <= sell - bid < cent
    assert found["quantity"] == quantity


def test_an_order_takes_its_quote_once(client: Client) -> None:
    """A firm order trades whole, at the quote's price, and leaves the book as it was; the quote is gone then."""
    found, before = quote(client), shown(client)
    assert (found["buy"], found["sell"]) == ("101.75", "98.50")
    order_id = client.order("Buy", "105", "2", quote_id=found["quote_id"])
    assert fills(client, order_id) == [("Buy", "2", "101.75", "Taker")]
    (details,) = client.ask("GetOrderDetails", order_ids=[order_id])
    assert (details["state"], details["quote_id"]) == (["Acked", "Filled", "Out"], found["quote_id"])
    assert shown(client) == before
    why = f"`$.quote_id`: there is no quote '{found['quote_id']}' that holds: it may have been taken"
    terms = {"dir": "Buy", "price": "105", "quantity": "2", "target": PAIR, "account": "DEFAULT"}
    assert client.refused("SendLimitOrder", **terms, quote_id=found["quote_id"]) == why
    assert client.ask("ListOpen", scope="All", set={"Account": "DEFAULT"}) == []


def test_a_quote_is_taken_on_either_side_and_in_part(client: Client) -> None:
    """A quote is for who buys or who sells, its quantity or less; its id is the same in any case."""
    order_id = client.order("Sell", "98.5", "0.5", quote_id=quote(client)["quote_id"].upper())
    assert fills(client, order_id) == [("Sell", "0.5", "98.50", "Taker")]


def test_quotes_have_ids_of_their_own(client: Client) -> None:
    """Each quote has another id, the same in every world of a seed; each holds for itself."""
    ids = [quote(client)["quote_id"] for _ in range(3)]
    assert len(set(ids)) == 3
    for quote_id in ids[1:]:
        client.order("Buy", "105", "1", quote_id=quote_id)
    client.order("Buy", "105", "1", quote_id=ids[0])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"quote_id": "mine"}, "`$.quote_id`: there is no quote 'mine' that holds: it may have been taken"),
        ({"quote_id": ""}, "`$.quote_id`: there is no quote '' that holds: it may have been taken"),
        ({"target": OTHER}, f"`$.quote_id`: the quote is for {PAIR}, not for {OTHER}"),
        ({"quantity": "2.001"}, "`$.quantity`: the quote is for 2 at most, got 2.001"),
        ({"price": "101.74"}, "`$.price`: the quote is 101.75, which 101.74 does not reach"),
        ({"dir": "Sell", "price": "98.51"}, "`$.price`: the quote is 98.50, which 98.51 does not reach"),
    ],
)
def test_an_order_that_does_not_fit_its_quote_is_refused(client: Client, changed: dict[str, str], why: str) -> None:
    """An unknown quote, or terms that it does not promise, get an Err: no order exists, and the quote still holds."""
    quote_id = quote(client)["quote_id"]
    terms = {"dir": "Buy", "price": "101.75", "quantity": "2", "target": PAIR, "account": "DEFAULT"}
    assert client.refused("SendLimitOrder", **{**terms, "quote_id": quote_id, **changed}) == why
    assert len(client.ask("ListOpen", scope="All", set="All")) == 6
    assert fills(client, client.order("Buy", "101.75", "2", quote_id=quote_id)) == [("Buy", "2", "101.75", "Taker")]


def test_a_quote_of_one_side(client: Client) -> None:
    """Where the book has but one side, the quote has an id and one price, and the other side is refused."""
    client.ask("SendLimitOrder", dir="Buy", price="110", quantity="7", target=PAIR, account="DEFAULT")
    found = quote(client)
    assert (found["buy"], found["sell"]) == (None, "98.50")
    terms = {"dir": "Buy", "price": "500", "quantity": "1", "target": PAIR, "account": "DEFAULT"}
    why = "`$.dir`: the quote has no price for those who buy"
    assert client.refused("SendLimitOrder", **terms, quote_id=found["quote_id"]) == why


def test_what_the_venue_refuses_takes_no_quote(client: Client) -> None:
    """An order that is off the step or breaks a limit is rejected as ever, and its quote still holds."""
    quote_id = quote(client)["quote_id"]
    limit = {"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "1"}
    client.ask("SetLimits", limits=[limit])
    for quantity, reason in (("0.0005", "OffStep"), ("1.5", "LimitExceeded")):
        order_id = client.order("Buy", "105", quantity, quote_id=quote_id)
        (rejected,) = client.ask("GetRejectReason", order_ids=[order_id])
        assert str(rejected["reason"]).startswith(reason)
    assert fills(client, client.order("Buy", "105", "1", quote_id=quote_id)) == [("Buy", "1", "101.75", "Taker")]


def test_unknown_venues_are_named(client: Client) -> None:
    """A venue that nobody knows is refused with its place, once or for a subscription; no venues at all are all."""
    named = {**ASKED, "quantity": "1", "venues": ["COINBASE", "NOWHERE"]}
    why = "venues[1]`: there is no venue 'NOWHERE'"
    assert client.refused("SendRfqs", query=named) == f"`$.query.{why}"
    assert client.refused("SubscribeRfqs", **named) == f"`$.{why}"
    assert len(client.ask("SendRfqs", query={**named, "venues": None})) == 2
    assert client.ask("SendRfqs", query={**named, "venues": []}) == []


def messages(client: Client) -> Iterator[dict[str, Any]]:
    """Return the quotes that a subscription has shown since the last look."""
    for message in client.news():
        (found,) = message["response"]["Ok"]
        yield found


def test_who_follows_quotes_is_shown_another_when_one_is_taken(client: Client) -> None:
    """A subscription shows a quote that holds: at once, at every change of its price, and when it was taken."""
    follower = client.world.connect()
    (message,) = follower.request("SubscribeRfqs", **ASKED, quantity="2")
    (first,) = message["response"]["Ok"]
    client.order("Sell", "100", "1")
    (second,) = messages(follower)
    assert (first["buy"], second["buy"]) == ("101.75", "100.50")
    for followed in (first, second):
        order_id = client.order("Buy", followed["buy"], "2", quote_id=followed["quote_id"])
        assert fills(client, order_id) == [("Buy", "2", followed["buy"], "Taker")]
        (renewed,) = messages(follower)
        assert {**renewed, "quote_id": None} == {**second, "quote_id": None}
        assert renewed["quote_id"] not in (first["quote_id"], second["quote_id"])
    client.order("Buy", "1", "1")
    assert list(messages(follower)) == []


def test_the_oldest_quotes_lapse(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many quotes hold at a time, the newest."""
    monkeypatch.setattr(rfqs, "_MOST_HELD", 2)
    ids = [quote(client)["quote_id"] for _ in range(3)]
    terms = {"dir": "Buy", "price": "105", "quantity": "1", "target": PAIR, "account": "DEFAULT"}
    assert "there is no quote" in client.refused("SendLimitOrder", **terms, quote_id=ids[0])
    for quote_id in ids[1:]:
        client.order("Buy", "105", "1", quote_id=quote_id)


def test_quotes_of_more_than_the_best_levels(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote takes the best levels alone, and is null where these have not so much."""
    monkeypatch.setattr(rfqs, "_MOST_SWEPT", 2)
    assert [quote(client, quantity)["sell"] for quantity in ("3", "3.001")] == ["98.33", None]


def test_a_trade_by_quote_is_printed(client: Client) -> None:
    """What a quote trades is told to who follows trades, as any trade is."""
    follower = client.world.connect()
    follower.request("SubscribeTrades", tradable_product=PAIR)
    client.order("Sell", "98", "1", quote_id=quote(client)["quote_id"])
    told = {"time": "2024-01-01T00:00:00.000000000Z", "direction": "Sell", "price": "98.50", "size": "1"}
    assert follower.news() == [{"id": 1, "response": {"Ok": told}}]


@pytest.mark.parametrize("steps", [["ack", "match"], [{"delay": "1s"}, "match"], [{"fill": "100%"}, "ack"]])
def test_a_script_lets_a_quote_trade(steps: list[Any]) -> None:
    """An order that a rule takes trades by its quote when the script lets it, whatever the book is by then."""
    market = {PAIR: {"bids": [["98.00", "5"]], "asks": [["102.00", "5"]]}}
    rule = {"when": {"request": "SendLimitOrder"}, "then": steps}
    world = World("default", scenario={"rules": [rule], "markets": market}, seed=7)
    client = world.connect()
    quote_id = quote(client)["quote_id"]
    world.sim.do({"book": {"product": PAIR, "bids": [["90.00", "5"]], "asks": [["91.00", "5"]]}})
    order_id = client.order("Buy", "103", "2", quote_id=quote_id)
    world.advance(2_000_000_000)
    assert fills(client, order_id) == [("Buy", "2", "102.00", "Taker")]
    terms = {"dir": "Buy", "price": "105", "quantity": "1", "target": PAIR, "account": "DEFAULT"}
    assert "there is no quote" in client.refused("SendLimitOrder", **terms, quote_id=quote_id)


def test_quotes_that_a_scenario_tells_hold() -> None:
    """What a rule says in reply to a request for quotes is promised as if the market had said it, as far as it says."""
    told = [
        {
            "quote_id": "Mine",
            "tradable_product": PAIR,
            "buy": 41000.5,
            "sell": "40000",
            "quantity": 3,
            "venue": "COINBASE",
        },
        {"quote_id": "half", "tradable_product": PAIR, "buy": None, "sell": "40001", "quantity": "1"},
        {"quote_id": "none", "tradable_product": "nothing", "buy": "1", "sell": "1", "quantity": "1"},
    ]
    rule = {"when": {"request": "SendRfqs", "nth": 1}, "then": [{"reply": {"Ok": told}}]}
    other = {"when": {"request": "SendRfqs", "nth": 2}, "then": [{"reply": {"Ok": "no quotes"}}]}
    world = World("default", scenario={"rules": [rule, other]}, seed=7)
    client = world.connect()
    asked = {**ASKED, "quantity": "3"}
    assert client.ask("SendRfqs", query=asked) == told
    assert client.ask("SendRfqs", query=asked) == "no quotes"
    assert fills(client, client.order("Buy", "41001", "2", quote_id="mine")) == [("Buy", "2", "41000.50", "Taker")]
    assert fills(client, client.order("Sell", "40001", "1", quote_id="half")) == [("Sell", "1", "40001.00", "Taker")]
    terms = {"dir": "Buy", "price": "105", "quantity": "1", "target": PAIR, "account": "DEFAULT"}
    for quote_id in ("mine", "half", "none"):
        assert "there is no quote" in client.refused("SendLimitOrder", **terms, quote_id=quote_id)


def test_quotes_that_hold_are_part_of_the_state() -> None:
    """Two worlds of which one has given a quote are not the same, as an order may take it."""
    worlds = [Simulation(catalogue=quiet_catalogue(), seed=7) for _ in range(2)]
    for world, ask in zip(worlds, (False, True), strict=True):
        session = world.connect("/")
        order = {"dir": "Buy", "price": "99", "quantity": "5", "target": PAIR, "account": "DEFAULT"}
        world.receive(session, json.dumps({"id": 1, "type": "SendLimitOrder", **order}))
        if ask:
            world.receive(session, json.dumps({"id": 2, "type": "SendRfqs", "query": {**ASKED, "quantity": "1"}}))
        world.take()
    assert state_hash(worlds[0]) != state_hash(worlds[1])
