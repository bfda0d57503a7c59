"""The command ``diff``: shows where two journals part, or those of two folders."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from simulator.cli.formats import add_format, say_json
from simulator.cli.output import say
from simulator.errors import SimulatorError
from simulator.journal.diff import EntryData, parting, parting_of_messages
from simulator.quoting import escaped

if TYPE_CHECKING:
    from simulator.libraries import Subcommands

__all__ = ["DIFFERENT", "SAME", "add_diff_command"]

SAME, DIFFERENT = 0, 1
"""The exit statuses; a journal that cannot be read is a mistake in what was asked, 2."""

_PATTERN = "*.jsonl"
_Compare = Callable[[Iterable[tuple[bytes, EntryData]], Iterable[tuple[bytes, EntryData]]], list[str]]


def add_diff_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    diff = commands.add_parser(
        "diff",
        help="show where two journals part",
        description="Show the first place where two journals of JSON lines part. Of two folders, as replay --journal "
        "writes them, those of the same names are compared.",
        epilog="Exit status: 0 if they are the same, 1 if they differ, 2 if one cannot be read.",
    )
    diff.set_defaults(run=_diff)
    diff.add_argument("first", metavar="A", type=Path, help="a journal, or a folder of journals")
    diff.add_argument("second", metavar="B", type=Path, help="another")
    add_format(diff, "what differs as an error")
    diff.add_argument(
        "--ignore-time",
        action="store_true",
        help="compare only what was said on each connection, whenever it was: a journal of replay with one of "
        "replay --url",
    )


def _diff(options: argparse.Namespace) -> int:
    from simulator.replay.report import error_command

    first, second = options.first, options.second
    for path in (first, second):
        _look_for(path)
    if first.is_dir() != second.is_dir():
        folder, other = (first, second) if first.is_dir() else (second, first)
        raise SimulatorError(f"expected two journals or two folders, got the folder {folder} and {other}")
    compare = parting_of_messages if options.ignore_time else parting
    if first.is_dir():
        partings = list(_compared_folders(first, second, compare))
    else:
        partings = [(first.name, lines)] if (lines := _compared(first, second, compare)) else []
    if options.format == "json":
        say_json([{"journal": name, "lines": lines} for name, lines in partings])
    for name, lines in partings:
        if options.format == "github":
            say(error_command({"file": str(first / name if first.is_dir() else first)}, "\n".join(lines)))
        elif options.format == "text":
            say(*(lines if not first.is_dir() else [f"{escaped(name)}: {lines[0]}", *lines[1:]]))
    return DIFFERENT if partings else SAME


def _look_for(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:  # a name that no file can have is a ValueError
        raise SimulatorError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error


def _compared(first: Path, second: Path, compare: _Compare) -> list[str]:
    try:
        with first.open("rb") as one, second.open("rb") as other:
            return compare(_entries(one, first), _entries(other, second))
    except OSError as error:
        raise SimulatorError(f"cannot read {error.filename}: {error.strerror}") from error


def _compared_folders(first: Path, second: Path, compare: _Compare) -> Iterator[tuple[str, list[str]]]:
    """Yield, by the names of the journals in two folders, where they part and which are only in one of them."""
    names, others = _journals(first), _journals(second)
    if not names and not others:
        raise SimulatorError(f"there is no journal ({_PATTERN}) in {first} or {second}")
    for name in sorted(names | others):
        if name in names and name in others:
            if lines := _compared(first / name, second / name, compare):
                yield name, lines
        else:
            yield name, [f"only in {first if name in names else second}"]


def _journals(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.match(_PATTERN) and path.is_file()}
    except OSError as error:
        raise SimulatorError(f"cannot read {folder}: {error.strerror}") from error


def _entries(lines: BinaryIO, path: Path) -> Iterator[tuple[bytes, EntryData]]:
    import msgspec

    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(lines, 1):
        try:
            yield line, decode(line)
        except (ValueError, RecursionError) as error:
            raise SimulatorError(f"{path}:{number}: expected an entry of a journal: {error}") from None
