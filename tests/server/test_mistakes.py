from typing import Any

import pytest

from support.server import TEXT, connected, frame, journal, order, request, serving

pytestmark = pytest.mark.asyncio


@pytest.fixture
def error(capsys: pytest.CaptureFixture[str]) -> Any:
    """An exception that the simulator raises; in the end it must stand on stderr."""
    yield RuntimeError("boom")
    assert "RuntimeError: boom" in capsys.readouterr().err


async def test_mistake_in_receive(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator that fails on a message closes that connection with 1011, after what it had answered."""
    async with serving() as server, connected(server) as client, connected(server) as other:
        receive = server.simulation.receive

        def fail(session: Any, text: Any, now: Any) -> None:
            if "Fail" in text:
                raise error
            receive(session, text, now)

        monkeypatch.setattr(server.simulation, "receive", fail)
        client.write(*(frame(TEXT, text) for text in (order(1), request(2, "Fail"), order(3))))
        assert await client.json() == {"id": 1, "response": {"Ok": "1"}}
        assert await client.closing() == (1011, "the simulator failed")
        assert server.errors == [error]
        assert await other.ask(1) == []
        assert journal(server, "in", "close") == [
            (1, "in", order(1).decode()),
            (1, "close", "1011 the simulator failed"),
            (2, "in", request(1).decode()),
        ]


async def test_mistake_in_what_is_due(error: Exception) -> None:
    """A simulator that fails at something of its own closes nobody, and what is due after it happens."""
    async with serving() as server, connected(server, "/netidx") as client:
        client.write(frame(TEXT, b'{"type":"Subscribe","path":"/local/architect/core/clock"}'))
        assert (await client.json())["type"] == "Subscribed"
        assert (await client.json())["type"] == "Update"

        def fail() -> None:
            raise error

        server.simulation._schedule.at(server.world.now(), fail)
        server.world.flush()
        assert (await client.json())["type"] == "Update"
        assert server.errors == [error]


async def test_mistake_while_a_client_leaves(error: Exception) -> None:
    """A simulator that fails when a client leaves still lets it go."""
    async with serving() as server, connected(server) as client, connected(server) as other:
        assert await client.ask(1) == []

        def fail() -> None:
            raise error

        server.simulation._schedule.at(0, fail)
        client.write(frame(8, b"\x03\xe8"))
        assert await client.closing() == (1000, "")
        assert await other.ask(1) == []
        assert (server.errors, list(server.simulation.sessions)) == ([error], [2])
