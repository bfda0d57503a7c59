"""The command ``check``: says everything that is wrong with scenarios and catalogues."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.formats import add_format, as_data, say_json, summarize
from simulator.cli.output import USAGE_ERROR, note, say
from simulator.cli.sources import CATALOGUE, STDIN, other_than_scenario, sources
from simulator.errors import CatalogueError, Problem, ScenarioError, SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands
    from simulator.replay.results import Result

__all__ = ["add_check_command"]

_MISTAKEN = 1


def add_check_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    checking = commands.add_parser(
        "check",
        help="find mistakes in scenarios and catalogues",
        description="Say everything that is wrong with files of scenarios and catalogues.",
        epilog="Exit status: 0 if all are right, 1 if one is not, 2 if there is no such file.",
    )
    checking.set_defaults(run=_check)
    checking.add_argument(
        "paths", nargs="+", metavar="PATH", help="a file, a bundled scenario's name, a folder of files, or - for stdin"
    )
    add_format(checking, "mistakes shown at their lines")


def _check(options: argparse.Namespace) -> int:
    """Check ``options.paths``; return the status. Raises `SimulatorError` if there is nothing to check."""
    from simulator.replay.report import annotations

    results: list[Result] = []
    for name in options.paths:
        for source, reason in sources(name):
            results.append(_checked(source, reason, options.format == "text"))
    if all(result.verdict == "skipped" for result in results):
        raise SimulatorError(f"there is no scenario in {', '.join(options.paths)}")
    counts = _counts(results)
    if options.format == "json":
        say_json(as_data(results))
    elif len(results) > 1:
        say(counts)
    if options.format == "github":
        say(*annotations(results))
    summarize("Check of scenarios", results, counts)
    verdicts = {result.verdict for result in results}
    if "unreachable" in verdicts:
        return USAGE_ERROR
    return _MISTAKEN if "wrong" in verdicts else 0


def _checked(source: str, reason: str | None, tells: bool) -> "Result":
    """Return what is wrong with one file, or why it is passed over; ``tells`` whether that is said at once."""
    from simulator.replay.report import failure_of
    from simulator.replay.results import Result

    is_catalogue = reason == CATALOGUE or (reason is None and _is_catalogue(source))
    if reason is not None and not is_catalogue:
        if tells:
            say(f"passed over {source}: {reason}")
        return Result(source, source, "skipped")
    try:
        name, notice = _catalogue(source) if is_catalogue else _scenario(source)
    except (CatalogueError, ScenarioError) as error:
        if tells:
            note(str(error))
        problems = error.problems or [Problem(str(error))]
        failures = tuple(failure_of(problem, source) for problem in problems)
        return Result(source, source, "wrong" if _exists(source) else "unreachable", failures=failures)
    if tells:
        say(f"ok {source}")
    if notice is not None:
        note(f"{source}: {notice}")
    return Result(source, name, "passed")


def _is_catalogue(source: str) -> bool:
    path = Path(source)
    return source != STDIN and path.is_file() and other_than_scenario(path) == CATALOGUE


def _catalogue(source: str) -> tuple[str, str | None]:
    """Return the name of a catalogue, and what is to be said of its contracts where the world begins now."""
    from simulator.catalogue import load

    now = time.time_ns()
    catalogue = load(source, now)
    return catalogue.name, catalogue.notice(now)


def _scenario(source: str) -> tuple[str, str | None]:
    """Return the name of a scenario, and what is to be said of its catalogue's contracts."""
    from simulator.scenario import load
    from simulator.scenario.amounts import start_of
    from simulator.scenario.loader import load_text

    loaded = load_text(sys.stdin.read(), name=source) if source == STDIN else load(source, now=time.time_ns())
    return loaded.name, loaded.catalogue.notice(start_of(loaded.scenario.start))


def _exists(source: str) -> bool:
    from simulator.scenario.reading.files import find

    try:
        return source == STDIN or find(source).is_file()
    except ScenarioError:
        return False


def _counts(results: "list[Result]") -> str:
    words = {"passed": "ok", "wrong": "wrong", "unreachable": "not found", "skipped": "passed over"}
    verdicts = [result.verdict for result in results]
    return ", ".join(
        f"{count} {word}" for verdict, word in words.items() if (count := sum(verdict == one for one in verdicts))
    )
