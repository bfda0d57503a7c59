"""What control costs those who trade while nobody listens: nothing at all."""

import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest

from simulator.server import Server
from support.server import TEXT, connected, frame, order, serving

pytestmark = pytest.mark.asyncio


def calls_of(server: Server, numbers: range) -> Counter[str]:
    """Return which functions are called, and how often, while orders come on the only connection."""
    (connection,) = server.connections
    called: Counter[str] = Counter()

    def count(at: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            called[f"{at.f_code.co_filename}:{at.f_code.co_qualname}"] += 1
        elif event == "c_call":
            called[getattr(argument, "__qualname__", repr(argument))] += 1

    frames = [frame(TEXT, order(number)) for number in numbers]
    sys.setprofile(count)
    try:
        for data in frames:
            connection.data_received(data)
    finally:
        sys.setprofile(None)
    return called


async def orders(after_a_listener: bool = False, **settings: Any) -> Counter[str]:
    """Return what is called for a hundred orders at a server of its own."""
    async with serving(**settings) as server, connected(server) as client:
        await client.ask(0)
        calls_of(server, range(1, 20))
        if after_a_listener:
            server.listen_to_worlds(True)
            assert calls_of(server, range(20, 30)) != Counter()
            server.listen_to_worlds(False)
        return calls_of(server, range(30, 130))


async def test_orders_cost_the_same_with_control_and_without() -> None:
    """A hundred orders call the same functions as often where nothing can be controlled, and where nobody does."""
    without = await orders(control=False)
    assert sum(without.values()) > 1000
    assert await orders() == without
    assert await orders(after_a_listener=True) == without
