"""What came of a replay."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from simulator.errors import Failure, SimulatorError, UnmetExpectation
from simulator.journal.journal import Journal
from simulator.journal.queries import context
from simulator.replay.client import Client

__all__ = ["ReplayVerdict", "Result", "Unreachable", "result_of"]

ReplayVerdict = Literal["passed", "failed", "wrong", "skipped", "unreachable"]


class Unreachable(SimulatorError):
    """An endpoint to which no connection could be made."""


class Result(msgspec.Struct, frozen=True):
    """What came of one replay of one scenario, or why there was none.

    ``seed`` is the one that was used, if one was, and ``run`` counts the replays of the scenario from 0; ``steps`` is
    how many of the client's steps were done; ``elapsed`` is the scenario's time in nanoseconds, ``seconds`` the wall's;
    ``failures`` say why it did not pass, ``context`` what happened last, in lines; ``names`` are what the script's
    names stood for.
    """

    source: str
    name: str
    verdict: ReplayVerdict
    seed: int | None = None
    run: int = 0
    steps: int = 0
    elapsed: int = 0
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    context: str = ""
    names: dict[str, Any] = {}
    journal: Journal = msgspec.field(default_factory=Journal)

    def check(self) -> None:
        """Raise `UnmetExpectation` with the failures, if there are any."""
        if self.failures:
            raise UnmetExpectation(self.failures, self.context)


def result_of(client: Client, failures: Iterable[Failure], journal: Journal, seed: int, elapsed: int) -> Result:
    """Return what came of a client's script; the journal may grow on."""
    failures = tuple(failures)
    return Result(
        client.loaded.source,
        client.loaded.name,
        "failed" if failures else "passed",
        seed,
        steps=client.steps_done,
        elapsed=elapsed,
        failures=failures,
        context=context(journal, seed) if failures else "",
        names=client.names,
        journal=journal,
    )
