"""Lets clients do what they may until it hurts: requests at their dearest, all subscriptions, steps at their fastest.

    python tests/exhaustion/exhaustion.py
    python tests/exhaustion/exhaustion.py requests clock --full 100000 --seconds 20

Nothing here is against any rule. Meanwhile a bystander asks and is answered. Each case says the longest that it waited,
the memory that the server took, and how long it took to end when it was told to (SIGTERM). Exit status 1 if one of them
is more than the command line allows, or the server said anything on stderr.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from peers.bad_peers import CLOSE, PAIR, TEXT, UPGRADE, Peer, frame, order, request
from simulator.wire.codec import REQUEST_TYPES

PATIENCE = 60.0
OTHER_PAIR = "ETH Crypto/USD*COINBASE/DIRECT"
MEGABYTE = 1 << 20
_GROUP = 200
_BYSTANDER = str(Path(__file__).with_name("bystander.py"))

Figures = dict[str, Any]


class Scale(NamedTuple):
    """How much of everything: orders and fills that there are, clients, and for how many seconds."""

    full: int
    clients: int
    seconds: float


class Program:
    """The server as a program of its own.

    Args:
        arguments: those of ``serve``.
    """

    def __init__(self, *arguments: str) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the program
        command = [sys.executable, "-m", "simulator", "serve", "--quiet", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._stderr, text=True)
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        assert address, self.said()
        self.port = int(address.rpartition(":")[2])

    def megabytes(self, field: str = "VmRSS") -> int:
        """Return its memory, or with ``VmHWM`` the most that it ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith(field))

    def end(self) -> float:
        """Tell it to end; return how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        assert status == 0, status
        return time.monotonic() - began

    def said(self) -> str:
        """Return what it said on stderr."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def close(self) -> None:
        """End it if it has not ended, and forget what it said."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._stderr.close()


class Setting:
    """What a case has: how much of everything, a folder, a server and connections to it.

    Args:
        scale: how much of everything there is.
        folder: where its files are.
    """

    def __init__(self, scale: Scale, folder: Path) -> None:
        self.scale = scale
        self.folder = folder
        self.peak = 0
        """How many megabytes a server took at most."""
        self.end = 0.0
        """How many seconds it took at most to end when it was told to, with its connections open."""
        self._program: Program | None = None
        self._peers: list[Peer] = []

    async def __aenter__(self) -> "Setting":
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._program is not None:
            self._program.close()
        await self.cut()

    def start(self, *arguments: str) -> Program:
        """Start the server; the arguments are those of ``serve``."""
        assert self._program is None
        self._program = Program(*arguments)
        return self._program

    async def connect(self, count: int = 1, receive_buffer: int = 0) -> list[Peer]:
        """Connect so many clients."""
        assert self._program is not None
        peers = [await Peer.connect(self._program.port, receive_buffer) for _ in range(count)]
        self._peers.extend(peers)
        return peers

    async def dial(self) -> Peer:
        """Connect without a word."""
        assert self._program is not None
        peer = await Peer.dial(self._program.port)
        self._peers.append(peer)
        return peer

    async def stop(self, *, complains: bool = False) -> None:
        """End the server, which has said nothing on stderr unless it ``complains``."""
        program, self._program = self._program, None
        assert program is not None
        try:
            self.peak = max(self.peak, program.megabytes("VmHWM"))
            self.end = max(self.end, program.end())
            assert complains or not program.said(), program.said()[:2000]
        finally:
            program.close()
        await self.cut()

    async def kill(self) -> None:
        """End the server at once."""
        program, self._program = self._program, None
        assert program is not None
        program.close()
        await self.cut()

    def write(self, name: str, scenario: dict[str, Any]) -> str:
        """Write a scenario's file, and return its path."""
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(scenario))
        return str(path)

    async def cut(self) -> None:
        """Reset all connections."""
        for peer in self._peers:
            peer.writer.transport.abort()
        for peer in self._peers:
            await peer.hang_up()
        self._peers.clear()


class Seen(NamedTuple):
    """What a bystander has seen: how often it asked, and how many seconds it waited at most.

    ``worked`` is for how many seconds the server worked in one wait at most, which is the wait if nobody else uses the
    machine.
    """

    asked: int
    waited: float
    worked: float

    @property
    def figures(self) -> Figures:
        """The same by names."""
        return {"longest wait": self.worked, "by the wall": self.waited, "asked": self.asked}


def of_all(seen: dict[str, Seen]) -> Figures:
    """Return what was seen altogether, and in which cases somebody waited longest, in milliseconds."""
    most = sorted(seen, key=lambda name: -seen[name].worked)[:5]
    asked, waited, worked = zip(*seen.values(), strict=True)
    slowest = {name: round(seen[name].worked * 1000) for name in most}
    return {**Seen(sum(asked), max(waited), max(worked)).figures, "slowest": slowest}


class Bystander:
    """A client in a process of its own that asks for little, again and again, and sees how long it waits.

    Args:
        program: the server.
        kind: the type of request that it asks.
    """

    def __init__(self, program: Program, kind: str = "GetHalts") -> None:
        self._asks = (str(program.port), str(program.process.pid), kind)

    async def __aenter__(self) -> "Bystander":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, _BYSTANDER, *self._asks, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert await self._process.stdout.readline() == b"connected\n"
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.wait_for(self._process.communicate(b""), PATIENCE)

    async def seen(self) -> Seen:
        """Return what it has seen since it was last asked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return Seen(*json.loads(await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)))


async def fill_up(setting: Setting) -> None:
    """Have so many orders open, and so many filled."""
    (peer,) = await setting.connect()
    count = setting.scale.full
    for first in range(0, count, _GROUP):
        numbers = range(first, min(count, first + _GROUP))
        for number in numbers:
            terms = {"account": "DEFAULT", "quantity": "1", "price": "3000", "target": OTHER_PAIR}
            peer.writer.write(request(number, "SendLimitOrder", dir="Sell" if number % 2 else "Buy", **terms))
            peer.writer.write(order(number, str((number % 50_000 + 1) / 100)))
        for _ in range(2 * len(numbers)):
            await peer.frame()


async def read_all(peer: Peer) -> None:
    """Read until the connection is over or the task is cancelled."""
    with contextlib.suppress(ConnectionError):
        while await peer.reader.read(1 << 16):
            pass


@contextlib.asynccontextmanager
async def readers(peers: Sequence[Peer]) -> AsyncIterator[None]:
    """Let clients read all that they are told while the block runs."""
    tasks = [asyncio.create_task(read_all(peer)) for peer in peers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# Every request at its dearest


def dearest(full: int, names: list[str], fill_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return what makes each type of request the most work, by its type."""
    last = [str(number) for number in range(max(1, 2 * full - 4999), 2 * full + 1)]
    sets: list[Any] = ["All", {"Account": "DEFAULT"}]
    measures = ("MaxOrderQty", "MaxOpenQty", "MaxOpenBuyQty", "MaxOpenSellQty", "MaxPosition", "MaxOpenOrders")
    limits = [
        {"set": whose, "scope": name, "name": measure, "value": "1000000000"}
        for whose in sets
        for name in names
        for measure in measures
    ]
    query: dict[str, Any] = {"type": "All"}
    for _ in range(30):
        query = {"type": "Not", "value": query}
    pair = {"base": "BTC Crypto", "quote": "USD", "quantity": "999999999"}
    return {
        "SearchSymbol": {"pat": "*", "scope": "All", "limit": 10**9},
        "QueryTradableProductIndex": {"query": {"type": "Or", "value": [query, {"type": "All"}]}},
        "GetRouteDetails": {"route": ["DIRECT"] * 5000},
        "GetVenueDetails": {"venue": ["COINBASE"] * 5000},
        "GetProductDetails": {"product": ["BTC Crypto"] * 5000},
        "GetTradableProductDetails": {"tradable_product": (names * 5000)[:5000]},
        "GetCanonicalTradableProduct": {"product": ["BTC Crypto"] * 5000},
        "SendLimitOrder": {
            "account": "DEFAULT",
            "dir": "Sell",
            "price": "0.01",
            "quantity": "1000",
            "target": PAIR,
            "params": {"note": "x" * 1000},
            "quote_id": "x" * 256,
        },
        "CancelOrder": {"order_id": "1" * 1000},
        "ListOpen": {"scope": PAIR, "set": {"Account": "DEFAULT"}},
        "GetOrderState": {"order_ids": last},
        "GetRejectReason": {"order_ids": last},
        "GetOrderDetails": {"order_ids": last},
        "ListFills": {"scope": OTHER_PAIR, "set": {"Account": "DEFAULT"}},
        "GetFillDetails": {"fill_ids": fill_ids[-5000:]},
        "SetLimits": {"limits": limits[:5000]},
        "GetLimits": {"limits": [[whose, name] for whose in sets for name in names][:5000]},
        "GetGlobalLimits": {"limits": ["MaxOrderQty"] * 5000},
        "GetHalts": {},
        "Halt": {"halt": {"Venue": "CME"}},
        "Resume": {"resume": {"Venue": "CME"}},
        "GetHistoricalCandles": {
            "tradable_product": OTHER_PAIR,
            "width": "1s",
            "start": "2020-01-01T00:00:00Z",
            "end": "2020-01-01T00:16:39Z",
        },
        "SendRfqs": {"query": pair},
        "SubscribeOrderState": {},
        "SubscribeBook": {"tradable_product": PAIR, "width": 1_000_000},
        "SubscribeTrades": {"tradable_product": PAIR},
        "SubscribeCandles": {"tradable_product": PAIR, "width": "1s"},
        "SubscribeConsolidatedBook": {"tradable_products": names[:64]},
        "SubscribeAlerts": {"path": "x" * 100_000},
        "SubscribeRfqs": pair,
        "Unsubscribe": {},
    }


async def requests(setting: Setting) -> Figures:
    """Each type of request at its dearest, one type after the other, by several clients at once."""
    program = setting.start()
    await fill_up(setting)
    (peer,) = await setting.connect()
    found = (await peer.ask(1, "SearchSymbol", pat="*", scope="TradableProduct", limit=10**6))["Ok"]
    names = [name for name, _ in found["tradable_product"]]
    fill_ids = (await peer.ask(2, "ListFills", scope="All", set="All"))["Ok"]
    asked = dearest(setting.scale.full, names, fill_ids)
    await setting.cut()
    seen: dict[str, Seen] = {}
    async with Bystander(program) as other:
        for kind in REQUEST_TYPES:
            peers = await setting.connect(setting.scale.clients)
            await other.seen()
            async with readers(peers):
                for each in peers:
                    each.writer.write(b"".join(request(number, kind, **asked.get(kind, {})) for number in range(1, 6)))
                await asyncio.sleep(setting.scale.seconds / 20)
            await setting.cut()
            seen[kind] = await other.seen()
    return of_all(seen)


# Every search over HTTP

SEARCHES: dict[str, tuple[str, str, Any]] = {
    "orders": ("POST", "wait", {"order": {"state": "Rejected"}, "timeout": 0.1}),
    "fills": ("POST", "wait", {"fill": {"quantity": "7"}, "timeout": 0.1}),
    "sent": ("POST", "wait", {"sent": {"order_id": "0"}, "timeout": 0.1}),
    "received": ("POST", "received", {"when": {"request": "GetLimits"}, "timeout": 0.1}),
    "all received": ("POST", "received", {"when": {"request": "SendLimitOrder"}}),
    "rules": ("GET", "rules", None),
    "verify": ("POST", "verify", {}),
    "transcript": ("GET", "transcript", None),
    "order list": ("GET", "orders", None),
}
"""Calls that look through all that there is, most of them in vain: method, path and body."""


def _call(port: int, method: str, path: str, body: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    data = None if body is None else json.dumps(body)
    connection.request(method, f"/_exchange/{path}", data, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.read()
    assert answer.status == HTTPStatus.OK, told
    connection.close()


async def searches(setting: Setting) -> Figures:
    """Each call that looks through all orders, fills or lines of the journal, one after the other."""
    scenario = {
        "rules": [{"when": {"request": "GetLimits"}, "then": [{"delay": "1s"}]}],
        "expect": [{"never": {"request": "GetLimits"}}],
    }
    program = setting.start(setting.write("searched", scenario))
    await fill_up(setting)
    seen: dict[str, Seen] = {}
    async with Bystander(program) as other:
        for name, call in SEARCHES.items():
            await other.seen()
            await asyncio.to_thread(_call, program.port, *call)
            seen[name] = await other.seen()
    return of_all(seen)


# Every subscription


MOVING = {
    PAIR: {
        "mid": 10000,
        "spread": 0.02,
        "levels": 20,
        "walk": {"every": "5ms", "volatility": "0.05%"},
        "trades": {"per_second": 200},
    }
}


async def subscriptions(setting: Setting) -> Figures:
    """Many who follow all of a market that moves 200 times a second, and orders that come as fast as they can."""
    program = setting.start(setting.write("moving", {"markets": MOVING}))
    asked = dearest(1, [PAIR, OTHER_PAIR], [])
    kinds = [kind for kind in asked if kind.startswith("Subscribe")]
    peers = await setting.connect(10 * setting.scale.clients)
    slow = await setting.connect(setting.scale.clients, 4096)
    for peer in (*peers, *slow):
        for number, kind in enumerate(kinds, 1):
            peer.writer.write(request(number, kind, **asked[kind]))
    (one,) = await setting.connect()
    for number in range(1, 1500):
        one.writer.write(request(number, kinds[number % len(kinds)], **asked[kinds[number % len(kinds)]]))
    (busy,) = await setting.connect()
    async with Bystander(program) as other, readers([*peers, one, busy]):
        ends = time.monotonic() + setting.scale.seconds
        while time.monotonic() < ends:
            busy.writer.write(b"".join(order(number, "9000") for number in range(20)))
            await asyncio.sleep(0.02)
        one.cut()
        await asyncio.sleep(0.1)
        seen = await other.seen()
    return seen.figures


# Steps and clocks at their fastest

FAST_STEPS: dict[str, Any] = {
    "trade": {"trade": {"product": PAIR, "price": 100, "quantity": 1}},
    "book": {"book": {"product": PAIR, "bids": [[99, 1]], "asks": [[101, 1]]}},
    "halt": {"halt": "All"},
    "limits": {"limits": [{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": 100}]},
    "increments": {"increments": {"product": PAIR, "quote_increment": 0.5}},
    "alert": {"alert": {"text": "x" * 1000}},
    "hold": [{"hold": "it"}, {"halt": "All"}],
    "view": {"view": {"ListOpen": {"lag": "1s", "for": "1us"}}},
    "slow": {"slow": {"bytes_per_second": 10, "for": "1us", "session": "1"}},
    "stall": {"stall": {"what": "pong", "for": "1us", "session": "1"}},
    "corrupt": {"corrupt": {"what": "id", "messages": 1_000_000, "session": "1"}},
    "delays": [{"delay": "1s"}, {"halt": "All"}, {"delay": "1h"}],
    "fill": {"fill": {"order": "all", "quantity": "1%"}},
    "cancel": {"cancel": {"order": "last"}},
}


async def _steps(setting: Setting, name: str, steps: Sequence[Any]) -> Seen:
    timeline = [{"at": "0s", "every": "1us", "do": step} for step in steps]
    path = setting.write(name, {"timeline": timeline, "markets": {PAIR: {"bids": [], "asks": []}}})
    program = setting.start(path)
    first = await setting.dial()
    first.writer.write(UPGRADE)
    async with readers([first]), Bystander(program) as other:
        await asyncio.sleep(setting.scale.seconds / len(FAST_STEPS))
        return await other.seen()


async def together(setting: Setting) -> Figures:
    """All these steps every microsecond, as no machine can do them; those about connections are about the first one."""
    return (await _steps(setting, "together", list(FAST_STEPS.values()))).figures


async def steps(setting: Setting) -> Figures:
    """Each of these steps every microsecond on a server of its own."""
    seen: dict[str, Seen] = {}
    for name, step in FAST_STEPS.items():
        if seen:
            await setting.stop()
        seen[name] = await _steps(setting, name, [step])
    return of_all(seen)


async def clock(setting: Setting) -> Figures:
    """Markets that move, on a clock nearly a million times as fast."""
    program = setting.start("--clock", "999999")
    peers = await setting.connect(setting.scale.clients)
    for peer in peers:
        peer.writer.write(request(1, "SubscribeBook", tradable_product=PAIR, width=1))
    async with Bystander(program) as other, readers(peers):
        await asyncio.sleep(setting.scale.seconds)
        seen = await other.seen()
    return seen.figures


async def rules(setting: Setting) -> Figures:
    """Requests that all wait for a rule, rules that set each other off, and many that are asked about each request."""
    held = {"when": {"request": "GetHalts", "nth": {"ge": 1}}, "times": 100_000, "then": [{"hold": "it"}, "reply"]}
    letting_go = {"when": {"request": "GetLimits"}, "then": [{"release": "it"}, "reply"]}
    gone = {"when": {"event": "disconnect"}, "then": [{"disconnect": {"session": "all"}}]}
    many = [
        {"when": {"request": "SendLimitOrder", "quote_id": f"*{number}"}, "then": ["match"]} for number in range(1, 991)
    ]
    program = setting.start(setting.write("rules", {"rules": [*many, held, letting_go, gone]}))
    peers = await setting.connect(setting.scale.clients)
    async with readers(peers):
        (asking,) = await setting.connect()
        async with Bystander(program, "ListOpen") as other:
            for peer in peers:
                peer.writer.write(b"".join(request(number, "GetHalts") + order(number) for number in range(2000)))
            await asyncio.sleep(setting.scale.seconds)
            await asking.ask(1, "GetLimits", limits=[])
            seen = await other.seen()
        peers[0].cut()  # and so everybody is closed
        assert (await asking.frame())[0] == CLOSE
    return seen.figures


# Worlds


async def worlds(setting: Setting) -> Figures:
    """Clients that ask for worlds: of scenarios that do not let them in, of a very long one, of many at once."""
    long = [
        {"when": {"request": "SendLimitOrder", "quantity": {"ge": number}}, "then": ["ack", {"delay": "1s"}, "match"]}
        for number in range(1, 991)
    ]
    setting.write("long", {"rules": long})
    program = setting.start(setting.write("served", {}))
    targets = (
        "/?scenario=fast-market&account=NOBODY",
        "/nope?scenario=fast-market",
        "/?scenario=long",
        "/?scenario=fast-market",
        "/?scenario=partial-fill&session=%d",
    )
    statuses: dict[str, int] = {}
    async with Bystander(program) as other:
        ends = time.monotonic() + setting.scale.seconds
        count = 0
        kept: list[Peer] = []
        while time.monotonic() < ends:
            count += 1
            target = targets[count % len(targets)].replace("%d", str(count))
            peer = await setting.dial()
            peer.writer.write(UPGRADE.replace(b"/", target.encode(), 1))
            status = (await peer.reader.readline()).split()[1].decode()
            statuses[status] = statuses.get(status, 0) + 1
            kept.append(peer)
            if len(kept) > 2 * setting.scale.clients:
                await kept.pop(0).hang_up()
        seen = await other.seen()
    return {**seen.figures, "answered": statuses}


# Bytes


async def texts(setting: Setting) -> Figures:
    """Messages of a megabyte that are refused, or ask for lists as long, however many of them."""
    program = setting.start("--keep", "1000")
    peers = await setting.connect(4)
    sent = 0
    async with Bystander(program) as other:
        ends = time.monotonic() + setting.scale.seconds
        while time.monotonic() < ends:
            for peer in peers:
                peer.writer.write(request(sent, "SendLimitOrder", note="\N{BANK}" * (MEGABYTE // 13)))
            for peer in peers:
                await peer.frame()
            sent += len(peers)
        seen = await other.seen()
    return {**seen.figures, "megabytes said": sent}


async def unfinished(setting: Setting) -> Figures:
    """Messages that are begun and never ended, each nearly a megabyte."""
    program = setting.start()
    peers = await setting.connect(20 * setting.scale.clients)
    whole = frame(TEXT, b"x" * (MEGABYTE - 1))[:-1]
    async with Bystander(program) as other:
        for peer in peers:
            peer.writer.write(whole)
            with contextlib.suppress(ConnectionError):
                await peer.writer.drain()
        await asyncio.sleep(1)
        seen = await other.seen()
    return {**seen.figures, "megabytes begun": len(peers)}


async def lines(setting: Setting) -> Figures:
    """Connections that drip, stand still or are late, and are asked for much."""
    scenario = {
        "latency": {"update": "1h"},
        "rules": [
            {"when": {"event": "connect", "nth": 1}, "then": []},
            {"when": {"event": "connect"}, "every": 2, "then": [{"slow": {"bytes_per_second": 1}}]},
            {"when": {"event": "connect"}, "then": [{"stall": "data"}]},
        ],
    }
    program = setting.start(setting.write("lines", scenario))
    sent = 0
    async with Bystander(program) as other:
        peers = await setting.connect(setting.scale.clients)
        ends = time.monotonic() + setting.scale.seconds
        while time.monotonic() < ends:
            for peer in peers:
                if not peer.is_over:
                    peer.writer.write(request(sent, "SearchSymbol", pat="*", scope="All", limit=10**9) * 20)
                    sent += 20
            await asyncio.sleep(0.01)
        seen = await other.seen()
    return {**seen.figures, "questions": sent}


async def kept(setting: Setting) -> Figures:
    """A session that is kept: long lists of what there is, then a kill, and the time that it takes to come back."""
    persist = setting.folder / "kept"
    program = setting.start("--persist", str(persist))
    await fill_up(setting)
    (peer,) = await setting.connect()
    asked = {"order_ids": [str(number) for number in range(1, 5001)]}
    async with Bystander(program) as other:
        for number in range(100):
            await peer.ask(number, "ListOpen", scope="All", set="All")
            await peer.ask(number, "GetOrderDetails", **asked)
        seen = await other.seen()
    size = (persist / "commands.log").stat().st_size
    await setting.kill()
    began = time.monotonic()
    setting.start("--persist", str(persist))
    return {**seen.figures, "bytes": size, "recovered in": time.monotonic() - began}


async def idle(setting: Setting) -> Figures:
    """Nothing: how long one waits on this machine for nobody."""
    program = setting.start()
    async with Bystander(program) as other:
        await asyncio.sleep(min(setting.scale.seconds, 5))
        seen = await other.seen()
    return seen.figures


CASES: dict[str, Callable[[Setting], Coroutine[Any, Any, Figures]]] = {
    "idle": idle,
    "requests": requests,
    "searches": searches,
    "subscriptions": subscriptions,
    "together": together,
    "steps": steps,
    "clock": clock,
    "rules": rules,
    "worlds": worlds,
    "texts": texts,
    "unfinished": unfinished,
    "lines": lines,
    "kept": kept,
}


async def _measure(name: str, setting: Setting) -> Figures:
    async with setting:
        figures = await CASES[name](setting)
        await setting.stop(complains=name == "kept")  # it says what it has recovered
    return {**figures, "peak": setting.peak, "end": setting.end}


def measure(name: str, scale: Scale) -> Figures:
    """Run a case; return its figures: how long somebody waited at most, the most memory, how long the end took."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(name, Setting(scale, Path(folder))))
    return {name: round(figure, 3) if isinstance(figure, float) else figure for name, figure in figures.items()}


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=f"some of {', '.join(CASES)}")
    parser.add_argument("--full", type=int, default=50_000, help="how many orders are open, and how many filled")
    parser.add_argument("--clients", type=int, default=20, help="how many clients do it at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="for how long each case lasts, more or less")
    parser.add_argument("--wait", type=float, default=0.1, help="how many seconds the server may work while one waits")
    parser.add_argument("--memory", type=int, default=1500, help="how many megabytes the server may take")
    parser.add_argument("--end", type=float, default=5.0, help="how many seconds it may take to end")
    args = parser.parse_args()
    failed = []
    for name in args.cases:
        figures = measure(name, Scale(args.full, args.clients, args.seconds))
        sys.stdout.write(f"{name}: {json.dumps(figures)}\n")
        sys.stdout.flush()
        if figures["longest wait"] > args.wait or figures["peak"] > args.memory or figures["end"] > args.end:
            failed.append(name)
    if failed:
        again = f"python tests/exhaustion/exhaustion.py {' '.join(failed)} --full {args.full} --clients {args.clients}"
        sys.stdout.write(f"too much: {', '.join(failed)}; again: {again} --seconds {args.seconds:g}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
