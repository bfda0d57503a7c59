"""What a scenario's rules add to an order, and who follows what, in process: by how many microseconds."""

import gc
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.report import Effort, Figure, Row
from benchmarks.round_trips import PAIR
from simulator import Simulation

__all__ = ["ROWS"]

_OTHERS = ("AAVE", "ADA", "ALGO", "APT", "ARB", "ATOM", "AVAX", "BCH", "DOGE", "DOT")
"""What is traded besides: a pattern that fits no product of the catalogue is refused."""


def _unmatched(count: int) -> dict[str, Any]:
    """Return a scenario of rules that are for orders, look at their fields, and match none that is sent."""
    conditions: list[dict[str, Any]] = []
    for number in range(1, count // 5 + 1):
        conditions += [
            {"target": f"{_OTHERS[number % len(_OTHERS)]} *", "quantity": number},
            {"target": "BTC*", "quantity": {"ge": 1_000_000 * number}},
            {"dir": "Sell", "quantity": number},
            {"account": "ALICE", "price": {"lt": number}},
            {"price": {"gt": 1_000_000 * number}},
        ]
    rules = [{"when": {"request": "SendLimitOrder", **condition}, "then": ["ack"]} for condition in conditions]
    return {"rules": rules}


_MATCHING_NONE = {"rules": [{"when": {"request": "CancelOrder"}, "then": ["ack"]}]}
"""What orders are timed with that meet no rule: the same as the others but for the rules."""


def _order(number: int) -> str:
    """Return an order that rests, of a price and a quantity that no other has: what is remembered helps nobody."""
    order = {"type": "SendLimitOrder", "id": number, "target": PAIR, "dir": "Buy", "account": "DEFAULT"}
    terms = {"price": f"{60000 + number % 20000}.25", "quantity": f"0.{10_000_000 + number}"}
    return json.dumps(order | terms, separators=(",", ":"))


def _time_orders(world: Simulation, texts: list[str]) -> float:
    """Return how many microseconds an order takes."""
    session = world.connect("/")
    gc.collect()
    began = time.process_time()
    for text in texts:
        world.receive(session, text)
        world.take()
    return (time.process_time() - began) / len(texts) * 1e6


def _added(make: Callable[[], Simulation], plain: Callable[[], Simulation], count: int, effort: Effort) -> Figure:
    """Time orders in two kinds of world in turn."""
    texts = [_order(number) for number in range(1, effort.of(count) + 1)]
    taken: dict[Callable[[], Simulation], list[float]] = {make: [], plain: []}
    turn = [make, plain]
    for _ in range(effort.rounds):
        for kind in turn:
            taken[kind].append(_time_orders(kind(), texts))
        turn.reverse()
    return Figure.over(taken[make], taken[plain])


def _rules(count: int, effort: Effort) -> Figure:
    return _added(partial(Simulation, _unmatched(count)), partial(Simulation, _MATCHING_NONE), 10_000, effort)


def _followed(request: dict[str, Any], target: str, followers: int) -> Simulation:
    world = Simulation()
    for number in range(followers):
        world.receive(world.connect(target), json.dumps({"id": number} | request))
    world.take()
    return world


def _followers(effort: Effort) -> Figure:
    follow = partial(_followed, {"type": "SubscribeOrderState"}, "/?account=ALICE", 1000)
    return _added(follow, Simulation, 5_000, effort)


def _book_readers(effort: Effort) -> Figure:
    request = {"type": "SubscribeBook", "tradable_product": PAIR, "width": 1}
    return _added(partial(_followed, request, "/", 1000), Simulation, 100, effort)


ROWS = [
    Row(
        "rules",
        "what 50 rules of which none matches add to an order; no two orders are of one price or quantity",
        "us",
        "less",
        12.0,
        10.0,
        partial(_rules, 50),
    ),
    Row("rules-1000", "the same of 1,000 rules", "us", "less", 12.0, 10.0, partial(_rules, 1000)),
    Row(
        "others-followers",
        "what 1,000 who follow the orders of another account add to an order",
        "us",
        "less",
        1.5,
        0.0,
        _followers,
    ),
    Row(
        "book-readers",
        "what 1,000 who show the book add to an order, some of which change nothing that they show",
        "us",
        "less",
        4200.0,
        1000.0,
        _book_readers,
    ),
]
