"""The short way in for the frames that nearly all messages come in: text, whole, and not long.

The protocol of the websockets library reads a frame in steps that may each have to wait for more bytes. Most frames
have arrived whole, so they are taken off here, a fifth of an order's round trip sooner (measured); the protocol
gets every other one, and alone decides what breaks the rules.
"""

from struct import Struct
from typing import cast

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from simulator.libraries import websocket_mask

__all__ = ["FrameReader"]

_apply_mask = websocket_mask()

_OPEN = State.OPEN  # looking a member up takes as long as cutting off a frame
_TEXT = 0x81  # final, nothing reserved
_MASKED = 0x80
_OF_MESSAGES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_SHORT = 126
"""The lengths from here on say how the length is written."""
_head = Struct("!BBH").unpack_from
"""Reads the first byte of a frame, the second, and the next two, which may be a length."""


class FrameReader:
    """Cuts what a client sends into frames.

    Args:
        protocol: an open connection's; nothing else may feed it.
        longest: the length in bytes of the longest message that the protocol takes.
    """

    __slots__ = ("_begun", "_is_mid_message", "_is_open", "_longest", "_owed", "_protocol", "has_told", "unfinished")

    def __init__(self, protocol: ServerProtocol, longest: int) -> None:
        self._protocol = protocol
        self._longest = longest
        self._is_mid_message = False
        self._is_open = True
        """Whether nothing that the protocol has been given has closed the connection."""
        self._begun = b""
        self._owed = 0
        """How much of the frame that the protocol is reading has yet to come."""
        self.unfinished = 0
        """How much of it has come."""
        self.has_told = False
        """Whether the protocol has been given something, which it may want to answer; whoever writes that says no."""

    def read(self, data: bytes) -> list[bytes | Frame]:
        """Return what has come: the payload of each frame that was taken off here, and the protocol's frames."""
        if self._begun:
            data = self._begun + data
            self._begun = b""
        taken: list[bytes | Frame] = []
        position = 0
        while position < len(data):
            if not self._owed:
                if self._is_open and not self._is_mid_message:
                    position = self._take_off(data, position, taken)
                    if position == len(data):
                        break
                self._owed = _length(data, position)
                if not self._owed:
                    self._begun = data[position:]
                    break
            part = data[position : position + self._owed]
            position += len(part)
            self._owed -= len(part)
            self.unfinished = self.unfinished + len(part) if self._owed else 0
            self._protocol.receive_data(part)
            self.has_told = True
            self._is_open = self._protocol.state is _OPEN
            for event in self._protocol.events_received():
                frame = cast(Frame, event)  # no handshakes any more
                if frame.opcode in _OF_MESSAGES:
                    self._is_mid_message = not frame.fin
                taken.append(frame)
        return taken

    def _take_off(self, data: bytes, position: int, taken: list[bytes | Frame]) -> int:
        """Take whole text frames off the data from a position; return the position of what is none."""
        end = len(data)
        while end - position > 7:
            kind, length, extended = _head(data, position)
            if kind != _TEXT:
                break
            start = position + 6
            if length == _MASKED + _SHORT:
                length = extended
                start = position + 8
            elif _MASKED <= length < _MASKED + _SHORT:
                length -= _MASKED
            else:
                break
            stop = start + length
            if stop > end or length > self._longest:
                break
            taken.append(_apply_mask(data[start:stop], data[start - 4 : start]))
            position = stop
        return position


def _length(data: bytes, position: int) -> int:
    """Return the length of the frame at a position, head and all, or 0 if what says it has not come."""
    if len(data) - position < 2:
        return 0
    length = data[position + 1] & ~_MASKED
    head = 2 if data[position + 1] < _MASKED else 6
    written = {_SHORT: 2, _SHORT + 1: 8}.get(length, 0)
    if len(data) - position < 2 + written:
        return 0
    if written:
        length = int.from_bytes(data[position + 2 : position + 2 + written], "big")
    return head + written + length
