"""What a scenario does to the bytes of a connection, seen by a client that reads every one of them."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulator.server import Server, Settings
from simulator.simulation import Simulation
from support.server import CLOSE, PATIENCE, PING, PONG, TEXT, RawClient, frame, handshake, order, request

pytestmark = pytest.mark.asyncio

OK = b'{"id":1,"response":{"Ok":[]}}'
SECOND = 10**9


@asynccontextmanager
async def played(steps: list[Any], when: dict[str, Any] | None = None) -> AsyncIterator[tuple[Server, RawClient]]:
    """Serve a scenario that does steps when a client asks for the halts, on a manual clock, to one client."""
    rules = [{"when": when or {"request": "GetHalts"}, "then": steps}]
    server = Server(Simulation({"rules": rules}, clock="manual"), port=0, settings=Settings(close_timeout=0.2))
    await server.start()
    client = await RawClient.dial(server)
    try:
        client.write(handshake())
        await client.response()
        yield server, client
    finally:
        client.writer.close()
        await server.close()


def noted(server: Server, *kinds: str) -> list[tuple[str, Any]]:
    """Return what the journal says of these kinds."""
    return [(kind, data) for _, _, kind, data in server.simulation.journal if kind in kinds]


async def rest(client: RawClient) -> bytes:
    """Return all that is still to come until the end of the connection."""
    async with asyncio.timeout(PATIENCE):
        return await client.reader.read()


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 3000, 4999])
async def test_close_with_any_code(code: int) -> None:
    """A connection is closed with the code and the reason that the scenario says, behind the answer."""
    async with played(["reply", {"disconnect": {"code": code, "reason": "so it is"}}]) as (server, client):
        client.write(frame(TEXT, request(1)))
        assert await client.frame() == (TEXT, OK)
        assert await client.frame() == (CLOSE, struct.pack("!H", code) + b"so it is")
        assert noted(server, "close") == [("close", f"closed by the scenario: {code} so it is")]


async def test_reset() -> None:
    """A connection that is aborted ends with a TCP reset and no word."""
    async with played([{"disconnect": "abort"}]) as (server, client):
        client.write(frame(TEXT, request(1)))
        with pytest.raises(ConnectionResetError):
            await rest(client)
        assert noted(server, "close") == [("close", "reset by the scenario")]


async def test_refused_for_a_while() -> None:
    """While connections are refused a handshake is answered 503, and afterwards taken again."""
    async with played(["reply", {"refuse": {"for": "3s"}}]) as (server, client):
        client.write(frame(TEXT, request(1)))
        assert await client.frame() == (TEXT, OK)
        for passed, status in [
            (0, "503 Service Unavailable"),
            (2, "503 Service Unavailable"),
            (1, "101 Switching Protocols"),
        ]:
            server.world.advance(passed * SECOND)
            other = await RawClient.dial(server)
            other.write(handshake())
            (line, *_), _ = await other.response()
            assert line == f"HTTP/1.1 {status}"
            other.writer.close()


async def test_bad_json() -> None:
    """A message whose JSON is cut off comes in a frame that is whole."""
    async with played([{"corrupt": "json"}]) as (server, client):
        client.write(frame(TEXT, request(1)), frame(TEXT, request(2)))
        assert await client.frame() == (TEXT, OK[: len(OK) * 2 // 3])
        assert noted(server, "corrupt") == [
            ("corrupt", f"json: {OK.decode()}"),
            ("corrupt", f"json: {OK.decode().replace('1', '2')}"),
        ]


async def test_bad_utf8() -> None:
    """A text frame comes with bytes in it that are no UTF-8."""
    async with played([{"corrupt": "utf8"}]) as (_, client):
        client.write(frame(TEXT, request(1)))
        opcode, data = await client.frame()
        assert (opcode, data) == (TEXT, OK[:14] + b"\xff\xfe" + OK[14:])
        with pytest.raises(UnicodeDecodeError):
            data.decode()


async def test_wrong_id() -> None:
    """A reply comes under the id of another request."""
    async with played([{"corrupt": {"what": "id"}}]) as (_, client):
        client.write(frame(TEXT, request(1)))
        assert await client.json() == {"id": 1_000_001, "response": {"Ok": []}}


async def test_truncated_frame() -> None:
    """A frame is cut off in the middle, and the connection with it."""
    async with played([{"corrupt": "frame"}]) as (_, client):
        client.write(frame(TEXT, request(1)))
        whole = bytes([0x81, len(OK)]) + OK
        async with asyncio.timeout(PATIENCE):
            assert await client.reader.readexactly(len(whole) // 2) == whole[: len(whole) // 2]
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await client.reader.readexactly(1)


async def test_duplicate_reply() -> None:
    """A reply comes twice, byte for byte."""
    async with played([{"reply": "twice"}]) as (_, client):
        client.write(frame(TEXT, request(1)))
        assert [await client.frame(), await client.frame()] == [(TEXT, OK), (TEXT, OK)]


async def test_raw_reply() -> None:
    """A reply says just the text that the scenario says."""
    async with played([{"reply": {"raw": "not even JSON"}}]) as (_, client):
        client.write(frame(TEXT, request(1)))
        assert await client.frame() == (TEXT, b"not even JSON")


async def test_reordered_replies() -> None:
    """A reply that is delayed comes behind that of a later request."""
    async with played([{"delay": "1s"}, "reply"], {"request": "GetHalts", "nth": 1}) as (server, client):
        client.write(frame(TEXT, request(1)), frame(TEXT, request(2)))
        assert (await client.json())["id"] == 2
        server.world.advance(SECOND)
        assert (await client.json())["id"] == 1


async def test_half_open_with_pongs() -> None:
    """A connection whose data stands still answers pings; what was kept comes when it goes on."""
    async with played([{"stall": {"what": "data", "for": "5s"}}]) as (server, client):
        client.write(frame(TEXT, request(1)), frame(TEXT, order(2)), frame(PING, b"there?"))
        assert await client.frame() == (PONG, b"there?")
        assert list(server.simulation.venue.open) == [1]
        server.world.advance(5 * SECOND)
        assert await client.json() == {"id": 1, "response": {"Ok": []}}
        assert await client.json() == {"id": 2, "response": {"Ok": "1"}}


async def test_half_open_without_pongs() -> None:
    """A connection that answers no pings still says its data; later it answers again."""
    async with played([{"stall": {"what": "pong", "for": "5s"}}]) as (server, client):
        client.write(frame(TEXT, request(1)))
        assert await client.frame() == (TEXT, OK)
        client.write(frame(PING, b"one"), frame(TEXT, order(2)))
        assert await client.json() == {"id": 2, "response": {"Ok": "1"}}
        server.world.advance(5 * SECOND)
        client.write(frame(PING, b"two"))
        assert await client.frame() == (PONG, b"two")


async def test_nothing_at_all() -> None:
    """A connection that stands still altogether says nothing, not even to a ping, and keeps what it has to say."""
    async with played([{"stall": "all"}]) as (server, client):
        client.write(frame(TEXT, request(1)), frame(PING, b"there?"))
        other = await RawClient.dial(server)
        other.write(handshake())
        await other.response()
        other.write(frame(TEXT, order(1)))
        assert await other.json() == {"id": 1, "response": {"Ok": "1"}}
        other.writer.close()
        assert noted(server, "stall", "kept") == [("stall", "all"), ("kept", OK)]
        assert not client.reader._buffer  # type: ignore[attr-defined]  # nothing has come


async def test_slow_drip() -> None:
    """A slow connection gets a frame a few bytes at a time, and no pong in between its pieces."""
    async with played([{"slow": {"bytes_per_second": 20}}]) as (server, client):
        client.write(frame(TEXT, request(1)), frame(PING, b"there?"))
        whole = bytes([0x81, len(OK)]) + OK
        got = b""
        for _ in range(len(whole)):
            async with asyncio.timeout(PATIENCE):
                got += await client.reader.readexactly(1)
            server.world.advance(SECOND // 20)
        assert got == whole
        assert await client.frame() == (PONG, b"there?")


async def test_slow_drip_to_a_client_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """Of many pieces for a client that is gone none is written any longer, and nothing is logged."""
    async with played([{"slow": {"bytes_per_second": 1000}}]) as (server, client):
        client.write(*(frame(TEXT, request(number)) for number in range(100)))
        await client.reader.readexactly(1)
        own_socket = client.writer.get_extra_info("socket")
        own_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        await asyncio.sleep(0)
        server.world.advance(SECOND)
    assert caplog.records == []


async def test_restart() -> None:
    """A venue that restarts closes every connection with 1012 and takes no new one for a while."""
    async with played(["reply", {"restart": {"orders": "kept", "for": "3s"}}]) as (server, client):
        other = await RawClient.dial(server)
        other.write(handshake())
        await other.response()
        client.write(frame(TEXT, request(1)))
        assert await client.frame() == (TEXT, OK)
        for each in (client, other):
            assert await each.frame() == (CLOSE, struct.pack("!H", 1012) + b"service restart")
            each.write(frame(CLOSE, struct.pack("!H", 1012)))
        late = await RawClient.dial(server)
        late.write(handshake())
        (line, *_), _ = await late.response()
        assert line == "HTTP/1.1 503 Service Unavailable"
        late.writer.close()
        other.writer.close()


async def test_hello_of_the_scenario() -> None:
    """The first message on /architect is the hello that the scenario says."""
    server = Server(Simulation({"hello": "NotLicensed"}), port=0)
    await server.start()
    client = await RawClient.dial(server)
    client.write(handshake("/architect"))
    await client.response()
    assert json.loads((await client.frame()).data) == "NotLicensed"
    client.writer.close()
    await server.close(patience=0)
