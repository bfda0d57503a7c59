"""Contracts that expire: their orders, their markets and what the gateway says of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.catalogue import load
from simulator.simulation import Simulation
from simulator.times import EPOCH_2024
from support.gateway import Client, World

FUTURE = "CL Future 20240122/USD*CME/MAREX"
EXPIRES = EPOCH_2024 + (21 * 86_400 + 19 * 3600 + 30 * 60) * 10**9
WHY = f"Expired: {FUTURE} expired at 2024-01-22T19:30:00Z"
REAL = int(datetime(2026, 11, 24, 20, tzinfo=UTC).timestamp()) * 10**9


def order(client: Client, target: str, price: str = "50") -> str:
    """Send an order that rests; return its id."""
    terms = {"dir": "Buy", "price": price, "quantity": "1", "target": target, "account": "DEFAULT"}
    order_id: str = client.ask("SendLimitOrder", **terms)
    return order_id


def state(client: Client, order_id: str) -> tuple[list[str], str | None]:
    """Return the state of an order and why it is out."""
    (found,) = client.ask("GetOrderState", order_ids=[order_id])
    (reason,) = client.ask("GetRejectReason", order_ids=[order_id])
    return found["state"], reason["reason"]


def flags(client: Client, target: str) -> Any:
    """Return the flags of a tradable product."""
    (details,) = client.ask("GetTradableProductDetails", tradable_product=[target])
    return details["trade_info"]["flags"]


def depth(client: Client, target: str) -> tuple[int, int]:
    """Return how many levels the book has on each side."""
    client.id += 1
    number = client.id
    client.send(f'{{"id": {number}, "type": "SubscribeBook", "tradable_product": "{target}", "width": 1}}')
    (message,) = client.news()
    client.send(f'{{"id": {number}, "type": "Unsubscribe"}}')
    client.news()
    book = message["response"]["Ok"]
    return len(book["buy"]), len(book["sell"])


def test_a_contract_is_traded_until_the_nanosecond_of_its_expiration() -> None:
    """Then its open orders are cancelled with a reason, new ones are rejected, it is flagged and its book is empty."""
    world = World("default", seed=7, start=EXPIRES - 1_000_000_000)
    client = world.connect()
    resting = order(client, FUTURE)
    world.advance(999_999_999)
    assert state(client, resting) == (["Open", "Acked"], None)
    assert (flags(client, FUTURE), depth(client, FUTURE)) == ([], (20, 20))
    assert client.ask("QueryTradableProductIndex", query=f'Base("{FUTURE[:18]}") && Expired') == []
    client.id += 1
    client.send(f'{{"id": {client.id}, "type": "SubscribeOrderState"}}')
    client.news()
    world.advance(1)
    (change,) = client.news()
    cancelled = {"order_id": resting, "state": ["Acked", "Canceled", "Out"], "filled_qty": "0", "avg_fill_price": None}
    assert change == {"id": client.id, "response": {"Ok": [cancelled]}}
    client = world.connect()
    assert state(client, resting) == (["Acked", "Canceled", "Out"], WHY)
    assert client.ask("ListOpen", scope="All", set="All") == []
    assert state(client, order(client, FUTURE)) == (["Rejected", "Out"], WHY)
    assert (flags(client, FUTURE), depth(client, FUTURE)) == (["Disabled"], (0, 0))
    assert len(client.ask("QueryTradableProductIndex", query=f'Base("{FUTURE[:18]}") && Expired')) == 1


def test_a_contract_that_nobody_asked_for_expires_too() -> None:
    """What was never traded takes no orders and has no market once its time is over."""
    world = World("default", seed=7)
    world.advance(EXPIRES - EPOCH_2024)
    client = world.connect()
    assert flags(client, FUTURE) == ["Disabled"]
    assert state(client, order(client, FUTURE)) == (["Rejected", "Out"], WHY)
    assert (flags(client, FUTURE), depth(client, FUTURE)) == (["Disabled"], (0, 0))


def test_a_market_that_moves_ends_with_its_contract() -> None:
    """A walking, trading market of a contract says nothing any more after the expiration."""
    walk = {"mid": 70, "walk": {"every": "100ms"}, "trades": {"per_second": 10}}
    world = World("default", scenario={"markets": {FUTURE: walk}}, start=EXPIRES - 1_000_000_000)
    client = world.connect()
    client.id += 1
    client.send(f'{{"id": {client.id}, "type": "SubscribeTrades", "tradable_product": "{FUTURE}"}}')
    world.advance(1_000_000_000)
    assert len(client.news()) > 3
    world.advance(60_000_000_000)
    assert client.news() == []
    assert depth(client, FUTURE) == (0, 0)


def test_orders_do_not_outlive_their_contract_while_the_exchange_is_down() -> None:
    """What expired while an exchange was down is gone when it is back."""
    world = World("default", seed=7, start=EXPIRES - 1_000_000_000)
    client = world.connect()
    resting = order(client, FUTURE)
    world.sim.sleep(EXPIRES + 3600 * 10**9)
    assert state(client, resting) == (["Acked", "Canceled", "Out"], WHY)


def test_a_delisted_product_is_flagged() -> None:
    """A product that is traded no more bears the flag Disabled beside its own."""
    world = World("default", seed=7)
    client = world.connect()
    target = "BTC Crypto/USD*KRAKEN/DIRECT"
    assert flags(client, target) == ["MarginEnabled"]
    world.sim.do({"delist": target})
    assert flags(client, target) == ["Disabled", "MarginEnabled"]


@pytest.mark.parametrize("start", [EPOCH_2024, REAL], ids=["2024", "2026"])
def test_every_contract_that_has_not_expired_trades_and_no_other(start: int) -> None:
    """Whenever the world begins, orders for live contracts rest, and those for expired ones are rejected as such."""
    world = World("default", seed=7, start=start)
    client = world.connect()
    answers = []
    for tradable in load("default", start).tradable_products:
        expires = tradable.base.expires
        if expires is None or tradable.flags:
            continue
        tick = tradable.quote_increment
        got, reason = state(client, order(client, tradable.name, f"{tick // 10**9}.{tick % 10**9:09d}"))
        answers.append((expires > start, got, str(reason).partition(":")[0]))
    assert answers.count((True, ["Open", "Acked"], "None")) == 72
    assert answers.count((False, ["Rejected", "Out"], "Expired")) == 4
    assert len(answers) == 76


def test_contracts_of_a_catalogue_that_are_past_are_spoken_of() -> None:
    """A world says, and journals, which dated contracts of a user's catalogue had expired before it began."""
    document = {
        "name": "mine",
        "venues": ["CME"],
        "routes": ["DIRECT"],
        "products": [
            {"name": "SPX Index", "kind": "Index", "price_in_limit_dollars": "1"},
            *(
                {
                    "name": f"ES Future {day}",
                    "kind": "Future",
                    "price_in_limit_dollars": "1",
                    "underlying": "SPX Index",
                    "multiplier": "50",
                    "expiration": f"{day[:4]}-{day[4:6]}-{day[6:]}",
                }
                for day in ("20231215", "20240315", "20261218")
            ),
        ],
        "tradable_products": [],
    }
    said = (
        "the catalogue 'mine' has {} of its contracts expire before the world begins at {}Z, which take no orders: {}"
    )
    assert Simulation().notice is None
    for start, time, names in (
        (EPOCH_2024, "2024-01-01T00:00:00", ["ES Future 20231215"]),
        (REAL, "2026-11-24T20:00:00", ["ES Future 20231215", "ES Future 20240315"]),
    ):
        simulation = Simulation({"catalogue": document}, start=start)
        assert simulation.notice == said.format(len(names), time, ", ".join(names))
        assert [entry[3] for entry in simulation.journal if entry[2] == "catalogue"] == [simulation.notice]
