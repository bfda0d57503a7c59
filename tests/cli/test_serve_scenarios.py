"""Serving scenarios from the command line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from support.cli import Lines, Program, run, started

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "10000",
    "quantity": "1",
    "target": PAIR,
}
REFUSES = "rules:\n  - when: {request: SendLimitOrder}\n    then: [{reply: {Err: %s}}]\n"


def answer(venue: ClientConnection) -> Any:
    """Send an order and return its answer."""
    venue.send(json.dumps({"id": 1, **ORDER}))
    return json.loads(venue.recv(timeout=10))["response"]


def write(path: Path, text: str) -> None:
    """Write a file as an editor does: whole, under its name at once."""
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def errors_of(program: Program) -> Lines:
    """Return what a program writes to stderr."""
    assert program.process.stderr is not None
    return Lines(program.process.stderr)


def test_bundled_scenario_by_name() -> None:
    """The name of a bundled scenario is served as a file is."""
    with started("order-refused", "--port", "0") as program, connect(program.url + "/") as venue:
        assert "Err" in answer(venue)


def test_changed_file_is_served_anew(tmp_path: Path) -> None:
    """A scenario that changes is reloaded, its clients closed with 1012; a wrong one is said, and changes nothing."""
    path = tmp_path / "venue.yaml"
    write(path, REFUSES % "one")
    with started(str(path), "--port", "0") as program:
        errors = errors_of(program)
        with connect(program.url + "/") as venue:
            assert answer(venue) == {"Err": "one"}
            write(path, "rulse: []\n")
            said = errors.until("The old scenario goes on.")
            assert said == [
                f"exchange-simulator: {path}:1:1: expected one of {said[0].partition('expected one of ')[2]}",
                "rulse: []",
                "^",
                "The old scenario goes on.",
            ]
            assert said[0].endswith("did you mean 'rules'?")
            assert answer(venue) == {"Err": "one"}
            write(path, REFUSES % "two")
            assert errors.until("reloaded") == ["exchange-simulator: reloaded venue.yaml"]
            with pytest.raises(ConnectionClosed) as closed:
                venue.recv(timeout=10)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "the scenario has changed")
        with connect(program.url + "/") as venue:
            assert answer(venue) == {"Err": "two"}


def test_client_names_a_scenario_beside_the_served_one(tmp_path: Path) -> None:
    """A client may ask for another file of the served scenario's folder."""
    write(tmp_path / "venue.yaml", REFUSES % "one")
    write(tmp_path / "other.yaml", REFUSES % "other")
    with (
        started(str(tmp_path / "venue.yaml"), "--port", "0") as program,
        connect(program.url + "/?scenario=other") as venue,
    ):
        assert answer(venue) == {"Err": "other"}


def test_scenario_that_is_none() -> None:
    """A name that is no scenario is one clear line and exit status 2."""
    done = run("serve", "partial-fil", "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "partial-fil" in done.stderr
    assert "did you mean 'partial-fill'?" in done.stderr
    assert "Traceback" not in done.stderr
