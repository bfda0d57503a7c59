import asyncio
import itertools
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from simulator.server import Server
from simulator.server.connection import Connection
from support.server import (
    PAIR,
    PATIENCE,
    TEXT,
    Clock,
    RawClient,
    connected,
    frame,
    journal,
    order,
    request,
    serving,
)

pytestmark = pytest.mark.asyncio

SLACK = 600 * 1024
EVERYTHING: dict[str, Any] = {"kind": "QueryTradableProductIndex", "query": {"type": "All"}}


def waiting(connection: Connection) -> int:
    """Return how many bytes wait for a client."""
    unsaid = connection.session.waiting if connection.session else 0
    return connection.transport.get_write_buffer_size() + unsaid


def taken_from(server: Server, number: int) -> int:
    """Return how many messages were taken from a connection."""
    return len([1 for connection, *_ in journal(server, "in") if connection == number])


def only_connection(server: Server) -> Connection:
    """Return the one connection that there is."""
    (connection,) = server.connections
    return connection


async def flood(client: RawClient, first: int, count: int) -> None:
    """Send orders in one segment, and take the answers."""
    client.write(*(frame(TEXT, order(number, price="1")) for number in range(first, first + count)))
    for number in range(first, first + count):
        assert await client.json() == {"id": number, "response": {"Ok": str(number)}}


async def test_reader_of_a_stream_that_does_not_read() -> None:
    """A client that does not read its updates is closed with 1013, and what waits for it stays bounded."""
    async with serving(send_buffer=1 << 20, read_timeout=0.0) as server, connected(server, receive_buffer=4096) as slow:
        connection = only_connection(server)
        session = connection.session
        assert session is not None
        slow.write(*(frame(TEXT, request(number, "SubscribeOrderState")) for number in range(1, 21)))
        for number in range(1, 21):
            assert await slow.json() == {"id": number, "response": {"Ok": []}}
        most = 0
        async with connected(server) as busy:
            for first in itertools.count(1, 100):
                await flood(busy, first, 100)
                most = max(most, waiting(connection))
                if not session.is_open:
                    break
        assert (1 << 20) <= most < (1 << 20) + SLACK
        closes = [entry for entry in journal(server, "close") if entry[0] == 1]
        assert closes == [(1, "close", "1013 you do not read")]
        updates = 0
        while (message := await slow.frame())[0] == TEXT:
            updates += 1
        assert updates
        assert message == (8, b"\x03\xf5you do not read")


async def test_nothing_is_left_out_before_the_close() -> None:
    """A client that did not read finds each order's updates without a gap up to the close."""
    async with serving(send_buffer=1 << 18, read_timeout=0.0) as server, connected(server, receive_buffer=4096) as slow:
        session = only_connection(server).session
        assert session is not None
        slow.write(frame(TEXT, request(1, "SubscribeOrderState")))
        assert await slow.json() == {"id": 1, "response": {"Ok": []}}
        async with connected(server) as busy:
            for first in itertools.count(1, 1000):
                await flood(busy, first, 1000)
                if not session.is_open:
                    break
        seen = []
        while (message := await slow.frame())[0] == TEXT:
            seen.append(message.data)
        said = [data for number, _, data in journal(server, "out") if number == 1][1:]
        assert seen == said[: len(seen)]
        assert len(said) - len(seen) < 1000
        assert message == (8, b"\x03\xf5you do not read")


async def test_requests_of_a_client_that_does_not_read_wait() -> None:
    """A client that asks much and reads nothing is not served further, while others are; then it gets all."""
    count = 2000
    async with serving("default") as server, connected(server, receive_buffer=4096) as slow:
        connection = only_connection(server)
        slow.write(*(frame(TEXT, request(number, **EVERYTHING)) for number in range(1, count + 1)))
        async with connected(server) as other:
            while connection.transport.is_reading():
                await other.ask(1)
            served = taken_from(server, 1)
            for number in range(100):
                await other.ask(number)
            assert taken_from(server, 1) == served < count
            assert 0 < waiting(connection) < (1 << 18) + SLACK
        for number in range(1, count + 1):
            assert (await slow.json())["id"] == number
        assert journal(server, "close") == [(2, "close", "gone")]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - a socket tells nobody what it has taken
            await asyncio.sleep(0)


class Transport:
    """A transport that has so many bytes left to write as it is said to have."""

    def __init__(self, transport: Any) -> None:
        self.left = 0
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are left."""
        return self.left


async def test_client_that_reads_a_long_answer() -> None:
    """A client is not closed because an answer is long while it reads, but once it has read nothing for a while."""
    async with serving(send_buffer=1 << 20, read_timeout=5.0) as server, connected(server):
        clock, connection = Clock(server), only_connection(server)
        connection.transport = transport = Transport(connection.transport)  # type: ignore[assignment]
        connection._written = 10 << 20
        for left in range(10, 1, -1):
            transport.left = left << 20
            connection._is_heard = True  # that it answers no ping is another matter
            clock.check(4.9)
        clock.check(4.9)
        assert journal(server, "close") == []
        clock.check(0.1)
        assert journal(server, "close") == [(1, "close", "1013 you do not read")]


async def test_client_that_has_little_left_to_read() -> None:
    """A client that has read nothing for long is not closed while no more waits for it than may."""
    async with serving(send_buffer=1 << 20, read_timeout=5.0) as server, connected(server) as client:
        clock, connection = Clock(server), only_connection(server)
        connection.transport = transport = Transport(connection.transport)  # type: ignore[assignment]
        transport.left = 1 << 20
        for _ in range(3):
            connection._is_heard = True
            clock.check(4.9)
        assert await client.ask(1) == []
        transport.left += 1
        clock.check(4.9)
        assert journal(server, "close") == []


async def test_client_that_reads_too_slowly() -> None:
    """A client that reads, but for which too much waits all the same, is closed."""
    async with serving(most_unread=1 << 20) as server, connected(server, receive_buffer=4096) as slow:
        slow.write(*(frame(TEXT, request(number, "SubscribeOrderState")) for number in range(1, 21)))
        for number in range(1, 21):
            assert await slow.json() == {"id": number, "response": {"Ok": []}}
        session = only_connection(server).session
        assert session is not None
        async with connected(server) as busy:
            for first in itertools.count(1, 100):
                await flood(busy, first, 100)
                if not session.is_open:
                    break
                await slow.frame()
        assert journal(server, "close")[0] == (1, "close", "1013 you read too slowly")


@pytest.mark.parametrize("fin", [True, False], ids=["a frame", "fragments"])
async def test_much_that_is_not_whole(fin: bool) -> None:
    """Of many clients that begin long messages some are given up, so that what they have said stays bounded."""
    length = 200_000
    data = frame(TEXT, b"x" * length, fin=fin)[: -1 if fin else None]
    async with serving(most_held=1 << 20) as server, AsyncExitStack() as stack:
        for number in range(1, 9):
            client = await stack.enter_async_context(connected(server))
            client.write(data)
            wanted = min(number, 5), max(0, number - 5)
            await until(lambda: (server.budget.held // length, len(journal(server, "close"))) == wanted)  # noqa: B023
        assert {why for _, _, why in journal(server, "close")} == {"1013 too much is held for you"}
        fine = await stack.enter_async_context(connected(server))
        assert await fine.ask(1) == []
        await until(lambda: len(server.connections) == 6)
    await until(lambda: not server.budget.held)


async def test_what_is_not_read_yet_is_held_too() -> None:
    """What has come of a client counts before it is read, for that takes many turns."""
    data = frame(TEXT, b"x" * 200_000)[:-1]
    async with serving() as server, connected(server):
        (connection,) = server.connections
        connection.data_received(data)
        assert server.budget.held == len(data)


async def test_market_data_reaches_a_slow_reader() -> None:
    """A client that reads slowly, but does, loses nothing."""
    async with serving() as server, connected(server, receive_buffer=4096) as slow, connected(server) as busy:
        slow.write(frame(TEXT, request(1, "SubscribeBook", tradable_product=PAIR, width=1)))
        assert (await slow.json())["response"]["Ok"]["buy"] == []
        sizes = []
        for number in range(1, 101):
            await flood(busy, number, 1)
            sizes.append((await slow.json())["response"]["Ok"]["buy"][0]["size"])
        assert [float(size) for size in sizes] == list(range(1, 101))


async def test_close_frame_behind_requests_that_wait() -> None:
    """A client that pipelines requests and a close, and reads late, gets every answer and then its close."""
    count = 500
    async with serving("default") as server, connected(server, receive_buffer=4096) as slow:
        slow.write(*(frame(TEXT, request(number, **EVERYTHING)) for number in range(1, count + 1)))
        slow.write(frame(8, b"\x03\xe8"))
        async with connected(server) as other:
            await other.ask(1)
        for number in range(1, count + 1):
            assert (await slow.json())["id"] == number
        assert await slow.closing() == (1000, "")
