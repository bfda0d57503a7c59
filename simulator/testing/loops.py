"""Who waits for an exchange, and where: a loop's thread should not; for asyncio and trio."""

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

from simulator.errors import SimulatorError

__all__ = ["PATIENCE", "in_thread", "refuse_to_block"]

PATIENCE = 10.0
"""How many seconds of the wall's time somebody waits for an exchange to do what is asked of it."""

_T = TypeVar("_T")


def refuse_to_block(method: str) -> None:
    """Raise `SimulatorError` for a method that waits, where a loop runs in this thread."""
    if _is_on_a_loop():
        raise SimulatorError(f"{method}() would block the loop that the client runs on: await exchange.until(...)")


def _is_on_a_loop() -> bool:
    """Tell whether a loop of asyncio's or trio's runs in this thread, which nothing should block."""
    if _is_on_asyncio():
        return True
    trio = sys.modules.get("trio")
    if trio is None:
        return False
    try:
        trio.lowlevel.current_trio_token()
    except RuntimeError:
        return False
    return True


async def in_thread(act: Callable[[], _T]) -> _T:
    """Do what blocks in another thread; on asyncio or trio."""
    if _is_on_asyncio():
        return await asyncio.to_thread(act)
    import trio

    return await trio.to_thread.run_sync(act)


def _is_on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
