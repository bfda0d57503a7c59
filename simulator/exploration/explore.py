"""Explores many seeds over an executor: what a worker loses another does, and what was done is kept."""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from simulator.certification.evidence import ClientBounds
from simulator.errors import SimulatorError
from simulator.exploration.client import ExploredClient
from simulator.exploration.keeping import Kept
from simulator.exploration.results import Exploration, Lost, SeedResult, SweepProgress, causes_of
from simulator.exploration.seeds import PLAIN, explore_plain, explore_seed
from simulator.exploration.venues import known_faults

__all__ = ["SEEDS", "explore"]

SEEDS = 200
"""How many seeds are explored unless it is said: each fault by itself, and a sample of pairs and of the mix."""

_ATTEMPTS = 3
_AHEAD = 3
"""How many seeds are given out for each worker, so that none waits for the next."""


def explore(
    target: Any,
    *,
    seeds: Iterable[int] = range(SEEDS),
    faults: Iterable[str] | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    state: str | Path | None = None,
    progress: Callable[[SweepProgress], None] | None = None,
    lines: bool = False,
    catalogue: str | None = None,
    product: str | None = None,
    account: str | None = None,
    bounds: ClientBounds | None = None,
    pace: float = 1.0,
) -> Exploration:
    """Draw unkind venues, put a client through each, and return what breaks it, made as small as can be.

    Args:
        target: a class with the methods of `simulator.certification.AsyncClient`, or its name, as ``module:Class`` or
            ``file.py:Class``, which other processes can find; or a program and its arguments, as a list, in which
            ``{url}`` stands for the address.
        seeds: which; each stands for about twenty venues, the first seeds for one fault each.
        faults: what venues do, names of `FAULTS` or `MORE_FAULTS` in `simulator.testing.strategies`; all of
            them by default.
        executor: where seeds are explored, such as that of a dask client. A seed whose worker dies is given out again.
        jobs: without an executor, in how many processes of this machine; in this one for 1.
        state: a file in which what is done is kept, so that an exploration that was stopped goes on where it was.
        progress: told after each seed.
        lines: whether a program speaks lines of JSON; else it does its own trading.
        catalogue: what the exchange trades: a bundled name or a file.
        product: what the client is asked to trade, and ``account`` for which.
        bounds: what the client is held to.
        pace: for a client that runs by the wall's clock: how many seconds of the exchange's time one of the wall's is.

    Raises `SimulatorError` for a target that is not there, for wrong names, and for a state of something else. An
    interrupt (`KeyboardInterrupt`) ends it with what is done in ``state``.
    """
    options = {"lines": lines, "catalogue": catalogue, "product": product, "account": account}
    client = ExploredClient.of(target, **options, bounds=bounds, pace=pace)
    named = known_faults(faults)
    client.ground()
    if not client.is_program:
        client.make  # noqa: B018 - raises for a class that is not there
    wanted = list(dict.fromkeys(seeds))
    with Kept.at(state, client, named) as kept, _workers(executor, jobs, client, wanted) as workers:
        sweep = _Sweep(client, named, wanted, kept, workers, progress)
        return sweep.run()


class _InThisProcess(Executor):
    """Does at once what it is given, so that Ctrl-C ends it where it is."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do it."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class _Workers:
    """An executor, made anew where its processes have died and it is our own."""

    def __init__(self, make: Callable[[], Executor], width: int, is_own: bool) -> None:
        self.width = width
        """How many seeds are out at once."""
        self._make = make
        self._is_own = is_own
        self._executor = make()

    def __enter__(self) -> "_Workers":
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_own:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def submit(self, act: Callable[..., SeedResult], *args: Any) -> "Future[SeedResult]":
        """Give something out; to an executor that takes nothing any more it is lost."""
        try:
            return self._executor.submit(act, *args)
        except RuntimeError as error:  # also of processes that have died
            lost: Future[SeedResult] = Future()
            lost.set_exception(error)
            return lost

    def renew(self) -> None:
        """Make new processes, if they are our own; what was given to the old ones is lost."""
        if self._is_own:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._make()


def _workers(executor: Executor | None, jobs: int, client: ExploredClient, seeds: list[int]) -> _Workers:
    if executor is not None:
        return _Workers(lambda: executor, _AHEAD * _width_of(executor), is_own=False)
    if jobs == 1:
        return _Workers(_InThisProcess, 1, is_own=True)
    pool = partial(ProcessPoolExecutor, min(jobs, max(1, len(seeds))), mp_context=get_context("spawn"))
    return _Workers(pool, _AHEAD * jobs, is_own=True)


def _width_of(executor: Executor) -> int:
    """Return how many workers an executor has, as far as that can be known."""
    known = getattr(executor, "_max_workers", None)
    dask = getattr(executor, "_client", None)
    if isinstance(known, int):
        return known
    return sum(dask.ncores().values()) if dask is not None else os.cpu_count() or 1


class _Sweep:
    """Gives seeds out, and takes what comes of them."""

    def __init__(
        self,
        client: ExploredClient,
        faults: tuple[str, ...],
        seeds: list[int],
        kept: Kept,
        workers: _Workers,
        progress: Callable[[SweepProgress], None] | None,
    ) -> None:
        self._client = client
        self._faults = faults
        self._seeds = seeds
        self._kept = kept
        self._workers = workers
        self._progress = progress
        self._attempts: dict[int, int] = {}
        self._lost: dict[int, Lost] = {}
        self._suspects: deque[int] = deque()

    def run(self) -> Exploration:
        """Explore what is not done yet, the plain exchange first."""
        if PLAIN not in self._kept.results:
            self._explore(deque([PLAIN]))
        self._explore(deque(seed for seed in self._seeds if seed not in self._kept.results))
        wanted = [PLAIN, *self._seeds]
        results = tuple(self._kept.results[seed] for seed in wanted if seed in self._kept.results)
        return Exploration(results, tuple(sorted(self._lost.values(), key=lambda lost: lost.seed)))

    def _explore(self, waiting: deque[int]) -> None:
        out: dict[Future[SeedResult], int] = {}
        while waiting or out or self._suspects:
            self._give_out(waiting, out)
            done, _ = wait(out, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future, out.pop(future), waiting)

    def _give_out(self, waiting: deque[int], out: "dict[Future[SeedResult], int]") -> None:
        """Keep the workers busy; while it is not known which seed kills them, one at a time."""
        if self._suspects and not out:
            seed = self._suspects.popleft()
            out[self._submit(seed)] = seed
        while waiting and not self._suspects and len(out) < self._workers.width:
            seed = waiting.popleft()
            out[self._submit(seed)] = seed

    def _submit(self, seed: int) -> "Future[SeedResult]":
        if seed == PLAIN:
            return self._workers.submit(explore_plain, self._client)
        return self._workers.submit(explore_seed, self._client, seed, self._faults, self._known())

    def _known(self) -> tuple[str, ...]:
        plain = self._kept.results.get(PLAIN)
        return () if plain is None else tuple(law for breakage in plain.breakages for law in breakage.laws)

    def _take(self, future: "Future[SeedResult]", seed: int, waiting: deque[int]) -> None:
        """Keep what came of a seed; one that was lost with its worker is given out again, so many times."""
        try:
            self._kept.keep(future.result())
        except SimulatorError:
            raise
        except Exception as error:
            self._attempts[seed] = self._attempts.get(seed, 0) + 1
            is_dead = isinstance(error, BrokenProcessPool)
            if self._attempts[seed] == _ATTEMPTS:
                why = "the process that explored it died each time" if is_dead else f"{type(error).__name__}: {error}"
                self._lost[seed] = Lost(seed, why)
            elif is_dead:
                self._suspects.append(seed)
            else:
                waiting.append(seed)
            if is_dead:
                self._workers.renew()
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            results = [self._kept.results[seed] for seed in self._seeds if seed in self._kept.results]
            breakages = [breakage for result in results for breakage in result.breakages]
            venues = sum(result.venues for result in results)
            self._progress(SweepProgress(len(results), len(self._seeds), venues, len(causes_of(breakages))))
