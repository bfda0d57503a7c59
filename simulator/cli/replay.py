"""The command ``replay``: plays the clients of scenarios and reports what did not come as expected."""

import argparse
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.formats import add_format, as_data, say_json, summarize
from simulator.cli.options import number_from
from simulator.cli.output import STOPPED, note, say, write
from simulator.cli.progress import Progress
from simulator.cli.replays import Replay, ScenarioSelection, play_all, replays
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.libraries import Subcommands
    from simulator.page.reports import RunReport
    from simulator.replay.results import Result

__all__ = ["FAILED", "PASSED", "UNREACHABLE", "WRONG", "add_replay_command"]

PASSED, FAILED, WRONG, UNREACHABLE = 0, 1, 2, 3
"""The exit statuses: a file or an option that is wrong outweighs what failed, and an endpoint not reached both."""

_DESCRIPTION = "Play the clients of scenarios, and say what did not come as expected."
_EPILOG = (
    "Exit status: 0 if all passed, 1 if an expectation failed, 2 if a file or an option is wrong, "
    "3 if the endpoint could not be reached."
)
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*)")
_WIDTH = 79


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
    replay.add_argument(
        "--header",
        type=_header,
        action="append",
        default=[],
        dest="headers",
        metavar="'NAME: VALUE'",
        help="send it with each handshake to --url; may be repeated",
    )
    replay.add_argument(
        "-k",
        type=ScenarioSelection,
        dest="selection",
        metavar="WORDS",
        help="play only those whose file or name has the words in it: 'fill and not bust', 'cancel or reject'",
    )
    replay.add_argument("-x", action="store_true", dest="stops", help="stop at the first that does not pass")
    replay.add_argument("-q", action="store_true", dest="is_quiet", help="say nothing of those that pass")
    replay.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="how long each may take by the wall's clock"
    )
    replay.add_argument("--seed", type=number_from(0), help="everything random comes from it (default: the scenario's)")
    replay.add_argument(
        "--repeat", type=number_from(1), default=1, metavar="N", help="play each N times, each with the next seed"
    )
    replay.add_argument("-n", type=number_from(1), default=1, metavar="N", dest="processes", help="play in N processes")
    replay.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="play only part I of N")
    replay.add_argument("--journal", type=Path, metavar="DIR", help="write each journal there, as JSON lines")
    add_format(replay, "failures shown at their lines too")
    replay.add_argument("--junitxml", type=Path, metavar="FILE", help="write a JUnit report there")
    replay.add_argument(
        "--html", type=Path, metavar="FILE", help="write there what happened, to be looked through in a browser"
    )


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isascii() and part.isdigit() and parts.isascii() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"expected a part and how many there are, such as 1/3, got {text!r}")
    return int(part), int(parts)


def _header(text: str) -> tuple[str, str]:
    header = _HEADER.fullmatch(text)
    if header is None:
        raise argparse.ArgumentTypeError(f"expected a header such as 'Authorization: Bearer x', got {text!r}")
    return header[1], header[2].rstrip()


def _seconds(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) and float(text) > 0:
        return float(text)
    raise argparse.ArgumentTypeError(f"expected a number of seconds above 0 and below a million, got {text!r}")


def _replay(options: argparse.Namespace) -> int:
    from simulator.replay.endpoints import endpoint_address
    from simulator.replay.report import again, again_command, annotations, junit, summary

    if options.url is not None:
        endpoint_address(options.url, "--url", with_query=False)
    elif options.headers:
        raise SimulatorError("--header is sent to an endpoint: say --url too")
    began = time.perf_counter()
    jobs, unselected = replays(options)
    results: dict[str, list[Result]] = {}
    with Progress(len(jobs)) as progress:
        try:
            _play(jobs, options, progress, results)
        except KeyboardInterrupt:
            progress.clear()
            note(f"stopped while {progress.playing} was being played")
            return STOPPED
    done = [run for job in jobs if job.run == 0 for run in results.get(job.source, [])]
    left_out = {"not played": len({job.source for job in jobs} - results.keys()), "not selected": unselected}
    counts = summary(done, left_out, time.perf_counter() - began)
    if options.format == "json":
        say_json(as_data(done))
    else:
        say(*again(done, _route(options)), counts)
    if options.format == "github":
        say(*annotations(done))
    summarize("Replay of scenarios", done, counts)
    if options.junitxml is not None:
        write(options.junitxml, junit(done))
    if options.html is not None:
        from simulator.page.reports import report_page

        route = _route(options)
        write(options.html, report_page("Replay", [_run_report(run, again_command(run, route)) for run in done]))
    return _status(done)


def _play(
    jobs: list[Replay], options: argparse.Namespace, progress: Progress, results: "dict[str, list[Result]]"
) -> None:
    """Play everything, and say of each scenario what came of it as soon as that is known."""
    from simulator.replay.report import line, once, report

    runs_of: dict[str, list[Result]] = {}
    for result in play_all(jobs, options.processes, progress.show):
        progress.advance()
        runs = runs_of.setdefault(result.source, [])
        runs.append(result)
        is_unreachable = result.verdict == "unreachable"
        if len(runs) < options.repeat and not is_unreachable:
            continue
        runs = results[result.source] = once(sorted(runs, key=lambda run: run.run))
        is_bad = any(run.failures for run in runs)
        if options.format != "json" and (is_bad or not options.is_quiet):
            progress.say(line(runs), *report(runs))
        if is_unreachable or (is_bad and options.stops):
            break


def _run_report(run: "Result", again: str) -> "RunReport":
    """Return what a report tells of a replay."""
    from simulator.page.reports import RunReport

    facts = {"seed": "none" if run.seed is None else str(run.seed), "steps": str(run.steps)}
    name = run.name if not run.run else f"{run.name} (run {run.run + 1})"
    entries = tuple(run.journal.since(0))
    source, books = _text_of(run.source), run.journal.books
    return RunReport(name, run.verdict, run.failures, entries, facts, again, run.source, source, books)


def _text_of(source: str) -> str:
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # it is gone, or was none
        return ""


def _route(options: argparse.Namespace) -> list[str]:
    """Return the options by which a replay is done again as it was; what a header says is nobody else's business."""
    headers = [word for name, _ in options.headers for word in ("--header", f"{name}: …")]
    route = ["--socket"] if options.socket else [] if options.url is None else ["--url", options.url]
    return route + headers + ([] if options.timeout is None else ["--timeout", f"{options.timeout:g}"])


def _status(results: "Iterable[Result]") -> int:
    verdicts = {result.verdict for result in results}
    if "unreachable" in verdicts:
        return UNREACHABLE
    if "wrong" in verdicts:
        return WRONG
    return FAILED if "failed" in verdicts else PASSED
