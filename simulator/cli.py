"""The command line: ``exchange-simulator``."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import __version__
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.server import Server
    from simulator.traffic import TrafficPrinter

__all__ = ["main"]

USAGE_ERROR = 2
_STDERR = 2
_MOVING_MARKETS = 6


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 for done, 2 for a mistake in what was asked."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except SimulatorError as error:
        print(f"exchange-simulator: {error}", file=sys.stderr)  # noqa: T201 - the command's own output
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # whoever read our output has gone
        sys.stdout = None  # the interpreter would flush it at exit
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exchange-simulator", description="A mock exchange to test trading clients against."
    )
    parser.add_argument("--version", action="version", version=f"exchange-simulator {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_catalogue(commands)
    return parser


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser("serve", help="run a fake endpoint", description="Run a fake endpoint until stopped.")
    serve.set_defaults(run=_serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=6001, help="0 for any free one (default: %(default)s)")
    serve.add_argument(
        "--catalogue",
        default="default",
        metavar="FILE",
        help="a catalogue file, or one of: default, reference",
    )
    serve.add_argument("--seed", type=int, default=0, help="everything random comes from it (default: %(default)s)")
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


def _add_catalogue(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    catalogue = commands.add_parser(
        "catalogue",
        help="invent a catalogue",
        description="Write an invented catalogue as YAML, for serve --catalogue.",
    )
    catalogue.set_defaults(run=_catalogue)
    catalogue.add_argument("--seed", type=int, default=0, help="the same seed gives the same catalogue")
    catalogue.add_argument("--venues", type=int, default=5, help="how many (default: %(default)s)")
    catalogue.add_argument("--products", type=int, default=40, help="how many (default: %(default)s)")
    catalogue.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to stdout")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, got {text!r}")
    return port


def _catalogue(options: argparse.Namespace) -> int:
    from simulator.catalogue import dump
    from simulator.catalogue.faker import invent

    text = dump(invent(options.seed, options.venues, options.products))
    if options.output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return 0
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SimulatorError(f"cannot write {options.output}: {error.strerror}") from error
    return 0


def _serve(options: argparse.Namespace) -> int:
    from simulator.server import Server, Settings
    from simulator.simulation import Simulation

    _fill_standard_streams()
    simulation = Simulation(
        catalogue=options.catalogue, seed=options.seed, moving=_MOVING_MARKETS, start=time.time_ns()
    )
    settings = Settings(allowed_hosts=tuple(options.allow_host), allowed_origins=tuple(options.allow_origin))
    server = Server(simulation, options.host, options.port, settings)
    printer = None if options.quiet else _printer()
    if printer is not None:
        simulation.journal.watch = printer.show
    with _runner() as runner:
        return runner.run(_serve_until_stopped(server, printer))


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


async def _serve_until_stopped(server: "Server", printer: "TrafficPrinter | None") -> int:
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
        await stop.wait()
        await server.close()
    return 0
