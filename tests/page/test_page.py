"""The page in a real browser: what it shows, what its buttons do, and what it never does."""

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from server.test_http import ORDER, PARTIAL, serving
from simulator.journal.lines import JournalLine
from simulator.page import file_of
from simulator.remote import Exchange as RemoteExchange
from simulator.testing.exchange import Exchange
from support.browser import BROWSER, HOSTILE

DRIVE = Path(__file__).parent / "drive.mjs"
INJECTED = ["bust", "fill", "fill 40%", "cancel", "expire", "close", "stall 5 s", "slow 5 s", "bad JSON"]


def journal_after(step: Any, is_remote: bool) -> list[JournalLine]:
    """Return the journal of an exchange with an order in which a step was done, by the fixture or over HTTP."""
    with Exchange(PARTIAL, clock="manual") as exchange, connect(f"{exchange.url}/architect") as venue:
        exchange.is_judged = True
        venue.send(json.dumps({"id": 1, "type": "SubscribeOrderState"}))
        venue.send(json.dumps({"id": 2, **ORDER}))
        exchange.wait_for(request="SendLimitOrder")
        exchange.advance("250ms")
        (RemoteExchange(exchange.url) if is_remote else exchange).do(step)
        return [line for line in exchange.journal if line.kind != "close"]  # which comes when the client has answered


def test_page_in_a_browser(playwright: Path) -> None:
    """Each panel shows the world and changes it, text from outside stays text, and nothing is asked of elsewhere."""
    assert BROWSER is not None
    with serving(PARTIAL) as api, connect(f"ws://127.0.0.1:{api.port}/architect") as venue:
        venue.send(json.dumps({"id": 1, "type": "SubscribeOrderState"}))
        venue.send(json.dumps({"id": 2, **ORDER}))
        venue.send(json.dumps({"id": 3, **ORDER, "quantity": "<script>alert(1)</script>"}))
        for text in HOSTILE:
            venue.send(text)
        host = f"127.0.0.1:{api.port}"
        command = ["node", str(DRIVE), str(playwright), BROWSER, f"http://{host}/", host]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    told = [json.loads(line) for line in done.stdout.splitlines()]
    ((_, injected),) = [one for one in told if one[0] == "injected"]
    told.remove(["injected", injected])
    assert [label for label, _ in injected] == INJECTED
    for _, step in injected:
        assert journal_after(step, False) == journal_after(step, True)
    assert told == [
        ["title", "scenario"],
        ["order", "#1\nBuy 2 at 100.00\n0 filled"],
        ["script stays text", True],
        ["what is markup in it", 0],
        ["clock", "true"],
        ["detail", True],
        ["next event", True],
        ["released", 1],
        ["steps", "done and refused"],
        ["rule", "off"],
        ["apply a broken edit", True],
        ["applied", "anew"],
        ["filtered", "Nothing has come yet. Connect a client to the address of this page."],
        ["foreign requests", []],
        ["problems", []],
    ]


def test_page_is_small() -> None:
    """The page is under 60 KB, all its files together, as they are compressed."""
    found = [file_of(path) for path in ("/", "/page/page.css", "/page/page.js")]
    assert sum(len(gzip.compress(one[2])) for one in found if one is not None) < 60_000
    assert (len([one for one in found if one is not None]), file_of("/page/../__init__.py"), file_of("/x")) == (
        3,
        None,
        None,
    )
