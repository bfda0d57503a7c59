"""How many connections the system has descriptors for, and what is said where there are none left."""

import asyncio
import errno
import os
import sys
import time
from collections.abc import Callable
from typing import Any

if sys.platform != "win32":
    import resource

__all__ = ["raise_limit", "room_for_connections", "say_once_that_there_are_none"]

_RESERVED = 64
"""How many are left for all else: files, the loop's own, connections that are being refused."""
_FEWEST = 8
_ENOUGH = 1 << 16
_SAY_EVERY = 10.0
_NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE})


def raise_limit() -> None:
    """Ask the system for as many descriptors as it gives to anybody, or as would be enough."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def room_for_connections() -> int:
    """Return for how many connections there are descriptors now."""
    if sys.platform == "win32":  # where sockets are no files
        return sys.maxsize
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return sys.maxsize
    try:
        used = len(os.listdir("/dev/fd"))
    except OSError:
        used = 0
    return max(_FEWEST, soft - used - _RESERVED)


def say_once_that_there_are_none(loop: asyncio.AbstractEventLoop, say: Callable[[str], None]) -> None:
    """Let a loop that cannot take a connection for want of descriptors say so in a line, now and then."""
    said_at = -_SAY_EVERY

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal said_at
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _NONE_LEFT:
            loop.default_exception_handler(context)
        elif time.monotonic() - said_at >= _SAY_EVERY:
            said_at = time.monotonic()
            say(f"no connection can be taken at the moment: {error.strerror}")

    loop.set_exception_handler(handle)
