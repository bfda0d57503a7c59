"""The addresses of endpoints, as they are given to commands."""

from urllib.parse import urlsplit

from simulator.did_you_mean import suggest
from simulator.errors import SimulatorError

__all__ = ["endpoint_address", "joined"]

_SOCKETS = {"http": "ws", "https": "wss"}


def endpoint_address(text: str, option: str, with_query: bool = True) -> str:
    """Return an option's text if it is the address of an endpoint; raises `SimulatorError`, in one line, if not."""
    try:
        parts = urlsplit(text)
        is_reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_reachable = False
    if not is_reachable or parts.scheme not in ("ws", "wss") or not text.isprintable() or " " in text:
        raise SimulatorError(f"{option}: expected an address such as ws://127.0.0.1:6001, got {text!r}{_meant(text)}")
    if parts.fragment:
        raise SimulatorError(f"{option}: an endpoint's address has no fragment, got {text!r}")
    if parts.query and not with_query:
        raise SimulatorError(f"{option}: each connection has a path and a query of its own, got {text!r} with a query")
    return text


def _meant(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    if not mark:
        return suggest(repr(f"ws://{text}")) if text and text[0] not in ":/" and text.isprintable() else ""
    socket = _SOCKETS.get(scheme.lower())
    return suggest(repr(f"{socket}://{rest}")) if socket and rest else ""


def joined(address: str, target: str) -> str:
    """Return an endpoint's address with what a client asks for: the paths one after the other, and both queries.

    A path that the client gives as the address has it already, or as ``/``, stays as it is in the address.
    """
    parts = urlsplit(address)
    path, _, query = target.partition("?")
    base = parts.path.rstrip("/")
    if base and path == "/":
        path = base
    elif base and path != base and not path.startswith(f"{base}/"):
        path = base + path
    query = "&".join(part for part in (parts.query, query) if part)
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")
