"""The shell that gives a simulation sockets and a clock."""

import asyncio
import contextlib
import sys
import time
import traceback
from http import HTTPStatus

from websockets.frames import CloseCode

from simulator.outgoing import Outgoing
from simulator.server.admission import Answer, is_loopback
from simulator.server.connection import Connection
from simulator.server.settings import Settings
from simulator.session import Session
from simulator.simulation import Refused, Simulation

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Server"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 6001
"""The published client's own default."""

_CHECK_EVERY = 0.5
_FAILED = "the simulator failed"


class Server:
    """Serves one simulation on one address, on the wall's clock.

    Args:
        simulation: the world to serve.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        settings: the bounds.
    """

    def __init__(
        self,
        simulation: Simulation,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        settings: Settings | None = None,
    ) -> None:
        self.simulation = simulation
        self.host = host
        self.port = port
        self.settings = settings or Settings()
        self.connections: set[Connection] = set()
        self.is_loopback_only = is_loopback(host)
        self.errors: list[Exception] = []
        self.monotonic = time.monotonic
        self._by_session: dict[int, Connection] = {}
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: int | None = None
        self._checks: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None
        self._started = 0
        self._epoch = 0

    @property
    def url(self) -> str:
        """The address for clients: ``ws://127.0.0.1:6001``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; raises `OSError` if the address cannot be had."""
        self._loop = asyncio.get_running_loop()
        self._epoch = time.time_ns()
        self._started = time.monotonic_ns()
        self._listener = await self._loop.create_server(lambda: Connection(self), self.host, self.port, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._checks = self._loop.call_later(_CHECK_EVERY, self._check_times)
        self.flush()

    async def close(self) -> None:
        """Close every client with 1001, and cut those that do not answer within the close timeout."""
        if self._listener is not None:
            self._listener.close()
        self._emptied = asyncio.Event()
        for connection in list(self.connections):
            connection.close(CloseCode.GOING_AWAY, "the exchange shuts down")
        await self._until_empty()
        for connection in list(self.connections):
            connection.transport.abort()
        await self._until_empty()
        for timer in (self._timer, self._checks):
            if timer is not None:
                timer.cancel()

    def now(self) -> int:
        """Return the time in nanoseconds since 1970; it never goes back."""
        return self._epoch + time.monotonic_ns() - self._started

    # What connections call

    def welcome(self, connection: Connection) -> None:
        """A connection is made; one that comes while the server closes is cut."""
        self.connections.add(connection)
        if self._emptied is not None:
            connection.transport.abort()

    def forget(self, connection: Connection) -> None:
        """A connection is lost."""
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections:
            self._emptied.set()

    def refuse_more(self) -> Answer | None:
        """Return the answer to one connection too many, or None."""
        if len(self.connections) > self.settings.max_connections:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections.")
        return None

    def open_session(self, connection: Connection, target: str) -> Session | Answer:
        """Open a session for a connection, or return the answer to a target that has none."""
        try:
            session = self.simulation.connect(target, self.now())
        except Refused as refused:
            return Answer(HTTPStatus(refused.status), refused.text)
        except Exception as error:
            self._report(error)
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED)
        self._by_session[session.number] = connection
        return session

    def end_session(self, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        self._by_session.pop(session.number, None)
        try:
            self.simulation.disconnect(session, self.now(), why)
        except Exception as error:
            self._report(error)
            self.simulation.disconnect(session, why=why)  # what failed is what was due

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message; a mistake of the simulator's own closes that connection alone, with 1011."""
        try:
            self.simulation.receive(session, text, self.now())
        except Exception as error:
            self._report(error)
            self.flush()
            connection = self._by_session.get(session.number)
            if connection is not None:
                connection.close(CloseCode.INTERNAL_ERROR, _FAILED)

    def flush(self) -> None:
        """Send what the simulation has to say, and wake up again when it next has something."""
        self._deliver(self.simulation.take())

    def _deliver(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        while news:
            for session, messages in news:
                connection = self._by_session.get(session.number)
                if connection is not None:
                    connection.send(messages)
            news = self.simulation.take()  # a connection that was given up may have let time pass
        due = self.simulation.next_due()
        if due != self._timer_due:
            self._set_timer(due)

    def _set_timer(self, due: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due = due
        if due is not None:
            wait = max(0, due - self.now()) / 1e9
            self._timer = self._loop.call_later(wait, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._timer_due = None
        try:
            self._deliver(self.simulation.advance(self.now()))
        except Exception as error:
            self._report(error)
            self.flush()

    def _check_times(self) -> None:
        now = self.monotonic()
        for connection in list(self.connections):
            connection.check_time(now)
        self._checks = self._loop.call_later(_CHECK_EVERY, self._check_times)

    async def _until_empty(self) -> None:
        if self.connections and self._emptied is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), self.settings.close_timeout)

    def _report(self, error: Exception) -> None:
        self.errors.append(error)
        traceback.print_exception(error, file=sys.stderr)
