"""Orders over sockets against an echo of the bare library, and against what one would write instead by hand."""

from contextlib import ExitStack

from benchmarks.processes import ask_client, server
from benchmarks.report import Effort, Figure, Row, require

__all__ = ["PAIR", "ROWS"]

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"


def _against_echo(effort: Effort, window: int, requests: int, uvloop: bool = False) -> Figure:
    if uvloop:
        require("uvloop")
    loop = ("--uvloop",) if uvloop else ()
    return _in_turn(("ours.py", *loop), ("bare.py", "echo", *loop), effort, window, requests, uvloop=uvloop)


def _asleep(effort: Effort) -> Figure:
    return _in_turn(("ours.py", "--asleep"), ("bare.py", "echo"), effort, 1, 5_000)


def _work(effort: Effort, window: int, requests: int) -> Figure:
    """Compare what an order takes of the processor; what stays awake would be counted, too."""
    return _in_turn(("ours.py", "--asleep"), ("bare.py", "echo"), effort, window, requests, counts_cpu=True)


def _by_hand(effort: Effort, library: str) -> Figure:
    require(library)
    return _in_turn(("ours.py",), ("by_hand.py", library), effort, 64, 10_000)


def _in_turn(
    ours: tuple[str, ...],
    other: tuple[str, ...],
    effort: Effort,
    window: int,
    requests: int,
    uvloop: bool = False,
    counts_cpu: bool = False,
) -> Figure:
    with ExitStack() as stack:
        servers = [stack.enter_context(server(*arguments)) for arguments in (ours, other)]
        task = {
            "do": "round_trips",
            "addresses": [one.address for one in servers],
            "pids": [one.pid for one in servers],
            "counts_cpu": counts_cpu,
            "uvloop": uvloop,
            "target": PAIR,
            "window": window,
        }
        found = ask_client(task | {"requests": effort.of(requests), "rounds": effort.rounds})
    return Figure.compared(*found)


ROWS = [
    Row(
        "order",
        "order round trip, one in flight, against websockets' echo",
        "/s",
        "more",
        1.2,
        1.7,
        lambda effort: _against_echo(effort, 1, 5_000),
    ),
    Row(
        "order-64",
        "the same, 64 in flight",
        "/s",
        "more",
        1.8,
        2.0,
        lambda effort: _against_echo(effort, 64, 20_000),
    ),
    Row(
        "order-uvloop",
        "the same, one in flight, uvloop on both sides",
        "/s",
        "more",
        1.5,
        1.8,
        lambda effort: _against_echo(effort, 1, 10_000, uvloop=True),
    ),
    Row(
        "order-asleep",
        "one in flight, if the server sleeps between messages as the echo does",
        "/s",
        "more",
        0.9,
        1.1,
        _asleep,
    ),
    Row(
        "work-64",
        "the processor's time for an order, 64 in flight, against websockets' echo",
        "us",
        "less",
        0.56,
        0.5,
        lambda effort: _work(effort, 64, 20_000),
    ),
    Row(
        "work",
        "the same, one in flight, the server asleep between messages",
        "us",
        "less",
        1.0,
        0.8,
        lambda effort: _work(effort, 1, 5_000),
    ),
    Row(
        "by-hand-websockets",
        "orders, 64 in flight, against a mock of forty lines on websockets",
        "/s",
        "more",
        2.5,
        3.0,
        lambda effort: _by_hand(effort, "websockets"),
    ),
    Row(
        "by-hand-aiohttp",
        "the same against one on aiohttp",
        "/s",
        "more",
        1.8,
        2.0,
        lambda effort: _by_hand(effort, "aiohttp"),
    ),
]
