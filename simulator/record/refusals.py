"""What a gateway refuses by itself, so that no rule has to."""

from collections.abc import Iterable
from typing import Any

from simulator.catalogue import Catalogue
from simulator.gateway.session import Session
from simulator.gateway.sessions import Refused
from simulator.scenario.values import decoded, text_of
from simulator.simulation import Simulation

__all__ = ["Refusals"]

_ID = 1


class Refusals:
    """A gateway without rules, which is asked what was refused.

    Args:
        catalogue: what is traded.
        accounts: who may trade.
    """

    def __init__(self, catalogue: Catalogue, accounts: Iterable[str]) -> None:
        plan = {"accounts": names} if (names := list(accounts)) else {}
        self._simulation = Simulation(plan, catalogue=catalogue, clock="manual")

    def says(self, target: str, request: dict[str, Any]) -> str | None:
        """Return the ``Err`` with which a request, without its id, is refused on a connection; None if it is not."""
        try:
            session = self._simulation.connect(target)
        except Refused:
            return None
        self._simulation.take()
        self._simulation.receive(session, text_of({"id": _ID, **request}))
        said = [text for message in self._heard(session) if (text := _refusal(message)) is not None]
        self._simulation.disconnect(session)
        return said[0] if said else None

    def _heard(self, session: Session) -> list[bytes]:
        news = self._simulation.take()
        return [item for other, items in news if other is session for item in items if isinstance(item, bytes)]


def _refusal(message: bytes) -> str | None:
    said = decoded(message)
    response = said.get("response") if isinstance(said, dict) else None
    text = response.get("Err") if isinstance(response, dict) else None
    return text if isinstance(text, str) else None
