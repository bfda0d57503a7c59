"""What a driver lets happen in one turn of the loop, and that all that comes of anything is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from simulator.journal import journal as journals
from simulator.server import Server, Settings, connection
from simulator.server.clocks import clock_of
from simulator.server.driver import Driver
from simulator.simulation import Simulation
from support.server import (
    CLOSE,
    PAIR,
    TEXT,
    RawClient,
    connected,
    dialled,
    frame,
    handshake,
    journal,
    order,
    request,
    small_catalogue,
)

pytestmark = pytest.mark.asyncio

SECOND = 1_000_000_000
EVERY_MICROSECOND = {"at": "0s", "every": "1us", "do": {"trade": {"product": PAIR, "price": 100, "quantity": 1}}}


@asynccontextmanager
async def serving(scenario: dict[str, Any], turn: float = 0.01, **options: Any) -> AsyncIterator[Server]:
    """Serve a scenario while the block runs, with turns of so many seconds."""
    simulation = Simulation(scenario, catalogue=small_catalogue(), **options)
    server = Server(simulation, port=0, settings=Settings(turn=turn))
    await server.start()
    try:
        yield server
    finally:
        await server.close(patience=0.2)


async def state_of(client: RawClient) -> tuple[str, ...]:
    """Return the state of the one order in the next message."""
    (told,) = (await client.json())["response"]["Ok"]
    return tuple(told["state"])


async def test_what_a_disconnect_brings_about() -> None:
    """What a rule does when a connection ends is sent to the others at once, and its delays run."""
    steps = [{"cancel": {"order": "all", "text": "gone"}}, {"delay": "10ms"}, {"disconnect": {"session": "all"}}]
    async with (
        serving({"rules": [{"when": {"event": "disconnect"}, "times": 1, "then": steps}]}) as server,
        connected(server) as other,
    ):
        assert await other.ask(1, "SubscribeOrderState") == []
        async with connected(server) as client:
            assert await client.ask(1, "GetHalts") == []
            client.write(frame(TEXT, order(2)))
            assert [await state_of(other) for _ in range(2)] == [("Open",), ("Open", "Acked")]
        assert await state_of(other) == ("Acked", "Canceled", "Out")
        assert await other.closing() == (1000, "")
    assert server.errors == []


async def test_everybody_is_closed_because_one_has_gone() -> None:
    """A rule that closes every connection when one ends closes every connection."""
    rule = {"when": {"event": "disconnect"}, "times": 1, "then": [{"disconnect": {"session": "all", "code": 4000}}]}
    async with serving({"rules": [rule]}) as server, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(connected(server)) for _ in range(20)]
        async with connected(server):
            pass
        assert [(await other.closing())[0] for other in others] == [4000] * 20


async def test_time_that_never_catches_up() -> None:
    """However much is due, each turn lets some of it happen and then serves clients, at the time that is reached."""
    async with serving({"timeline": [EVERY_MICROSECOND]}, turn=0.0) as server, connected(server) as client:
        times = []
        for number in range(20):
            assert await client.ask(number, "GetHalts") == []
            times.append(server.simulation.now)
        assert times == sorted(set(times))


async def test_time_that_is_shown_never_goes_back() -> None:
    """While what is due cannot be done, the world's time is that before it, and not that of what was done last."""
    wall = iter([0, 4 * SECOND, 9 * SECOND, 11 * SECOND, 12 * SECOND])
    driver = Driver(Simulation({"timeline": [{"at": "10s", "do": {"halt": "All"}}]}), lambda error: None)
    driver._clock = clock_of(driver.simulation, lambda: next(wall))
    shown = [driver.now() - driver.simulation.began for _ in range(4)]
    assert shown == [4 * SECOND, 9 * SECOND, 10 * SECOND - 1, 10 * SECOND - 1]


async def test_time_that_is_told_to_pass() -> None:
    """While time passes in turns others are served, what clients of this world say waits, and then is answered."""
    async with (
        serving({"timeline": [EVERY_MICROSECOND]}, turn=0.0, clock="manual") as server,
        connected(server) as client,
        connected(server, "/?scenario=partial-fill") as elsewhere,
    ):
        began = server.world.now()
        passing = asyncio.create_task(server.world.pass_time(1_000_000))
        await asyncio.sleep(0)
        client.write(frame(TEXT, order(1)), frame(TEXT, request(2)))
        assert await elsewhere.ask(1, "GetHalts") == []
        assert not passing.done()
        assert list(server.simulation.venue.orders) == []
        await passing
        assert [await client.json() for _ in range(2)] == [
            {"id": 1, "response": {"Ok": "1"}},
            {"id": 2, "response": {"Ok": []}},
        ]
        assert server.simulation.venue.orders[1].time == began + 1_000_000
        assert await client.ask(3, "GetHalts") == []


async def test_stop_while_time_passes() -> None:
    """A server that is closed does not wait for time that is told to pass."""
    async with serving({"timeline": [EVERY_MICROSECOND]}, turn=0.0, clock="manual") as server:
        passing = asyncio.create_task(server.world.pass_time(3600 * SECOND))
        await asyncio.sleep(0)
    await passing
    assert server.simulation.now < server.simulation.began + 3600 * SECOND


async def test_many_are_told_in_turns() -> None:
    """News for many go out over several turns, each connection's in their order, and the answer to who asked first."""
    async with serving({}, turn=0.0) as server, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(connected(server)) for _ in range(30)]
        for reader in readers:
            assert await reader.ask(1, "SubscribeOrderState") == []
        asked = await stack.enter_async_context(connected(server))
        asked.write(*(frame(TEXT, order(number)) for number in range(1, 11)))
        for number in range(1, 11):
            assert await asked.json() == {"id": number, "response": {"Ok": str(number)}}
        for reader in readers:
            told = [json.loads((await reader.frame()).data)["response"]["Ok"][0] for _ in range(20)]
            assert [int(one["order_id"]) for one in told] == [number for number in range(1, 11) for _ in range(2)]


async def test_close_behind_a_frame_that_drips() -> None:
    """A client that closes while a frame drips is not waited for, and what was to drip is dropped."""
    rule = {"when": {"request": "GetHalts"}, "times": 1, "then": ["reply", {"slow": {"bytes_per_second": 20}}]}
    async with serving({"rules": [rule]}, clock="manual") as server, connected(server) as client:
        client.write(frame(TEXT, request(1)), frame(TEXT, request(2)), frame(TEXT, request(3)))
        assert await client.json() == {"id": 1, "response": {"Ok": []}}
        server.world.advance(SECOND // 10)
        client.write(frame(CLOSE, b"\x03\xe8"))
        await client.cut()
        server.world.advance(100 * SECOND)
        assert server.errors == []


async def test_what_comes_together_comes_at_one_time() -> None:
    """Messages that are read together have come at the time of the first of them, and those of the next read later."""
    async with serving({"clock": "real"}) as server, connected(server) as client:
        client.write(*(frame(TEXT, order(number)) for number in (1, 2, 3)))
        for _ in range(3):
            await client.json()
        client.write(frame(TEXT, order(4)))
        await client.json()
        first, second, third, fourth = [placed.time for placed in server.simulation.venue.orders.values()]
        assert first == second == third < fourth


@pytest.mark.parametrize("scenario", ["disconnect-and-refuse", "restart-with-orders"])
async def test_refusal_on_an_instant_clock(scenario: str) -> None:
    """On an instant clock, too, a client that comes again at once is refused; when it comes later it is let in."""
    simulation = Simulation(scenario, clock="instant")
    server = Server(simulation, port=0)
    await server.start()
    began = simulation.now
    async with connected(server) as client:
        client.write(frame(TEXT, request(1, "SubscribeOrderState")), frame(TEXT, order(2, price="10000")))
        while (await client.frame()).opcode != CLOSE:
            pass
        client.write(frame(CLOSE))
        await client.end()
    statuses: list[str] = []
    while not statuses or statuses[-1] == "HTTP/1.1 503 Service Unavailable":
        async with dialled(server) as client:
            client.write(handshake())
            (status, *_), _ = await client.response()
            statuses.append(status)
    assert (len(statuses) > 1, statuses[-1]) == (True, "HTTP/1.1 101 Switching Protocols")
    assert simulation.now - began >= SECOND
    await server.close(patience=0.2)


async def test_who_asks_for_little_is_answered_before_those_who_ask_for_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask for much, have just come or were silent, one who asks for little waits for hardly any."""
    many = 20
    monkeypatch.setattr(connection, "_LITTLE", 0)
    async with serving({}, turn=0.0) as server, AsyncExitStack() as stack:
        modest, *greedy = [await stack.enter_async_context(connected(server)) for _ in range(many)]
        for _ in range(2):
            server._check_times()
            await modest.ask(0)
        greedy.append(await stack.enter_async_context(connected(server)))
        before, waited = len(journal(server, "in")), []
        for number in range(5):
            for client in greedy:
                client.write(frame(TEXT, request(number)))
            await asyncio.sleep(0)
            assert await modest.ask(number) == []
            waited.append(len(journal(server, "in")) - before)
            for client in greedy:
                assert (await client.json())["id"] == number
            before = len(journal(server, "in"))
        assert max(waited) < many / 2


async def test_the_journal_is_packed_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server packs old entries of the journal little by little, and then rests until there are more."""
    monkeypatch.setattr(journals, "_RECENT", 10)
    monkeypatch.setattr(journals, "_CHUNK", 10)
    async with serving({}) as server, connected(server) as client:
        entries = server.simulation.journal
        for number in range(60):
            assert await client.ask(number, "GetHalts") == []
        async with asyncio.timeout(10):
            while entries.has_old():  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0)
        assert await client.ask(100, "GetHalts") == []
        lines = list(entries.since(0))
    assert [line for line, _, _ in lines] == list(range(1, len(lines) + 1))
    assert [entry[3] for _, entry, _ in lines if entry[2] == "in"][::60] == [
        '{"id": 0, "type": "GetHalts"}',
        '{"id": 100, "type": "GetHalts"}',
    ]
    assert server.errors == []
