"""The battery: every case for one client, and the verdicts in their order."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from simulator.catalogue import Catalogue, load
from simulator.certification.adapters import Adapter, ClassAdapter, is_async
from simulator.certification.case import Case
from simulator.certification.cases import CASES
from simulator.certification.evidence import Bounds
from simulator.certification.ground import Ground
from simulator.certification.judge import Verdict, judge
from simulator.certification.laws import Law
from simulator.certification.run import run_in_real_time, run_in_virtual_time
from simulator.errors import SimulatorError, nearest

__all__ = ["adapted", "certify", "certify_over_sockets", "chosen"]


def chosen(names: Iterable[str] = ()) -> list[Case]:
    """Return the cases of some names, or of some families, in the battery's order; all of them for no name.

    Raises `SimulatorError` for a name that no case and no family has, with the nearest that one has.
    """
    wanted = set(names)
    known = {case.name for case in CASES} | {case.family for case in CASES}
    for name in sorted(wanted - known):
        raise SimulatorError(f"there is no case {name!r}{nearest(name, known)}")
    return [case for case in CASES if not wanted or case.name in wanted or case.family in wanted]


def certify(
    make_client: Callable[[], Any],
    *,
    cases: Iterable[Case] | None = None,
    catalogue: Catalogue | str | None = None,
    product: str | None = None,
    account: str | None = None,
    seed: int = 0,
    bounds: Bounds | None = None,
    laws: Iterable[Law] | None = None,
    pace: float = 1.0,
) -> Iterator[Verdict]:
    """Yield what comes of each case for a client that is an object in Python.

    Args:
        make_client: makes a new client, with the methods of `simulator.certification.AsyncClient`, for each case.
        cases: which; all by default.
        catalogue: what the exchange trades: a bundled name, a file, or one that is loaded.
        product: what the client is asked to trade, and ``account`` for which; a busy market and the first account by
            default.
        seed: what is random at the venue is drawn from it.
        bounds: what the client is held to.
        laws: by which it is judged; all by default.
        pace: for a client that is not async, and so runs by the wall's clock: how many seconds of the exchange's time
            one of the wall's is.

    An async client runs in virtual time: waiting takes none. Whatever the client does wrong is in the verdicts.
    """
    ground = Ground.of(_loaded(catalogue), product, account)
    held = bounds or Bounds()
    for case in CASES if cases is None else cases:
        make_adapter = adapted(make_client)
        if is_async(_class_of(make_client)):
            evidence = run_in_virtual_time(case, make_adapter, ground, seed, held)
        else:
            evidence = asyncio.run(run_in_real_time(case, make_adapter, ground, seed, held, pace))
        yield judge(case, seed, evidence, laws)


async def certify_over_sockets(
    make_adapter: Callable[[], Adapter],
    cases: Iterable[Case],
    ground: Ground,
    *,
    seed: int = 0,
    bounds: Bounds | None = None,
    pace: float = 1.0,
    jobs: int = 1,
    done: Callable[[Verdict], None] = lambda verdict: None,
) -> list[Verdict]:
    """Run cases by the wall's clock, ``jobs`` of them at once; ``done`` is told of each verdict as it comes."""
    free = asyncio.Semaphore(jobs)
    held = bounds or Bounds()

    async def one(case: Case) -> Verdict:
        async with free:
            evidence = await run_in_real_time(case, make_adapter, ground, seed, held, pace)
        verdict = judge(case, seed, evidence)
        done(verdict)
        return verdict

    return list(await asyncio.gather(*(one(case) for case in cases)))


def adapted(make_client: Callable[[], Any]) -> Callable[[], Adapter]:
    """Return what makes an adapter around a new client; the calls of one that blocks go to a thread."""

    def make() -> Adapter:
        client = make_client()
        return ClassAdapter(client) if is_async(client) else ClassAdapter(client, asyncio.to_thread)

    return make


def _class_of(make_client: Callable[[], Any]) -> Any:
    """Return what has the client's methods, without making one if that can be avoided."""
    return make_client if isinstance(make_client, type) else make_client()


def _loaded(catalogue: Catalogue | str | None) -> Catalogue:
    return catalogue if isinstance(catalogue, Catalogue) else load(catalogue or "default")
