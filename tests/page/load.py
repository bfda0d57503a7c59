"""What the page costs while clients trade, and what it shows how soon.

    python tests/page/load.py --seconds 60 --rate 1000

Prints, as JSON: what the page itself says of its frames, its memory and what came to it; how much of a second's
processor the server takes at that rate with the page and without it, in turns; and how many orders a second are
answered at most. Figures are of a machine that does nothing else. The rates at most are so with a client and a browser
that share two processors with the server: what the page takes of the server's own is said by the first of them.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from support.browser import BROWSER, install_playwright
from support.cli import PROGRAM

ORDER = '{{"id":{number},"type":"SendLimitOrder","account":"DEFAULT","dir":"{side}","price":"100","quantity":"1",'
ORDER += '"target":"BTC Crypto/USD*COINBASE/DIRECT"}}'
WATCH = Path(__file__).parent / "watch.mjs"
_AHEAD = 64
_SHORT = 3.0


async def trade(url: str, seconds: float, rate: float | None) -> float:
    """Send orders for a time, so many a second or as many as are answered; return how many a second were."""
    async with connect(f"{url}/", proxy=None, max_queue=None) as venue:
        began, sent, answered = time.monotonic(), 0, 0
        while (past := time.monotonic() - began) < seconds:
            may = answered + _AHEAD if rate is None else min(answered + 1000, int(past * rate) + 1)
            while sent < may:
                await venue.send(ORDER.format(number=sent, side="Buy" if sent % 2 else "Sell"))
                sent += 1
            answered += await _answers(venue, sent - answered)
        return answered / (time.monotonic() - began)


async def mark(url: str) -> None:
    """Send messages that say when they were sent, for the page to tell when it shows them."""
    async with connect(f"{url}/", proxy=None) as venue:
        for _ in range(10):
            await asyncio.sleep(0.3)
            await venue.send(f'{{"id":"marker-{time.time_ns() // 1_000_000}","type":"GetHalts"}}')
            await venue.recv()


async def _answers(venue: ClientConnection, most: int) -> int:
    """Return how many answers have come, having waited for one a moment."""
    count = 0
    for _ in range(most):
        try:
            await asyncio.wait_for(venue.recv(), 0.002)
        except TimeoutError:
            break
        count += 1
    return count


def cpu_of(pid: int) -> float:
    """Return how many seconds of a processor a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most(url: str, pid: int) -> tuple[float, float]:
    """Return how many orders a second are answered at most, and how many in a second of the server's processor."""
    before = cpu_of(pid)
    rate = asyncio.run(trade(url, _SHORT, None))
    return rate, rate * _SHORT / (cpu_of(pid) - before)


def spent(url: str, pid: int, rate: float) -> float:
    """Return how much of a second's processor the server takes at a rate of orders."""
    before = cpu_of(pid)
    asyncio.run(trade(url, _SHORT, rate))
    return (cpu_of(pid) - before) / _SHORT


def watching(playwright: Path, port: int, seconds: float) -> "subprocess.Popen[str]":
    """Open the page in a browser, and return when it is there."""
    command = ["node", str(WATCH), str(playwright), BROWSER or "", f"http://127.0.0.1:{port}/", f"{seconds:g}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"ready": True}
    return process


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1000, help="orders a second while the page is watched")
    parser.add_argument("--turns", type=int, default=5, help="how often the rates with and without a page alternate")
    args = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        playwright = install_playwright(Path(folder))
        with subprocess.Popen(
            [*PROGRAM, "serve", "--quiet", "--port", "0"], stdout=subprocess.PIPE, text=True
        ) as serving:
            assert serving.stdout is not None
            url = serving.stdout.readline().strip()
            port = int(url.rpartition(":")[2])
            try:
                watch = watching(playwright, port, args.seconds + 4)
                asyncio.run(mark(url))
                found["rate"] = asyncio.run(trade(url, args.seconds, args.rate))
                assert watch.stdout is not None
                found["page"] = json.loads(watch.stdout.readline())
                watch.wait()
                costs = []
                for _ in range(args.turns):
                    cost = spent(url, serving.pid, args.rate)
                    watch = watching(playwright, port, _SHORT + 1)
                    costs.append((cost, spent(url, serving.pid, args.rate)))
                    watch.communicate()
                found["of_a_second"] = {
                    "alone": median(cost for cost, _ in costs),
                    "for_the_page": median(other - cost for cost, other in costs),
                }
                alone, watched = [], []
                for _ in range(args.turns):
                    alone.append(most(url, serving.pid))
                    watch = watching(playwright, port, _SHORT + 1)
                    watched.append(most(url, serving.pid))
                    watch.communicate()
                for place, name in enumerate(("by_the_wall", "by_the_processor")):
                    shares = [one[place] / other[place] for one, other in zip(watched, alone, strict=True)]
                    rates = {"alone": median(one[place] for one in alone), "share_when_watched": median(shares)}
                    found[f"most_{name}"] = rates
            finally:
                serving.terminate()
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
