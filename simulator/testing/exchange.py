"""An exchange for one test: a server in a thread of its own, with everything a test may want to see or do."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from simulator.catalogue import Catalogue
from simulator.catalogue import load as load_catalogue
from simulator.control import Control
from simulator.control.calls import CALLS, ReceivedQuery, Until
from simulator.control.waits import WaitCondition
from simulator.decimals import text_of_amount
from simulator.errors import Failure, Problem, SimulatorError, UnmetExpectation
from simulator.journal.lines import JournalLine
from simulator.journal.queries import Miss, context
from simulator.scenario import Loaded, Scenario, load
from simulator.scenario.values import decoded
from simulator.server import Server, Settings
from simulator.simulation import Simulation, by_the_wall
from simulator.testing.methods import ExchangeMethods
from simulator.testing.started import watchers
from simulator.testing.thread import News, ServerThread
from simulator.times import text_of_time

if TYPE_CHECKING:
    from simulator.scenario.words import ClockWords, ScenarioWords
    from simulator.server.tls import OwnCertificate

__all__ = ["Exchange"]

_T = TypeVar("_T")
_CALLS = {call.name: call for call in CALLS}


class Exchange(ExchangeMethods):
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
        tls: whether it is reached by ``wss``; clients trust `ca_file` then. Needs the extra ``tls``.
        expect: whether what the scenario expects in the end is verified; by default it is, unless the scenario is a
            bundled one, or has both a client of its own and ``must`` for others. What any client ``must`` do always is.
    """

    def __init__(
        self,
        scenario: str | Path | ScenarioWords | dict[str, Any] | Loaded | None = None,
        *,
        seed: int | None = None,
        clock: ClockWords | None = None,
        catalogue: Catalogue | str | Path | None = None,
        port: int = 0,
        settings: Settings | None = None,
        tls: bool = False,
        expect: bool | None = None,
    ) -> None:
        self._certificate = _certificate() if tls else None
        simulation = _simulation(scenario, seed, clock, catalogue, expect)
        if simulation.notice is not None:
            warnings.warn(simulation.notice, stacklevel=2)
        self._news = News()
        self.server = Server(
            simulation,
            port=port,
            settings=settings or Settings(close_timeout=0.2),
            watch=lambda entry, world="": self._news.spread(),
            tls=None if self._certificate is None else self._certificate.context,
        )
        self.is_judged = False
        """Whether the end of a block or a test has held it to what its scenario expects."""
        self.told = ""
        """What the last failure that was found here says of what happened."""
        self._control = Control(self.server)
        self._thread = ServerThread(self.server, self._so_far)
        self._ca_file: str | None = None

    # Running

    def start(self) -> Self:
        """Start serving, unless it does already."""
        if not self.is_running:
            self._thread.start()
            if self._certificate is not None:
                descriptor, self._ca_file = tempfile.mkstemp(prefix="exchange-", suffix=".pem")
                with open(descriptor, "wb") as file:
                    file.write(self._certificate.authority)
            for watch in watchers:
                watch(self)
        return self

    def stop(self) -> None:
        """Close every connection and stop; nothing is left of the thread. What happened can still be asked."""
        self._thread.stop()
        ca_file, self._ca_file = self._ca_file, None
        if ca_file is not None:
            os.unlink(ca_file)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stop; a block that has gone well is held to what its scenario expects, as by `verify`."""
        is_judged, self.is_judged = self.is_judged, True
        try:
            if kind is None and not is_judged:
                self.verify()
        finally:
            self.stop()

    def keep_books(self) -> None:
        """Keep from now on how books stand after each thing that happens, for a report of what happened."""
        self._call(lambda: self.simulation.keep_books())

    def _call(self, act: Callable[[], _T], timeout: float | None = None) -> _T:
        return self._thread.call(act, timeout)

    def _make(self, name: str, body: msgspec.Struct | None = None, part: str = "") -> Any:
        call = _CALLS[name]
        said = call.takes() if body is None else body

        def act() -> Any:
            return call.make(self._control, said, part)

        return self._call(act) if call.changes else self._ask(act)

    def _ask(self, question: Callable[[], _T]) -> _T:
        """Return the answer to a question, which an exchange that has been stopped answers too."""
        return self._thread.call(question) if self._thread.is_running else question()

    def _so_far(self, timeout: float) -> str:
        """Return what has happened while the exchange does not answer, as far as another thread can tell."""
        simulation = self.simulation
        journal = simulation.journal.copy()
        reached = f"+{text_of_amount(simulation.now - simulation.began)} s"
        return (
            f"the exchange is not done within {timeout:g} s of the wall's time, and goes on: it has come to {reached} "
            f"of its own and to line {journal.written} of its journal\n{context(journal, self.seed)}"
        )

    # What it is

    @property
    def is_running(self) -> bool:
        """Whether clients can reach it."""
        return self._thread.is_running

    def __repr__(self) -> str:
        where = self.url if self.is_running else "not running"
        return f"<Exchange {where}, clock {self.clock}, seed {self.seed}>"

    @property
    def url(self) -> str:
        """The address: ``ws://127.0.0.1:PORT``, which the published client takes as its base URL."""
        return self.server.url

    @property
    def ca_file(self) -> str:
        """The file, in PEM, of the authority that a client is to trust, for as long as the exchange runs.

        ``ssl.create_default_context(cafile=exchange.ca_file)``. Raises `SimulatorError` without ``tls=True``.
        """
        if self._ca_file is None:
            missing = "is not running" if self._certificate is not None else "is reached by ws: say tls=True"
            raise SimulatorError(f"ca_file: the exchange {missing}")
        return self._ca_file

    @property
    def simulation(self) -> Simulation:
        """The world that is served; another one after `reset`."""
        return self.server.simulation

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
        return self._ask(self.server.world.now)

    def journal_since(self, line: int) -> list[JournalLine]:
        """Return what has happened behind a line of the journal."""
        return [_decoded(entry) for entry in self._ask(lambda: self._control.journal(line))]

    # What a test does

    def _pass_time(self, time: str | int | timedelta | None, to: str | None, next: bool, timeout: float) -> str:
        nanoseconds = self._call(lambda: self._control.time_to_pass(time, to=to, next=next))
        self._thread.run(self.server.world.pass_time(nanoseconds), timeout)
        return text_of_time(self.now)

    def set_clock(self, clock: ClockWords) -> None:
        """Go on by another clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``."""
        self._call(lambda: self._control.set_clock(clock))

    def reset(
        self,
        scenario: str | Path | ScenarioWords | dict[str, Any] | Loaded | None = None,
        *,
        seed: int | None = None,
        clock: ClockWords | None = None,
        expect: bool | None = None,
        keep_connections: bool = False,
    ) -> None:
        """Begin anew, as it began but for what is said: books, ids, rules, what was received, the journal.

        Connections are closed with 1012. Those that are kept are as if they had just been opened: without
        subscriptions, and without another hello.
        """
        self._call(
            lambda: self._control.reset(
                scenario, seed=seed, clock=clock, expect=expect, keep_connections=keep_connections
            )
        )

    # What a test expects

    def _await(self, name: str, body: ReceivedQuery | Until, is_over: Callable[[], bool] = bool) -> list[Any]:
        wait: WaitCondition[Any] = self._make(name, body)
        found = self._news.wait(lambda: self._ask(lambda: wait.ask().at_once()), body.timeout, is_over)
        if found is None:
            raise self._unmet([self._ask(lambda: wait.failure(f"{body.timeout} s").at_once())])
        return found

    def _wake(self) -> None:
        self._news.spread()

    def _nearest(self, query: ReceivedQuery) -> Miss | None:
        return self._ask(lambda: self._control.nearest_miss(**query.when))

    def verify(self) -> None:
        """Raise `simulator.errors.UnmetExpectation` for what is expected and is not so.

        That is the scenario's ``must`` and ``expect``, its rules that are ``required``, requests without a rule if it
        is ``strict``, and mistakes of the simulator's own. The end of a ``with`` block, and of a test, does so too.
        """
        failures = self._ask(self._control.verify)
        if failures:
            raise self._unmet(failures)

    def check(self, scenario: str | Path | ScenarioWords | dict[str, Any]) -> tuple[Problem, ...]:
        """Return everything that is wrong with a scenario."""
        return self._control.check(scenario)

    def transcript(self) -> str:
        """Return what a report of a failed test ends with, in lines: the last messages, the seed and the clock.

        An exchange that has been stopped tells it too.
        """
        return self._ask(self._control.transcript)

    def _unmet(self, failures: list[Failure]) -> UnmetExpectation:
        self.told = self.transcript()
        return UnmetExpectation(failures, self.told)


def _simulation(
    scenario: str | Path | ScenarioWords | dict[str, Any] | Loaded | None,
    seed: int | None,
    clock: ClockWords | None,
    catalogue: Catalogue | str | Path | None,
    expect: bool | None,
) -> Simulation:
    """Return the world that a test asks for."""
    if catalogue is not None and not isinstance(catalogue, Catalogue):
        catalogue = load_catalogue(catalogue)
    if not isinstance(scenario, Loaded):
        scenario = load({} if scenario is None else scenario, catalogue=catalogue, now=time.time_ns())
    scenario = scenario.expecting(expect)
    start = time.time_ns() if by_the_wall(scenario.scenario, clock) else None
    return Simulation(scenario, seed=seed, clock=clock, catalogue=catalogue, start=start)


def _certificate() -> OwnCertificate:
    from simulator.server.tls import own_certificate

    return own_certificate()


def _decoded(line: JournalLine) -> JournalLine:
    """Return a line with its message as data."""
    if not isinstance(line.data, msgspec.Raw):
        return line
    try:
        return msgspec.structs.replace(line, data=decoded(bytes(line.data)))
    except ValueError:  # nested deeper, or a number longer, than Python reads
        return msgspec.structs.replace(line, data=bytes(line.data).decode())
