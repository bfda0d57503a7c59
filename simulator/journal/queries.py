"""What was asked of an exchange, and whether it is what somebody expected: queries over the journal, with near misses.

Requests and events are found by the same conditions as a rule's ``when``.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.errors import escaped
from simulator.journal.journal import JournalEntry
from simulator.journal.lines import traffic_line
from simulator.scenario.loader import parse_when
from simulator.scenario.rules.director import FIRST_STATE
from simulator.scenario.rules.matching import Condition, RequestFacts
from simulator.times import text_of_time
from simulator.wire import BadRequest, decode
from simulator.wire.requests import Request

__all__ = [
    "Received",
    "context",
    "explain",
    "last_messages",
    "nearest_miss",
    "received",
]

_MOST_MESSAGES = 20
_EVENTS = {"open": "connect", "close": "disconnect"}


class Received(msgspec.Struct, frozen=True):
    """Something that came from a client: a request, or an event of its connection.

    ``time`` is in nanoseconds since 1970, ``connection`` counts from 1, ``text`` is the message as it came.
    """

    time: int
    connection: int
    request: Request | None
    text: str
    event: str | None = None

    def __str__(self) -> str:
        return f"{text_of_time(self.time)[11:-4]}Z #{self.connection} {escaped(self.text)}"


def received(journal: Iterable[JournalEntry], when: Any, catalogue: Catalogue) -> list[Received]:
    """Return the requests or events of a journal that a ``when`` is for, a struct or data in a file's own words.

    Raises `simulator.errors.ScenarioError` for data that is no ``when``.
    """
    condition = _condition(when)
    return [one for one, facts in _facts(journal, condition, catalogue) if _matches(condition, facts)]


def nearest_miss(journal: Iterable[JournalEntry], when: Any, catalogue: Catalogue) -> tuple[Received, list[str]] | None:
    """Return the request that lacks the least for a ``when``, and what it lacks in words; the latest of several."""
    condition = _condition(when)
    best: tuple[Received, list[str]] | None = None
    for one, facts in _facts(journal, condition, catalogue):
        if _matches(condition, facts):
            continue
        found = condition.differences(facts) or [_other_circumstances(condition, facts)]
        if best is None or len(found) <= len(best[1]):
            best = one, found
    return best


def last_messages(journal: Iterable[JournalEntry], most: int = _MOST_MESSAGES) -> list[str]:
    """Return the last messages, and what a scenario did to them, as readable lines."""
    lines: deque[str] = deque(maxlen=most)
    for entry in journal:
        line = traffic_line(entry)
        if line is not None:
            lines.append(line)
    return list(lines)


def explain(journal: Iterable[JournalEntry], when: Any, catalogue: Catalogue) -> str:
    """Return what may explain that nothing came for a ``when``, the nearest miss, in lines; empty if there is none."""
    miss = nearest_miss(journal, when, catalogue)
    return "" if miss is None else "\n".join([f"nearest: {miss[0]}", *(f"  {lack}" for lack in miss[1])])


def context(journal: Iterable[JournalEntry], seed: int) -> str:
    """Return what a report of failures ends with, in lines: the last messages, and the seed."""
    lines = last_messages(journal)
    return "\n".join([*(["last messages:"] if lines else []), *(f"  {line}" for line in lines), f"seed: {seed}"])


def _condition(when: Any) -> Condition:
    return Condition(parse_when(when) if isinstance(when, dict) else when)


def _matches(condition: Condition, facts: RequestFacts) -> bool:
    return (facts.request is None or type(facts.request) in condition.types) and condition.matches(facts)


def _facts(
    journal: Iterable[JournalEntry], condition: Condition, catalogue: Catalogue
) -> Iterator[tuple[Received, RequestFacts]]:
    """Yield what a condition can be about, in its order: requests, or the events that it names."""
    state = FIRST_STATE
    for time, connection, kind, data in journal:
        if kind == "state":
            state = data
        elif condition.event is not None:
            event = _EVENTS.get(kind) or _subscribing(kind, data)
            if event == condition.event:
                text = f"{event} {_text(data)}"
                facts = RequestFacts(None, connection, state, catalogue, event)
                yield Received(time, connection, None, text, event), facts
        elif kind == "in":
            request = decode(data)
            if not isinstance(request, BadRequest):
                yield (
                    Received(time, connection, request, _text(data)),
                    RequestFacts(request, connection, state, catalogue),
                )


def _subscribing(kind: str, data: Any) -> str | None:
    request = decode(data) if kind == "in" else None
    return "subscribe" if type(request).__name__.startswith("Subscribe") else None


def _other_circumstances(condition: Condition, facts: RequestFacts) -> str:
    """Return in words what keeps a request from matching whose fields all fit."""
    when = condition.when
    said = {name: getattr(when, name) for name in ("session", "state", "nth") if getattr(when, name) is not UNSET}
    came = {"session": facts.session, "state": facts.state, "nth": condition.seen}
    return "; ".join(f"{name}: wanted {msgspec.to_builtins(value)}, came {came[name]}" for name, value in said.items())


def _text(data: Any) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else str(data)
