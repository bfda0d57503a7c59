"""An exchange for one test: a server in a thread of its own, with everything a test may want to see or do."""

import asyncio
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from simulator.catalogue import Catalogue
from simulator.catalogue import load as load_catalogue
from simulator.control.doing import do, known_to, refuse
from simulator.control.expectations import standing, unmet
from simulator.errors import Failure, SimulatorError, UnmetExpectation
from simulator.exchange.orders import Order
from simulator.gateway import replies
from simulator.journal.journal import JournalEntry
from simulator.journal.queries import Received, context, explain, received
from simulator.scenario import Loaded, Scenario, load
from simulator.scenario.amounts import duration
from simulator.scenario.loader import parse_rules, parse_when
from simulator.server import Server, Settings
from simulator.server.clocks import by_the_wall
from simulator.simulation import Simulation
from simulator.wire.replies import BookLevel, FillDetails, OrderDetails

__all__ = ["Exchange"]

_T = TypeVar("_T")
_PATIENCE = 10.0
"""How many seconds of the wall's time a test waits for the exchange's thread to do what it asks."""


class Exchange:
    """A running exchange, used as a context manager or through the ``exchange`` fixture.

    Its methods may be called from any thread, from a sync test or an async one; they return when the exchange has
    done what they ask.

    Args:
        scenario: a file, a bundled name, a dict, or one that is loaded; None for a plain exchange.
        seed: instead of the scenario's.
        clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``, instead of the scenario's.
        catalogue: instead of the scenario's: a bundled name, a file, or one that is loaded.
        port: where to listen; 0 for any free port.
        settings: the server's bounds.
    """

    def __init__(
        self,
        scenario: str | Path | dict[str, Any] | Loaded | None = None,
        *,
        seed: int | None = None,
        clock: str | dict[str, Any] | None = None,
        catalogue: Catalogue | str | Path | None = None,
        port: int = 0,
        settings: Settings | None = None,
    ) -> None:
        self._news = threading.Condition()
        self._heard = 0
        if catalogue is not None and not isinstance(catalogue, Catalogue):
            catalogue = load_catalogue(catalogue)
        if not isinstance(scenario, Loaded):
            scenario = load({} if scenario is None else scenario, catalogue=catalogue)
        self.loaded = scenario
        start = time.time_ns() if by_the_wall(self.loaded.scenario, clock) else None
        self.simulation = Simulation(self.loaded, seed=seed, clock=clock, catalogue=catalogue, start=start)
        self.server = Server(
            self.simulation, port=port, settings=settings or Settings(close_timeout=0.2), watch=self._wake
        )
        self.told = ""
        """What the last failure that was found here says of what happened."""
        self._began = self.simulation.now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # Running

    def start(self) -> Self:
        """Start serving, unless it does already."""
        if self._loop is not None:
            return self
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="exchange", daemon=True)
        self._thread.start()
        started.result(_PATIENCE)
        return self

    def stop(self) -> None:
        """Close every connection and stop; nothing is left of the thread."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, started: "Future[None]") -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: "Future[None]") -> None:
        self._stopping = asyncio.Event()
        try:
            await self.server.start()
        except BaseException as error:
            started.set_exception(error)
            return
        self._loop = asyncio.get_running_loop()
        started.set_result(None)
        await self._stopping.wait()
        await self.server.close(patience=0.0)

    def _call(self, act: Callable[[], _T]) -> _T:
        """Do something in the exchange's own thread, send what comes of it, and return its result."""
        if self._loop is None:
            raise SimulatorError("the exchange is not running")
        done: Future[_T] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except BaseException as error:
                done.set_exception(error)
            self.server.world.flush()

        self._loop.call_soon_threadsafe(run)
        return done.result(_PATIENCE)

    def _wake(self, entry: JournalEntry, world: str = "") -> None:
        if entry[2] == "in":
            with self._news:
                self._heard += 1
                self._news.notify_all()

    # What it is

    @property
    def url(self) -> str:
        """The address: ``ws://127.0.0.1:PORT``, which the published client takes as its base URL."""
        return self.server.url

    @property
    def scenario(self) -> Scenario:
        """The scenario that it plays."""
        return self.simulation.scenario

    @property
    def seed(self) -> int:
        """The seed that everything random is drawn from."""
        return self.simulation.seed

    @property
    def clock(self) -> str:
        """The kind of clock: ``real``, ``scaled``, ``instant`` or ``manual``."""
        clock = self.simulation.scenario.clock
        return clock if isinstance(clock, str) else "scaled"

    @property
    def now(self) -> int:
        """The exchange's time in nanoseconds since 1970."""
        return self._call(self.server.world.now)

    # What has happened

    @property
    def orders(self) -> list[OrderDetails]:
        """Every order that is kept, oldest first, as GetOrderDetails tells it; ``params`` as data."""
        return self._call(lambda: [_details(order) for order in self.simulation.venue.orders.values()])

    @property
    def fills(self) -> list[FillDetails]:
        """Every fill that is kept, oldest first, as GetFillDetails tells it."""
        return self._call(self._read_fills)

    def _read_fills(self) -> list[FillDetails]:
        venue, fill_ids = self.simulation.venue, self.simulation.gateway.fill_ids
        return [
            replies.fill_details(fill, fill_ids.text(fill.number), venue.instruments[fill.target].digits)
            for fill in venue.fills
        ]

    def book(self, product: str) -> dict[str, list[BookLevel]]:
        """Return a product's book by name or id: ``buy`` and ``sell``, best first.

        Raises `simulator.errors.ScenarioError` for a product that there is not, with the nearest that there is.
        """
        return self._call(lambda: self._read_book(product))

    def _read_book(self, product: str) -> dict[str, list[BookLevel]]:
        refuse(known_to(self.simulation).listing(product, ("book",)))
        listing = self.simulation.catalogue.tradable_product(product)
        assert listing is not None  # noqa: S101 - refuse() has seen to it
        instrument = self.simulation.gateway.instrument(listing)
        buy, sell = replies.book_levels([instrument], instrument.tick)
        return {"buy": buy, "sell": sell}

    @property
    def journal(self) -> list[JournalEntry]:
        """Everything that has happened, as `simulator.journal.journal` describes it."""
        return self._call(lambda: list(self.simulation.journal))

    # What a test does

    def advance(self, time: str | int | timedelta) -> None:
        """Let time pass on a clock that stands: ``"250ms"``, a timedelta, or an integer of nanoseconds.

        Returns when all that was due has been written out. Raises `SimulatorError` on a clock that goes by itself.
        """
        if self.clock != "manual":
            raise SimulatorError(
                f"time is told to pass only on a manual clock, and this one is {self.clock}: "
                "say @pytest.mark.exchange(clock='manual')"
            )
        nanoseconds = _nanoseconds(time)
        if nanoseconds < 0:
            raise SimulatorError(f"time only goes on, so expected 0 or more, got {time!r}")
        self._call(lambda: self.server.world.advance(nanoseconds))

    def release(self, name: str) -> None:
        """Let go on whatever a rule holds under a name; raises `SimulatorError` for one that no rule holds."""
        self.do({"release": name})

    def do(self, *steps: str | dict[str, Any]) -> None:
        """Do anything that a rule's step can do: ``exchange.do({"trade": {...}})``.

        A step about an order says which: ``{"fill": {"order": "last", "quantity": "40%"}}``, or ``all``, or an id.
        Raises `SimulatorError` for a step that is none, that needs a request, that names what there is not, or that
        could not be done; of what comes after a ``delay`` or a ``hold``, the journal alone tells.
        """
        self._call(lambda: do(self.simulation, steps))

    def set_rules(self, rules: list[dict[str, Any]]) -> None:
        """Replace the scenario's rules; their counters begin anew."""
        parsed = parse_rules(rules)
        self._call(lambda: self.simulation.set_rules(parsed))

    def close_connections(self, code: int = 1012, reason: str = "") -> None:
        """Close every connection with a code."""
        self.do({"disconnect": {"code": code, "reason": reason, "session": "all"}})

    # What a test expects

    def received(self, **when: Any) -> list[Received]:
        """Return the requests that have come and match: ``exchange.received(request="SendLimitOrder", dir="Buy")``.

        The words are those of a rule's ``when``. Raises `simulator.errors.ScenarioError` for a word that is none.
        """
        wanted = parse_when(when)
        return self._call(lambda: received(self.simulation.journal, wanted, self.simulation.catalogue))

    def wait_for(self, *, count: int = 1, timeout: float = 5.0, **when: Any) -> list[Received]:
        """Wait until so many matching requests have come, and return them.

        ``timeout`` is in seconds of the wall's time. Raises `simulator.errors.UnmetExpectation` when it is over,
        with the nearest request that did come. In an async test, `until` does the same without blocking the loop.
        """
        if asyncio._get_running_loop() is not None:  # the one question that does not raise
            raise SimulatorError("wait_for() would block the loop that the client runs on: await exchange.until(...)")
        return self._wait(count, timeout, when)

    async def until(self, *, count: int = 1, timeout: float = 5.0, **when: Any) -> list[Received]:  # noqa: ASYNC109 - the same words as wait_for
        """Wait until so many matching requests have come, and return them; on asyncio or trio."""
        if asyncio._get_running_loop() is not None:
            return await asyncio.to_thread(self._wait, count, timeout, when)
        import trio

        return await trio.to_thread.run_sync(self._wait, count, timeout, when)

    def _wait(self, count: int, timeout: float, when: dict[str, Any]) -> list[Received]:
        deadline = time.monotonic() + timeout
        while True:
            heard = self._heard
            found = self.received(**when)  # by the exchange's thread, which takes the lock for each request itself
            if len(found) >= count:
                return found
            if not self._hears_more(heard, deadline):
                break
        text = f"expected {count} of {when} within {timeout} s, got {len(found)}"
        raise self._unmet_expectation(text, when)

    def _hears_more(self, heard: int, deadline: float) -> bool:
        """Wait until more has been heard than so many requests; return False if the deadline comes before."""
        with self._news:
            return self._news.wait_for(lambda: self._heard != heard, deadline - time.monotonic())

    def never(self, **when: Any) -> None:
        """Expect that no matching request has come; raises `simulator.errors.UnmetExpectation` if one has."""
        found = self.received(**when)
        if found:
            raise self._unmet_expectation(f"expected never {when}, got {len(found)}; first: {found[0]}", None)

    def _unmet_expectation(self, text: str, when: dict[str, Any] | None) -> UnmetExpectation:
        wanted = None if when is None else parse_when(when)

        def explained() -> tuple[str, str]:
            simulation = self.simulation
            details = "" if wanted is None else explain(simulation.journal, wanted, simulation.catalogue)
            return details, self._what_happened()

        details, self.told = self._call(explained)
        return UnmetExpectation([Failure("exchange", text, details)], self.told)

    def unmet(self) -> str | None:
        """Return a report of what is expected and is not so, and of what failed inside; None if all is well."""
        failures, what_happened = self._call(self._judge)
        if not failures:
            return None
        self.told = what_happened
        return str(UnmetExpectation(failures, what_happened))

    def transcript(self) -> str:
        """Return what a report of a failed test ends with, in lines: the last messages, the seed and the clock.

        An exchange that has been stopped tells it too.
        """
        return self._what_happened() if self._loop is None else self._call(self._what_happened)

    def _what_happened(self) -> str:
        return f"{context(self.simulation.journal, self.seed)}\n{standing(self.simulation, self._began)}"

    def _judge(self) -> tuple[list[Failure], str]:
        failures = unmet(self.simulation, self.loaded)
        failures += [
            Failure("exchange", f"the simulator itself failed: {error!r}", "".join(traceback.format_exception(error)))
            for error in self.server.errors
        ]
        return failures, self._what_happened()


def _details(order: Order) -> OrderDetails:
    details = replies.order_details(order)
    try:
        params = msgspec.json.decode(details.params)
    except (msgspec.DecodeError, RecursionError):  # the exchange only hands it back
        params = bytes(details.params).decode()
    return msgspec.structs.replace(details, params=params)


def _nanoseconds(time: str | int | timedelta) -> int:
    if isinstance(time, timedelta):
        return time // timedelta(microseconds=1) * 1000
    if isinstance(time, int):
        return time
    if isinstance(time, str):
        try:
            return duration(time)
        except ValueError as error:
            raise SimulatorError(str(error)) from None
    raise SimulatorError(f"expected a time such as '250ms', a timedelta or whole nanoseconds, got {time!r}")
