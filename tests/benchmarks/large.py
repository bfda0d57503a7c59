"""Worlds that have much in them: limits on many accounts, many open orders, large catalogues, long journals."""

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from benchmarks.programs.orders import order
from benchmarks.report import Effort, Figure, Row
from simulator import Simulation
from simulator.catalogue import Catalogue
from simulator.catalogue.dumping import dump
from simulator.catalogue.faker import invent
from simulator.control import Control
from simulator.control.control import World
from simulator.parts import Parts
from simulator.terms import LimitName

__all__ = ["ROWS"]

_SIDE = 100
"""How many accounts, and how many products, have open orders where there are limits."""


# Limits


def _limited(names: list[LimitName]) -> Simulation:
    """Return a world in which each of many accounts has an open order in each of many products, under such limits."""
    limits = [{"set": "All", "scope": "All", "name": name.value, "value": 10**12} for name in names]
    accounts = [f"A{number}" for number in range(_SIDE)]
    world = Simulation({"catalogue": "default", "accounts": accounts, "limits": limits})
    session = world.connect("/")
    targets = [product.name for product in world.catalogue.tradable_products if product.traded][:_SIDE]
    for target in targets:
        for account in accounts:
            terms = {"target": target, "dir": "Buy", "price": "0.01", "quantity": "1000", "account": account}
            world.receive(session, json.dumps({"type": "SendLimitOrder", "id": 1} | terms))
        world.take()
    return world


def _limits(effort: Effort) -> Figure:
    """Time orders in two such worlds in turn, under all limits and under none."""
    worlds = {True: _limited(list(LimitName)), False: _limited([])}
    texts = [order(number).replace('"DEFAULT"', f'"A{number % _SIDE}"') for number in range(effort.of(2_000))]
    taken: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(effort.rounds + 1):
        for is_limited in (True, False) if turn % 2 else (False, True):
            world = worlds[is_limited]
            session = world.connect("/")
            began = time.process_time()
            for text in texts:
                world.receive(session, text)
                world.take()
            taken[is_limited].append((time.process_time() - began) / len(texts) * 1e6)
    return Figure.over(taken[True][1:], taken[False][1:])  # the first time what is made once is made


# Open orders


def _open(count: int) -> Simulation:
    world = Simulation()
    session = world.connect("/")
    for number in range(count):
        world.receive(session, order(number))
        world.take()
    return world


def _last(effort: Effort) -> Figure:
    """Time steps on the last of many open orders and on the last of few, in turn."""
    worlds = [_open(effort.of(100_000)), _open(1_000)]
    taken: list[list[float]] = [[], []]
    gc.collect()
    gc.freeze()  # a server's collector does not look at what rests either
    count = effort.of(500)
    for turn in range(effort.rounds):
        for number in (0, 1) if turn % 2 else (1, 0):
            began = time.process_time()
            for _ in range(count):
                worlds[number].do({"fill": {"order": "last", "quantity": "0.00000001"}})
            taken[number].append((time.process_time() - began) / count * 1e6)
    gc.unfreeze()
    return Figure.compared(*taken)


# Catalogues


@cache
def _catalogue() -> Catalogue:
    """Return an invented catalogue of 10,000 products, and some 20,000 that are tradable."""
    return invent(seed=1, venues=20, products=10_000)


def _dump(effort: Effort) -> Figure:
    catalogue, taken = _catalogue(), []
    for _ in range(effort.rounds):
        began = time.process_time()
        dump(catalogue)
        taken.append((time.process_time() - began) * 1e3)
    return Figure.alone(taken)


# Journals


class _Undriven(World):
    """A world that nothing drives."""

    errors = ()

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    @property
    def simulation(self) -> Simulation:
        return self._simulation


def _searches(control: Control) -> Iterator[Callable[[], Parts[Any]]]:
    """Yield searches that find nothing, and go through all that there is."""
    yield control.wait_until(order={"state": "Canceled"}).ask
    yield control.wait_until(sent={"order_id": "0"}).ask
    yield control.wait_for(request="GetHalts").ask
    yield lambda: control.wait_for(request="GetHalts").failure("1s")


def _search_wait(effort: Effort) -> Figure:
    """Time the longest part of each search, for which others wait."""
    world = _open(effort.of(100_000))
    while world.journal.has_old():
        world.journal.pack()
    control = Control(_Undriven(world))  # type: ignore[abstract]  # nothing of it but the world is asked for
    gc.collect()
    gc.freeze()
    longest = []
    for _ in range(min(3, effort.rounds)):
        for search in _searches(control):
            steps, parts = iter(search()), []
            is_over = False
            while not is_over:
                began = time.process_time()
                is_over = next(steps, True) is True
                parts.append(time.process_time() - began)
            longest.append(max(parts) * 1e3)
    gc.unfreeze()
    return Figure.alone(longest)


ROWS = [
    Row(
        "limits",
        "what all nine limits add to an order where 100 accounts have orders open in each of 100 products",
        "us",
        "less",
        12.0,
        10.0,
        _limits,
    ),
    Row(
        "order-last",
        "a step on `order: last` with 100,000 open orders, against 1,000",
        "us",
        "less",
        1.2,
        1.0,
        _last,
    ),
    Row(
        "catalogue-dump",
        "a catalogue of 10,000 products and 20,000 that are tradable written as YAML",
        "ms",
        "less",
        330.0,
        250.0,
        _dump,
    ),
    Row(
        "search-wait",
        "for how long others wait at most for a search in vain through 100,000 orders and all that was said of them",
        "ms",
        "less",
        15.0,
        10.0,
        _search_wait,
    ),
]
