"""A loop on which waiting takes no time: what passes, when, and how it ends."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from simulator import Simulation
from simulator.libraries import receive
from simulator.server import Server
from simulator.testing.virtual_time import Hang, play

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "100", "quantity": "1", "target": PAIR}
SLOW = {"rules": [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"delay": "250ms"}, {"fill": "rest"}]}]}


async def _send(venue: ClientConnection, number: int, **request: Any) -> None:
    await venue.send(json.dumps({"id": number, **request}))


async def _told(venue: ClientConnection, messages: int) -> list[tuple[float, Any]]:
    """Return so many messages, each with the second at which it came."""
    loop = asyncio.get_running_loop()
    told = []
    for _ in range(messages):
        message = json.loads(await receive(venue))
        told.append((loop.time(), message))
    return told


async def _follow_an_order(server: Server) -> list[tuple[float, Any]]:
    async with connect(f"{server.url}/") as venue:
        await _send(venue, 1, type="SubscribeOrderState")
        await _send(venue, 2, **ORDER)
        return await _told(venue, 5)


def test_time_passes_as_the_scenario_says() -> None:
    """A delay of 250 ms is over at 250 ms, and every run gives the same messages at the same times."""
    runs = [play(Simulation(SLOW, seed=1), _follow_an_order) for _ in range(2)]
    assert runs[0] == runs[1]
    assert [message["response"]["Ok"] for _, message in runs[0]][1] == "1"
    last, update = runs[0][-1]
    assert update["response"]["Ok"][0]["state"] == ["Acked", "Filled", "Out"]
    assert 0.25 <= last < 0.2501


def test_an_hour_is_over_at_once() -> None:
    """What sleeps for an hour is woken after an hour of the loop's time, connection and pings and all."""

    async def client(server: Server) -> tuple[float, int]:
        async with connect(f"{server.url}/") as venue:
            await asyncio.sleep(3000)
            await _send(venue, 1, type="GetHalts")
            await venue.recv()
            return asyncio.get_running_loop().time(), server.simulation.now - began

    simulation = Simulation()
    began = simulation.now
    loop_time, world_time = play(simulation, client)
    assert 3000 <= loop_time < 3001
    assert abs(world_time / 1e9 - loop_time) < 0.001


def test_hang_is_found() -> None:
    """A client that waits for what never comes is found out: at the limit, or when nothing is due any more."""

    async def waits_for_a_reply(server: Server) -> None:
        async with connect(f"{server.url}/") as venue:
            await venue.recv()

    async def waits_for_nothing(server: Server) -> None:
        await server.close()
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Hang, match=r"^the client is not done after 600 s$"):
        play(Simulation(), waits_for_a_reply, limit="10m")
    with pytest.raises(Hang, match=r"^nothing is due, and the client is not done$"):
        play(Simulation(), waits_for_nothing)


def test_threads_are_waited_for() -> None:
    """Time stands while a thread works."""

    async def client(server: Server) -> float:
        await asyncio.to_thread(sum, range(100_000))
        return asyncio.get_running_loop().time()

    assert play(Simulation(), client) < 0.001


def test_reset_is_a_reset() -> None:
    """A connection that the scenario cuts ends without a closing frame, and the orders stay."""
    scenario = {"rules": [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"disconnect": "abort"}]}]}
    simulation = Simulation(scenario)

    async def client(server: Server) -> Any:
        async with connect(f"{server.url}/") as venue:
            await _send(venue, 1, **ORDER)
            with pytest.raises(ConnectionClosedError) as caught:
                await _told(venue, 2)
            return caught.value.rcvd

    assert play(simulation, client) is None
    assert len(simulation.venue.open) == 1


def test_client_that_does_not_read_is_closed() -> None:
    """Bytes that nobody reads wait as they would in a socket, up to the server's bound."""

    async def client(server: Server) -> list[Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        key = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}Sec-WebSocket-Version: 13\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        assert isinstance(writer.transport, asyncio.ReadTransport)
        writer.transport.pause_reading()
        server.simulation.do({"halt": "All"})
        for _ in range(200):
            (session,) = server.simulation.sessions.values() or [None]
            if session is None:
                break
            session.enqueue(b'"' + b"x" * 20_000 + b'"', server.simulation.now)
            server.world.flush()
            await asyncio.sleep(0.1)
        writer.close()
        return [entry[3] for entry in server.simulation.journal if entry[2] == "close"]

    assert play(Simulation(), client) == ["1013 you do not read"]


@pytest.mark.parametrize("connects_by_the_loop", [True, False])
def test_client_may_make_its_own_socket(connects_by_the_loop: bool) -> None:
    """A socket that the loop connects is answered in memory, and one that the client connects is given a moment."""
    import socket

    async def client(server: Server) -> tuple[bool, bytes]:
        sock, address = socket.socket(), ("127.0.0.1", server.port)
        sock.setblocking(not connects_by_the_loop)
        if connects_by_the_loop:
            await asyncio.get_running_loop().sock_connect(sock, address)
        else:
            sock.connect(address)
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = await reader.read()
        in_memory = writer.get_extra_info("socket") is None
        writer.close()
        await writer.wait_closed()
        return in_memory, answer[-3:]

    assert play(Simulation(), client) == (connects_by_the_loop, b"ok\n")
