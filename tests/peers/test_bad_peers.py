import asyncio
import os
from typing import Any

import pytest

from peers.bad_peers import measure

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the figures come from /proc")

KIBIBYTE = 1024
STALL = 1.0
"""How many seconds a bystander may wait on a busy machine; the commands' figures are in milliseconds."""


def figures(kind: str, count: int) -> dict[str, Any]:
    """Let clients of a kind at a server; what they leave behind and whom they held up fails already here."""
    found = asyncio.run(measure(kind, count, open_timeout=0.5))
    assert found["its longest wait"] < STALL
    return found


def test_clients_that_never_read() -> None:
    """Each is closed with 1013 once a bounded amount waits for it, and what it got up to there has no gap."""
    found = figures("never_read", 5)
    assert 1024 * KIBIBYTE <= found["waiting for each"] + 64 * KIBIBYTE < 1700 * KIBIBYTE
    assert found["fewest orders read"] > 500


def test_clients_that_die_in_mid_frame() -> None:
    """Clients that go in the middle of a handshake, a frame or a message leave nothing behind."""
    assert figures("die_in_mid_frame", 200)["memory grown"] < 4000 * KIBIBYTE


def test_clients_that_reconnect() -> None:
    """A client that comes and goes again and again leaves nothing behind."""
    assert figures("reconnect", 200)["memory grown"] < 4000 * KIBIBYTE


def test_clients_in_a_crowd() -> None:
    """Hundreds of connections at once cost a few kilobytes each."""
    assert figures("crowd", 400)["memory of each"] < 40 * KIBIBYTE


def test_clients_that_drip() -> None:
    """A handshake that comes byte by byte is cut off in time, and a request that does is answered."""
    assert figures("drip", 20)["memory grown"] < 4000 * KIBIBYTE


def test_clients_that_flood() -> None:
    """A megabyte of the smallest frames, pings and fragments holds nobody up for long."""
    assert figures("flood", 3)["bystander's answers"] > 10
