"""An exchange that runs elsewhere, with the methods that one in this process has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from simulator.control.calls import (
    Advance,
    CheckResult,
    FailureInfo,
    NewClock,
    ProblemInfo,
    ReceivedQuery,
    Reset,
    Unchecked,
    Until,
    WaitResult,
)
from simulator.control.infos import FillInfo, OrderInfo, SentInfo
from simulator.control.times import moment, nanoseconds
from simulator.errors import Failure, Problem, UnmetExpectation
from simulator.journal.lines import JournalLine
from simulator.journal.queries import Received
from simulator.remote.calls import Calls
from simulator.testing.loops import PATIENCE
from simulator.testing.methods import ExchangeMethods

if TYPE_CHECKING:
    from simulator.scenario.words import ClockWords, ScenarioWords

__all__ = ["RemoteExchange"]


class RemoteExchange(ExchangeMethods):
    """A running exchange that is controlled over HTTP, or a world of it; also a context manager.

    It has what `simulator.testing.exchange.Exchange` has but for what is within it. A block around it that has gone
    well is held to what its scenario expects, and ends a world that was made by `world`.

    Args:
        url: the address: ``ws``, ``wss``, ``http`` or ``https``, as ``serve`` prints it or as a world has it.
        token: what the server asks of whoever controls it from another machine, if the address does not say it.
        ca_file: the authority to trust, in PEM, instead of the system's.
    """

    def __init__(self, url: str, *, token: str | None = None, ca_file: str | None = None) -> None:
        self._calls = Calls(url, token=token, ca_file=ca_file)
        self._is_own_world = False

    def world(
        self,
        scenario: str | Path | ScenarioWords | dict[str, Any] | None = None,
        *,
        name: str | None = None,
        seed: int | None = None,
        clock: ClockWords | None = None,
        catalogue: str | None = None,
        expect: bool | None = None,
    ) -> RemoteExchange:
        """Return a new world of the exchange, for one test: own books, own rules, own clock.

        Args:
            scenario: a file of this machine's, the name of a bundled one, or a dict; None for a plain exchange.
            name: what it is called; a name that nobody has, by default.
            seed: instead of the scenario's.
            clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``, instead of the scenario's.
            catalogue: ``default`` or ``reference``, instead of the scenario's.
            expect: whether what the scenario expects is verified; by default unless it is a bundled one, or one
                with both client and must.
        """
        told = {
            "name": name or f"world-{secrets.token_hex(4)}",
            **_scenario(scenario),
            "seed": seed,
            "clock": clock,
            "catalogue": catalogue,
            "expect": expect,
        }
        self._calls.ask("POST", "/worlds", {key: value for key, value in told.items() if value is not None})
        made = RemoteExchange(self._calls.at(told["name"]), token=self._calls.token, ca_file=self._calls.ca_file)
        made._is_own_world = True
        return made

    def stop(self) -> None:
        """End a world that was made by `world`, and its connections; nothing, for any other."""
        if self._is_own_world:
            self._is_own_world = False
            self._calls.ask("DELETE", f"/worlds/{self._calls.world}", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Hold a block that has gone well to what its scenario expects, as by `verify`; end its own world."""
        try:
            if kind is None:
                self.verify()
        finally:
            self.stop()

    def __repr__(self) -> str:
        return f"<Exchange {self.url}>"

    # What it is

    @property
    def url(self) -> str:
        """The address for clients, which the published client takes as its base URL."""
        return self._calls.url

    @property
    def seed(self) -> int:
        """The seed that everything random is drawn from."""
        return self.state.seed

    @property
    def clock(self) -> str:
        """The kind of clock: ``real``, ``scaled``, ``instant`` or ``manual``."""
        clock = self.state.clock
        return clock if isinstance(clock, str) else "scaled"

    @property
    def now(self) -> int:
        """The exchange's time in nanoseconds since 1970."""
        return moment(self.state.now)

    def journal_since(self, line: int) -> list[JournalLine]:
        """Return what has happened behind a line of the journal."""
        return [JournalLine(**entry) for entry in self._calls.journal(line)]

    # What a test does

    def _pass_time(self, time: str | int | timedelta | None, to: str | None, next: bool, timeout: float) -> str:
        by = time if time is None or isinstance(time, str) else f"{nanoseconds(time)}ns"
        now: str = self._make("advance", Advance(by, to, next), patience=timeout).now
        return now

    def set_clock(self, clock: ClockWords) -> None:
        """Go on by another clock: ``real``, ``instant``, ``manual`` or ``{"scaled": 20}``."""
        said: Any = clock
        self._make("clock", NewClock(said))

    def reset(
        self,
        scenario: str | Path | ScenarioWords | dict[str, Any] | None = None,
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
        said: Any = clock
        self._make(
            "reset",
            Reset(**_scenario(scenario), seed=seed, clock=said, expect=expect, keep_connections=keep_connections),
        )

    # What a test expects

    def verify(self) -> None:
        """Raise `simulator.errors.UnmetExpectation` for what is expected and is not so.

        That is the scenario's ``expect``, its rules that are ``required``, requests without a rule if it is ``strict``,
        and mistakes of the simulator's own.
        """
        verdict: CheckResult = self._make("verify")
        if not verdict.passed:
            raise self._unmet(list(map(_failure, verdict.failures)))

    def check(self, scenario: str | Path | ScenarioWords | dict[str, Any]) -> tuple[Problem, ...]:
        """Return everything that is wrong with a scenario."""
        problems: list[ProblemInfo] = self._make("check", Unchecked(**_scenario(scenario))).problems
        return tuple(Problem(**msgspec.structs.asdict(problem)) for problem in problems)

    def transcript(self) -> str:
        """Return what a report of a failed test ends with, in lines: the last messages, the seed and the clock."""
        text: str = self._make("transcript").text
        return text

    # Calls

    def _make(self, name: str, body: msgspec.Struct | None = None, part: str = "", patience: float = PATIENCE) -> Any:
        return self._calls.make(name, body, part, patience)

    def _await(self, name: str, body: ReceivedQuery | Until, is_over: Callable[[], bool] = bool) -> list[Any]:
        result = self._ask(name, body)
        if isinstance(result.failure, FailureInfo):
            raise self._unmet([_failure(result.failure)])
        kind = _found_by(body)
        return [msgspec.convert(one, kind) for one in result.found]

    def _ask(self, name: str, body: ReceivedQuery | Until) -> WaitResult:
        result: WaitResult = self._make(name, body, patience=body.timeout + PATIENCE)
        return result

    def _wake(self) -> None:
        """Nobody looks: the server answers when it is over."""

    def _nearest(self, query: ReceivedQuery) -> str:
        failure = self._ask("received", ReceivedQuery(query.when)).failure
        return failure.details if isinstance(failure, FailureInfo) else ""

    def _unmet(self, failures: list[Failure]) -> UnmetExpectation:
        return UnmetExpectation(failures, self.transcript())


def _found_by(query: ReceivedQuery | Until) -> type[msgspec.Struct]:
    """Return what a wait finds."""
    if isinstance(query, ReceivedQuery):
        return Received
    return OrderInfo if query.order is not None else FillInfo if query.fill is not None else SentInfo


def _failure(info: FailureInfo) -> Failure:
    return Failure(info.place, info.text, info.details)


def _scenario(scenario: Any) -> dict[str, Any]:
    """Return how a call says a scenario: a file as its text, a name or data as they are."""
    if scenario is None:
        return {}
    if isinstance(scenario, Path) or (isinstance(scenario, str) and scenario.endswith((".yaml", ".yml"))):
        return {"yaml": Path(scenario).read_text(encoding="utf-8")}
    return {"scenario": scenario}
