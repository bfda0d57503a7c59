"""What is on its way to one connection: however much it is, one entry of the schedule stands for it."""

import heapq
from collections import deque
from collections.abc import Callable
from functools import partial

import msgspec

from simulator.gateway.outgoing import Outgoing, RawBytes, size_of
from simulator.schedule import Schedule
from simulator.terms import BILLION

__all__ = ["Drip", "Transit"]

_DRIP_EVERY = 50_000_000
"""How often a slow connection gets a few bytes, in nanoseconds."""


class Transit:
    """Messages that arrive in their time, those of one time in the order in which they were sent.

    Args:
        schedule: the world's time.
        arrive: is given each message when it has arrived.
    """

    def __init__(self, schedule: Schedule, arrive: Callable[[bytes], None]) -> None:
        self._schedule = schedule
        self._arrive = arrive
        self._waiting: list[tuple[int, int, bytes, int]] = []
        self._count = 0
        self._next: int | None = None
        """When the next message is looked for."""

    def send(self, message: bytes, due: int) -> None:
        """Let a message arrive at a time, in nanoseconds."""
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, message, self._schedule.cause))
        if self._next is None or due < self._next:
            self._look_at(due)

    def drop(self) -> list[bytes]:
        """Let nothing arrive any longer; return what was on its way."""
        waiting, self._waiting = self._waiting, []
        return [message for _, _, message, _ in sorted(waiting)]

    def _look_at(self, time: int) -> None:
        self._next = time
        self._schedule.at(time, partial(self._look, time))

    def _look(self, time: int) -> None:
        if time != self._next:  # an earlier message has come since
            return
        schedule = self._schedule
        while self._waiting and self._waiting[0][0] <= schedule.now:
            _, _, message, schedule.cause = heapq.heappop(self._waiting)
            self._arrive(message)
        self._next = None
        if self._waiting:
            self._look_at(self._waiting[0][0])


class _Item(msgspec.Struct):
    """What waits to be written: a frame in pieces with a pause behind each, or whatever it is at once."""

    item: Outgoing
    piece: int
    pause: int
    cause: int
    written: int = 0


class Drip:
    """What is written on a slow connection: frames a few bytes at a time, and the rest behind them.

    Args:
        schedule: the world's time.
        write: is given what is to be written.
    """

    def __init__(self, schedule: Schedule, write: Callable[[Outgoing], None]) -> None:
        self.ends = 0
        """When all of it will have been written, in nanoseconds."""
        self._schedule = schedule
        self._write = write
        self._waiting: deque[_Item] = deque()
        self._is_awaited = False

    @property
    def is_busy(self) -> bool:
        """Whether what is put here has to wait."""
        return bool(self._waiting) or self.ends > self._schedule.now

    def put(self, item: Outgoing) -> None:
        """Let something be written behind what waits already."""
        self._append(_Item(item, 0, 0, self._schedule.cause))

    def put_slowly(self, frame: bytes, bytes_per_second: int) -> None:
        """Let a frame be written in pieces, behind what waits already."""
        piece = max(1, bytes_per_second * _DRIP_EVERY // BILLION)
        pause = piece * BILLION // bytes_per_second
        self._append(_Item(frame, piece, pause, self._schedule.cause))
        self.ends = max(self._schedule.now, self.ends) + -(-len(frame) // piece) * pause

    def drop(self) -> int:
        """Write nothing any longer; return how many bytes have not been written."""
        left = sum(size_of(one.item) - one.written for one in self._waiting)
        self._waiting.clear()
        return left

    def finish(self) -> None:
        """Write at once all that waits."""
        schedule, waiting = self._schedule, self._waiting
        cause = schedule.cause
        while waiting:
            head = waiting.popleft()
            schedule.cause = head.cause
            if head.piece and isinstance(head.item, bytes):
                self._write(RawBytes(head.item[head.written :]))
            else:
                self._write(head.item)
        schedule.cause = cause
        self.ends = min(self.ends, schedule.now)

    def _append(self, item: _Item) -> None:
        self._waiting.append(item)
        if not self._is_awaited:
            self._await(max(self._schedule.now, self.ends))

    def _await(self, time: int) -> None:
        self._is_awaited = True
        self._schedule.at(time, self._go_on)

    def _go_on(self) -> None:
        self._is_awaited = False
        waiting = self._waiting
        while waiting:
            head = waiting[0]
            self._schedule.cause = head.cause
            if head.piece and isinstance(head.item, bytes):
                start, head.written = head.written, min(head.written + head.piece, len(head.item))
                more = head.written < len(head.item)
                if not more:
                    waiting.popleft()
                self._await(self._schedule.now + head.pause)
                self._write(RawBytes(head.item[start : head.written], more))
                return
            waiting.popleft()
            self._write(head.item)
