"""The program itself, started as a user would."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

PATIENCE = 15.0
PROGRAM = [sys.executable, "-m", "simulator"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""Stdout is buffered for a user, whatever it is for the tests."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT
    )


class Lines:
    """The lines of a stream, as they come."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def close(self) -> None:
        """Wait for the end of the stream."""
        self._thread.join(PATIENCE)

    def next(self) -> str | None:
        """Return the next line, or None at the end."""
        return self._lines.get(timeout=PATIENCE)

    def until(self, part: str) -> list[str]:
        """Return the lines up to the one that has a part in it."""
        lines: list[str] = []
        while not lines or part not in lines[-1]:
            line = self.next()
            assert line is not None, lines
            lines.append(line)
        return lines

    def rest(self) -> list[str]:
        """Return the lines up to the end."""
        return list(iter(self.next, None))


class Program:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.lines = Lines(process.stdout)
        self.url = self.lines.next() or ""
        self.port = int(self.url.rpartition(":")[2].strip('"}') or 0)

    def stop(self, number: int = signal.SIGTERM, within: float = PATIENCE) -> int:
        """Send a signal; return the exit status, which must come in time."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextlib.contextmanager
def started(*arguments: str, **environment: str) -> Iterator[Program]:
    """Serve while the block runs."""
    with subprocess.Popen(
        [*PROGRAM, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=ENVIRONMENT | environment,
    ) as process:
        program = Program(process)
        try:
            assert program.port, process.stderr and process.stderr.read()
            yield program
        finally:
            process.kill()
            program.lines.close()
