"""What plain HTTP is answered: calls to worlds, waits, what is new, and the page."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import unquote

import msgspec

from simulator import __version__
from simulator.control import Control
from simulator.control.calls import CALLS, Call, Time, TimeToPass, problem_info, result_of
from simulator.control.infos import StateInfo
from simulator.control.waits import WaitCondition
from simulator.control.window import WindowQuery, Windows
from simulator.did_you_mean import nearest
from simulator.errors import ClockRuns, ScenarioError, SimulatorError, UnknownName
from simulator.parts import Parts
from simulator.quoting import quoted
from simulator.server.admission import refuse_stranger
from simulator.server.controlled import ControlledWorld
from simulator.server.front import CONTROL_PREFIX
from simulator.simulation import Refused
from simulator.times import text_of_time

if TYPE_CHECKING:
    from simulator.server.server import Server

__all__ = ["TOKEN_HEADER", "Answer", "Answers", "HttpRequest", "Stream"]

TOKEN_HEADER = "x-exchange-token"  # noqa: S105 - the header's name
_JSON = "application/json"
_NEWS_EVERY = 0.1
"""At most every so many seconds those who listen are told what is new."""
_NEWS_WHEN_BUSY = 0.2
_BUSY = 100
"""So many lines in one of these times are very much."""
_SIGN_OF_LIFE = 15.0
_MOST_LINES = 1000
_MOST_REPORTED = 100_000
"""Of how many lines of the journal a report knows; it shows fewer."""
_SAFE = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
_READ_ALONE = ("/health", "/version", "/openapi.json", "/journal", "/events", "/window", "/scenario")
_AT_ONCE = 500
"""Of how many things an answer is made before others have their turn."""
_PATIENCE = 10
"""How many times as long as it took to look for what is waited for, nobody looks again."""
_LONGEST_REST = 1.0
"""But no more than so many seconds."""
_T = TypeVar("_T")
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


class HttpRequest(NamedTuple):
    """A request: its path without the query, as it was written, the names of its headers in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """An answer whole."""

    status: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, value: Any, status: HTTPStatus = HTTPStatus.OK) -> Self:
        """Return a value as JSON."""
        return cls(status, [("Content-Type", _JSON), *_SAFE], msgspec.json.encode(value) + b"\n")

    @classmethod
    def failed(cls, status: HTTPStatus, text: str) -> Self:
        """Return why something is not done."""
        return cls.of({"error": text}, status)


class Stream(NamedTuple):
    """An answer that comes in pieces."""

    headers: list[tuple[str, str]]
    pieces: AsyncIterator[bytes]


class _HttpError(Exception):
    """A request that is not answered as it is meant."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.answer = Answer.failed(status, text)


class Answers:
    """Answers plain HTTP for one server.

    Args:
        server: has the worlds.
        token: what a request must bear in its header or its query, or None if none is needed.
    """

    def __init__(self, server: "Server", token: str | None) -> None:
        self._server = server
        self._token = token
        self._heard: set[asyncio.Event] = set()
        self._windows = Windows()

    def tell(self) -> None:
        """Something has happened: whoever waits looks again."""
        for event in self._heard:
            event.set()

    async def answer(self, asked: HttpRequest) -> Answer | Stream:
        """Answer a request."""
        try:
            self._admit(asked)
            return await self._route(asked)
        except _HttpError as failed:
            return failed.answer
        except ScenarioError as error:
            problems = list(map(problem_info, error.problems))
            return Answer.of({"error": str(error), "problems": problems}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except Refused as refused:
            return Answer.failed(HTTPStatus(refused.status), refused.text)
        except UnknownName as error:
            return Answer.failed(HTTPStatus.NOT_FOUND, str(error))
        except ClockRuns as error:
            return Answer.failed(HTTPStatus.CONFLICT, str(error))
        except SimulatorError as error:
            return Answer.failed(HTTPStatus.BAD_REQUEST, str(error))
        except Exception as error:
            self._server.report(error)
            return Answer.failed(HTTPStatus.INTERNAL_SERVER_ERROR, "the simulator failed")

    def _admit(self, asked: HttpRequest) -> None:
        """Raise `_HttpError` for a request that a web page of somebody else's may have sent, or without the token."""
        server, headers = self._server, asked.headers
        refusal = refuse_stranger(headers.get("host"), headers.get("origin"), server.settings, server.is_loopback_only)
        if refusal is not None:
            raise _HttpError(refusal.status, refusal.text)
        if self._token is not None and not _is_public(asked.path):
            given = headers.get(TOKEN_HEADER) or asked.query.get("token", "")
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                text = f"say the token of the printed address in the header {TOKEN_HEADER}"
                raise _HttpError(HTTPStatus.UNAUTHORIZED, text)
        if asked.method in _CHANGES:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != _JSON:
                text = f"expected the Content-Type {_JSON}, got {quoted(kind) if kind else 'none'}"
                raise _HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)

    async def _route(self, asked: HttpRequest) -> Answer | Stream:
        if not asked.path.startswith(CONTROL_PREFIX):
            return await self._page(asked)
        path = asked.path.removeprefix(CONTROL_PREFIX)
        _require_reading(asked.method, path)
        match path:
            case "/health":
                return Answer.of({"ready": True, **self._about()})
            case "/version":
                return Answer.of({"version": __version__})
            case "/openapi.json":
                from simulator.server.openapi import openapi

                return Answer.of(openapi())
            case "/worlds":
                return await self._worlds(asked)
        name = ""
        if path.startswith("/worlds/"):
            name, _, rest = path.removeprefix("/worlds/").partition("/")
            name = unquote(name)
            if not rest and asked.method == "DELETE":
                self._server.worlds.end(name)
                return Answer.of({"ended": name})
            path = f"/{rest}"
            _require_reading(asked.method, path)
        return await self._ask_world(asked, path, name)

    def _about(self) -> dict[str, Any]:
        state = _state_of(self._server.worlds.named(""))
        worlds = [world.name for world in self._server.worlds.list(self._server.url)]
        return {
            "version": __version__,
            "scenario": state.scenario,
            "seed": state.seed,
            "clock": state.clock,
            "began": state.began,
            "now": state.now,
            "worlds": worlds,
        }

    async def _worlds(self, asked: HttpRequest) -> Answer:
        worlds = self._server.worlds
        url = f"{self._server.url.partition('//')[0]}//{asked.headers['host']}"  # as whoever asks reaches the server
        if asked.method == "GET":
            return Answer.of(worlds.list(url))
        if asked.method == "POST":
            new = _read(asked.body, worlds.takes)
            worlds.require_free(new.name)
            simulation = await self._server.read_aside(worlds.simulate, new)
            return Answer.of(worlds.create(new.name, simulation, url), HTTPStatus.CREATED)
        raise _HttpError(HTTPStatus.METHOD_NOT_ALLOWED, "expected GET or POST")

    async def _ask_world(self, asked: HttpRequest, path: str, world_name: str) -> Answer | Stream:
        world = self._server.worlds.named(world_name)
        _require_seen(world)
        if path == "/journal":
            return await self._journal(world, asked.query)
        if path == "/scenario":
            loaded = world.simulation.loaded
            return Answer.of({"yaml": "" if loaded is None else loaded.yaml})
        if path == "/window":
            query = _query(asked.query, WindowQuery)
            return Answer.of(self._windows.look(Control(world), world.simulation, query))
        if path == "/report.html":
            return await _report(world)
        if path == "/events":
            return Stream([("Content-Type", "text/event-stream"), *_SAFE], self._news(world))
        control = Control(world)
        call, name = _find(asked.method, path)
        body = _read(asked.body, call.takes) if asked.method != "GET" else _query(asked.query, call.takes)
        read = body
        if call.reads is not None:
            read = await self._server.read_aside(call.reads, control, body)
        if call.changes:
            world.begin_call(call.name, body, name)
        result = call.do(control, read, name)
        if isinstance(result, WaitCondition):
            return await self._wait(world, result, body.timeout)
        if isinstance(result, Parts):
            result = await _in_turns(result)
            _require_seen(world)
        if isinstance(result, TimeToPass):
            await world.pass_time(result.nanoseconds)
            _require_seen(world)
            return Answer.of(Time(control.state().now))
        if isinstance(result, Iterator):
            return _json(b"[" + b",".join(await _encoded(result)) + b"]\n")
        if call.changes:
            world.flush()
            _require_seen(world)
        return Answer.of(_state_of(world) if isinstance(result, StateInfo) else result)

    async def _wait(self, world: ControlledWorld, wait: WaitCondition[Any], seconds: float) -> Answer:
        """Answer what has come of a wait."""
        found = await self._until(world, lambda: _in_turns(wait.ask()), seconds)
        result = await _in_turns(result_of(wait, found, seconds))
        many = await _encoded(iter(result.found))
        while result.found:  # nobody needs it any longer, and to let go of very much takes long, too
            del result.found[-_AT_ONCE:]
            await asyncio.sleep(0)
        _require_seen(world)
        if result.is_met:
            return _json(b'{"is_met":true,"found":[' + b",".join(many) + b"]}\n")
        return Answer.of(result)

    async def _until(
        self, world: ControlledWorld, ask: Callable[[], Awaitable[_T | None]], seconds: float
    ) -> _T | None:
        """Return what an answer is when it is one, or None when the time is over."""
        if not seconds:
            return await ask()
        event = asyncio.Event()
        self._heard.add(event)
        self._server.listen_to_worlds(True)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    began = time.perf_counter()
                    event.clear()
                    if world.may_be_seen() and (found := await ask()) is not None:
                        return found
                    rest = _PATIENCE * (time.perf_counter() - began)  # the others are there too
                    await asyncio.sleep(min(rest, _LONGEST_REST))
                    await event.wait()
        except TimeoutError:
            return await ask() if world.may_be_seen() else None  # nobody may have looked for a while
        finally:
            self._heard.discard(event)
            self._server.listen_to_worlds(bool(self._heard))

    async def _journal(self, world: ControlledWorld, query: dict[str, str]) -> Answer:
        """Return lines of the journal: behind a line, at most so many, and if there are none after a wait."""
        control = Control(world)
        since, most = _number(query, "since", 0), _number(query, "most", _MOST_LINES)
        wait = float(_number(query, "wait", 0))
        if wait:

            async def is_longer() -> bool | None:
                return True if control.state().line > since else None

            await self._until(world, is_longer, min(wait, 300.0))
            _require_seen(world)
        lines = control.journal_lines(since) if most > _AT_ONCE else iter(control.journal(since, most))
        body = b"".join([line + b"\n" for line in await _encoded(islice(lines, most))])
        return Answer(HTTPStatus.OK, [("Content-Type", "application/x-ndjson"), *_SAFE], body)

    async def _news(self, world: ControlledWorld) -> AsyncIterator[bytes]:
        """Yield how the world stands, now and whenever something has happened, ten times a second at most.

        While very much happens it is less often, so that those who trade do not wait for those who look on.
        It is over when the world has ended.
        """
        told = _state_of(world)
        seen = told.line
        while True:
            yield b"data: " + msgspec.json.encode(told) + b"\n\n"
            await asyncio.sleep(_NEWS_EVERY if told.line - seen < _BUSY else _NEWS_WHEN_BUSY)
            seen = told.line
            while (state := await self._until(world, partial(_another, world, told), _SIGN_OF_LIFE)) is None:
                yield b": still there\n\n"
            told = state

    async def _page(self, asked: HttpRequest) -> Answer:
        from simulator.page import file_of

        found = await asyncio.to_thread(file_of, asked.path)  # some files are made when they are first asked for
        if found is None:
            raise _HttpError(HTTPStatus.NOT_FOUND, f"there is nothing at {quoted(asked.path)}")
        kind, policy, body = found
        return Answer(HTTPStatus.OK, [("Content-Type", kind), ("Content-Security-Policy", policy), *_SAFE], body)


async def _encoded(things: Iterator[Any]) -> list[bytes]:
    """Return each of many things as JSON; others have their turn in between."""
    encode = msgspec.json.Encoder().encode
    encoded: list[bytes] = []
    while some := [encode(thing) for thing in islice(things, _AT_ONCE)]:
        encoded += some
        if len(some) == _AT_ONCE:
            await asyncio.sleep(0)
    return encoded


async def _in_turns(parts: Parts[_T]) -> _T:
    """Do what is done in parts; others have their turn in between. Return what comes of it."""
    steps = iter(parts)
    while True:
        try:
            aside = next(steps)
        except StopIteration as done:
            result: _T = done.value
            return result
        await (asyncio.sleep(0) if aside is None else asyncio.to_thread(aside.do))


def _json(body: bytes) -> Answer:
    return Answer(HTTPStatus.OK, [("Content-Type", _JSON), *_SAFE], body)


def _require_reading(method: str, path: str) -> None:
    """Raise `_HttpError` for a method that would change what can only be read."""
    if path in _READ_ALONE and method not in ("GET", "HEAD"):
        raise _HttpError(HTTPStatus.METHOD_NOT_ALLOWED, f"expected GET for {path}, got {method}")


async def _report(world: ControlledWorld) -> Answer:
    """Return what has happened so far as one file, to be kept and looked through later."""
    from simulator.page.reports import RunReport, report_page

    control, journal = Control(world), world.simulation.journal.copy()
    if journal.books is None:  # how they were is not known of a world in which nobody has asked for it
        journal.keep_books(world.simulation.venue.instruments.values())
    state, loaded = control.state(), world.simulation.loaded
    failures = await _in_turns(control.verify_in_parts())
    _require_seen(world)

    def page() -> bytes:
        run = RunReport(
            state.scenario or "plain exchange",
            "failed" if failures else "passed",
            failures,
            tuple(journal.since(max(0, journal.written - _MOST_REPORTED))),
            {"seed": str(state.seed), "clock": str(state.clock)},
            file="" if loaded is None else loaded.source,
            source="" if loaded is None else loaded.yaml,
            books=journal.books,
        )
        return report_page("Exchange", [run])

    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Disposition", 'inline; filename="report.html"')]
    return Answer(HTTPStatus.OK, [*headers, *_SAFE], await asyncio.to_thread(page))


def _require_seen(world: ControlledWorld) -> None:
    """Raise `_HttpError` for a world of which nobody is told what a crash would undo."""
    if not world.may_be_seen():
        text = "the command log cannot be written, so nobody is told of what has happened since it could"
        raise _HttpError(HTTPStatus.SERVICE_UNAVAILABLE, text)


def _state_of(world: ControlledWorld) -> StateInfo:
    """Return how a world stands at present; its own time is that of what has happened last."""
    return msgspec.structs.replace(Control(world).state(), now=text_of_time(world.now()))


async def _another(world: ControlledWorld, told: StateInfo) -> StateInfo | None:
    """Return how a world stands if that is not as it was told; time alone is no news."""
    state = _state_of(world)
    return state if msgspec.structs.replace(state, now=told.now) != told else None


def _is_public(path: str) -> bool:
    """Tell whether a path is of the page's own files, which say nothing of any world, or of its health."""
    return not path.startswith(CONTROL_PREFIX) or path in (f"{CONTROL_PREFIX}/health", f"{CONTROL_PREFIX}/version")


def _find(method: str, path: str) -> tuple[Call, str]:
    """Return the call of a method and a path, and the name in the path."""
    there = []
    for call in CALLS:
        start, brace, _ = call.path.partition("{")
        name = unquote(path.removeprefix(start)) if brace and path.startswith(start) else ""
        if path == call.path or name:
            if method == call.method:
                return call, name
            there.append(call.method)
    if there:
        raise _HttpError(HTTPStatus.METHOD_NOT_ALLOWED, f"expected {' or '.join(there)} for {path}, got {method}")
    paths = sorted({*(call.path for call in CALLS), *_READ_ALONE, "/report.html", "/worlds"})
    raise _HttpError(HTTPStatus.NOT_FOUND, f"there is no call {quoted(path)}{nearest(path[:80], paths)}")


def _read(body: bytes, kind: type[msgspec.Struct]) -> Any:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _HttpError(HTTPStatus.BAD_REQUEST, f"{error}") from None


def _query(query: dict[str, str], kind: type[msgspec.Struct]) -> Any:
    given = {name: value for name, value in query.items() if name != "token"}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _HttpError(HTTPStatus.BAD_REQUEST, f"{error}") from None


def _number(query: dict[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise _HttpError(HTTPStatus.BAD_REQUEST, f"{name}: expected a whole number, got {quoted(text)}")
    return int(text)
