"""Staying awake between messages that come one upon the other.

A process that sleeps until the next message is woken by the kernel, which on a virtual machine takes longer than it
takes to answer an order. A client that answers at once finds the server still awake: the loop goes round, looking for
data each time, instead of waiting for it. It does so only as long as the last two messages were so close that it was,
or would have been, worth it.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["Wakefulness"]


class Wakefulness:
    """Keeps a loop awake for a while after a message.

    Args:
        call_soon: the loop's own.
        clock: gives the time in seconds.
        seconds: for how long; no two messages further apart keep it awake.
    """

    def __init__(
        self, call_soon: Callable[[Callable[[], None]], Any], clock: Callable[[], float], seconds: float
    ) -> None:
        self._call_soon = call_soon
        self._clock = clock
        self._seconds = seconds
        self._until = 0.0
        self._is_awake = False

    def heard(self) -> None:
        """A message has come, and has been dealt with."""
        now = self._clock()
        was_close = now <= self._until
        self._until = now + self._seconds
        if was_close and not self._is_awake:
            self._is_awake = True
            self._call_soon(self._look)

    def _look(self) -> None:
        if self._clock() <= self._until:
            self._call_soon(self._look)
        else:
            self._is_awake = False
