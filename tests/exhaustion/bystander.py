"""A client in a process of its own that asks for little, again and again, and sees how long it waits.

    python tests/exhaustion/bystander.py PORT PID KIND

It asks the server at a port, whose process is known by its id, for what an empty request of a kind asks for, until its
input ends. It prints a line when the server knows that it asks for little, and for each line of its input a line of
JSON: how often it has asked since the last one, how long it waited at most, and how long the server's main thread
worked in one wait at most. That is what a client would have waited if nobody else had used the machine.
"""

import json
import select
import socket
import struct
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from peers.bad_peers import TEXT, UPGRADE, request

PAUSE = 0.002
GETS_KNOWN = 1.2
"""After how many seconds a server knows of a client that it asks for little."""
PATIENCE = 120.0


def worked(process: int) -> float:
    """Return for how many seconds a process's main thread has worked so far."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


class Asking:
    """A connection that blocks."""

    def __init__(self, port: int) -> None:
        own = socket.create_connection(("127.0.0.1", port), PATIENCE)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = own
        self._file = own.makefile("rb")
        own.sendall(UPGRADE)
        while self._file.readline().strip():
            pass

    def ask(self, asked: bytes) -> None:
        """Ask, and wait for the answer."""
        self._socket.sendall(asked)
        while self._frame() != TEXT:
            pass

    def _frame(self) -> int:
        first, length = self._read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        self._read(length)
        return int(first) & 15

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError("the server has closed the connection")
        return data


def main() -> None:
    """Ask until the input ends."""
    port, process, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    peer = Asking(port)
    known_at = time.monotonic() + GETS_KNOWN
    while time.monotonic() < known_at:
        peer.ask(request(0, kind))
        time.sleep(PAUSE)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    count, longest, most = 0, 0.0, 0.0
    while True:
        if select.select([sys.stdin], [], [], PAUSE)[0]:
            if not sys.stdin.readline():
                return
            sys.stdout.write(f"{json.dumps([count, longest, most])}\n")
            sys.stdout.flush()
            count, longest, most = 0, 0.0, 0.0
        count += 1
        asked = request(count, kind)
        began, before = time.perf_counter(), worked(process)
        peer.ask(asked)
        longest = max(longest, time.perf_counter() - began)
        most = max(most, worked(process) - before)


if __name__ == "__main__":
    main()
