"""The command ``replay``: plays the clients of scenarios and reports what did not come as expected."""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simulator.cli.options import number_from
from simulator.cli.output import STOPPED, say, write
from simulator.errors import Failure, Problem, ScenarioError, SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands
    from simulator.replay.results import Result, Verdict
    from simulator.scenario import Loaded

__all__ = ["FAILED", "PASSED", "UNREACHABLE", "WRONG", "add_replay_command"]

PASSED, FAILED, WRONG, UNREACHABLE = 0, 1, 2, 3
"""The exit statuses: a file or an option that is wrong outweighs what failed, and an endpoint not reached both."""

_DESCRIPTION = "Play the clients of scenarios, and say what did not come as expected."
_EPILOG = (
    "Exit status: 0 if all passed, 1 if an expectation failed, 2 if a file or an option is wrong, "
    "3 if the endpoint could not be reached."
)


class _Job(NamedTuple):
    """One replay that is to be done: the seed is None for the scenario's own, and ``run`` is added to it."""

    source: str
    seed: int | None
    run: int
    route: str
    url: str | None
    journal: str | None


def add_replay_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    replay = commands.add_parser(
        "replay", help="play scenarios' clients and check what comes", description=_DESCRIPTION, epilog=_EPILOG
    )
    replay.set_defaults(run=_replay)
    replay.add_argument("paths", nargs="+", metavar="PATH", help="a scenario's file or name, or a folder of files")
    route = replay.add_mutually_exclusive_group()
    route.add_argument("--socket", action="store_true", help="play over a socket instead of in process")
    route.add_argument("--url", help="play against an endpoint, such as ws://127.0.0.1:6001, by the wall's clock")
    replay.add_argument("--seed", type=number_from(0), help="everything random comes from it (default: the scenario's)")
    replay.add_argument(
        "--repeat", type=number_from(1), default=1, metavar="N", help="play each N times, each with the next seed"
    )
    replay.add_argument("-n", type=number_from(1), default=1, metavar="N", dest="processes", help="play in N processes")
    replay.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="play only part I of N")
    replay.add_argument("--journal", type=Path, metavar="DIR", help="write each journal there, as JSON lines")
    replay.add_argument("--junitxml", type=Path, metavar="FILE", help="write a JUnit report there")


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isascii() and part.isdigit() and parts.isascii() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"expected a part and how many there are, such as 1/3, got {text!r}")
    return int(part), int(parts)


def _replay(options: argparse.Namespace) -> int:
    from simulator.replay.endpoints import endpoint_address
    from simulator.replay.report import annotations, junit, line, once, report, summary

    if options.url is not None:
        endpoint_address(options.url, "--url", with_query=False)
    began = time.perf_counter()
    results: list[Result] = []
    jobs = _jobs(options)
    try:
        for _, group in groupby(_play_all(jobs, options.processes), key=lambda result: result.source):
            runs = once(group)
            results += runs
            say(line(runs), *report(runs))
            if runs[0].verdict == "unreachable":
                break
    except KeyboardInterrupt:
        return STOPPED
    say(summary(results, time.perf_counter() - began))
    if os.environ.get("GITHUB_ACTIONS"):
        say(*annotations(results))
    if options.junitxml is not None:
        write(options.junitxml, junit(results))
    return _status(results)


def _status(results: "Iterable[Result]") -> int:
    verdicts = {result.verdict for result in results}
    if "unreachable" in verdicts:
        return UNREACHABLE
    if "wrong" in verdicts:
        return WRONG
    return FAILED if "failed" in verdicts else PASSED


# The jobs


def _jobs(options: argparse.Namespace) -> list[_Job]:
    """Return what is to be played, in the order of the paths; raises `SimulatorError` if it is nothing."""
    from simulator.cli.scenarios import scenario_files

    sources = list(dict.fromkeys(source for name in options.paths for source in scenario_files(name)))
    if not sources:
        raise SimulatorError(f"there is no scenario in {', '.join(options.paths)}")
    part, parts = options.shard
    route = "url" if options.url is not None else "socket" if options.socket else "process"
    names = _journal_names(sources)
    jobs = []
    for source in sources[part - 1 :: parts]:
        for run in range(options.repeat):
            journal = None
            if options.journal is not None:
                suffix = f"-{run + 1}" if options.repeat > 1 else ""
                journal = str(options.journal / f"{names[source]}{suffix}.jsonl")
            jobs.append(_Job(source, options.seed, run, route, options.url, journal))
    return jobs


def _journal_names(sources: list[str]) -> dict[str, str]:
    """Return the name of each scenario's journal: that of its file, with a number if another has it already."""
    names: dict[str, str] = {}
    for source in sources:
        stem = Path(source).stem
        taken = sum(name == stem or name.rpartition("~")[0] == stem for name in names.values())
        names[source] = f"{stem}~{taken + 1}" if taken else stem
    return names


def _play_all(jobs: list[_Job], processes: int) -> "Iterator[Result]":
    """Yield what comes of each job in their order, saying on a terminal how far it has come."""
    if processes == 1 or len(jobs) < 2:
        yield from _with_progress(map(_play, jobs), len(jobs))
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context) as pool:
        chunk = max(1, len(jobs) // (processes * 8))
        yield from _with_progress(pool.map(_play, jobs, chunksize=chunk), len(jobs))


def _with_progress(results: "Iterable[Result]", total: int) -> "Iterator[Result]":
    shows = total > 1 and sys.stderr is not None and sys.stderr.isatty()
    for done, result in enumerate(results, 1):
        if shows:
            sys.stderr.write(f"\r{done} of {total}\r" if done < total else f"\r{' ' * 40}\r")
            sys.stderr.flush()
        yield result


# One job


def _play(job: _Job) -> "Result":
    """Do one replay; what is wrong with it is in its result, which is short enough to pass between processes."""
    from msgspec import structs

    from simulator.journal.journal import Journal
    from simulator.journal.lines import json_lines
    from simulator.replay.results import Result, Unreachable
    from simulator.scenario import load

    began = time.perf_counter()
    try:
        loaded = load(job.source, now=None if job.url is None else time.time_ns())
        seed = (loaded.scenario.seed if job.seed is None else job.seed) + job.run
        used = seed if job.url is None else None  # what is random at an endpoint does not come from it
        if not loaded.scenario.client:
            return Result(job.source, loaded.name, "skipped", used, job.run)
        result = _result(loaded, seed, job)
        if job.journal is not None:
            write(Path(job.journal), b"".join(line + b"\n" for line in json_lines(result.journal, loaded.catalogue)))
    except ScenarioError as error:
        failures = tuple(_wrong(problem, job.source) for problem in error.problems)
        return Result(job.source, job.source, "wrong", failures=failures)
    except SimulatorError as error:
        failures = (Failure(job.source, str(error)),)
        verdict: Verdict = "unreachable" if isinstance(error, Unreachable) else "wrong"
        return Result(job.source, job.source, verdict, failures=failures)
    seconds = time.perf_counter() - began
    return structs.replace(
        result, source=job.source, seed=used, run=job.run, seconds=seconds, names={}, journal=Journal()
    )


def _result(loaded: "Loaded", seed: int, job: _Job) -> "Result":
    """Play by the route that is asked for; what is needed for a socket is imported only then."""
    if job.route == "process":
        from simulator.replay import replay

        return replay(loaded, seed)
    from simulator.replay.sockets import replay_over_socket, replay_url

    return replay_over_socket(loaded, seed) if job.url is None else replay_url(loaded, job.url)


def _wrong(problem: Problem, source: str) -> Failure:
    """Return what is wrong with a file as a failure to be reported like the others."""
    place = problem.file or source
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    return Failure(place, f"{problem.path}: {problem.message}" if problem.path else problem.message)
