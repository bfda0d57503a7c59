"""What can go out on a connection besides a message: damage and endings, as data for the shell that owns the socket."""

import struct

import msgspec

__all__ = ["Abort", "Close", "Outgoing", "Pongs", "RawBytes", "joined_frames", "size_of", "text_frame"]

_SHORT = 126
_HEADS = [bytes((0x81, length)) for length in range(_SHORT)]
"""What stands before payloads of these lengths."""


class RawBytes(msgspec.Struct, frozen=True):
    """Bytes to be written as they are: no frame is put around them, and none may come between while there is more."""

    data: bytes
    more: bool = False

    def __str__(self) -> str:
        return f"{len(self.data)} bytes of a frame"


class Close(msgspec.Struct, frozen=True):
    """The closing handshake, begun with a code."""

    code: int
    reason: str = ""

    def __str__(self) -> str:
        return f"close {self.code} {self.reason}".rstrip()


class Abort(msgspec.Struct, frozen=True):
    """The connection is cut with a TCP reset."""

    def __str__(self) -> str:
        return "reset"


class Pongs(msgspec.Struct, frozen=True):
    """Whether pings are answered from now on."""

    answered: bool

    def __str__(self) -> str:
        return "pings are answered" if self.answered else "pings are not answered"


Outgoing = bytes | RawBytes | Close | Abort | Pongs
"""A message's payload, or one of the others."""


def size_of(item: Outgoing) -> int:
    """Return how many bytes of a client's data an item holds."""
    if isinstance(item, RawBytes):
        return len(item.data)
    return len(item) if isinstance(item, bytes) else 0


def text_frames(payload: bytes, count: int) -> bytes:
    """Return a payload as one unmasked message in so many frames."""
    size = -(-len(payload) // count)
    frames = [bytearray(text_frame(payload[at * size : (at + 1) * size])) for at in range(count)]
    for at, frame in enumerate(frames):
        frame[0] = (0x80 if at == count - 1 else 0) | (0x1 if at == 0 else 0)  # the last one's FIN; continuations are 0
    return b"".join(frames)


def joined_frames(payloads: list[bytes]) -> bytes:
    """Return payloads as so many unmasked text frames of RFC 6455; raises `TypeError` if one of them is none."""
    heads = _HEADS  # nearly all are short, and a call takes as long again
    return b"".join(
        [heads[len(payload)] + payload if len(payload) < _SHORT else text_frame(payload) for payload in payloads]
    )


def text_frame(payload: bytes) -> bytes:
    """Return a payload as one unmasked text frame of RFC 6455."""
    length = len(payload)
    if length < _SHORT:
        return _HEADS[length] + payload
    if length < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, length) + payload
    return struct.pack("!BBQ", 0x81, 127, length) + payload
