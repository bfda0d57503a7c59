"""The command line: ``exchange-simulator``."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import __version__
from simulator.cli.certify import add_certify_command
from simulator.cli.check import add_check_command
from simulator.cli.clients import end_threads
from simulator.cli.configuration import configure
from simulator.cli.diff import add_diff_command
from simulator.cli.explore import add_explore_command
from simulator.cli.language import add_help_command
from simulator.cli.output import USAGE_ERROR, note, outputs, say, write
from simulator.cli.record import add_record_command
from simulator.cli.replay import add_replay_command
from simulator.cli.scenarios import add_commands as add_scenario_commands
from simulator.cli.serve import add_serve_command
from simulator.cli.starting import add_commands as add_starting_commands
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 for done, 2 for a mistake in what was asked."""
    is_program = arguments is None
    with outputs():
        arguments = sys.argv[1:] if arguments is None else arguments
        parser, commands = _parser()
        try:
            if arguments and arguments[0] in commands:
                configure(commands, arguments[0], os.environ, Path.cwd())
            options = parser.parse_args(arguments)
            status: int = options.run(options)
        except SimulatorError as error:
            note(f"exchange-simulator: {error}")
            return USAGE_ERROR
        except KeyboardInterrupt:
            return 0
        if is_program and "ends_threads" in options:
            end_threads(status)
        return status


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the program's parser, and those of its commands by their names."""
    parser = argparse.ArgumentParser(
        prog="exchange-simulator",
        description="A mock exchange to test trading clients against.",
        epilog="Options are also read from EXCHANGE_SIMULATOR_PORT and its like in the environment, and from "
        "[tool.exchange-simulator] and [tool.exchange-simulator.COMMAND] of the nearest pyproject.toml.",
    )
    parser.add_argument("--version", action="version", version=f"exchange-simulator {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_serve_command(commands)
    _add_catalogue(commands)
    add_check_command(commands)
    add_scenario_commands(commands)
    add_replay_command(commands)
    add_record_command(commands)
    add_certify_command(commands)
    add_explore_command(commands)
    add_diff_command(commands)
    add_help_command(commands)
    add_starting_commands(commands)
    _add_completion(commands)
    return parser, commands.choices


def _add_catalogue(commands: "Subcommands") -> None:
    catalogue = commands.add_parser(
        "catalogue",
        help="invent a catalogue",
        description="Write an invented catalogue as YAML, for serve --catalogue.",
    )
    catalogue.set_defaults(run=_catalogue)
    catalogue.add_argument("--seed", type=int, default=0, help="the same seed gives the same catalogue")
    catalogue.add_argument("--venues", type=int, default=5, help="how many (default: %(default)s)")
    catalogue.add_argument("--products", type=int, default=40, help="how many (default: %(default)s)")
    catalogue.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to stdout")


def _catalogue(options: argparse.Namespace) -> int:
    from simulator.catalogue import dump
    from simulator.catalogue.faker import invent

    text = dump(invent(options.seed, options.venues, options.products))
    if options.output is None:
        say(text.removesuffix("\n"))
        return 0
    write(options.output, text.encode())
    return 0


def _add_completion(commands: "Subcommands") -> None:
    completing = commands.add_parser(
        "completion",
        help="print what completes this command in a shell",
        description="Print a script by which a shell completes this command, for its start-up file: "
        'eval "$(exchange-simulator completion bash)", or exchange-simulator completion fish | source.',
    )
    completing.set_defaults(run=_complete)
    completing.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell")


def _complete(options: argparse.Namespace) -> int:
    import shtab

    say(shtab.complete(_parser()[0], options.shell).rstrip("\n"))
    return 0
