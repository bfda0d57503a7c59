"""Who may open a connection: what an HTTP request is answered before it becomes a WebSocket.

A page in a browser must not reach a simulator on the same machine, neither by its own script (the Origin tells)
nor by a name of its own that resolves to the loopback address (the Host tells).
"""

import re
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple

from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request

from simulator.libraries import http_method
from simulator.server.settings import Settings

__all__ = ["HEALTH_PATH", "Answer", "admit", "is_loopback"]

_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(:[0-9]{0,5})?")

HEALTH_PATH = "/healthz"
"""Where a plain GET is answered 200 as soon as the server is ready."""


class Answer(NamedTuple):
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


def admit(request: Request, settings: Settings, loopback_only: bool) -> Answer | None:
    """Return the answer to a request that may not become a WebSocket, or None for one that may."""
    try:
        host = request.headers.get("Host")
        origin = request.headers.get("Origin")
    except MultipleValuesError:
        return Answer(HTTPStatus.BAD_REQUEST, "The Host and Origin headers may stand only once.")
    if not host:
        return Answer(HTTPStatus.BAD_REQUEST, "The Host header is missing.")
    if not _is_own_host(host, settings, loopback_only):
        return Answer(
            HTTPStatus.MISDIRECTED_REQUEST,
            "This Host is not served here; start the server with --allow-host to serve it.",
        )
    if origin is not None and origin not in settings.allowed_origins and origin.partition("//")[2] != host:
        return Answer(
            HTTPStatus.FORBIDDEN,
            "This Origin may not connect; start the server with --allow-origin to let it.",
        )
    if http_method(request) == "GET" and request.path.partition("?")[0] == HEALTH_PATH:
        return Answer(HTTPStatus.OK, "ok")
    return None


def _is_own_host(header: str, settings: Settings, loopback_only: bool) -> bool:
    match = _HOST.fullmatch(header)
    if match is None:
        return False
    name = match[1].strip("[]").lower()
    if is_loopback(name) or name in {allowed.lower() for allowed in settings.allowed_hosts}:
        return True
    if loopback_only:
        return False
    try:
        ip_address(name)  # no name that resolves to this machine, so nobody's but the machine's own
    except ValueError:
        return False
    return True
