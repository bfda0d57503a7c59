"""Staying awake between messages that come one upon the other.

A process that sleeps until the next message is woken by the kernel, which on a virtual machine takes longer than it
takes to answer an order. A client that answers at once finds the server still awake: the loop goes round, looking for
data each time, instead of waiting for it. It does so only where that is likely to be worth it, and not on a machine
that has other things to do: there, who does not sleep loses its turn to those who do.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["BusyPoll"]

_INTERRUPTED = 10
"""After a turn with so many times as long as it may stay awake without the processor, the loop has lost that."""
_WORTH_LOSING_IT = 200
_WORTH_WAITING = 10
"""How many messages that found it awake make up for that, and for waiting in vain: each has spared a wake-up."""
_REST = 10_000
"""For how many times as long it sleeps between messages where they have not; after waiting in vain, a hundredth."""


class BusyPoll:
    """Keeps a loop awake for a while after a message.

    Args:
        call_soon: the loop's own.
        clock: gives the time in seconds.
        worked: gives for how long this thread has had the processor, in seconds.
        seconds: for how long; messages further apart keep nobody awake.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], Any],
        clock: Callable[[], float],
        worked: Callable[[], float],
        seconds: float,
    ) -> None:
        self._call_soon = call_soon
        self._clock = clock
        self._worked = worked
        self._seconds = seconds
        self._until = 0.0
        self._rested_at = 0.0
        self._looked_at = 0.0
        self._had_worked = 0.0
        self._is_awake = False
        self._is_close = False
        self._heard = 0
        """How many messages have found it awake since it last lost the processor, or waited in vain."""

    def hears(self) -> None:
        """A message has come."""
        self._is_close = self._clock() <= self._until
        self._heard += self._is_awake

    def has_answered(self) -> None:
        """The message has been dealt with."""
        now = self._clock()
        self._until = now + self._seconds
        self._looked_at = now
        if self._is_close and not self._is_awake and now >= self._rested_at:
            self._is_awake = True
            self._had_worked = self._worked()
            self._call_soon(self._look)

    def _look(self) -> None:
        now, worked = self._clock(), self._worked()
        turn, own = now - self._looked_at, worked - self._had_worked
        self._looked_at, self._had_worked = now, worked
        if turn > self._seconds:  # something else was done in it: nobody has looked for as long
            self._until = now + self._seconds
            if turn - own > _INTERRUPTED * self._seconds:
                self._pays(_WORTH_LOSING_IT, now + _REST * self._seconds)
        elif now > self._until:
            self._is_awake = False
            self._pays(_WORTH_WAITING, now + _REST // 100 * self._seconds)
        if self._is_awake:
            self._call_soon(self._look)

    def _pays(self, worth: int, until: float) -> None:
        """Sleep between messages until a time, unless enough of them have found it awake."""
        if self._heard < worth:
            self._is_awake = False
            self._rested_at = until
        self._heard = 0
