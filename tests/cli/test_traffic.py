import io
import os
import threading

import pytest

from simulator.cli.traffic import TrafficPrinter
from simulator.journal.lines import traffic_line

NOON = 1_700_000_000_123_456_789


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("open", "/architect", "22:13:20.123456Z #3 +++ /architect"),
        ("in", '{"id":1}', '22:13:20.123456Z #3 --> {"id":1}'),
        ("in", b"\xff\x01", "22:13:20.123456Z #3 --> �\\x01"),
        ("out", b'"Normal"', '22:13:20.123456Z #3 <-- "Normal"'),
        ("close", "", "22:13:20.123456Z #3 ---"),
        ("in", "x" * 400, f"22:13:20.123456Z #3 --> {'x' * 400}"),
        ("in", "\n" * 401, f"22:13:20.123456Z #3 --> {chr(92) + 'n'}".replace("\\n", "\\n" * 400) + "… (1 more)"),
        ("event", object(), None),
    ],
)
def test_line(kind: str, data: object, line: str | None) -> None:
    """Each thing that passes on a connection is one line, and what passes on none has no line."""
    assert traffic_line((NOON, 3, kind, data)) == line


class Gate(io.RawIOBase):
    """A terminal that stands still until it is let go, and takes seven bytes at a time."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        self.text = b""

    def write(self, data: bytes) -> int:  # type: ignore[override]  # of what there is, it is given bytes
        """Take some of the data."""
        self.reached.set()
        assert self.opened.wait(10)
        self.text += data[:7]
        return len(data[:7])


def test_terminal_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines for which there is no room are left out, and their number is said where they would stand."""
    monkeypatch.setattr("simulator.cli.traffic._WAITING_LINES", 2)
    gate = Gate()
    printer = TrafficPrinter(gate)  # type: ignore[arg-type]  # it is enough of one
    with printer:
        printer.show((NOON, 1, "in", "first"))
        assert gate.reached.wait(10)
        for number in range(2, 7):
            printer.show((NOON, 1, "in", f"{number}"))
        gate.opened.set()
    assert gate.text.decode().splitlines() == [
        "22:13:20.123456Z #1 --> first",
        "22:13:20.123456Z #1 --> 2",
        "22:13:20.123456Z #1 --> 3",
        "(3 lines left out)",
    ]


def test_what_was_shown_before_is_printed() -> None:
    """Lines shown before the printer starts are printed when it does."""
    out = io.BytesIO()
    printer = TrafficPrinter(out)
    printer.show((NOON, 1, "open", "/"))
    with printer:
        printer.show((NOON, 1, "close", "gone"))
    assert out.getvalue().decode().splitlines() == ["22:13:20.123456Z #1 +++ /", "22:13:20.123456Z #1 --- gone"]


def test_pipe_that_does_not_block() -> None:
    """A pipe that does not block and is full is waited for."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    sent = [f"{number:05d}" + "x" * 300 for number in range(1000)]
    with open(out, encoding="utf-8") as reader, open(into, "wb", buffering=0) as writer:
        printer = TrafficPrinter(writer)
        with printer:
            for text in sent:
                printer.show((NOON, 1, "in", text))
            lines = [reader.readline() for _ in sent]
    assert lines == [f"22:13:20.123456Z #1 --> {text}\n" for text in sent]


def test_reader_that_has_gone() -> None:
    """When the reader has gone, nothing is kept for it."""
    out, into = os.pipe()
    os.close(out)
    with open(into, "wb", buffering=0) as writer:
        printer = TrafficPrinter(writer)
        with printer:
            printer.show((NOON, 1, "in", "first"))
            printer._thread.join(10)
            printer.show((NOON, 1, "in", "second"))
            assert printer._lines.empty()
