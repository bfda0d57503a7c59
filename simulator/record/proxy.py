"""Stands between clients and an endpoint, and remembers what passed."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.http11 import Request, Response

from simulator.libraries import receive, send_text, without_proxy
from simulator.record.reading import RecordedEvent
from simulator.replay.endpoints import joined

__all__ = ["Recorder"]

_CUT = 1006


_CLOSE_TIMEOUT = 1


_OWN_HEADERS = frozenset({"host", "connection", "upgrade", "user-agent"})


class Recorder:
    """Stands between clients and an endpoint, passes everything on, and remembers what passed.

    Args:
        upstream: the endpoint's address, to which each client's own path and query are added.
        sees: what is told of everything that passes, as it passes.
    """

    def __init__(self, upstream: str, sees: Callable[[RecordedEvent], None] = lambda _: None) -> None:
        self.session: list[RecordedEvent] = []
        self._sees = sees
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
                **without_proxy(),
            )
        except InvalidStatus as error:
            self._see(0, "refused", f"{request.path} with {error.response.status_code}")
            return error.response
        except (OSError, InvalidHandshake) as error:
            self._see(0, "refused", f"{request.path}: {error}")
            return connection.respond(502, f"cannot reach {self._upstream}: {error}\n")
        return None

    async def _pass(self, client: "ServerConnection") -> None:
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
        try:
            while True:
                data = await receive(source)
                self._see(number, kind, data.decode(errors="replace"))
                with contextlib.suppress(ConnectionClosed):  # whose end is for the other direction to tell
                    await send_text(target, data)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (_CUT, "")

    def _see(self, number: int, kind: str, data: str, by_endpoint: bool = False) -> None:
        event = RecordedEvent(time.monotonic_ns(), number, kind, data, by_endpoint)
        self.session.append(event)
        self._sees(event)


async def _end(connection: Any, code: int, reason: str) -> None:
    """End a connection as the other one ended."""
    if code == _CUT:
        connection.transport.abort()
    elif code == 1005:
        await connection.close()
    else:
        await connection.close(code, reason)
