"""The commands about scenario files: ``check``, ``schema`` and ``list``."""

import argparse
import difflib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.output import say, write
from simulator.errors import ScenarioError, SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["add_commands", "check", "list_scenarios", "print_schema", "scenario_files"]

_SUFFIXES = (".yaml", ".yml")
_ALIKE = 0.75


def add_commands(commands: "Subcommands") -> None:
    """Add the commands to those of the program; each runs with the options that were parsed."""
    checking = commands.add_parser(
        "check", help="find mistakes in scenarios", description="Say everything that is wrong with scenario files."
    )
    checking.set_defaults(run=check)
    checking.add_argument("paths", nargs="+", metavar="PATH", help="a scenario's file or name, or a folder of files")
    printing = commands.add_parser(
        "schema", help="print the language's JSON Schema", description="Print the JSON Schema of scenario files."
    )
    printing.set_defaults(run=print_schema)
    printing.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to stdout")
    listing = commands.add_parser(
        "list", help="list the bundled scenarios", description="List the bundled scenarios, and the idea of each."
    )
    listing.set_defaults(run=list_scenarios)


def check(options: argparse.Namespace) -> int:
    """Check ``options.paths``: say ``ok`` for each file that is, and every mistake of the others; return 1 if any.

    Of a folder, each YAML file that is no scenario is said with the reason. Raises `SimulatorError` if there is
    nothing to check.
    """
    from simulator.scenario import load
    from simulator.scenario.loader import start_of

    checked = mistaken = False
    for name in options.paths:
        for source, reason in _sources(name):
            if reason is not None:
                print(f"passed over {source}: {reason}")  # noqa: T201 - the command's own output
                continue
            checked = True
            try:
                loaded = load(source, now=time.time_ns())
            except ScenarioError as error:
                mistaken = True
                print(error, file=sys.stderr)  # noqa: T201
            else:
                print(f"ok {source}")  # noqa: T201
                if (notice := loaded.catalogue.notice(start_of(loaded.scenario))) is not None:
                    print(f"{source}: {notice}", file=sys.stderr)  # noqa: T201
    if not checked:
        raise SimulatorError(f"there is no scenario in {', '.join(options.paths)}")
    return 1 if mistaken else 0


def scenario_files(name: str) -> list[str]:
    """Return the file of a name, or the scenarios in a folder."""
    return [source for source, reason in _sources(name) if reason is None]


def _sources(name: str) -> Iterator[tuple[str, str | None]]:
    """Yield the file of a name, or the YAML files in a folder, each with why it is no scenario if it is none.

    Hidden files and folders are left out.
    """
    folder = Path(name)
    if not folder.is_dir():
        yield name, None
        return
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and not hidden and not path.is_dir():
            yield str(path), _other(path)


def _other(path: Path) -> str | None:
    """Return what a file is instead of a scenario, or None if it looks like one in any way."""
    from simulator.scenario.model import Scenario
    from simulator.scenario.reading.files import is_catalogue, read
    from simulator.scenario.reading.nodes import Pairs, Scalar

    try:
        root = read(path, str(path))
    except ScenarioError:
        return None  # whoever loads it says why it cannot be read
    if isinstance(root, Scalar) and root.null:
        return "it is empty"
    if not isinstance(root, Pairs):
        return "it has no keys such as rules"
    if is_catalogue(root):
        return "it is a catalogue"
    words = Scenario.__struct_encode_fields__
    if any(difflib.get_close_matches(key.casefold(), words, 1, _ALIKE) for key in root.values):
        return None
    return "it has none of a scenario's keys, such as rules"


def print_schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema, or write it to ``options.output``."""
    from simulator.scenario.schema import schema

    text = json.dumps(schema(), indent=2, ensure_ascii=False)
    if options.output is not None:
        write(options.output, f"{text}\n".encode())
        return 0
    say(text)
    return 0


def list_scenarios(options: argparse.Namespace) -> int:
    """Print the name and the idea of each bundled scenario."""
    from simulator.scenario.listing import idea
    from simulator.scenario.reading.files import bundled

    scenarios = bundled()
    width = max(map(len, scenarios), default=0)
    for name, path in scenarios.items():
        print(f"{name:{width}}  {idea(path)}".rstrip())  # noqa: T201
    return 0
