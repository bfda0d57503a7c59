"""What libraries do not promise, or do differently from release to release, asked for so that any release answers.

No other module uses a library's private name, or asks which release there is. `tests/test_libraries.py` says which
releases have what.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser, _SubParsersAction

    from _pytest._code.code import TerminalRepr
    from websockets.asyncio.connection import Connection
    from websockets.http11 import Request

__all__ = [
    "FailureText",
    "Subcommands",
    "http_method",
    "latin_1",
    "nested_beyond",
    "options_of",
    "receive",
    "send_text",
    "websocket_mask",
    "without_proxy",
]

Subcommands: TypeAlias = "_SubParsersAction[ArgumentParser]"
"""What `argparse.ArgumentParser.add_subparsers` returns."""

FailureText: TypeAlias = "str | TerminalRepr"
"""What `pytest.Item.repr_failure` returns."""


def options_of(parser: "ArgumentParser") -> "dict[str, Action]":
    """Return a parser's options that have a long name, by that name without its dashes."""
    return {
        text.removeprefix("--"): action
        for action in parser._actions
        for text in action.option_strings
        if text.startswith("--") and text != "--help"
    }


# PyYAML


def nested_beyond(limit: int, text: str, error: Exception) -> Any | None:
    """Return the event of PyYAML that nests deeper than a limit in the text before an error's mark, or None.

    PyYAML 6.0.4 gives up at a nesting of 1,000, while it looks ahead and has not yet told of what it read.

    Args:
        limit: how many mappings and lists may be within each other.
        text: what was read.
        error: the `yaml.YAMLError` that it was refused with.
    """
    import yaml

    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    depth = 0
    try:
        for event in yaml.parse(text[: error.problem_mark.index], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > limit:
                return event
    except yaml.YAMLError:  # of a text that is cut off
        return None
    return None


# websockets

_LATIN_1 = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
"""What stands for a byte that is not ASCII (PEP 383), and that byte's character."""


def websocket_mask() -> Callable[[bytes, bytes], bytes]:
    """Return the function that masks a frame's payload: the one in C, where the release has it built."""
    from websockets import frames

    mask: Callable[[bytes, bytes], bytes] = vars(frames)["apply_mask"]  # the module does not say that it has it
    return mask


def http_method(request: "Request") -> str:
    """Return the method of a handshake; before websockets 17 none but GET gets so far."""
    return getattr(request, "method", "GET")


def latin_1(request: "Request") -> "Request":
    """Return a handshake whose headers are Latin-1; before websockets 17 a byte beyond ASCII is half a character."""
    from websockets.datastructures import Headers

    headers = [(name, value.translate(_LATIN_1)) for name, value in request.headers.raw_items()]
    return replace(request, headers=Headers(headers))


def without_proxy() -> dict[str, Any]:
    """Return the arguments of ``connect`` by which it uses no proxy; before websockets 15 it never does."""
    from inspect import signature

    from websockets.asyncio.client import connect

    return {"proxy": None} if "proxy" in signature(connect).parameters else {}


async def send_text(connection: "Connection", data: bytes) -> None:
    """Send bytes as they are in a text frame; before websockets 14 ``send`` makes a binary frame of bytes."""
    from inspect import signature

    if "text" in signature(connection.send).parameters:
        await connection.send(data, text=True)
    else:
        async with connection.send_context():
            connection.protocol.send_text(data)


async def receive(connection: "Connection") -> bytes:
    """Return the next message as it is; raises ConnectionClosed.

    websockets before 14.1 forgets a message that comes at the moment at which the connection is cut, and finds none.
    """
    try:
        return await connection.recv(decode=False)
    except IndexError:
        return await connection.recv(decode=False)
