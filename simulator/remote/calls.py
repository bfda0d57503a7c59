"""Calls to a running exchange over HTTP, and what comes back as the types that control has for it."""

import http.client
import re
import ssl
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

from simulator.control.calls import CALLS, Call
from simulator.errors import ClockRuns, Problem, ScenarioError, SimulatorError, UnknownName
from simulator.scenario.values import decoded
from simulator.testing.loops import PATIENCE

__all__ = ["Calls"]

_PREFIX = "/_exchange"
_WORLD = re.compile(r"/worlds/([^/]+)")
_CALLS = {call.name: call for call in CALLS}
_SECURE = ("https", "wss")
_SCHEMES = ("http", "ws", *_SECURE)


class Calls:
    """Makes calls to one world of a running exchange; from any thread.

    Args:
        url: the exchange's address, as it is printed or as a world has it: ``ws``, ``wss``, ``http`` or ``https``,
            with the token if it needs one.
        token: instead of the address's.
        ca_file: the authority to trust, in PEM, instead of the system's.
    """

    def __init__(self, url: str, token: str | None = None, ca_file: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise SimulatorError(f"expected an address such as http://127.0.0.1:6001, got {url!r}")
        self.is_secure = parts.scheme in _SECURE
        self.host = parts.netloc.rpartition("@")[2]
        found = _WORLD.match(parts.path)
        self.world = "" if found is None else found[1]
        """Which world; empty for the exchange's own."""
        self.token = token or parse_qs(parts.query).get("token", [None])[0]
        self.ca_file = ca_file
        self._context = ssl.create_default_context(cafile=ca_file) if self.is_secure else None

    @property
    def url(self) -> str:
        """The address for clients of the world."""
        return self.at(self.world)

    def at(self, world: str) -> str:
        """Return the address for clients of a world."""
        return f"{'wss' if self.is_secure else 'ws'}://{self.host}" + (f"/worlds/{world}" if world else "")

    def make(self, name: str, body: msgspec.Struct | None = None, part: str = "", patience: float = PATIENCE) -> Any:
        """Make a call, and return what it gives.

        Args:
            name: which.
            body: what it takes.
            part: what its path has between braces.
            patience: how many seconds of the wall's time to wait for the answer.

        Raises what the same method of an exchange in this process does, and `SimulatorError` if there is no answer.
        """
        call = _CALLS[name]
        path = self._path(call.path.partition("{")[0] + quote(part, safe=""))
        said = call.takes() if body is None else body
        if call.method == "GET":
            query = urlencode(msgspec.to_builtins(said))
            return self._read(call, self.ask("GET", f"{path}?{query}" if query else path, None, patience))
        return self._read(call, self.ask(call.method, path, said, patience))

    def journal(self, since: int) -> list[dict[str, Any]]:
        """Return what has happened behind a line of the journal, as data."""
        found: list[dict[str, Any]] = []
        while True:
            text = self.ask("GET", self._path(f"/journal?since={since}"), None)
            lines = [decoded(line) for line in text.splitlines()]
            if not lines:
                return found
            found += lines
            since = lines[-1]["line"]

    def _path(self, path: str) -> str:
        return f"/worlds/{self.world}{path}" if self.world else path

    def _read(self, call: Call, text: str) -> Any:
        return msgspec.convert(decoded(text), call.gives)

    def ask(
        self, method: str, path: str, body: msgspec.Struct | dict[str, Any] | None, patience: float = PATIENCE
    ) -> str:
        """Return the answer to a request below the prefix; raises as `make` does."""
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["X-Exchange-Token"] = self.token
        data = None if body is None else msgspec.json.encode(body)
        connection = (
            http.client.HTTPConnection(self.host, timeout=patience)
            if self._context is None
            else http.client.HTTPSConnection(self.host, timeout=patience, context=self._context)
        )
        try:
            connection.request(method, _PREFIX + path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise SimulatorError(f"no answer from the exchange at {self.url}: {error}") from None
        finally:
            connection.close()
        if answer.status >= 300:
            raise _error(answer.status, text)
        return text


def _error(status: int, text: str) -> SimulatorError:
    """Return what an answer that is none says, as the error that it was."""
    try:
        failed = decoded(text)
        why = str(failed["error"])
    except (ValueError, TypeError, KeyError):
        return SimulatorError(f"the exchange answers {status}: {text[:200].strip()}")
    match status:
        case 404:
            return UnknownName(why)
        case 409:
            return ClockRuns(why)
        case 422:
            return ScenarioError(Problem(**problem) for problem in failed["problems"])
        case _:
            return SimulatorError(why)
