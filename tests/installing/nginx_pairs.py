"""Pairs of connections of one session, through nginx and two servers: each must see what the other does.

``python tests/installing/nginx_pairs.py --pairs 1000``
"""

import argparse
import asyncio
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.cli import Program, started

CONFIGURATION = Path(__file__).parents[2] / ".docker" / "nginx.conf"
SCENARIO = "slow-cancel"  # any will do whose replies are not touched
ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "100",
    "quantity": "1",
    "target": "BTC Crypto/USD*COINBASE/DIRECT",
}
PER_SESSION = 5


@contextlib.contextmanager
def behind_nginx() -> Iterator[tuple[str, tuple[Program, Program]]]:
    """Run two servers behind nginx with the configuration; return its address, and the servers."""
    with started("--port", "0") as one, started("--port", "0") as other, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        text = CONFIGURATION.read_text(encoding="utf-8")
        ports = {"6000": port, "6001": one.port, "6002": other.port}
        text = re.sub("127.0.0.1:(600[012])", lambda match: f"127.0.0.1:{ports[match[1]]}", text)
        path = Path(folder) / "nginx.conf"
        path.write_text(re.sub("(?m)^pid .*;", f"pid {folder}/pid;", text), encoding="utf-8")
        command = ["nginx", "-p", folder, "-c", str(path)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as nginx:
            try:
                asyncio.run(_is_up(port, nginx))
                yield f"ws://127.0.0.1:{port}/?scenario={SCENARIO}&session=", (one, other)
            finally:
                nginx.terminate()
                nginx.wait(10)


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _is_up(port: int, nginx: "subprocess.Popen[str]") -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        assert nginx.poll() is None, nginx.stderr and nginx.stderr.read()
        await asyncio.sleep(0.05)
    raise AssertionError("nginx does not listen")


async def ask(venue: Any, **request: Any) -> Any:
    """Send a request; return its response."""
    await venue.send(json.dumps({"id": 1, **request}))
    return json.loads(await venue.recv())["response"]


async def meets(url: str, earlier: int) -> bool:
    """Tell whether a connection knows the order of another, whose id says that only the pairs before were there."""
    async with connect(url) as first, connect(url) as second:
        order_id = (await ask(first, **ORDER))["Ok"]
        (state,) = (await ask(second, type="GetOrderState", order_ids=[order_id]))["Ok"] or [None]
        return state is not None and order_id == str(earlier + 1)


async def session(url: str) -> int:
    """Return how many pairs of a session meet."""
    return sum([await meets(url, earlier) for earlier in range(PER_SESSION)])


async def meetings(url: str, pairs: int) -> int:
    """Return how many of so many pairs meet, ten sessions at a time."""
    turns = asyncio.Semaphore(10)

    async def one(number: int) -> int:
        async with turns:
            return await session(f"{url}s{number}")

    return sum(await asyncio.gather(*(one(number) for number in range(pairs // PER_SESSION))))


def main() -> int:
    """Let pairs meet; return 1 if some do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    options = parser.parse_args()
    with behind_nginx() as (url, _):
        met = asyncio.run(meetings(url, options.pairs))
    print(f"{met} of {options.pairs} pairs met")  # noqa: T201 - a program
    return int(met != options.pairs)


if __name__ == "__main__":
    sys.exit(main())
