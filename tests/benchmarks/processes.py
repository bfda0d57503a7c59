"""Processes that are measured, and what the kernel says of them."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["PROGRAMS", "ask_client", "server"]

PROGRAMS = Path(__file__).parent / "programs"
_PATIENCE = 10.0


class Server:
    """A server in a process of its own that has printed its address."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.pid = process.pid
        host, _, port = url.removeprefix("ws://").rpartition(":")
        self.address = (host, int(port))


@contextlib.contextmanager
def server(program: str, *arguments: str) -> Iterator[Server]:
    """Run one of the programs beside this file as a server."""
    command = [sys.executable, str(PROGRAMS / program), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield Server(process, process.stdout.readline().strip())
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def ask_client(task: dict[str, Any]) -> Any:
    """Let the client do a task in a process of its own; return what it found."""
    command = [sys.executable, str(PROGRAMS / "client.py")]
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)
