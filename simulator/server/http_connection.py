"""Plain HTTP on a server's address: the calls that control it, their description, and the page."""

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import h11

from simulator.errors import UnknownName
from simulator.server.connection import Connection
from simulator.server.http_answers import Answer, HttpRequest, Stream

if TYPE_CHECKING:
    from simulator.server.server import Server

__all__ = ["HttpConnection"]

_LONGEST_BODY = 4 << 20
_AT_ONCE = 1 << 18
"""How many bytes of an answer are sent before others have their turn."""
_IDLE = 60.0
"""How many seconds a request may take to come, and its answer to be read."""
_AFTER_THE_END = 1.0
"""For how many seconds who says that it asks no more is answered: it may also be gone."""


class HttpConnection(asyncio.Protocol):
    """One connection of plain HTTP, by h11.

    Args:
        server: what it asks.
        transport: its socket.
    """

    def __init__(self, server: "Server", transport: asyncio.Transport) -> None:
        self._server = server
        self._transport = transport
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
        self._request: h11.Request | None = None
        self._head = bytearray()
        """What has come of a request that is not read yet: if it asks for a WebSocket, that takes it from the start."""
        self._body = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._end: asyncio.TimerHandle | None = None
        server.http_connections.add(self)
        self._end_in(_IDLE)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: requests, or parts of them; one who asks ahead waits until what it has asked is answered."""
        self._http.receive_data(data)
        if self._request is None:
            self._head += data
        if self._answering is None:
            self._read()
        elif not self._transport.is_closing():
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client asks for no more; tell whether there is something to answer."""
        self._http.receive_data(b"")
        self._read()
        if self._answering is not None:
            self._end_in(_AFTER_THE_END)
        return self._answering is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and with it whoever waits for an answer."""
        self._end_in(None)
        self._hold(0)
        self._server.http_connections.discard(self)
        if self._answering is not None:
            self._answering.cancel()

    def pause_writing(self) -> None:
        """The client does not read what it has asked for."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The client has read."""
        self._may_write.set()

    def close(self) -> None:
        """End the connection."""
        self._transport.abort()

    # Requests

    def _read(self) -> None:
        """Take what has come of a request, one after the other."""
        while self._answering is None and not self._transport.is_closing():
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(HTTPStatus(error.error_status_hint), str(error))
                return
            if event is h11.NEED_DATA or event is h11.PAUSED:
                if self._http.they_are_waiting_for_100_continue:
                    self._send(h11.InformationalResponse(status_code=100, headers=[]))
                return
            if isinstance(event, h11.Request):
                if _asks_for_websocket(event):
                    self._hand_over()
                    return
                self._request, self._head, self._body = event, bytearray(), bytearray()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > _LONGEST_BODY:
                    self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {_LONGEST_BODY >> 20} MiB")
                    return
                if not self._hold(len(self._body)):
                    self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too much is held for others")
                    return
            elif isinstance(event, h11.EndOfMessage):
                self._end_in(None)
                self._answering = asyncio.get_running_loop().create_task(self._answer())
            else:
                self._transport.close()
                return

    async def _answer(self) -> None:
        request = self._request
        assert request is not None  # noqa: S101 - its end has come
        answer = await self._server.answers.answer(_asked(request, bytes(self._body)))
        self._body = bytearray()
        self._hold(0)
        is_head = request.method == b"HEAD"
        if isinstance(answer, Stream):
            await self._stream(answer, is_head)
            return
        if len(answer.body) > _AT_ONCE and not is_head:
            await self._send_in_pieces(answer)
        else:
            self._send_answer(answer, is_head)
        await self._until_read()
        self._answering = None
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
        if self._transport.is_closing():
            return
        self._request = None
        self._http.start_next_cycle()
        self._head += self._http.trailing_data[0]
        self._end_in(_IDLE)
        self._transport.resume_reading()
        self._read()

    def _hand_over(self) -> None:
        """Let the connection be a WebSocket's from now on: clients reuse those on which they have made calls."""
        self._end_in(None)
        self._server.http_connections.discard(self)
        connection = Connection(self._server)
        connection.connection_made(self._transport)
        self._transport.set_protocol(connection)
        connection.data_received(bytes(self._head))

    async def _stream(self, stream: Stream, is_head: bool) -> None:
        """Send pieces as they come; one who does not read gets no more until he does."""
        self._send(h11.Response(status_code=200, headers=[*stream.headers, ("Connection", "close")]))
        if not is_head:
            with contextlib.suppress(UnknownName):  # the world has ended, and so has what there is to tell
                async for piece in stream.pieces:
                    await self._until_read()
                    self._send(h11.Data(data=piece))
        self._send(h11.EndOfMessage())
        self._transport.close()

    async def _until_read(self) -> None:
        """Wait until the client has read most of what it was answered; one that does not is cut."""
        if not self._may_write.is_set():
            self._end_in(_IDLE)
            await self._may_write.wait()
            self._end_in(None)

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer what cannot be taken, and end the connection."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send_answer(Answer.failed(status, text), False, last=True)
        self._transport.close()

    async def _send_in_pieces(self, answer: Answer) -> None:
        """Send a long answer, each piece when the one before has been read, with others' turns between."""
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        self._send(h11.Response(status_code=int(answer.status), headers=headers))
        for at in range(0, len(answer.body), _AT_ONCE):
            await self._until_read()
            self._send(h11.Data(data=answer.body[at : at + _AT_ONCE]))
            await asyncio.sleep(0)
        self._send(h11.EndOfMessage())

    def _send_answer(self, answer: Answer, is_head: bool, last: bool = False) -> None:
        headers = [*answer.headers, ("Content-Length", str(len(answer.body))), *([("Connection", "close")] * last)]
        body = [] if is_head else [h11.Data(data=answer.body)]
        self._send(h11.Response(status_code=int(answer.status), headers=headers), *body, h11.EndOfMessage())

    def _send(self, *events: h11.Event) -> None:
        """Send in one go: each write wakes who reads, and that takes longer than most answers."""
        data = b"".join([self._http.send(event) or b"" for event in events])
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # Bounds

    def _end_in(self, seconds: float | None) -> None:
        """End the connection in so many seconds, unless something else is said before; None for not at all."""
        if self._end is not None:
            self._end.cancel()
        self._end = None
        if seconds is not None:
            self._end = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _hold(self, size: int) -> bool:
        """Count that so many bytes of a request are held, of all that may be; return whether they may."""
        budget = self._server.budget
        change = size - budget.of(id(self))
        if change <= 0:
            budget.free(id(self), -change)
            return True
        return budget.hold(id(self), change)


def _asks_for_websocket(request: h11.Request) -> bool:
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in request.headers)


def _asked(request: h11.Request, body: bytes) -> HttpRequest:
    path, _, query = request.target.decode("latin-1").partition("?")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return HttpRequest(request.method.decode("latin-1"), path, asked, headers, body)
