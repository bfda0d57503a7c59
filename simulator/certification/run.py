"""Runs a case: the routine while the venue misbehaves, then healing, then the client is told to be flat."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from simulator.certification.adapters import Adapter
from simulator.certification.belief import Belief
from simulator.certification.case import Case
from simulator.certification.evidence import Act, Bounds, Evidence, Wanted, read_truth
from simulator.certification.ground import Ground
from simulator.certification.routine import Cancel, Submit, Wait
from simulator.scenario.amounts import amount, duration
from simulator.server import Server
from simulator.simulation import Simulation
from simulator.terms import BILLION
from simulator.testing.virtual_time import Hang, play

__all__ = ["run_in_real_time", "run_in_virtual_time"]

_LIMIT = "6h"


def run_in_virtual_time(
    case: Case, make_adapter: Callable[[], Adapter], ground: Ground, seed: int, bounds: Bounds
) -> Evidence:
    """Run a case for a client on an event loop whose time jumps, and return the evidence.

    What the client does wrong is in the evidence; nothing of it is raised.
    """
    simulation = Simulation(case.scenario_for(ground), catalogue=ground.catalogue, seed=seed)
    run = _Run(case, simulation, ground, bounds)
    try:
        play(simulation, lambda server: run.whole(server, make_adapter), limit=_LIMIT)
    except Hang as hang:
        run.evidence.hang = str(hang)
    return run.evidence_of(simulation)


async def run_in_real_time(
    case: Case, make_adapter: Callable[[], Adapter], ground: Ground, seed: int, bounds: Bounds, pace: float = 1.0
) -> Evidence:
    """Run a case over a socket by the wall's clock, and return the evidence.

    ``pace`` is how many seconds of the exchange's time one of the wall's is, for a client whose own timers can be
    scaled as well.
    """
    clock: str | dict[str, str] = "real" if pace == 1 else {"scaled": format(pace, "f")}
    simulation = Simulation(case.scenario_for(ground), catalogue=ground.catalogue, seed=seed, clock=clock)
    run = _Run(case, simulation, ground, bounds, pace)
    server = Server(simulation, port=0)
    await server.start()
    try:
        await run.whole(server, make_adapter)
    finally:
        await server.close(patience=0.0)
    return run.evidence_of(simulation)


class _Run:
    def __init__(self, case: Case, simulation: Simulation, ground: Ground, bounds: Bounds, pace: float = 1.0) -> None:
        self._pace = pace
        self._case = case
        self._simulation = simulation
        self._ground = ground
        self._bounds = bounds
        self._tasks: set[asyncio.Task[object]] = set()
        self.evidence = Evidence([], {}, [], bounds, ground.product.quote_increment)

    def evidence_of(self, simulation: Simulation) -> Evidence:
        """Return the evidence; of a run that could not go on, with what had happened by then."""
        if not self.evidence.journal:
            self.evidence.journal = list(simulation.journal)
        return self.evidence

    async def whole(self, server: Server, make_adapter: Callable[[], Adapter]) -> None:
        """Let the client go through all phases."""
        evidence = self.evidence
        asyncio.get_running_loop().set_exception_handler(_pass_over_what_died)
        try:
            client = make_adapter()
        except Exception as error:
            evidence.acts.append(Act("make", "", server.world.now(), None, _text_of(error)))
            return
        await self._act(server, "start", "", client.start(server.url))
        for instruction in () if client.trades_by_itself else self._case.routine:
            match instruction:
                case Wait(time):
                    await self._pass(server, duration(time))
                case Submit():
                    await self._submit(server, client, instruction)
                case Cancel(tag):
                    await self._act(server, "cancel", tag, client.cancel(tag))
        if client.trades_by_itself:
            await self._pass(server, self._length_of_routine())
        await self._heal(server)
        evidence.settled = read_truth(self._simulation, self._ground.account, await self._believed(server, client))
        if not client.trades_by_itself:
            evidence.flattening = server.world.now()
            await self._act(server, "flatten", "", client.flatten())
            await self._pass(server, int(self._bounds.act * BILLION))
            evidence.flat = read_truth(self._simulation, self._ground.account, await self._believed(server, client))
        evidence.stopped = server.world.now()
        await self._act(server, "stop", "", client.stop(), self._bounds.stop)
        await self._pass(server, BILLION)
        evidence.journal = list(self._simulation.journal)
        for task in self._tasks:
            task.cancel()

    def _length_of_routine(self) -> int:
        """Return how long the faults last for a client that trades by itself, in nanoseconds."""
        return sum(duration(one.time) for one in self._case.routine if isinstance(one, Wait))

    async def _submit(self, server: Server, client: Adapter, order: Submit) -> None:
        price, quantity = self._ground.price(order.ticks), self._ground.quantity(order.units)
        is_buy = order.side == "Buy"
        wanted = Wanted(order.tag, is_buy, amount(price), amount(quantity), server.world.now())
        self.evidence.wanted[order.tag] = wanted
        product = self._ground.product.name
        await self._act(server, "submit", order.tag, client.submit(order.tag, order.side, price, quantity, product))

    async def _heal(self, server: Server) -> None:
        """End every fault, deepen the market, and give the client the time to know what is true."""
        server.simulation.do("heal", {"book": {"product": self._ground.product.name, **self._ground.market(10_000)}})
        server.world.flush()
        self.evidence.healed = server.world.now()
        await self._pass(server, int(self._bounds.settle * BILLION))

    async def _believed(self, server: Server, client: Adapter) -> Belief | None:
        """Ask the client for its belief; what is no belief is a finding."""
        act = Act("belief", "", server.world.now())
        try:
            async with asyncio.timeout(self._bounds.act / self._pace):
                return await client.belief()
        except Exception as error:
            act.error = _text_of(error)
            self.evidence.acts.append(act)
            return None

    async def _act(
        self, server: Server, what: str, tag: str, doing: Awaitable[None], bound: float | None = None
    ) -> None:
        """Let the client do something; what takes too long goes on while the routine does."""
        act = Act(what, tag, server.world.now())
        self.evidence.acts.append(act)
        task: asyncio.Task[object] = asyncio.ensure_future(_ended(server, act, doing))
        self._tasks.add(task)
        await asyncio.wait({task}, timeout=(self._bounds.act if bound is None else bound) / self._pace)

    async def _pass(self, server: Server, nanoseconds: int) -> None:
        await asyncio.sleep(nanoseconds / BILLION / self._pace)


def _pass_over_what_died(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a client's task that has died unheard: what comes of that is judged."""
    if not str(context.get("message", "")).endswith("exception was never retrieved"):
        loop.default_exception_handler(context)


async def _ended(server: Server, act: Act, doing: Awaitable[None]) -> None:
    try:
        await doing
    except Exception as error:
        act.error = _text_of(error)
    act.ended = server.world.now()


def _text_of(error: Exception) -> str:
    """Return what a client's exception says, and where in the client it was raised."""
    where = traceback.extract_tb(error.__traceback__)
    place = f" ({where[-1].filename.rsplit('/', 1)[-1]}:{where[-1].lineno})" if where else ""
    return f"{type(error).__name__}: {error}{place}" if str(error) else f"{type(error).__name__}{place}"
