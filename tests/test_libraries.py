"""Which releases of a library have what, and that it is asked so that any release answers."""

import argparse
import ast
import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from packaging.version import Version
from websockets import frames
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.messages import SimpleQueue
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request
from websockets.server import ServerProtocol

import simulator
from simulator.libraries import http_method, latin_1, receive, send_text, websocket_mask, without_proxy

PACKAGE = Path(simulator.__file__).parent
WEBSOCKETS, PYYAML = Version(version("websockets")), Version(version("PyYAML"))
PUBLIC = {"_fields", "_replace", "_asdict", "_make", "_exit"}  # of a NamedTuple, and of os, by their documentation


def refuses_while_it_looks_ahead() -> bool:
    """Tell whether PyYAML refuses a nesting of 1,001 before it tells of any of it."""
    events = yaml.parse("[" * 1001, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert isinstance(next(events), yaml.StreamStartEvent)
    try:
        next(events)
    except yaml.YAMLError:
        return True
    return False


def takes(called: Any, name: str) -> bool:
    """Tell whether what is called takes an argument."""
    return name in inspect.signature(called).parameters


@pytest.mark.parametrize(
    ("has", "by_release"),
    [
        pytest.param(hasattr(frames, "apply_mask"), True, id="a function that masks"),
        pytest.param(hasattr(Request, "method"), Version("17") <= WEBSOCKETS, id="methods other than GET"),
        pytest.param(takes(connect, "proxy"), Version("15") <= WEBSOCKETS, id="proxies"),
        pytest.param(takes(ClientConnection.send, "text"), Version("14") <= WEBSOCKETS, id="text of bytes"),
        pytest.param("clear" in inspect.getsource(SimpleQueue.abort), Version("14.2") > WEBSOCKETS, id="forgetting"),
        pytest.param(refuses_while_it_looks_ahead(), Version("6.0.4") <= PYYAML, id="a bound for nesting"),
        pytest.param(hasattr(argparse, "_SubParsersAction"), True, id="a class for subcommands"),
        pytest.param(hasattr(argparse.ArgumentParser(), "_actions"), True, id="a parser's options"),
    ],
)
def test_releases_have(has: bool, by_release: bool) -> None:
    """The installed release has what is said of it; where this fails, `simulator.libraries` has to change."""
    assert has == by_release


def _private_names(path: Path) -> Iterator[str]:
    """Yield the names with an underscore in front that a module imports, or asks of anything but itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=module, names=names):
                yield from (module or "").split(".")
                yield from (alias.name for alias in names)
            case ast.Import(names=names):
                yield from (part for alias in names for part in alias.name.split("."))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name):
                yield name


def _own_names(path: Path) -> Iterator[str]:
    """Yield the names that a module gives to anything."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                yield name


def test_no_other_module_uses_a_private_name() -> None:
    """A name with an underscore in front is the package's own everywhere but in `simulator.libraries`."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "libraries.py"]
    own = {name for path in paths for name in _own_names(path)} | PUBLIC
    used = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in paths
        for name in _private_names(path)
        if name.startswith("_") and not name.startswith("__") and name not in own
    }
    assert used == set()


def test_a_mask_goes_over_each_byte() -> None:
    """The function masks as RFC 6455 says (5.3; the example of 5.7)."""
    assert websocket_mask()(b"Hello", b"\x37\xfa\x21\x3d") == b"\x7f\x9f\x4d\x51\x58"


def test_a_handshake_is_a_get() -> None:
    """A handshake without a method is a GET."""
    assert http_method(Request("/", Headers())) == "GET"


def test_headers_are_latin_1() -> None:
    """A header's bytes beyond ASCII are characters."""
    protocol = ServerProtocol()
    protocol.receive_data(b"GET / HTTP/1.1\r\nX: caf\xe9\r\nHost: localhost\r\nX: y\r\n\r\n")
    (request,) = protocol.events_received()
    headers = latin_1(cast(Request, request)).headers
    assert list(headers.raw_items()) == [("X", "caf\xe9"), ("Host", "localhost"), ("X", "y")]


@pytest.mark.asyncio
async def test_bytes_go_as_text() -> None:
    """Bytes arrive as text, unchanged, be they UTF-8 or not."""
    received = []

    async def hear(connection: ServerConnection) -> None:
        received.append(await connection.recv())
        received.append(await receive(connection))
        received.append(await receive(connection))

    async with serve(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", **without_proxy()) as connection:
            for data in ("café".encode(), b"\xff", b""):
                await send_text(connection, data)
            await connection.wait_closed()
    assert received == ["café", b"\xff", b""]


class Forgetful(ClientConnection):
    """A connection that has forgotten what came, as websockets before 14.1 does."""

    def __init__(self) -> None:
        self.asked = 0

    async def recv(self, decode: bool | None = None) -> Any:
        """Find nothing where something was, then the end."""
        self.asked += 1
        if self.asked == 1:
            raise IndexError("pop from an empty deque")
        raise ConnectionClosedError(None, None)


@pytest.mark.asyncio
async def test_a_forgotten_message_is_the_end() -> None:
    """A connection that finds nothing where something was has ended."""
    with pytest.raises(ConnectionClosedError):
        await receive(Forgetful())
