"""What an order and an operation of the engine take in instructions, which are the same however busy a machine is."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial

from benchmarks.processes import PROGRAMS
from benchmarks.report import Effort, Figure, Row, Skipped

__all__ = ["ROWS"]

_COUNT = 4_000
_OPERATIONS = 20_000
_LOOKS = 20
_FOUND = re.compile(r"I +refs: +([0-9,]+)")


def _instructions(program: str, *arguments: str) -> int:
    """Return how many instructions a program takes; they are within a thousandth of each other from run to run."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Skipped("valgrind is not installed")
    with tempfile.TemporaryDirectory() as folder:
        options = ["--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={folder}/out"]
        command = [valgrind, *options, sys.executable, str(PROGRAMS / program), *arguments]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = _FOUND.search(run.stderr)
    assert found is not None, run.stderr
    return int(found[1].replace(",", ""))


def _each(program: str, count: int, *arguments: str) -> float:
    """Return how many instructions each of so many things takes: what one run takes more than another."""
    more, less = (_instructions(program, *arguments, str(number)) for number in (count, 0))
    return (more - less) / count


def _order(what: str, effort: Effort) -> Figure:
    return Figure.alone([_each("order_path.py", effort.of(_COUNT), what)])


def _look(effort: Effort) -> Figure:
    return Figure.alone([_each("page_path.py", effort.of(_LOOKS))])


def _growth(effort: Effort) -> Figure:
    deep, shallow = (
        _each("engine_path.py", effort.of(_OPERATIONS), str(effort.seed), str(depth)) for depth in (100_000, 1_000)
    )
    return Figure.compared([deep], [shallow])


ROWS = [
    Row(
        "instructions",
        "instructions for a resting order in process, from its text to its answer",
        "",
        "less",
        55_000.0,
        45_000.0,
        partial(_order, "process"),
    ),
    Row(
        "instructions-served",
        "the same in a server, from the bytes that have come to those that go",
        "",
        "less",
        87_000.0,
        75_000.0,
        partial(_order, "served"),
    ),
    Row(
        "instructions-page",
        "instructions for what a page is shown at one look, five times a second at most while much happens",
        "",
        "less",
        7_600_000.0,
        7_000_000.0,
        _look,
    ),
    Row(
        "instructions-growth",
        "instructions for an operation of the engine on 100,000 resting orders against 1,000",
        "",
        "less",
        1.06,
        1.0,
        _growth,
    ),
]
