"""What is wrong with a client that is a class is a finding in its words, and the battery goes on."""

import time
from importlib import import_module
from typing import Any

import pytest

from certification.test_programs import BOUNDS, SHORT
from simulator.certification import certify, chosen, failing
from simulator.cli.main import main


class Idle:
    """Does nothing that it is asked to, and blocks."""

    def start(self, url: str) -> None: ...
    def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None: ...
    def cancel(self, tag: str) -> None: ...
    def flatten(self) -> None: ...
    def stop(self) -> None: ...


class AsyncIdle(Idle):
    async def start(self, url: str) -> None: ...  # type: ignore[override]  # an adapter may be of both kinds


class Raises(Idle):
    def start(self, url: str) -> None:
        raise OSError("no key")


class Exits(Idle):
    def start(self, url: str) -> None:
        raise SystemExit(1)


class BlocksForEver(Idle):
    def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        time.sleep(600)


class BlocksTheLoop(AsyncIdle):
    async def flatten(self) -> None:  # type: ignore[override]  # an adapter may be of both kinds
        while True:
            pass


class CannotBeMade(AsyncIdle):
    def __init__(self) -> None:
        raise ValueError("no account")


def no_client() -> Any:
    """Make no client."""
    raise ValueError("no account")


def found(make_client: Any) -> list[str]:
    """Return what is found about a client."""
    (verdict,) = certify(make_client, cases=[SHORT], bounds=BOUNDS, pace=4)
    return [str(finding) for finding in verdict.findings]


def test_idle_client() -> None:
    """A client that does nothing breaks no law: nothing is believed, and nothing is open."""
    assert found(Idle) == found(AsyncIdle) == []


def test_client_that_raises() -> None:
    """An exception is a finding, with its text and its place."""
    (only,) = found(Raises)
    assert only.startswith("does what it is asked: start() failed: OSError: no key (test_certify.py:")
    assert "start() failed: SystemExit: 1 (test_certify.py:" in found(Exits)[0]


@pytest.mark.parametrize("make_client", [CannotBeMade, no_client])
def test_client_that_cannot_be_made(make_client: Any) -> None:
    """A client that cannot be made is a finding."""
    (only,) = found(make_client)
    assert only.startswith("does what it is asked: make() failed: ValueError: no account (test_certify.py:")


def test_client_that_blocks_for_ever() -> None:
    """A client that never returns is found to wait for ever, and holds up nobody."""
    assert "waits for nothing for ever: submit('a') had not ended after 4 s" in found(BlocksForEver)


def test_client_that_blocks_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """An async client that never yields is stopped, and the finding says so."""
    monkeypatch.setattr(failing, "_STUCK_AFTER", 1)
    assert found(BlocksTheLoop) == [
        "waits for nothing for ever: nothing else could run for 1 s, because the client blocks the event loop",
    ]


def test_command_says_of_a_blocking_client_as_cases_end(capsys: pytest.CaptureFixture[str]) -> None:
    """The command judges a client that blocks by the wall's clock, its cases at once."""
    cases = ["--case", "well-behaved", "--case", "better-price"]
    assert main(["certify", "certification.test_certify:Idle", "--pace", "200", *cases]) == 0
    assert sorted(capsys.readouterr().out.splitlines()[:2]) == ["survives  better-price", "survives  well-behaved"]


def test_what_lasts_long_by_the_walls_clock_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that lasts too long for a client that blocks is left out and named, unless it is asked for."""
    battery = import_module("simulator.certification.certify")  # the package names its function so
    cases = chosen(["told-again-after-forty-minutes", "better-price"])
    assert [battery.takes_too_long(case, pace) for case in cases for pace in (1, 100)] == [True, False, False, False]
    monkeypatch.setattr(battery, "CASES", tuple(cases))
    monkeypatch.setattr(battery, "_LONGEST", 5)
    assert main(["certify", "certification.test_certify:Idle", "--pace", "200"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "left out: told-again-after-forty-minutes lasts 0 minutes by the wall's clock; ask for it by --case" in said
    assert [verdict.case.name for verdict in certify(Idle, pace=200)] == ["better-price"]
