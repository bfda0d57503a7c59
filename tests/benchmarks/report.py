"""What a benchmark is, and how what it found is told: as a table and as JSON."""

import contextlib
import os
import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

__all__ = ["Effort", "Figure", "Row", "Skipped", "as_data", "machine", "require", "table", "versions"]

_COMPARED = (
    "exchange-simulator",
    "websockets",
    "msgspec",
    "uvloop",
    "akhil4n-orderbook",
    "bourse",
    "aiohttp",
    "hypothesis",
    "pytest",
)
_HEADINGS = ("what", "ours", "baseline", "ratio", "of rounds", "floor", "aim", "verdict")


@dataclass(frozen=True)
class Effort:
    """How much is done to measure: how often two things are timed in turn, what share of the work, and the seed."""

    rounds: int = 9
    share: float = 1.0
    seed: int = 1

    def of(self, count: int) -> int:
        """Return the share of a number of operations that is done."""
        return max(1, int(count * self.share))


class Skipped(Exception):
    """What a row needs is not here, as the text says."""


def require(package: str, module: str | None = None) -> None:
    """Raise `Skipped` unless a package of PyPI is installed; ``module`` is what is imported of it, if not its name."""
    if find_spec(module or package) is None:
        raise Skipped(f"{package} is not installed")


@dataclass(frozen=True)
class Figure:
    """What was found: medians over the rounds, and what each round found.

    ``ratio`` is ours to the baseline's, or ``added`` is by how much ours is more; without a baseline there is neither.
    """

    ours: float
    baseline: float | None = None
    ratio: float | None = None
    rounds: list[float] = field(default_factory=list)
    added: float | None = None

    @classmethod
    def compared(cls, ours: list[float], baseline: list[float]) -> "Figure":
        """Make one of what two things gave that were timed in turn."""
        ratios = [own / other for own, other in zip(ours, baseline, strict=True)]
        return cls(statistics.median(ours), statistics.median(baseline), statistics.median(ratios), ratios)

    @classmethod
    def over(cls, ours: list[float], baseline: list[float]) -> "Figure":
        """Make one of by how much what one thing gave is more than what another did, timed in turn."""
        more = [own - other for own, other in zip(ours, baseline, strict=True)]
        return cls(statistics.median(ours), statistics.median(baseline), None, more, statistics.median(more))

    @classmethod
    def alone(cls, ours: list[float]) -> "Figure":
        """Make one of what a thing gave that is compared with nothing."""
        return cls(statistics.median(ours), rounds=ours)

    @property
    def judged(self) -> float:
        """What is held against the floor and the aim."""
        if self.added is not None:
            return self.added
        return self.ours if self.ratio is None else self.ratio


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: to ask for it by.
        what: what is measured.
        unit: of what was measured; the floor and the aim are in it where there is no baseline.
        better: whether ``more`` is better, and floor and aim are the least, or ``less``, and they are the most.
        floor: what must be reached, or None where it is only told.
        aim: what is wanted.
        measure: does it.
    """

    name: str
    what: str
    unit: str
    better: Literal["more", "less"]
    floor: float | None
    aim: float | None
    measure: Callable[[Effort], Figure]

    def verdict(self, figure: Figure | Skipped) -> str:
        """Say how a figure stands."""
        if isinstance(figure, Skipped):
            return f"skipped: {figure}"
        if self.floor is None or self.aim is None:
            return ""
        if self._reaches(figure.judged, self.aim):
            return "aim"
        return "floor" if self._reaches(figure.judged, self.floor) else "MISSED"

    def _reaches(self, value: float, bound: float) -> bool:
        return value >= bound if self.better == "more" else value <= bound


def machine() -> dict[str, Any]:
    """Describe the machine that is measured on."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()[0]}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def versions() -> dict[str, str]:
    """Return the versions of what is compared, as far as it is installed."""
    found = {"python": sys.version.split()[0]}
    for name in _COMPARED:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def as_data(row: Row, figure: Figure | Skipped) -> dict[str, Any]:
    """Return a row and what was found as data for JSON."""
    told = {name: getattr(row, name) for name in ("name", "what", "unit", "better", "floor", "aim")}
    data = {} if isinstance(figure, Skipped) else asdict(figure)
    return told | data | {"verdict": row.verdict(figure)}


def table(found: list[tuple[Row, Figure | Skipped]]) -> str:
    """Return all that was found as a table of Markdown."""
    rows = [_HEADINGS, *(_cells(row, figure) for row, figure in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    rows.insert(1, tuple("-" * width for width in widths))
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in padded)


def _cells(row: Row, figure: Figure | Skipped) -> tuple[str, ...]:
    if isinstance(figure, Skipped):
        return row.what, "", "", "", "", "", "", row.verdict(figure)
    bound = "at least" if row.better == "more" else "at most"
    of_what = "x" if figure.ratio is not None else row.unit
    spread = f"{_number(min(figure.rounds))} to {_number(max(figure.rounds))}" if figure.rounds else ""
    return (
        row.what,
        f"{_number(figure.ours)} {row.unit}",
        "" if figure.baseline is None else f"{_number(figure.baseline)} {row.unit}",
        _against(row, figure),
        spread,
        "" if row.floor is None else f"{bound} {_number(row.floor)} {of_what}",
        "" if row.aim is None else f"{_number(row.aim)} {of_what}",
        row.verdict(figure),
    )


def _against(row: Row, figure: Figure) -> str:
    if figure.added is not None:
        return f"+{_number(figure.added)} {row.unit}"
    return "" if figure.ratio is None else f"{figure.ratio:.2f} x"


def _number(value: float) -> str:
    """Return a number with three digits or so."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
