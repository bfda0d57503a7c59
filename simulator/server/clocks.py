"""The four clocks that a world can run on; times in nanoseconds since 1970."""

import re
import time
from collections.abc import Callable
from typing import Protocol

from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError
from simulator.quoting import quoted
from simulator.simulation import Simulation
from simulator.terms import BILLION

__all__ = ["Clock", "InstantClock", "ManualClock", "PacedClock", "WallClock", "clock_named", "clock_of"]

_WORDS = ("real", "instant", "manual")
_FACTOR = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
"""As a scenario has it."""


class Clock(Protocol):
    """Says what time it is in a world, and how long to wait for what is due there."""

    jumps: bool
    """Whether time goes straight to what is due once nothing else is to be done."""

    def now(self) -> int:
        """Return the world's time."""
        ...

    def wait(self, due: int) -> float | None:
        """Return how many seconds of the wall's time to wait for a time of the world's; None for until told.

        It is less than 0 for what is late.
        """
        ...


class PacedClock:
    """Runs with the wall's clock, or so many times as fast.

    Args:
        start: the time at which the world begins.
        pace: how many seconds of the world's one of the wall's is.
        monotonic_ns: the wall's clock, in nanoseconds.
    """

    jumps = False

    def __init__(self, start: int, pace: float = 1.0, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._start = start
        self._pace = pace
        self._is_paced = pace != 1.0
        self._monotonic_ns = monotonic_ns
        self._began = monotonic_ns()

    def now(self) -> int:
        """Return the world's time."""
        past = self._monotonic_ns() - self._began
        return self._start + (int(past * self._pace) if self._is_paced else past)

    def wait(self, due: int) -> float | None:
        """Return how many seconds of the wall's time to wait; less than 0 for what is late."""
        return (due - self.now()) / self._pace / 1e9


class ManualClock:
    """Stands until it is told to go on."""

    jumps = False

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def now(self) -> int:
        """Return the world's time."""
        return self._simulation.now

    def wait(self, due: int) -> float | None:
        """Return None: nothing happens until time is told to pass."""
        return None


class InstantClock(ManualClock):
    """Stands while something is to be done, then jumps to what is due.

    What goes on for ever, as a walking market does, is not jumped to but awaited at the wall's pace.
    """

    jumps = True

    def wait(self, due: int) -> float | None:
        """Return how many seconds of the wall's time to wait."""
        return max(0, due - self._simulation.now) / 1e9


class WallClock:
    """Tells when the system's clock has been set, which no other clock here follows.

    Args:
        wall_ns: the system's clock, in nanoseconds since 1970.
        monotonic_ns: the one that nobody sets, in nanoseconds.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._apart = wall_ns() - monotonic_ns()

    def jump(self) -> int:
        """Return by how many nanoseconds it has been set since the last look; 0 for less than a second."""
        jump = self._wall_ns() - self._monotonic_ns() - self._apart
        if abs(jump) < BILLION:
            return 0
        self._apart += jump
        return jump


def clock_named(text: str) -> str | dict[str, str]:
    """Return the clock that a word on the command line or in an address stands for, in a scenario's words.

    A number is how many times as fast the clock runs. Raises `SimulatorError` for what is neither.
    """
    if text in _WORDS:
        return text
    if _FACTOR.fullmatch(text) and float(text) > 0:
        return {"scaled": text}
    raise SimulatorError(
        f"clock: expected real, instant, manual, or a number above 0 and below a million for how many times as fast, "
        f"got {quoted(text)}{nearest(text, _WORDS)}"
    )


def clock_of(simulation: Simulation, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> Clock:
    """Return the clock that a simulation's scenario asks for, starting now; ``monotonic_ns`` is the wall's."""
    kind = simulation.scenario.clock
    if kind == "instant":
        return InstantClock(simulation)
    if kind == "manual":
        return ManualClock(simulation)
    return PacedClock(simulation.now, 1.0 if kind == "real" else float(kind.scaled), monotonic_ns)
