"""The command ``record``: passes a session on between a client and an endpoint, and writes it as a scenario."""

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.serve import port_number
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from simulator.catalogue import Catalogue
    from simulator.record import Seen

__all__ = ["Recorder", "add_record_command"]

_CUT = 1006
_CLOSE_TIMEOUT = 1
_OWN_HEADERS = frozenset({"host", "connection", "upgrade", "user-agent"})


def add_record_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
    from simulator.replay.endpoints import endpoint_address

    recorder = Recorder(endpoint_address(options.upstream, "--upstream"))
    beside = options.output.parent / options.catalogue
    catalogue = load(beside if beside.is_file() else options.catalogue)
    try:
        was_there = options.output.exists()
        with options.output.open("a"):  # what cannot be written is said before the session, not after
            pass
        asyncio.run(_record_until_stopped(recorder, options.host, options.port))
        if was_there and not recorder.has_heard:
            _say(f"nothing was recorded: {options.output} is as it was")
            return 0
        return _write(recorder.session, catalogue, options)
    except OSError as error:
        raise SimulatorError(f"cannot write {options.output}: {error.strerror}") from error


def _write(session: "list[Seen]", catalogue: "Catalogue", options: argparse.Namespace) -> int:
    """Write a session as a scenario, and say what is not as it was; return the exit status."""
    from simulator.record import left_out, scenario_of, shortcomings, yaml_of

    scenario = scenario_of(session, catalogue, options.catalogue, options.keep_accounts)
    options.output.write_text(yaml_of(scenario), encoding="utf-8")
    found = shortcomings(options.output, session, options.keep_accounts)
    for line in [f"not in this recording: {what}" for what in left_out(session)] + found:
        _say(line)
    steps, rules = (len(scenario.get(section, ())) for section in ("client", "rules"))
    _say(f"wrote {options.output}: {steps} step{'s' * (steps != 1)}, {rules} rule{'s' * (rules != 1)}")
    return 1 if found else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - the command's own output


async def _record_until_stopped(recorder: "Recorder", host: str, port: int) -> None:
    import asyncio

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in a loop
            loop.add_signal_handler(number, stop.set)
    try:
        await recorder.start(host, port)
    except OSError as error:
        raise SimulatorError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    print(recorder.url, flush=True)  # noqa: T201 - the command's own output
    await stop.wait()
    await recorder.close()


class Recorder:
    """Stands between clients and an endpoint, passes everything on, and remembers what passed.

    Args:
        upstream: the endpoint's address, to which each client's own path and query are added.
    """

    def __init__(self, upstream: str) -> None:
        self.session: list[Seen] = []
        self.url = ""
        self._upstream = upstream
        self._made: dict[ServerConnection, ClientConnection] = {}
        self._count = 0

    @property
    def has_heard(self) -> bool:
        """Whether a client has said anything, or the endpoint has refused or ended a session."""
        return any(seen.kind in ("in", "refused") or seen.by_endpoint for seen in self.session)

    async def start(self, host: str, port: int) -> None:
        """Listen; raises `OSError` if the address cannot be had."""
        from websockets.asyncio.server import serve

        self._server = await serve(
            self._pass,
            host,
            port,
            process_request=self._reach,
            close_timeout=_CLOSE_TIMEOUT,
            ping_interval=None,
            max_size=None,
            compression=None,
        )
        self.url = f"ws://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Close every session with 1001."""
        self._server.close()
        await self._server.wait_closed()

    async def _reach(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """Connect to the endpoint for a client; a refusal is passed on as it is."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus

        from simulator.replay.endpoints import joined

        headers = [
            (name, value)
            for name, value in request.headers.raw_items()
            if name.lower() not in _OWN_HEADERS and not name.lower().startswith("sec-websocket-")
        ]
        try:
            self._made[connection] = await connect(
                joined(self._upstream, request.path),
                additional_headers=headers,
                user_agent_header=request.headers.get("User-Agent"),
                close_timeout=_CLOSE_TIMEOUT,
                ping_interval=None,
                max_size=None,
                compression=None,
                proxy=None,
            )
        except InvalidStatus as error:
            self._see(0, "refused", f"{request.path} with {error.response.status_code}")
            return error.response
        except (OSError, InvalidHandshake) as error:
            self._see(0, "refused", f"{request.path}: {error}")
            return connection.respond(502, f"cannot reach {self._upstream}: {error}\n")
        return None

    async def _pass(self, client: "ServerConnection") -> None:
        import asyncio

        endpoint = self._made.pop(client)
        self._count += 1
        number = self._count
        self._see(number, "open", client.request.path if client.request else "/")
        to_endpoint = asyncio.create_task(self._pass_on(client, endpoint, number, "in"))
        to_client = asyncio.create_task(self._pass_on(endpoint, client, number, "out"))
        done, pending = await asyncio.wait((to_endpoint, to_client), return_when=asyncio.FIRST_COMPLETED)
        by_endpoint = to_client in done and to_endpoint not in done
        code, reason = (done & {to_client if by_endpoint else to_endpoint}).pop().result()
        self._see(number, "close", str(code), by_endpoint)
        await _end(client if by_endpoint else endpoint, code, reason)
        await asyncio.wait(pending or {to_client})

    async def _pass_on(
        self,
        source: "ClientConnection | ServerConnection",
        target: "ClientConnection | ServerConnection",
        number: int,
        kind: str,
    ) -> tuple[int, str]:
        """Pass messages on until one side ends; return the code and the reason of the source's end."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                data = await source.recv(decode=False)
                self._see(number, kind, data.decode(errors="replace"))
                with contextlib.suppress(ConnectionClosed):  # whose end is for the other direction to tell
                    await target.send(data, text=True)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (_CUT, "")

    def _see(self, number: int, kind: str, data: str, by_endpoint: bool = False) -> None:
        from simulator.record import Seen

        self.session.append(Seen(time.monotonic_ns(), number, kind, data, by_endpoint))


async def _end(connection: Any, code: int, reason: str) -> None:
    """End a connection as the other one ended."""
    if code == _CUT:
        connection.transport.abort()
    elif code == 1005:
        await connection.close()
    else:
        await connection.close(code, reason)
