"""Replays scenarios over sockets: against a server of their own, or against any endpoint."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from msgspec import UNSET
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State

from simulator.control.expectations import expected_of, unmet, unmet_order, unmet_requests
from simulator.errors import Failure, UnmetExpectation
from simulator.journal.journal import Journal
from simulator.libraries import receive, without_proxy
from simulator.replay import Client, Result
from simulator.replay.actions import Action, Leave, Listen, Open, Say
from simulator.replay.client import Playing
from simulator.replay.results import Unreachable, result_of
from simulator.scenario.expectations import Expectation, OrderExpectation
from simulator.scenario.loader import Loaded
from simulator.scenario.reading.typed import Path
from simulator.scenario.values import shown
from simulator.server import Server
from simulator.simulation import Simulation

__all__ = ["replay_over_socket", "replay_url"]

_OPEN_TIMEOUT = 10
_CLOSE_TIMEOUT = 1
_ECHO_TIMEOUT = 0.2
_TURNS = 20
_ASK_WITHIN = 5_000_000_000
_CUT = 1006
_ENOUGH = 1 << 30
"""As many messages as may wait to be read; before websockets 14.1 it cannot be None."""


class _ReplayClock(Protocol):
    """The time of a replay."""

    def now(self) -> int: ...
    async def settle(self) -> None: ...
    async def listen(self, until: int) -> None: ...


class _Sockets:
    """The connections of a replayed client.

    Args:
        url: where the endpoint is, to which each connection's own target is added.
        client: told what comes.
        journal: where what passes is written down; None if the other side does that.
        headers: what is sent with each handshake.
    """

    def __init__(
        self,
        url: str,
        client: Client,
        journal: Journal | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._headers = headers
        self.news = asyncio.Event()
        self._url = url.rstrip("/")
        self._client = client
        self._journal = journal
        self._open: dict[str, ClientConnection] = {}
        self._numbers: dict[str, int] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._mute: set[str] = set()
        self._count = 0

    async def do(self, action: Action) -> None:
        """Do anything but listen."""
        match action:
            case Open():
                await self._connect(action)
            case Say():
                await self._say(action)
            case Leave():
                await self._open[action.line].close()
                await self._readers[action.line]

    async def _say(self, action: Say) -> None:
        self._note(action.line, "in", action.text)
        try:
            await self._open[action.line].send(action.text)
        except ConnectionClosed:
            await self._readers[action.line]

    async def _connect(self, action: Open) -> None:
        try:
            connection = await connect(
                self._url + action.target,
                additional_headers=self._headers,
                open_timeout=_OPEN_TIMEOUT,
                close_timeout=_CLOSE_TIMEOUT,
                ping_interval=None,
                max_size=None,
                max_queue=_ENOUGH,
                compression=None,
                **without_proxy(),
            )
        except InvalidStatus as error:
            body = error.response.body.decode(errors="replace").strip() if error.response.body else ""
            self._client.refused(action.line, f"{error.response.status_code} {body}".strip())
            return
        except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
            why = str(error) or type(error).__name__
            if not self._count and self._journal is not None:  # one of our own may refuse on purpose
                raise Unreachable(f"cannot reach {self._url + action.target}: {why}") from error
            self._client.refused(action.line, why)
            return
        self._count += 1
        self._mute.discard(action.line)
        self._open[action.line] = connection
        self._numbers[action.line] = self._count
        self._note(action.line, "open", action.target)
        self._readers[action.line] = asyncio.create_task(self._read(action.line, connection))

    async def _read(self, line: str, connection: ClientConnection) -> None:
        try:
            while True:
                data = await receive(connection)
                self._note(line, "out", data)
                self._client.arrived(line, data)
                self.news.set()
        except ConnectionClosed as error:
            code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (_CUT, "cut")
            self._note(line, "close", f"{code} {reason}".rstrip())
            self._client.ended(line, code, reason)
            self.news.set()

    def _note(self, line: str, kind: str, data: str | bytes) -> None:
        if self._journal is not None:
            self._journal.write(time.time_ns(), self._numbers[line], kind, data)

    async def hear_out(self) -> None:
        """Wait until the endpoint has read what was said and said what it has to say, as a ping's echo tells.

        A connection that echoes nothing, because its pongs stall or a frame drips on it, gets a few turns of the
        loop instead.
        """
        for line, connection in self._open.items():
            if self._readers[line].done() or line in self._mute:
                continue
            try:
                echo = asyncio.ensure_future(await connection.ping())
                # Not cancelled when it does not come in time: a late pong is then an error in websockets before 14.2.
                await asyncio.wait([echo], timeout=_ECHO_TIMEOUT)
                if echo.done():
                    echo.result()
                else:
                    self._mute.add(line)
                if connection.state is not State.OPEN:  # the endpoint closes it behind the echo
                    await self._readers[line]
            except ConnectionClosed:
                await self._readers[line]
        for _ in range(_TURNS if self._mute else 1):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Close what is open."""
        for connection in self._open.values():
            await connection.close()
        await asyncio.gather(*self._readers.values())


class _WallTime:
    """The wall's clock, for an endpoint that lives by it."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        self._began = time.time_ns() - time.monotonic_ns()

    def now(self) -> int:
        return self._began + time.monotonic_ns()

    async def settle(self) -> None:
        pass

    async def listen(self, until: int) -> None:
        self._sockets.news.clear()
        try:
            async with asyncio.timeout(max(0, until - self.now()) / 1e9):
                await self._sockets.news.wait()
        except TimeoutError:
            return


class _WorldTime:
    """The time of a world on this side of the socket, which stands while anything is on its way."""

    def __init__(self, sockets: _Sockets, server: Server) -> None:
        self._sockets = sockets
        self._world = server.world

    def now(self) -> int:
        return self._world.simulation.now

    async def settle(self) -> None:
        await self._sockets.hear_out()

    async def listen(self, until: int) -> None:
        news = self._sockets.news
        news.clear()
        while not news.is_set() and self.now() < until:
            due = self._world.simulation.next_due()
            self._world.advance((until if due is None else min(due, until)) - self.now())
            await self.settle()


async def _drive(playing: Playing, sockets: _Sockets, clock: _ReplayClock) -> Any:
    """Play to the end; return what the playing returns."""
    try:
        action = next(playing)
        while True:
            if isinstance(action, Listen):
                await clock.listen(action.until)
            else:
                await sockets.do(action)
                await clock.settle()
            action = playing.send(clock.now())
    except StopIteration as end:
        return end.value


def replay_over_socket(
    loaded: Loaded, seed: int | None = None, timeout: float | None = None, keeps_books: bool = False
) -> Result:
    """Play a scenario's client against a server of its own on this machine, whose time the player drives.

    What comes of it is what comes of `simulator.replay.replay`, bytes and frames and all.
    """
    return asyncio.run(_replay_own(loaded, seed, timeout, keeps_books))


@asynccontextmanager
async def _serving(simulation: Simulation) -> AsyncIterator[Server]:
    server = Server(simulation, port=0)
    await server.start()
    try:
        yield server
        if server.errors:
            raise server.errors[0]
    finally:
        await server.close()


async def _replay_own(loaded: Loaded, seed: int | None, limit: float | None, keeps_books: bool) -> Result:
    simulation = Simulation(loaded, seed=seed, clock="manual", keeps_books=keeps_books)
    began = simulation.now
    client = Client(loaded)
    async with _serving(simulation) as server:
        sockets = _Sockets(server.url, client)
        try:
            async with _within(limit, client):
                await _drive(client.play(began), sockets, _WorldTime(sockets, server))
        except UnmetExpectation as error:
            failures = error.failures
        else:
            failures = tuple(unmet(simulation, client.names).at_once())
        result = result_of(client, failures, simulation.journal, simulation.seed, simulation.now - began)
        await sockets.close()
    return result


@asynccontextmanager
async def _within(limit: float | None, client: Client) -> AsyncIterator[None]:
    """Raise `UnmetExpectation` where a client's script stands if it takes longer than a limit in seconds."""
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError:
        raise client.give_up(f"expected to be done within {limit:g} s of the wall's time") from None


def replay_url(
    loaded: Loaded, url: str, headers: Iterable[tuple[str, str]] = (), timeout: float | None = None
) -> Result:
    """Play a scenario's client against an endpoint, by the wall's clock.

    ``headers`` are sent with each handshake, and ``timeout`` is how many seconds it may take.
    What a scenario expects of its own rules is left aside, since they are not there; orders are asked for with
    GetOrderState. Raises `Unreachable` if the first connection cannot be made.
    """
    return asyncio.run(_replay_url(loaded, url, tuple(headers), timeout))


async def _replay_url(loaded: Loaded, url: str, headers: tuple[tuple[str, str], ...], limit: float | None) -> Result:
    client = Client(loaded)
    journal = Journal()
    sockets = _Sockets(url, client, journal, headers)
    clock = _WallTime(sockets)
    began = clock.now()
    try:
        async with _within(limit, client):
            await _drive(client.play(began), sockets, clock)
        orders = [failure async for failure in _unmet_orders(loaded, client, sockets, clock)]
        failures = tuple(unmet_requests(journal, loaded) + orders)
    except UnmetExpectation as error:
        failures = error.failures
    result = result_of(client, failures, journal, loaded.scenario.seed, clock.now() - began)
    await sockets.close()
    return result


async def _unmet_orders(
    loaded: Loaded, client: Client, sockets: _Sockets, clock: _ReplayClock
) -> AsyncIterator[Failure]:
    """Yield the orders that are not as expected, as the endpoint says they are."""
    for where, expectation in expected_of(loaded.scenario):
        for key, wanted in _orders(expectation).items():
            place: Path = (*where, "orders", key)
            name = str(client.names.get(key[1:], key)) if key.startswith("$") else key
            request = {"type": "GetOrderState", "order_ids": [name]}
            reply = await _drive(client.ask(request, clock.now(), _ASK_WITHIN), sockets, clock)
            views = reply["response"].get("Ok") if reply else None
            if not views:
                yield Failure(loaded.position(place), f"expected the order {key} ({name}), got {shown(reply)}")
                continue
            for field, text in unmet_order(f"{key} ({name})", wanted, views[0]):
                yield Failure(loaded.position((*place, field)), text)


def _orders(expectation: Expectation) -> dict[str, OrderExpectation]:
    return {} if expectation.orders is UNSET else expectation.orders
