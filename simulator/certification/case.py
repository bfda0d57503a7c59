"""A case: what the venue does, what a client must do to survive it, and where it was seen."""

from collections.abc import Callable
from typing import Any

import msgspec

from simulator.certification.ground import Ground
from simulator.certification.routine import DEFAULT, Instruction, Wait
from simulator.scenario.amounts import duration
from simulator.scenario.loader import Loaded
from simulator.terms import BILLION

__all__ = ["Case"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that venues do, and that clients break on.

    Args:
        name: in kebab case.
        family: the kind of trouble that it is, such as ``lost messages``.
        what: what the venue does, in one sentence.
        must: what a client must do to survive it, in one sentence.
        threads: where it was seen: addresses of public reports and documentation.
        scenario: makes the scenario for a ground: one that is loaded, or its data, to which a market and accounts are
            added where it has none.
        routine: what the client is asked to do.
        source: the scenario that it was made of, as it was named; None for a case of the battery.
    """

    name: str
    family: str
    what: str
    must: str
    threads: tuple[str, ...] = ()
    scenario: Callable[[Ground], dict[str, Any] | Loaded]
    routine: tuple[Instruction, ...] = DEFAULT
    source: str | None = None

    @property
    def length(self) -> float:
        """How long its routine lasts, in seconds of the exchange's time."""
        return sum(duration(one.time) for one in self.routine if isinstance(one, Wait)) / BILLION

    def scenario_for(self, ground: Ground) -> dict[str, Any] | Loaded:
        """Return the scenario, whole."""
        scenario = self.scenario(ground)
        if isinstance(scenario, Loaded):
            return scenario
        data = {"name": self.name, "accounts": [ground.account], **scenario}
        data.setdefault("markets", {})
        data["markets"] = {ground.product.name: ground.market(), **data["markets"]}
        return data
