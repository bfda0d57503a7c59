"""The gateway's published Python client and its four examples, unchanged, against a server started with no options."""

import contextlib
import fcntl
import itertools
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PORT = 6001
PATIENCE = 30.0
MARKET = "BTC Crypto/USD*COINBASE/DIRECT"

Start = Callable[[str], "Running"]


class Running:
    """A process, and the lines that it prints."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=os.environ | environment | {"PYTHONUNBUFFERED": "1", "TERM": "dumb"},
        )
        self.seen: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, pattern: str) -> str:
        """Return the next line in which a pattern is found."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                line = None
            assert line is not None, f"no {pattern!r} in:\n" + "\n".join(self.seen[-30:])
            self.seen.append(line)
            if re.search(pattern, line):
                return line

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Leave nothing of it."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def start(published_client: str) -> Iterator[Start]:
    """Start an example by its name; it finds websockets where this test does."""
    with contextlib.ExitStack() as stack:

        def run(name: str) -> Running:
            example = Running([f"architect_py.examples.{name}"], {"PYTHONPATH": published_client})
            stack.callback(example.close)
            return example

        yield run


@pytest.fixture
def server() -> Iterator[Running]:
    """The simulator as ``exchange-simulator serve`` starts it, on the address that the client has built in."""
    with _turn():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", PORT)) != 0, f"port {PORT} must be free: something listens there"
        running = Running(["simulator", "serve"], {})
        try:
            running.until(rf"^ws://127\.0\.0\.1:{PORT}$")
            yield running
            assert running.stop() == 0
        finally:
            running.close()


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait until no other process that runs these tests has the port."""
    with (Path(tempfile.gettempdir()) / f"exchange-simulator-{PORT}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_simple_order(server: Running, start: Start) -> None:
    """The example places an order and cancels it after five seconds."""
    example = start("simple_order_example")
    placed = server.until('--> .*"SendLimitOrder"')
    connection = re.search(r"#\d+", placed)
    assert connection is not None
    assert '"price": "10000", "quantity": "0.0005"' in placed
    number = re.search(r'"Ok":"(\d+)"', server.until(rf"{connection[0]} <-- "))
    assert number is not None
    server.until(rf'{connection[0]} --> .*"CancelOrder", "order_id": "{number[1]}"')
    assert server.until(rf"{connection[0]} <-- ").endswith('"response":{"Ok":null}}')
    assert example.process.wait(PATIENCE) == 0


def test_market_making(server: Running, start: Start) -> None:
    """The example quotes below the best bid, and quotes anew when the book has moved away from its order."""
    start("market_making_example")
    first = server.until('--> .*"SendLimitOrder"')
    server.until('--> .*"CancelOrder"')
    second = server.until('--> .*"SendLimitOrder"')
    prices = {price for line in (first, second) for price in re.findall(r'"price": "([\d.]+)"', line)}
    assert len(prices) == 2
    assert not [line for line in server.seen if '"Err"' in line]


def test_print_book(server: Running, start: Start) -> None:
    """The example prints a book of both sides, again and again, and not always the same."""
    example = start("print_book_example")
    tops: set[tuple[float, ...]] = set()
    while len(tops) < 3:
        example.until(r"Total +Size +Bid +Ask +Size +Total")
        fields = re.sub(r"\x1b\[\d+m", "", example.until(r"\d\.\d|\d+ +\d+")).split()
        top = tuple(float(field) for field in fields)
        total, size, bid, ask, ask_size, ask_total = top
        assert (total, ask_total) == (size, ask_size)
        assert bid < ask
        tops.add(top)


def test_netidx_clock(server: Running, start: Start) -> None:
    """The example prints the exchange's clock, which ticks once a second."""
    example = start("netidx_example")
    times = [example.until(r"^\d{4}-\d\d-\d\dT") for _ in range(4)]
    whole = [re.fullmatch(r"(.{17})(\d\d)\.0{9}Z", time) for time in times[1:]]
    assert all(whole)
    seconds = [int(match[2]) for match in whole if match]
    assert [(later - earlier) % 60 for earlier, later in itertools.pairwise(seconds)] == [1, 1]
