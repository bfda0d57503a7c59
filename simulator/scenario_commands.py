"""The commands about scenario files: ``check``, ``schema`` and ``list``."""

import argparse
import json
import sys
from pathlib import Path

from simulator.errors import ScenarioError

__all__ = ["add_commands", "check", "list_scenarios", "print_schema", "scenario_files"]

_SECTIONS = ("rules:", "timeline:", "client:", "expect:")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
    listing = commands.add_parser(
        "list", help="list the bundled scenarios", description="List the bundled scenarios, and the idea of each."
    )
    listing.set_defaults(run=list_scenarios)


def check(options: argparse.Namespace) -> int:
    """Check ``options.paths``: say ``ok`` for each file that is, and every mistake of the others; return 1 if any."""
    from simulator.scenario import load

    status = 0
    for name in options.paths:
        for source in scenario_files(name):
            try:
                load(source)
            except ScenarioError as error:
                status = 1
                print(error, file=sys.stderr)  # noqa: T201 - the command's own output
            else:
                print(f"ok {source}")  # noqa: T201
    return status


def scenario_files(name: str) -> list[str]:
    """Return the file of a name, or the scenarios in a folder."""
    from simulator.scenario.files import SUFFIXES

    folder = Path(name)
    if not folder.is_dir():
        return [name]
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and _is_scenario(path)]
    return [str(path) for path in found]


def _is_scenario(path: Path) -> bool:
    """Tell a scenario's file from a catalogue's by the sections that it begins with."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True  # whoever reads it says why it cannot be read
    return path.suffix != ".json" and any(line.startswith(_SECTIONS) for line in lines)


def print_schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    from simulator.scenario.schema import schema

    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def list_scenarios(options: argparse.Namespace) -> int:
    """Print the name and the idea of each bundled scenario."""
    from simulator.scenario.files import bundled
    from simulator.scenario.listing import idea

    scenarios = bundled()
    width = max(map(len, scenarios), default=0)
    for name, path in scenarios.items():
        print(f"{name:{width}}  {idea(path)}".rstrip())  # noqa: T201
    return 0
