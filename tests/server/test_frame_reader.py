import random
import struct

import pytest
from websockets.frames import Frame
from websockets.protocol import State
from websockets.server import ServerProtocol

from simulator.server.frames import FrameReader
from support.server import BINARY, CLOSE, CONT, PING, TEXT, frame

pytestmark = pytest.mark.parametrize("seed", range(50))

LONGEST = 1000
WHOLE = [
    *(frame(TEXT, b"x" * length) for length in (0, 1, 2, 125, 126, 127, 999, 1000)),
    frame(TEXT, b"mask", mask=b"\x00\xff\x81\x7f"),
    frame(BINARY, b"binary"),
    frame(PING, b"ping"),
    frame(TEXT, b"", fin=False) + frame(PING, b"between") + frame(CONT, b"and") + frame(TEXT, b"after"),
]
LAST = [
    b"",
    frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"unread"),
    frame(TEXT, b"x" * 1001),
    frame(TEXT, b"x", mask=None) + frame(TEXT, b"unread"),
    frame(TEXT, b"x", reserved=2),
    frame(TEXT, b"x", fin=False) + frame(TEXT, b"too early"),
    frame(CONT, b"of nothing"),
    frame(5),
    struct.pack("!BBQ", 0x81, 0xFF, 1 << 63) + b"mask",
]


def open_protocol() -> ServerProtocol:
    """Return the protocol of a connection whose handshake is done."""
    return ServerProtocol(state=State.OPEN, max_size=LONGEST)


def payload(event: object) -> object:
    """Return what both ways of reading have in common: a text's payload, or a frame."""
    if isinstance(event, Frame) and event.opcode == TEXT and event.fin:
        return bytes(event.data)
    return event


def test_reads_what_the_protocol_reads(seed: int) -> None:
    """Frames good and bad, cut anywhere, are read as the protocol alone reads them, and answered the same."""
    rng = random.Random(seed)
    for last in LAST:
        data = b"".join(rng.choices(WHOLE, k=8)) + last
        alone, protocol = open_protocol(), open_protocol()
        alone.receive_data(data)
        reader = FrameReader(protocol, LONGEST)
        taken = []
        position = 0
        while position < len(data):
            size = rng.choice((1, 3, 8, 200, 5000))
            taken += reader.read(data[position : position + size])
            position += size
        assert [payload(event) for event in taken] == [payload(event) for event in alone.events_received()]
        assert protocol.data_to_send() == alone.data_to_send()
        assert (protocol.state, protocol.close_sent) == (alone.state, alone.close_sent)
