"""What can be known of a scenario before it runs."""

from collections.abc import Iterator

from simulator.catalogue import Catalogue
from simulator.scenario.model import Scenario
from simulator.scenario.reading import Path

__all__ = ["check"]


def check(scenario: Scenario, catalogue: Catalogue) -> Iterator[tuple[Path, str]]:
    """Yield the place and the text of everything that is wrong."""
    yield from ()
