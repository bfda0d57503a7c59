"""The command ``certify``: puts a client through the battery, and says which cases it survives."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.clients import add_client_options, class_of, client_words, program_of
from simulator.cli.options import number_from
from simulator.cli.output import STOPPED, say, write
from simulator.cli.progress import Progress
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.certification import Case, Verdict
    from simulator.certification.adapters import Adapter
    from simulator.libraries import Subcommands

__all__ = ["add_certify_command"]

_PASSED, _FAILED = 0, 1

_JOBS = 32
_DESCRIPTION = (
    "Put a client through the battery: in each case the venue misbehaves while the client is asked to trade; then all "
    "is well again, and what the client sent, what it believes and what is true are held against laws. TARGET is a "
    "class of Python, as module:Class or file.py:Class. Behind -- stands a program instead: with --lines one that "
    "speaks JSON lines, without it one that does its own trading, in which {url} stands for the address."
)
_EPILOG = "Exit status: 0 if the client survives every case, 1 if not, 2 if a target or an option is wrong."


def add_certify_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    certify = commands.add_parser(
        "certify", help="say which misbehaviour of a venue a client survives", description=_DESCRIPTION, epilog=_EPILOG
    )
    certify.set_defaults(run=_certify)
    add_client_options(certify, targets="*")
    certify.add_argument("--list", action="store_true", help="print the cases, and what each wants of a client")
    certify.add_argument(
        "--case", action="append", default=[], metavar="NAME", help="only this case, or family; may be repeated"
    )
    certify.add_argument(
        "--scenario",
        action="append",
        default=[],
        metavar="FILE",
        help="instead of the cases, this scenario, a file or a bundled one's name, and its must; may be repeated",
    )
    certify.add_argument("--seed", type=int, default=0, help="everything random comes from it (default: %(default)s)")
    certify.add_argument(
        "--jobs",
        type=number_from(1),
        default=_JOBS,
        metavar="N",
        help="how many cases are run at once by the wall's clock (default: 32)",
    )
    certify.add_argument("--junitxml", type=Path, metavar="FILE", help="write a JUnit report there")
    certify.add_argument(
        "--html", type=Path, metavar="FILE", help="write there what happened, to be looked through in a browser"
    )
    certify.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there")


def _certify(options: argparse.Namespace) -> int:
    from simulator.certification.certify import chosen
    from simulator.certification.report import case_lines, certificate, explanation, summary
    from simulator.certification.scenarios import case_of

    cases = [case_of(source) for source in options.scenario]
    cases += chosen(options.case) if options.case or not cases else []
    if options.list:
        say(*case_lines(cases))
        return _PASSED
    if not options.target:
        raise SimulatorError("certify: expected a TARGET, such as my_client.py:MyClient, or -- ./program --url {url}")
    began = time.perf_counter()
    with Progress(len(cases)) as progress:
        try:
            verdicts = _verdicts(options, cases, progress)
        except KeyboardInterrupt:
            return STOPPED
    for verdict in verdicts:
        if not verdict.survives:
            say(*explanation(verdict, _again(options, verdict)))
    _write_reports(options, verdicts, time.perf_counter() - began)
    say("", *certificate(verdicts), *_left_out(cases, verdicts, options.pace))
    say("", f"{summary(verdicts)}, in {time.perf_counter() - began:.1f} s")
    return _PASSED if all(verdict.survives for verdict in verdicts) else _FAILED


def _verdicts(options: argparse.Namespace, cases: "list[Case]", progress: Progress) -> "list[Verdict]":
    """Put the client through cases, saying of each how it went as soon as that is known."""
    from simulator.certification.certify import adapted, certify, runs_on_a_loop
    from simulator.certification.report import verdict_line
    from simulator.certification.targets import class_named

    def tell(verdict: "Verdict") -> None:
        progress.advance()
        progress.say(verdict_line(verdict))

    if (name := class_of(options)) is not None:
        make_client = class_named(name)
        if not runs_on_a_loop(make_client):
            return _over_sockets(options, _short(options, cases, progress), adapted(make_client), tell)
        common = {"catalogue": options.catalogue, "product": options.product, "account": options.account}
        verdicts = []
        for verdict in certify(make_client, cases=cases, seed=options.seed, pace=options.pace, **common):
            tell(verdict)
            verdicts.append(verdict)
        return verdicts
    return _verdicts_of_program(options, _short(options, cases, progress), tell)


def _short(options: argparse.Namespace, cases: "list[Case]", progress: Progress) -> "list[Case]":
    """Return the cases but those that last too long by the wall's clock, unless cases are asked for by name."""
    from simulator.certification.certify import takes_too_long

    by_name = options.case or options.scenario
    short = [case for case in cases if by_name or not takes_too_long(case, options.pace)]
    for _ in cases[len(short) :]:
        progress.advance()
    return short


def _left_out(cases: "list[Case]", verdicts: "list[Verdict]", pace: float) -> list[str]:
    """Return lines that say of each case of which there is no verdict why there is none."""
    judged = {verdict.case.name for verdict in verdicts}
    return [
        f"left out: {case.name} lasts {case.length / pace / 60:.0f} minutes by the wall's clock; ask for it by --case"
        for case in cases
        if case.name not in judged
    ]


def _verdicts_of_program(
    options: argparse.Namespace, cases: "list[Case]", tell: "Callable[[Verdict], None]"
) -> "list[Verdict]":
    from simulator.certification.programs import LinesAdapter, ProgramAdapter

    program = program_of(options, "certify")

    def make() -> "Adapter":
        return (LinesAdapter if options.lines else ProgramAdapter)(list(program))

    return _over_sockets(options, cases, make, tell)


def _over_sockets(
    options: argparse.Namespace,
    cases: "list[Case]",
    make: "Callable[[], Adapter]",
    tell: "Callable[[Verdict], None]",
) -> "list[Verdict]":
    """Put a client through cases by the wall's clock."""
    from simulator.catalogue import load
    from simulator.certification.certify import judged_over_sockets
    from simulator.certification.ground import Ground

    ground = Ground.of(load(options.catalogue or "default"), options.product, options.account)
    more = {"seed": options.seed, "pace": options.pace, "jobs": options.jobs, "done": tell}
    return judged_over_sockets(make, cases, ground, **more)


def _again(options: argparse.Namespace, verdict: "Verdict") -> str:
    """Return the command that shows again what became of a case."""
    import shlex

    case = verdict.case
    chosen = ["--case", case.name] if case.source is None else ["--scenario", case.source]
    words = ["exchange-simulator", "certify", *chosen, "--seed", str(verdict.seed)]
    return shlex.join([*words, *client_words(options)])


def _write_reports(options: argparse.Namespace, verdicts: "list[Verdict]", taken: float) -> None:
    import msgspec

    from simulator.certification.report import as_data, outcome_of
    from simulator.replay.report import junit

    if options.json is not None:
        write(options.json, msgspec.json.format(msgspec.json.encode(as_data(verdicts))) + b"\n")
    if options.html is not None:
        from simulator.certification.report import run_report
        from simulator.page.reports import report_page

        write(options.html, report_page("Certification", [run_report(one, _again(options, one)) for one in verdicts]))
    if options.junitxml is not None:
        target, share = " ".join(options.target), taken / len(verdicts)
        outcomes = [outcome_of(verdict, target, share, _again(options, verdict)) for verdict in verdicts]
        write(options.junitxml, junit(outcomes, "exchange-simulator certify"))
