"""Explores the venues of one seed: the unit of work that goes to a worker."""

import hashlib
import time
from collections.abc import Collection
from typing import Any

import msgspec

from simulator.certification.judge import Verdict
from simulator.errors import ScenarioError
from simulator.exploration.client import ExploredClient
from simulator.exploration.replaying import verdicts_at
from simulator.exploration.results import Breakage, SeedResult
from simulator.exploration.shrinking import shape_of, shrunk
from simulator.exploration.venues import drawn, faults_of

__all__ = ["PLAIN", "explore_plain", "explore_seed"]

PLAIN = -1
"""The seed of the plain exchange."""

_TRIALS = 150
_TRIALS_BY_THE_WALL = 12


def explore_plain(client: ExploredClient) -> SeedResult:
    """Put a client through a plain exchange; the laws that it breaks there say nothing about any fault."""
    began = time.process_time()
    (verdict,) = verdicts_at(client, [{}], 0)
    laws = _broken(verdict)
    breakages = (Breakage(laws, shape_of({}), {}, 0, 1),) if laws else ()
    return SeedResult(PLAIN, (), 1, "", time.process_time() - began, breakages)


def explore_seed(client: ExploredClient, seed: int, faults: tuple[str, ...], known: Collection[str] = ()) -> SeedResult:
    """Put a client through all venues of a seed, and make the smallest that breaks each law smaller.

    Args:
        client: whom.
        seed: which.
        faults: those that are explored, of which the seed has some.
        known: laws that are broken at a plain exchange, of which nothing more is said.
    """
    began = time.process_time()
    venues = drawn(seed, faults, client.ground().product)
    broken: dict[str, list[dict[str, Any]]] = {}
    for venue, verdict in zip(venues, verdicts_at(client, venues, seed), strict=True):
        for law in _broken(verdict).keys() - set(known):
            broken.setdefault(law, []).append(venue)
    breakages: list[Breakage] = []
    while left := {law: at for law, at in broken.items() if not any(law in one.laws for one in breakages)}:
        breakages.append(_smallest(client, seed, min(left), left))
    digest = hashlib.sha256(msgspec.json.encode(venues)).hexdigest()[:16]
    said = faults_of(seed, faults)
    return SeedResult(seed, said, len(venues), digest, time.process_time() - began, tuple(breakages))


def _smallest(client: ExploredClient, seed: int, law: str, broken: dict[str, list[dict[str, Any]]]) -> Breakage:
    """Return a small venue that breaks a law, found from the shortest one that was drawn, and all that it breaks."""

    def breaks(venue: dict[str, Any]) -> bool:
        try:
            return law in laws_broken_at(venue)
        except ScenarioError:  # what is left makes no sense without what was left out
            return False

    def laws_broken_at(venue: dict[str, Any]) -> dict[str, str]:
        (verdict,) = verdicts_at(client, [venue], seed)
        return _broken(verdict)

    trials = _TRIALS if client.runs_on_a_loop else _TRIALS_BY_THE_WALL
    venue = shrunk(min(broken[law], key=lambda one: len(repr(one))), breaks, trials)
    found = {name: text for name, text in laws_broken_at(venue).items() if name in broken}
    laws = found if law in found else {law: "it did at a larger venue, and not each time", **found}
    affected = [one for name in laws for one in broken[name]]
    count = sum(one not in affected[:at] for at, one in enumerate(affected))
    return Breakage(laws, shape_of(venue), venue, seed, count)


def _broken(verdict: Verdict) -> dict[str, str]:
    """Return what was found of each law that was broken, the first of each."""
    found: dict[str, str] = {}
    for finding in verdict.findings:
        found.setdefault(finding.law, finding.text)
    return found
