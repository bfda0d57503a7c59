"""The verbs about the market: books, trades, halts, delistings, increments, limits and alerts."""

from typing import Any

import pytest

from support.steps import OTHER_PAIR, PAIR, Client, Play, ok, state, told


def book(client: Client) -> tuple[list[Any], list[Any]]:
    """Return the prices and sizes that a new subscription shows."""
    found = client.ask("SubscribeBook", tradable_product=PAIR, width=1)["Ok"]
    client.request("Unsubscribe", id=client.id)
    client.news()
    buy, sell = ([(level["price"], level["size"]) for level in found[side]] for side in ("buy", "sell"))
    return buy, sell


def test_book_replaces_the_markets_quotes() -> None:
    """A book step replaces what the market quotes, trades with orders that it crosses, and is told at once."""
    play = Play(markets={PAIR: {"bids": [[90, 1]], "asks": [[110, 1]]}})
    client = play.follow()
    client.order(3, 100)
    client.news()
    client.request("SubscribeBook", tradable_product=PAIR, width=1)
    client.news()
    play.sim.do({"book": {"product": PAIR, "bids": [[95, 7]], "asks": [[99, 2], [105, 4]]}})
    news = client.news()
    assert news[0] == (0, told(1, "Open Acked", "2", "100.00"))
    assert [message["id"] for _, message in news] == [1, 3]
    assert book(client) == ([("100.00", "1"), ("95.00", "7")], [("105.00", "4")])
    play.sim.do({"book": {"product": PAIR}})
    assert [message["id"] for _, message in client.news()] == [3]
    assert book(client) == ([("100.00", "1")], [])


def test_trade_takes_what_rests_and_prints_the_rest() -> None:
    """Somebody trades: at the price or better he takes what rests, and the rest prints at his price."""
    play = Play(markets={PAIR: {"bids": [], "asks": [["100.00", 2], ["101.00", 5]]}})
    client = play.follow()
    client.order(1, "100.50", "Sell")
    client.request("SubscribeTrades", tradable_product=PAIR)
    client.news()
    play.sim.do({"trade": {"product": PAIR, "price": "100.50", "quantity": 4}})
    news = [message for _, message in client.news()]
    assert [message for message in news if message["id"] == 1] == [told(1, "Acked Filled Out", "1", "100.50")]
    trades = [message["response"]["Ok"] for message in news if message["id"] == 3]
    assert [(trade["direction"], trade["price"], trade["size"]) for trade in trades] == [
        ("Buy", "100.00", "2"),
        ("Buy", "100.50", "1"),
        ("Buy", "100.50", "1"),
    ]
    assert book(client) == ([], [("101.00", "5")])


def test_a_seller_trades() -> None:
    """A trade can be a sale, which takes bids."""
    play = Play()
    client = play.follow()
    client.order(3, 100)
    client.news()
    play.sim.do({"trade": {"product": PAIR, "price": 99, "quantity": 2, "dir": "Sell"}})
    assert client.news() == [(0, told(1, "Open Acked", "2", "100.00"))]


def test_halt_and_resume() -> None:
    """In a halted scope new orders are rejected and resting ones stay and can be cancelled, until it is resumed."""
    scope = {"Product": "BTC Crypto"}
    play = Play(timeline=[{"at": "1s", "do": {"halt": scope}}, {"at": "2s", "do": {"resume": scope}}])
    client = play.follow()
    client.order(1, 100)
    client.order(1, 100)
    play.advance("1s")
    client.news()
    client.order(1, 100)
    client.order(1, 100, target=OTHER_PAIR)
    assert client.news()[:4] == [
        (1000, ok(4, "3")),
        (1000, told(3, "Rejected Out")),
        (1000, ok(5, "4")),
        (1000, told(4, "Open")),
    ]
    assert client.reason(3) == f"Halted: {PAIR} is halted"
    assert len(client.ask("GetHalts")["Ok"]) == 1
    assert client.state(1) == state(1, "Open Acked")
    client.cancel(2)
    assert client.news()[0] == (1000, ok(9, None))
    play.advance("1s")
    assert client.ask("GetHalts") == {"Ok": []}
    client.order(1, 100)
    assert client.news()[1:] == [(2000, told(5, "Open")), (2000, told(5, "Open Acked"))]


def test_delist_cancels_what_rests_and_takes_nothing_more() -> None:
    """A delisted product's orders are cancelled, its quotes are gone, and new orders are rejected."""
    play = Play(markets={PAIR: {"bids": [[90, 1]], "asks": []}})
    client = play.follow()
    client.order(1, 95)
    client.order(1, 95, target=OTHER_PAIR)
    client.news()
    play.sim.do({"delist": PAIR})
    assert client.news() == [(0, told(1, "Acked Canceled Out"))]
    assert client.reason(1) == f"Delisted: {PAIR} is no longer traded"
    assert book(client) == ([], [])
    client.order(1, 95)
    assert client.news()[1:] == [(0, told(3, "Rejected Out"))]
    assert client.reason(3) == f"Delisted: {PAIR} is no longer traded"


def test_increments_change_in_mid_session() -> None:
    """A product's tick and step change for new orders and in its details; what rests stays where it is."""
    play = Play()
    client = play.follow()
    client.order(1, "100.25")
    client.news()
    play.sim.do({"increments": {"product": PAIR, "quote_increment": 0.5, "base_increment": 0.1}})
    client.order(1, "100.25")
    client.order("0.15", "100.50")
    client.order("0.2", "100.50")
    assert [message for _, message in client.news() if message["id"] == 1] == [
        told(2, "Rejected Out"),
        told(3, "Rejected Out"),
        told(4, "Open"),
        told(4, "Open Acked"),
    ]
    assert client.reason(2) == "OffTick: price 100.25 is no multiple of 0.5"
    assert client.reason(3) == "OffStep: quantity 0.15 is no multiple of 0.1"
    (details,) = client.ask("GetTradableProductDetails", tradable_product=[PAIR])["Ok"]
    info = details["trade_info"]
    assert (info["quote_increment"], info["base_increment"]) == ("0.5", "0.1")
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": ["1", "4"]}


def test_limits_bind_from_now_on() -> None:
    """Limits of a scenario hold from its start; a step sets others, lifts them, and leaves what rests."""
    limit = {"set": "All", "scope": "All", "name": "MaxOrderQty"}
    play = Play(limits=[{**limit, "value": 10}])
    client = play.follow()
    client.order(11)
    client.order(10)
    client.news()
    assert (
        client.reason(1)
        == "LimitExceeded: MaxOrderQty is 10 for all accounts, all products; this order would make it 11"
    )
    play.sim.do({"limits": [{**limit, "value": 5}]})
    client.order(6)
    assert client.news()[1:] == [(0, told(3, "Rejected Out"))]
    assert client.state(2) == state(2, "Open Acked")
    play.sim.do({"limits": [limit]})
    client.order(60)
    assert client.news()[1] == (0, told(4, "Open"))


def test_alert_tells_those_who_follow_alerts() -> None:
    """An alert's words reach whoever has subscribed to alerts."""
    play = Play(timeline=[{"at": "1s", "do": {"alert": {"level": "warn", "price": "1.50"}}}])
    client, other = play.connect(), play.follow()
    client.request("SubscribeAlerts")
    assert client.news() == []
    play.advance("1s")
    assert (client.news(), other.news()) == ([(1000, ok(1, {"level": "warn", "price": "1.50"}))], [])


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/venues/COINBASE", {"/venues/COINBASE", "venues", "/venues/", "", None}),
        ("venues/COINBASE/", {"/venues/COINBASE", "venues", "/venues/", "", None}),
        ("venues/COINBASE/book", {"/venues/COINBASE", "venues", "/venues/", "", None}),
        ("venues", {"venues", "/venues/", "", None}),
        ("venues/COINBASES", {"venues", "/venues/", "", None}),
        ("accounts", {"", None}),
        (7, {"/venues/COINBASE", "venues", "/venues/", "other", "", None}),
        (None, {"/venues/COINBASE", "venues", "/venues/", "other", "", None}),
    ],
)
def test_alert_keeps_to_its_path(path: str | int | None, told: set[str | None]) -> None:
    """Those hear of an alert who follow its path, one above it, or all; one of no path is for everybody."""
    play = Play()
    followed = {each: play.connect() for each in ("/venues/COINBASE", "venues", "/venues/", "other", "", None)}
    for each, client in followed.items():
        client.request("SubscribeAlerts", path=each, seek=None)
    alert = {"path": path, "text": "maintenance"} if path is not None else {"text": "maintenance"}
    play.sim.do({"alert": alert})
    play.collect()
    assert {each: client.news() for each, client in followed.items()} == {
        each: [(0, ok(1, alert))] if each in told else [] for each in followed
    }
