"""How long one round of the event loop may go on, for all that happens in it together."""

import asyncio
import time
from collections import deque
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
        self._line: deque[Callable[[], None]] = deque()
        self._is_line_seen_to = False

    def is_over(self) -> bool:
        """Tell whether the round has gone on for long enough; the first who asks in a round begins it."""
        now = self._clock()
        if self._ends is None:
            self._ends = now + self._seconds
            self._loop.call_soon(self._end)
            return False
        return now >= self._ends

    def has_ended(self) -> bool:
        """Tell whether a round that somebody has begun has gone on for long enough; who asks this begins none."""
        return self._ends is not None and self._clock() >= self._ends

    def end(self) -> None:
        """Somebody has done much at once: unless it is known when the round began, it is over."""
        if self._ends is None:
            self._ends = self._clock()
            self._loop.call_soon(self._end)

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody stands in line."""
        return bool(self._line)

    def line_up(self, act: Callable[[], None]) -> None:
        """Do something when its turn comes: one after the other, as many in each round as there is time for."""
        self._line.append(act)
        self._see_to_line()

    def _see_to_line(self) -> None:
        if self._line and not self._is_line_seen_to:
            self._is_line_seen_to = True
            self._loop.call_soon(self._go_through)

    def _go_through(self) -> None:
        self.is_over()  # whoever asks first begins the round
        for _ in range(len(self._line)):  # who lines up again meanwhile stands behind
            self._line.popleft()()
            if self.is_over():
                break
        self._is_line_seen_to = False
        self._see_to_line()

    def _end(self) -> None:
        self._ends = None
