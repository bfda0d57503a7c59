"""The file of a command log: a header, then one checksummed record for each input, each chained to the one before.

The file begins with eight bytes, the last of them the format's number. A record is its payload's length, the checksum
of the record before and its own checksum (CRC-32 of these two and the payload, begun with the header's checksum),
each four bytes, the lowest first; then its payload, in MessagePack. So a record that is torn, changed, taken out, or
of another log is known for what it is, and whether anything whole stands behind it.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple
from zlib import crc32

import msgspec

from simulator.errors import SimulatorError

__all__ = [
    "CLOSE",
    "COMMANDS",
    "CONTROL",
    "DOWN",
    "IN",
    "OPEN",
    "TIME",
    "CommandLogError",
    "Contents",
    "Header",
    "Input",
    "encode_header",
    "encode_inputs",
    "read",
]

OPEN: Literal["open"] = "open"
IN: Literal["in"] = "in"
CLOSE: Literal["close"] = "close"
TIME: Literal["time"] = "time"
DOWN: Literal["down"] = "down"
CONTROL: Literal["control"] = "control"
COMMANDS = (IN, CONTROL)
"""What comes from whoever uses the exchange."""

_MAGIC = b"exsimlg"
_FORMAT = 3
_START = _MAGIC + bytes([_FORMAT])
_LINK = struct.Struct("<II")
_CRC = struct.Struct("<I")
_HEAD = _LINK.size + _CRC.size
_head: Callable[[bytes, int], tuple[int, int, int]] = struct.Struct("<III").unpack_from
_NOTHING = bytes(8)
_ARRAY_OF_FOUR = b"\x94"
"""The first byte of every input's payload."""


class CommandLogError(SimulatorError):
    """A command log that cannot be used: it is damaged, in use, or of another exchange than the one asked for."""


class Header(msgspec.Struct, frozen=True):
    """All that makes the simulation of a command log what it is.

    ``scenario`` is what the scenario was asked for by, or None, and ``plan`` is its text with all that it includes;
    ``catalogue`` is a name and ``digest`` the SHA-256 of what it says; ``start`` is in nanoseconds since 1970, and
    ``keeps`` how many orders that are out, and how many fills, the exchange keeps.

    A command log goes on in a new file wherever a snapshot is taken: ``generation`` counts those before, ``before`` is
    the checksum of the last record there, and ``commands`` how many messages of clients came before.
    """

    version: str
    scenario: str | None
    plan: str
    catalogue: str
    digest: str
    seed: str
    start: int
    moving: int
    keeps: int
    generation: int = 0
    before: int = 0
    commands: int = 0


class Input(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that came from outside, at a time in nanoseconds since 1970.

    A connection was opened (``text``: its target), said something, or was closed (``text``: why); or time passed, and
    somebody was told of what it brought; or the exchange was down until then; or it was controlled (``text``: a
    `simulator.command_log.control_call.ControlCall` as JSON). ``connection`` is its number, and 0 for one yet to be
    opened.
    """

    time: int
    kind: Literal["open", "in", "close", "time", "down", "control"]
    connection: int = 0
    text: Any = ""
    """A `str`, or the `bytes` of a message that came as such: a union that the decoder does not know."""


class Contents(NamedTuple):
    """What a command log's file holds: the whole records end at byte ``end``, and ``size`` is how long the file is.

    ``salt`` and ``chain`` are the checksums of the header and of the last record, from which the next one goes on.
    """

    header: Header
    inputs: list[Input]
    end: int
    size: int
    salt: int
    chain: int


_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(Header).decode
_decode_input = msgspec.msgpack.Decoder(Input).decode


def encode_header(header: Header) -> tuple[bytes, int]:
    """Return how a file begins, and the header's checksum."""
    data, chain = _record(_encode(header), 0, 0)
    return _START + data, chain


def encode_inputs(inputs: Sequence[Input], salt: int, chain: int) -> tuple[bytes, int]:
    """Return the records of inputs, and the checksum of the last of them."""
    parts = []
    for entry in inputs:
        data, chain = _record(_encode(entry), salt, chain)
        parts.append(data)
    return b"".join(parts), chain


def _record(payload: bytes, salt: int, chain: int) -> tuple[bytes, int]:
    link = _LINK.pack(len(payload), chain)
    crc = crc32(payload, crc32(link, salt))
    return link + _CRC.pack(crc) + payload, crc


def read(data: bytes) -> Contents:
    """Return what a file holds; what follows its last whole record is left out if it is a record that was cut off.

    Raises `CommandLogError` with the offset of a record that is damaged, or of a damaged header.
    """
    if data[: len(_MAGIC)] != _MAGIC:
        raise _damaged(0, "this is no command log of this program's")
    if data[: len(_START)] != _START:
        raise CommandLogError(
            f"the command log is in format {data[len(_MAGIC)] if len(data) > len(_MAGIC) else None}, "
            f"and this version reads format {_FORMAT}"
        )
    position = len(_START)
    payload, _, salt = _record_at(data, position, 0) or (b"", 0, 0)
    try:
        header = _decode_header(payload)
    except msgspec.MsgspecError:
        raise _damaged(position, "the header cannot be read") from None
    chain = salt
    position += _HEAD + len(payload)
    inputs: list[Input] = []
    while (record := _record_at(data, position, salt)) is not None:
        payload, before, crc = record
        if before != chain:
            raise _damaged(position, "a record is missing before this one")
        try:
            inputs.append(_decode_input(payload))
        except msgspec.MsgspecError:
            raise _damaged(position, "the record cannot be read") from None
        chain = crc
        position += _HEAD + len(payload)
    if _is_followed(data, position, salt):
        raise _damaged(position, "the record is damaged, and whole ones follow it")
    if _is_complete(data, position, salt):
        raise _damaged(position, "the last record is there to its end, and damaged")
    return Contents(header, inputs, position, len(data), salt, chain)


def _record_at(data: bytes, position: int, salt: int) -> tuple[bytes, int, int] | None:
    """Return a record's payload, the checksum of the record before and its own, or None if there is no whole one."""
    start = position + _HEAD
    if start > len(data):
        return None
    length, before, crc = _head(data, position)
    if not length or start + length > len(data):
        return None
    payload = data[start : start + length]
    is_whole = crc32(payload, crc32(data[position : position + _LINK.size], salt)) == crc
    return (payload, before, crc) if is_whole else None


def _is_followed(data: bytes, position: int, salt: int) -> bool:
    """Tell whether a whole record begins anywhere behind a place."""
    at = data.find(_ARRAY_OF_FOUR, position + _HEAD + 1)
    while at >= 0:
        if _record_at(data, at - _HEAD, salt) is not None:
            return True
        at = data.find(_ARRAY_OF_FOUR, at + 1)
    return False


def _is_complete(data: bytes, position: int, salt: int) -> bool:
    """Tell whether the last record has all its bytes, so that it was changed and not cut off.

    What ends with nothing was not written to its end: a disk that loses its power may have kept room for it.
    """
    start = position + _HEAD
    if start >= len(data) or data.endswith(_NOTHING):
        return False
    length, chain, crc = _head(data, position)
    if 0 < length <= len(data) - start:
        return True
    rest = data[start:]  # or it is its length that was changed
    return crc32(rest, crc32(_LINK.pack(len(rest), chain), salt)) == crc


def _damaged(offset: int, what: str) -> CommandLogError:
    return CommandLogError(f"the command log is damaged at byte {offset}: {what}")
