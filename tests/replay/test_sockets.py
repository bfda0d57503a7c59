"""A replay over a socket is the replay in process, and one against an endpoint goes by the wall's clock."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.replay import replay
from simulator.replay.results import Unreachable
from simulator.replay.sockets import replay_over_socket, replay_url
from simulator.scenario import Loaded, load
from simulator.scenario.reading.files import bundled
from simulator.server import Server
from simulator.simulation import Simulation
from support.replay import BUY, FOLLOW, ORDER, PAIR, scenario, update

PATIENCE = 10.0


@pytest.mark.parametrize("name", bundled())
def test_bundled_scenarios_pass_by_both_routes(name: str) -> None:
    """Each bundled scenario passes, and leaves the same journal whether or not there is a socket in between."""
    loaded = load(name)
    results = [replay(loaded), replay_over_socket(loaded)]
    assert [result.failures for result in results] == [(), ()]
    first, second = (list(result.journal) for result in results)
    assert first == second


def test_a_failure_is_the_same_by_both_routes() -> None:
    """What goes wrong is said in the same words."""
    loaded = load(scenario(FOLLOW, BUY, update(filled_qty=5, within="10s")))
    results = [replay(loaded), replay_over_socket(loaded)]
    assert (results[0].failures, results[0].context) == (results[1].failures, results[1].context)
    assert results[0].failures


def test_a_connection_whose_pongs_stall_is_still_heard() -> None:
    """A connection that echoes no ping holds nothing up for long, and what comes on it is heard."""
    rule = {"when": {"request": "SendLimitOrder"}, "then": [{"stall": "pong"}, {"delay": "1s"}, "ack"]}
    loaded = load(scenario(FOLLOW, BUY, update(state=["Open", "Acked"]), rules=[rule]))
    result = replay_over_socket(loaded)
    assert (result.failures, list(result.journal)) == ((), list(replay(loaded).journal))


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of a server in a thread of its own, on the wall's clock."""
    import asyncio

    started, stopping = threading.Event(), asyncio.Event()
    found: list[Any] = []

    async def serve() -> None:
        server = Server(Simulation({"markets": {PAIR: {"asks": [[100, 4]]}}}), port=0)
        await server.start()
        found.extend((server.url, asyncio.get_running_loop()))
        started.set()
        await stopping.wait()
        await server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(PATIENCE)
    yield found[0]
    found[1].call_soon_threadsafe(stopping.set)
    thread.join(PATIENCE)


def _against(filled: int) -> Loaded:
    expect = [
        {"received": {"request": "SendLimitOrder"}, "count": 1},
        {"orders": {"$order": {"filled_qty": filled, "state": ["Open", "Acked"]}}},
        {"fired": "not there"},
    ]
    rule = {"name": "not there", "when": {"request": "ListOpen"}, "then": ["reply"], "required": True}
    return load(scenario(FOLLOW, BUY, update(filled_qty=4), expect=expect, rules=[rule]))


def test_an_endpoint_that_does_what_is_expected(endpoint: str) -> None:
    """Orders are asked for over the wire, and what is expected of a scenario's own rules is left aside."""
    assert replay_url(_against(4), endpoint).failures == ()


def test_an_endpoint_that_differs(endpoint: str) -> None:
    """What differs is said at the place of the expectation."""
    (failure,) = replay_url(_against(5), endpoint).failures
    assert str(failure) == (
        "expect[1].orders['$order'].filled_qty: expected the filled_qty of the order $order (1) to be 5, got 4"
    )


def test_what_any_client_must_do_at_an_endpoint(endpoint: str) -> None:
    """A replay against an endpoint is held to what any client must do, as far as its own record can tell."""
    out = update(state=["Acked", "Filled", "Out"])
    cancel: dict[str, Any] = {"send": {"type": "CancelOrder", "order_id": "$order"}, "reply": "Err"}
    few = {**BUY, "send": {**ORDER, "quantity": 1}}
    must: list[Any] = [{"cancels_end": 1}, "reconnects", "asks_again", {"never": {"request": "GetHalts"}}]
    loaded = load(scenario(FOLLOW, few, out, cancel, cancel, must=must))
    (failure,) = replay_url(loaded, endpoint).failures
    assert failure.place == "must[0].cancels_end"
    assert failure.text.startswith("expected a client that ends its cancels: ")


def test_an_endpoint_that_refuses_the_path(endpoint: str) -> None:
    """A connection that is refused is a failure of the script."""
    loaded = load(scenario({"connect": "/nowhere", "within": "0s"}))
    (failure,) = replay_url(loaded, endpoint).failures
    assert str(failure) == (
        "client[0]: expected a connection to /nowhere, but it was refused: "
        "404 there is nothing at '/nowhere'; connect to one of /architect, /, /netidx"
    )


def test_an_endpoint_that_is_not_there() -> None:
    """Where nobody listens there is nothing to replay against."""
    with pytest.raises(Unreachable, match=r"cannot reach ws://127.0.0.1:1/architect: .*"):
        replay_url(load(scenario({"send": ORDER})), "ws://127.0.0.1:1")
