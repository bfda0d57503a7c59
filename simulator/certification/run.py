"""Runs a case: the routine while the venue misbehaves, then healing, then the client is told to be flat."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from simulator.certification.adapters import Adapter, CannotStart
from simulator.certification.belief import Belief
from simulator.certification.case import Case
from simulator.certification.evidence import Act, ClientBounds, Ending, Evidence, Snapshot, Wanted, read_truth
from simulator.certification.failing import Stuck, alarm, text_of, why_it_ended
from simulator.certification.ground import Ground
from simulator.certification.laws import BELIEF_LAWS
from simulator.certification.routine import Cancel, Submit, Wait
from simulator.control.conduct import conduct_in
from simulator.control.expectations import broken_duties
from simulator.scenario.amounts import amount, duration
from simulator.server import Server
from simulator.simulation import Simulation
from simulator.terms import BILLION
from simulator.testing.virtual_time import Hang, play

__all__ = ["run_in_real_time", "run_in_virtual_time"]

_LIMIT = "6h"
_LOOK_EVERY = 2 * BILLION
_LOOK_FOR_IT_EVERY = 0.01


def run_in_virtual_time(
    case: Case, make_adapter: Callable[[], Adapter], ground: Ground, seed: int, bounds: ClientBounds
) -> Evidence:
    """Run a case for a client on an event loop whose time jumps, and return the evidence.

    What the client does wrong is in the evidence; nothing of it is raised.
    """
    simulation = Simulation(case.scenario_for(ground), catalogue=ground.catalogue, seed=seed, keeps_books=True)
    run = _Run(case, simulation, ground, bounds)
    try:
        with alarm():
            play(simulation, lambda server: run.whole(server, make_adapter), limit=_LIMIT)
    except (Hang, Stuck) as hang:
        run.evidence.hang = str(hang)
    except BaseException as error:
        why = why_it_ended(error)
        if why is None:
            raise
        run.evidence.ending = Ending(why, None, simulation.now)
    return run.evidence_of(simulation)


async def run_in_real_time(
    case: Case, make_adapter: Callable[[], Adapter], ground: Ground, seed: int, bounds: ClientBounds, pace: float = 1.0
) -> Evidence:
    """Run a case over a socket by the wall's clock, and return the evidence.

    ``pace`` is how many seconds of the exchange's time one of the wall's is, for a client whose own timers can be
    scaled as well. The exchange's time begins when the client connects, so that a client that is slow to come up misses
    nothing of what happens there.
    """
    clock: str | dict[str, str] = "real" if pace == 1 else {"scaled": format(pace, "f")}
    simulation = Simulation(
        case.scenario_for(ground), catalogue=ground.catalogue, seed=seed, clock=clock, keeps_books=True
    )
    wall = _StandingClock()
    run = _Run(case, simulation, ground, bounds, pace, wall=wall)
    server = Server(simulation, port=0, monotonic_ns=wall)
    await server.start()
    try:
        await run.whole(server, make_adapter)
    finally:
        await server.close(patience=0.0)
    return run.evidence_of(simulation)


class _StandingClock:
    """The wall's clock, in nanoseconds, which stands until it is told to go."""

    def __init__(self) -> None:
        self._began: int | None = None

    def __call__(self) -> int:
        return 0 if self._began is None else time.monotonic_ns() - self._began

    def go(self) -> None:
        """Go on from where it stands."""
        if self._began is None:
            self._began = time.monotonic_ns()


class _Run:
    def __init__(
        self,
        case: Case,
        simulation: Simulation,
        ground: Ground,
        bounds: ClientBounds,
        pace: float = 1.0,
        *,
        wall: _StandingClock | None = None,
    ) -> None:
        self._pace = pace
        self._wall = wall
        self._case = case
        self._simulation = simulation
        self._ground = ground
        self._bounds = bounds
        self._tasks: set[asyncio.Future[Any]] = set()
        self.evidence = Evidence(bounds=bounds, tick=ground.product.quote_increment)

    def evidence_of(self, simulation: Simulation) -> Evidence:
        """Return the evidence; of a run that could not go on, with what had happened by then."""
        if not self.evidence.journal:
            self.evidence.take_journal(simulation.journal)
        if simulation.loaded is not None and simulation.loaded.scenario.must:
            conduct = msgspec.structs.replace(
                conduct_in(simulation).at_once(),
                bounds=self._bounds,
                healed=self.evidence.healed,
                stopped=self.evidence.stopped,
            )
            self.evidence.duties = tuple(broken_duties(simulation, conduct).at_once())
        return self.evidence

    async def whole(self, server: Server, make_adapter: Callable[[], Adapter]) -> None:
        """Let the client go through all phases."""
        evidence = self.evidence
        asyncio.get_running_loop().set_exception_handler(_pass_over_what_died)
        try:
            client = make_adapter()
        except (Exception, SystemExit) as error:
            evidence.acts.append(Act("make", "", server.world.now(), None, text_of(error)))
            return
        try:
            await self._phases(server, client)
        except _Gone as gone:
            evidence.ending = msgspec.structs.replace(gone.ending, time=server.world.now())
            with contextlib.suppress(Exception):  # of what is gone
                await client.stop()
        finally:
            evidence.take_journal(self._simulation.journal)
            for task in self._tasks:
                task.cancel()
            await client.discard()

    async def _phases(self, server: Server, client: Adapter) -> None:
        evidence = self.evidence
        beginning = asyncio.ensure_future(self._begin_when_connected())
        self._tasks.add(beginning)
        await self._act(server, "start", "", client.start(server.url))
        self._gone = asyncio.ensure_future(_ended_by_itself(client))
        self._tasks.add(self._gone)
        for instruction in () if client.trades_by_itself else self._case.routine:
            match instruction:
                case Wait(time):
                    await self._pass(server, duration(time))
                case Submit():
                    await self._submit(server, client, instruction)
                case Cancel(tag):
                    await self._act(server, "cancel", tag, client.cancel(tag))
        if client.trades_by_itself:
            await asyncio.wait({beginning, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            await self._pass(server, round(self._case.length * BILLION))  # as long as the faults last
        self._heal(server)
        evidence.settled = await self._read_when_known(server, client, self._time_to_settle(client))
        if not client.trades_by_itself:
            evidence.flattening = server.world.now()
            await self._act(server, "flatten", "", client.flatten())
            evidence.flat = await self._read_when_known(server, client, self._bounds.act)
        evidence.stopped = server.world.now()
        self._gone.cancel()
        await self._act(server, "stop", "", client.stop(), self._bounds.stop)
        await asyncio.sleep(1 / self._pace)

    async def _begin_when_connected(self) -> None:
        """Let the exchange's time begin when the client has connected, or might have long ago."""
        if self._wall is None:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._bounds.act / self._pace
        while loop.time() < deadline:
            if any(kind in ("open", "refused") for _, _, kind, _ in self._simulation.journal):
                break
            await asyncio.sleep(_LOOK_FOR_IT_EVERY)
        self._wall.go()

    async def _submit(self, server: Server, client: Adapter, order: Submit) -> None:
        price, quantity = self._ground.price(order.ticks), self._ground.quantity(order.units)
        is_buy = order.side == "Buy"
        wanted = Wanted(order.tag, is_buy, amount(price), amount(quantity), server.world.now())
        self.evidence.wanted[order.tag] = wanted
        product = self._ground.product.name
        await self._act(server, "submit", order.tag, client.submit(order.tag, order.side, price, quantity, product))

    def _heal(self, server: Server) -> None:
        """End every fault, and deepen the market."""
        server.simulation.do("heal", {"book": {"product": self._ground.product.name, **self._ground.market(10_000)}})
        server.world.flush()
        self.evidence.healed = server.world.now()

    def _time_to_settle(self, client: Adapter) -> float:
        """Return how long the client has, in seconds, to know what is true; what cannot be asked has to connect."""
        bounds = self._bounds
        return max(bounds.reconnect, bounds.follow) + 1 if client.trades_by_itself else bounds.settle

    async def _read_when_known(self, server: Server, client: Adapter, within: float) -> Snapshot:
        """Return what is true and what the client believes of it, when its time is over.

        By the wall's clock a client that tells what it believes is read as soon as that is right, so that nobody waits
        for what is known already.
        """
        waits = self._wall is not None and not client.trades_by_itself
        deadline = server.world.now() + int(within * BILLION)
        while waits and server.world.now() < deadline:
            await self._pass(server, _LOOK_EVERY)
            reading = self._read(await self._believed(server, client))
            if reading.belief is not None and self._is_known(reading):
                return reading
        await self._pass(server, max(0, deadline - server.world.now()))
        return self._read(await self._believed(server, client))

    def _read(self, belief: Belief | None) -> Snapshot:
        return read_truth(self._simulation, self._ground.account, belief)

    def _is_known(self, reading: Snapshot) -> bool:
        """Tell whether a reading breaks no law about belief, nor, of a client that is to be flat, that one."""
        evidence = self.evidence
        as_now = {"flat": reading} if evidence.flattening else {"settled": reading}
        supposed = msgspec.structs.replace(evidence, **as_now)
        return not any(finding for law in BELIEF_LAWS for finding in law(supposed))

    async def _believed(self, server: Server, client: Adapter) -> Belief | None:
        """Ask the client for its belief; what is no belief is a finding."""
        act = Act("belief", "", server.world.now())
        patience = asyncio.timeout(self._bounds.act / self._pace)
        try:
            async with patience:
                return await client.belief()
        except (CannotStart, KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:
            act.error = None if patience.expired() else text_of(error)
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
        if task.done() and not task.cancelled():
            task.result()  # raises for what cannot be started

    async def _pass(self, server: Server, nanoseconds: int) -> None:
        """Let time pass; raises `_Gone` for a client that has ended by itself."""
        await asyncio.wait({self._gone}, timeout=nanoseconds / BILLION / self._pace)
        if self._gone.done():
            raise _Gone(self._gone.result())


class _Gone(Exception):
    """The client has ended by itself."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


async def _ended_by_itself(client: Adapter) -> Ending:
    """Wait until a client has ended by itself, and return how."""
    ending = await client.gone()
    if ending is None:
        ending = await asyncio.get_running_loop().create_future()
    return ending


def _pass_over_what_died(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a client's task that has died unheard: what comes of that is judged."""
    if not str(context.get("message", "")).endswith("exception was never retrieved"):
        loop.default_exception_handler(context)


async def _ended(server: Server, act: Act, doing: Awaitable[None]) -> None:
    try:
        await doing
    except (CannotStart, KeyboardInterrupt):
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # by the kit, for what has not ended
            raise
        act.error = text_of(error)
    except BaseException as error:
        act.error = text_of(error)
    act.ended = server.world.now()
