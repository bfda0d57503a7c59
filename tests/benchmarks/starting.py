"""What it costs to begin: an exchange for a test, the plugin where nobody uses it, the program itself."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.report import Effort, Figure, Row
from simulator import Simulation
from simulator.testing.exchange import Exchange
from simulator.testing.strategies import order_flows, play

__all__ = ["ROWS"]

_OTHER_PLUGINS = ("asyncio", "xdist", "xdist.looponfail", "hypothesispytest", "pytest_cov", "faker")
"""Plugins that take longer to load than what is measured, and not always as long."""


def _fixture(effort: Effort) -> Figure:
    """Time the exchange as its fixture runs it, and a server of the library in a thread, in turn."""
    times: dict[Callable[[], None], list[float]] = {_exchange: [], _bare_server: []}
    for act in times:  # what is imported and read once is so by now
        act()
    for _ in range(effort.of(20) * effort.rounds):
        for act, taken in times.items():
            began = time.perf_counter()
            act()
            taken.append((time.perf_counter() - began) * 1e3)
    return Figure.compared(times[_exchange], times[_bare_server])


def _exchange() -> None:
    with Exchange():
        pass


def _bare_server() -> None:
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop = asyncio.Event()

    async def nothing(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def run() -> None:
        async with serve(nothing, "127.0.0.1", 0, compression=None):
            started.set()
            await stop.wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    loop.call_soon_threadsafe(stop.set)
    thread.join()


def _plugin(effort: Effort) -> Figure:
    """Time ``pytest --collect-only`` with and without the plugin; return by how many milliseconds they differ.

    It is the processor's time, of which one process has nearly nothing to wait for, so that others matter less.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").touch()
        collect = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
        collect += [word for name in _OTHER_PLUGINS for word in ("-p", f"no:{name}")]
        kinds = {"with": collect, "without": [*collect, "-p", "no:exchange-simulator"]}
        taken: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(effort.of(10) * effort.rounds + 1):
            for kind, command in list(kinds.items())[:: 1 if number % 2 else -1]:
                with subprocess.Popen(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL) as process:
                    used = os.wait4(process.pid, 0)[2]
                taken[kind].append((used.ru_utime + used.ru_stime) * 1e3)
    pairs = list(zip(taken["with"], taken["without"], strict=True))[1:]  # the first time writes bytecode
    return Figure.alone([loaded - bare for loaded, bare in pairs])


def _environment() -> dict[str, str]:
    """Return the environment as users have it, where bytecode is kept."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _start(effort: Effort, *options: str) -> Figure:
    """Time the program from its start to the address that it prints."""
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", *options]
    taken = []
    for _ in range(3 * effort.rounds + 1):
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment()) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"ws://")
            taken.append((time.perf_counter() - began) * 1e3)
            process.terminate()
    return Figure.alone(taken[1:])


def _simulation(effort: Effort) -> Figure:
    """Time a world of no scenario in process."""
    Simulation()
    taken = []
    for _ in range(effort.of(200) * effort.rounds):
        began = time.process_time()
        Simulation()
        taken.append((time.process_time() - began) * 1e3)
    return Figure.alone(taken)


def _examples(effort: Effort) -> Figure:
    """Count examples of flows of orders that hypothesis draws and plays in a second."""
    count = effort.of(200)

    @seed(effort.seed)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(order_flows())
    def example(flow: list[dict[str, Any]]) -> None:
        play(flow, Simulation())

    taken = []
    for _ in range(min(effort.rounds, 5)):
        began = time.process_time()
        example()
        taken.append(count / (time.process_time() - began))
    return Figure.alone(taken)


ROWS = [
    Row("simulation", "a world of no scenario made in process", "ms", "less", 0.04, 0.03, _simulation),
    Row("examples", "flows of orders that hypothesis draws and plays", "/s", "more", 400.0, 500.0, _examples),
    Row(
        "fixture",
        "the exchange fixture, start and stop, against websockets' serve() in a thread",
        "ms",
        "less",
        2.2,
        1.5,
        _fixture,
    ),
    Row(
        "plugin",
        "the plugin loaded but unused, on pytest --collect-only of an empty file (processor's time)",
        "ms",
        "less",
        5.0,
        2.0,
        _plugin,
    ),
    Row("start", "process start to printed address", "ms", "less", 200.0, 150.0, _start),
    Row(
        "start-quiet",
        "the same with --quiet",
        "ms",
        "less",
        200.0,
        150.0,
        lambda effort: _start(effort, "--quiet"),
    ),
]
