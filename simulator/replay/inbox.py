"""What has come to a replayed client and has not been asked for yet."""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from simulator.scenario.awaiting import Piece, is_envelope, pieces
from simulator.scenario.values import message_of

__all__ = ["Inbox", "Line"]

_REMEMBERED = 200


class Line(msgspec.Struct):
    """A client's connection: whether it is open, and if not, with which code and reason it ended."""

    name: str
    target: str
    is_open: bool = False
    awaits_hello: bool = False
    refused: str = ""
    code: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.is_open:
            return f"the connection {self.name!r} is open"
        if not self.code:
            return f"the connection {self.name!r} is not open"
        return f"the connection {self.name!r} is closed: {self.code} {self.reason}".rstrip()


class Inbox:
    """Messages in the order in which they came, as pieces that are taken one by one."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self.recent: deque[Piece] = deque(maxlen=_REMEMBERED)
        """The latest pieces, taken or not."""

    def put(self, line: Line, data: bytes) -> None:
        """Take in a message."""
        message = message_of(data)
        if line.awaits_hello:
            line.awaits_hello = False
            if isinstance(message, str):
                return
        came = list(pieces(line.name, message))
        self._pieces += came
        self.recent.extend(came)

    def take_reply(self, line: str, number: Any) -> Any:
        """Return the first message that bears an id, and forget it; None if there is none."""
        for piece in self._pieces:
            if piece.line == line and is_envelope(piece.message) and _same(piece.id, number):
                self._pieces = [other for other in self._pieces if other.message is not piece.message]
                return piece.message
        return None

    def take(self, fits: Callable[[Piece], bool], passes: Callable[[Piece], bool]) -> bool:
        """Take the first piece that fits, and forget those before it that it ``passes``; False if none fits."""
        for at, piece in enumerate(self._pieces):
            if fits(piece):
                self._pieces = [other for other in self._pieces[:at] if not passes(other)] + self._pieces[at + 1 :]
                return True
        return False


def _same(one: Any, other: Any) -> bool:
    """Tell whether two ids are one; true is no 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other
