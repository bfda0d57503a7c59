"""The shell that gives simulations sockets and clocks."""

import asyncio
import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import unquote

from websockets.frames import CloseCode

from simulator.byte_budget import Budget
from simulator.command_log import CommandWriter, refuse_to_keep_connections
from simulator.decimals import text_of_amount
from simulator.errors import UnknownName
from simulator.gateway.session import Session
from simulator.journal.journal import JournalEntry
from simulator.scenario import Loaded
from simulator.server.addresses import reachable_host
from simulator.server.admission import PlainAnswer, is_loopback
from simulator.server.busy_poll import BusyPoll
from simulator.server.clocks import WallClock
from simulator.server.connection import Connection
from simulator.server.controlled import ControlledWorlds
from simulator.server.descriptors import room_for_connections
from simulator.server.driver import FAILED, Driver
from simulator.server.durable_driver import DurableDriver
from simulator.server.front import Front
from simulator.server.http_answers import Answers
from simulator.server.settings import Settings
from simulator.server.turn import Turn
from simulator.server.worlds import WorldRequest, Worlds
from simulator.simulation import Refused, Simulation, by_the_wall
from simulator.terms import BILLION

if TYPE_CHECKING:
    import ssl

    from simulator.server.http_connection import HttpConnection

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Server"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 6001
"""The published client's own default."""

_T = TypeVar("_T")
_CHECK_EVERY = 0.5
_HEARD_AFTER = 0.01
"""How many seconds later those who listen look: what happens together is looked at once."""
_WORLDS = "/worlds/"
_MOST_ERRORS = 100
"""How many of its own mistakes a server keeps, the first ones; it prints each."""
_MOST_REFUSED = 32
"""How many connections too many are answered, before the rest is cut without a word."""
_MOST_READING = 64
"""For how many connections a scenario may wait to be read."""


class Watch(Protocol):
    """Told of what happens."""

    def __call__(self, entry: JournalEntry, world: str = "") -> None:
        """Take a journal entry of a world, which has a name if it is not the server's own."""


class Server:
    """Serves a simulation on one address, and more of them to clients that name a scenario.

    Args:
        simulation: the world of clients that name none; its scenario says which clock it runs on.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        settings: the bounds.
        folder: where a client may name scenarios from, besides the bundled ones.
        watch: called with each journal entry of each world as it is written, and with the world's name if it is not
            the server's own.
        writer: writes down what comes into the world of clients that name none, if it is to outlive a crash.
        tls: the certificate by which it is reached, over `wss` and `https` alone then.
        monotonic_ns: the wall's clock, in nanoseconds.
    """

    def __init__(
        self,
        simulation: Simulation,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        settings: Settings | None = None,
        *,
        folder: Path | None = None,
        watch: Watch | None = None,
        writer: CommandWriter | None = None,
        tls: "ssl.SSLContext | None" = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.host = host
        self._shown = reachable_host(host)
        self.port = port
        self.settings = settings or Settings()
        self.connections: set[Connection] = set()
        self.is_loopback_only = is_loopback(host)
        self.errors: list[Exception] = []
        self._tls = tls
        self._monotonic_ns = monotonic_ns
        self.busy_poll: BusyPoll | None = None
        self.wall_clock = WallClock() if monotonic_ns is time.monotonic_ns else None
        self.budget = Budget(self.settings.most_held, self.settings.most_held)
        self._watch = watch
        self._is_listened_to = False
        self._has_heard = False
        self._worlds = Worlds(self._own_world(simulation, writer), folder, self._make_world, self._say)
        self.worlds = ControlledWorlds(self, self._make_world, self._worlds)
        self.token = None if self.is_loopback_only else self.settings.token
        self.answers = Answers(self, self.token)
        self.http_connections: set[HttpConnection] = set()
        self._reader = ThreadPoolExecutor(1, "scenarios")
        self._reading = 0
        self._listener: asyncio.Server | None = None
        self._checks: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """The address for clients: ``ws://127.0.0.1:6001``, or ``wss``."""
        host = f"[{self._shown}]" if ":" in self._shown else self._shown
        return f"{'ws' if self._tls is None else 'wss'}://{host}:{self.port}"

    @property
    def simulation(self) -> Simulation:
        """The simulation of clients that name no scenario."""
        return self.world.simulation

    @property
    def world(self) -> Driver:
        """The world of clients that name no scenario."""
        return self._worlds.own

    @property
    def named_worlds(self) -> tuple[Driver, ...]:
        """The worlds of scenarios that clients have named."""
        return self._worlds.named

    async def start(self) -> None:
        """Listen; raises `OSError` if the address cannot be had."""
        self._loop = asyncio.get_running_loop()
        self.turn = Turn(self._loop, self.settings.turn)
        self._most = min(self.settings.max_connections, room_for_connections())
        self._listener = await self._loop.create_server(
            self._front,
            self.host,
            self.port,
            backlog=1024,
            ssl=self._tls,
            ssl_handshake_timeout=None if self._tls is None else self.settings.open_timeout,
        )
        self.port = self._listener.sockets[0].getsockname()[1]
        self._checks = self._loop.call_later(_CHECK_EVERY, self._check_times)
        if self.settings.busy_poll_for:
            seconds = self.settings.busy_poll_for
            self.busy_poll = BusyPoll(self._loop.call_soon, time.perf_counter, time.thread_time, seconds)
        self.world.start(self._loop, self._monotonic_ns, self.turn)

    def _front(self) -> asyncio.Protocol:
        return Front(self) if self.settings.control else Connection(self)

    def listen_to_worlds(self, listens: bool) -> None:
        """Let `Answers` hear of what happens, or no more: with nobody listening, nothing is looked at."""
        self._is_listened_to = listens
        for world in (self.world, *self.named_worlds, *self.worlds.drivers):
            self._watch_world(world)

    def _watch_world(self, world: Driver) -> None:
        """Let what happens in a world be told to whoever watches the server, and to who listens."""
        watch = self._watch if self._watch is None or not world.name else partial(self._watch, world=world.name)
        journal = world.simulation.journal
        if not self._is_listened_to:
            journal.watch = watch
            return

        def hear(entry: JournalEntry) -> None:
            if watch is not None:
                watch(entry)
            self._hear()

        journal.watch = hear

    def _hear(self) -> None:
        """Something has happened: let those who listen look again, but not at every single thing."""
        if not self._has_heard:
            self._has_heard = True
            self._loop.call_later(_HEARD_AFTER, self._tell)

    def _tell(self) -> None:
        self._has_heard = False
        self.answers.tell()

    async def close(self, patience: float | None = None) -> None:
        """Close every client with 1001, and cut those that do not answer within the close timeout.

        ``patience`` is how many seconds to wait for them instead.
        """
        wait = self.settings.close_timeout if patience is None else patience
        if self._listener is not None:
            self._listener.close()
        self._emptied = asyncio.Event()
        for connection in list(self.connections):
            connection.close(CloseCode.GOING_AWAY, "the exchange shuts down")
        await self._until_empty(wait)
        for connection in list(self.connections):
            connection.transport.abort()
        await self._until_empty(self.settings.close_timeout)
        self._worlds.stop()
        self.worlds.stop()
        for http in list(self.http_connections):
            http.close()
        self._reader.shutdown(wait=False, cancel_futures=True)
        if self._checks is not None:
            self._checks.cancel()

    def replace(self, simulation: Simulation, writer: CommandWriter | None = None) -> None:
        """Serve another simulation from now on; who is in the old one is closed with 1012, to come again."""
        old = self.world
        self._begin(simulation, writer)
        for connection in old.connections:
            connection.close(CloseCode.SERVICE_RESTART, "the scenario has changed")
        old.stop()

    def _begin(self, simulation: Simulation, writer: CommandWriter | None) -> Driver:
        """Let the server's own world be another one from now on."""
        world = self._worlds.own = self._own_world(simulation, writer)
        world.start(self._loop, self._monotonic_ns, self.turn)
        return world

    # What a control calls

    def advance(self, nanoseconds: int) -> None:
        """Let time pass in the server's own world, and send what is due by then; for a clock that stands."""
        self.world.advance(nanoseconds)

    def set_clock(self, clock: str | Mapping[str, Any]) -> None:
        """Let the server's own world go on by another clock; raises `ScenarioError` for what is none."""
        self.world.set_clock(clock)

    def restart(
        self,
        loaded: Loaded | None = None,
        *,
        seed: int | None = None,
        clock: str | Mapping[str, Any] | None = None,
        keep_connections: bool = False,
    ) -> None:
        """Begin the server's own world anew: as it began, but for what is said.

        Connections are closed with 1012, or go on as if they had just been opened: without subscriptions, and without
        another hello. Raises `SimulatorError` for a clock that is none, and for a world whose commands are written
        down, if connections are to be kept.
        """
        old = self.world
        refuse_to_keep_connections(keep_connections and isinstance(old, DurableDriver))
        simulation = old.simulation.anew(loaded, seed=seed, clock=clock, wall_time=old.wall_time())
        new = self._begin(simulation, old.hand_over())
        for connection in old.connections:
            session = connection.session
            if keep_connections and session is not None and session.is_open:
                connection.move(new, new.open(connection, session.target, greets=False))
            else:
                connection.close(CloseCode.SERVICE_RESTART, "the exchange begins anew")
        old.stop()
        new.flush()

    def _own_world(self, simulation: Simulation, writer: CommandWriter | None) -> Driver:
        report = self._report
        world = Driver(simulation, report) if writer is None else DurableDriver(simulation, report, writer)
        self._watch_world(world)
        return world

    def _make_world(self, simulation: Simulation, name: str) -> Driver:
        world = Driver(simulation, self._report, name)
        self._watch_world(world)
        world.start(self._loop, self._monotonic_ns, self.turn)
        return world

    def _say(self, text: str) -> None:
        """Print a line to stderr, if there is one that takes it."""
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                print(f"exchange-simulator: {text}", file=sys.stderr)  # noqa: T201

    async def read_aside(self, read: Callable[..., _T], *things: Any) -> _T:
        """Return what reading something gives that may take long: others have their turn meanwhile."""
        return await self._loop.run_in_executor(self._reader, partial(read, *things))

    # What connections call

    def monotonic(self) -> float:
        """Return the wall's time in seconds since some moment in the past."""
        return self._monotonic_ns() / BILLION

    def welcome(self, connection: Connection) -> None:
        """A connection is made; one that comes while the server closes is cut, and of far too many each."""
        self.connections.add(connection)
        if self._emptied is not None or self._count > self._most + _MOST_REFUSED:
            connection.transport.abort()

    @property
    def _count(self) -> int:
        return len(self.connections) + len(self.http_connections)

    def hold(self, connection: Connection, size: int) -> None:
        """Count bytes that are held for a connection; if they are too many for all, give up the one with the most."""
        if not self.budget.hold(id(connection), size):
            most = max(self.connections, key=lambda one: self.budget.of(id(one)))
            most.give_up()

    def forget(self, connection: Connection) -> None:
        """A connection is lost."""
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections:
            self._emptied.set()

    def refuse_more(self) -> PlainAnswer | None:
        """Return the answer to one connection too many, or None."""
        if self._count > self._most:
            return PlainAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections.")
        return None

    def open_session(self, connection: Connection, target: str) -> None:
        """Open a session for a connection in the world that it asks for, and tell it so, or why there is none.

        It is told at once, or later where a scenario has to be read first.
        """
        try:
            made, target = self._made_world(target)
            if made is not None:
                self._let_in(connection, made, target)
                return
            asked = self._worlds.read(target)
            world = self._worlds.find(asked)
            if world is None and self._reading >= _MOST_READING:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many scenarios are being read.")
        except Refused as refused:
            self.note_refusal(target, refused.text)
            connection.enter(_answer(refused))
            return
        if world is not None:
            self._let_in(connection, world, asked.target)
            return
        self._reading += 1
        job = self._loop.run_in_executor(self._reader, self._worlds.simulate, asked)
        job.add_done_callback(partial(self._end_reading, connection, target, asked))

    def _made_world(self, target: str) -> tuple[Driver | None, str]:
        """Return the world that a request target names by its path, and the target within it."""
        if not target.startswith(_WORLDS):
            return None, target
        name, slash, rest = target.removeprefix(_WORLDS).partition("/")
        try:
            return self.worlds.driver(unquote(name)), f"{slash or '/'}{rest}"
        except UnknownName as error:
            raise Refused(HTTPStatus.NOT_FOUND, str(error)) from None

    def _end_reading(
        self, connection: Connection, target: str, asked: WorldRequest, job: "asyncio.Future[Simulation]"
    ) -> None:
        self._reading -= 1
        if connection not in self.connections:  # it has not waited
            job.cancelled() or job.exception()
            return
        try:
            simulation = job.result()
            world = self._worlds.find(asked) or self._worlds.add(asked, simulation)
        except Refused as refused:
            self.note_refusal(target, refused.text)
            connection.enter(_answer(refused))
        except Exception as error:
            self._report(error)
            connection.enter(PlainAnswer(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED))
        else:
            self._let_in(connection, world, asked.target)

    def _let_in(self, connection: Connection, world: Driver, target: str) -> None:
        opened: tuple[Driver, Session] | PlainAnswer
        try:
            opened = world, world.open(connection, target)
        except Refused as refused:
            opened = _answer(refused)
            world.flush()
        except Exception as error:
            self._report(error)
            opened = PlainAnswer(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)
        connection.enter(opened)
        self._worlds.leave(world)

    def note_refusal(self, target: str, why: str) -> None:
        """Write down that a connection was refused before any world knew of it."""
        self.simulation.journal.write(self.world.now(), 0, "refused", f"{target}: {why}")

    def end_session(self, world: Driver, session: Session, why: str) -> None:
        """End the session of a connection that closes."""
        world.end(session, why)
        self._worlds.leave(world)

    def _check_times(self) -> None:
        now = self.monotonic()
        self._worlds.tend(now)
        if self.wall_clock is not None:
            self._say_jump(self.wall_clock.jump())
        for connection in list(self.connections):
            connection.check_time(now)
        self._checks = self._loop.call_later(_CHECK_EVERY, self._check_times)

    def _say_jump(self, jump: int) -> None:
        """Say that the system's clock has been set, if the time of the server's own world was that clock's."""
        if jump and by_the_wall(self.simulation.scenario, None):
            text = f"the system's clock has been set by {text_of_amount(jump)} s; the exchange's time goes on as before"
            self.simulation.journal.note("clock", text)
            self._say(text)

    async def _until_empty(self, seconds: float) -> None:
        if self.connections and self._emptied is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    def report(self, error: Exception) -> None:
        """Take a mistake of the simulator's own that was found by a call."""
        self._report(error)

    def _report(self, error: Exception) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(error)
        traceback.print_exception(error, file=sys.stderr)


def _answer(refused: Refused) -> PlainAnswer:
    return PlainAnswer(HTTPStatus(refused.status), refused.text)
