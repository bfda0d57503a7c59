"""Orders over sockets against an echo of the bare library, and over a scenario's rules against none."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import ask_client, server
from benchmarks.report import Effort, Figure, Row

__all__ = ["PAIR", "ROWS", "unmatched_rules"]

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"


def _against_echo(effort: Effort, window: int, requests: int, uvloop: bool = False) -> Figure:
    loop = ("--uvloop",) if uvloop else ()
    return _in_turn(("ours.py", *loop), ("bare.py", "echo", *loop), effort, window, requests, uvloop)


def _in_turn(
    ours: tuple[str, ...], other: tuple[str, ...], effort: Effort, window: int, requests: int, uvloop: bool = False
) -> Figure:
    with ExitStack() as stack:
        addresses = [stack.enter_context(server(*arguments)).address for arguments in (ours, other)]
        task = {"do": "round_trips", "addresses": addresses, "uvloop": uvloop, "target": PAIR, "window": window}
        rates = ask_client(task | {"requests": effort.of(requests), "rounds": effort.rounds})
    return Figure.compared(*rates)


_OTHERS = ("AAVE", "ADA", "ALGO", "APT", "ARB", "ATOM", "AVAX", "BCH", "DOGE", "DOT")
"""What is traded besides: a pattern that fits no product of the catalogue is refused."""


def unmatched_rules(each: int = 10) -> list[dict[str, object]]:
    """Return fifty rules that are for orders, look at their fields, and match none that is sent."""
    conditions: list[dict[str, object]] = []
    for number in range(1, each + 1):
        conditions += [
            {"target": f"{_OTHERS[number % len(_OTHERS)]} *"},
            {"target": "BTC*", "quantity": {"ge": 1000 * number}},
            {"dir": "Sell", "quantity": number},
            {"account": "ALICE", "price": {"lt": number}},
            {"price": {"gt": 1_000_000 * number}},
        ]
    return [{"when": {"request": "SendLimitOrder", **condition}, "then": ["ack"]} for condition in conditions]


def _over_rules(effort: Effort) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        ruled = Path(folder, "rules.yaml")
        ruled.write_text(json.dumps({"rules": unmatched_rules()}), encoding="utf-8")
        return _in_turn(("ours.py",), ("ours.py", str(ruled)), effort, 1, 5_000)


ROWS = [
    Row(
        "order",
        "order round trip, one in flight, against websockets' echo",
        "/s",
        "more",
        1.0,
        1.3,
        lambda effort: _against_echo(effort, 1, 5_000),
    ),
    Row(
        "order-64",
        "the same, 64 in flight",
        "/s",
        "more",
        1.0,
        1.5,
        lambda effort: _against_echo(effort, 64, 20_000),
    ),
    Row(
        "order-uvloop",
        "the same, one in flight, uvloop on both sides",
        "/s",
        "more",
        1.2,
        1.6,
        lambda effort: _against_echo(effort, 1, 10_000, uvloop=True),
    ),
    Row(
        "rules-socket",
        "an order without a scenario against one past 50 rules that do not match, over a socket",
        "/s",
        "less",
        1.3,
        1.1,
        _over_rules,
    ),
]
