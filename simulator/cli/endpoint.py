"""An endpoint that a command runs until it is stopped."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable

from simulator.errors import SimulatorError

__all__ = ["started"]


async def started(start: Awaitable[None], host: str, port: int) -> asyncio.Event:
    """Start an endpoint; return the event that an interrupt sets. Raises `SimulatorError` if it cannot listen."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in a loop
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await start
    except OSError as error:
        raise SimulatorError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return stop
