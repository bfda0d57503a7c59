"""Measure the exchange against the bare libraries: ``python tests/benchmarks/run.py [NAME ...]``.

Needs, besides the package with its extra ``test``: uvloop, aiohttp, akhil4n-orderbook and bourse from PyPI, and for the
rows that count instructions valgrind, a package of the system; what is not there is said to be skipped. How the rows
are read is in ``tests/README.md``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TextIO

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from benchmarks import crowds, engines, instructions, large, round_trips, rules, starting, waits, worlds
from benchmarks.report import Effort, Figure, Row, Skipped, as_data, machine, table, versions

_PARTS = (round_trips, instructions, engines, rules, crowds, large, waits, starting, worlds)
_ROWS = [row for part in _PARTS for row in part.ROWS]


def main() -> int:
    """Measure what is asked for; return 1 if something misses its floor."""
    options = _options()
    rounds = options.rounds or (3 if options.quick else Effort.rounds)
    effort = Effort(rounds=rounds, share=0.1 if options.quick else 1.0, seed=options.seed)
    found: list[tuple[Row, Figure | Skipped]] = []
    for row in _chosen(options.names):
        _say(f"{row.name} …", sys.stderr)
        found.append((row, _measure(row, effort)))
    about = {"machine": machine(), "versions": versions(), "seed": effort.seed, "rounds": effort.rounds}
    for name, value in about.items():
        said = ", ".join(f"{key} {detail}" for key, detail in value.items()) if isinstance(value, dict) else value
        _say(f"{name}: {said}")
    _say(table(found))
    if options.json is not None:
        rows = [as_data(row, figure) for row, figure in found]
        options.json.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n", encoding="utf-8")
    return int(any(row.verdict(figure) == "MISSED" for row, figure in found))


def _measure(row: Row, effort: Effort) -> Figure | Skipped:
    try:
        return row.measure(effort)
    except Skipped as skipped:
        return skipped


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the exchange against the bare libraries.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(row.name for row in _ROWS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there too")
    parser.add_argument("--quick", action="store_true", help="do a tenth of the work, to see that it works")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often all is timed (default: {Effort.rounds})")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn at random (default: %(default)s)")
    options = parser.parse_args()
    unknown = set(options.names) - {row.name for row in _ROWS}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return options


def _chosen(names: list[str]) -> list[Row]:
    return [row for row in _ROWS if not names or row.name in names]


def _say(text: str, where: TextIO | None = None) -> None:
    where = where or sys.stdout
    where.write(text + "\n")
    where.flush()


if __name__ == "__main__":
    sys.exit(main())
