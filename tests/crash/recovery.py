"""Measures how long a server takes to come back, for each 100,000 commands of its log and each hour of its life.

    python tests/crash/recovery.py --commands 100000

Half of the commands are orders on one market, many of which trade; a quarter are cancels, the rest questions. They
are written by the world that a server drives, and read back by what a server starts with.
"""

import argparse
import json
import random
import sys
import tempfile
import time
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
    world = DurableDriver(simulation, errors.append, command_log.begin(folder, simulation, None, moving))
    session = world.open(Nobody(), "/")  # type: ignore[arg-type]  # it is enough of one
    rng = random.Random(1)
    groups = max(1, commands // 8)
    for group in range(groups):
        for number in range(group * commands // groups, (group + 1) * commands // groups):
            world.receive(session, request(number + 1, rng))
        world.flush()
        world.advance(seconds * SECOND // groups)
    folder.close()
    assert not errors, errors


def read(path: Path, seconds: int, moving: int) -> tuple[float, int, int]:
    """Recover; return the seconds that takes, how many commands there were, and the size of the file."""
    folder = command_log.Folder(path)
    size = folder.file.stat().st_size
    began = time.perf_counter()
    back = command_log.recover(
        folder, lambda start: make(start, moving), None, moving, lambda simulation: START + seconds * SECOND
    )
    took = time.perf_counter() - began
    assert back is not None
    folder.close()
    return took, back.commands, size


def main() -> int:
    """Measure; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--commands", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=600, help="of moving markets (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        write(Path(base) / "still", options.commands, 60, 0)
        took, commands, size = read(Path(base) / "still", 60, 0)
        print(  # noqa: T201
            f"{commands} commands: {took:.2f} s, {took * 100_000 / commands:.2f} s for each 100,000; "
            f"the file has {size / commands:.0f} bytes a command"
        )
        write(Path(base) / "moving", 8, options.seconds, 6)
        took, _, _ = read(Path(base) / "moving", options.seconds, 6)
        print(f"{options.seconds} s of six moving markets: {took:.2f} s, {took * 3600 / options.seconds:.1f} s an hour")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
