"""Lets bad clients at a server in a process of its own, and says what each of them costs it.

    python tests/peers/bad_peers.py
    python tests/peers/bad_peers.py never_read --count 200

Meanwhile a bystander asks and is answered; at the end the server holds what it held before: no connection, no
session, no descriptor more.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from peers.served import Served, served

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
PATIENCE = 60.0
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_AT_ONCE = 100
_LONG = "x" * 100

Figures = dict[str, Any]


def frame(opcode: int, data: bytes, first: int = 0x80) -> bytes:
    """Return a client's frame with a mask of zeros."""
    length = len(data)
    if length < 126:
        return struct.pack("!BB4x", first | opcode, 0x80 | length) + data
    if length < 1 << 16:
        return struct.pack("!BBH4x", first | opcode, 0xFE, length) + data
    return struct.pack("!BBQ4x", first | opcode, 0xFF, length) + data


def request(number: int, kind: str, **fields: Any) -> bytes:
    """Return a request's frame."""
    return frame(TEXT, json.dumps({"id": number, "type": kind, **fields}).encode())


def order(number: int, price: str = "1", side: str = "Buy") -> bytes:
    """Return an order's frame."""
    terms = {"account": "DEFAULT", "dir": side, "price": price, "quantity": "1", "target": PAIR}
    return request(number, "SendLimitOrder", **terms)


class Peer:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, port: int, receive_buffer: int = 0) -> "Peer":
        """Connect without a word."""
        own = socket.socket()
        if receive_buffer:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        own.setblocking(False)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=own, limit=1 << 12 if receive_buffer else 1 << 16))

    @classmethod
    async def connect(cls, port: int, receive_buffer: int = 0, path: bytes = b"/") -> "Peer":
        """Connect and shake hands."""
        peer = await cls.dial(port, receive_buffer)
        peer.writer.write(UPGRADE.replace(b"/", path, 1))
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return peer

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 15, await self.reader.readexactly(length)

    async def ask(self, number: int, kind: str = "GetHalts", **fields: Any) -> Any:
        """Send a request and return its answer."""
        self.writer.write(request(number, kind, **fields))
        while (got := await self.frame())[0] != TEXT:
            pass
        answer = json.loads(got[1])
        assert answer["id"] == number, answer
        return answer["response"]

    @property
    def is_over(self) -> bool:
        """Whether the server has ended the connection."""
        return self.reader.at_eof() or self.reader.exception() is not None

    def cut(self) -> None:
        """Reset the connection."""
        own = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang_up(self) -> None:
        """Close the connection."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Bystander:
    """A client that does nothing wrong and sees how long it waits."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.waits: list[float] = []
        self.is_over = False

    async def run(self) -> None:
        """Ask until it is over."""
        while not self.is_over:
            await self.ask()

    async def ask(self) -> None:
        """Ask once."""
        began = time.perf_counter()
        assert await self.peer.ask(len(self.waits) + 1) == {"Ok": []}
        self.waits.append(time.perf_counter() - began)


@contextlib.asynccontextmanager
async def bystander(server: Served) -> AsyncIterator[Bystander]:
    """Let a bystander ask while the block runs."""
    one = Bystander(await Peer.connect(server.port))
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        one.is_over = True
        await task
        await one.peer.hang_up()


async def until(server: Served, holds: Callable[[Figures], bool]) -> Figures:
    """Wait until what the server holds is as it should be; return it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            stats = await asyncio.to_thread(server.stats)
            if holds(stats):
                return stats


# The bad ones: each lets its clients at the server, and returns figures of its own


async def never_read(server: Served, count: int) -> Figures:
    """They follow every order and read nothing, until they are closed with 1013; then what they got has no gap."""
    peers = [await Peer.connect(server.port, 4096) for _ in range(count)]
    for peer in peers:
        for number in range(1, 11):
            peer.writer.write(request(number, "SubscribeOrderState"))
    await until(server, lambda stats: stats["sessions"] >= count)
    busy, sent, most = await Peer.connect(server.port), 0, server.stats()
    while True:
        busy.writer.write(b"".join(order(number) for number in range(sent + 1, sent + 101)))
        for _ in range(100):
            await busy.frame()
        sent += 100
        stats = await asyncio.to_thread(server.stats)
        most = max(most, stats, key=lambda one: one["waiting"])
        if stats["sessions"] <= 2:
            break
    seen = []
    for peer in peers:
        numbers, code = await _updates(peer)
        assert code == 1013, code
        assert numbers == list(range(1, len(numbers) + 1)), numbers[-5:]
        seen.append(len(numbers))
        await peer.hang_up()
    await busy.hang_up()
    return {"orders": sent, "waiting for each": most["waiting"] // count, "fewest orders read": min(seen)}


async def _updates(peer: Peer) -> tuple[list[int], int | None]:
    """Read to the end; return the orders that the first subscription told of as open, and the close code."""
    numbers: list[int] = []
    while True:
        try:
            opcode, data = await peer.frame()
        except (asyncio.IncompleteReadError, ConnectionError):
            return numbers, None
        if opcode == CLOSE:
            return numbers, struct.unpack("!H", data[:2])[0]
        message = json.loads(data)
        if message["id"] == 1:
            numbers += [int(one["order_id"]) for one in message["response"]["Ok"] if one["state"] == ["Open"]]


async def die_in_mid_frame(server: Served, count: int) -> Figures:
    """They go in the middle of a handshake, a frame, or a message, some with a reset."""
    whole = order(1)
    for number in range(count):
        peer = await (Peer.dial if number % 4 == 0 else Peer.connect)(server.port)
        data = (UPGRADE, whole, frame(TEXT, whole[6:40], 0) + frame(0, whole[40:60], 0), b"\x81\xff")[number % 4]
        peer.writer.write(data[: len(data) // 2 + 1])
        await peer.writer.drain()
        if number % 3:
            peer.cut()
        else:
            await peer.hang_up()
    return {}


async def reconnect(server: Served, count: int) -> Figures:
    """They come, follow everything, send an order, and go without a word, again and again."""
    for _ in range(count):
        peer = await Peer.connect(server.port)
        await peer.ask(1, "SubscribeOrderState")
        await peer.ask(2, "SubscribeBook", tradable_product=PAIR, width=1)
        await peer.hang_up()
    return {}


async def crowd(server: Served, count: int) -> Figures:
    """They come all at once, and stay for a while."""
    before = server.stats()["memory"]
    peers: list[Peer] = []
    while len(peers) < count:
        more = min(_AT_ONCE, count - len(peers))
        peers += await asyncio.gather(*(Peer.connect(server.port) for _ in range(more)))
    for number, peer in enumerate(peers):
        await peer.ask(number, "SubscribeOrderState")
    stats = await until(server, lambda stats: stats["sessions"] >= count)
    for peer in peers:
        await peer.hang_up()
    return {"memory of each": (stats["memory"] - before) // count}


async def drip(server: Served, count: int, pause: float = 0.0) -> Figures:
    """They send one byte at a time: half of them a handshake, which is cut off in time, and half of them requests."""
    slow = [await Peer.dial(server.port) for _ in range(count // 2)]
    fine = [await Peer.connect(server.port) for _ in range(count - count // 2)]
    data = UPGRADE[:-2] + b"X: " + b"a" * 4000
    message, position = request(1, "GetHalts", note=_LONG), 0
    while any(not peer.is_over for peer in slow) or position < len(message):
        for peer in slow:
            if not peer.is_over:
                peer.writer.write(data[position % len(data) :][:1])
        for peer in fine:
            peer.writer.write(message[position : position + 1])
        position += 1
        await asyncio.sleep(pause)  # a turn of the loop, or as long as the command line says
    for peer in fine:
        assert json.loads((await peer.frame())[1]) == {"id": 1, "response": {"Ok": []}}
    for peer in (*slow, *fine):
        await peer.hang_up()
    return {}


async def flood(server: Served, count: int) -> Figures:
    """They send a megabyte of the smallest frames each: pings, empty fragments, empty texts."""
    floods = (frame(PING, b"") * 170_000, frame(TEXT, b"", 0) + frame(0, b"", 0) * 500, frame(TEXT, b"") * 10_000)

    async def one(data: bytes) -> None:
        peer = await Peer.connect(server.port)
        peer.writer.write(data + request(7, "GetHalts") + frame(CLOSE, b"\x03\xe8"))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while (await peer.frame())[0] != CLOSE:
                pass
        await peer.hang_up()

    for number in range(count):
        await one(floods[number % len(floods)])
    return {}


KINDS: dict[str, tuple[Callable[..., Awaitable[Figures]], int]] = {
    "never_read": (never_read, 50),
    "die_in_mid_frame": (die_in_mid_frame, 1000),
    "reconnect": (reconnect, 1000),
    "crowd": (crowd, 1000),
    "drip": (drip, 100),
    "flood": (flood, 9),
}


async def measure(kind: str, count: int, **settings: float) -> Figures:
    """Let clients of a kind at a server; return figures, after checking that nothing is left of them."""
    act, _ = KINDS[kind]
    patience = PATIENCE if kind == "never_read" else 0.5  # they read in the end, to see whether anything is missing
    with served(close_timeout=patience, read_timeout=0.0, **settings) as server:
        warm = await Peer.connect(server.port)
        await warm.ask(1, "SubscribeOrderState")
        await warm.ask(2, "SubscribeBook", tradable_product=PAIR, width=1)
        await warm.hang_up()
        before = await until(server, lambda stats: not stats["connections"])
        async with bystander(server) as other:
            figures = await act(server, count)
            stall = server.stats()["stall"]
        after = await until(server, lambda stats: not stats["connections"])
    held = ("connections", "sessions", "descriptors", "tasks", "waiting")
    assert [after[name] for name in held] == [before[name] for name in held], (before, after)
    assert not after["errors"], after["errors"]
    waits = sorted(other.waits)
    return {
        "peers": count,
        **figures,
        "memory grown": after["memory"] - before["memory"],
        "bystander's answers": len(waits),
        "its longest wait": round(waits[-1], 4),
        "its wait, 99 of 100": round(waits[len(waits) * 99 // 100], 4),
        "last stall": stall,
    }


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--count", type=int, help="how many clients, instead of each kind's own number")
    args = parser.parse_args()
    assert os.path.isdir("/proc/self/fd"), "the figures come from /proc"
    for kind in args.kinds:
        began = time.monotonic()
        figures = asyncio.run(measure(kind, args.count or KINDS[kind][1], open_timeout=2.0))
        sys.stdout.write(f"{kind} ({time.monotonic() - began:.1f} s): {json.dumps(figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
