"""What a scenario's rules add to an order, and who follows what, in process: by how many microseconds."""

import gc
import json
import time
from collections.abc import Callable, Iterable
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


def _followed(request: dict[str, Any], target: str, ids: Iterable[int]) -> Simulation:
    """Return a world in which a connection for each of these ids has made a request under it."""
    world = Simulation()
    for number in ids:
        world.receive(world.connect(target), json.dumps({"id": number} | request))
    world.take()
    return world


def _others_followers(effort: Effort) -> Figure:
    follow = partial(_followed, {"type": "SubscribeOrderState"}, "/?account=ALICE", range(1000))
    return _added(follow, Simulation, 5_000, effort)


def _followers(effort: Effort) -> Figure:
    follow = partial(_followed, {"type": "SubscribeOrderState"}, "/", range(1000))
    return _added(follow, Simulation, 100, effort)


def _book_readers(ids: Iterable[int], effort: Effort) -> Figure:
    request = {"type": "SubscribeBook", "tradable_product": PAIR, "width": 1}
    return _added(partial(_followed, request, "/", ids), Simulation, 100, effort)


def _wide_book(effort: Effort) -> Figure:
    """Time orders that join a book of 450 levels, of which one shows the best 20 buckets of 20 dollars."""
    request = {"type": "SubscribeBook", "tradable_product": PAIR, "width": 2000}
    return _added(partial(_deep, partial(_followed, request, "/", [1])), partial(_deep, Simulation), 5_000, effort)


def _deep(make: Callable[[], Simulation]) -> Simulation:
    """Return a world with many levels above those of the orders that are timed."""
    world = make()
    session = world.connect("/")
    for number in range(450):
        world.receive(session, json.dumps(json.loads(_order(number)) | {"price": str(90_000 - number)}))
    world.take()
    return world


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
        _others_followers,
    ),
    Row(
        "followers",
        "what 1,000 who follow all orders add to one: each is told two of its changes",
        "us",
        "less",
        1500.0,
        1000.0,
        _followers,
    ),
    Row(
        "book-readers",
        "what 1,000 who show the book add to an order, some of which change nothing that they show",
        "us",
        "less",
        2000.0,
        1000.0,
        partial(_book_readers, range(1000)),
    ),
    Row(
        "book-readers-alike",
        "the same where all have asked for it under one id, as the clients of one program do",
        "us",
        "less",
        1100.0,
        1000.0,
        partial(_book_readers, [1] * 1000),
    ),
    Row(
        "wide-book",
        "what one who shows a book of 450 levels in buckets of 20 dollars adds to an order",
        "us",
        "less",
        50.0,
        25.0,
        _wide_book,
    ),
]
