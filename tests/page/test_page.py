"""The page in a real browser: what it shows, what its buttons do, and what it never does."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.sync.client import connect

from server.test_http import ORDER, PARTIAL, serving
from simulator.page import file_of
from simulator.remote import Exchange as RemoteExchange
from simulator.scenario.loader import parse_step
from simulator.scenario.step_forms import VERBS
from simulator.testing.exchange import Exchange
from support.browser import BROWSER, HOSTILE

DRIVE = Path(__file__).parent / "drive.mjs"
SCENARIO = {
    "rules": [
        *PARTIAL["rules"],
        {"name": "unanswered", "when": {"request": "SendLimitOrder", "dir": "Sell"}, "then": [{"hold": "ack"}, "ack"]},
    ]
}
BUTTONS: list[tuple[str, Any]] = [
    ("fill", {"fill": {"order": "2"}}),
    ("fill 40%", {"fill": {"order": "2", "quantity": "40%"}}),
    ("reject", {"reject": {"order": "2"}}),
    ("cancel", {"cancel": {"order": "2"}}),
    ("expire", {"expire": {"order": "2"}}),
    ("fill", {"fill": {"order": "1"}}),
    ("fill 40%", {"fill": {"order": "1", "quantity": "40%"}}),
    ("cancel", {"cancel": {"order": "1"}}),
    ("expire", {"expire": {"order": "1"}}),
    ("close", {"disconnect": {"session": "1"}}),
    ("abort", {"disconnect": {"session": "1", "abort": True}}),
    ("stall 5 s", {"stall": {"session": "1", "for": "5s"}}),
    ("slow 5 s", {"slow": {"session": "1", "bytes_per_second": 200, "for": "5s"}}),
    ("bad JSON", {"corrupt": {"session": "1"}}),
]
"""What stands on the buttons for two orders and a connection, in their order, and the step that each is to be."""
BUST = "bust"
FOUND = {
    "type:sendlimit": 4,
    "id:2": 2,
    "order:1": 6,
    'rule:"slow"': 10,
    "kind:rule": 2,
    "#1 kind:open": 1,
    "id:nothing": 0,
}
"""How many rows of the traffic each filter shows."""


@contextmanager
def begun(exchange: Any) -> Iterator[None]:
    """Be connected to an exchange, and bring it to where there is something to inject."""
    with connect(f"{exchange.url}/architect") as venue:
        venue.send(json.dumps({"id": 1, "type": "SubscribeOrderState"}))
        venue.send(json.dumps({"id": 2, **ORDER}))
        venue.send(json.dumps({"id": 3, **ORDER, "dir": "Sell"}))
        exchange.wait_for(request="SendLimitOrder", count=2)
        exchange.advance("250ms")
        yield


def journal_of(exchange: Any) -> list[Any]:
    """Return the journal but for the ends of connections, which come when the client has answered."""
    lines = json.loads(msgspec.json.encode(exchange.journal))
    return [line for line in lines if line["kind"] != "close"]


def journal_after(label: str, step: Any, is_remote: bool) -> list[Any]:
    """Return the journal of an exchange in which a step was done, by the fixture or over HTTP."""
    with Exchange(SCENARIO, clock="manual") as exchange:
        exchange.is_judged = True
        with begun(exchange):
            step = {"bust": exchange.fills[-1].fill_id} if label == BUST else step
            (RemoteExchange(exchange.url) if is_remote else exchange).do(step)
            return journal_of(exchange)


def test_page_in_a_browser(playwright: Path) -> None:
    """Each panel shows the world and changes it, text from outside stays text, and nothing is asked of elsewhere.

    Each of its buttons does what the step does that it stands for.
    """
    assert BROWSER is not None
    with serving(SCENARIO) as api, connect(f"ws://127.0.0.1:{api.port}/architect") as venue, ExitStack() as stack:
        venue.send(json.dumps({"id": 1, "type": "SubscribeOrderState"}))
        venue.send(json.dumps({"id": 2, **ORDER}))
        venue.send(json.dumps({"id": 3, **ORDER, "quantity": "<script>alert(1)</script>"}))
        for text in HOSTILE:
            venue.send(text)
        server = RemoteExchange(f"ws://127.0.0.1:{api.port}")
        buttons = [(BUST, None), *BUTTONS]
        worlds = [stack.enter_context(server.world(SCENARIO, clock="manual")) for _ in buttons]
        for world in worlds:
            stack.enter_context(begun(world))
        host = f"127.0.0.1:{api.port}"
        names = [world.url.rpartition("/")[2] for world in worlds]
        places = json.dumps([[name, place] for place, name in enumerate(names)])
        command = ["node", str(DRIVE), str(playwright), BROWSER, f"http://{host}/", host, places]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout
        journals = [journal_of(world) for world in worlds]
    for (label, step), journal in zip(buttons, journals, strict=True):
        assert journal == journal_after(label, step, False) == journal_after(label, step, True), label
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        ["title", "scenario"],
        ["order", "#1\nBuy 2 at 100.00\n0 filled"],
        ["script stays text", True],
        ["what is markup in it", 0],
        ["clock", "true"],
        ["detail", True],
        ["what it caused", True],
        ["what caused it", True],
        ["closed", True],
        ["found", FOUND],
        ["by a click", 'rule:"slow"'],
        ["own", 1],
        ["truth and told", ["Open\nOpen", "Acked\nAcked"]],
        ["the focus stays", "fill"],
        ["next event", True],
        ["buttons", [label for label, _ in buttons]],
        *[[f"injected {name}", 200] for name in names],
        ["released", 1],
        ["steps", "done and refused"],
        ["rule", "off"],
        ["the scenario that runs", True],
        ["saved", True],
        ["apply a broken edit", True],
        ["applied", "anew"],
        ["filtered", "Nothing has come yet. Connect a client to the address above."],
        ["foreign requests", []],
        ["problems", []],
    ]


def test_steps_that_the_page_offers() -> None:
    """Every step that the page offers is one."""
    found = file_of("/page/steps.json")
    assert found is not None
    verbs = {parse_step(step).verb for step in json.loads(found[2])}
    assert verbs == set(VERBS) - {"reply", "rate_limit"}


def test_page_is_small() -> None:
    """The page is under 60 KB, all its files together, as they are compressed."""
    found = [file_of(path) for path in ("/", "/page/page.css", "/page/page.js", "/page/steps.json")]
    assert sum(len(gzip.compress(one[2])) for one in found if one is not None) < 60_000
    assert (len([one for one in found if one is not None]), file_of("/page/../__init__.py"), file_of("/x")) == (
        4,
        None,
        None,
    )
