"""The exchange that a test talks to: what it tells, how it waits, and what it says when something is not so."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from simulator.errors import SimulatorError, UnmetExpectation
from simulator.scenario import load
from simulator.scenario.reading.files import bundled
from simulator.testing.exchange import Exchange
from support.control import ORDER, PAIR

SLOW = {"rules": [{"when": {"dir": "Buy"}, "then": ["ack", {"delay": "250ms"}, {"fill": "40%"}, {"hold": "rest"}]}]}


@pytest.fixture
def venue() -> Iterator[Exchange]:
    """An exchange on a clock that stands, whose fills come late."""
    with Exchange(SLOW, clock="manual", seed=7) as running:
        yield running


def say(client: ClientConnection, request: dict[str, Any]) -> Any:
    """Send a request and return its reply."""
    client.send(json.dumps({"id": 1, **request}))
    return json.loads(client.recv(timeout=5))["response"]


def later(act: Callable[[], object]) -> threading.Timer:
    """Do something in another thread, soon."""
    timer = threading.Timer(0.05, act)
    timer.start()
    return timer


def test_what_it_is(venue: Exchange) -> None:
    """Its text says the address, the clock and the seed, and that it does not run."""
    assert repr(venue) == f"<Exchange {venue.url}, clock manual, seed 7>"
    venue.stop()
    assert repr(venue) == "<Exchange not running, clock manual, seed 7>"


def test_what_it_tells(venue: Exchange) -> None:
    """It tells the truth as data, while it runs and afterwards; messages of the journal are data too."""
    with connect(venue.url + "/") as client:
        say(client, ORDER)
        assert [session.target for session in venue.sessions] == ["/"]
        assert venue.advance(next=True) == "2024-01-01T00:00:00.250000000Z"
        assert venue.advance("1ms") == "2024-01-01T00:00:00.251000000Z"
    venue.wait_for(event="disconnect")
    venue.stop()
    assert (venue.order("1").product, venue.order("1").filled_qty) == (PAIR, "0.4")
    assert [fill.quantity for fill in venue.fills] == ["0.4"]
    assert [level.orders for level in venue.book(PAIR).bids if level.orders] == []
    assert ([one.name for one in venue.held], venue.due, venue.limits) == (["rest"], [], [])
    assert [(rule.name, rule.fired) for rule in venue.rules] == [("rule 1", 1)]
    assert (venue.state.orders, venue.state.held, venue.now - venue.simulation.began) == (1, ("rest",), 251_000_000)
    sent = [entry for entry in venue.journal if entry.kind == "in"]
    assert [entry.data for entry in sent] == [{"id": 1, **ORDER}]
    assert venue.journal_since(sent[0].line)[0].cause == sent[0].line
    with pytest.raises(SimulatorError, match="the exchange is not running"):
        venue.advance("1s")


def test_waits_for_truth(venue: Exchange) -> None:
    """An order's state, a fill and a message that was sent are waited for, whoever makes them so."""
    with connect(venue.url + "/") as client:
        client.send(json.dumps({"id": 5, "type": "SubscribeOrderState"}))
        client.send(json.dumps({"id": 6, **ORDER}))
        (order,) = venue.wait_until(order={"product": PAIR, "state": ["Open", "Acked"]})
        assert order == venue.order("1")
        timer = later(lambda: venue.advance("250ms"))
        (fill,) = venue.wait_until(fill={"order_id": "1", "quantity": {"gt": 0}})
        (sent,) = venue.wait_until(sent={"order_id": "1", "filled_qty": "0.4"})
        timer.join()
    assert (fill.quantity, sent.message["id"]) == ("0.4", 5)
    with pytest.raises(UnmetExpectation) as caught:
        venue.wait_until(order={"order_id": "1", "state": "Out"}, timeout=0.01)
    said = str(caught.value).splitlines()
    assert said[0] == "exchange: expected 1 of orders with {'order_id': '1', 'state': 'Out'} within 0.01 s, got 0"
    assert said[2] == "  state: wanted Out, came Open, Acked"
    assert "seed: 7" in said


async def _until(venue: Exchange) -> None:
    with pytest.raises(SimulatorError, match=r"await exchange\.until"):
        venue.wait_until(order={"order_id": "1"})
    with pytest.raises(UnmetExpectation):
        await venue.until(order={"order_id": "2"}, timeout=0.01)
    with pytest.raises(UnmetExpectation):
        await venue.until(request="CancelOrder", timeout=0.01)
    with pytest.raises(SimulatorError, match="expected either order, fill or sent, or the words of a when, got both"):
        await venue.until(order={}, request="CancelOrder")  # type: ignore[call-overload]
    assert [order.order_id for order in await venue.until(order={"order_id": "1"})] == ["1"]
    assert [one.request for one in await venue.until(request="SendLimitOrder")] == ["SendLimitOrder"]
    assert await venue.advance_async("250ms") == "2024-01-01T00:00:00.250000000Z"
    assert [fill.quantity for fill in await venue.until(fill={})] == ["0.4"]


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_waits_on_a_loop(venue: Exchange, library: str) -> None:
    """On a loop the waits and the passing of time are awaited, on asyncio and trio alike, which goes on meanwhile."""
    import trio

    with connect(venue.url + "/") as client:
        say(client, ORDER)
        if library == "asyncio":
            asyncio.run(_until(venue))
        else:
            trio.run(_until, venue)


@pytest.mark.asyncio
async def test_who_is_cancelled_leaves_no_thread_behind(venue: Exchange) -> None:
    """A wait that is cancelled ends at once, and its thread with it."""
    before = threading.active_count()
    wait = asyncio.create_task(venue.until(request="CancelOrder", timeout=60))
    while not venue._news._waiting:  # noqa: ASYNC110 - nothing else tells that it waits
        await asyncio.sleep(0)
    wait.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wait
    while venue._news._waiting:  # noqa: ASYNC110 - or that it does no more
        await asyncio.sleep(0)
    assert threading.active_count() <= before + 1  # a worker of the loop's own, which is idle


def test_time_that_takes_too_long(venue: Exchange) -> None:
    """An advance that is not done in time says how far it has come and what has happened, and goes on."""
    go_on = threading.Event()
    simulation = venue.simulation

    def stand() -> None:
        go_on.wait(10)

    simulation._schedule.at(simulation.now + 1_500_000_000, stand)
    with connect(venue.url + "/") as client:
        say(client, ORDER)
        assert venue.journal[-1].line == 6
        with pytest.raises(SimulatorError) as caught:
            venue.advance("2s", timeout=0.05)
        go_on.set()
    said = str(caught.value).splitlines()
    assert said[0] == (
        "the exchange is not done within 0.05 s of the wall's time, and goes on: "
        "it has come to +1.5 s of its own and to line 9 of its journal"
    )
    assert said[1] == "last messages:"
    assert said[-1] == "seed: 7"
    assert venue.wait_until(fill={"order_id": "1"})
    assert venue.now == simulation.began + 2_000_000_000


def test_what_nearly_came(venue: Exchange) -> None:
    """What was received is a list; an empty one says which request came nearest, in as much as a report shows."""
    with connect(venue.url + "/") as client:
        say(client, {**ORDER, "dir": "buy"})
    assert [one.fields["dir"] for one in venue.received(request="SendLimitOrder")] == ["buy"]
    nothing = venue.received(request="SendLimitOrder", dir="Sell")
    assert (nothing, list(nothing)) == ([], [])
    assert repr(nothing).startswith("[] (nearest: dir: wanted Sell, came buy: ")
    assert repr(venue.received(request="SendLimitOrder", dir="Buy")).startswith("[Received(")


def test_it_begins_anew(venue: Exchange) -> None:
    """A reset closes connections with 1012, or keeps them as if they had just been opened; all else is as at first."""
    with connect(venue.url + "/") as client:
        say(client, ORDER)
        venue.reset()
        with pytest.raises(ConnectionClosedError) as caught:
            client.recv(timeout=5)
        assert (caught.value.rcvd and caught.value.rcvd.code) == 1012
    with connect(venue.url + "/architect?account=DEFAULT") as client:
        assert client.recv(timeout=5) == '"Normal"'
        say(client, {"type": "SubscribeOrderState"})
        venue.do({"stall": {"what": "pong"}})
        venue.reset({"name": "other"}, seed=9, keep_connections=True)
        assert (venue.state.scenario, venue.state.seed, venue.orders, venue.held) == ("other", 9, [], [])
        assert [(one.target, one.account, one.subscriptions) for one in venue.sessions] == [
            ("/architect?account=DEFAULT", "DEFAULT", ())
        ]
        assert say(client, ORDER) == {"Ok": "1"}
        assert client.ping().wait(5)
    assert [one.connection for one in venue.wait_for(request="SendLimitOrder")] == [1]


def test_another_clock(venue: Exchange) -> None:
    """An exchange goes on by another clock: what was due comes by itself, and time stands again when it is to."""
    with connect(venue.url + "/") as client:
        say(client, ORDER)
        venue.set_clock("instant")
        venue.wait_until(fill={"order_id": "1"})
        venue.set_clock({"scaled": 1000})
        assert venue.clock == "scaled"
        venue.do({"cancel": {"order": "1"}})
        say(client, ORDER)
        venue.wait_until(fill={"order_id": "2"})
        venue.set_clock("manual")
        stands = venue.now
        say(client, ORDER)
        assert (venue.now, len(venue.fills)) == (stands, 2)
        venue.advance("250ms")
        assert (venue.now, len(venue.fills)) == (stands + 250_000_000, 3)


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_scenario_is_behaviour(name: str) -> None:
    """Put before a client of one's own, a bundled scenario expects nothing of it, unless that is asked for."""
    with Exchange(name, clock="instant") as venue:
        with connect(venue.url + "/") as client:
            client.send(json.dumps({"id": 1, "type": "GetVenueDetails", "venue": []}))
            venue.wait_for(request="GetVenueDetails")
        venue.verify()
        assert (venue.scenario.client, venue.scenario.expect) == ((), ())
        assert venue.scenario.rules == load(name).scenario.rules
        venue.reset("order-refused")
        assert venue.scenario.expect == ()
        venue.reset(name, expect=True)
        assert venue.scenario == msgspec.structs.replace(load(name).scenario, clock="instant")
        venue.reset("order-refused")


def test_a_scenario_of_one_s_own_is_whole() -> None:
    """What a scenario of one's own expects is verified, unless that is not asked for."""
    expecting = {"expect": [{"received": {"request": "CancelOrder"}}]}
    with pytest.raises(UnmetExpectation), Exchange(expecting):
        pass
    with Exchange(expecting, expect=False):
        pass
    with pytest.raises(UnmetExpectation), Exchange("cancel-refused", expect=True):
        pass


def test_expectations_are_public(venue: Exchange) -> None:
    """What a scenario expects is verified when a test asks for it."""
    venue.verify()
    venue.set_rules([{"name": "needed", "required": True, "when": {"request": "CancelOrder"}, "then": ["reject"]}])
    with pytest.raises(UnmetExpectation, match="expected the rule 'needed' to fire, which is required"):
        venue.verify()
    venue.set_rules([])
    assert venue.check({"rules": [{"when": {}, "then": ["ak"]}]})[0].path == "rules[0].then[0]"
