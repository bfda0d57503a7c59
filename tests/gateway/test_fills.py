from collections.abc import Callable
from typing import Any
from uuid import RFC_4122, UUID

import pytest

from simulator.catalogue import derived_id
from simulator.exchange.fills import Fills
from simulator.exchange.orders import Fill
from simulator.gateway import dispatch
from simulator.gateway.fill_ids import FillIds
from support.gateway import Client, World

PAIR_ID = derived_id("tradable_product", "BTC Crypto/USD*COINBASE/DIRECT")
ETH = "ETH Crypto/USD*COINBASE/DIRECT"


def fill(fill_id: str, order_id: str, **fields: Any) -> dict[str, Any]:
    """Return a fill's details as the gateway gives them."""
    return {
        "fill_id": fill_id,
        "kind": "Normal",
        "order_id": order_id,
        "tradable_product": PAIR_ID,
        "quantity": "0.5",
        "price": "100.10",
        "recv_time": "2024-01-01T00:00:01.000000002Z",
        "trade_time": "2024-01-01T00:00:01.000000002Z",
        **fields,
    }


def test_both_sides_of_a_trade(world: World) -> None:
    """A trade gives its taker a fill and then its maker one, at the maker's price, both at the time of the trade."""
    client = world.connect()
    client.order("Buy", "100.1", "2", account="ALICE")
    world.advance(1_000_000_002)
    client.order("Sell", "99", "0.5", account="BOB")
    taker, maker = client.ask("ListFills", scope="All", set="All")
    assert client.ask("GetFillDetails", fill_ids=[taker, maker]) == [
        fill(taker, "2", dir="Sell", account="BOB", liquidity="Taker"),
        fill(maker, "1", dir="Buy", account="ALICE", liquidity="Maker"),
    ]


def test_fills_are_asked_for_by_id(client: Client) -> None:
    """Fills come in the order asked for, by ids in any case, each once; ids of none are left out."""
    client.order("Buy", "100", "1")
    client.order("Sell", "100", "1")
    first, second = client.ask("ListFills", scope="All", set="All")
    asked = [second.upper(), "fill1", "", first, "1", first]
    assert [found["fill_id"] for found in client.ask("GetFillDetails", fill_ids=asked)] == [second, first]


@pytest.mark.parametrize(
    ("scope", "whose", "found"),
    [
        ("All", "All", ["2", "1", "4", "3"]),
        ("All", {"Account": "ALICE"}, ["1", "4"]),
        ("All", "bob", ["2", "3"]),
        (ETH, "All", ["4", "3"]),
        ({"Product": "BTC Crypto"}, "ALICE", ["1"]),
        ({"Route": "TALOS"}, "All", []),
    ],
)
def test_fills_within_scope_and_set(client: Client, scope: Any, whose: Any, found: list[str]) -> None:
    """Fills are listed oldest first, those of the accounts and instruments asked for."""
    client.order("Buy", "100", "1", account="ALICE")
    client.order("Sell", "100", "1", account="BOB")
    client.order("Buy", "10", "1", account="BOB", target=ETH)
    client.order("Sell", "10", "1", account="ALICE", target=ETH)
    fills = client.ask("GetFillDetails", fill_ids=client.ask("ListFills", scope=scope, set=whose))
    assert [fill["order_id"] for fill in fills] == found


def test_fill_ids_are_of_the_seed(world: World) -> None:
    """A fill's id is a UUID of version 5, made of the seed and the fill's number alone."""
    client = world.connect()
    client.order("Buy", "1", "1")
    client.order("Sell", "1", "1")
    assert client.ask("ListFills", scope="All", set="All") == [
        "ca59b41a-9837-52fd-881e-aa34400c1d9a",
        "ca59b41a-9837-52fd-881e-486bb9c59ce5",
    ]


def test_old_fills_and_orders_are_forgotten(make_world: Callable[..., World]) -> None:
    """Beyond the limit the oldest are unknown, under the very ids that named them; the newest keep theirs."""
    client = make_world(history_limit=16).connect()
    client.order("Sell", "100", "50")
    ids: list[str] = []
    for number in range(2, 22):
        assert client.order("Buy", "100", "1") == str(number)
        ids += [fill_id for fill_id in client.ask("ListFills", scope="All", set="All") if fill_id not in ids]
    kept = client.ask("ListFills", scope="All", set="All")
    assert (len(ids), kept) == (40, ids[-18:])  # up to an eighth more than sixteen
    details = client.ask("GetFillDetails", fill_ids=ids)
    assert [found["fill_id"] for found in details] == kept
    states = client.ask("GetOrderState", order_ids=[str(number) for number in range(1, 22)])
    assert [state["order_id"] for state in states] == ["1", *map(str, range(6, 22))]
    assert client.refused("CancelOrder", order_id="5") == "there is no order '5'"


def test_ids_under_which_forgotten_fills_were_repeated(make_world: Callable[..., World]) -> None:
    """However many fills are made, listed and told twice, no more ids are kept than fills."""
    world = make_world(history_limit=8)
    client = world.connect()
    client.order("Sell", "100", "200")
    ids, fills = world.sim.gateway.fill_ids, world.sim.venue.fills
    client.order("Buy", "100", "1")
    first = ids.text(1)
    for _ in range(150):
        client.order("Buy", "100", "1")
        ids.repeat(fills.made, renamed=True)
        (listed,) = client.ask("ListFills", scope="All", set="All")[-1:]
        assert client.ask("GetFillDetails", fill_ids=[listed])[0]["fill_id"] == listed
    kept = [fill.number for fill in fills]
    assert ids.text(1) == first  # a reversal tells of which fill, kept or not
    assert (ids.number(first), ids.number(ids.text(fills.made + 1))) == (None, None)
    assert list(ids.repeats) == [number for number in kept if number % 2 == 0]


def test_every_fill_has_an_id_of_its_own() -> None:
    """Ids of fills, and those under which they are repeated, are UUIDs that differ, and each leads to its fill."""
    count = 2000
    fills = Fills(count)
    for number in range(1, count + 1):
        fills.append(Fill(number, 1, "A", "tp1", True, 1, 1, True, "B", number, 0))
    ids, others = FillIds(7, fills), FillIds(8, fills)
    texts = ids.texts(range(1, count + 1))
    assert texts == [ids.text(number) for number in range(1, count + 1)]
    for number in range(1, count + 1):
        ids.repeat(number, renamed=True)
    repeats = [ids.repeats[number] for number in range(1, count + 1)]
    assert len({*texts, *repeats}) == 2 * count
    for number, (text, repeat) in enumerate(zip(texts, repeats, strict=True), 1):
        assert (str(UUID(text)), UUID(text).version, UUID(text).variant) == (text, 5, RFC_4122)
        assert (ids.number(text.upper()), ids.repeated(repeat.upper())) == (number, number)
        assert (ids.number(repeat), ids.repeated(text), others.number(text)) == (None, None, None)


@pytest.mark.parametrize(
    "wrong", ["", "fill1", " 23456789abc", "+23456789abc", "0x3456789abc", "1_3456789abc", "g" * 12, "é" * 12]
)
def test_ids_that_are_none(wrong: str) -> None:
    """What is no id of a fill's finds none, however much it looks like one."""
    ids = FillIds(7, Fills(10))
    assert (ids.number(wrong), ids.number(ids.text(1)[:24] + wrong), ids.number(ids.text(1))) == (None, None, None)


LISTS: list[dict[str, Any]] = [
    {"scope": "All", "set": "All"},
    {"scope": "All", "set": {"Account": "ALICE"}},
    {"scope": ETH, "set": "All"},
]


@pytest.mark.parametrize("asked", LISTS)
@pytest.mark.parametrize("limit", [100, 9])
def test_very_many_fills(world: World, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], limit: int) -> None:
    """A list of very many fills is made while others are answered; it is that of the moment of its request."""
    client, other = world.connect(), world.connect()
    for number in range(10):
        terms = {"target": ETH} if number % 3 == 0 else {}
        client.order("Buy", "100", "1", account="ALICE", **terms)
        client.order("Sell", "100", "1", account="BOB", **terms)
    whole = client.ask("ListFills", **asked)
    monkeypatch.setattr(dispatch, "_FILLS_AT_ONCE", limit)
    if limit == 100:
        assert client.ask("ListFills", **asked) == whole
        return
    assert client.request("ListFills", **asked) == []
    assert other.ask("GetHalts") == []
    assert client.request("GetHalts") == [{"id": client.id, "response": {"Ok": []}}]
    other.order("Buy", "100", "1")
    other.order("Sell", "100", "1")
    world.advance(10 * dispatch._PAUSE)
    assert client.news() == [{"id": client.id - 1, "response": {"Ok": whole}}]


def test_very_many_fills_for_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong request is refused at once; of a connection that has gone no list is made on."""
    client = world.connect()
    for _ in range(3):
        client.order("Buy", "100", "1")
        client.order("Sell", "100", "1")
    monkeypatch.setattr(dispatch, "_FILLS_AT_ONCE", 2)
    assert client.refused("ListFills", scope="All", set="nobody").startswith("`$.set`: expected ")
    assert client.request("ListFills", scope="All", set="All") == []
    world.sim.disconnect(client.session)
    world.advance(10 * dispatch._PAUSE)
    assert (client.news(), world.sim.due()) == ([], [])
    world.sim.set_clock("manual")
    assert len(world.connect().ask("ListFills", scope="All", set="All")) == 6
