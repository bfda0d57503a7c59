"""How long one round of the event loop may go on, for all that happens in it together."""

import asyncio
import time
from collections.abc import Callable

__all__ = ["Turn"]


class Turn:
    """The time that is left in this round of a loop, after which signals and whoever else waits have theirs.

    Everybody who could go on for long asks it in between, having done at least one thing: worlds that let time pass,
    connections that answer. What is left is put off to the next round.

    Args:
        loop: the loop; its next round begins anew.
        seconds: how long a round may be.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._clock = clock
        self._ends: float | None = None

    def is_over(self) -> bool:
        """Tell whether the round has gone on for long enough; the first who asks in a round begins it."""
        now = self._clock()
        if self._ends is None:
            self._ends = now + self._seconds
            self._loop.call_soon(self._end)
            return False
        return now >= self._ends

    def _end(self) -> None:
        self._ends = None
