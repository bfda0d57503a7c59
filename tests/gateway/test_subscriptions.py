"""Subscriptions: what comes first, what comes after what, and how they end."""

from typing import Any

import pytest

from support.gateway import Client, World

OPEN = ["Open"]
RESTS = ["Open", "Acked"]
CANCELING = ["Open", "Acked", "Canceling"]
FILLED = ["Acked", "Filled", "Out"]
CANCELED = ["Acked", "Canceled", "Out"]
SUBSCRIPTION = 1000


def update(order_id: str, flags: list[str], filled: str = "0", mean: str | None = None) -> dict[str, Any]:
    """Return a message that tells one order's state."""
    return ok(SUBSCRIPTION, [{"order_id": order_id, "state": flags, "filled_qty": filled, "avg_fill_price": mean}])


def ok(number: int, value: Any) -> dict[str, Any]:
    """Return a message that says Ok."""
    return {"id": number, "response": {"Ok": value}}


def err(number: int, why: str) -> dict[str, Any]:
    """Return a message that says Err."""
    return {"id": number, "response": {"Err": why}}


def subscribe(client: Client, kind: str = "SubscribeOrderState", number: int = SUBSCRIPTION) -> list[Any]:
    """Subscribe under an id of its own; return what comes at once."""
    client.send(f'{{"id":{number},"type":"{kind}"}}')
    return client.news()


def test_nothing_open(client: Client) -> None:
    """A subscription's first message is an empty list where no order is open."""
    assert subscribe(client) == [ok(SUBSCRIPTION, [])]


def test_what_is_open_comes_first(client: Client) -> None:
    """A subscription's first message is every open order, oldest first, and none that is out."""
    client.order("Buy", "100", "1")
    client.order("Buy", "90", "1")
    client.order("Sell", "100", "0.25")
    assert subscribe(client) == [
        ok(
            SUBSCRIPTION,
            [
                {"order_id": "1", "state": RESTS, "filled_qty": "0.25", "avg_fill_price": "100.00"},
                {"order_id": "2", "state": RESTS, "filled_qty": "0", "avg_fill_price": None},
            ],
        )
    ]


def test_an_orders_life(client: Client) -> None:
    """The reply comes before the order's own updates, and each change is a message of its own."""
    subscribe(client)
    terms = {"account": "ALICE", "target": "BTC Crypto/USD*COINBASE/DIRECT"}
    buy = {"dir": "Buy", "price": "100", "quantity": "3", **terms}
    assert client.request("SendLimitOrder", **buy) == [ok(1, "1"), update("1", OPEN), update("1", RESTS)]
    sell = {"dir": "Sell", "price": "100", "quantity": "1", **terms}
    assert client.request("SendLimitOrder", **sell) == [
        ok(2, "2"),
        update("2", OPEN),
        update("2", RESTS),
        update("2", FILLED, "1", "100.00"),
        update("1", RESTS, "1", "100.00"),
    ]
    assert client.request("CancelOrder", order_id="1") == [
        ok(3, None),
        update("1", CANCELING, "1", "100.00"),
        update("1", CANCELED, "1", "100.00"),
    ]
    off_tick = {"dir": "Sell", "price": "0.001", "quantity": "1", **terms}
    assert client.request("SendLimitOrder", **off_tick) == [ok(4, "3"), update("3", ["Rejected", "Out"])]
    nobody = {"dir": "Sell", "price": "1", "quantity": "1", **terms, "account": "nobody"}
    assert client.request("SendLimitOrder", **nobody) == [err(5, "`$.account`: there is no account 'nobody'")]
    assert client.request("CancelOrder", order_id="1") == [err(6, "order 1 is out already")]


def test_a_sweep_tells_each_fill(client: Client) -> None:
    """An order that takes several others tells a partial fill after each, and each of the others its end."""
    client.order("Sell", "100", "1")
    client.order("Sell", "100", "1")
    subscribe(client)
    told = client.request(
        "SendLimitOrder",
        account="BOB",
        dir="Buy",
        price="100",
        quantity="2",
        target="BTC Crypto/USD*COINBASE/DIRECT",
    )
    assert told == [
        ok(3, "3"),
        update("3", OPEN),
        update("3", RESTS),
        update("3", RESTS, "1", "100.00"),
        update("1", FILLED, "1", "100.00"),
        update("3", FILLED, "2", "100.00"),
        update("2", FILLED, "1", "100.00"),
    ]


def test_others_are_told(world: World) -> None:
    """A change that one connection causes is told on every connection that has subscribed, under its own id."""
    actor, watcher = world.connect(), world.connect()
    subscribe(watcher)
    subscribe(watcher, number=2000)
    actor.order("Buy", "100", "1")
    first, second = update("1", OPEN), update("1", RESTS)
    assert watcher.news() == [first, {**first, "id": 2000}, second, {**second, "id": 2000}]


def test_unsubscribe(client: Client) -> None:
    """A subscription ends with an Ok under its id, once; nothing comes afterwards, and the id is free again."""
    subscribe(client)
    assert subscribe(client, "Unsubscribe") == [ok(SUBSCRIPTION, None)]
    assert subscribe(client, "Unsubscribe") == [err(SUBSCRIPTION, "`$.id`: there is no subscription 1000")]
    client.order("Buy", "100", "1")
    assert len(subscribe(client)[0]["response"]["Ok"]) == 1


def test_an_id_in_use_is_refused(client: Client) -> None:
    """A second subscription under the same id is refused, whatever it is to; the first goes on."""
    subscribe(client)
    why = "`$.id`: there is a subscription 1000 already"
    assert subscribe(client) == [err(SUBSCRIPTION, why)]
    client.send('{"id":1000,"type":"SubscribeTrades","tradable_product":"BTC Crypto/USD*COINBASE/DIRECT"}')
    assert client.news() == [err(SUBSCRIPTION, why)]
    client.send('{"id":1000,"type":"GetHalts"}')
    assert client.news() == [ok(SUBSCRIPTION, [])]
    client.world.connect().order("Buy", "100", "1")
    assert client.news() == [update("1", OPEN), update("1", RESTS)]


def test_subscriptions_of_one_connection_are_its_own(world: World) -> None:
    """Two connections may use one id, and neither can end the other's subscription."""
    first, second = world.connect(), world.connect()
    subscribe(first)
    assert subscribe(second, "Unsubscribe") == [err(SUBSCRIPTION, "`$.id`: there is no subscription 1000")]
    assert subscribe(second) == [ok(SUBSCRIPTION, [])]


def test_a_closed_connection_ends_its_subscriptions(world: World) -> None:
    """What happens after a connection has closed is not said on it, and its orders stay."""
    gone, here = world.connect(), world.connect()
    gone.order("Buy", "100", "1")
    subscribe(gone)
    world.sim.disconnect(gone.session)
    here.order("Sell", "100", "0.5")
    assert gone.raw() == []
    assert here.ask("ListOpen", scope="All", set="All") == ["1"]


def test_a_refused_subscription_leaves_its_id_free(client: Client) -> None:
    """A subscription that cannot be had takes no id."""
    client.send('{"id":1000,"type":"SubscribeTrades","tradable_product":"nothing"}')
    assert client.news() == [err(SUBSCRIPTION, "`$.tradable_product`: there is no tradable product 'nothing'")]
    assert subscribe(client) == [ok(SUBSCRIPTION, [])]


def book(number: int, buy: list[tuple[str, str, str]], sell: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Return a message that shows a book."""
    sides = [[dict(zip(("price", "size", "total"), level, strict=True)) for level in side] for side in (buy, sell)]
    return ok(number, {"buy": sides[0], "sell": sides[1], "timestamp": "2024-01-01T00:00:00.000000000Z"})


def test_book(client: Client) -> None:
    """A book's message is the whole book with running totals, at once and whenever it has changed."""
    client.order("Buy", "99.98", "1")
    client.order("Buy", "99.99", "0.5")
    client.order("Sell", "100.01", "2")
    pair = "BTC Crypto/USD*COINBASE/DIRECT"
    bids, asks = [("99.99", "0.5", "0.5"), ("99.98", "1", "1.5")], [("100.01", "2", "2")]
    client.id = 10
    assert client.request("SubscribeBook", tradable_product=pair, width=1) == [book(11, bids, asks)]
    terms = {"account": "BOB", "dir": "Sell", "price": "99.99", "quantity": "0.5", "target": pair}
    assert client.request("SendLimitOrder", **terms) == [ok(12, "4"), book(11, [("99.98", "1", "1")], asks)]
    off_tick = {**terms, "price": "99.991"}
    assert client.request("SendLimitOrder", **off_tick) == [ok(13, "5")]
    assert client.request("CancelOrder", order_id="3") == [ok(14, None), book(11, [("99.98", "1", "1")], [])]


@pytest.mark.parametrize(
    ("width", "bids", "asks"),
    [
        (1, [("99.99", "1", "1"), ("99.90", "2", "3")], [("100.01", "3", "3"), ("100.10", "4", "7")]),
        (10, [("99.90", "3", "3")], [("100.10", "7", "7")]),
        (10**9, [("0.00", "3", "3")], [("10000000.00", "7", "7")]),
    ],
)
def test_book_in_buckets(
    client: Client, width: int, bids: list[tuple[str, str, str]], asks: list[tuple[str, str, str]]
) -> None:
    """A bucket of several ticks is named by the price that is worst for whoever takes it."""
    for side, price, quantity in (("Buy", "99.99", 1), ("Buy", "99.9", 2), ("Sell", "100.01", 3), ("Sell", "100.1", 4)):
        client.order(side, price, quantity)
    found = client.request("SubscribeBook", tradable_product="BTC Crypto/USD*COINBASE/DIRECT", width=width)
    assert found == [book(5, bids, asks)]


@pytest.mark.parametrize("width", [0, -1, 10**9 + 1, 10**30])
def test_book_width_out_of_bounds(client: Client, width: int) -> None:
    """A bucket narrower than a tick or absurdly wide is refused."""
    why = f"`$.width`: expected a number of ticks from 1 to 1000000000, got {width}"
    assert client.refused("SubscribeBook", tradable_product="BTC Crypto/USD*COINBASE/DIRECT", width=width) == why


def test_consolidated_book(client: Client) -> None:
    """Several books are shown as one, and told once for each change in any of them."""
    pairs = ["BTC Crypto/USD*COINBASE/DIRECT", "BTC Crypto/USD*KRAKEN/TALOS"]
    client.order("Buy", "99", "1", target=pairs[0])
    client.order("Buy", "99", "2", target=pairs[1])
    found = client.request("SubscribeConsolidatedBook", tradable_products=[*pairs, pairs[0]])
    assert found == [book(3, [("99.00", "3", "3")], [])]
    terms = {"account": "BOB", "dir": "Sell", "price": "101", "quantity": "4", "target": pairs[1]}
    shown = [("99.00", "3", "3")], [("101.00", "4", "4")]
    assert client.request("SendLimitOrder", **terms) == [ok(4, "3"), book(3, *shown)]


def test_trades(client: Client) -> None:
    """A trade is told once, with the taker's side and the maker's price; one elsewhere is not told."""
    assert client.request("SubscribeTrades", tradable_product="BTC Crypto/USD*COINBASE/DIRECT") == []
    client.order("Buy", "100", "1")
    client.order("Buy", "100", "1", target="ETH Crypto/USD*COINBASE/DIRECT")
    client.order("Sell", "100", "1", target="ETH Crypto/USD*COINBASE/DIRECT")
    terms = {"account": "BOB", "dir": "Sell", "price": "99", "quantity": "0.25"}
    assert client.request("SendLimitOrder", **terms, target="BTC Crypto/USD*COINBASE/DIRECT") == [
        ok(5, "4"),
        ok(
            1,
            {"time": "2024-01-01T00:00:00.000000000Z", "direction": "Sell", "price": "100.00", "size": "0.25"},
        ),
    ]
