"""Sends mutated requests and noise, in process and over a socket: each is answered once, or closed with the right code.

    python tests/fuzz/wire.py --messages 1000000 --seed 7

Half of the messages go to a simulation in process, most of the others over a socket as frames, and a few as broken
frames and broken handshakes. A message that is not answered once, an answer that is no answer, a wrong close code, an
exception, a stall of more than 50 ms or growing memory ends the run with 1 and the command that shows it again.
"""

import argparse
import asyncio
import json
import random
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from fuzz.mutator import Mutator
from simulator.server import Server, Settings
from simulator.simulation import Simulation
from simulator.wire import decode
from simulator.wire.codec import BadRequest

BATCH = 500
_ON_A_CONNECTION = 100
_LONGEST_STALL = 0.05
_PATIENCE = 10.0
_SILENT = frozenset({"SubscribeTrades", "SubscribeCandles", "SubscribeAlerts"})
_MAY_CLOSE = frozenset({1002, 1007, 1009})
_MAY_ANSWER = frozenset({101, 200, 400, 403, 404, 405, 414, 421, 426, 431, 501, 505})  # without an upgrade, the page
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_TEXT, _BINARY, _CLOSE = 1, 2, 8
_GROWTH = 30 << 20


class Wrong(AssertionError):
    """Something that must not happen."""


def require(holds: bool, what: str) -> None:
    """Raise `Wrong` unless something holds."""
    if not holds:
        raise Wrong(what)


# In process


def check_answer(message: bytes, said: list[Any]) -> None:
    """Check that a message was answered once, under its id, by an Ok or an Err."""
    request = decode(message)
    if not said and type(request).__name__ in _SILENT:
        return
    require(len(said) == 1 and isinstance(said[0], bytes), f"{message!r} is answered by {said!r:.500}")
    answer = json.loads(said[0])
    number = request.id if isinstance(request, BadRequest) else bytes(request.id)
    require(set(answer) == {"id", "response"}, f"{message!r} is answered by {answer}")
    require(said[0].startswith(b'{"id":%b,' % number), f"{message!r} is answered under another id by {answer}")
    (kind,) = answer["response"]
    require(kind in ("Ok", "Err"), f"{message!r} is answered by {answer}")
    require(kind == "Err" or not isinstance(request, BadRequest), f"{message!r} is taken: {answer}")
    require(kind == "Ok" or isinstance(answer["response"]["Err"], str), f"{message!r} is refused by no text")


def in_process(messages: list[bytes]) -> None:
    """Send messages to one simulation, each on a connection of its own."""
    sim = Simulation(catalogue="reference", seed=7, journal_limit=100)
    for number, message in enumerate(messages):
        text = message if number % 2 else _as_text(message)
        session = sim.connect("/")
        began = time.perf_counter()
        sim.receive(session, text)
        news = sim.take()
        if time.perf_counter() - began > _LONGEST_STALL:
            again = min(_time_of(text) for _ in range(3))
            require(again < _LONGEST_STALL, f"{message!r} takes {again:.3f} s")
        require(all(one is session for one, _ in news), f"{message!r} is answered elsewhere")
        check_answer(text if isinstance(text, bytes) else text.encode(), [item for _, items in news for item in items])
        sim.disconnect(session)
        sim.take()
    require(not sim.sessions, "connections are left")


def _time_of(text: str | bytes) -> float:
    sim = Simulation(catalogue="reference", seed=7)
    session = sim.connect("/")
    began = time.perf_counter()
    sim.receive(session, text)
    sim.take()
    return time.perf_counter() - began


def _as_text(message: bytes) -> str | bytes:
    try:
        return message.decode()
    except UnicodeDecodeError:
        return message


# Over a socket


def frame(opcode: int, data: bytes, first: int = 0x80) -> bytes:
    """Return a client's frame with a mask of zeros."""
    length = len(data)
    if length < 126:
        return struct.pack("!BB4x", first | opcode, 0x80 | length) + data
    return struct.pack("!BBH4x", first | opcode, 0xFE, length) + data


class Peer:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, server: Server, handshake: bytes = _HANDSHAKE) -> "Peer":
        """Connect and send a handshake."""
        peer = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        peer.writer.write(handshake)
        return peer

    async def frame(self) -> tuple[int, bytes] | None:
        """Return the next frame, or None at the end."""
        try:
            first, length = await self.reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def status(self) -> int | None:
        """Return the status of the answer to the handshake, or None if there is none."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return int(head.split()[1])


async def as_frames(server: Server, messages: list[bytes]) -> None:
    """Send messages on one connection; they are answered one by one and in order, up to a text that is no UTF-8."""
    peer = await Peer.dial(server)
    require(await peer.status() == 101, "the handshake is refused")
    expected, bad = [], None
    for number, message in enumerate(messages):
        if _subscribes(message):  # what is told later cannot be told from answers
            continue
        opcode = _BINARY if number % 3 == 0 else _TEXT
        peer.writer.write(frame(opcode, message))
        if opcode == _TEXT and isinstance(_as_text(message), bytes):
            bad = message
            break
        expected.append(message)
    peer.writer.write(frame(_TEXT, b'{"id":0.5,"type":"GetHalts"}'))
    for message in expected:
        got = await peer.frame()
        require(got is not None and got[0] == _TEXT, f"{message!r} is answered by {got!r:.300}")
        check_answer(message, [got[1]] if got else [])
    last = await peer.frame()
    if bad is None:
        require(last is not None and last[1].startswith(b'{"id":0.5,'), f"after all answers comes {last!r:.300}")
    else:
        code = struct.unpack("!H", last[1][:2])[0] if last and last[0] == _CLOSE else None
        require(code == 1007, f"{bad!r} as text closes with {code}")
    peer.writer.close()


async def as_broken_frames(server: Server, rng: random.Random, messages: list[bytes]) -> int | None:
    """Send frames with wrong bytes, then an end; return the close code, which must be one that says so."""
    data = bytearray(b"".join(frame(rng.choice((0, 1, 1, 2, 8, 9, 10)), message) for message in messages))
    for _ in range(rng.randrange(1, 5)):
        data[rng.randrange(min(len(data), 40))] = rng.randrange(256)
    peer = await Peer.dial(server)
    require(await peer.status() == 101, "the handshake is refused")
    peer.writer.write(bytes(data))
    peer.writer.write_eof()
    code = None
    while got := await peer.frame():
        if got[0] == _CLOSE:
            code = struct.unpack("!H", got[1][:2])[0] if got[1] else 1005
    pairs = [(data[at] ^ data[at - 4], data[at + 1] ^ data[at - 3]) for at in range(6, len(data) - 1)]
    sent = {high << 8 | low for high, low in pairs}  # the codes of closes that there may be, which are sent back
    require(code in _MAY_CLOSE or code in {None, 1005} or code in sent, f"{bytes(data)!r} closes with {code}")
    peer.writer.close()
    return code


async def as_broken_handshake(server: Server, rng: random.Random) -> int | None:
    """Send a handshake with wrong bytes, then an end; return its status."""
    data = bytearray(_HANDSHAKE)
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    peer = await Peer.dial(server, bytes(data))
    peer.writer.write_eof()
    status = await peer.status()
    require(status is None or status in _MAY_ANSWER, f"{bytes(data)!r} is answered {status}")
    peer.writer.close()
    return status


# The run


class Fuzz:
    """A run.

    Args:
        seed: all messages are drawn from it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.sent = 0
        self.codes: Counter[int | None] = Counter()
        self.statuses: Counter[int | None] = Counter()
        self.complaints: list[Any] = []

    async def batch(self, number: int, size: int = BATCH) -> None:
        """Send one batch, which its number makes again."""
        rng = random.Random(f"{self.seed} {number}")
        mutator = Mutator(rng)
        messages = [mutator.message() for _ in range(size)]
        half = size // 2
        in_process(messages[:half])
        server = Server(
            Simulation(catalogue="reference", seed=7, journal_limit=100), port=0, settings=Settings(close_timeout=0.2)
        )
        await server.start()
        try:
            async with asyncio.timeout(_PATIENCE):
                for start in range(half, size, _ON_A_CONNECTION):
                    await as_frames(
                        server, [m for m in messages[start : start + _ON_A_CONNECTION] if not _subscribes(m)]
                    )
                for start in range(0, half, half // 5 or 1):
                    self.codes[await as_broken_frames(server, rng, messages[start : start + 3])] += 1
                    self.statuses[await as_broken_handshake(server, rng)] += 1
        finally:
            await server.close(patience=0.05)
        require(not server.errors, f"the server failed: {server.errors}")
        require(not server.connections and not server.simulation.sessions, "connections are left")
        self.sent += size

    async def run(self, batches: range, size: int, seconds: float) -> None:
        """Send batches; raises `Wrong`."""
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: self.complaints.append(context))
        began, settled = time.monotonic(), 0
        for number in batches:
            await self.batch(number, size)
            require(not self.complaints, f"the loop complains: {self.complaints}")
            if number == batches[len(batches) // 4]:
                settled = resident()
            if time.monotonic() - began > seconds:
                sys.stdout.write("out of time\n")
                break
        grown = resident() - settled
        require(not settled or grown < _GROWTH, f"memory has grown by {grown} bytes")


def _subscribes(message: bytes) -> bool:
    return type(decode(message)).__name__.startswith("Subscribe")


def resident() -> int:
    """Return how much memory this process has, in bytes; 0 where it is not told."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0


def main() -> int:
    """Run what the command line says; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--first", type=int, default=0, help="the batch to begin with")
    parser.add_argument("--seconds", type=float, default=3600, help="how long it may take in all")
    args = parser.parse_args()
    sys.stdout.write(f"seed {args.seed}\n")
    fuzz = Fuzz(args.seed)
    began, before = time.monotonic(), resident()
    try:
        batches = range(args.first, args.first + -(-args.messages // BATCH))
        asyncio.run(fuzz.run(batches, min(BATCH, args.messages), args.seconds))
    except (Wrong, TimeoutError) as wrong:
        batch = args.first + fuzz.sent // BATCH
        sys.stdout.write(
            f"{wrong!r}\nagain: python tests/fuzz/wire.py --messages 500 --seed {args.seed} --first {batch}\n"
        )
        return 1
    took = time.monotonic() - began
    sys.stdout.write(
        f"{fuzz.sent} messages in {took:.0f} s; broken frames closed with {dict(fuzz.codes)}, "
        f"broken handshakes answered {dict(fuzz.statuses)}; memory {before >> 20} to {resident() >> 20} MiB\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
