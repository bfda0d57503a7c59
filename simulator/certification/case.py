"""A case: what the venue does, what a client must do to survive it, and where it was seen."""

from collections.abc import Callable
from typing import Any

import msgspec

from simulator.certification.ground import Ground
from simulator.certification.routine import DEFAULT, Instruction

__all__ = ["Case"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that venues do, and that clients break on.

    Args:
        name: in kebab case.
        family: the kind of trouble that it is, such as ``lost messages``.
        what: what the venue does, in one sentence.
        must: what a client must do to survive it, in one sentence.
        threads: where it was seen: addresses of public reports and documentation.
        scenario: makes the scenario's data for a ground; its markets, accounts and clock are added where it has none.
        routine: what the client is asked to do.
    """

    name: str
    family: str
    what: str
    must: str
    threads: tuple[str, ...] = ()
    scenario: Callable[[Ground], dict[str, Any]]
    routine: tuple[Instruction, ...] = DEFAULT

    def scenario_for(self, ground: Ground) -> dict[str, Any]:
        """Return the scenario's data, whole."""
        data = {"name": self.name, "accounts": [ground.account], **self.scenario(ground)}
        data.setdefault("markets", {})
        data["markets"] = {ground.product.name: ground.market(), **data["markets"]}
        return data
