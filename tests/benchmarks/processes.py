"""Processes that are measured, and what the kernel says of them."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["PROGRAMS", "ask", "ask_client", "server"]

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
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"{program} has not begun")
            _stay_on(0, process.pid)  # only now, for a server that looks how many cores there are
            yield Server(process, url)
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def ask(program: str, *arguments: str) -> float:
    """Run one of the programs to its end; return the number that it prints."""
    command = [sys.executable, str(PROGRAMS / program), *arguments]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def ask_client(task: dict[str, Any]) -> Any:
    """Let the client do a task in a process of its own; return what it found."""
    command = [sys.executable, str(PROGRAMS / "client.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        _stay_on(1, process.pid)
        found, _ = process.communicate(json.dumps(task))
    if process.returncode:
        raise RuntimeError("the client has failed")
    return json.loads(found)


def _stay_on(core: int, pid: int) -> None:
    """Keep a process on one core: servers on one and clients on another, lest chance say who shares which."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > core:
        os.sched_setaffinity(pid, {cores[core]})
