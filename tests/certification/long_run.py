"""The whole of what `test_clients.py` holds a slice of: careful clients on many seeds, and who finds which mistake.

``python tests/certification/long_run.py --seeds 20 --jobs 2`` puts each careful client through every case on so many
seeds, and each mistaken one through every case on one seed and through unkind venues that are drawn. It prints false
alarms, and writes the table of mistakes, ``MISTAKES.md`` beside it, with ``--write``.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from certification.clients.careful import CAREFUL
from certification.clients.mistaken import MISTAKES
from simulator.certification import CASES, certify
from simulator.certification.adapters import AsyncClient
from simulator.exploration.client import ExploredClient
from simulator.exploration.replaying import verdicts_at
from simulator.exploration.seeds import PLAIN
from simulator.exploration.venues import drawn, known_faults

TABLE = Path(__file__).with_name("MISTAKES.md")
SHOWN = 6
HEAD = """\
# Which mistake is found by what

Written by `python tests/certification/long_run.py --write`. Each client of `clients/mistaken.py` has one mistake, and
does all else as a careful one does. The cases that were made for it stand first, and six are shown at most. The last
column says at which of the first {seeds} seeds of `explore`, one fault each, it is found; -1 is the plain exchange.

| mistake | found by cases | how many of {cases} | found by `explore` at seed |
| --- | --- | --- | --- |
"""


def broken(client: type[AsyncClient], seed: int = 0) -> list[str]:
    """Return the cases that a client does not survive."""
    return [verdict.case.name for verdict in certify(client, seed=seed) if not verdict.survives]


def first_seed(client: type[AsyncClient], seeds: Iterable[int]) -> int | None:
    """Return the first seed at whose venues a client breaks a law; None if it survives all."""
    explored = ExploredClient.of(client)
    for seed in (PLAIN, *seeds):
        venues = [{}] if seed == PLAIN else drawn(seed, known_faults(), explored.ground().product)
        if any(not verdicts_at(explored, [venue], seed)[0].survives for venue in venues):
            return seed
    return None


def row(client: type[AsyncClient], seeds: int) -> str:
    """Return a mistake's row of the table."""
    names = broken(client)
    made = [name for name in MISTAKES[client] if name in names]
    shown = [*made, *(name for name in names if name not in made)][:SHOWN]
    more = ", …" if len(names) > len(shown) else ""
    seed = first_seed(client, range(seeds))
    found = "not found" if seed is None else str(seed)
    return f"| {client.__name__} | {', '.join(shown)}{more} | {len(names)} | {found} |"


def false_alarms(client: type[AsyncClient], seed: int) -> list[str]:
    """Return what is found about a careful client on one seed."""
    verdicts = [verdict for verdict in certify(client, seed=seed) if not verdict.survives]
    return [f"{client.__name__}, seed {seed}, {one.case.name}: {one.findings[0]}" for one in verdicts]


def main() -> int:
    """Run it; return 1 for a false alarm or a mistake that no case finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="on how many seeds careful clients are certified")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the table of mistakes, too")
    options = parser.parse_args()
    began = time.perf_counter()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool:
        runs = [pool.submit(false_alarms, client, seed) for client in CAREFUL for seed in range(options.seeds)]
        alarms = [alarm for run in runs for alarm in run.result()]
        say(*alarms)
        count = len(runs) * len(CASES)
        say(f"{len(alarms)} false alarms in {count} cases of {len(CAREFUL)} careful clients on {options.seeds} seeds")
        rows = [pool.submit(row, client, len(known_faults())) for client in MISTAKES]
        table = [one.result() for one in rows]
    missed = [one for one in table if one.split(" | ")[2] == "0"]
    explored = sum("not found" not in one for one in table)
    say(f"{len(table) - len(missed)} of {len(table)} mistakes found by cases, {explored} by explore")
    say(f"in {time.perf_counter() - began:.0f} s")
    if options.write:
        TABLE.write_text(
            HEAD.format(seeds=len(known_faults()), cases=len(CASES)) + "\n".join(table) + "\n", encoding="utf-8"
        )
    return 1 if alarms or missed else 0


def say(*lines: str) -> None:
    """Print lines at once."""
    for line in lines:
        print(line, flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    sys.exit(main())
