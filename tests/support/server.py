"""A server on a port of its own, and a client that says any bytes at all."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, NamedTuple

from simulator.catalogue import Catalogue, build
from simulator.server import Server, Settings
from simulator.simulation import Simulation

PATIENCE = 10.0
ANSWERS_ALL = int(version("websockets").partition(".")[0]) >= 17
"""Whether websockets answers what is no GET of HTTP/1.1, or is too long; before 17 it only closes the connection."""
TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "100",
    "quantity": "1",
    "target": PAIR,
}
UPGRADE = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
ACCEPTED = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
    "Upgrade: websocket",
]


class Frame(NamedTuple):
    opcode: int
    data: bytes


class Clock:
    """A server's monotonic clock, which stands until it is moved."""

    def __init__(self, server: Server) -> None:
        self.now = 1000.0
        self._server = server
        server.monotonic = self  # type: ignore[method-assign]  # what its timeouts go by, and nothing else

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def check(self, later: float) -> None:
        """Let time pass, then have the server look at it."""
        self.now += later
        for connection in list(self._server.connections):
            connection.check_time(self.now)


def small_catalogue() -> Catalogue:
    """Return a catalogue with one market, in which only clients trade."""
    return build(
        {
            "name": "small",
            "accounts": ["DEFAULT", "ALICE"],
            "venues": ["COINBASE"],
            "routes": ["DIRECT"],
            "products": [
                {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "50000"},
                {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
            ],
            "tradable_products": [
                {
                    "base": "BTC Crypto",
                    "quote": "USD",
                    "venue": "COINBASE",
                    "route": "DIRECT",
                    "quote_increment": "0.01",
                    "base_increment": "0.001",
                }
            ],
        },
        "small",
    )


@contextlib.asynccontextmanager
async def serving(catalogue: Catalogue | str | None = None, **settings: Any) -> AsyncIterator[Server]:
    """Serve a world of its own while the block runs."""
    simulation = Simulation(catalogue=catalogue or small_catalogue(), seed=1)
    server = Server(simulation, port=0, settings=Settings(**({"close_timeout": PATIENCE} | settings)))
    await server.start()
    try:
        yield server
    finally:
        await server.close()


def frame(
    opcode: int, data: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes | None = b"mask"
) -> bytes:
    """Return a client's frame, which may be wrong."""
    first = fin << 7 | reserved << 4 | opcode
    flag = 0 if mask is None else 0x80
    length = len(data)
    if length < 126:
        head = struct.pack("!BB", first, flag | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, flag | 126, length)
    else:
        head = struct.pack("!BBQ", first, flag | 127, length)
    if mask is None:
        return head + data
    whole = mask * (length // 4 + 1)
    masked = int.from_bytes(data, "big") ^ int.from_bytes(whole[:length], "big")
    return head + mask + masked.to_bytes(length, "big")


def request(number: int, kind: str = "GetHalts", **fields: Any) -> bytes:
    """Return a request's text."""
    return json.dumps({"id": number, "type": kind, **fields}).encode()


def order(number: int, **fields: Any) -> bytes:
    """Return the text of an order."""
    return request(number, ORDER["type"], **{key: value for key, value in (ORDER | fields).items() if key != "type"})


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a client's close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


def handshake(path: str = "/", *, method: str = "GET", version: str = "HTTP/1.1", **changes: str | None) -> bytes:
    """Return a handshake; a header is changed by a keyword (``_`` for ``-``), and left out by None."""
    headers: dict[str, str | None] = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
    return f"{method} {path} {version}\r\n{''.join(lines)}\r\n".encode("latin-1")


class RawClient:
    """A TCP connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, server: Server, host: str = "127.0.0.1", receive_buffer: int | None = None) -> "RawClient":
        """Connect without a word."""
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, server.port))
        except OSError:
            sock.close()
            raise
        return cls(*await asyncio.open_connection(sock=sock, limit=1 << 16))

    def write(self, *data: bytes) -> None:
        """Write bytes in one piece."""
        self.writer.write(b"".join(data))

    async def response(self) -> tuple[list[str], bytes]:
        """Return an HTTP response: its status line and headers, sorted and without the date, and its body."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            length = [int(line.partition(":")[2]) for line in head if line.startswith("Content-Length")]
            body = await self.reader.readexactly(length[0] if length else 0)
        return [head[0], *sorted(line for line in head[1:] if not line.startswith("Date"))], body

    async def frame(self) -> Frame:
        """Return the next frame; a server's is whole and not masked."""
        async with asyncio.timeout(PATIENCE):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            assert first & 0xF0 == 0x80
            return Frame(first & 0x0F, await self.reader.readexactly(length))

    async def json(self) -> Any:
        """Return the next frame, a text of JSON."""
        opcode, data = await self.frame()
        assert opcode == TEXT, data
        return json.loads(data)

    async def ask(self, number: int, kind: str = "GetHalts", **fields: Any) -> Any:
        """Send a request; return what its answer's ``Ok`` says."""
        self.write(frame(TEXT, request(number, kind, **fields)))
        answer = await self.json()
        assert answer == {"id": number, "response": {"Ok": answer["response"].get("Ok")}}
        return answer["response"]["Ok"]

    async def closing(self) -> tuple[int, str]:
        """Return the code and reason of the close frame that comes next, answer it, and take the end of the stream."""
        opcode, data = await self.frame()
        assert opcode == CLOSE, data
        self.write(frame(CLOSE, data))
        await self.end()
        return struct.unpack("!H", data[:2])[0], data[2:].decode()

    async def end(self) -> None:
        """Take the end of the stream, with nothing before it."""
        async with asyncio.timeout(PATIENCE):
            assert await self.reader.read() == b""

    async def cut(self) -> None:
        """Take the end of the stream, however rude."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                await self.reader.read()

    async def hang_up(self) -> None:
        """Close the connection."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def dialled(server: Server, **options: Any) -> AsyncIterator[RawClient]:
    """Connect while the block runs, without a word."""
    client = await RawClient.dial(server, **options)
    try:
        yield client
    finally:
        await client.hang_up()


@contextlib.asynccontextmanager
async def connected(server: Server, path: str = "/", **options: Any) -> AsyncIterator[RawClient]:
    """Connect and shake hands."""
    async with dialled(server, **options) as client:
        client.write(handshake(path))
        head, _ = await client.response()
        assert head == ACCEPTED
        yield client


def journal(server: Server, *kinds: str) -> list[tuple[int, str, Any]]:
    """Return the entries of these kinds without their times."""
    return [entry[1:] for entry in server.simulation.journal if entry[2] in kinds]
