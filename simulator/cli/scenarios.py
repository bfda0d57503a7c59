"""The commands that print what there is: ``list``, ``schema`` and ``asyncapi``."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.formats import add_format, say_json
from simulator.cli.output import say, write

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["add_commands"]


def add_commands(commands: "Subcommands") -> None:
    """Add the commands to those of the program; each runs with the options that were parsed."""
    printing = commands.add_parser(
        "schema",
        help="print the JSON Schema of scenarios, or of catalogues",
        description="Print the JSON Schema by which an editor completes, explains and checks files.",
    )
    printing.add_argument("of", nargs="?", choices=["scenario", "catalogue"], default="scenario", help="of which files")
    printing.set_defaults(run=_print_schema)
    printing.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to stdout")
    describing = commands.add_parser(
        "asyncapi",
        help="print an AsyncAPI document of the gateway's API",
        description="Print an AsyncAPI 3.0 document of every request that the gateway takes, and of its replies.",
    )
    describing.set_defaults(run=_print_asyncapi)
    describing.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to stdout")
    listing = commands.add_parser(
        "list", help="list the bundled scenarios", description="List the bundled scenarios, and the idea of each."
    )
    listing.set_defaults(run=_list_scenarios)
    add_format(listing, "a table in Markdown")


def _print_schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema, or write it to ``options.output``."""
    from simulator.scenario.catalogue_schema import catalogue_schema
    from simulator.scenario.schema import schema

    return _print_document(schema() if options.of == "scenario" else catalogue_schema(), options.output)


def _print_asyncapi(options: argparse.Namespace) -> int:
    """Print the AsyncAPI document, or write it to ``options.output``."""
    from simulator.wire.asyncapi import asyncapi

    return _print_document(asyncapi(), options.output)


def _print_document(document: dict[str, Any], output: Path | None) -> int:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if output is None:
        say(text)
    else:
        write(output, f"{text}\n".encode())
    return 0


def _list_scenarios(options: argparse.Namespace) -> int:
    """Print the name and the idea of each bundled scenario."""
    from simulator.scenario.listing import idea
    from simulator.scenario.reading.files import bundled

    ideas = {name: idea(path) for name, path in bundled().items()}
    if options.format == "json":
        say_json([{"name": name, "idea": said} for name, said in ideas.items()])
    elif options.format == "github":
        say("| scenario | what happens |", "| --- | --- |", *(f"| {name} | {said} |" for name, said in ideas.items()))
    else:
        width = max(map(len, ideas), default=0)
        say(*(f"{name:{width}}  {said}".rstrip() for name, said in ideas.items()))
    return 0
