"""What a connection begins with decides who goes on with it: a WebSocket's handshake, or a call of plain HTTP."""

import asyncio
import re
from typing import TYPE_CHECKING, cast

from simulator.server.connection import Connection

if TYPE_CHECKING:
    from simulator.server.server import Server

__all__ = ["CONTROL_PREFIX", "Front"]

CONTROL_PREFIX = "/_exchange"
"""What the path of a call begins with; no venue has such a path."""

_MOST = 1 << 14
_CALL = re.compile(rb"[A-Z]{3,7} /_exchange[/? ]")
_PAGE = re.compile(rb"(GET|HEAD) /(page/[a-z.]+)?(\?[^ ]*)? HTTP/1\.1\r\n")
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)
_LONGEST_START = 32


class Front(asyncio.Protocol):
    """Looks at the first bytes of a connection, and hands it over.

    Args:
        server: whose connection it is.
    """

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._connection = Connection(server)
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; its time for a handshake has begun."""
        self._transport = cast(asyncio.Transport, transport)
        self._connection.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: hand the connection over as soon as they say to whom."""
        self._data += data
        kind = _kind_of(self._data)
        if kind is None and len(self._data) < _MOST:
            return
        if kind == "http":
            from simulator.server.http_connection import HttpConnection

            self._server.forget(self._connection)
            http = HttpConnection(self._server, self._transport)
            self._transport.set_protocol(http)
            http.data_received(self._data)
        else:
            self._transport.set_protocol(self._connection)
            self._connection.data_received(self._data)

    def eof_received(self) -> bool:
        """The client says no more, and has not said what it wants."""
        return self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, and has not said what it wanted."""
        self._connection.connection_lost(exc)


def _kind_of(data: bytes) -> str | None:
    """Return what a connection is that begins with some bytes, ``http`` or ``websocket``; None if more must come."""
    if _CALL.match(data):
        return "http"
    if len(data) < _LONGEST_START and b"\n" not in data and data.isascii() and b"/_exchange"[: len(data)] in data:
        return None
    if not _PAGE.match(data):
        return "websocket"
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    return "websocket" if _UPGRADE.search(data, 0, end) else "http"
