"""An event loop on which a client and its exchange run in one process, and waiting takes no time.

Time stands while there is something to do, and then goes straight to what is due next: an hour of silence passes in a
moment, and every run is the same. What waits for something that can never come is found out at once.

Connections that the client makes by the loop (``loop.create_connection``, as websockets does, or ``loop.sock_connect``
before it, as aiohttp does) pass their bytes in memory. A client that connects sockets by itself uses real ones; time
then waits for them for a moment before it jumps. A client that takes its time from elsewhere than the loop
(`time.sleep`, a thread of its own) sees no time pass.
"""

import asyncio
import selectors
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from simulator.scenario.amounts import duration
from simulator.server import Server, Settings
from simulator.simulation import Simulation
from simulator.terms import BILLION

__all__ = ["Hang", "VirtualTimeLoop", "play"]

_T = TypeVar("_T")
_HIGH = 1 << 16
_GRACE = 0.002
"""How many seconds of real time a real socket is given before time jumps."""


class Hang(Exception):
    """The client waits, and nothing is due that could end it, or not before the limit."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to what is due next.

    Args:
        limit: how long it may run, in nanoseconds of its own time.

    ``run_until_complete`` raises `Hang` when nothing is due any more, or nothing before the limit.
    """

    def __init__(self, limit: int) -> None:
        self.now_ns = 0
        """The time since the loop was made, in nanoseconds."""
        self._limit = limit
        self._jobs = 0
        self._listening: dict[int, Callable[[], asyncio.BaseProtocol]] = {}
        self._bound_for: WeakKeyDictionary[socket.socket, int] = WeakKeyDictionary()
        super().__init__(_Waiting(self))

    def time(self) -> float:
        """Return the time since the loop was made, in seconds."""
        return self.now_ns / BILLION

    def monotonic_ns(self) -> int:
        """Return the time since the loop was made, in nanoseconds."""
        return self.now_ns

    @property
    def waits_for_threads(self) -> bool:
        """Whether something has been given to a thread and is not done."""
        return self._jobs > 0

    @property
    def own_descriptors(self) -> int:
        """How many descriptors the loop looks at that are no connection's: its own pipe's and the listeners'."""
        return 1 + len(self._listening)

    def pass_time(self, seconds: float | None) -> None:
        """Go to what is due next, in so many seconds; None if nothing is."""
        if seconds is None:
            raise Hang("nothing is due, and the client is not done")
        self.now_ns += max(1, round(seconds * BILLION))
        if self.now_ns > self._limit:
            raise Hang(f"the client is not done after {self._limit / BILLION:g} s")

    def run_in_executor(self, executor: Executor | None, func: Callable[..., _T], *args: Any) -> asyncio.Future[_T]:  # type: ignore[override]  # typeshed's own has type variable tuples
        """Give something to a thread; time stands until it is done."""
        job = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        job.add_done_callback(self._end_job)
        return job

    def _end_job(self, job: "asyncio.Future[Any]") -> None:
        self._jobs -= 1

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        """Listen, for clients on this loop and for others."""
        server = await super().create_server(protocol_factory, host, port, **options)
        for listener in server.sockets:
            self._listening[listener.getsockname()[1]] = protocol_factory
        return server

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect a socket, unless it is bound for a server on this loop, which is reached in memory."""
        if isinstance(address, tuple) and address[1] in self._listening:
            self._bound_for[sock] = address[1]
        else:
            await super().sock_connect(sock, address)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        """Connect to a server on this loop in memory, and to others by a socket."""
        own = options.get("sock")
        port = port if own is None else self._bound_for.get(own)
        serve = None if options.get("ssl") else self._listening.get(port)
        if serve is None:
            return await super().create_connection(protocol_factory, host, port if own is None else None, **options)
        if own is not None:
            own.close()
        here, there = _Pipe(self, ("127.0.0.1", port)), _Pipe(self, ("127.0.0.1", 0))
        here.join(there, protocol_factory())
        there.join(here, serve())
        there.protocol.connection_made(there)
        here.protocol.connection_made(here)
        return here, here.protocol


class _Waiting(selectors.DefaultSelector):
    """Lets time pass where others wait for it."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; if nothing is, let time pass."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.waits_for_threads:
            return list(super().select(None if timeout is None else 1))
        if len(self.get_map()) > self._loop.own_descriptors and (ready := super().select(_GRACE)):
            return ready
        self._loop.pass_time(timeout)
        return []


class _Pipe(asyncio.Transport):
    """One end of a connection in memory."""

    def __init__(self, loop: asyncio.AbstractEventLoop, peer_name: tuple[str, int]) -> None:
        super().__init__({"peername": peer_name, "sockname": ("127.0.0.1", 0)})
        self._loop = loop
        self._arrived: list[bytes] = []
        self._size = 0
        self._is_pumping = False
        self._is_reading = True
        self._is_writing = True
        self._is_closing = False
        self._is_lost = False
        self._has_eof = False
        self._high = _HIGH

    def join(self, other: "_Pipe", protocol: Any) -> None:
        """Learn of the other end, and who is told what comes from there."""
        self._other = other
        self.protocol: asyncio.Protocol = protocol

    # What a protocol calls

    def write(self, data: Any) -> None:
        """Pass bytes on."""
        if self._is_closing or self._other._is_lost or not data:
            return
        self._other._arrive(bytes(data))
        if self._is_writing and self._other._size > self._high:
            self._is_writing = False
            self.protocol.pause_writing()

    def writelines(self, list_of_data: Any) -> None:
        """Pass bytes on."""
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the other end has not read."""
        return 0 if self._other._is_lost else self._other._size

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say how much may wait before writing is paused."""
        self._high = _HIGH if high is None else high

    def can_write_eof(self) -> bool:
        """Return True."""
        return True

    def write_eof(self) -> None:
        """End this direction."""
        self._other._end()

    def pause_reading(self) -> None:
        """Let what comes wait."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Take what has come."""
        self._is_reading = True
        self._pump_soon()

    def is_reading(self) -> bool:
        """Return whether what comes is taken."""
        return self._is_reading

    def is_closing(self) -> bool:
        """Return whether this end is closed or being closed."""
        return self._is_closing

    def close(self) -> None:
        """End the connection behind what has been written."""
        if not self._is_closing:
            self._is_closing = True
            self._other._end()
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """Cut the connection: the other end sees a reset."""
        if not self._is_lost:
            self._is_closing = True
            self._loop.call_soon(self._lose, None)
            self._loop.call_soon(self._other._reset)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Tell somebody else from now on."""
        assert isinstance(protocol, asyncio.Protocol)  # noqa: S101 - no client of ours reads into buffers
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is told."""
        return self.protocol

    # What the other end calls

    def _arrive(self, data: bytes) -> None:
        self._arrived.append(data)
        self._size += len(data)
        self._pump_soon()

    def _end(self) -> None:
        self._has_eof = True
        self._pump_soon()

    def _reset(self) -> None:
        self._is_closing = True
        self._lose(ConnectionResetError("connection reset by peer"))

    # What happens in turn

    def _pump_soon(self) -> None:
        if not self._is_pumping:
            self._is_pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._is_pumping = False
        if not self._is_reading or self._is_lost:
            return
        if self._arrived:
            data, self._arrived, self._size = b"".join(self._arrived), [], 0
            if not self._is_closing:
                self.protocol.data_received(data)
            self._other._resume_writing()
        if self._has_eof and not self._arrived and not self._is_closing:
            self._has_eof = False
            if not self.protocol.eof_received():
                self.close()

    def _resume_writing(self) -> None:
        if not self._is_writing and not self._is_closing:
            self._is_writing = True
            self.protocol.resume_writing()

    def _lose(self, error: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            self.protocol.connection_lost(error)


def play(
    simulation: Simulation,
    client: Callable[[Server], Awaitable[_T]],
    *,
    limit: str = "1h",
    settings: Settings | None = None,
) -> _T:
    """Serve a simulation to a client on a loop whose time jumps, and return what the client returns.

    Args:
        simulation: what is served; it should run on a ``real`` clock.
        client: gets the server, of which it takes the ``url``.
        limit: how long the client may take, in the exchange's time: ``"1h"``.
        settings: the server's bounds.

    Raises `Hang` if the client waits for what cannot come, and whatever the client raises.
    """
    loop = VirtualTimeLoop(duration(limit))
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(_serve(loop, simulation, client, settings))
    finally:
        _cancel_all(loop)
        asyncio.set_event_loop(None)
        loop.close()


async def _serve(
    loop: VirtualTimeLoop,
    simulation: Simulation,
    client: Callable[[Server], Awaitable[_T]],
    settings: Settings | None,
) -> _T:
    server = Server(simulation, port=0, settings=settings, monotonic_ns=loop.monotonic_ns)
    await server.start()
    try:
        return await client(server)
    finally:
        await server.close(patience=0.0)


def _cancel_all(loop: VirtualTimeLoop) -> None:
    """Let every task of the loop end, as `asyncio.run` does."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()

    async def ended() -> None:
        await asyncio.gather(*tasks, return_exceptions=True)

    ending: Coroutine[Any, Any, None] = ended()
    loop.run_until_complete(ending)
