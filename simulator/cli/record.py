"""The command ``record``: passes a session on between a client and an endpoint, and writes it as a scenario."""

import argparse
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.options import port_number
from simulator.cli.output import note, say
from simulator.errors import SimulatorError
from simulator.times import text_of_time

if TYPE_CHECKING:
    from simulator.catalogue import Catalogue
    from simulator.libraries import Subcommands
    from simulator.record import RecordedEvent
    from simulator.record.proxy import Recorder

__all__ = ["add_record_command"]

_SIGNS = {"open": "+++", "in": "-->", "out": "<--", "close": "---"}
_LONGEST = 200
_WRITES_EVERY = 0.2
"""How many seconds pass before what has been seen is in the file: so much a killed recording may lack."""


def add_record_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    record = commands.add_parser(
        "record",
        help="write a session with an endpoint as a scenario",
        description="Pass sessions on between clients and an endpoint until stopped, and write what was said as a "
        "scenario that replays. Names of accounts are replaced; market data is left out. The exit status is 1 if the "
        "scenario, which is replayed before that, does not tell a client all that was seen.",
    )
    record.set_defaults(run=_record)
    record.add_argument("--upstream", required=True, metavar="URL", help="the endpoint, such as ws://127.0.0.1:6001")
    record.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the scenario to write")
    record.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    record.add_argument("--port", type=port_number, default=6001, help="0 for any free one (default: %(default)s)")
    record.add_argument(
        "--catalogue", default="default", help="what the endpoint trades: default, reference, or a file beside FILE"
    )
    record.add_argument("--quiet", action="store_true", help="print the address and nothing of what passes")
    record.add_argument("--keep-accounts", action="store_true", help="leave the names of accounts as they are")


def _record(options: argparse.Namespace) -> int:
    import asyncio

    from simulator.catalogue import load
    from simulator.record.proxy import Recorder
    from simulator.replay.endpoints import endpoint_address

    shows = _nothing if options.quiet else _show
    recorder = Recorder(endpoint_address(options.upstream, "--upstream"), shows)
    beside = options.output.parent / options.catalogue
    start = time.time_ns()
    catalogue = load(beside if beside.is_file() else options.catalogue, start=start)
    try:
        was_there = options.output.exists()
        with options.output.open("a"):  # what cannot be written is said before the session, not after
            pass
        began = f"{text_of_time(start)[:19]}Z"

        def made() -> dict[str, Any]:
            return _scenario(recorder.session[:], catalogue, options, began)

        asyncio.run(_record_until_stopped(recorder, options, made))
        if was_there and not recorder.has_heard:
            note(f"nothing was recorded: {options.output} is as it was")
            return 0
        scenario = made()
        _replace(options.output, scenario)
        return _report(scenario, recorder.session, options)
    except OSError as error:
        raise SimulatorError(f"cannot write {options.output}: {error.strerror}") from error


def _nothing(event: "RecordedEvent") -> None:
    """Show nothing."""


def _show(event: "RecordedEvent") -> None:
    """Print a line about what has passed."""
    from simulator.quoting import cut, escaped

    now = text_of_time(time.time_ns())[11:26]
    say(f"{now}Z #{event.connection} {_SIGNS.get(event.kind, '***')} {cut(escaped(event.data), _LONGEST)}")


def _scenario(
    session: "list[RecordedEvent]", catalogue: "Catalogue", options: argparse.Namespace, start: str
) -> dict[str, Any]:
    from simulator.record import scenario_of

    return scenario_of(session, catalogue, options.catalogue, options.keep_accounts, start)


def _report(scenario: dict[str, Any], session: "list[RecordedEvent]", options: argparse.Namespace) -> int:
    """Say what has been written, and what is not as it was; return the exit status."""
    from simulator.record import left_out, shortcomings

    found = shortcomings(options.output, session, options.keep_accounts)
    for line in [f"not in this recording: {what}" for what in left_out(session)] + found:
        note(line)
    steps, rules = (len(scenario.get(section, ())) for section in ("client", "rules"))
    note(f"wrote {options.output}: {steps} step{'s' * (steps != 1)}, {rules} rule{'s' * (rules != 1)}")
    return 1 if found else 0


async def _record_until_stopped(
    recorder: "Recorder", options: argparse.Namespace, made: Callable[[], dict[str, Any]]
) -> None:
    """Pass sessions on, and write down what has been seen as it is seen."""
    import asyncio

    from simulator.cli.endpoint import started

    stop = await started(recorder.start(options.host, options.port), options.host, options.port)
    say(recorder.url)
    written = 0
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _WRITES_EVERY)
        if recorder.has_heard and len(recorder.session) > written:
            written = len(recorder.session)
            await asyncio.to_thread(lambda: _replace(options.output, made()))
    await recorder.close()


def _replace(path: Path, scenario: dict[str, Any]) -> None:
    """Put a scenario in a file's place, so that a reader finds one or the other whole."""
    from simulator.yaml_writer import yaml_of

    if not path.is_file() or path.is_symlink():  # such as a pipe, which nothing can take the place of
        path.write_text(yaml_of(scenario), encoding="utf-8")
        return
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(yaml_of(scenario), encoding="utf-8")
    beside.replace(path)
