"""A world in process: what an order takes in memory, searches of a large catalogue, rules, and scripted time."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmarks.processes import PROGRAMS
from benchmarks.report import Effort, Figure, Row
from simulator import Simulation
from simulator.catalogue import Catalogue
from simulator.catalogue.faker import invent
from simulator.replay import replay
from simulator.scenario.loader import load
from simulator.scenario.reading.files import bundled
from support.messages import payloads

__all__ = ["ROWS"]


def _order_memory(effort: Effort) -> Figure:
    """Let fresh processes take orders, and ask how much each of them has grown by."""
    command = [sys.executable, str(PROGRAMS / "orders.py"), str(effort.of(100_000))]
    runs = [subprocess.run(command, capture_output=True, check=True) for _ in range(min(3, effort.rounds))]
    return Figure.alone([float(run.stdout) for run in runs])


# Searching


@cache
def _large() -> Catalogue:
    """Return an invented catalogue of some 10,000 tradable products."""
    return invent(seed=1, venues=20, products=5_000)


def _ask(request: dict[str, Any], effort: Effort) -> Figure:
    """Time a request to a world of the large catalogue, from its text to its answer, in microseconds."""
    world = Simulation(catalogue=_large())
    session = world.connect("/")
    text = json.dumps({"id": 1} | request)
    taken = []
    for _ in range(effort.of(50) * effort.rounds):
        began = time.process_time()
        world.receive(session, text)
        ((_, messages),) = world.take()
        taken.append((time.process_time() - began) * 1e6)
        assert b'"Ok"' in payloads(messages)[0]
    return Figure.alone(taken)


def _search(make: Callable[[str], str], effort: Effort) -> Figure:
    name = _large().tradable_products[len(_large().tradable_products) // 2].name
    return _ask({"type": "SearchSymbol", "pat": make(name), "scope": "TradableProduct", "limit": 20}, effort)


def _query(effort: Effort) -> Figure:
    some = _large().tradable_products[len(_large().tradable_products) // 2]
    words = {"BaseKind": some.base.kind, "Venue": some.venue.name, "Quote": some.quote.name}
    terms = [{"type": variant, "value": word} for variant, word in words.items()]
    return _ask({"type": "QueryTradableProductIndex", "query": {"type": "And", "value": terms}}, effort)


# Scripted time


def _ten_minutes(effort: Effort) -> Figure:
    """Time a bundled scenario whose order is filled within ten minutes, from its file to its verdict."""
    taken = []
    for _ in range(2 * effort.rounds):
        began = time.process_time()
        result = replay("slow-partial-fills")
        taken.append((time.process_time() - began) * 1e3)
        assert result.elapsed >= 600 * 10**9
        assert not result.failures
    return Figure.alone(taken)


# Scenario files


def _files(act: Callable[[str, Path], None], effort: Effort) -> Figure:
    """Time what is done to each bundled file, in milliseconds a file."""
    files = bundled()
    for name, path in files.items():
        act(name, path)
    taken = []
    for _ in range(effort.rounds):
        began = time.process_time()
        for name, path in files.items():
            act(name, path)
        taken.append((time.process_time() - began) / len(files) * 1e3)
    return Figure.alone(taken)


def _load(name: str, path: Path) -> None:
    load(path)


def _replay(name: str, path: Path) -> None:
    assert not replay(path).failures, name


ROWS = [
    Row(
        "order-memory",
        "memory of a resting order, with what the journal keeps of it",
        "B",
        "less",
        400.0,
        350.0,
        _order_memory,
    ),
    Row(
        "search-prefix",
        "SearchSymbol by prefix among 10,000 tradable products",
        "us",
        "less",
        50.0,
        40.0,
        partial(_search, lambda name: name[:2]),
    ),
    Row(
        "search-wildcard",
        "SearchSymbol by wildcard among them",
        "us",
        "less",
        35.0,
        25.0,
        partial(_search, lambda name: f"*{name[1:4]}*USD*"),
    ),
    Row("query", "QueryTradableProductIndex of three terms", "us", "less", 45.0, 35.0, _query),
    Row("scenario-load", "a bundled scenario's file loaded", "ms", "less", 1.2, 1.0, partial(_files, _load)),
    Row(
        "scenario-replay",
        "one replayed, from its file to its verdict",
        "ms",
        "less",
        2.1,
        1.8,
        partial(_files, _replay),
    ),
    Row(
        "ten-minutes",
        "ten scripted minutes, from the file to the verdict",
        "ms",
        "less",
        None,
        None,
        _ten_minutes,
    ),
]
