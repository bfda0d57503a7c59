"""The client of all measurements over sockets, in a process of its own: a task in JSON on stdin, findings on stdout.

It makes its frames beforehand and only counts what comes, so that what is measured is the server.
"""

import asyncio
import gc
import json
import resource
import select
import socket
import sys
import time
from typing import Any, cast

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the one in C, if there is one

_MASK = b"\x37\xfa\x21\x3d"
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: %b:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_PING = 0x89
_SETTLED = 0.5
"""How long a server is left alone, in seconds, to do what it does for a connection after the handshake."""


def frame(payload: bytes) -> bytes:
    """Return a payload as a masked text frame."""
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
    return head + _MASK + apply_mask(payload, _MASK)


def pong(payload: bytes) -> bytes:
    """Return the frame that answers a ping."""
    return bytes((0x8A, 0x80 | len(payload))) + _MASK + apply_mask(payload, _MASK)


def order_frame(number: int, target: str, price: str) -> bytes:
    """Return the frame of an order that rests."""
    order = {"type": "SendLimitOrder", "id": number, "target": target, "dir": "Buy", "price": price}
    return frame(json.dumps(order | {"quantity": "0.5", "account": "DEFAULT"}, separators=(",", ":")).encode())


class Requester(asyncio.Protocol):
    """Keeps so many requests in flight until all are answered."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""
        self._frames: list[bytes] = []
        self._sent = self._wanted = self._answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        host, port = transport.get_extra_info("peername")
        self._transport.write(_HANDSHAKE % (host.encode(), port))

    def connection_lost(self, error: Exception | None) -> None:
        """Fail loudly: a server that closes has not been measured."""
        sys.exit(f"the server closed: {error}")

    async def ask(self, frames: list[bytes], window: int) -> float:
        """Send all frames, so many at a time without an answer; return how many were answered a second."""
        self._frames, self._sent, self._answered, self._wanted = frames, window, 0, len(frames)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(b"".join(frames[:window]))
        await self._done
        return len(frames) / (time.perf_counter() - began)

    def data_received(self, data: bytes) -> None:
        """Count answers, and send as many requests as were answered."""
        if not self.opened.done():
            assert data.startswith(b"HTTP/1.1 101 ")
            assert data.endswith(b"\r\n\r\n")
            self.opened.set_result(None)
            return
        if self._rest:
            data = self._rest + data
        position, end, answered = 0, len(data), 0
        while position + 1 < end and (stop := position + 2 + data[position + 1]) <= end:
            if data[position] == _PING:
                self._transport.write(pong(data[position + 2 : stop]))
            else:
                assert data[position + 1] < 126
                assert data.endswith(b"}", 0, stop)
                answered += 1
            position = stop
        self._rest = data[position:]
        self._answered += answered
        if answered and self._answered == self._wanted:
            self._done.set_result(None)
        elif answered and self._sent < self._wanted:
            self._transport.write(b"".join(self._frames[self._sent : self._sent + answered]))
            self._sent += answered


async def round_trips(task: dict[str, Any]) -> list[list[float]]:
    """Time requests to each address in turn; return the rates of each, or the processor's time for a request of each.

    Time is in microseconds, by the accounts of the kernel of each server's process.
    """
    loop = asyncio.get_running_loop()
    frames = [
        order_frame(number, task["target"], f"{90000 - number % 200}.25") for number in range(1, task["requests"] + 1)
    ]
    requesters = []
    for host, port in task["addresses"]:
        _, requester = await loop.create_connection(Requester, host, port)
        await requester.opened
        await requester.ask(frames[: len(frames) // 4], task["window"])
        requesters.append(requester)
    rates: list[list[float]] = [[] for _ in requesters]
    gc.collect()
    gc.disable()
    turn = list(enumerate(requesters))
    for _ in range(task["rounds"]):
        for place, requester in turn:
            before = _worked(task["pids"][place])
            rate = await requester.ask(frames, task["window"])
            worked = (_worked(task["pids"][place]) - before) / len(frames) / 1000
            rates[place].append(worked if task["counts_cpu"] else rate)
        turn.reverse()
    return rates


def connect(address: list[Any]) -> socket.socket:
    """Return a connection that has shaken hands."""
    host, port = address
    connection = socket.create_connection((host, port))
    connection.sendall(_HANDSHAKE % (host.encode(), port))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return connection


class Crowd:
    """Connections that follow what one of them makes happen."""

    def __init__(self, address: list[Any], followers: int, begin: bytes) -> None:
        self._poll = select.epoll()
        self._sockets = {}
        for _ in range(followers):
            follower = connect(address)
            if begin:
                follower.sendall(frame(begin))
                follower.recv(1 << 16)
            follower.setblocking(False)
            self._poll.register(follower.fileno(), select.EPOLLIN)
            self._sockets[follower.fileno()] = follower
        self._actor = connect(address)
        self._buffer = bytearray(1 << 16)

    def act(self, message: bytes, length: int) -> float:
        """Let something happen; return how many followers a second were told in messages of a length."""
        owed = length * len(self._sockets)
        began = time.perf_counter()
        self._actor.sendall(message)
        while owed > 0:
            for descriptor, _ in self._poll.poll():
                owed -= self._sockets[descriptor].recv_into(self._buffer)
        rate = len(self._sockets) / (time.perf_counter() - began)
        assert owed == 0
        self._actor.recv_into(self._buffer)
        return rate


def fan_out(task: dict[str, Any]) -> list[list[float]]:
    """Time how fast a change reaches many, on each address in turn."""
    places = task["places"]
    crowds = [Crowd(place["address"], task["followers"], place["begin"].encode()) for place in places]
    time.sleep(_SETTLED)
    messages = [[frame(text.encode()) for text in place["messages"]] for place in places]
    rates: list[list[float]] = [[] for _ in crowds]
    gc.disable()
    turn = list(range(len(crowds)))
    for number, length in enumerate(task["lengths"]):
        for place in turn:
            rates[place].append(crowds[place].act(messages[place][number], length))
        turn.reverse()
    return [found[task["warm"] :] for found in rates]


def hold(task: dict[str, Any]) -> list[int]:
    """Hold connections while the server's memory is looked at; return it before and after."""
    pid = task["pid"]
    connections = [connect(task["address"]) for _ in range(task["warm"])]
    before = _resident(pid)
    connections += [connect(task["address"]) for _ in range(task["connections"])]
    time.sleep(_SETTLED)
    return [before, _resident(pid)]


def _worked(pid: int) -> int:
    """Return for how many nanoseconds a process of one thread that works has had the processor."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def main() -> None:
    """Do the task."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    task = json.load(sys.stdin)
    what = task["do"]
    if what == "round_trips":
        if task["uvloop"]:
            import uvloop

            found: Any = uvloop.run(round_trips(task))
        else:
            found = asyncio.run(round_trips(task))
    else:
        found = {"fan_out": fan_out, "hold": hold}[what](task)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
