"""Kills a server at random moments under load, and sees that it comes back with all that it has acknowledged.

    python tests/crash/kill.py --points 100

Clients trade on several connections and remember what they are told: orders taken, cancels done, limits set, fills
and ends of orders. The server is killed with SIGKILL, started anew with the same command log, and must know all of it,
and be in the state that an independent replay gives of all that the log has ever held. Snapshots are taken often; now
and then the last one is damaged. After a few kills on one command log a new one is begun in another scenario. Exit
status 0 if nothing is missing, 1 with what is.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from simulator import command_log as command_log
from simulator.cli.main import main as exchange_simulator
from simulator.command_log import Folder
from simulator.libraries import without_proxy
from simulator.scenario import load
from simulator.simulation import Simulation

PATIENCE = 60.0
PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
PIPELINE = 8
SNAPSHOT_EVERY = 60
"""After how many milliseconds of the server's work."""
LIMITS = ("MaxOpenQty", "MaxOpenBuyQty", "MaxOpenSellQty")
"""What each connection sets: between connections the order of sending says nothing."""
MOVING = 6
RECOVERED = re.compile(r"exchange-simulator: recovered (\d+) commands in ([\d.]+) s, state ([0-9a-f]{64})(.*)")

DELAYS = """\
clock: {scaled: 10}
latency: {reply: 1ms, update: {lognormal: {median: 2ms, p99: 20ms}}}
markets:
  BTC Crypto/USD*COINBASE/DIRECT: {mid: 10000, walk: {every: 50ms, volatility: 0.01%}, trades: {per_second: 20}}
rules:
  - when: {request: SendLimitOrder}
    chance: 40%
    then: [ack, {delay: 80ms}, {fill: 30%}, {delay: 300ms}, {fill: rest}]
  - when: {request: CancelOrder}
    chance: 30%
    then: [{delay: 20ms}, {reject: {code: TooLateToCancel}}]
"""
SCENARIOS: dict[str, str | None] = {"plain": None, "partial-fill": "partial-fill", "delays": DELAYS}
SYNCS = ("100ms", "never", "always")


class Told(NamedTuple):
    """What the last that was told of an order says: how much was filled, and whether it was out."""

    filled: float
    is_out: bool


class Memory:
    """All that clients have been told, over all lives of one server."""

    def __init__(self) -> None:
        self.orders: dict[str, tuple[str, str, str]] = {}
        self.cancelled: set[str] = set()
        self.told: dict[str, Told] = {}
        self.limits: dict[str, int] = {}
        self.count = 0
        self.wanted = 0
        self.is_enough = asyncio.Event()

    def note(self) -> None:
        """See whether as much as is wanted has been acknowledged."""
        if self.acknowledged >= self.wanted:
            self.is_enough.set()

    @property
    def acknowledged(self) -> int:
        """How many things have been acknowledged."""
        return len(self.orders) + len(self.cancelled) + len(self.told) + len(self.limits)


class Client:
    """A connection that trades at random, a few requests ahead of the answers, and sets a limit that no other sets."""

    def __init__(self, venue: ClientConnection, limit: str, memory: Memory, rng: random.Random) -> None:
        self.venue = venue
        self.limit = limit
        self.memory = memory
        self.rng = rng
        self.asked: dict[int, dict[str, Any]] = {}
        self.number = 0

    async def trade(self) -> None:
        """Trade until the server is gone."""
        with contextlib.suppress(ConnectionClosed, OSError):
            await self._ask({"type": "SubscribeOrderState"})
            for _ in range(PIPELINE):
                await self._ask(self._request())
            async for text in self.venue:
                message = json.loads(text)
                request = self.asked.get(message["id"], {})
                if request.get("type") == "SubscribeOrderState":
                    self._hear(message["response"]["Ok"])
                else:
                    del self.asked[message["id"]]
                    self._note(request, message["response"])
                    self.memory.note()
                    await self._ask(self._request())

    async def _ask(self, request: dict[str, Any]) -> None:
        self.number += 1
        self.asked[self.number] = request
        await self.venue.send(json.dumps({"id": self.number, **request}))

    def _request(self) -> dict[str, Any]:
        memory, rng = self.memory, self.rng
        choice = rng.random()
        if choice < 0.2 and memory.orders:
            return {"type": "CancelOrder", "order_id": rng.choice(list(memory.orders)[-50:])}
        if choice < 0.25:
            memory.count += 1
            value = str(1_000_000 + memory.count)
            limit = {"set": "DEFAULT", "scope": "All", "name": self.limit, "value": value}
            return {"type": "SetLimits", "limits": [limit]}
        if choice < 0.3:
            return {"type": "GetHalts"}
        return {
            "type": "SendLimitOrder",
            "account": "DEFAULT",
            "dir": rng.choice(["Buy", "Sell"]),
            "price": str(rng.randrange(9990, 10010)),
            "quantity": str(rng.randrange(1, 9)),
            "target": PAIR,
        }

    def _note(self, request: dict[str, Any], response: dict[str, Any]) -> None:
        """Remember what has been acknowledged."""
        if "Ok" not in response:
            return
        if request["type"] == "SendLimitOrder":
            self.memory.orders[response["Ok"]] = (request["dir"], request["price"], request["quantity"])
        elif request["type"] == "CancelOrder":
            self.memory.cancelled.add(request["order_id"])
        elif request["type"] == "SetLimits":
            (limit,) = request["limits"]
            self.memory.limits[limit["name"]] = int(limit["value"])

    def _hear(self, changes: list[dict[str, Any]]) -> None:
        for change in changes:
            told = Told(float(change["filled_qty"]), "Out" in change["state"])
            before = self.memory.told.get(change["order_id"], told)
            self.memory.told[change["order_id"]] = Told(
                max(told.filled, before.filled), told.is_out or before.is_out
            )  # several connections hear the same


class Life(NamedTuple):
    """A server that runs, and what it said when it began."""

    process: subprocess.Popen[str]
    url: str
    said: str
    recovered: re.Match[str] | None


def started(folder: Path, scenario: str | None, sync: str) -> Life:
    """Start a server on a command log; raises `RuntimeError` if it does not come up."""
    asked = [] if scenario is None else [scenario]
    command = [sys.executable, __file__, "serve", *asked, "--port", "0", "--quiet"]
    errors = folder.with_suffix(".stderr")
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [*command, "--persist", str(folder), "--sync", sync, "--snapshot-every", str(SNAPSHOT_EVERY)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    said = errors.read_text()
    if not url:
        raise RuntimeError(f"the server does not start: {said}")
    return Life(process, url, said, RECOVERED.search(said))


def killed(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    """End a server."""
    process.send_signal(number)
    process.wait(PATIENCE)
    assert process.stdout is not None
    process.stdout.close()


def link_parts(folder: Path) -> None:
    """Keep the parts of a command log, of which the server gives up those that it does not need any longer."""
    kept = folder.with_suffix(".parts")
    kept.mkdir(exist_ok=True)
    for part in folder.glob("commands.*.log"):
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(part, kept / part.name)


def serve(arguments: list[str]) -> int:
    """Run the command, which keeps the parts of its log before it gives them up."""
    keep = Folder.keep_snapshot

    def keep_snapshot(folder: Folder, generation: int, data: bytes, base: int) -> None:
        link_parts(folder.path)
        keep(folder, generation, data, base)

    Folder.keep_snapshot = keep_snapshot  # type: ignore[method-assign, assignment]
    return exchange_simulator(arguments)


async def load_until_killed(life: Life, folder: Path, memory: Memory, rng: random.Random) -> None:
    """Trade on three connections, and kill the server after so many acknowledgements or so much time."""
    async with contextlib.AsyncExitStack() as stack:
        tasks = []
        for limit in LIMITS:
            venue = await stack.enter_async_context(connect(f"{life.url}/", **without_proxy()))
            tasks.append(asyncio.create_task(Client(venue, limit, memory, rng).trade()))
        memory.is_enough = asyncio.Event()
        memory.wanted = memory.acknowledged + rng.randrange(1, 3000)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(memory.is_enough.wait(), rng.uniform(0.1, 1.5))
        os.kill(life.process.pid, signal.SIGKILL)
        await asyncio.gather(*tasks)


async def missing(url: str, memory: Memory) -> list[str]:
    """Return what a server does not know any more of what it has told."""
    lost: list[str] = []
    async with connect(f"{url}/", **without_proxy(), max_size=None) as venue:
        known: dict[str, dict[str, Any]] = {}
        ids = list(memory.orders | memory.told)
        for request in (
            {"type": "GetOrderDetails", "order_ids": ids},
            {"type": "GetOrderState", "order_ids": ids},
            {"type": "GetLimits", "limits": [["DEFAULT", "All"]]},
        ):
            await venue.send(json.dumps({"id": 1, **request}))
            answer = json.loads(await venue.recv())["response"]["Ok"]
            if request["type"] != "GetLimits":
                for entry in answer:
                    known.setdefault(entry["order_id"], {}).update(entry)
            else:
                values = {entry["name"]: int(entry["value"]) for entry in answer}
                for name, value in memory.limits.items():  # a greater one was sent later, and not acknowledged
                    if values.get(name, 0) < value:
                        lost.append(f"{name} {value}, there is {values}")
    lost += _lost_orders(memory, known)
    return lost


def _lost_orders(memory: Memory, known: dict[str, dict[str, Any]]) -> list[str]:
    lost = [f"order {number}" for number in memory.orders if number not in known]
    for number, terms in memory.orders.items():
        if number in known and _terms(known[number]) != terms:
            lost.append(f"order {number}: {terms} is {_terms(known[number])}")
    lost += [f"cancel of {number}" for number in memory.cancelled if "Canceled" not in known[number]["state"]]
    for number, told in memory.told.items():
        if number not in known:
            lost.append(f"order {number}")
            continue
        now = Told(float(known[number]["filled_qty"]), "Out" in known[number]["state"])
        if now.filled < told.filled or (told.is_out and now != told):
            lost.append(f"fill of order {number}: {told} is {now}")
    return lost


def _terms(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["dir"], str(int(float(entry["price"]))), str(int(float(entry["quantity"])))


def replayed(folder: Path, scenario: str | None) -> str:
    """Return the hash of the state that all makes that a command log has ever held, in this process."""
    last = command_log.read((folder / "commands.log").read_bytes())  # first: the server goes on, and may begin anew
    link_parts(folder)
    before = [command_log.read(file.read_bytes()) for file in folder.with_suffix(".parts").iterdir()]
    parts = {part.header.generation: part for part in before} | {last.header.generation: last}
    assert sorted(parts) == list(range(len(parts))), f"of the log's parts there are {sorted(parts)}"
    header = parts[0].header
    simulation = Simulation(
        None if scenario is None else load(scenario),
        catalogue="default",
        start=header.start,
        moving=MOVING if scenario is None else 0,
    )
    inputs = [entry for generation in sorted(parts) for entry in parts[generation].inputs]
    while inputs[-1].kind == command_log.TIME:  # it has passed since the server came back
        inputs.pop()
    command_log.rebuild(simulation, inputs)
    return command_log.state_hash(simulation)


def drill(folder: Path, name: str, sync: str, kills: int, rng: random.Random) -> tuple[list[str], int]:
    """Kill a server so many times on one command log; return what was missing, and how many snapshots were used."""
    memory = Memory()
    scenario = SCENARIOS[name]
    if scenario is not None and "\n" in scenario:
        path = folder.with_suffix(".yaml")
        path.write_text(scenario)
        scenario = str(path)
    life = started(folder, scenario, sync)
    wrong: list[str] = []
    used = 0
    try:
        for kill in range(kills):
            asyncio.run(load_until_killed(life, folder, memory, rng))
            killed(life.process)
            torn = _tear(folder, rng)
            damaged = _damage_snapshot(folder, life.process.pid, rng)
            life = started(folder, scenario, sync)
            found = asyncio.run(_compare(life, folder, scenario, memory, torn))
            if damaged and f"{damaged}: it is damaged; " not in life.said:
                found.append(f"{damaged} was damaged, which was not said: {life.said!r}")
            used += "behind the last snapshot" in life.said
            wrong += [f"{name}, kill {kill + 1}: {what}" for what in found]
            said = life.recovered
            print(  # noqa: T201
                f"{name:12} --sync {sync:6} kill {kill + 1}: {memory.acknowledged:6} acknowledged, "
                f"{said and said[1]:>6} commands recovered in {said and said[2]} s, {len(found)} missing",
                flush=True,
            )
    finally:
        killed(life.process, signal.SIGTERM)
    return wrong, used


def _damage_snapshot(folder: Path, group: int, rng: random.Random) -> Path | None:
    """One time in three, change a byte of the last snapshot, or cut it; return which.

    That is the last one once the copy of the server that may be writing another has ended, which its end does not stop.
    """
    if rng.random() < 2 / 3:
        return None
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            time.sleep(0.01)
    snapshots = sorted(folder.glob("commands.*.snapshot"), key=lambda file: int(file.name.split(".")[1]))
    if not snapshots:
        return None
    data = bytearray(snapshots[-1].read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)
    snapshots[-1].write_bytes(data if rng.random() < 0.5 else data[:place])
    return snapshots[-1]


def _tear(folder: Path, rng: random.Random) -> int:
    """Half the time, leave the beginning of one more record at the end, as a kill in mid-write would."""
    if rng.random() < 0.5:
        return 0
    torn = bytes(rng.randrange(1, 256) for _ in range(rng.randrange(1, 200)))
    with (folder / "commands.log").open("ab") as file:
        file.write(torn)
    return len(torn)


async def _compare(life: Life, folder: Path, scenario: str | None, memory: Memory, torn: int) -> list[str]:
    if life.recovered is None:
        return ["the server did not say that it recovered"]
    found = []
    state = await asyncio.to_thread(replayed, folder, scenario)
    if state != life.recovered[3]:
        found.append(f"state {life.recovered[3]}, a replay gives {state}")
    if torn and f"of {torn} bytes at the end was cut" not in life.recovered[4]:
        found.append(f"{torn} bytes torn off were not reported: {life.recovered[4]!r}")
    return found + await missing(life.url, memory)


def main() -> int:
    """Run the drill; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=100, help="how many kills (default: %(default)s)")
    parser.add_argument("--each", type=int, default=5, help="how many of them on one log (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="of what the clients do (default: a new one)")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    rng = random.Random(seed)
    print(f"seed {seed}")  # noqa: T201
    wrong: list[str] = []
    used = 0
    names = list(SCENARIOS)
    with tempfile.TemporaryDirectory() as base:
        for number, done in enumerate(range(0, options.points, options.each)):
            kills = min(options.each, options.points - done)
            folder = Path(base) / str(number)
            sync = SYNCS[number // len(names) % len(SYNCS)]
            found, snapshots = drill(folder, names[number % len(names)], sync, kills, rng)
            wrong += found
            used += snapshots
    for what in wrong:
        print(what)  # noqa: T201
    print(f"{options.points} kills, {used} times from a snapshot, {len(wrong)} things missing")  # noqa: T201
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]) if sys.argv[1:2] == ["serve"] else main())
