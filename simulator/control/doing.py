"""Steps that a test has an exchange do: what is wrong with them beforehand, and what could not be done."""

from collections.abc import Iterable, Iterator
from typing import Any

from simulator.did_you_mean import nearest
from simulator.errors import Problem, ScenarioError, SimulatorError
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import all_steps
from simulator.scenario.checks.steps import check_ending, check_omitted
from simulator.scenario.loader import parse_step
from simulator.scenario.reading.typed import path_text
from simulator.scenario.steps import Step
from simulator.simulation import Simulation

__all__ = ["TEST_S_OWN", "do", "known_to", "refuse"]

TEST_S_OWN = "do: "
"""How what could not be done begins, if it is a step of a test's, which is told so at once."""


def do(simulation: Simulation, steps: Iterable[str | dict[str, Any]]) -> None:
    """Do steps, in a file's own words, that answer no request.

    Raises `simulator.errors.ScenarioError`, before anything is done, for a step that is none, that only a request can
    have, or that names what there is not; `simulator.errors.SimulatorError` for one that could not be done.
    """
    entries = [parse_step(step) for step in steps]
    refuse(_faults(entries, simulation))
    journal = simulation.journal
    first = journal.written
    try:
        simulation.do(*entries)
    except ValueError as error:
        raise SimulatorError(str(error)) from None
    undone = [
        text
        for _, (_, _, kind, text), _ in journal.since(first)
        if kind in ("skipped", "mistake") and text.startswith(TEST_S_OWN)
    ]
    if undone:
        raise SimulatorError("\n".join(undone))


def known_to(simulation: Simulation) -> KnownNames:
    """Return the words that a running exchange knows."""
    return KnownNames(simulation.catalogue, tuple(simulation.gateway.accounts.values()))


def refuse(faults: Iterable[Fault]) -> None:
    """Raise `simulator.errors.ScenarioError` for faults, if there are any."""
    problems = [Problem(message, path_text(place)) for place, message in faults]
    if problems:
        raise ScenarioError(problems)


def _faults(steps: list[Step], simulation: Simulation) -> Iterator[Fault]:
    known = known_to(simulation)
    for step in steps:
        yield from _unknown_words(step, known)
        yield from check_omitted(step, frozenset(), (step.verb, "omit"))
        session = getattr(step, "session", None)
        if session not in (None, "all", *map(str, simulation.sessions)):
            listed = ", ".join(map(str, simulation.sessions)) or "none"
            yield (
                (step.verb, "session"),
                f"expected the number of an open connection ({listed}) or all, got {session!r}",
            )
        if step.verb in ("reply", "rate_limit"):
            yield (step.verb,), "expected only in a rule for a request, because here no request is being answered"
        if step.verb == "release":
            yield from _unheld(step.name, steps, simulation)


def _unknown_words(step: Step, known: KnownNames) -> Iterator[Fault]:
    place = (step.verb,)
    match step.verb:
        case "book" | "trade" | "increments":
            yield from known.listing(step.product, (*place, "product"))
        case "delist":
            yield from known.listing(step.product, place)
        case "halt" | "resume":
            yield from known.scope(step.scope, place)
        case "limits":
            yield from known.limits(step.limits, place)
        case "disconnect":
            yield from check_ending(step, place)


def _unheld(name: str, steps: list[Step], simulation: Simulation) -> Iterator[Fault]:
    """Yield the fault of a name that nothing is held under, and that nothing will be."""
    rules = [step for rule in simulation.director.rules for step in rule.steps.in_order]
    timeline = [step for _, step, rule in all_steps(simulation.scenario) if rule is None]
    holds = [step.name for step in (*rules, *timeline, *steps) if step.verb == "hold"]
    if name not in (*holds, *simulation.held):
        yield ("release",), f"no rule holds {name!r}{nearest(name, (*holds, *simulation.held))}"
