"""What came of a replay."""

from pathlib import Path
from typing import Any

import msgspec

from simulator.errors import Failure, SimulatorError, UnmetExpectation
from simulator.expecting import context
from simulator.journal import Journal
from simulator.scenario.loader import Loaded

__all__ = ["Result", "Unreachable"]


class Unreachable(SimulatorError):
    """An endpoint to which no connection could be made."""


class Result(msgspec.Struct, frozen=True):
    """What came of one replay.

    ``names`` are what the script's names stood for, ``elapsed`` is the scenario's time in nanoseconds, ``steps`` how
    many of the client's steps were done.
    """

    loaded: Loaded
    seed: int
    failures: tuple[Failure, ...]
    names: dict[str, Any]
    journal: Journal
    steps: int
    elapsed: int

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

    @property
    def context(self) -> str:
        """The last messages and the seed, in lines."""
        return context(self.journal, self.seed)
