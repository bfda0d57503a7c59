"""Many connections: one change told to all of them, and what each costs while nothing is said."""

from contextlib import ExitStack

from benchmarks.processes import ask_client, server
from benchmarks.report import Effort, Figure, Row
from benchmarks.round_trips import PAIR

__all__ = ["ROWS"]

_WARM = 9
"""How many changes are not timed: after them the ids of orders have two digits, and all messages one length."""

_HELD = 5_000
_HELD_BEFORE = 50


def _news(number: int) -> str:
    """Return what the exchange says of an order that its venue has refused: one change."""
    state = f'"order_id":"{number}","state":["Rejected","Out"],"filled_qty":"0","avg_fill_price":null'
    return f'{{"id":1,"response":{{"Ok":[{{{state}}}]}}}}'


def _order(number: int) -> str:
    """Return an order that is refused: its price is no multiple of the tick."""
    target = f'"type":"SendLimitOrder","target":"{PAIR}","dir":"Buy","account":"DEFAULT"'
    return f'{{"id":{number},{target},"price":"90000.001","quantity":"1"}}'


def _broadcast(effort: Effort) -> Figure:
    numbers = range(1, _WARM + 1 + 5 * effort.rounds)
    news = [_news(number) for number in numbers]
    with ExitStack() as stack:
        ours = stack.enter_context(server("ours.py"))
        bare = stack.enter_context(server("bare.py", "broadcast"))
        places = [
            {
                "address": ours.address,
                "begin": '{"id":1,"type":"SubscribeOrderState"}',
                "messages": [_order(number) for number in numbers],
            },
            {"address": bare.address, "begin": "", "messages": news},
        ]
        task = {"do": "fan_out", "places": places, "followers": effort.of(1_000), "warm": _WARM}
        return Figure.compared(*ask_client(task | {"lengths": [len(text) + 2 for text in news]}))


def _idle_memory(effort: Effort) -> Figure:
    rounds = min(effort.rounds, 3)
    return Figure.compared(
        [_memory_held(effort, "ours.py") for _ in range(rounds)],
        [_memory_held(effort, "bare.py", "idle") for _ in range(rounds)],
    )


def _memory_held(effort: Effort, *program: str) -> float:
    """Return how many KiB a held connection takes in a fresh server."""
    held = effort.of(_HELD)
    with server(*program) as fresh:
        task = {"do": "hold", "pid": fresh.pid, "address": fresh.address, "warm": _HELD_BEFORE, "connections": held}
        before, after = ask_client(task)
    return float(after - before) / held / 1024


ROWS = [
    Row(
        "broadcast",
        "one change of an order told to 1,000 who follow it, against websockets.broadcast",
        "/s",
        "more",
        1.0,
        1.3,
        _broadcast,
    ),
    Row(
        "idle-memory",
        "memory of an idle connection, 5,000 held, against websockets without compression",
        "KiB",
        "less",
        0.64,
        0.6,
        _idle_memory,
    ),
]
