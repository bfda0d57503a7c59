"""Golden conversations: each file of `fixtures/wire` holds what a client sends and the exact bytes it gets.

A line begins with what it is: ``#`` a remark, ``=`` the catalogue, ``@`` a new connection and its path, ``>`` what
the client sends, ``<`` what it gets, ``+`` milliseconds that pass. Each file is a world of its own, seed 7.

After a change of the wire that is meant, write the answers anew and read what `git diff` says of them::

    RENEW_FIXTURES=1 python -m pytest tests/wire/test_golden.py
"""

import json
import os
from pathlib import Path

import pytest

from simulator.gateway.session import Session
from simulator.simulation import Simulation
from simulator.wire import REQUEST_TYPES
from simulator.wire.requests import OUT_OF_SCOPE
from support import FIXTURES
from support.messages import Sent, payloads

FOLDER = FIXTURES / "wire"
FILES = sorted(FOLDER.glob("*.txt"))
WITHOUT_OK = {"SubscribeAlerts", *(struct.__name__ for struct in OUT_OF_SCOPE)}
"""What only a scenario answers."""


def play(script: str) -> str:
    """Return a conversation with its answers as the simulation gives them."""
    catalogue, lines = "", []
    sim: Simulation | None = None
    session: Session | None = None
    for line in script.splitlines():
        sign, _, text = line.partition(" ")
        if sign == "<":
            continue
        lines.append(line)
        if sign == "=":
            catalogue = text
        elif sign == "@":
            sim = sim or Simulation(catalogue=catalogue, seed=7)
            session = sim.connect(text)
            lines += _answers(sim.take())
        elif sim is not None and session is not None:
            if sign == ">":
                sim.receive(session, text)
                lines += _answers(sim.take())
            elif sign == "+":
                lines += _answers(sim.advance(sim.now + int(text) * 1_000_000))
    return "\n".join(lines) + "\n"


def _answers(sent: Sent) -> list[str]:
    return [f"< {message.decode()}" for _, items in sent for message in payloads(items)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    """A golden conversation comes about again, to the byte."""
    script = path.read_text(encoding="utf-8")
    played = play(script)
    if os.environ.get("RENEW_FIXTURES"):
        path.write_text(played, encoding="utf-8")
        pytest.skip("written anew")
    assert played == script


@pytest.mark.parametrize("kind", sorted(REQUEST_TYPES))
def test_each_request_has_a_golden_file(kind: str) -> None:
    """Each request type has a golden conversation in which it is sent and, if a venue does that, answered Ok."""
    sent, answered = set(), set()
    for line in (FOLDER / f"{kind}.txt").read_text(encoding="utf-8").splitlines():
        message = json.loads(line[2:]) if line[0] in "<>" else {}
        if line[0] == ">" and message["type"] == kind:
            sent.add(message["id"])
        elif line[0] == "<" and "Ok" in message["response"]:
            answered.add(message["id"])
    assert sent
    assert bool(sent & answered) is (kind not in WITHOUT_OK)
