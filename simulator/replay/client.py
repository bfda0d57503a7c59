"""Plays what a scenario's client says, without sockets and without a clock: a generator of actions for a shell."""

from collections.abc import Generator
from typing import Any

from msgspec import UNSET

from simulator.errors import Failure, UnmetExpectation
from simulator.replay.actions import Action, Leave, Listen, Open, Say
from simulator.replay.inbox import Inbox, Line
from simulator.scenario.amounts import duration
from simulator.scenario.awaiting import Awaited
from simulator.scenario.loader import Loaded
from simulator.scenario.model import Await, ClientStep
from simulator.scenario.reading.typed import Path
from simulator.scenario.values import decoded, differences, fill_in, shown, text_of
from simulator.wire.hello import GREETED, is_greeted

__all__ = ["FIRST", "Client", "Playing"]

FIRST = "main"
"""The name of the connection that is opened without being asked for."""

Playing = Generator[Action, int, None]
"""Yields actions; is sent the time at which each was done."""

_RETRY = 100_000_000
_LONGEST_RETRY = 1_000_000_000
"""A connection that is refused is tried again after a while that doubles each time, from the one to the other."""


class Client:
    """The client of one scenario.

    A shell starts `play`, does each action that it yields and sends it the time; in between it tells what came by
    `arrived`, `ended` and `refused`. What does not come as expected raises `UnmetExpectation`.

    Args:
        loaded: the scenario.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.names: dict[str, Any] = {}
        """What the scenario's names stand for: the ``Ok`` of a reply, the id of a subscription."""
        self.lines: dict[str, Line] = {}
        self.steps_done = 0
        self.loaded = loaded
        self._inbox = Inbox()
        self._asked: dict[str, tuple[str, Any]] = {}
        self._place: Path = ("client",)
        self._now = 0
        self._last_id = 0
        steps = loaded.scenario.client
        self._given_ids = [decoded(text_of(s.send["id"])) for s in steps if s.send is not UNSET and "id" in s.send]
        self._given_ids += [_id_of(s.raw) for s in steps if s.raw is not UNSET]

    # What a shell tells

    def arrived(self, line: str, data: bytes) -> None:
        """A message has come."""
        self._inbox.put(self.lines[line], data)

    def ended(self, line: str, code: int, reason: str = "") -> None:
        """A connection has ended; the code is 1006 if nobody said goodbye."""
        known = self.lines[line]
        if known.is_open:
            known.is_open, known.code, known.reason = False, code, reason

    def refused(self, line: str, why: str) -> None:
        """A connection was not opened."""
        self.lines[line].refused = why

    def give_up(self, text: str) -> UnmetExpectation:
        """Return what is raised where the script stands if it may not go on."""
        return self._unmet(text)

    # The script

    def play(self, now: int) -> Playing:
        """Play the script from a time on; raises `UnmetExpectation`."""
        self._now = now
        steps = self.loaded.scenario.client
        if steps and not _opens_first(steps[0]):
            yield from self._connect(FIRST, GREETED, 0)
        for at, step in enumerate(steps):
            self._place = ("client", at)
            yield from self._step(step)
            self.steps_done += 1

    def ask(self, request: dict[str, Any], now: int, within: int) -> Generator[Action, int, Any]:
        """Send a request on the first connection and return its reply, or None."""
        self._now = now
        number = yield from self._say(FIRST, request)
        return (yield from self._reply(FIRST, number, within))

    def _step(self, step: ClientStep) -> Playing:
        line = step.on or FIRST
        within = duration(step.within)
        if step.send is not UNSET:
            yield from self._send(line, step)
        elif step.raw is not UNSET:
            yield from self._act(Say(self._opened(line), step.raw))
            yield from self._take_answer(line, _id_of(step.raw), step)
        elif step.await_ is not UNSET:
            yield from self._await(line, step.await_)
        elif step.wait is not UNSET:
            yield from self._pass_time(self._now + duration(step.wait))
        elif step.connect is not UNSET:
            yield from self._connect(*_wanted_line(step), within)
        else:
            yield from self._act(Leave(self._opened(line)))
            self.lines[line].is_open = False
            self.lines[line].code = 1000

    def _act(self, action: Action) -> Playing:
        self._now = yield action

    def _pass_time(self, until: int) -> Playing:
        while self._now < until:
            yield from self._act(Listen(until))

    def _opened(self, name: str) -> str:
        """Return a connection's name if there is such a one that is open."""
        line = self.lines.get(name)
        if line is None:
            known = ", ".join(self.lines) or "none"
            raise self._unmet(f"expected an open connection, got {name!r}, which no step has opened; known: {known}")
        if not line.is_open:
            raise self._unmet(f"expected an open connection, but {line}")
        return name

    def _connect(self, name: str, target: str, within: int) -> Playing:
        """Open a connection; one that is refused is tried again for a while."""
        line = self.lines[name] = Line(name, target)
        until = self._now + within
        pause = _RETRY
        while True:
            line.refused = ""
            line.is_open = True
            line.awaits_hello = is_greeted(target)
            yield from self._act(Open(name, target))
            if not line.refused:
                return
            line.is_open = False
            if self._now >= until:
                raise self._unmet(f"expected a connection to {target}, but it was refused: {line.refused}")
            yield from self._pass_time(min(until, self._now + pause))
            pause = min(2 * pause, _LONGEST_RETRY)

    # Requests

    def _send(self, line: str, step: ClientStep) -> Playing:
        request = step.send
        assert isinstance(request, dict)  # noqa: S101 - the caller has looked
        number = yield from self._say(line, request)
        if step.as_ is not None:
            self._asked[step.as_] = (line, number)
        if str(request.get("type")).startswith("Subscribe"):
            if step.as_ is not None:
                self.names[step.as_] = number
            if step.reply is not UNSET:
                yield from self._take_answer(line, number, step)
            return
        yield from self._take_answer(line, number, step)

    def _say(self, line: str, request: dict[str, Any]) -> Generator[Action, int, Any]:
        filled = fill_in(request, self.names)
        if "id" not in filled:
            self._last_id += 1
            while self._last_id in self._given_ids:
                self._last_id += 1
            filled = {"id": self._last_id, **filled}
        yield from self._act(Say(self._opened(line), text_of(filled)))
        return decoded(text_of(filled["id"]))

    def _take_answer(self, line: str, number: Any, step: ClientStep) -> Playing:
        """Wait for the answer to a request if a step wants it, and compare it."""
        if step.reply is UNSET and step.as_ is None:
            return
        message = yield from self._reply(line, number, duration(step.within))
        key = "as" if step.reply is UNSET else "reply"
        if step.reply == "never":
            if message is not None:
                raise self._unmet(f"expected no reply within {step.within}, got {shown(message)}", key)
            return
        if message is None:
            why = "none came" if self.lines[line].is_open else f"none came, and {self.lines[line]}"
            raise self._unmet(f"expected a reply to request {shown(number)} within {step.within}; {why}", key)
        response = message["response"]
        wanted = {"Ok": "*"} if step.reply is UNSET else fill_in(step.reply, self.names)
        found = differences({wanted: "*"} if wanted in ("Ok", "Err") else wanted, response)
        if found:
            text = f"expected the reply {shown(wanted)}, got {shown(response)}"
            raise self._unmet(text, key, [f"  {difference}" for difference in found])
        if step.as_ is not None and step.as_ not in self.names:
            self.names[step.as_] = response.get("Ok") if isinstance(response, dict) else None

    def _reply(self, line: str, number: Any, within: int) -> Generator[Action, int, Any]:
        until = self._now + within
        while True:
            message = self._inbox.take_reply(line, number)
            if message is not None or self._now >= until or not self.lines[line].is_open:
                return message
            yield from self._act(Listen(until))

    # Messages

    def _await(self, line: str, wanted: Await) -> Playing:
        number: list[Any] = []
        if wanted.on is not None and wanted.on[1:] in self._asked:
            line, asked = self._asked[wanted.on[1:]]
            number = [asked]
        elif wanted.on is not None:
            line = wanted.on
        if line not in self.lines:
            self._opened(line)
        until = self._now + duration(wanted.within)
        if wanted.closed is not None:
            yield from self._await_end(self.lines[line], wanted, until)
            return
        awaited = Awaited(wanted, line, self.names, number)
        while not self._inbox.take(awaited.fits, awaited.passes):
            if self._now >= until or not self.lines[line].is_open:
                ending = "" if self.lines[line].is_open else f", and {self.lines[line]}"
                text = f"expected {awaited.said}; none came{ending}"
                raise self._unmet(text, "await", awaited.nearest(self._inbox.recent))
            yield from self._act(Listen(until))

    def _await_end(self, line: Line, wanted: Await, until: int) -> Playing:
        while line.is_open and self._now < until:
            yield from self._act(Listen(until))
        is_met = line.is_open if wanted.closed is False else not line.is_open
        if is_met and wanted.closed not in (True, False, line.code):
            is_met = False
        if not is_met:
            said = "stay open" if wanted.closed is False else "close"
            code = "" if isinstance(wanted.closed, bool) else f" with {wanted.closed}"
            raise self._unmet(f"expected {line.name!r} to {said}{code} within {wanted.within}, but {line}", "await")

    # Failures

    def _unmet(self, text: str, key: str = "", explanation: list[str] | None = None) -> UnmetExpectation:
        place = (*self._place, key) if key else self._place
        return UnmetExpectation([Failure(self.loaded.position(place), text, "\n".join(explanation or ()))])


def _opens_first(step: ClientStep) -> bool:
    return step.connect is not UNSET and _wanted_line(step)[0] == FIRST


def _wanted_line(step: ClientStep) -> tuple[str, str]:
    """Return the name and the target of the connection that a step opens: it names either, or neither."""
    said = step.connect
    if isinstance(said, str) and said.startswith("/"):
        return step.on or FIRST, said
    return (said if isinstance(said, str) else step.on) or FIRST, GREETED


def _id_of(text: str) -> Any:
    """Return the id of a message as the gateway reads it; None for one that has none."""
    try:
        message = decoded(text)
    except ValueError:
        return None
    return message.get("id") if isinstance(message, dict) else None
