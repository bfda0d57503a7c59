"""Puts a client through one venue: one that was drawn, or one that was saved."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulator.certification.case import Case
from simulator.certification.certify import certify, judged_over_sockets
from simulator.certification.evidence import ClientBounds
from simulator.certification.judge import Verdict
from simulator.certification.routine import DEFAULT, Instruction, Wait
from simulator.exploration.client import ExploredClient

__all__ = ["replay", "verdicts_at"]

_QUIET = tuple(Wait("10s") if one == Wait("2m") else one for one in DEFAULT)
"""The routine by the wall's clock, with a shorter quiet while: what a venue does by itself has happened by then."""


def replay(
    target: Any,
    scenario: str | Path | dict[str, Any],
    *,
    seed: int | None = None,
    catalogue: str | None = None,
    product: str | None = None,
    account: str | None = None,
    bounds: ClientBounds | None = None,
    lines: bool = False,
    pace: float = 1.0,
) -> Verdict:
    """Put a client through the venue of a scenario, with the routine of the battery, and return the verdict.

    Args:
        target: as `simulator.explore` takes it.
        scenario: a file that `simulator.explore` has saved, or a scenario's data.
        seed: what is random there is drawn from it; that of the scenario by default.
        catalogue: what the exchange trades, and ``product`` and ``account`` what the client is asked to trade and for
            which account.
        bounds: what the client is held to.
        lines: whether a program speaks lines of JSON.
        pace: for a client that runs by the wall's clock: how many seconds of the exchange's time one of the wall's is.
    """
    client = ExploredClient.of(
        target, catalogue=catalogue, product=product, account=account, bounds=bounds, lines=lines, pace=pace
    )
    venue = dict(scenario) if isinstance(scenario, dict) else _read(Path(scenario))
    (verdict,) = verdicts_at(client, [venue], venue.get("seed", 0) if seed is None else seed)
    return verdict


def _read(path: Path) -> dict[str, Any]:
    import yaml

    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {} if data is None else data


def verdicts_at(client: ExploredClient, venues: Iterable[dict[str, Any]], seed: int) -> list[Verdict]:
    """Put a client through venues; by the wall's clock, through all of them at once."""
    bounds, ground = client.bounds, client.ground()
    if client.runs_on_a_loop:
        options: dict[str, Any] = {"product": client.product, "account": client.account, "catalogue": ground.catalogue}
        cases = [_case(venue) for venue in venues]
        return list(certify(client.make, cases=cases, seed=seed, bounds=bounds, **options))
    cases = [_case(venue, _QUIET) for venue in venues]
    return judged_over_sockets(client.adapter, cases, ground, seed=seed, bounds=bounds, pace=client.pace)


def _case(venue: dict[str, Any], routine: tuple[Instruction, ...] = DEFAULT) -> Case:
    return Case(
        name="explored",
        family="explored",
        what="The venue is one that was drawn.",
        must="Survive it.",
        scenario=lambda ground: {name: part for name, part in venue.items() if name != "seed"},
        routine=routine,
    )
