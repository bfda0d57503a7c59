"""What the commands that judge a client share: which client it is, and what it is asked to trade."""

import argparse
import contextlib
import os
import shutil
import sys
import threading
from pathlib import Path

from simulator.cli.output import note
from simulator.errors import SimulatorError

__all__ = ["add_client_options", "class_of", "client_words", "end_threads", "program_of"]


def add_client_options(command: argparse.ArgumentParser, targets: str) -> None:
    """Add the options; ``targets`` is how many words a target has, in argparse's own way."""
    command.set_defaults(ends_threads=True)
    command.add_argument("target", nargs=targets, metavar="TARGET", help="module:Class, or -- PROGRAM ARGUMENTS")
    command.add_argument("--lines", action="store_true", help="the program speaks lines of JSON on stdin and stdout")
    command.add_argument("--product", help="what the client is asked to trade (default: a busy market)")
    command.add_argument("--account", help="for which account (default: the catalogue's first)")
    command.add_argument("--catalogue", metavar="FILE", help="a catalogue's file or name (default: default)")
    command.add_argument(
        "--pace",
        type=_pace,
        default=1.0,
        metavar="N",
        help="run the venue N times as fast, for a program whose own timers can be scaled too (default: 1)",
    )


def _pace(text: str) -> float:
    """Read an option's text as a pace; raises `argparse.ArgumentTypeError` for what is none."""
    with contextlib.suppress(ValueError):
        if 0.1 <= float(text) <= 1000:
            return float(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0.1 to 1000, got {text!r}")


def class_of(options: argparse.Namespace) -> str | None:
    """Return the name of the class of Python that is the target, or None for a program."""
    target = str(options.target[0])
    is_class = not options.lines and len(options.target) == 1 and ":" in target and not Path(target).is_file()
    return target if is_class else None


def program_of(options: argparse.Namespace, command: str) -> list[str]:
    """Return the program that is the target, and its arguments; raises `SimulatorError` for one that is not there."""
    if shutil.which(options.target[0]) is None:
        raise SimulatorError(f"{command}: there is no program {options.target[0]!r} that can be started")
    return list(options.target)


def client_words(options: argparse.Namespace) -> list[str]:
    """Return the words of a command line that say the same client and what it trades."""
    chosen = [f"--{name}={value}" for name in ("catalogue", "product", "account") if (value := getattr(options, name))]
    lines = ["--lines"] if options.lines else []
    dashes = ["--"] if len(options.target) > 1 or options.lines else []
    return [*chosen, *lines, *dashes, *options.target]


def end_threads(status: int) -> None:
    """End the process with a status where a client has left threads that would keep it for ever."""
    left = [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
    if left:
        note(f"the client has left {len(left)} thread{'s' * (len(left) != 1)} running, which end now")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
