"""By which addresses a server is reached."""

import ipaddress
import socket

__all__ = ["hosts_of", "reachable_host"]

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of documentation (RFC 5737, RFC 3849): the system says by which of its own it would reach them."""
_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def reachable_host(host: str) -> str:
    """Return a host by which others reach what listens on one: for ``0.0.0.0``, the machine's own address."""
    family = _unspecified(host)
    return host if family is None else _own_address(family)


def hosts_of(host: str) -> tuple[str, ...]:
    """Return the names by which a server that listens on a host is reached, besides the loopback's."""
    return tuple(dict.fromkeys((reachable_host(host), *((socket.gethostname(),) if _unspecified(host) else ()))))


def _unspecified(host: str) -> socket.AddressFamily | None:
    """Return the family of an address that stands for every one of this machine's, else None."""
    if not host:
        return socket.AF_INET
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if not address.is_unspecified:
        return None
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _own_address(family: socket.AddressFamily) -> str:
    """Return this machine's address in the net, or its loopback's if it is in none; nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
        except OSError:
            return _LOOPBACK[family]
