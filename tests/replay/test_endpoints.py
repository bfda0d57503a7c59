"""Addresses of endpoints, as `record --upstream` and `replay --url` take them."""

from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.replay.endpoints import endpoint_address, joined

EXPECTED = "expected an address such as ws://127.0.0.1:6001, got"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:6041", f"{EXPECTED} '127.0.0.1:6041'; did you mean 'ws://127.0.0.1:6041'?"),
        ("http://x", f"{EXPECTED} 'http://x'; did you mean 'ws://x'?"),
        ("https://x:1/y", f"{EXPECTED} 'https://x:1/y'; did you mean 'wss://x:1/y'?"),
        ("", f"{EXPECTED} ''"),
        ("ws://", f"{EXPECTED} 'ws://'"),
        ("ws://x:99999", f"{EXPECTED} 'ws://x:99999'"),
        ("ws://[::1", f"{EXPECTED} 'ws://[::1'"),
        ("ws://x y", f"{EXPECTED} 'ws://x y'"),
        ("ws://x#y", "an endpoint's address has no fragment, got 'ws://x#y'"),
    ],
)
def test_what_is_no_address(
    address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An address that cannot be is one clear line and status 2, before anything is played or written."""
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text("client:\n  - send: {type: GetHalts}\n")
    statuses = (
        main(["record", "--upstream", address, "-o", "out.yaml"]),
        main(["replay", "good.yaml", "--url", address]),
    )
    captured = capsys.readouterr()
    assert (statuses, captured.out, captured.err.splitlines(), Path("out.yaml").exists()) == (
        (2, 2),
        "",
        [f"exchange-simulator: --upstream: {said}", f"exchange-simulator: --url: {said}"],
        False,
    )


def test_a_replays_address_has_no_query(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A query would stand before the path of each connection, and is refused with the reason."""
    assert main(["replay", str(tmp_path), "--url", "ws://x/?account=A"]) == 2
    assert capsys.readouterr().err == (
        "exchange-simulator: --url: each connection has a path and a query of its own, "
        "got 'ws://x/?account=A' with a query\n"
    )


@pytest.mark.parametrize("address", ["ws://127.0.0.1:6001", "wss://x/architect?scenario=x", "WS://[::1]:1/"])
def test_an_address_stays_as_it_is(address: str) -> None:
    """An address that can be is taken as it was given."""
    assert endpoint_address(address, "--upstream") == address


@pytest.mark.parametrize(
    ("address", "target", "wanted"),
    [
        ("ws://x:1", "/architect", "ws://x:1/architect"),
        ("ws://x:1/", "/?account=A", "ws://x:1/?account=A"),
        ("ws://x/architect", "/architect", "ws://x/architect"),
        ("ws://x/architect", "/architect?account=A", "ws://x/architect?account=A"),
        ("ws://x/architect?scenario=x", "/architect?account=A", "ws://x/architect?scenario=x&account=A"),
        ("ws://x/architect?scenario=x", "/", "ws://x/architect?scenario=x"),
        ("ws://x/v1/", "/architect", "ws://x/v1/architect"),
        ("ws://x/v1", "/v1/architect", "ws://x/v1/architect"),
        ("ws://x?scenario=x", "/", "ws://x/?scenario=x"),
    ],
)
def test_an_address_and_what_a_client_asks_for(address: str, target: str, wanted: str) -> None:
    """Paths are put one after the other unless they are the same, and queries are both passed on."""
    assert joined(address, target) == wanted
