"""The command ``serve``: a fake endpoint until stopped."""

import argparse
import contextlib
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.options import number_from, port_number
from simulator.cli.output import note, say
from simulator.cli.tls import add_tls_options, tls_of
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    import asyncio
    import ssl

    from simulator.cli.traffic import TrafficPrinter
    from simulator.command_log import CommandWriter, Folder
    from simulator.libraries import Subcommands
    from simulator.server import Server
    from simulator.simulation import Simulation

__all__ = ["add_serve_command"]

_STDERR = 2
_MOVING_MARKETS = 6
_MOST_KEPT = 999_999_999
_ENTRIES = 4
_LEAST_BUDGET = 1 << 23
_BUDGET_FOR_EACH = 1 << 11
"""How many bytes of long texts the journal keeps, and how many more for each order that is remembered."""
_LOOK_EVERY = 0.25
_STAY_AWAKE = 0.0001
"""A client that takes longer than this to answer has other things to do, and so may the machine."""


def add_serve_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    serve = commands.add_parser("serve", help="run a fake endpoint", description="Run a fake endpoint until stopped.")
    serve.set_defaults(run=_serve)
    serve.add_argument(
        "scenario",
        nargs="?",
        help="a scenario file, or the name of a bundled one; without it, a plain exchange with moving markets",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=port_number, default=6001, help="0 for any free one (default: %(default)s)")
    serve.add_argument(
        "--catalogue",
        metavar="FILE",
        help="a catalogue file, or one of: default, reference (default: the scenario's, or default)",
    )
    serve.add_argument(
        "--product",
        metavar="NAME",
        help="the tradable product that the scenario is to be about, in prices and quantities that fit it",
    )
    serve.add_argument("--clock", help="real, instant, or how many times as fast (default: the scenario's, or real)")
    serve.add_argument("--seed", type=int, help="everything random comes from it (default: the scenario's, or 0)")
    serve.add_argument(
        "--keep",
        type=number_from(1, _MOST_KEPT),
        metavar="ORDERS",
        help="how many orders that are out, and how many fills, are remembered, with a journal of four entries for "
        "each (default: 100,000, a day's development)",
    )
    serve.add_argument("--quiet", action="store_true", help="print the address and nothing of the traffic")
    serve.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="print each line as text, or as an object of JSON, the address too (default: %(default)s)",
    )
    serve.add_argument("--whole", action="store_true", help="print long messages to their end")
    serve.add_argument(
        "--filter",
        action="extend",
        type=str.split,
        default=[],
        metavar="WORDS",
        help="print only lines that have all these words in them; #3 is a connection",
    )
    serve.add_argument(
        "--persist",
        type=Path,
        metavar="DIR",
        help="keep the session there, and go on with the one that is kept there already",
    )
    serve.add_argument(
        "--sync",
        choices=("always", "100ms", "never"),
        help="when the command log goes to the disk itself: before each reply, within a tenth of a second, or when the "
        "system will; it outlives a killed process in any case, a power cut up to there (default: 100ms)",
    )
    serve.add_argument(
        "--snapshot-every",
        type=number_from(1),
        metavar="MILLISECONDS",
        help="after how much work of the processor's a session that is kept is written down whole: about as long as "
        "coming back then takes at most (default: 1000)",
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a Host that clients may name, or a pattern with *; may be repeated",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="the origin of a web page that may connect, or a pattern with *; may be repeated",
    )
    add_tls_options(serve)
    serve.add_argument(
        "--subprotocol",
        action="append",
        default=[],
        metavar="NAME",
        help="a WebSocket subprotocol that clients must offer; may be repeated",
    )
    serve.add_argument(
        "--deflate", action="store_true", help="compress messages for clients that offer it (permessage-deflate)"
    )
    serve.add_argument(
        "--no-control", action="store_true", help="answer no calls over HTTP below /_exchange, and show no page"
    )


def _serve(options: argparse.Namespace) -> int:
    if options.sync is not None and options.persist is None:
        raise SimulatorError("--sync says when the command log is written to the disk: say --persist DIR too")
    if options.snapshot_every is not None and options.persist is None:
        raise SimulatorError("--snapshot-every is for a session that is kept: say --persist DIR too")
    _fill_standard_streams()
    with tls_of(options, _say) as tls:
        return _serve_by(options, tls)


def _serve_by(options: argparse.Namespace, tls: "ssl.SSLContext | None") -> int:
    from simulator.server import Server, Settings

    printer = None if options.quiet else _printer(options)
    settings = Settings(
        busy_poll_for=_STAY_AWAKE if _cores() > 1 else 0.0,
        allowed_hosts=tuple(options.allow_host),
        allowed_origins=tuple(options.allow_origin),
        subprotocols=tuple(options.subprotocol),
        deflate=options.deflate,
        control=not options.no_control,
        token=secrets.token_urlsafe(16),
    )
    file = _scenario_file(options.scenario)
    folder = None if options.persist is None else _folder(options)
    simulation, writer = (_simulation(options), None) if folder is None else _kept(folder, options)
    server = Server(
        simulation,
        options.host,
        options.port,
        settings,
        folder=None if file is None else file.parent,
        watch=None if printer is None else printer.show,
        writer=writer,
        tls=tls,
    )
    with _runner() as runner:
        return runner.run(_serve_until_stopped(server, printer, file, folder, options))


def _cores() -> int:
    """Return how many cores there are for this process and its clients."""
    if hasattr(os, "sched_getaffinity"):  # not everywhere
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _simulation(options: argparse.Namespace, start: int | None = None) -> "Simulation":
    """Return the world that is asked for: it begins at a time, or now if it lives by the wall's clock."""
    from simulator.catalogue import load as load_catalogue
    from simulator.server.clocks import clock_named
    from simulator.simulation import Simulation, by_the_wall

    loaded = None
    catalogue = None if options.catalogue is None else load_catalogue(options.catalogue)
    if options.scenario is not None:
        from simulator.scenario import load

        loaded = load(options.scenario, catalogue=catalogue, product=options.product, now=start or time.time_ns())
        catalogue = loaded.catalogue if options.product is not None else catalogue
    elif options.product is not None:
        raise SimulatorError("serve: --product says what a scenario is to be about: name a scenario too")
    clock = None if options.clock is None else clock_named(options.clock)
    if start is None and by_the_wall(None if loaded is None else loaded.scenario, clock):
        start = time.time_ns()
    simulation = Simulation(
        loaded,
        catalogue=catalogue,
        seed=options.seed,
        clock=clock,
        moving=_moving(options),
        start=start,
        **_bounds(options.keep),
    )
    if simulation.notice is not None:
        _say(simulation.notice)
    if simulation.scenario.clock == "manual":
        _say("the clock is manual: time passes when POST /_exchange/advance or the page says so")
    return simulation


def _bounds(keep: int | None) -> dict[str, Any]:
    """Return what is remembered at most: of an order, the request, two changes and the reply are in the journal."""
    from simulator.journal.journal import DEFAULT_BUDGET

    if keep is None:
        return {}
    budget = min(DEFAULT_BUDGET, _LEAST_BUDGET + _BUDGET_FOR_EACH * keep)
    return {"history_limit": keep, "journal_limit": _ENTRIES * keep, "journal_budget": budget}


def _moving(options: argparse.Namespace) -> int:
    return _MOVING_MARKETS if options.scenario is None else 0


def _folder(options: argparse.Namespace) -> "Folder":
    from simulator.command_log import Folder

    every = {} if options.snapshot_every is None else {"snapshot_every": options.snapshot_every / 1000}
    return Folder(options.persist, options.sync or "100ms", **every)


def _kept(folder: "Folder", options: argparse.Namespace) -> "tuple[Simulation, CommandWriter]":
    """Return the world that is kept in a folder, or a new one that will be."""
    from simulator import command_log as command_log

    began = time.monotonic()
    recovered = command_log.recover(
        folder,
        lambda start: _simulation(options, start),
        options.scenario,
        _moving(options),
        _wall_time,
        _say,
    )
    if recovered is None:
        simulation = _simulation(options)
        return simulation, command_log.begin(folder, simulation, options.scenario, _moving(options), _say)
    cut = f"; an unfinished record of {recovered.cut} bytes at the end was cut" if recovered.cut else ""
    took = time.monotonic() - began
    behind = f", {recovered.again} of them behind the last snapshot" if recovered.again < recovered.commands else ""
    _say(f"recovered {recovered.commands} commands in {took:.2f} s, state {recovered.state}{behind}{cut}")
    return recovered.simulation, recovered.writer


def _wall_time(simulation: "Simulation") -> int:
    from simulator.simulation import by_the_wall
    from simulator.terms import BILLION

    if not by_the_wall(simulation.scenario, None):
        return simulation.now
    wall = time.time_ns()
    if wall < simulation.now:
        behind = (simulation.now - wall) / BILLION
        _say(f"the system's clock is {behind:.1f} s behind the command log, whose time goes on")
    return wall


def _say(text: str) -> None:
    note(f"exchange-simulator: {text}")


def _scenario_file(name: str | None) -> Path | None:
    from simulator.scenario.reading.files import find

    return None if name is None else find(name)


def _fill_standard_streams() -> None:
    """Open what whoever started us closed of stdin, stdout and stderr, lest a socket take the place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(descriptor)


def _printer(options: argparse.Namespace) -> "TrafficPrinter | None":
    from simulator.cli.traffic import TrafficPrinter, line_maker

    if sys.stdout is None:  # closed by whoever started us
        return None
    buffer = sys.stdout.buffer
    make_line = line_maker(options.log_format, options.whole, tuple(options.filter))
    return TrafficPrinter(getattr(buffer, "raw", buffer), sys.stdout.encoding, make_line)


def _runner() -> "asyncio.Runner":
    """Return a loop of uvloop's if it is installed, else one of asyncio's."""
    import asyncio

    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _serve_until_stopped(
    server: "Server",
    printer: "TrafficPrinter | None",
    file: Path | None,
    folder: "Folder | None",
    options: argparse.Namespace,
) -> int:
    import asyncio

    from simulator.cli.endpoint import started
    from simulator.server.descriptors import raise_limit, say_once_that_there_are_none
    from simulator.server.garbage import short_searches

    raise_limit()
    say_once_that_there_are_none(asyncio.get_running_loop(), _say)
    stop = await started(server.start(), server.host, server.port)
    _say_address(server, options)
    if not server.is_loopback_only:
        _say(f"{server.host or 'every address'} is reached from beyond this machine, by whoever is on its network")
    with short_searches(), printer or contextlib.nullcontext():  # it prints from here on, behind the address
        watching = None if file is None else asyncio.create_task(_reload_on_change(server, file, folder, options))
        await stop.wait()
        if watching is not None:
            watching.cancel()
        await server.close()
    return 0


def _say_address(server: "Server", options: argparse.Namespace) -> None:
    """Print where the server is reached, and where it is controlled if that takes a token."""
    control = None
    if server.token is not None and not options.no_control:
        control = f"http{server.url.removeprefix('ws')}/?token={server.token}"
    if options.log_format == "json":
        say(json.dumps({"kind": "serving", "control": control, "url": server.url}))
        return
    say(server.url)
    if control is not None:
        say(f"Control and page, for whoever has this address: {control}")


async def _reload_on_change(server: "Server", file: Path, folder: "Folder | None", options: argparse.Namespace) -> None:
    """Serve a scenario anew when its file has changed; one that is wrong is said to be, and the old one goes on."""
    import asyncio

    seen = _stamp(file)
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        stamp = _stamp(file)
        if stamp == seen or stamp is None:
            continue
        seen = stamp
        try:
            simulation = _simulation(options)
            writer = None if folder is None else _anew(folder, simulation, options)
        except SimulatorError as error:
            _say(f"{error}\nThe old scenario goes on.")
        else:
            server.replace(simulation, writer)
            _say(f"reloaded {file.name}")


def _anew(folder: "Folder", simulation: "Simulation", options: argparse.Namespace) -> "CommandWriter":
    from simulator import command_log as command_log

    return command_log.begin(folder, simulation, options.scenario, _moving(options), _say)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:  # an editor may be about to write it anew
        return None
    return stat.st_mtime_ns, stat.st_size
