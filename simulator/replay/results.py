"""What came of a replay."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from simulator.errors import Failure, SimulatorError, UnmetExpectation
from simulator.journal.journal import Journal
from simulator.journal.queries import context
from simulator.replay.client import Client
from simulator.scenario.loader import Loaded

__all__ = ["Result", "Unreachable", "result_of"]


class Unreachable(SimulatorError):
    """An endpoint to which no connection could be made."""


class Result(msgspec.Struct, frozen=True):
    """What came of one replay.

    ``names`` are what the script's names stood for, ``elapsed`` is the scenario's time in nanoseconds, ``steps`` how
    many of the client's steps were done; ``context`` is what happened last, in lines, if anything failed.
    """

    loaded: Loaded
    seed: int
    failures: tuple[Failure, ...]
    names: dict[str, Any]
    journal: Journal
    steps: int
    elapsed: int
    context: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures

    @property
    def name(self) -> str:
        """The scenario's name, or its file's."""
        return self.loaded.scenario.name or Path(self.loaded.source).stem

    def check(self) -> None:
        """Raise `UnmetExpectation` with the failures, if there are any."""
        if self.failures:
            raise UnmetExpectation(self.failures, self.context)


def result_of(client: Client, failures: Iterable[Failure], journal: Journal, seed: int, elapsed: int) -> Result:
    """Return what came of a client's script; the journal may grow on."""
    failures = tuple(failures)
    said = context(journal, seed) if failures else ""
    return Result(client.loaded, seed, failures, client.names, journal, client.steps_done, elapsed, said)
