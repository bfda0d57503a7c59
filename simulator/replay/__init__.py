"""Replaying scenarios: what their clients say is played, and what is expected is compared with what comes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.control.expectations import unmet
from simulator.errors import Failure, UnmetExpectation
from simulator.replay.client import Client
from simulator.replay.inprocess import LEFT, drive
from simulator.replay.results import Result, result_of
from simulator.scenario.loader import Loaded
from simulator.scenario.loader import load as load_scenario
from simulator.simulation import Simulation

__all__ = ["Client", "Failure", "Result", "replay"]


def replay(
    loaded: "Loaded | str | Path | dict[str, Any]",
    seed: int | None = None,
    overdue: Callable[[], str] = str,
    keeps_books: bool = False,
) -> Result:
    """Play a scenario's client against a simulation of its own in this process, as fast as it goes.

    ``loaded`` is a scenario that is loaded, or what one is loaded from; ``seed`` stands instead of the scenario's.
    ``overdue`` is asked again and again: it says in words that it has taken too long, or nothing. With ``keeps_books``
    the journal keeps how books stood, for a report.
    The same scenario, seed and version give the same journal, always. Raises `simulator.errors.ScenarioError` for
    a scenario that cannot be used; what does not come as expected is in the result.
    """
    if not isinstance(loaded, Loaded):
        loaded = load_scenario(loaded)
    simulation = Simulation(loaded, seed=seed, keeps_books=keeps_books)
    began = simulation.now
    client = Client(loaded)

    def check_time() -> None:
        if text := overdue():
            raise client.give_up(text)

    try:
        drive(simulation, client, check_time)
        failures = tuple(unmet(simulation, client.names).at_once())
    except UnmetExpectation as error:
        failures = error.failures
    result = result_of(client, failures, simulation.journal, simulation.seed, simulation.now - began)
    for session in list(simulation.sessions.values()):
        simulation.disconnect(session, why=LEFT)
    return result
