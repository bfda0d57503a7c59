"""The command ``help``: what a word of the scenario language means."""

import argparse
from typing import TYPE_CHECKING

from simulator.cli.output import say

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["add_help_command"]


def add_help_command(commands: "Subcommands") -> None:
    """Add the command to those of the program; it runs with the options that were parsed."""
    helping = commands.add_parser(
        "help",
        help="explain a word of the scenario language",
        description="Explain a word of the scenario language, such as fill, times or latency, or list the words.",
    )
    helping.set_defaults(run=_help)
    helping.add_argument("word", nargs="?", metavar="WORD", help="a key, a step or a type of request")


def _help(options: argparse.Namespace) -> int:
    from simulator.scenario.reference import explained

    say(explained(options.word))
    return 0
