"""A hundred sessions load a server in a process of its own for minutes, and check all that they are told.

    python tests/soak/soak.py --minutes 10 --seed 7

Each session sends orders, cancels and questions, follows orders, books and trades, and comes anew now and then. It
checks that each request is answered once, that of each of its orders it is told every state once, in a legal order,
up to a state that the exchange itself confirms at the end, and that fills add up. Meanwhile the server's memory,
tasks, descriptors and stalls are written down each half minute.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from peers.bad_peers import PAIR, TEXT, Peer, request, until
from peers.served import Served, served
from simulator.exchange.orders import LEGAL
from support.exchange import state_of

Figures = dict[str, Any]
_PRICES = (90, 110)
_SEES_ALL = 10
_PATIENCE = 60.0
_LOOK_EVERY = 30.0
_HISTORY = 10_000
"""How many orders that are out the server remembers: those of the last minute or so."""
_RECENT = 40
"""How many of its last orders a session may be sure to find there."""
_OF_AN_OPEN_ORDER = 1024
"""How many bytes an order that rests may cost; those are never forgotten."""
_GROWTH = 8 << 20
"""How many bytes the server may grow by once it forgets as much as it learns; trades for candles are among them."""


class Wrong(AssertionError):
    """A client was told something that cannot be."""


def require(holds: bool, what: str) -> None:
    """Raise `Wrong` unless something holds."""
    if not holds:
        raise Wrong(what)


class Client:
    """A session that loads the server and checks what it is told.

    Args:
        port: the server's.
        number: which client it is; each has an account of its own, and some see the orders of all.
        seed: what it does is drawn from it.
        pause: how many seconds it waits between its requests.
    """

    def __init__(self, port: int, number: int, seed: int, pause: float) -> None:
        self.port = port
        self.number = number
        self.pause = pause
        self.path = b"/" if number % _SEES_ALL == 0 else b"/?account=T%d" % number
        self.rng = random.Random(f"{seed} {number}")
        self.sent = self.answers = self.updates = self.reconnects = 0
        self.waiting: dict[int, tuple[str, float]] = {}
        self.follows_from = self.book = self.last = -1
        self.answered = asyncio.Event()
        self.checked = asyncio.Event()
        self.orders: dict[str, tuple[int, float]] = {}
        """Of each order that this connection has seen begin: its last state, and how much of it is filled."""
        self.own: list[str] = []
        self.waits: list[float] = []

    async def run(self, until_time: float) -> None:
        """Load until a time, coming anew after every few hundred requests."""
        while time.monotonic() < until_time:
            await self._life(until_time, self.rng.randrange(200, 1000))
            self.reconnects += 1

    async def _life(self, until_time: float, requests: int) -> None:
        peer = await Peer.connect(self.port, path=self.path)
        self.waiting.clear()
        self.orders.clear()
        self.own.clear()
        self.checked.clear()
        self.follows_from = self.book = self.last = -1
        reader = asyncio.create_task(self._read(peer))
        try:
            self._ask(peer, "SubscribeOrderState")
            self.follows_from = self.sent
            if self.number % 4 == 0:
                self._ask(peer, "SubscribeBook", tradable_product=PAIR, width=1)
                self.book = self.sent
            for _ in range(requests):
                if time.monotonic() > until_time or reader.done():
                    break
                self._say_something(peer)
                await asyncio.sleep(self.pause * self.rng.uniform(0.5, 1.5))
            await self._settle(peer, reader)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await peer.hang_up()

    async def _settle(self, peer: Peer, reader: "asyncio.Task[None]") -> None:
        """Wait for all answers, then ask the exchange for the last states of the orders that were told of."""
        await self._wait(reader, self.answered)
        self._ask(peer, "GetOrderState", order_ids=self.own[-500:])
        self.last = self.sent
        await self._wait(reader, self.checked)
        require(not self.waiting, f"client {self.number} has no answer to {list(self.waiting.items())[:3]}")

    async def _wait(self, reader: "asyncio.Task[None]", event: asyncio.Event) -> None:
        waiting = asyncio.create_task(event.wait())
        done, _ = await asyncio.wait({reader, waiting}, timeout=_PATIENCE, return_when="FIRST_COMPLETED")
        waiting.cancel()
        require(bool(done), f"client {self.number} waits for {len(self.waiting)} answers")
        if reader.done():
            reader.result()

    def _ask(self, peer: Peer, kind: str, **fields: Any) -> None:
        self.sent += 1
        self.answered.clear()
        self.waiting[self.sent] = (kind, time.perf_counter())
        peer.writer.write(request(self.sent, kind, **fields))

    def _say_something(self, peer: Peer) -> None:
        rng, draw = self.rng, self.rng.random()
        if draw < 0.55:
            terms = {"dir": rng.choice(("Buy", "Sell")), "price": str(rng.randint(*_PRICES)), "target": PAIR}
            self._ask(peer, "SendLimitOrder", account=f"T{self.number}", quantity=str(rng.randint(1, 5)), **terms)
        elif draw < 0.85 and self.own:
            self._ask(peer, "CancelOrder", order_id=rng.choice(self.own[-20:]))
        elif draw < 0.95:
            self._ask(peer, "GetOrderDetails", order_ids=self.own[-5:])
        else:
            self._ask(peer, "SearchSymbol", limit=10, pat="btc", scope="All")

    async def _read(self, peer: Peer) -> None:
        while True:
            opcode, data = await peer.frame()
            if opcode == TEXT:
                self._hear(json.loads(data))
            elif opcode == 9:
                peer.writer.write(b"\x8a\x80\0\0\0\0")
            else:
                raise Wrong(f"client {self.number} is closed with {data!r}")

    def _hear(self, message: dict[str, Any]) -> None:
        number, response = message["id"], message["response"]
        asked = self.waiting.pop(number, None)
        if not self.waiting:
            self.answered.set()
        if asked is None:
            self.updates += 1
            if number == self.follows_from:
                for state in response["Ok"]:
                    self._learn(state)
            else:
                require(number == self.book, f"client {self.number} hears {number} twice")
            return
        kind, began = asked
        self.answers += 1
        self.waits.append(time.perf_counter() - began)
        if kind == "SendLimitOrder":
            require(response["Ok"] not in self.own, f"order {response['Ok']} is given twice")
            self.own.append(response["Ok"])
        elif number == self.last:
            self._compare(response["Ok"])
            self.checked.set()
        elif kind == "SubscribeOrderState":
            for state in response["Ok"]:
                self.orders[state["order_id"]] = (state_of(state["state"]), float(state["filled_qty"]))

    def _learn(self, state: dict[str, Any]) -> None:
        number, after, filled = state["order_id"], state_of(state["state"]), float(state["filled_qty"])
        before, had = self.orders.get(number, (0, 0.0))
        change = f"from {before} ({had}) to {after} ({filled})"
        is_fill = after == before and filled > had
        require(is_fill or after in LEGAL[before], f"order {number} is told {change}")
        require(filled >= had, f"order {number} is told {change}: less filled")
        self.orders[number] = (after, filled)

    def _compare(self, states: list[dict[str, Any]]) -> None:
        """What was told last of the own orders is what the exchange says of them now, whatever came after."""
        known = [state["order_id"] for state in states]
        require(known[-_RECENT:] == self.own[-_RECENT:], f"client {self.number} asks in vain for its last orders")
        for state in states:
            now = (state_of(state["state"]), float(state["filled_qty"]))
            told = self.orders.get(state["order_id"])
            require(told == now, f"order {state['order_id']} was told last as {told}, and is {now}")


async def soak(server: Served, clients: list[Client], seconds: float) -> list[Figures]:
    """Run the clients; return the server's figures, taken again and again."""
    began = time.monotonic()
    tasks = [asyncio.create_task(client.run(began + seconds)) for client in clients]
    every = min(_LOOK_EVERY, seconds / 6)
    seen: list[Figures] = []
    while any(not task.done() for task in tasks):
        done, _ = await asyncio.wait(tasks, timeout=every, return_when="FIRST_EXCEPTION")
        for task in done:
            task.result()
        stats = await asyncio.to_thread(server.stats)
        seen.append({"after": round(time.monotonic() - began), **stats})
        sys.stdout.write(f"{json.dumps(seen[-1])}\n")
        sys.stdout.flush()
    seen.append(await until(server, lambda stats: not stats["connections"]))
    return seen


def judge(seen: list[Figures]) -> Figures:
    """Check that nothing has grown after the warm-up but the orders that rest."""
    warm, last = seen[len(seen) // 3], seen[-2]
    resting = last["open"] - warm["open"]
    grown = last["memory"] - warm["memory"]
    require(not seen[-1]["errors"], f"the server failed: {seen[-1]['errors']}")
    require(last["tasks"] <= warm["tasks"], f"tasks have grown: {warm['tasks']}, {last['tasks']}")
    require(last["descriptors"] <= warm["descriptors"] + 5, "descriptors have grown")
    bound = _GROWTH + _OF_AN_OPEN_ORDER * max(0, resting)
    require(grown <= bound, f"memory has grown by {grown}, with {resting} more orders that rest")
    return {"memory since": grown, "resting since": resting, "entries since": last["journal"] - warm["journal"]}


def main() -> int:
    """Run what the command line says; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two requests of a session")
    args = parser.parse_args()
    sys.stdout.write(f"seed {args.seed}\n")
    with served(journal_limit=4 * _HISTORY, history_limit=_HISTORY, accounts=args.sessions) as server:
        clients = [Client(server.port, number, args.seed, args.pause) for number in range(args.sessions)]
        try:
            found = judge(asyncio.run(soak(server, clients, args.minutes * 60)))
        except (Wrong, TimeoutError) as wrong:
            again = f"python tests/soak/soak.py --minutes {args.minutes} --sessions {args.sessions} --seed {args.seed}"
            sys.stdout.write(f"{wrong!r}\nagain: {again}\n")
            return 1
    waits = sorted(wait for client in clients for wait in client.waits)
    told = {
        name: sum(getattr(client, name) for client in clients) for name in ("sent", "answers", "updates", "reconnects")
    }
    shares = {str(share): round(waits[int(len(waits) * share) - 1] * 1000, 1) for share in (0.5, 0.99, 0.999, 1)}
    sys.stdout.write(f"{json.dumps({**told, **found, 'waits in ms': shares})}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
