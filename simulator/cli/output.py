"""What commands print and write, and with which status they exit."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from simulator.errors import SimulatorError

__all__ = ["STOPPED", "USAGE_ERROR", "Output", "note", "outputs", "say", "write"]

USAGE_ERROR = 2
"""The exit status for a mistake in what was asked."""

STOPPED = 130
"""The exit status of a command that was interrupted before it was done."""


_NO_READER = (errno.EPIPE, errno.EINVAL)
"""What the system says of a pipe that nobody reads any more; the second is Windows'."""


class Output:
    """A stream on which no character and no end of its reader ends the command that writes to it.

    A character that the stream's encoding lacks is escaped. Once nobody reads any more, what is written is dropped, and
    the command does the rest of its work.

    Args:
        stream: stdout or stderr.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        with self._as_long_as_it_is_read():
            try:
                self._stream.write(text)
            except UnicodeEncodeError as error:
                self._stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        return len(text)

    def flush(self) -> None:
        """Write what has not gone out yet."""
        with self._as_long_as_it_is_read():
            self._stream.flush()

    @contextlib.contextmanager
    def _as_long_as_it_is_read(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _NO_READER:
                raise SimulatorError(f"cannot write the output: {error.strerror}") from error
            with contextlib.suppress(OSError):  # what is still in the stream goes to nobody, at the latest at exit
                nobody = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nobody, self._stream.fileno())
                os.close(nobody)


@contextlib.contextmanager
def outputs() -> Iterator[None]:
    """Let stdout and stderr be such streams for as long as it lasts, where there are any."""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream and Output(stream) for stream in (stdout, stderr))
    try:
        yield
    finally:
        written, sys.stdout, sys.stderr = sys.stdout, stdout, stderr
        if written is not None:
            written.flush()


def say(*lines: str) -> None:
    """Print lines to stdout at once."""
    for line in lines:
        print(line, flush=True)  # noqa: T201


def note(*lines: str) -> None:
    """Print lines to stderr, if there is one that takes them: it may lie on the disk that is full."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, SimulatorError):
            for line in lines:
                print(line, file=sys.stderr)  # noqa: T201


def write(path: Path, data: bytes) -> None:
    """Write a file, with the folders that it needs; raises `SimulatorError` if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise SimulatorError(f"cannot write {path}: {error.strerror}") from error
