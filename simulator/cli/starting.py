"""The commands that begin something of one's own: ``show`` and ``init``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import __version__
from simulator.cli.output import say, write
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["add_commands"]

_SCENARIO = """\
# yaml-language-server: $schema=scenario.schema.json
# An order of 2 BTC is filled in two parts, half a second apart.
markets:
  BTC Crypto/USD*COINBASE/DIRECT: {bids: [[99.00, 5]], asks: [[101.00, 5]]}
rules:
  - name: partial fill
    when: {request: SendLimitOrder, dir: Buy}
    then:
      - ack
      - fill: 40%
      - delay: 500ms
      - fill: rest
client:
  - send:
      type: SendLimitOrder
      target: BTC Crypto/USD*COINBASE/DIRECT
      dir: Buy
      price: 100
      quantity: 2
      account: DEFAULT
    as: order
  - wait: 1s
expect:
  - orders: {$order: {state: [Acked, Filled, Out], filled_qty: 2}}
"""

_TEST = """\
import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

FIRST = Path(__file__).parents[1] / "scenarios" / "first.scenario.yaml"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "100", "quantity": "2",
         "target": "BTC Crypto/USD*COINBASE/DIRECT"}


async def buy(url):
    \"""Stands for your client: put it here.\"""
    async with connect(url + "/") as venue:
        await venue.send(json.dumps({"id": 1, **ORDER}))
        return json.loads(await venue.recv())["response"]["Ok"]


@pytest.mark.exchange(FIRST, clock="manual")
def test_an_order_is_filled_in_two_parts(exchange):
    order_id = asyncio.run(buy(exchange.url))
    assert exchange.order(order_id).filled_qty == "0.8"
    exchange.advance("500ms")
    assert exchange.order(order_id).filled_qty == "2"
"""

_WORKFLOW = """\
name: exchange
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.13"}
      - run: pip install exchange-simulator==VERSION pytest
      - run: exchange-simulator check scenarios
      - run: exchange-simulator replay scenarios --junitxml replay.xml
      - run: pytest
"""


def add_commands(commands: "Subcommands") -> None:
    """Add the commands to those of the program; each runs with the options that were parsed."""
    showing = commands.add_parser(
        "show", help="print a bundled scenario", description="Print the file of a bundled scenario, to begin from."
    )
    showing.set_defaults(run=_show)
    showing.add_argument("name", metavar="NAME", help="as list prints it")
    beginning = commands.add_parser(
        "init",
        help="begin a folder with a first scenario and a test",
        description="Write a first scenario with its schema, a test of pytest and a workflow of GitHub's. What is "
        "there already is left as it is.",
    )
    beginning.set_defaults(run=_init)
    beginning.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where (default: here)")


def _show(options: argparse.Namespace) -> int:
    from simulator.scenario.reading.files import bundled

    known = bundled()
    if options.name not in known:
        raise SimulatorError(f"there is no bundled scenario {options.name!r}{nearest(options.name, known)}")
    say(known[options.name].read_text(encoding="utf-8").removesuffix("\n"))
    return 0


def _init(options: argparse.Namespace) -> int:
    """Write what is not there yet, and say what to do next."""
    import json

    from simulator.scenario.schema import schema

    files = {
        "scenarios/first.scenario.yaml": _SCENARIO,
        "scenarios/scenario.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        "tests/test_exchange.py": _TEST,
        ".github/workflows/exchange.yml": _WORKFLOW.replace("VERSION", __version__),
    }
    for name, text in files.items():
        path = options.folder / name
        if path.exists():
            say(f"left {path}")
        else:
            write(path, text.encode())
            say(f"wrote {path}")
    say(
        "",
        "exchange-simulator serve scenarios/first.scenario.yaml   serves it to a client on port 6001",
        "exchange-simulator replay scenarios                      plays the client that stands in it",
        "python -m pytest                                         runs the test: put your client into it",
    )
    return 0
