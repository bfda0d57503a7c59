"""Measures how long a server takes to come back after so many commands, and after so long a life, in its own time.

    python tests/crash/recovery.py --commands 100000

Half of the commands are orders on one market, many of which trade; a quarter are cancels, the rest questions. They
are written by the world that a server drives, and read back by what a server starts with.
"""

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator import command_log as command_log
from simulator.server.durable_driver import DurableDriver
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class Nobody:
    """A connection on which nothing is heard."""

    def send(self, items: list[Any]) -> None:
        """Take messages."""

    def close(self, code: int, reason: str) -> None:
        """Take the end."""


def make(start: int, moving: int) -> Simulation:
    """Return the exchange that is measured."""
    return Simulation(catalogue="default", seed=1, start=start, moving=moving)


def request(number: int, rng: random.Random) -> str:
    """Return one command's text."""
    choice = rng.random()
    if choice < 0.25:
        return json.dumps(
            {
                "id": number,
                "type": "CancelOrder",
                "order_id": str(rng.randrange(max(1, number // 2 - 200), number // 2 + 2)),
            }
        )
    if choice < 0.5:
        return json.dumps({"id": number, "type": "GetOrderState", "order_ids": [str(max(1, number // 2))]})
    side = rng.choice(["Buy", "Sell"])
    price = rng.randrange(100, 160) if side == "Buy" else rng.randrange(140, 200)
    terms = {
        "account": "DEFAULT",
        "dir": side,
        "price": str(price),
        "quantity": str(rng.randrange(1, 9)),
        "target": PAIR,
    }
    return json.dumps({"id": number, "type": "SendLimitOrder", **terms})


def write(path: Path, commands: int, seconds: int, moving: int) -> None:
    """Have a world keep so many commands over so long a time."""
    folder = command_log.Folder(path)
    simulation = make(START, moving)
    errors: list[Exception] = []
    writer = command_log.begin(folder, simulation, None, moving)
    world = DurableDriver(simulation, errors.append, writer)
    session = world.open(Nobody(), "/")  # type: ignore[arg-type]  # it is enough of one
    rng = random.Random(1)
    waits: list[float] = []
    groups = max(1, commands // 8)
    for group in range(groups):
        for number in range(group * commands // groups, (group + 1) * commands // groups):
            world.receive(session, request(number + 1, rng))
        world.flush()
        world.advance(seconds * SECOND // groups)
        if not writer.is_taking_snapshot and writer.needs_snapshot:  # as the loop of a server does
            began = time.process_time()
            writer.take_snapshot(simulation)
            waits.append(time.process_time() - began)
    while writer.is_taking_snapshot:
        time.sleep(0.01)
    folder.close()
    if waits:
        print(f"{len(waits)} snapshots held up the server for {max(waits) * 1000:.1f} ms at most")  # noqa: T201
    assert not errors, errors


def read(path: Path, seconds: int, moving: int) -> tuple[float, int, int]:
    """Recover; return the seconds of work that takes, how many commands there were, and what is on disk."""
    folder = command_log.Folder(path)
    size = sum(file.stat().st_size for file in path.iterdir())
    began = time.process_time()
    back = command_log.recover(
        folder, lambda start: make(start, moving), None, moving, lambda simulation: START + seconds * SECOND
    )
    took = time.process_time() - began
    assert back is not None
    folder.close()
    return took, back.commands, size


def _apart(work: Callable[..., None], *given: object) -> None:
    """Do something in a process of its own, whose memory is not counted."""
    process = multiprocessing.get_context("fork").Process(target=work, args=given)
    process.start()
    process.join()


def main() -> int:
    """Measure; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--commands", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=600, help="of moving markets (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        _apart(write, Path(base) / "still", options.commands, 60, 0)
        took, commands, size = read(Path(base) / "still", 60, 0)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"{commands} commands: {took:.2f} s, {memory} MB at most; {size >> 10} kB on disk")  # noqa: T201
        _apart(write, Path(base) / "moving", 8 * options.seconds, options.seconds, 6)
        took, _, _ = read(Path(base) / "moving", options.seconds, 6)
        print(f"{options.seconds} s of six moving markets: {took:.2f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
