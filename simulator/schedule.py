"""The time of one world, and what is due in it."""

import heapq
from collections.abc import Callable, Iterator

__all__ = ["Schedule"]


class Schedule:
    """The present moment, and the acts that wait for theirs; times in nanoseconds.

    Acts due at one time are done in the order in which they were put down. What is ``background`` (a market that
    walks, a clock that ticks) goes on for ever by itself, so nobody waits for it to end.

    Args:
        now: the time at which the world begins.
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self.awaited = 0
        """How many acts wait that are not background."""
        self.cause = 0
        """What has made happen what happens now: a number of the journal's, or 0; an act inherits it."""
        self.next_due: int | None = None
        """The time of the next act."""
        self._due: list[tuple[int, int, bool, Callable[[], None], int]] = []
        self._count = 0

    def at(self, time: int, act: Callable[[], None], background: bool = False) -> None:
        """Put down an act for a time, or for now if that is past."""
        self._count += 1
        self.awaited += not background
        heapq.heappush(self._due, (max(time, self.now), self._count, background, act, self.cause))
        self._look()

    def put_off(self, until: int) -> None:
        """Put off what is background and due before a time to that time: nobody was there to see it."""
        self._due = [
            (max(time, until) if background else time, count, background, act, cause)
            for time, count, background, act, cause in self._due
        ]
        heapq.heapify(self._due)
        self._look()

    def _look(self) -> None:
        self.next_due = self._due[0][0] if self._due else None

    def due(self, most: int | None = None) -> list[tuple[int, bool, int]]:
        """Return what is due, or so much of it, the next first: when, whether it is background, and its cause."""
        acts = sorted(self._due) if most is None else heapq.nsmallest(most, self._due)
        return [(time, background, cause) for time, _, background, _, cause in acts]

    def is_due(self) -> bool:
        """Tell whether anything waits whose time is now."""
        due = self.next_due
        return due is not None and due <= self.now

    def skip_to(self, now: int) -> bool:
        """Let time pass until ``now`` if nothing is due on the way; do nothing and return False if something is."""
        due = self.next_due
        if due is not None and due <= now:
            return False
        self.cause = 0
        if now > self.now:
            self.now = now
        return True

    def due_by(self, now: int, is_over: Callable[[], bool] | None = None) -> Iterator[Callable[[], None]]:
        """Let time pass until ``now``, giving each act that is due on the way when its moment has come.

        It ends early if ``is_over`` says so, which is asked between two moments: acts due at one time are never parted.
        """
        due = self._due
        has_begun = False
        while due and due[0][0] <= now:
            if is_over is not None and has_begun and due[0][0] > self.now and is_over():
                self.cause = 0
                return
            has_begun = True
            self.now, _, background, act, self.cause = heapq.heappop(due)
            self._look()
            self.awaited -= not background
            yield act
        self.cause = 0
        self.now = max(self.now, now)
