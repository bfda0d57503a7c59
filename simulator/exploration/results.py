"""What comes of an exploration: small, plain data that goes from one machine to another and into files."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

__all__ = ["Breakage", "Cause", "Exploration", "Lost", "SeedResult", "SweepProgress", "causes_of"]

_LONGEST_NAME = 60


class Breakage(msgspec.Struct, frozen=True):
    """A small venue at which a client broke laws, found from some of a seed's venues.

    Args:
        laws: which, by their names, each with what the client did, in one sentence.
        shape: what the venue does, without how much and how long.
        venue: as a scenario's data.
        seed: what is random there is drawn from it, and which seed's venue it is.
        venues: how many of the seed's venues broke one of the laws.
    """

    laws: dict[str, str]
    shape: str
    venue: dict[str, Any]
    seed: int
    venues: int


class SeedResult(msgspec.Struct, frozen=True):
    """What came of one seed.

    Args:
        seed: which.
        faults: what its venues did.
        venues: how many they were.
        digest: of all of them, so that two explorations can be compared.
        seconds: of the processor's time that it took.
        breakages: small venues that break, together, all laws that were broken.
    """

    seed: int
    faults: tuple[str, ...]
    venues: int
    digest: str
    seconds: float
    breakages: tuple[Breakage, ...] = ()


class Lost(msgspec.Struct, frozen=True):
    """A seed that nobody could finish, and why."""

    seed: int
    why: str


class SweepProgress(msgspec.Struct, frozen=True):
    """How far an exploration is: seeds that are done, of how many; venues so far, and causes found."""

    done: int
    seeds: int
    venues: int
    causes: int


class Cause(msgspec.Struct, frozen=True):
    """What breaks a client: the smallest venue of its kind, and the laws that are broken there.

    Args:
        laws: by their names, each with what the client did, in one sentence.
        venue: as a scenario's data.
        seed: what is random there is drawn from it.
        venues: at how many venues it showed.
        name: what files and tests call it.
    """

    laws: dict[str, str]
    venue: dict[str, Any]
    seed: int
    venues: int
    name: str


class Exploration(msgspec.Struct, frozen=True):
    """All that came of an exploration.

    Args:
        results: of each seed that is done, in the order of seeds.
        lost: the seeds that nobody could finish.
        is_whole: whether no seed is left; False for one that was stopped.
    """

    results: tuple[SeedResult, ...]
    lost: tuple[Lost, ...] = ()
    is_whole: bool = True

    @property
    def venues(self) -> int:
        """How many venues the client was put through."""
        return sum(result.venues for result in self.results)

    @property
    def seconds(self) -> float:
        """How much of the processors' time that took."""
        return sum(result.seconds for result in self.results)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What breaks the client, each once, what shows most often first."""
        return causes_of(breakage for result in self.results for breakage in result.breakages)


def causes_of(breakages: Iterable[Breakage]) -> tuple[Cause, ...]:
    """Tell each cause once: venues that do the same, whatever the quantities and times, are one."""
    by_shape: dict[str, list[Breakage]] = {}
    for breakage in breakages:
        by_shape.setdefault(breakage.shape, []).append(breakage)
    causes = []
    names: set[str] = set()
    for shape, same in sorted(by_shape.items(), key=lambda one: (-sum(each.venues for each in one[1]), one[0])):
        first = min(same, key=lambda one: (-len(one.laws), len(repr(one.venue)), one.seed))
        name = _name_of(shape, names)
        names.add(name)
        causes.append(Cause(first.laws, first.venue, first.seed, sum(one.venues for one in same), name))
    return tuple(causes)


def _name_of(shape: str, taken: set[str]) -> str:
    """Return what files and tests call a cause: what the venue does, in letters that any file's name may have."""
    name = re.sub("[^a-z0-9]+", "-", re.sub("(?<=[a-z])(?=[A-Z])", "-", shape).lower()).strip("-")[:_LONGEST_NAME]
    number = 1
    while (one := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return one
