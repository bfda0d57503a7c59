"""Certificates for `wss`: those of files, and ones that are made for this machine alone."""

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from simulator.errors import SimulatorError

__all__ = ["OwnCertificate", "certificate_of", "own_certificate"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OwnCertificate(NamedTuple):
    """A certificate that has just been made: ``authority`` is, in PEM, the one that clients are to trust."""

    context: ssl.SSLContext
    authority: bytes


def certificate_of(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return the certificate of files in PEM; the key may be in the same file. Raises `SimulatorError` for others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        files = f"{certificate}" if key is None else f"{certificate} with the key {key}"
        raise SimulatorError(
            f"TLS: {files}: expected a certificate and its key in PEM, got: {_reason(error)}"
        ) from None
    return context


def own_certificate(hosts: Iterable[str] = ()) -> OwnCertificate:
    """Return a new certificate for this machine's loopback and more hosts, by an authority of its own.

    Raises `SimulatorError` if trustme is not installed.
    """
    try:
        import trustme
    except ImportError:
        raise SimulatorError(
            "a certificate is made by trustme, which is not installed: pip install trustme, or exchange-simulator with "
            "the extra [tls]"
        ) from None
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*dict.fromkeys((*_LOOPBACK, *hosts))).configure_cert(context)
    return OwnCertificate(context, authority.cert_pem.bytes())


def _no_password() -> str:
    """Ask nobody: a server that waits for a password at a terminal would seem to hang."""
    raise ValueError("the key is encrypted")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
