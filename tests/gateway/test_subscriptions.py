"""Subscriptions: what comes first, what comes after what, and how they end."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.gateway import book_feeds, dispatch, subscriptions
from simulator.gateway.book_feeds import BookFeed
from support.gateway import Client, World

OPEN = ["Open"]
RESTS = ["Open", "Acked"]
CANCELING = ["Open", "Acked", "Canceling"]
FILLED = ["Acked", "Filled", "Out"]
CANCELED = ["Acked", "Canceled", "Out"]
SUBSCRIPTION = 1000
PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"account": "BOB", "dir": "Buy", "price": "99", "quantity": "1", "target": PAIR}


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


def test_followers_are_told_in_their_order(world: World) -> None:
    """Who sees all accounts and who sees one are told of its orders in the order in which they began to follow."""
    targets = ["/?account=BOB", "/", "/?account=DEFAULT", "/", "/?account=BOB"]
    followers = [world.connect(target) for target in targets]
    for follower in followers:
        subscribe(follower)
    before = world.sim.journal.written
    world.connect().order("Buy", "100", "1", account="BOB")
    sent = [entry for _, entry, _ in world.sim.journal.since(before) if entry[2] == "out"]
    told = [follower.session.number for follower in (followers[0], followers[1], followers[3], followers[4])]
    assert [connection for _, connection, _, data in sent if b'"Acked"' in data] == told


def test_who_has_left_is_told_nothing(world: World) -> None:
    """Followers of orders and trades are forgotten when they leave, and those who stay are told on."""
    stays, leaves, trades = world.connect("/?account=BOB"), world.connect("/?account=BOB"), world.connect()
    subscribe(stays)
    subscribe(leaves)
    trades.send(f'{{"id":1,"type":"SubscribeTrades","tradable_product":"{PAIR}"}}')
    subscribe(leaves, "Unsubscribe")
    world.sim.disconnect(trades.session)
    world.connect().order("Buy", "100", "1", account="BOB")
    assert (stays.news(), leaves.news()) == ([update("1", OPEN), update("1", RESTS)], [])


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


def test_books_that_are_shown_to_many(world: World) -> None:
    """Many who follow one book are each told of it under their own id, and one that comes later of the newest."""
    first, second = world.connect(), world.connect()
    assert first.request("SubscribeBook", tradable_product=PAIR, width=1) == [book(1, [], [])]
    second.id = 6
    assert second.request("SubscribeBook", tradable_product=PAIR, width=1) == [book(7, [], [])]
    assert first.request("SendLimitOrder", **ORDER) == [ok(2, "1"), book(1, [("99.00", "1", "1")], [])]
    assert second.news() == [book(7, [("99.00", "1", "1")], [])]
    third = world.connect()
    assert third.request("SubscribeBook", tradable_product=PAIR, width=1) == [book(1, [("99.00", "1", "1")], [])]
    assert second.request("Unsubscribe") == [err(8, "`$.id`: there is no subscription 8")]
    assert first.request("SendLimitOrder", **ORDER) == [ok(3, "2"), book(1, [("99.00", "2", "2")], [])]
    assert [client.news() for client in (second, third)] == [
        [book(7, [("99.00", "2", "2")], [])],
        [book(1, [("99.00", "2", "2")], [])],
    ]


def test_book_of_several_is_looked_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of its markets have changed together, a consolidated book is looked at once for all of them."""
    client = world.connect()
    names = [PAIR, "BTC Crypto/USD*KRAKEN/TALOS"]
    assert len(client.request("SubscribeConsolidatedBook", tradable_products=names)) == 1
    listings = [world.sim.catalogue.tradable_product(name) for name in names]
    for price, listing in enumerate(listings, 98):
        assert listing is not None
        world.sim.venue.quote(world.sim.gateway.instrument(listing), [(True, price * 10**9, 10**9)], world.sim.now)
    looks = []
    look = BookFeed.look

    def count(feed: BookFeed) -> Any:
        looks.append(feed)
        return look(feed)

    monkeypatch.setattr(BookFeed, "look", count)
    client.send('{"id":1000,"type":"GetHalts"}')
    assert client.news() == [ok(1000, []), book(1, [("99.00", "1", "1"), ("98.00", "1", "2")], [])]
    assert len(looks) == 1


def test_subscription_between_a_change_and_its_news(world: World) -> None:
    """A book that is asked for when a rule has changed it is told as it is, and then the others are told."""
    early, late = world.connect(), world.connect()
    early.request("SubscribeBook", tradable_product=PAIR, width=1)
    listing = world.sim.catalogue.tradable_product(PAIR)
    assert listing is not None
    world.sim.venue.quote(world.sim.gateway.instrument(listing), [(True, 99 * 10**9, 10**9)], world.sim.now)
    shown = [("99.00", "1", "1")], list[tuple[str, str, str]]()
    assert late.request("SubscribeBook", tradable_product=PAIR, width=1) == [book(1, *shown)]
    assert early.news() == [book(1, *shown)]


def test_book_is_told_to_all_in_their_order(make_world: Callable[..., World]) -> None:
    """All who show a book are told of a change in the order in which they began, as the journal says, under their ids.

    One message is shared by those whose ids are the same; one of a connection that is stalled is kept between them.
    """
    world = make_world()
    clients = [world.connect() for _ in range(4)]
    for number, client in zip((7, 8, 7, 7), clients, strict=True):
        client.send(f'{{"id":{number},"type":"SubscribeBook","tradable_product":"{PAIR}","width":1}}')
        client.news()
    world.sim.do({"stall": "data"}, session=clients[2].session)
    before = world.sim.journal.written
    clients[0].send(json.dumps({"id": 1, "type": "SendLimitOrder"} | ORDER))
    told = [entry for _, entry, _ in world.sim.journal.since(before) if entry[2] in ("out", "kept")]
    shown = [("99.00", "1", "1")], list[tuple[str, str, str]]()
    assert [(number, kind, json.loads(data)) for _, number, kind, data in told] == [
        (1, "out", ok(1, "1")),
        (1, "out", book(7, *shown)),
        (2, "out", book(8, *shown)),
        (3, "kept", book(7, *shown)),
        (4, "out", book(7, *shown)),
    ]
    assert told[1][3] is told[4][3]
    assert [client.news() for client in clients[1:]] == [[book(8, *shown)], [], [book(7, *shown)]]


def test_what_nobody_sees_is_not_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change behind the levels that are shown is not made a message of."""
    client = world.connect()
    client.request("SubscribeBook", tradable_product=PAIR, width=1)
    for price in range(100, 80, -1):
        client.request("SendLimitOrder", **ORDER | {"price": str(price)})
    monkeypatch.delattr(BookFeed, "encode")
    assert len(client.request("SendLimitOrder", **ORDER | {"price": "80"})) == 1


def test_slow_readers_are_told_the_newest_book(world: World) -> None:
    """A client that is behind misses books, never orders; it gets the newest when it reads on, and that is noted."""
    slow, other = world.connect(), world.connect()
    slow.request("SubscribeBook", tradable_product=PAIR, width=1)
    slow.request("SubscribeOrderState")
    world.sim.set_behind(slow.session, True)
    for _ in range(3):
        other.request("SendLimitOrder", **ORDER)
    assert [message["id"] for message in slow.news()] == [2] * 6
    world.sim.set_behind(slow.session, False)
    assert slow.news() == [book(1, [("99.00", "3", "3")], [])]
    assert [entry[1:] for entry in world.sim.journal if entry[2] == "conflated"] == [
        (1, "conflated", "2 messages of subscription 1")
    ]
    other.request("SendLimitOrder", **ORDER)
    assert slow.news()[-1] == book(1, [("99.00", "4", "4")], [])


def test_slow_reader_of_what_comes_back(world: World) -> None:
    """A client that is behind is told nothing of a book that is at last as it was shown."""
    slow, other = world.connect(), world.connect()
    slow.request("SubscribeBook", tradable_product=PAIR, width=1)
    world.sim.set_behind(slow.session, True)
    other.request("SendLimitOrder", **ORDER)
    other.request("CancelOrder", order_id="1")
    world.sim.set_behind(slow.session, False)
    assert slow.news() == []


def test_many_open_orders(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """Many open orders are told in several messages, each as it is by then, and none that is out by then."""
    monkeypatch.setattr(dispatch, "_AT_ONCE", 2)
    world = make_world()
    client, other = world.connect(), world.connect()
    for _ in range(5):
        other.order("Buy", "99", "1")
    client.send('{"id":1000,"type":"SubscribeOrderState"}')
    other.request("CancelOrder", order_id="1")
    other.request("CancelOrder", order_id="3")
    world.advance(10)
    told = [[(one["order_id"], one["state"]) for one in message["response"]["Ok"]] for message in client.news()]
    assert told == [
        [("1", RESTS), ("2", RESTS)],
        [("1", CANCELING)],
        [("1", CANCELED)],
        [("3", CANCELING)],
        [("3", CANCELED)],
        [("4", RESTS)],
        [("5", RESTS)],
    ]


def test_many_open_orders_on_a_clock_that_stands(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where time does not go on by itself a subscription begins with all open orders at once."""
    monkeypatch.setattr(dispatch, "_AT_ONCE", 2)
    client = make_world(clock="manual").connect()
    for _ in range(5):
        client.order("Buy", "99", "1")
    (message,) = subscribe(client)
    assert len(message["response"]["Ok"]) == 5


def test_too_many_subscriptions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many subscriptions are taken on one connection, and on all; one that has ended leaves room."""
    monkeypatch.setattr(subscriptions, "_MOST_OF_ONE", 2)
    monkeypatch.setattr(subscriptions, "_MOST", 3)
    one, two = world.connect(), world.connect()
    one.request("SubscribeOrderState")
    one.request("SubscribeTrades", tradable_product=PAIR)
    assert one.refused("SubscribeAlerts") == "`$.id`: expected at most 2 subscriptions on one connection"
    two.request("SubscribeAlerts")
    assert two.refused("SubscribeAlerts") == "`$.id`: expected at most 3 subscriptions on all connections"
    world.sim.disconnect(one.session)
    assert two.request("SubscribeTrades", tradable_product=PAIR) == []


def test_too_many_views_of_a_book(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many different views of one product are taken; what others show already may be shown to anybody."""
    monkeypatch.setattr(book_feeds, "_MOST_VIEWED", 3)
    pairs = [PAIR, "BTC Crypto/USD*KRAKEN/TALOS"]
    client, other = world.connect(), world.connect()
    client.request("SubscribeBook", tradable_product=PAIR, width=1)
    client.request("SubscribeConsolidatedBook", tradable_products=pairs)
    why = f"there are too many different views of {PAIR}: ask for one that others have"
    assert client.refused("SubscribeBook", tradable_product=PAIR, width=2) == why
    assert other.request("SubscribeBook", tradable_product=PAIR, width=1) == [book(1, [], [])]
    assert other.request("SubscribeBook", tradable_product=pairs[1], width=1) == [book(2, [], [])]
    client.send('{"id":2,"type":"Unsubscribe"}')
    assert client.news() == [ok(2, None)]
    assert client.request("SubscribeBook", tradable_product=PAIR, width=2) == [book(4, [], [])]


def test_candles_wait_together(client: Client) -> None:
    """However often somebody subscribes to candles and ends it, the exchange waits for their end once."""
    for _ in range(100):
        client.request("SubscribeCandles", tradable_product=PAIR, width="1d")
        client.send(f'{{"id":{client.id},"type":"Unsubscribe"}}')
    client.request("SubscribeCandles", tradable_product=PAIR, width="1d")
    client.request("SubscribeCandles", tradable_product=PAIR, width="1d")
    assert len(client.world.sim.due()) == 1
