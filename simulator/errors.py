"""Mistakes of the person who writes the test or starts the program.

What a client does wrong is never one of these: that is answered with data, a `simulator.terms.Refusal`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulator.quoting import escaped

__all__ = [
    "CatalogueError",
    "ClockRuns",
    "Failure",
    "Problem",
    "ScenarioError",
    "SimulatorError",
    "UnknownName",
    "UnmetExpectation",
]

_MOST_SHOWN = 50
_WIDEST_LINE = 200


class SimulatorError(Exception):
    """The base of every mistake that the simulator reports to its user."""


class Problem(NamedTuple):
    """One thing that is wrong with a scenario or a catalogue.

    ``line`` and ``column`` count from 1, and ``text`` is the line as it stands in the file; a problem of what came
    from no file has no file, line 0 and only its ``path``, such as ``rules[0].then[1].fill``.
    """

    message: str
    path: str = ""
    file: str | None = None
    line: int = 0
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.file is not None and self.line:
            place = f"{self.file}:{self.line}:{self.column}"
        said = ": ".join(part for part in (place, self.path, self.message) if part)
        if not self.text.strip():
            return said
        line, caret = _shown(self.text, self.column - 1)
        return f"{said}\n{line}\n{' ' * caret}^"


class ScenarioError(SimulatorError):
    """A scenario that cannot be used: every problem that is known, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_listed(self.problems))


class CatalogueError(SimulatorError):
    """A catalogue that cannot be used: every problem that is known, in the order of the file.

    Args:
        said: the problems, or in words what is wrong with something that is no file of a catalogue.
    """

    def __init__(self, said: str | Iterable[Problem]) -> None:
        self.problems = () if isinstance(said, str) else tuple(said)
        super().__init__(said if isinstance(said, str) else _listed(self.problems))


def _listed(problems: Sequence[Problem]) -> str:
    shown = [str(problem) for problem in problems[:_MOST_SHOWN]]
    if len(problems) > _MOST_SHOWN:
        shown.append(f"… and {len(problems) - _MOST_SHOWN} more")
    return "\n".join(shown)


class UnknownName(SimulatorError):
    """A name of a rule, an order or another thing that a running exchange does not have; the text says the nearest."""


class ClockRuns(SimulatorError):
    """Time that is told to pass in a world whose clock runs by itself."""


class Failure(NamedTuple):
    """Something that was expected and is not so.

    ``place`` is where it is expected (``file:line:column``, or a path such as ``expect[0]``), ``text`` what was
    expected and what came, ``details`` what may explain it, in lines of its own.
    """

    place: str
    text: str
    details: str = ""

    def __str__(self) -> str:
        return "\n".join(part for part in (f"{self.place}: {self.text}", self.details) if part)


class UnmetExpectation(SimulatorError):
    """Expectations of a test or a scenario that do not hold, in their order; ``context`` is what happened last."""

    def __init__(self, failures: Iterable[Failure], context: str = "") -> None:
        self.failures = tuple(failures)
        self.context = context
        super().__init__("\n\n".join([*map(str, self.failures), *([context] if context else [])]))


def _shown(text: str, at: int) -> tuple[str, int]:
    """Return a line fit to print, cut around the place ``at``, and that place in it."""
    before = escaped(text[:at])
    line = before + escaped(text[at : at + _WIDEST_LINE])
    start = max(0, len(before) - _WIDEST_LINE // 2) if len(line) > _WIDEST_LINE else 0
    cut = line[start : start + _WIDEST_LINE]
    return ("…" if start else "") + cut, len(before) - start + bool(start)
