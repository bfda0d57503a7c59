"""How long one round of the loop goes on."""

import asyncio

import pytest

from simulator.server.turn import Turn

pytestmark = pytest.mark.asyncio


async def test_round_of_the_loop() -> None:
    """A round begins when somebody first asks, is over in its time, and the next one begins anew."""
    now = 0.0
    turn = Turn(asyncio.get_running_loop(), 0.01, lambda: now)
    assert not turn.is_over()
    now = 0.009
    assert not turn.is_over()
    now = 0.01
    assert turn.is_over()
    await asyncio.sleep(0)
    assert not turn.is_over()
    now = 0.02
    assert turn.is_over()
