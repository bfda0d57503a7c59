"""Takes so many resting orders without a socket, for what counts instructions: ``order_path.py process|served COUNT``.

``process`` goes from a message's text to its answer; ``served`` from the bytes that a socket would have read to those
that it would write. It ends at once, so that nothing is counted of taking down what was made.
"""

import asyncio
import gc
import json
import os
import sys
from typing import Any

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the one in C, if there is one

from simulator import Simulation
from simulator.server.connection import Connection
from simulator.server.server import Server
from simulator.server.settings import Settings

_WARM = 1000
_MASK = b"\x37\xfa\x21\x3d"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Nowhere(asyncio.Transport):
    """Takes all that is written, and keeps none of it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = 0

    def write(self, data: Any) -> None:
        """Count."""
        self.written += len(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing."""

    def get_write_buffer_size(self) -> int:
        """Return that all has been written."""
        return 0

    def is_closing(self) -> bool:
        """Return that it is open."""
        return False

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""


def _order(number: int) -> bytes:
    order = {"type": "SendLimitOrder", "id": number, "target": "BTC Crypto/USD*COINBASE/DIRECT", "dir": "Buy"}
    terms = {"price": f"{90000 - number % 200}.25", "quantity": "0.5", "account": "DEFAULT"}
    return json.dumps(order | terms, separators=(",", ":")).encode()


def frame(payload: bytes) -> bytes:
    """Return a payload as a masked text frame."""
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
    return head + _MASK + apply_mask(payload, _MASK)


def _process(orders: list[bytes], count: int) -> None:
    texts = [order.decode() for order in orders]
    world = Simulation()
    session = world.connect("/")
    for text in texts[:_WARM]:
        world.receive(session, text)
        world.take()
    gc.collect()
    gc.disable()
    for text in texts[_WARM : _WARM + count]:
        world.receive(session, text)
        world.take()


async def _served(orders: list[bytes], count: int) -> None:
    frames = list(map(frame, orders))
    server = Server(Simulation(), port=0, settings=Settings(busy_poll_for=0))
    await server.start()
    connection, transport = Connection(server), Nowhere()
    connection.connection_made(transport)
    connection.data_received(HANDSHAKE)
    for data in frames[:_WARM]:
        connection.data_received(data)
    gc.collect()
    gc.disable()
    before = transport.written
    for data in frames[_WARM : _WARM + count]:
        connection.data_received(data)
    assert transport.written >= before + 30 * count, "not every order was answered"


def main(what: str, count: int) -> None:
    """Take orders; as many are made whatever the count, so that runs differ by what is counted alone."""
    orders = [_order(number) for number in range(1, _WARM + 10_001)]
    if what == "process":
        _process(orders, count)
    else:
        asyncio.run(_served(orders, count))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
