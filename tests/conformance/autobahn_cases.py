"""Runs the Autobahn cases of RFC 6455, by kosoku, against the server's own connections with an echo behind them.

    python tests/conformance/autobahn_cases.py                     # groups 1 to 7 and 10, as CI does
    python tests/conformance/autobahn_cases.py '*' --seconds 300   # all of them
    python tests/conformance/autobahn_cases.py --deflate '12.*' '13.*' --seconds 300   # and of RFC 7692

Exits with 1 if a case differs from what it should come to: a pass, or its line in ``known_deviations.yaml``.
"""

import argparse
import asyncio
import fnmatch
import hashlib
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from kosoku import FailureError, run_fuzzingclient

from simulator.gateway.outgoing import RawBytes, text_frame
from simulator.gateway.session import Session
from simulator.server import Server, Settings
from simulator.simulation import Simulation

IN_CI = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
KNOWN = Path(__file__).with_name("known_deviations.yaml")
PASSED = "OK / OK"
_BINARY = b"\x82"
_AT_ONCE = 8


class _Sha1:
    """SHA-1 of bytes, or of a binary message as kosoku 0.1.0 hands it to its cases: a text with a character a byte.

    Without this its cases of compressed binary messages fail before they compare anything.
    """

    def __init__(self, make: Any, said: bytes = b"") -> None:
        self._hash = make(said)

    def update(self, said: bytes | str) -> None:
        """Take more."""
        self._hash.update(said.encode("latin-1") if isinstance(said, str) else said)

    def digest(self) -> bytes:
        """Return the hash."""
        return bytes(self._hash.digest())


class Echo(Simulation):
    """A simulation that says back what it is told, text as text and binary as binary."""

    def receive(self, session: Session, text: str | bytes, now: int | None = None) -> None:
        """Take one message and send it back."""
        if isinstance(text, str):
            session.enqueue(text.encode(), self.now)
        else:
            session.enqueue(RawBytes(_BINARY + text_frame(text)[1:]), self.now)


def known_deviations(deflate: bool) -> dict[str, str]:
    """Return what cases come to that do not simply pass, by the case's number or a pattern of numbers.

    An entry that says ``deflate`` is for a server that compresses, or for one that does not.
    """
    entries = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    return {str(entry["cases"]): entry["verdict"] for entry in entries if entry.get("deflate", deflate) == deflate}


def expected(case: str, known: dict[str, str]) -> str:
    """Return what a case is to come to."""
    return next((verdict for pattern, verdict in known.items() if fnmatch.fnmatchcase(case, pattern)), PASSED)


async def run(patterns: tuple[str, ...], seconds: float, deflate: bool) -> list[Any]:
    """Run cases, against a server that compresses or not; return their results."""
    # The last groups send messages of 16 MiB, and such in more fragments than a client is usually allowed.
    bounds = Settings(max_message=1 << 25, max_fragments=1 << 20, send_buffer=1 << 26, deflate=deflate)
    server = Server(Echo(journal_limit=1000), port=0, settings=bounds)
    await server.start()
    sha1 = hashlib.sha1
    hashing = patch("hashlib.sha1", partial(_Sha1, sha1))
    try:
        async with asyncio.timeout(seconds):
            hashing.start()
            try:
                results = await run_fuzzingclient(server.url, cases=list(patterns), concurrency=_AT_ONCE)
            except FailureError as failure:
                results = failure.results
    finally:
        hashing.stop()
        await server.close()
    if server.errors:
        raise server.errors[0]
    return results


def main() -> int:
    """Run the cases that the command line says; return 1 if one differs from what it should come to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=IN_CI, help="numbers of cases or patterns, such as 9.*")
    parser.add_argument("--seconds", type=float, default=120, help="how long it may take in all")
    parser.add_argument("--deflate", action="store_true", help="let the server compress what it says")
    args = parser.parse_args()
    results = asyncio.run(run(tuple(args.cases), args.seconds, args.deflate))
    known, differing = known_deviations(args.deflate), 0
    for result in results:
        wanted = expected(result.case_id, known)
        got = f"{result.behavior.value} / {result.behavior_close.value}"
        if got != wanted:
            differing += 1
            sys.stdout.write(f"case {result.case_id}: expected {wanted}, got {got}: {result.result}\n")
    verdicts = Counter(f"{result.behavior.value} / {result.behavior_close.value}" for result in results)
    sys.stdout.write(f"{len(results)} cases: {dict(verdicts)}; {differing} not as expected\n")
    return 1 if differing or not results else 0


if __name__ == "__main__":
    sys.exit(main())
