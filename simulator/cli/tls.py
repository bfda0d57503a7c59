"""The options of ``serve`` about TLS, and what they say."""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import SimulatorError

if TYPE_CHECKING:
    import ssl

__all__ = ["add_tls_options", "tls_of"]


def add_tls_options(serve: argparse.ArgumentParser) -> None:
    """Add the options to those of ``serve``."""
    serve.add_argument("--tls-cert", type=Path, metavar="FILE", help="be reached by wss, with this certificate (PEM)")
    serve.add_argument("--tls-key", type=Path, metavar="FILE", help="the key of --tls-cert, if it is in another file")
    serve.add_argument(
        "--tls-self-signed",
        action="store_true",
        help="be reached by wss, with a certificate that is made now (needs the extra [tls])",
    )
    serve.add_argument(
        "--tls-ca",
        type=Path,
        metavar="FILE",
        help="where the authority of --tls-self-signed is written, for clients to trust it (default: a temporary file)",
    )


@contextlib.contextmanager
def tls_of(options: argparse.Namespace, say: Callable[[str], None]) -> "Iterator[ssl.SSLContext | None]":
    """Give the certificate that the options ask for, or None; ``say`` is told what clients are to trust.

    Raises `SimulatorError` for options that do not go together, and for files that cannot be used.
    """
    if options.tls_key is not None and options.tls_cert is None:
        raise SimulatorError("--tls-key is of a certificate: say --tls-cert FILE too")
    if options.tls_ca is not None and not options.tls_self_signed:
        raise SimulatorError("--tls-ca says where the authority of --tls-self-signed is written: say that too")
    if options.tls_cert is not None and options.tls_self_signed:
        raise SimulatorError("expected one of --tls-cert and --tls-self-signed, got both")
    if options.tls_cert is not None:
        from simulator.server.tls import certificate_of

        yield certificate_of(options.tls_cert, options.tls_key)
    elif options.tls_self_signed:
        from simulator.server.addresses import hosts_of
        from simulator.server.tls import own_certificate

        own = own_certificate((*hosts_of(options.host), *filter(_is_plain, options.allow_host)))
        with _written(own.authority, options.tls_ca) as path:
            say(f"trust {path} to connect by wss")
            yield own.context
    else:
        yield None


def _is_plain(host: str) -> bool:
    """Tell whether a certificate can be for a pattern of ``--allow-host``."""
    return "*" not in host.removeprefix("*.") and "?" not in host


@contextlib.contextmanager
def _written(authority: bytes, path: Path | None) -> Iterator[Path]:
    """Write an authority to a file, or to one that is there for as long as the block."""
    if path is not None:
        try:
            path.write_bytes(authority)
        except OSError as error:
            raise SimulatorError(f"{path}: {error.strerror}") from None
        yield path
        return
    descriptor, name = tempfile.mkstemp(prefix="exchange-simulator-", suffix=".pem")
    with open(descriptor, "wb") as file:
        file.write(authority)
    try:
        yield Path(name)
    finally:
        os.unlink(name)
