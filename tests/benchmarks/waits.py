"""For how long others wait: for a search for garbage, for somebody's long answer, for a server that recovers."""

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import ask
from benchmarks.report import Effort, Figure, Row

__all__ = ["ROWS"]

_RECOVERY = Path(__file__).parents[1] / "crash" / "recovery.py"
_TOOK = re.compile(r"^[0-9]+ commands: ([0-9.]+) s", re.MULTILINE)


def _pauses(effort: Effort) -> Figure:
    return Figure.alone([ask("pauses.py", str(effort.of(100_000))) for _ in range(min(3, effort.rounds))])


def _long_answer(effort: Effort) -> Figure:
    return Figure.alone([ask("long_answer.py", str(effort.of(100_000))) for _ in range(min(3, effort.rounds))])


def _recovery(effort: Effort) -> Figure:
    command = [sys.executable, str(_RECOVERY), "--commands", str(effort.of(100_000)), "--seconds", "60"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = _TOOK.search(told)
    assert found is not None, told
    return Figure.alone([float(found[1])])


ROWS = [
    Row(
        "pauses",
        "the longest search for garbage while 100,000 orders come to rest, as a server has it searched",
        "ms",
        "less",
        3.0,
        1.0,
        _pauses,
    ),
    Row(
        "list-fills-wait",
        "for how long others wait at most while one lists 100,000 fills for the first time",
        "ms",
        "less",
        10.0,
        5.0,
        _long_answer,
    ),
    Row("recovery", "a server's work to come back after 100,000 commands", "s", "less", 0.5, 0.3, _recovery),
]
