"""How many connections there are descriptors for."""

import asyncio
import errno
import os
import resource
import sys

import pytest

from simulator.server import server as server_module
from simulator.server.descriptors import raise_limit, room_for_connections, say_once_that_there_are_none
from support.server import connected, dialled, handshake, serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there sockets are no files")


def test_room_is_what_the_system_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for as many connections as there are descriptors, but for those in use and some that are kept."""
    monkeypatch.setattr(os, "listdir", lambda path: ["0", "1", "2"])
    for soft, room in ((1024, 957), (70, 8), (resource.RLIM_INFINITY, sys.maxsize)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, soft=soft: (soft, soft))
        assert room_for_connections() == room


def test_limit_is_raised_as_far_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server asks for as many descriptors as it may have, never for fewer than it has, nor for absurdly many."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: asked.append(limits))
    endless = resource.RLIM_INFINITY
    for limits in ((256, 4096), (4096, 4096), (1024, endless), (endless, endless), (256, 1 << 20)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limits=limits: limits)
        raise_limit()
    assert asked == [(4096, 4096), (65536, endless), (65536, 1 << 20)]


@pytest.mark.asyncio
async def test_no_more_connections_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection for which there would be no descriptor is answered 503; far too many are cut."""
    monkeypatch.setattr(server_module, "room_for_connections", lambda: 2)
    monkeypatch.setattr(server_module, "_MOST_REFUSED", 1)
    async with serving() as server, connected(server) as client, dialled(server):
        async with dialled(server) as third:
            third.write(handshake())
            (status, *_), body = await third.response()
            assert (status, body) == ("HTTP/1.1 503 Service Unavailable", b"There are too many connections.\n")
            async with dialled(server) as fourth:
                await fourth.cut()
        assert await client.ask(1) == []


@pytest.mark.asyncio
async def test_no_descriptor_left_is_said_once() -> None:
    """A loop that can take no connection says so in one line, and everything else as it always does."""
    loop = asyncio.get_running_loop()
    said: list[str] = []
    others: list[str] = []
    loop.default_exception_handler = lambda context: others.append(context["message"])  # type: ignore[method-assign]
    say_once_that_there_are_none(loop, said.append)
    for number in (errno.EMFILE, errno.ENFILE, errno.EBADF):
        loop.call_exception_handler({"message": str(number), "exception": OSError(number, "too many")})
    loop.call_exception_handler({"message": "another"})
    assert (said, others) == (["no connection can be taken at the moment: too many"], [str(errno.EBADF), "another"])
