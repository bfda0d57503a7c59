"""What commands print and write, and with which status they exit."""

import contextlib
import sys
from pathlib import Path

from simulator.errors import SimulatorError

__all__ = ["STOPPED", "USAGE_ERROR", "note", "say", "write"]

USAGE_ERROR = 2
"""The exit status for a mistake in what was asked."""

STOPPED = 130
"""The exit status of a command that was interrupted before it was done."""


def say(*lines: str) -> None:
    """Print lines to stdout at once."""
    for line in lines:
        print(line, flush=True)  # noqa: T201


def note(*lines: str) -> None:
    """Print lines to stderr, if there is one that takes them: it may lie on the disk that is full."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            for line in lines:
                print(line, file=sys.stderr)  # noqa: T201


def write(path: Path, data: bytes) -> None:
    """Write a file, with the folders that it needs; raises `SimulatorError` if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise SimulatorError(f"cannot write {path}: {error.strerror}") from error
