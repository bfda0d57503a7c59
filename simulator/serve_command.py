"""The command ``serve``: a fake endpoint until stopped."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.server import Server
    from simulator.simulation import Simulation
    from simulator.traffic import TrafficPrinter

__all__ = ["USAGE_ERROR", "add_serve_command", "port_number"]

USAGE_ERROR = 2
"""The exit status for a mistake in what was asked."""

_STDERR = 2
_MOVING_MARKETS = 6
_LOOK_EVERY = 0.25


def add_serve_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of the program."""
    serve = commands.add_parser("serve", help="run a fake endpoint", description="Run a fake endpoint until stopped.")
    serve.set_defaults(run=_serve)
    serve.add_argument(
        "scenario", nargs="?", help="a scenario file, or the name of a bundled one; without it, a plain exchange"
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=port_number, default=6001, help="0 for any free one (default: %(default)s)")
    serve.add_argument(
        "--catalogue",
        default="default",
        metavar="FILE",
        help="a catalogue file, or one of: default, reference",
    )
    serve.add_argument("--seed", type=int, help="everything random comes from it (default: the scenario's, or 0)")
    serve.add_argument("--quiet", action="store_true", help="print the address and nothing of the traffic")
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a Host that clients may name; may be repeated",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="the origin of a web page that may connect; may be repeated",
    )


def port_number(text: str) -> int:
    """Return an option's text as a port; raises `argparse.ArgumentTypeError` if it is none."""
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, got {text!r}")
    return port


def _serve(options: argparse.Namespace) -> int:
    from simulator.server import Server, Settings

    _fill_standard_streams()
    printer = None if options.quiet else _printer()
    settings = Settings(allowed_hosts=tuple(options.allow_host), allowed_origins=tuple(options.allow_origin))
    file = _scenario_file(options.scenario)
    server = Server(
        _simulation(options),
        options.host,
        options.port,
        settings,
        folder=None if file is None else file.parent,
        watch=None if printer is None else printer.show,
    )
    with _runner() as runner:
        return runner.run(_serve_until_stopped(server, printer, file, options))


def _simulation(options: argparse.Namespace) -> "Simulation":
    """Return the world that is asked for: it lives by the wall's clock, unless its scenario says otherwise."""
    from simulator.simulation import Simulation

    if options.scenario is None:
        return Simulation(catalogue=options.catalogue, seed=options.seed, moving=_MOVING_MARKETS, start=time.time_ns())
    from simulator.scenario import load

    loaded = load(options.scenario)
    is_real = loaded.scenario.clock == "real" and loaded.scenario.start is None
    return Simulation(loaded, catalogue=options.catalogue, seed=options.seed, start=time.time_ns() if is_real else None)


def _scenario_file(name: str | None) -> Path | None:
    from simulator.scenario.files import find

    return None if name is None else find(name)


def _fill_standard_streams() -> None:
    """Open what whoever started us closed of stdin, stdout and stderr, lest a socket take the place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(descriptor)


def _printer() -> "TrafficPrinter | None":
    from simulator.traffic import TrafficPrinter

    if sys.stdout is None:  # closed by whoever started us
        return None
    buffer = sys.stdout.buffer
    return TrafficPrinter(getattr(buffer, "raw", buffer), sys.stdout.encoding)


def _runner() -> asyncio.Runner:
    """Return a loop of uvloop's if it is installed, else one of asyncio's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _serve_until_stopped(
    server: "Server", printer: "TrafficPrinter | None", file: Path | None, options: argparse.Namespace
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in a loop
            loop.add_signal_handler(number, stop.set)
    try:
        await server.start()
    except OSError as error:
        why = error.strerror or str(error)
        print(  # noqa: T201
            f"exchange-simulator: cannot listen on {server.host} port {server.port}: {why}", file=sys.stderr
        )
        return USAGE_ERROR
    try:
        print(server.url, flush=True)  # noqa: T201
    except BrokenPipeError:  # whoever read our output has gone, clients may come nonetheless
        sys.stdout = None
    with printer or contextlib.nullcontext():  # it prints from here on, behind the address
        watching = None if file is None else loop.create_task(_reload_on_change(server, file, options))
        await stop.wait()
        if watching is not None:
            watching.cancel()
        await server.close()
    return 0


async def _reload_on_change(server: "Server", file: Path, options: argparse.Namespace) -> None:
    """Serve a scenario anew when its file has changed; one that is wrong is said to be, and the old one goes on."""
    seen = _stamp(file)
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        stamp = _stamp(file)
        if stamp == seen or stamp is None:
            continue
        seen = stamp
        try:
            simulation = _simulation(options)
        except SimulatorError as error:
            print(f"exchange-simulator: {error}\nThe old scenario goes on.", file=sys.stderr)  # noqa: T201
        else:
            server.replace(simulation)
            print(f"exchange-simulator: reloaded {file.name}", file=sys.stderr)  # noqa: T201


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:  # an editor may be about to write it anew
        return None
    return stat.st_mtime_ns, stat.st_size
