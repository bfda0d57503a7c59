"""What a person at a terminal sees of a long command: how far it has come, and results in colour.

Neither is there where nobody looks: stderr that is no terminal gets no progress, stdout that is none no colour. As is
usual, ``NO_COLOR`` takes the colour away and ``FORCE_COLOR`` brings it anywhere.
"""

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from simulator.cli.output import say
from simulator.quoting import escaped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Progress"]

_COLOURS = {
    "ok": "green",
    "survives": "green",
    "FAILED": "bold red",
    "BROKEN": "bold red",
    "WRONG": "bold red",
    "UNREACHABLE": "bold red",
    "skipped": "yellow",
}


class Progress:
    """A bar on stderr while a block runs, and lines on stdout above it.

    Args:
        total: how many things there are to do.
        shows: whether there is to be a bar, if stderr is a terminal.
    """

    def __init__(self, total: int, shows: bool = True) -> None:
        self.playing = "nothing"
        """What is being done, for whoever has to say so when it is stopped."""
        self._total = total
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._shows = shows and total > 1 and _is_terminal(sys.stderr)

    @property
    def is_shown(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def __enter__(self) -> "Progress":
        if self._shows:
            self._bar, self._task = _bar(self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, sources: list[str]) -> None:
        """Say what is being done."""
        self.playing = ", ".join(sources) or "nothing"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=escaped(self.playing))

    def advance(self) -> None:
        """One more is done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)

    def reach(self, done: int, said: str) -> None:
        """So many are done; ``said`` stands beside the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, description=escaped(said))

    def say(self, *lines: str) -> None:
        """Print lines to stdout, their first word in the colour of what it says."""
        if self._bar is not None and _is_terminal(sys.stdout):
            for line in lines:
                self._bar.console.print(line, style=_style(line), markup=False, highlight=False, soft_wrap=True)
        elif _has_colour():
            console = _console(sys.stdout)
            for line in lines:
                console.print(line, style=_style(line), markup=False, highlight=False, soft_wrap=True)
        else:
            say(*lines)

    def clear(self) -> None:
        """Leave the terminal to what is printed next."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or _is_terminal(sys.stdout)


def _style(line: str) -> str:
    return _COLOURS.get(line.split(" ", 1)[0], "none")


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    return Console(file=stream, soft_wrap=True)


def _bar(total: int) -> "tuple[Bar, TaskID]":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    bar = Bar(
        *columns,
        console=_console(sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        expand=False,
    )
    return bar, bar.add_task("", total=total)
