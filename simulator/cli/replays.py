"""The replays that one command does: which they are, and how each is done, here or in other processes."""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simulator.cli.output import write
from simulator.errors import Failure, ScenarioError, SimulatorError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from simulator.replay.results import ReplayVerdict, Result
    from simulator.scenario import Loaded

__all__ = ["Replay", "ScenarioSelection", "play_all", "replays"]

_LOOK_EVERY = 0.2


class Replay(NamedTuple):
    """One replay that is to be done: the seed is None for the scenario's own, and ``run`` is added to it."""

    source: str
    seed: int | None
    run: int
    is_over_socket: bool
    url: str | None
    headers: tuple[tuple[str, str], ...]
    timeout: float | None
    journal: str | None
    keeps_journal: bool = False
    """Whether the result has the journal's end, for a report."""


class ScenarioSelection:
    """Which scenarios are meant by words in their files or names: ``and`` binds tighter than ``or``, ``not`` tightest.

    Args:
        text: the words, such as ``fill and not bust``; upper and lower case are the same.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._choices = [part.split(" and ") for part in f" {text.casefold()} ".split(" or ")]
        if not all(word.strip().removeprefix("not ").strip() for words in self._choices for word in words):
            raise argparse.ArgumentTypeError(f"expected words with and, or, not between them, got {text!r}")

    def takes(self, text: str) -> bool:
        """Tell whether a scenario is meant whose file and name are a text."""
        folded = text.casefold()
        return any(all(_is_so(word.strip(), folded) for word in words) for words in self._choices)


def _is_so(word: str, text: str) -> bool:
    unwanted = word.removeprefix("not ")
    return unwanted.strip() not in text if unwanted != word else word in text


def replays(options: argparse.Namespace) -> tuple[list[Replay], int]:
    """Return what is to be played, in the order of the paths, and how many scenarios are not selected.

    Raises `SimulatorError` if there is nothing to play.
    """
    from simulator.cli.sources import scenario_files

    found = list(dict.fromkeys(source for name in options.paths for source in scenario_files(name)))
    if not found:
        raise SimulatorError(f"there is no scenario in {', '.join(options.paths)}")
    selection: ScenarioSelection | None = options.selection
    sources = [source for source in found if selection is None or selection.takes(_words_of(source))]
    if selection is not None and not sources:
        raise SimulatorError(f"no scenario of {len(found)} is meant by -k {selection.text!r}")
    part, parts = options.shard
    names = _journal_names(sources)
    jobs = []
    for source in sources[part - 1 :: parts]:
        for run in range(options.repeat):
            journal = None
            if options.journal is not None:
                suffix = f"-{run + 1}" if options.repeat > 1 else ""
                journal = str(options.journal / f"{names[source]}{suffix}.jsonl")
            headers = tuple(options.headers)
            route = (options.socket, options.url, headers, options.timeout)
            jobs.append(Replay(source, options.seed, run, *route, journal, options.html is not None))
    return jobs, len(found) - len(sources)


def _words_of(source: str) -> str:
    """Return a scenario's file and its name, if it can be read."""
    from simulator.scenario import load

    try:
        return f"{source} {load(source).name}"
    except ScenarioError:
        return source


def _journal_names(sources: list[str]) -> dict[str, str]:
    """Return the name of each scenario's journal: that of its file, with a number if another has it already."""
    names: dict[str, str] = {}
    for source in sources:
        stem = Path(source).stem
        taken = sum(name == stem or name.rpartition("~")[0] == stem for name in names.values())
        names[source] = f"{stem}~{taken + 1}" if taken else stem
    return names


# Doing them


def play_all(jobs: list[Replay], processes: int, show: Callable[[list[str]], None]) -> "Iterator[Result]":
    """Yield what comes of each replay as soon as it has ended; ``show`` is told which ones are being played."""
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            show([job.source])
            yield _play(job)
        return
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

    pool = ProcessPoolExecutor(min(processes, len(jobs)), mp_context=multiprocessing.get_context("spawn"))
    try:
        left: dict[Future[Result], str] = {pool.submit(_play, job): job.source for job in jobs}
        while left:
            running = [source for future, source in left.items() if future.running()]
            show(list(dict.fromkeys(running[:processes])))  # a pool says so of one more than there are processes
            done = wait(left, _LOOK_EVERY, FIRST_COMPLETED).done
            for future in [future for future in left if future in done]:
                del left[future]
                yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _play(job: Replay) -> "Result":
    """Do one replay; what is wrong with it is in its result, which is short enough to pass between processes."""
    from msgspec import structs

    from simulator.journal.journal import Journal
    from simulator.journal.lines import json_lines
    from simulator.replay.report import failure_of
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
        failures = tuple(failure_of(problem, job.source) for problem in error.problems)
        return Result(job.source, job.source, "wrong", run=job.run, failures=failures)
    except SimulatorError as error:
        failures = (Failure(job.source, str(error)),)
        verdict: ReplayVerdict = "unreachable" if isinstance(error, Unreachable) else "wrong"
        return Result(job.source, job.source, verdict, run=job.run, failures=failures)
    seconds = time.perf_counter() - began
    journal = result.journal.copy() if job.keeps_journal else Journal()
    return structs.replace(
        result, source=job.source, seed=used, run=job.run, seconds=seconds, names={}, journal=journal
    )


def _result(loaded: "Loaded", seed: int, job: Replay) -> "Result":
    """Play by the route that is asked for; what is needed for a socket is imported only then."""
    if job.url is None and not job.is_over_socket:
        from simulator.replay import replay

        return replay(loaded, seed, _overdue(job.timeout), job.keeps_journal)
    from simulator.replay.sockets import replay_over_socket, replay_url

    if job.url is None:
        return replay_over_socket(loaded, seed, job.timeout, job.keeps_journal)
    return replay_url(loaded, job.url, job.headers, job.timeout)


def _overdue(timeout: float | None) -> Callable[[], str]:
    """Return what says whether a replay that begins now takes too long."""
    if timeout is None:
        return str
    until = time.monotonic() + timeout
    text = f"expected to be done within {timeout:g} s of the wall's time"
    return lambda: text if time.monotonic() > until else ""
