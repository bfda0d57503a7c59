"""One WebSocket connection over asyncio: bytes in and out, and nothing of trading.

The protocol itself is the Sans-I/O one of the websockets library; what it leaves to its user is here: reading
only as fast as the other side reads, pings, time limits, putting fragments together.
"""

import asyncio
import codecs
import logging
import socket
import struct
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from simulator.gateway.outgoing import Close, Outgoing, Pongs, RawBytes, joined_frames, text_frame
from simulator.libraries import latin_1
from simulator.server.admission import PlainAnswer, admit
from simulator.server.frames import FrameReader

if TYPE_CHECKING:
    from simulator.gateway.session import Session
    from simulator.server.driver import Driver
    from simulator.server.server import Server
    from simulator.server.settings import Settings

__all__ = ["Connection"]

_log = logging.getLogger("simulator.websocket")
_log.addHandler(logging.NullHandler())

_CONNECTING, _OPEN = State.CONNECTING, State.OPEN
_PONG = b"\x8a"
_TLS = b"\x16\x03"
"""What a client of TLS begins with."""
_LONGEST_LINE = 80
_WRITE_AHEAD = 1 << 18
"""How much may wait to be written before a connection's own requests have to wait too."""

_LITTLE = 1 << 14
"""Up to how many bytes that are held for one client nobody counts them."""

_MUCH = 1 << 16
"""Who has said and been told no more than so many bytes in half a second need not wait for those who have."""
_MOST_REMEMBERED = 1 << 23
"""How many bytes count at most: who asked for more has asked for little again in a minute."""

_AT_ONCE = 1 << 13
"""How many bytes of one connection are read in one turn of the loop: of the smallest frames, a few milliseconds."""
_INFLATED_AT_ONCE = 1 << 10
"""How many of one that compresses: they may stand for a thousand times as many."""

_TURN = 64
"""After how many messages of one connection everybody's news is sent, lest it pile up."""


class Connection(asyncio.Protocol):
    """A client's connection to a server.

    Args:
        server: told of messages and of the end; it owns the simulation.
    """

    __slots__ = (
        "_accepting",
        "_answers_pings",
        "_at_once",
        "_decoder",
        "_deflates",
        "_first_line",
        "_forgiven",
        "_fragments",
        "_frames",
        "_held",
        "_is_closing",
        "_is_heard",
        "_is_mid_frame",
        "_is_paused",
        "_is_refused",
        "_ping_due",
        "_pong_due",
        "_reader",
        "_reads_on",
        "_said",
        "_taken",
        "_taken_at",
        "_unread",
        "_unsent",
        "_written",
        "deadline",
        "protocol",
        "server",
        "session",
        "transport",
        "world",
    )

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.protocol = _protocol(server.settings)
        self.world: Driver | None = None
        self.session: Session | None = None
        self.deadline: float | None = None
        self._reader = FrameReader(self.protocol, server.settings.max_message)
        self._frames: deque[bytes | Frame] = deque()
        self._fragments: list[bytes] | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._deflates = False
        self._at_once = _AT_ONCE
        self._is_mid_frame = False
        self._answers_pings = True
        self._first_line: bytes | None = None
        self._is_refused = False
        self._accepting: Response | None = None
        """The answer to a handshake whose world is not made yet."""
        self._is_closing = False
        self._is_heard = True
        self._is_paused = False
        self._ping_due = 0.0
        self._pong_due: float | None = None
        self._reads_on = False
        self._unread = b""
        self._unsent: deque[bytes] = deque()
        self._said = 0
        """How many bytes the client has said."""
        self._forgiven = -2 * _MUCH
        """How many of the bytes that were said and written count no longer.

        Who has just come, or was silent for half a second, may ask for anything, and is taken to ask for much.
        """
        self._written = 0
        """How many bytes have been written for the client, and of them, how many it has taken, and since when."""
        self._taken = -1
        self._taken_at = 0.0
        self._held = 0
        """How many bytes are counted as being held for it."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected, and has yet to shake hands."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=_WRITE_AHEAD)
        self.deadline = self.server.monotonic() + self.server.settings.open_timeout
        self.server.welcome(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: a handshake, frames, or parts of them."""
        self._is_heard = True
        self._said += len(data)
        busy_poll = self.server.busy_poll
        if busy_poll is not None:
            busy_poll.hears()
        if self._unread or self._frames:
            self._unread += data
        elif self._said + self._written - self._forgiven > _MUCH and self.server.turn.has_ended():
            self._unread = data
            self._pause_reading()
            self.go_on()
        else:
            self._read(data)
        if self._held or self._unread or self._fragments or self._reader.unfinished > _LITTLE:
            self._count_held()
        if busy_poll is not None:
            busy_poll.has_answered()

    def eof_received(self) -> bool:
        """The client will send no more; what it has yet to read must be read within the close timeout."""
        self.protocol.receive_eof()
        self._end_session("gone")
        self._flush_protocol()
        self._limit_closing()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._set_held(0)
        self.server.forget(self)
        self._end_session(f"lost: {exc}" if exc else "gone")

    def pause_writing(self) -> None:
        """The client reads more slowly than we write: do not take more requests from it."""
        self._is_paused = True
        self._pause_reading()
        if self.world is not None and self.session is not None:
            self.world.set_behind(self.session, True)

    def resume_writing(self) -> None:
        """The client has read what waited for it."""
        self._is_paused = False
        self._count_held()
        if self.world is not None and self.session is not None:
            self.world.set_behind(self.session, False)
        self.go_on()

    # What the server calls

    def send(self, items: list[Outgoing]) -> None:
        """Write messages, together, and what else goes out; a client that does not read is given up."""
        if self.transport.is_closing() or self.session is None:  # the client is gone, or has been told that it is
            return
        waiting = self.transport.get_write_buffer_size()
        if waiting > _LITTLE and not self._may_wait(waiting):
            return
        if self._deflates:
            self._send_each(items)
            return
        try:
            data = text_frame(items[0]) if len(items) == 1 else joined_frames(items)  # type: ignore[arg-type]  # nearly always
        except TypeError:
            self._send_each(items)
        else:
            self._written += len(data)
            self.transport.write(data)
            if len(data) > _LITTLE:  # which takes long to make
                self.server.turn.end()

    def _send_each(self, items: list[Outgoing]) -> None:
        """Write messages one by one, as long as the client is there."""
        for item in items:
            if self.transport.is_closing():
                return
            self._send_one(item)

    def _may_wait(self, waiting: int) -> bool:
        """Tell whether so much may wait for the client; else it is given up.

        Whether it reads is judged by whether it has taken anything in a while, and not by how much it has yet to take:
        one answer may be long.
        """
        settings = self.server.settings
        taken, now = self._written - waiting, self.server.monotonic()
        if taken > self._taken or waiting <= settings.send_buffer:
            self._taken, self._taken_at = taken, now
        if waiting > settings.most_unread:
            self.close(CloseCode.TRY_AGAIN_LATER, "you read too slowly")
        elif waiting > settings.send_buffer and now - self._taken_at >= settings.read_timeout:
            self.close(CloseCode.TRY_AGAIN_LATER, "you do not read")
        else:
            self._count_held()
            return True
        return False

    def _count_held(self) -> None:
        """Count what is held for the client, and of what it has begun to say."""
        fragments = sum(map(len, self._fragments)) if self._fragments else 0
        held = self.transport.get_write_buffer_size() + len(self._unread) + self._reader.unfinished + fragments
        self._set_held(held if held > _LITTLE else 0)

    def _set_held(self, held: int) -> None:
        change, self._held = held - self._held, held
        if change > 0:
            self.server.hold(self, change)
        elif change < 0:
            self.server.budget.free(id(self), -change)

    def _send_one(self, item: Outgoing) -> None:
        """Write a message, or do to the connection what a scenario wants done to it."""
        transport = self.transport
        if isinstance(item, bytes):
            data = self._deflated(item) if self._deflates else text_frame(item)
            self._written += len(data)
            transport.write(data)
        elif isinstance(item, RawBytes):
            self._written += len(item.data)
            transport.write(item.data)
            self._is_mid_frame = item.more
            if not item.more:
                self._flush_protocol()
        elif isinstance(item, Pongs):
            self._answers_pings = item.answered
        elif isinstance(item, Close):
            self.close(item.code, item.reason)
        else:
            self._reset()

    def _deflated(self, payload: bytes) -> bytes:
        """Return a text frame that is compressed as it was agreed upon with the client."""
        return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=self.protocol.extensions)

    def _reset(self) -> None:
        """Cut the connection so that the client sees a reset, and not an end."""
        own_socket = self.transport.get_extra_info("socket")
        if own_socket is not None:
            own_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def close(self, code: CloseCode | int, reason: str) -> None:
        """Begin the closing handshake; what follows it is cut after the close timeout."""
        if self.protocol.state is _CONNECTING:
            self.transport.abort()
            return
        self._end_session(f"{int(code)} {reason}")
        if self.protocol.state is _OPEN:
            self.protocol.send_close(code, reason)
        self._flush_protocol()

    def give_up(self) -> None:
        """Close the connection and wait for nothing: what is held for it is needed for others."""
        self.close(CloseCode.TRY_AGAIN_LATER, "too much is held for you")
        self.transport.abort()

    def check_time(self, now: float) -> None:
        """Ping a silent client, and cut off one that has run out of time or does not read."""
        settings = self.server.settings
        total = self._said + self._written
        known = total if self._is_heard else total - _MUCH
        self._forgiven = min(known, max(self._forgiven + _MUCH, total - _MOST_REMEMBERED))
        waiting = self.transport.get_write_buffer_size()
        if waiting > settings.send_buffer and self.session is not None and not self._may_wait(waiting):
            return
        if self.deadline is not None:
            if now >= self.deadline:
                self.transport.abort()
        elif self._is_heard:
            self._is_heard = False
            self._pong_due = None
            self._ping_due = now + settings.ping_interval
        elif self._pong_due is not None:
            if now >= self._pong_due:
                self.close(CloseCode.INTERNAL_ERROR, "no pong")
        elif now >= self._ping_due:
            self._pong_due = now + settings.ping_timeout
            if self.protocol.state is _OPEN:  # else its close frame waits behind requests that it has to read
                self.protocol.send_ping(b"")
                self._flush_protocol()

    def move(self, world: "Driver", session: "Session") -> None:
        """Go on in another world, in which nothing is wrong with the connection."""
        self.world, self.session = world, session
        self._answers_pings = True

    # Inside

    def _read(self, data: bytes) -> None:
        """Take what has come, but of much only its beginning: the others have a turn before the rest."""
        # What is inflated is served at once, lest it pile up.
        at_once = 0 if self._deflates and self.server.turn.is_over() else self._at_once
        if len(data) > at_once:
            self._unread = data[at_once:]
            data = data[:at_once]
            self._pause_reading()
            self.go_on()
        if self.world is None and self.protocol.state is _CONNECTING:
            data = self._read_handshake(data)
        if data:
            self._frames.extend(self._reader.read(data))
        self._serve()

    def go_on(self) -> None:
        """Serve what waits, and read on, in the next turn of the loop, or behind others who have asked for much."""
        if self._reads_on:
            return
        self._reads_on = True
        if self._asks_for_much:
            self.server.turn.line_up(self._read_on)
        else:
            asyncio.get_running_loop().call_soon(self._read_on)

    def _pause_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    @property
    def _asks_for_much(self) -> bool:
        """Whether so much has been said and answered lately that others with little to ask come first."""
        return self._said + self._written - self._forgiven > _MUCH

    def _read_on(self) -> None:
        self._reads_on = False
        if self.transport.is_closing():
            return
        if self._is_paused or self._accepting is not None:  # what is to be written comes first
            return
        self._serve()
        if self._frames:
            return
        data, self._unread = self._unread, b""
        if len(data) <= self._at_once and not self.transport.is_closing():
            self.transport.resume_reading()
        if data:
            self._read(data)

    def _read_handshake(self, data: bytes) -> bytes:
        """Read lines until the handshake is answered; return the data that follows it."""
        while data and self.protocol.state is _CONNECTING and not self._is_refused:
            if self._accepting is not None:  # what follows waits for the answer
                self._unread = data + self._unread
                self._pause_reading()
                return b""
            line, newline, data = data.partition(b"\n")
            if self._first_line is None:
                self._first_line = line[:_LONGEST_LINE]
            if self._first_line.startswith(_TLS):
                self._refuse("this looks like TLS: connect to ws://, not wss://")
                return b""
            if newline and not line.endswith(b"\r"):
                self._refuse("a line of the request does not end with CR LF")
                return b""
            self.protocol.receive_data(line + newline)
            for request in self.protocol.events_received():
                self._shake_hands(latin_1(cast(Request, request)))
            if self.protocol.eof_sent:  # it was refused, or was no HTTP
                self._unsent.extend(self.protocol.data_to_send())
                if self._is_refused or any(self._unsent):
                    self._is_refused = True
                    self._flush_protocol()
                else:  # and the library has no answer to that
                    error = self.protocol.handshake_exc
                    self._refuse(f"this is no handshake: {error and (error.__cause__ or error)}")
                return b""
        return b"" if self._is_refused else data

    def _refuse(self, why: str) -> None:
        """Answer what is no handshake, and say so in the journal."""
        self._is_refused = True
        first = (self._first_line or b"").decode(errors="backslashreplace").rstrip("\r")
        self.server.note_refusal(first, why)
        response = _plain(PlainAnswer(HTTPStatus.BAD_REQUEST, why))
        self.transport.write(response.serialize())
        self.transport.close()

    def _shake_hands(self, request: Request) -> None:
        server = self.server
        answer = server.refuse_more() or admit(request, server.settings, server.is_loopback_only)
        if answer is not None and answer.status is not HTTPStatus.OK:
            server.note_refusal(request.path, answer.text)
        response = self.protocol.accept(request) if answer is None else _plain(answer)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._accepting = response
            self._deflates = bool(self.protocol.extensions)
            if self._deflates:
                self._at_once = _INFLATED_AT_ONCE
            server.open_session(self, request.path)
        else:
            self._respond(response)

    def enter(self, opened: "tuple[Driver, Session] | PlainAnswer") -> None:
        """Answer the handshake: the connection has a session in a world, or is told why it has none."""
        response, self._accepting = self._accepting, None
        if response is None:
            return
        if isinstance(opened, PlainAnswer):
            response = _plain(opened)
        else:
            self.world, self.session = opened
            self.deadline = None
        self._respond(response)
        if self._unread:
            self.go_on()
        self._serve()

    def _respond(self, response: Response) -> None:
        self._is_refused = response.status_code != HTTPStatus.SWITCHING_PROTOCOLS
        self.protocol.send_response(response)
        self._flush_protocol()

    def _serve(self) -> None:
        """Answer the frames that wait, as long as the client reads the answers and others need not wait for long."""
        frames = self._frames
        world, session = self.world, self.session
        if world is None:
            self._flush_protocol()
            return
        taken = 0
        while frames and not self._is_paused and not world.holds_inputs:
            frame = frames.popleft()
            if isinstance(frame, bytes):
                self._message(frame, True)
            else:
                self._take(frame)
            if not frames:
                break
            taken += 1
            if taken % _TURN == 0 or (session is not None and session.waiting > _WRITE_AHEAD):
                world.flush(session)
            if self.server.turn.is_over():
                break
        world.flush(session)
        if not frames:
            if self._reader.has_told or self._unsent:  # the pong of a ping is among the unsent
                self._flush_protocol()
        else:
            self._pause_reading()
            if not self._is_paused and not world.holds_inputs:
                self.go_on()

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            is_text = opcode is Opcode.TEXT
            if frame.fin:
                self._message(bytes(frame.data), is_text)
            else:
                self._fragments = []
                self._decoder = codecs.getincrementaldecoder("utf-8")() if is_text else None
                self._fragment(frame)
        elif opcode is Opcode.CONT:
            self._fragment(frame)
        elif opcode is Opcode.PING:
            self._write_pong()

    def _write_pong(self) -> None:
        """Write the pong of the ping that is taken: behind what was asked before it, and before what comes after."""
        if self.world is not None:
            self.world.flush(self.session)
        self._unsent.extend(self.protocol.data_to_send())
        is_next = self._unsent and self._unsent[0].startswith(_PONG)
        if is_next and not self._is_mid_frame:
            pong = self._unsent.popleft()
            if self._answers_pings and not self.transport.is_closing():
                self.transport.write(pong)

    def _fragment(self, frame: Frame) -> None:
        fragments = self._fragments
        if fragments is None:  # the connection failed in the middle of a message
            return
        fragments.append(bytes(frame.data))
        if len(fragments) > self.server.settings.max_fragments:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        if self._decoder is not None:
            try:
                self._decoder.decode(fragments[-1], frame.fin)
            except UnicodeDecodeError as error:
                self._fail(CloseCode.INVALID_DATA, f"not UTF-8: {error.reason}")
                return
        if frame.fin:
            self._fragments = None
            self._message(b"".join(fragments), self._decoder is not None)

    def _message(self, data: bytes, is_text: bool) -> None:
        world, session = self.world, self.session
        if world is None or session is None or not session.is_open:
            return
        text: str | bytes = data
        if is_text:
            try:
                text = data.decode()
            except UnicodeDecodeError as error:
                self._fail(CloseCode.INVALID_DATA, f"not UTF-8: {error.reason}")
                return
        world.receive(session, text)

    def _fail(self, code: CloseCode, reason: str) -> None:
        if self.world is not None:
            self.world.flush(self.session)
        self._end_session(f"{int(code)} {reason}")
        if self.protocol.state is _OPEN:
            self.protocol.fail(code, reason)
        self._flush_protocol()

    def _flush_protocol(self) -> None:
        """Write what the protocol itself has to say: handshakes, pongs, closes."""
        protocol = self.protocol
        self._reader.has_told = False
        if self._is_mid_frame:  # nothing may come between the pieces of a frame that drips
            if protocol.state is not _OPEN:  # who closes in between does not wait for the rest
                self._end_session("closed in the middle of a frame")
                self.transport.close()
            return
        writes = [*self._unsent, *protocol.data_to_send()]
        self._unsent.clear()
        if not self._answers_pings:
            writes = [data for data in writes if not data.startswith(_PONG)]
        if writes and not self.transport.is_closing():
            for data in writes:
                if data:
                    self.transport.write(data)
                elif self.transport.can_write_eof():
                    self._write_eof()
        if protocol.close_expected():
            self._end_session(str(protocol.close_sent))
            self._limit_closing()

    def _write_eof(self) -> None:
        try:
            self.transport.write_eof()
        except OSError:  # the client is gone, of which nobody hears who reads nothing
            self.transport.abort()

    def _limit_closing(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self.deadline = self.server.monotonic() + self.server.settings.close_timeout

    def _end_session(self, why: str) -> None:
        self._frames.clear()
        self._fragments = None
        session, self.session = self.session, None
        if self.world is not None and session is not None:
            self.server.end_session(self.world, session, why)


def _protocol(settings: "Settings") -> ServerProtocol:
    extensions = None
    if settings.deflate:
        from websockets.extensions.permessage_deflate import enable_server_permessage_deflate

        extensions = enable_server_permessage_deflate(None)
    return ServerProtocol(
        extensions=extensions,
        subprotocols=[Subprotocol(name) for name in settings.subprotocols] or None,
        max_size=settings.max_message,
        logger=_log,
    )


def _plain(answer: PlainAnswer) -> Response:
    body = f"{answer.text}\n".encode()
    headers = Headers(
        [
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "text/plain; charset=utf-8"),
        ]
    )
    return Response(answer.status.value, answer.status.phrase, headers, body)
