"""The battery: every case for one client, and the verdicts in their order."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from simulator.catalogue import Catalogue, load
from simulator.certification.adapters import Adapter, ClassAdapter, is_async
from simulator.certification.case import Case
from simulator.certification.cases import CASES
from simulator.certification.evidence import ClientBounds
from simulator.certification.ground import Ground
from simulator.certification.judge import Verdict, judge
from simulator.certification.laws import Law
from simulator.certification.run import run_in_real_time, run_in_virtual_time
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError

__all__ = [
    "JOBS",
    "adapted",
    "certify",
    "certify_over_sockets",
    "chosen",
    "judged_over_sockets",
    "runs_on_a_loop",
    "takes_too_long",
]

JOBS = 32
"""How many cases are run at once by the wall's clock, unless it is said."""


_LONGEST = 900.0


def takes_too_long(case: Case, pace: float) -> bool:
    """Tell whether a case lasts a quarter of an hour by the wall's clock: then it is run if it is asked for alone."""
    return case.length / pace > _LONGEST


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
    bounds: ClientBounds | None = None,
    laws: Iterable[Law] | None = None,
    pace: float = 1.0,
    jobs: int = JOBS,
) -> Iterator[Verdict]:
    """Yield what comes of each case for a client that is an object in Python.

    Args:
        make_client: makes a new client, with the methods of `simulator.certification.AsyncClient`, for each case.
        cases: which; all by default, but for a client that is not async those that last long at that pace.
        catalogue: what the exchange trades: a bundled name, a file, or one that is loaded.
        product: what the client is asked to trade, and ``account`` for which; a busy market and the first account by
            default.
        seed: what is random at the venue is drawn from it.
        bounds: what the client is held to.
        laws: by which it is judged; all by default.
        pace: for a client that is not async, and so runs by the wall's clock: how many seconds of the exchange's time
            one of the wall's is.
        jobs: for such a client: how many cases are run at once.

    An async client runs in virtual time: waiting takes none. Whatever the client does wrong is in the verdicts.
    """
    ground = Ground.of(_loaded(catalogue), product, account)
    held = bounds or ClientBounds()
    make_adapter = adapted(make_client)
    if runs_on_a_loop(make_client):
        for case in CASES if cases is None else cases:
            yield judge(case, seed, run_in_virtual_time(case, make_adapter, ground, seed, held), laws)
    else:
        options = {"seed": seed, "bounds": held, "laws": laws, "pace": pace, "jobs": jobs}
        short = (case for case in CASES if not takes_too_long(case, pace))
        yield from judged_over_sockets(make_adapter, short if cases is None else cases, ground, **options)


def judged_over_sockets(
    make_adapter: Callable[[], Adapter], cases: Iterable[Case], ground: Ground, **options: Any
) -> list[Verdict]:
    """Run cases by the wall's clock on a loop of their own, with the options of `certify_over_sockets`."""
    return asyncio.run(certify_over_sockets(make_adapter, cases, ground, **options))


async def certify_over_sockets(
    make_adapter: Callable[[], Adapter],
    cases: Iterable[Case],
    ground: Ground,
    *,
    seed: int = 0,
    bounds: ClientBounds | None = None,
    laws: Iterable[Law] | None = None,
    pace: float = 1.0,
    jobs: int = JOBS,
    done: Callable[[Verdict], None] = lambda verdict: None,
) -> list[Verdict]:
    """Run cases by the wall's clock, ``jobs`` of them at once; ``done`` is told of each verdict as it comes."""
    free = asyncio.Semaphore(jobs)
    held = bounds or ClientBounds()

    async def one(case: Case) -> Verdict:
        async with free:
            evidence = await run_in_real_time(case, make_adapter, ground, seed, held, pace)
        verdict = judge(case, seed, evidence, laws)
        done(verdict)
        return verdict

    return list(await asyncio.gather(*(one(case) for case in cases)))


def adapted(make_client: Callable[[], Any]) -> Callable[[], Adapter]:
    """Return what makes an adapter around a new client; the calls of one that blocks go to a thread."""

    def make() -> Adapter:
        client = make_client()
        return ClassAdapter(client) if is_async(client) else ClassAdapter(client, _in_own_thread)

    return make


def runs_on_a_loop(make_client: Callable[[], Any]) -> bool:
    """Tell whether a new client would be async; one that cannot be made is found to be so by the cases."""
    if isinstance(make_client, type):
        return is_async(make_client)
    with contextlib.suppress(Exception, SystemExit):
        return is_async(make_client())
    return True


async def _in_own_thread(method: Callable[..., Any], *args: Any) -> Any:
    """Call what may block for ever, in a thread that holds nobody up at the end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def tell(outcome: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_result(outcome) if error is None else done.set_exception(error)

    def run() -> None:
        outcome: Any = None
        wrong: BaseException | None = None
        try:
            outcome = method(*args)
        except StopIteration as error:  # no future takes it
            wrong = RuntimeError("it raised StopIteration").with_traceback(error.__traceback__)
        except BaseException as error:
            wrong = error
        with contextlib.suppress(RuntimeError):  # nobody waits for it any more
            loop.call_soon_threadsafe(tell, outcome, wrong)

    threading.Thread(target=run, name="client", daemon=True).start()
    return await done


def _loaded(catalogue: Catalogue | str | None) -> Catalogue:
    return catalogue if isinstance(catalogue, Catalogue) else load(catalogue or "default")
