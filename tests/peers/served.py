"""A server in a process of its own, which tells what it holds when it is asked.

Run as a program it prints its address, then a line of JSON for every line it reads.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

_LOOK_EVERY = 0.005
_PATIENCE = 30.0
_UNTRACED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


class Served:
    """The server as its tests see it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2])

    def stats(self) -> dict[str, Any]:
        """Return what it holds now, and its longest stall since it was last asked."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told


@contextlib.contextmanager
def served(**settings: float) -> Iterator[Served]:
    """Serve while the block runs; what it writes to stderr is a failure."""
    options = [f"--{name}={value}" for name, value in settings.items()]
    with subprocess.Popen(
        [sys.executable, __file__, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
        },  # being traced is slow
    ) as process:
        try:
            yield Served(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(_PATIENCE)
            complaint = process.stderr.read() if process.stderr else ""
            assert not complaint, complaint
        finally:
            process.kill()


class _Stall:
    """Looks at the clock again and again."""

    def __init__(self) -> None:
        self.longest = self.busiest = 0.0

    async def watch(self) -> None:
        while True:
            before, worked = time.monotonic(), time.process_time()
            await asyncio.sleep(_LOOK_EVERY)
            self.longest = max(self.longest, time.monotonic() - before - _LOOK_EVERY)
            self.busiest = max(self.busiest, time.process_time() - worked)

    def take(self) -> dict[str, float]:
        """Return the longest stall, and how long it worked in one at most: on a busy machine it waits for others."""
        taken = {"stall": round(self.longest, 4), "worked": round(self.busiest, 4)}
        self.longest = self.busiest = 0.0
        return taken


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


async def _serve(options: argparse.Namespace) -> None:
    from simulator.server import Server, Settings
    from simulator.simulation import Simulation

    limits = {"journal_limit": options.journal_limit, "history_limit": options.history_limit}
    simulation = Simulation(catalogue="default", seed=7, **limits)
    names = [f"T{number}" for number in range(options.accounts)]
    simulation.gateway.accounts.update({name.lower(): name for name in names})
    settings = Settings(
        open_timeout=options.open_timeout, close_timeout=options.close_timeout, read_timeout=options.read_timeout
    )
    server = Server(simulation, port=0, settings=settings)
    await server.start()
    stall = _Stall()
    watch = asyncio.create_task(stall.watch())
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        told = {
            "connections": len(server.connections),
            "sessions": len(simulation.sessions),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "tasks": len(asyncio.all_tasks()),
            "memory": _resident(),
            "waiting": sum(one.transport.get_write_buffer_size() for one in server.connections),
            "orders": len(simulation.venue.orders),
            "open": len(simulation.venue.open),
            "fills": len(simulation.venue.fills),
            "journal": simulation.journal.written,
            "errors": [repr(error) for error in server.errors],
            **stall.take(),
        }
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
    watch.cancel()
    await server.close(patience=0.1)


def main() -> None:
    """Serve until there is nothing more to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open_timeout", type=float, default=10.0)
    parser.add_argument("--close_timeout", type=float, default=0.5)
    parser.add_argument("--read_timeout", type=float, default=5.0)
    parser.add_argument("--journal_limit", type=int, default=10_000)
    parser.add_argument("--history_limit", type=int, default=250_000)
    parser.add_argument("--accounts", type=int, default=0, help="how many there are besides: T0, T1, …")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
