"""The public API as a suite uses it that is type-checked: each use is accepted, and what comes back has its type."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, assert_type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from simulator import Exchange, Simulation, __version__
from simulator.control.infos import FillInfo, OrderInfo, SentInfo
from simulator.journal.queries import Received
from simulator.remote import Exchange as RemoteExchange
from simulator.scenario.words import ScenarioWords
from simulator.testing.strategies import (
    FAULTS,
    Heard,
    ScenarioDict,
    limit_orders,
    order_flows,
    play,
    requests,
    scenarios,
)

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
BUY = {"id": 1, "type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "quantity": "1", "target": PAIR}
SCENARIO: dict[str, Any] = {"rules": [{"when": {"dir": "Buy"}, "then": [{"delay": "250ms"}, "ack", {"fill": "40%"}]}]}


class Side(Enum):
    """An enumeration of a client's own."""

    BUY = "Buy"


@pytest.fixture
def exchange_config(exchange_config: dict[str, Any]) -> dict[str, Any]:
    """Each test has the same seed, whatever else it asks for."""
    return exchange_config | {"seed": 7}


@pytest.mark.exchange(SCENARIO, clock="manual")
def test_exchange(exchange: Exchange) -> None:
    """What the fixture gives and takes has the types that the README shows."""
    with connect(exchange.url + "/") as venue:
        venue.send(json.dumps({**BUY, "price": "10000"}))
        (request,) = exchange.wait_for(request="SendLimitOrder", quantity={"ge": 1}, count=1, timeout=10.0)
        exchange.advance("100ms")
        exchange.advance(timedelta(milliseconds=100))
        exchange.advance(50_000_000)
    assert_type(request.request, str | None)
    assert_type(request.fields, dict[str, Any])
    (order,) = exchange.orders
    assert_type(order.state, tuple[str, ...])
    assert_type(order.filled_qty, str)
    assert_type(order.avg_fill_price, str | None)
    assert_type([fill.quantity for fill in exchange.fills], list[str])
    assert_type([(level.price, level.quantity) for level in exchange.book(PAIR).bids], list[tuple[str, str]])
    assert_type((exchange.url, exchange.clock, exchange.seed, exchange.now), tuple[str, str, int, int])
    assert_type([entry.kind for entry in exchange.journal], list[str])
    assert (order.state, order.filled_qty, exchange.seed) == (("Open", "Acked"), "0.4", 7)


def test_what_a_test_does(exchange: Exchange) -> None:
    """Steps and rules are data, as they stand in a scenario."""
    exchange.do("restart", {"halt": "All"}, {"resume": "All"}, {"refuse": {"for": "0s"}}, {"stall": "pong"})
    exchange.set_rules(SCENARIO["rules"])
    exchange.close_connections(1012, "bye")
    exchange.never(request="CancelOrder")
    assert exchange.received(request="SendLimitOrder") == []


@pytest.mark.exchange(SCENARIO, clock="manual")
def test_the_truth(exchange: Exchange) -> None:
    """What is waited for has the type of what comes of it, and may be said in any notation of a scenario's."""
    with connect(exchange.url + "/") as venue:
        venue.send(json.dumps({**BUY, "price": "10000"}))
        orders = exchange.wait_until(order={"order_id": 1, "price": Decimal(10000), "state": "Open", "dir": Side.BUY})
        exchange.advance(next=True, timeout=5)
        fills = exchange.wait_until(fill={"quantity": {"gt": 0, "not": {"in": [1, 2]}}}, timeout=5.0)
        sent = exchange.wait_until(sent={"message": {"id": 1}}, count=1)
    assert_type((orders, fills, sent), tuple[list[OrderInfo], list[FillInfo], list[SentInfo]])
    assert_type(exchange.book(PAIR).asks[0].orders, tuple[str, ...])
    assert_type((exchange.order("1").product, exchange.rules[0].misses, exchange.state.now)[0], str)
    assert [(entry.kind, entry.cause) for entry in exchange.journal_since(0)][:2] == [("open", None), ("in", None)]
    exchange.verify()
    laws: ScenarioWords = {"must": ["backs_off", {"reconnects": "30s"}, {"backs_off": 5}], "expect": ["reconnects"]}
    exchange.reset(laws, expect=False)
    exchange.reset("partial-fill", seed=3, clock={"scaled": 20}, expect=True, keep_connections=False)
    exchange.reset({"rules": [{"when": {"event": "connect"}, "then": [{"disconnect": "abort"}]}]}, clock="real")


@pytest.mark.asyncio
async def test_waiting(exchange: Exchange) -> None:
    """What is waited for in an async test is what is waited for in a sync one."""
    found = await exchange.until(count=0, timeout=1.0, request="SendLimitOrder")
    assert_type(found, list[Received])
    assert_type([request.text for request in found], list[str])
    assert_type(await exchange.until(order={"state": ["Open"]}, count=0), list[OrderInfo])
    assert_type(await exchange.until(fill={}, count=0), list[FillInfo])
    assert_type(await exchange.until(sent={"connection": 1}, count=0), list[SentInfo])
    assert found == exchange.received(request="SendLimitOrder") == []


def test_several_exchanges(make_exchange: Callable[..., Exchange]) -> None:
    """A factory's exchanges, and one that a test makes itself, have one type."""
    with make_exchange("partial-fill", seed=3) as one, Exchange(SCENARIO, clock={"scaled": 20}) as other:
        assert_type((one, other), tuple[Exchange, Exchange])
        assert one.url != other.url


def test_simulation() -> None:
    """A world in process takes and gives times as integers, and what goes out is a message or an end."""
    world = Simulation(SCENARIO, seed=7, clock="manual")
    session = world.connect("/")
    world.receive(session, json.dumps({**BUY, "price": "10000"}))
    assert_type(world.now, int)
    assert_type(world.next_due(), int | None)
    messages: list[bytes] = []
    for _session, items in world.advance(world.now + 1_000_000_000):
        messages += [item for item in items if isinstance(item, bytes)]
    world.disconnect(session)
    assert messages == [b'{"id":1,"response":{"Ok":"1"}}']
    assert_type(__version__, str)


@settings(max_examples=5)
@given(scenarios(faults={"late-acks", "duplicates"}, base={"catalogue": "reference"}), order_flows("reference"))
def test_strategies(venue: ScenarioDict, flow: list[dict[str, Any]]) -> None:
    """A drawn venue goes where a scenario's dict goes, and a flow to what plays it."""
    heard = play(flow, Simulation(venue))
    assert_type(heard, list[Heard])
    assert_type(venue.yaml, str)


def test_types_of_strategies() -> None:
    """A strategy says what it draws."""
    assert_type(scenarios(FAULTS), st.SearchStrategy[ScenarioDict])
    assert_type(order_flows(), st.SearchStrategy[list[dict[str, Any]]])
    assert_type(requests(kinds=["CancelOrder"]), st.SearchStrategy[dict[str, Any]])
    assert_type(limit_orders(product=PAIR), st.SearchStrategy[dict[str, Any]])


def test_exchange_elsewhere() -> None:
    """What controls an exchange elsewhere takes and gives the same types as one in this process."""
    with Exchange() as running, RemoteExchange(running.url).world(SCENARIO, clock="manual") as exchange:
        assert_type(exchange.orders, list[OrderInfo])
        assert_type(exchange.fills, list[FillInfo])
        exchange.set_rules([{"when": {"request": "SendLimitOrder", "dir": Side.BUY}, "then": ["ack"]}])
        exchange.do({"halt": "All"}, "heal")
        assert_type(exchange.advance("250ms"), str)
        assert_type(exchange.received(request="CancelOrder")[:], list[Received])
        exchange.never(request="CancelOrder")
