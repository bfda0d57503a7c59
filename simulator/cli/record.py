"""The command ``record``: passes a session on between a client and an endpoint, and writes it as a scenario."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

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
    record.add_argument("--keep-accounts", action="store_true", help="leave the names of accounts as they are")


def _record(options: argparse.Namespace) -> int:
    import asyncio

    from simulator.catalogue import load
    from simulator.record.proxy import Recorder
    from simulator.replay.endpoints import endpoint_address

    recorder = Recorder(endpoint_address(options.upstream, "--upstream"))
    beside = options.output.parent / options.catalogue
    start = time.time_ns()
    catalogue = load(beside if beside.is_file() else options.catalogue, start=start)
    try:
        was_there = options.output.exists()
        with options.output.open("a"):  # what cannot be written is said before the session, not after
            pass
        asyncio.run(_record_until_stopped(recorder, options.host, options.port))
        if was_there and not recorder.has_heard:
            note(f"nothing was recorded: {options.output} is as it was")
            return 0
        return _write(recorder.session, catalogue, options, f"{text_of_time(start)[:19]}Z")
    except OSError as error:
        raise SimulatorError(f"cannot write {options.output}: {error.strerror}") from error


def _write(session: "list[RecordedEvent]", catalogue: "Catalogue", options: argparse.Namespace, start: str) -> int:
    """Write a session as a scenario, and say what is not as it was; return the exit status."""
    from simulator.record import left_out, scenario_of, shortcomings
    from simulator.yaml_writer import yaml_of

    scenario = scenario_of(session, catalogue, options.catalogue, options.keep_accounts, start)
    options.output.write_text(yaml_of(scenario), encoding="utf-8")
    found = shortcomings(options.output, session, options.keep_accounts)
    for line in [f"not in this recording: {what}" for what in left_out(session)] + found:
        note(line)
    steps, rules = (len(scenario.get(section, ())) for section in ("client", "rules"))
    note(f"wrote {options.output}: {steps} step{'s' * (steps != 1)}, {rules} rule{'s' * (rules != 1)}")
    return 1 if found else 0


async def _record_until_stopped(recorder: "Recorder", host: str, port: int) -> None:
    from simulator.cli.endpoint import started

    stop = await started(recorder.start(host, port), host, port)
    say(recorder.url)
    await stop.wait()
    await recorder.close()
