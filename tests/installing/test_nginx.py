"""The configuration of nginx for several servers: sessions meet, and are told when theirs is gone."""

import asyncio
import shutil
import signal

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from installing.nginx_pairs import behind_nginx, meetings
from support.cli import Program

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx")


def test_connections_of_one_session_meet() -> None:
    """Whoever says the same session is in the same world, and both servers have some."""
    with behind_nginx() as (url, servers):
        assert asyncio.run(meetings(url, 100)) == 100
        assert [asyncio.run(_worlds(server)) > 0 for server in servers] == [True, True]


async def _worlds(server: Program) -> int:
    """Return how many worlds a server has besides its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /_exchange/worlds HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.count(b'"url"')


def test_sessions_of_a_killed_server_are_told() -> None:
    """Connections to a server that dies end, and who comes again is told why; the other's sessions notice nothing."""
    with behind_nginx() as (url, (one, _)):
        asyncio.run(_kill_one(url, one))


async def _kill_one(url: str, one: Program) -> None:
    lines = {number: await connect(f"{url}s{number}") for number in range(12)}
    one.stop(signal.SIGKILL)
    ended = [number for number, line in lines.items() if await _has_ended(line)]
    assert 0 < len(ended) < 12
    for number in lines:
        if number in ended:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}s{number}")
            assert refused.value.response.status_code == 503
            assert refused.value.response.body == b"the exchange of this session is down, and its orders are gone\n"
        else:
            await lines[number].close()
            async with connect(f"{url}s{number}"):
                pass


async def _has_ended(line: object) -> bool:
    try:
        async with asyncio.timeout(1):
            await line.recv()  # type: ignore[attr-defined]  # its type's name depends on the release
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False
    return False
