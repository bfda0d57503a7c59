import asyncio
import gc
import itertools
import os
import socket
import weakref
from pathlib import Path

import pytest
from websockets.protocol import State

from simulator.server import Server, Settings
from simulator.server import server as server_module
from simulator.server.clocks import WallClock
from simulator.server.connection import Connection
from simulator.simulation import Simulation
from support.server import (
    CLOSE,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    Clock,
    Frame,
    RawClient,
    close_frame,
    connected,
    dialled,
    frame,
    handshake,
    journal,
    order,
    request,
    serving,
    small_catalogue,
)

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _checks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_CHECK_EVERY", 3600.0)


async def test_silent_client_is_pinged_and_closed() -> None:
    """A client that says nothing is pinged once, and closed with 1011 when no pong comes."""
    async with serving(ping_interval=20.0, ping_timeout=10.0) as server, connected(server) as client:
        clock = Clock(server)
        clock.check(0.0)
        clock.check(19.5)
        clock.check(0.5)
        clock.check(9.5)
        assert await client.frame() == Frame(PING, b"")
        assert journal(server, "close") == []
        clock.check(0.5)
        assert await client.closing() == (1011, "no pong")
        assert journal(server, "close") == [(1, "close", "1011 no pong")]


@pytest.mark.parametrize("sign", [frame(PONG, b""), frame(TEXT, request(1))])
async def test_sign_of_life_is_enough(sign: bytes) -> None:
    """Whatever a client sends after a ping shows that it is there."""
    async with serving(ping_interval=20.0, ping_timeout=10.0) as server, connected(server) as client:
        clock = Clock(server)
        for later in (0.0, 20.0):
            clock.check(later)
        assert await client.frame() == Frame(PING, b"")
        client.write(sign, frame(PING, b"mine"))
        while await client.frame() != Frame(PONG, b"mine"):
            pass
        for later in (10.0, 19.5):
            clock.check(later)
        assert await client.ask(2) == []  # neither closed nor pinged meanwhile


async def test_handshake_takes_too_long() -> None:
    """A client that does not complete its handshake in time is cut."""
    async with serving(open_timeout=10.0) as server, dialled(server) as client, connected(server) as other:
        client.write(handshake()[:-1])
        clock = server.monotonic
        now = clock()
        while len(server.connections) < 2:
            await other.ask(1)
        for connection in list(server.connections):
            connection.check_time(now + 9.0)
        assert len(server.connections) == 2
        for connection in list(server.connections):
            connection.check_time(now + 11.0)
        await client.cut()
        assert await other.ask(1) == []


async def test_refused_client_that_stays_is_cut() -> None:
    """A client that was refused and does not close is cut after the close timeout."""
    async with serving(close_timeout=2.0, open_timeout=3600.0) as server, dialled(server) as client:
        clock = Clock(server)
        client.write(handshake("/nowhere"))
        await client.response()
        clock.check(1.5)
        assert len(server.connections) == 1
        clock.check(0.5)
        await client.end()
        client.write(b"x")
        await client.cut()


async def test_close_that_is_not_answered() -> None:
    """A client that does not answer a close is cut after the close timeout."""
    async with serving(close_timeout=2.0) as server, connected(server) as client, connected(server) as other:
        clock = Clock(server)
        connection = next(iter(server.world.connections))
        connection.close(1001, "enough")
        assert await client.frame() == Frame(8, b"\x03\xe9enough")
        clock.check(1.5)
        client.write(frame(TEXT, order(1)))
        assert await other.ask(1) == []
        assert len(server.connections) == 2
        clock.check(0.5)
        await client.end()
        assert journal(server, "in", "close") == [(1, "close", "1001 enough"), (2, "in", request(1).decode())]


async def test_half_closed_client_that_does_not_read() -> None:
    """A client that ends its stream and does not read what waits for it is cut after the close timeout."""
    async with (
        asyncio.timeout(PATIENCE),
        serving("default", close_timeout=2.0) as server,
        connected(server, receive_buffer=4096) as client,
    ):
        clock = Clock(server)
        (connection,) = server.connections
        async with connected(server) as other:
            for number in itertools.count(1):
                client.write(frame(TEXT, request(number, "QueryTradableProductIndex", query={"type": "All"})))
                await other.ask(number)
                if connection.transport.get_write_buffer_size():
                    break
            client.writer.write_eof()
            while not journal(server, "close"):
                await other.ask(1)
            clock.check(1.5)
            assert connection in server.connections
            clock.check(0.5)
            while connection in server.connections:
                await other.ask(1)
        await client.cut()


async def test_client_that_neither_reads_nor_listens() -> None:
    """A client that is not read from any more, since it does not read, is given up like a silent one."""
    settings = {"close_timeout": 2.0, "ping_interval": 20.0, "ping_timeout": 10.0}
    async with serving("default", **settings) as server, connected(server, receive_buffer=4096) as client:
        clock = Clock(server)
        (connection,) = server.connections
        client.write(frame(TEXT, request(1, "QueryTradableProductIndex", query={"type": "All"})) * 1000)
        client.write(close_frame(1000))
        async with connected(server) as other:
            while connection.transport.is_reading():
                await other.ask(1)
        for later in (0.0, 20.0, 10.0):
            clock.check(later)
        assert [why for number, _, why in journal(server, "close") if number == 1] == ["1011 no pong"]
        clock.check(2.0)
        await client.cut()


async def test_close_tells_every_client() -> None:
    """Closing a server closes each client with 1001."""
    async with serving() as server, connected(server, "/architect") as first, connected(server) as second:
        assert await first.json() == "Normal"
        closing = asyncio.create_task(server.close())
        for client in (first, second):
            assert await client.closing() == (1001, "the exchange shuts down")
            await client.hang_up()
        await closing
        assert sorted(journal(server, "close")) == [
            (1, "close", "1001 the exchange shuts down"),
            (2, "close", "1001 the exchange shuts down"),
        ]


async def test_close_waits_for_nobody_for_long() -> None:
    """Closing a server cuts clients that do not answer, or have not shaken hands, or do not read."""
    async with (
        serving(close_timeout=0.05) as server,
        connected(server) as mute,
        dialled(server) as unready,
    ):
        unready.write(b"GET")
        await mute.ask(1)
        await asyncio.wait_for(server.close(), PATIENCE)
        assert server.connections == set()
        await mute.closing()
        await unready.cut()


async def test_client_that_is_gone_when_the_server_closes() -> None:
    """A client that has closed while its requests had to wait hinders nobody from being closed."""
    async with serving() as server, connected(server) as other:
        loop = asyncio.get_running_loop()
        with socket.create_connection((server.host, server.port)) as gone:
            gone.setblocking(False)
            await loop.sock_sendall(gone, handshake())
            assert (await loop.sock_recv(gone, 1000)).startswith(b"HTTP/1.1 101")
            server.world.holds_inputs = True
            await loop.sock_sendall(gone, frame(TEXT, request(1)) + close_frame(1000))
            while all(one.protocol.state is State.OPEN for one in server.connections):  # noqa: ASYNC110 - it has to come
                await asyncio.sleep(0)
        server.world.holds_inputs = False
        closing = asyncio.create_task(server.close())
        assert await other.closing() == (1001, "the exchange shuts down")
        await other.hang_up()
        await asyncio.wait_for(closing, PATIENCE)
        assert server.connections == set()


async def test_nobody_is_let_in_while_closing() -> None:
    """While a server waits for its clients to go, nobody new can connect, and one who had all but is cut."""
    async with serving() as server, connected(server) as client:
        closing = asyncio.create_task(server.close())
        assert (await client.frame())[0] == CLOSE
        with pytest.raises(ConnectionRefusedError):
            await RawClient.dial(server)
        loop = asyncio.get_running_loop()
        ours, late = socket.socketpair()
        late.setblocking(False)
        with late:
            await loop.connect_accepted_socket(lambda: Connection(server), ours)
            assert await asyncio.wait_for(loop.sock_recv(late, 1), PATIENCE) == b""
        assert len(server.connections) == 1
        client.write(frame(CLOSE))
        await client.end()
        await client.hang_up()
        await asyncio.wait_for(closing, PATIENCE)


async def test_servers_do_not_share() -> None:
    """Two servers in one process are two worlds."""
    async with serving() as first, serving() as second, connected(first) as one, connected(second) as two:
        assert first.port != second.port
        one.write(frame(TEXT, order(1)))
        two.write(frame(TEXT, order(1)))
        assert [await one.json(), await two.json()] == [{"id": 1, "response": {"Ok": "1"}}] * 2
        assert [list(server.simulation.venue.open) for server in (first, second)] == [[1], [1]]


async def test_port_that_is_taken() -> None:
    """A server that cannot have its port raises OSError."""
    async with serving() as server:
        with pytest.raises(OSError, match="in use"):
            await Server(Simulation(catalogue=small_catalogue()), port=server.port).start()


async def test_address_of_ipv6() -> None:
    """The address of an IPv6 host stands in brackets."""
    assert Server(Simulation(catalogue=small_catalogue()), "::1", 6001).url == "ws://[::1]:6001"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
async def test_two_hundred_servers_leak_nothing() -> None:
    """Servers that are started, used and closed leave no descriptor, task or timer behind."""
    catalogue = small_catalogue()
    counts = []
    servers = []
    for _ in range(200):
        server = Server(Simulation(catalogue=catalogue), port=0, settings=Settings())
        await server.start()
        client = await RawClient.dial(server)
        client.write(handshake("/architect"))
        await client.response()
        assert await client.json() == "Normal"
        closing = asyncio.create_task(server.close())
        await client.closing()
        await client.hang_up()
        await closing
        servers.append(weakref.ref(server))
        counts.append((len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())))
    del server
    gc.collect()
    assert [server for server in servers if server() is not None] == []
    assert set(counts[100:]) == {counts[100]}


async def test_system_clock_that_is_set() -> None:
    """A system's clock that is set by a second or more is noticed once, and one that is only adjusted is not."""
    now = {"wall": 5_000_000_000, "monotonic": 0}
    clock = WallClock(lambda: now["wall"], lambda: now["monotonic"])
    jumps = []
    for wall, monotonic in (
        (1_000_000_000, 1_000_000_000),
        (900_000_000, 0),
        (3_600_000_000_000, 0),
        (0, 0),
        (-2_000_000_000, 1),
    ):
        now["wall"] += wall
        now["monotonic"] += monotonic
        jumps.append(clock.jump())
    assert jumps == [0, 0, 3_600_900_000_000, 0, -2_000_000_001]


@pytest.mark.parametrize(("start", "times"), [(None, 1), ("2024-01-01T00:00:00Z", 0)])
async def test_system_clock_that_is_set_is_said(
    start: str | None, times: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """A system's clock that is set is said on stderr and in the journal, if the exchange's time came from it."""
    wall = 0
    server = Server(Simulation({"start": start} if start else {}, clock="real"), port=0)
    await server.start()
    server.wall_clock = WallClock(lambda: wall, lambda: 0)
    wall = -3_000_000_000
    server._check_times()
    await server.close()
    text = "the system's clock has been set by -3 s; the exchange's time goes on as before"
    assert capfd.readouterr().err == f"exchange-simulator: {text}\n" * times
    assert journal(server, "clock") == [(0, "clock", text)] * times
