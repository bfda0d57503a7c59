"""Who may open a connection: what an HTTP request is answered before it becomes a WebSocket.

A page in a browser must not reach a simulator on the same machine, neither by its own script (the Origin tells)
nor by a name of its own that resolves to the loopback address (the Host tells).
"""

import re
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple

from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request

from simulator.libraries import http_method
from simulator.server.settings import Settings
from simulator.wildcards import Glob

__all__ = ["HEALTH_PATH", "PlainAnswer", "admit", "is_loopback", "refuse_stranger"]

_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(:[0-9]{0,5})?")

HEALTH_PATH = "/healthz"
"""Where a plain GET is answered 200 as soon as the server is ready."""


class PlainAnswer(NamedTuple):
    """An HTTP answer that ends the connection."""

    status: HTTPStatus
    text: str


def is_loopback(host: str) -> bool:
    """Tell whether a host, a name or an address, is this machine's loopback."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def admit(request: Request, settings: Settings, loopback_only: bool) -> PlainAnswer | None:
    """Return the answer to a request that may not become a WebSocket, or None for one that may."""
    try:
        host = request.headers.get("Host")
        origin = request.headers.get("Origin")
    except MultipleValuesError:
        return PlainAnswer(HTTPStatus.BAD_REQUEST, "The Host and Origin headers may stand only once.")
    refusal = refuse_stranger(host, origin, settings, loopback_only)
    if refusal is not None:
        return refusal
    if http_method(request) == "GET" and request.path.partition("?")[0] == HEALTH_PATH:
        return PlainAnswer(HTTPStatus.OK, "ok")
    return None


def refuse_stranger(
    host: str | None, origin: str | None, settings: Settings, loopback_only: bool
) -> PlainAnswer | None:
    """Return the answer to a request for a host, or from a page, that is not let in; None for one that is."""
    if not host:
        return PlainAnswer(HTTPStatus.BAD_REQUEST, "The Host header is missing.")
    if not _is_own_host(host, settings, loopback_only):
        return PlainAnswer(
            HTTPStatus.MISDIRECTED_REQUEST,
            f"The Host {host[:100]!r} is not served here; start the server with --allow-host to serve it.",
        )
    if origin is not None and not _is_own_origin(origin, host, settings):
        return PlainAnswer(
            HTTPStatus.FORBIDDEN,
            f"The Origin {origin[:100]!r} may not connect; start the server with --allow-origin to let it.",
        )
    return None


def _is_own_origin(origin: str, host: str, settings: Settings) -> bool:
    return origin.partition("//")[2] == host or any(_allows(pattern, origin) for pattern in settings.allowed_origins)


@lru_cache(256)
def _glob(pattern: str) -> Glob:
    return Glob(pattern.lower())


def _allows(pattern: str, name: str) -> bool:
    """Tell whether an option lets a name in: the name itself, or a pattern such as ``*.example.org``."""
    return _glob(pattern).matches(name.lower())


def _is_own_host(header: str, settings: Settings, loopback_only: bool) -> bool:
    match = _HOST.fullmatch(header)
    if match is None:
        return False
    name = match[1].strip("[]").lower()
    if is_loopback(name) or any(_allows(pattern, name) for pattern in settings.allowed_hosts):
        return True
    if loopback_only:
        return False
    try:
        ip_address(name)  # no name that resolves to this machine, so nobody's but the machine's own
    except ValueError:
        return False
    return True
