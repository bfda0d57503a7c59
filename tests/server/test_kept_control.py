"""What control changes in a kept world is written down, and is there again after a crash."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator import command_log as command_log
from simulator.command_log import Folder, state_hash
from simulator.control import Control
from simulator.server import Server
from simulator.simulation import Simulation
from support.command_log import FailingFile, inputs_of
from support.control import Controlled
from support.server import PAIR, RawClient, connected, dialled, journal, order, small_catalogue

pytestmark = pytest.mark.asyncio

SLOW = {"name": "slow", "when": {"request": "SendLimitOrder"}, "then": ["ack", {"delay": "250ms"}, {"fill": "40%"}]}
HOLD = {"name": "hold", "when": {"request": "SendLimitOrder"}, "then": ["ack", {"hold": "rest"}, {"fill": "rest"}]}


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    """The disk of each test has room."""
    yield
    FailingFile.room = None


def made(start: int | None = None, **options: Any) -> Simulation:
    """Return the world of these tests."""
    said: dict[str, Any] = {"clock": "manual", "seed": 1} | options
    return Simulation({"rules": [SLOW]}, catalogue=small_catalogue(), start=start, **said)


@asynccontextmanager
async def keeping(path: Path, **options: Any) -> AsyncIterator[Server]:
    """Serve a world that is kept in a folder, while the block runs."""
    folder = Folder(path, "never", FailingFile)
    simulation = made(**options)
    server = Server(simulation, port=0, writer=command_log.begin(folder, simulation, None))
    await server.start()
    try:
        yield server
    finally:
        await server.close(patience=0.2)
        folder.close()


def recovered(path: Path, **options: Any) -> Simulation:
    """Return the world that a folder has, as a process finds it that comes after a crash."""
    folder = Folder(path, "never", FailingFile)
    back = command_log.recover(folder, lambda start: made(start, **options), None)
    assert back is not None
    back.writer.close()
    folder.close()
    return back.simulation


def told(simulation: Simulation) -> dict[str, Any]:
    """Return all that control tells of a world, but for its connections and its journal's length."""
    world = Controlled()
    world.simulation = simulation
    control = Control(world)
    state = control.state()
    return {
        "hash": state_hash(simulation),
        "state": (state.seed, state.clock, state.began, state.now, state.state, state.next_due, state.held),
        "orders": control.orders(),
        "fills": control.fills(),
        "rules": [(rule.name, rule.is_on, rule.fired, rule.matched) for rule in control.rules()],
        "due": [due.time for due in control.due()],
    }


async def call(client: RawClient, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """Return what a call is answered, which has a status."""
    data = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} /_exchange{path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    client.write("\r\n".join([*head, f"Content-Length: {len(data)}", "", ""]).encode(), data)
    async with asyncio.timeout(10):
        lines = (await client.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        (length,) = [int(line.partition(":")[2]) for line in lines if line.startswith("Content-Length")]
        answer = json.loads(await client.reader.readexactly(length))
    assert int(lines[0].split()[1]) == status, answer
    return answer


def fields(number: int) -> dict[str, Any]:
    """Return an order's fields."""
    said: dict[str, Any] = json.loads(order(number))
    return {name: value for name, value in said.items() if name not in ("id", "type")}


async def test_all_that_control_changes(tmp_path: Path) -> None:
    """Rules, fills, time and the clock are as they were when the process that had them is gone."""
    async with keeping(tmp_path) as server, dialled(server) as control, connected(server) as venue:
        assert await venue.ask(1, "SendLimitOrder", **fields(1)) == "1"
        await call(control, "POST", "/advance", {"by": "250ms"})
        await call(control, "PUT", "/rules", {"rules": [HOLD]})
        assert await venue.ask(2, "SendLimitOrder", **fields(2)) == "2"
        assert await venue.ask(3, "SendLimitOrder", **fields(3)) == "3"
        await call(control, "POST", "/do", {"steps": [{"fill": {"order": "2", "quantity": "10%"}}]})
        await call(control, "PATCH", "/rules/hold", {"on": False})
        assert await venue.ask(4, "SendLimitOrder", **fields(4)) == "4"
        await call(control, "POST", "/advance", {"by": "100ms"})
        await call(control, "POST", "/release", {"name": "rest"})
        await call(control, "POST", "/clock", {"pace": "paused"})
        before = told(server.simulation)
        assert [one.filled_qty for one in before["orders"]] == ["0.4", "1", "1", "0"]
    after = told(recovered(tmp_path))
    assert after == before


async def test_wrong_calls_change_nothing(tmp_path: Path) -> None:
    """A call that is refused is refused again when the world comes back, and nothing comes of it."""
    async with keeping(tmp_path) as server, dialled(server) as control:
        await call(control, "POST", "/do", {"steps": [{"fil": "rest"}]}, 422)
        await call(control, "PATCH", "/rules/none", {"on": False}, 404)
        await call(control, "POST", "/do", {"steps": [{"fill": {"order": "9", "quantity": "1"}}]}, 400)
        await call(control, "POST", "/reset", {"keep_connections": True}, 400)
        before = told(server.simulation)
    assert told(recovered(tmp_path)) == before


async def test_reset_and_what_comes_after_it(tmp_path: Path) -> None:
    """A world that has begun anew, with another scenario and seed, comes back as that, with what came after it."""
    async with keeping(tmp_path) as server, dialled(server) as control:
        async with connected(server) as venue:
            assert await venue.ask(1, "SendLimitOrder", **fields(1)) == "1"
            await call(control, "POST", "/advance", {"by": "3s"})
            await call(control, "POST", "/reset", {"scenario": {"rules": [HOLD]}, "seed": 5, "clock": "manual"})
            assert await venue.closing() == (1012, "the exchange begins anew")
        async with connected(server) as venue:
            assert await venue.ask(1, "SendLimitOrder", **fields(1)) == "1"
            await call(control, "POST", "/advance", {"by": "1s"})
            assert journal(server, "open") == [(1, "open", "/")]
        before = told(server.simulation)
        assert (before["state"][0], before["rules"]) == (5, [("hold", True, 1, 1)])
    assert told(recovered(tmp_path)) == before


@pytest.mark.parametrize("seed", range(8))
async def test_random_calls(tmp_path: Path, seed: int) -> None:
    """Whatever is called in whatever order, between what clients say: the world that comes back is the same."""
    rng = random.Random(seed)
    async with keeping(tmp_path) as server, dialled(server) as control:
        for _ in range(6):
            async with connected(server) as venue:
                for number in range(1, 6):
                    await venue.ask(number, "SendLimitOrder", **fields(number) | {"price": str(rng.randint(90, 110))})
                    await anything(control, rng)
        before = told(server.simulation)
    assert told(recovered(tmp_path)) == before


async def anything(control: RawClient, rng: random.Random) -> None:
    """Make a call that is no mistake, or may be one."""
    method, path, body = rng.choice(
        [
            ("POST", "/advance", {"by": f"{rng.randint(1, 400)}ms"}),
            ("PUT", "/rules", {"rules": rng.sample([HOLD, SLOW], rng.randint(0, 2))}),
            ("PATCH", "/rules/slow", {"on": rng.random() < 0.5}),
            ("POST", "/do", {"steps": [{"fill": {"order": "last", "quantity": "10%"}}]}),
            ("POST", "/do", {"steps": [{"trade": {"product": PAIR, "price": 100, "quantity": 1}}, {"halt": "All"}]}),
            ("POST", "/do", {"steps": [{"resume": "All"}]}),
            ("POST", "/release", {"name": "rest"}),
        ]
    )
    data = json.dumps(body).encode()
    head = f"{method} /_exchange{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    control.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode(), data)
    async with asyncio.timeout(10):
        lines = (await control.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        (length,) = [int(line.partition(":")[2]) for line in lines if line.startswith("Content-Length")]
        await control.reader.readexactly(length)
    assert not lines[0].startswith("HTTP/1.1 5"), lines


async def test_real_clock(tmp_path: Path) -> None:
    """On a clock that runs, a call is done at the time at which it came, and a paused one stands where it stood."""
    async with keeping(tmp_path, clock="real") as server, dialled(server) as control, connected(server) as venue:
        began = server.simulation.now
        assert await venue.ask(1, "SendLimitOrder", **fields(1)) == "1"
        await call(control, "POST", "/clock", {"pace": "paused"})
        assert server.simulation.now > began
        stands = await call(control, "POST", "/advance", {"by": "250ms"})
        before = told(server.simulation)
        assert (before["state"][1], before["state"][3]) == ("manual", stands["now"])
        assert [one.filled_qty for one in before["orders"]] == ["0.4"]
    assert told(recovered(tmp_path, clock="real")) == before


async def test_disk_that_is_full(tmp_path: Path) -> None:
    """What cannot be written is not done: a call is answered 503, and works again once there is room."""
    async with keeping(tmp_path) as server, dialled(server) as control:
        before = told(server.simulation)
        FailingFile.room = 0
        for path, body in (("/do", {"steps": [{"halt": "All"}]}), ("/advance", {"by": "1s"}), ("/reset", {"seed": 2})):
            failed = await call(control, "POST", path, body, 503)
            assert failed == {"error": "the command log cannot be written: No space left on device"}
        assert (told(server.simulation), inputs_of(tmp_path)) == (before, [])
        FailingFile.room = None
        await call(control, "POST", "/do", {"steps": [{"halt": "All"}]})
        before = told(server.simulation)
    assert told(recovered(tmp_path)) == before
