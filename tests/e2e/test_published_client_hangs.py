"""Why this project exists: what the published client does when its order is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.testing.exchange import Exchange

PROGRAM = (Path(__file__).parents[1] / "examples" / "published_client.py").read_text(encoding="utf-8")


@pytest.fixture
def environment(published_client: str) -> dict[str, str]:
    """Where the published client is found."""
    return {**os.environ, "PYTHONPATH": published_client}


def _start(exchange: Exchange, environment: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM.replace("ws://127.0.0.1:6001", exchange.url)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/"
    )


def test_taken_order_is_answered(environment: dict[str, str]) -> None:
    """The README's program of the published client sends an order that is taken, and ends."""
    with Exchange() as exchange:
        client = _start(exchange, environment)
        assert client.communicate(timeout=20)[0] == ""
        assert client.returncode == 0
        assert len(exchange.orders) == 1


@pytest.mark.parametrize("scenario", ["order-refused"])
def test_refused_order_is_awaited_for_ever(scenario: str, environment: dict[str, str]) -> None:
    """The published client still waits for the answer to its order long after it has been refused with an Err."""
    with Exchange(scenario) as exchange:
        client = _start(exchange, environment)
        exchange.wait_for(request="SendLimitOrder", timeout=20)
        replies = [entry.data for entry in exchange.journal if entry.kind == "out" and isinstance(entry.data, dict)]
        refused = [reply for reply in replies if "Err" in reply["response"]]
        assert len(refused) == 1
        with pytest.raises(subprocess.TimeoutExpired):
            client.communicate(timeout=3)
        client.kill()
        assert client.communicate(timeout=20)[0] == ""
