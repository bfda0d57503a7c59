"""What a kept world does over sockets: what ends are followed by, and what is told while its disk is full."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator import command_log as command_log
from simulator.command_log import TIME, Folder
from simulator.server import Server, http_answers
from simulator.simulation import Simulation
from support.command_log import FailingFile, inputs_of
from support.server import PAIR, RawClient, connected, dialled, order, small_catalogue

pytestmark = pytest.mark.asyncio

TRADE = {"trade": {"product": PAIR, "price": 100, "quantity": 1}}
TRADES = {"timeline": [{"at": "0s", "every": "1ms", "do": TRADE}]}


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    """The disk of each test has room."""
    yield
    FailingFile.room = None


@asynccontextmanager
async def keeping(path: Path, scenario: dict[str, Any]) -> AsyncIterator[Server]:
    """Serve a scenario, and keep its world in a folder, while the block runs."""
    folder = Folder(path, "never", FailingFile)
    simulation = Simulation(scenario, catalogue=small_catalogue(), clock="real", seed=1)
    server = Server(simulation, port=0, writer=command_log.begin(folder, simulation, None))
    await server.start()
    try:
        yield server
    finally:
        await server.close(patience=0.2)
        folder.close()


async def something(server: Server) -> None:
    """Wait until something happens."""
    happens = asyncio.Event()
    server.simulation.journal.watch = lambda entry: happens.set()
    async with asyncio.timeout(10):
        await happens.wait()


async def get(client: RawClient, path: str) -> tuple[str, Any]:
    """Return the status line and the data that a call over HTTP is answered."""
    client.write(f"GET /_exchange{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    async with asyncio.timeout(10):
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        (length,) = [int(line.partition(":")[2]) for line in head if line.startswith("Content-Length")]
        return head[0], json.loads(await client.reader.readexactly(length))


async def test_what_a_disconnect_brings_about(tmp_path: Path) -> None:
    """What a rule does when a connection ends is sent to the others at once, its delays run, and it closes them all."""
    steps = [{"cancel": {"order": "all", "text": "gone"}}, {"delay": "10ms"}, {"disconnect": {"session": "all"}}]
    rule = {"when": {"event": "disconnect"}, "times": 1, "then": steps}
    async with keeping(tmp_path, {"rules": [rule]}) as server, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(connected(server)) for _ in range(20)]
        async with connected(server) as client:
            assert (await client.ask(1, "SendLimitOrder", **json.loads(order(1)) | {"id": 1}))[:1] == "1"
            assert await others[0].ask(1, "SubscribeOrderState") != []
        (told,) = (await others[0].json())["response"]["Ok"]
        assert told["state"] == ["Acked", "Canceled", "Out"]
        assert [await other.closing() for other in others] == [(1000, "")] * 20


async def test_who_looks_without_a_connection(tmp_path: Path) -> None:
    """Time that passes with nobody there is written down before somebody is told over HTTP what it has brought."""
    async with keeping(tmp_path, TRADES) as server, dialled(server) as reader:
        await something(server)
        assert inputs_of(tmp_path) == []
        await get(reader, "/state")
        (kept,) = inputs_of(tmp_path)
        assert kept.kind == TIME
        FailingFile.room = 0
        await something(server)
        why = "the command log cannot be written, so nobody is told of what has happened since it could"
        waits = "/journal?wait=1&since=1000000"
        for path in ("/fills", waits):
            assert await get(reader, path) == ("HTTP/1.1 503 ", {"error": why})
        FailingFile.room = None
        assert (await get(reader, "/state"))[0] == "HTTP/1.1 200 "
        assert len(inputs_of(tmp_path)) == 2


async def test_who_listens_is_told_nothing_new_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener hears that the server is there, and of what has happened only once that can be written down."""
    monkeypatch.setattr(http_answers, "_SIGN_OF_LIFE", 0.2)
    monkeypatch.setattr(http_answers, "_NEWS_EVERY", 0.01)
    async with keeping(tmp_path, TRADES) as server, dialled(server) as reader, asyncio.timeout(10):
        reader.write(b"GET /_exchange/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.reader.readuntil(b"data: ")
        FailingFile.room = 0
        await something(server)
        told = await reader.reader.readuntil(b": still there")
        line = server.simulation.journal.written
        assert f'"line":{line}'.encode() not in told
        told = await reader.reader.readuntil(b": still there")
        assert b"data: " not in told
        FailingFile.room = None
        await reader.reader.readuntil(b"data: ")
