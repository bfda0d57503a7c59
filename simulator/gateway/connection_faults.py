"""What a scenario does to a connection: the state of its faults, and how a message is damaged."""

from collections import deque
from typing import assert_never

from simulator.gateway.outgoing import Abort, Outgoing, RawBytes, text_frame, text_frames
from simulator.gateway.transit import Drip, Transit
from simulator.scenario.steps import Damage

__all__ = ["ConnectionFaults", "damaged"]

_PIECES = 3
"""In how many frames a message comes that is fragmented."""


class ConnectionFaults:
    """What a scenario does to a connection's messages; times in nanoseconds.

    Args:
        transit: messages on their way.
        drip: what is written a few bytes at a time.
    """

    __slots__ = (
        "bytes_per_second",
        "damages",
        "drip",
        "kept",
        "last_due",
        "silent_until",
        "slow_until",
        "stalled_until",
        "transit",
    )

    def __init__(self, transit: Transit, drip: Drip) -> None:
        self.transit = transit
        self.drip = drip
        self.last_due = 0
        self.damages: deque[tuple[Damage, int]] = deque()
        """What is done to the next messages, and to how many of them."""
        self.stalled_until = 0
        self.silent_until = 0
        self.slow_until = 0
        self.kept: list[Outgoing] = []
        self.bytes_per_second = 0


def damaged(what: Damage, message: bytes) -> tuple[Outgoing, ...]:
    """Return what goes out instead of a message."""
    match what:
        case "json":
            return (message[: max(1, len(message) * 2 // 3)],)
        case "utf8":
            middle = len(message) // 2
            return (message[:middle] + b"\xff\xfe" + message[middle:],)
        case "id":
            return (_with_other_id(message),)
        case "frame":
            frame = text_frame(message)
            return RawBytes(frame[: max(2, len(frame) // 2)]), Abort()
        case "fragments":
            return (RawBytes(text_frames(message, _PIECES)),)
        case _:
            assert_never(what)


def _with_other_id(message: bytes) -> bytes:
    """Return a reply under the id of another request."""
    start = message.find(b'"id":') + 5
    end = message.find(b",", start)
    if start < 5 or end < 0:
        return message
    number = message[start:end]
    other = b"%d" % (int(number) + 1_000_000) if number.isdigit() else b"1000000"
    return message[:start] + other + message[end:]
