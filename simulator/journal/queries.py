"""What was asked of an exchange, and whether it is what somebody expected: queries over the journal, with near misses.

Requests and events are found by the same conditions as a rule's ``when``.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.journal.journal import Journal, JournalEntry
from simulator.journal.lines import traffic_line
from simulator.parts import Turns, in_parts
from simulator.quoting import escaped
from simulator.scenario.loader import parse_when
from simulator.scenario.rules.director import FIRST_STATE
from simulator.scenario.rules.matching import Condition, Difference, RequestFacts, said
from simulator.scenario.values import decoded, shown
from simulator.times import text_of_time
from simulator.wire import BadRequest, decode

__all__ = [
    "Miss",
    "MissSearch",
    "Received",
    "Search",
    "context",
    "explain",
    "last_messages",
    "nearest_miss",
    "received",
    "traffic_about",
]

_MOST_MESSAGES = 20
_AT_ONCE = 500
"""How many lines one part of a search goes through."""
_EVENTS = {"open": "connect", "close": "disconnect"}


class Received(msgspec.Struct, frozen=True):
    """Something that came from a client: a request, or an event of its connection.

    Args:
        line: the journal's line.
        time: RFC 3339 with nine digits behind the second.
        connection: which one, counted from 1.
        request: the request's type; None for an event.
        fields: what the request says besides its type, as it was sent; a number with a fraction is a Decimal.
        text: the message as it came.
        event: ``connect``, ``subscribe`` or ``disconnect``; None for a request.
    """

    line: int
    time: str
    connection: int
    request: str | None
    fields: dict[str, Any]
    text: str
    event: str | None = None

    def __str__(self) -> str:
        return f"{self.time[11:-4]}Z #{self.connection} {escaped(self.text)}"


class Miss(msgspec.Struct, frozen=True):
    """A request or an event that is not what was wanted, and in what it differs."""

    received: Received
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        return "\n".join([f"nearest: {self.received}", *(f"  {difference}" for difference in self.differences)])


class Search:
    """Looks for the requests, or the events, that a ``when`` is for, through each line of a journal once.

    Args:
        when: a struct, or data in a file's own words, for which `simulator.errors.ScenarioError` may be raised.
        catalogue: gives products their names.
    """

    def __init__(self, when: Any, catalogue: Catalogue) -> None:
        self.found: list[Received] = []
        self._condition = _condition(when)
        self._facts = _Facts(self._condition, catalogue)

    @in_parts
    def look(self, journal: Journal) -> Turns[list[Received]]:
        """Return all that has been found, in what has come since the last look too."""
        for came in self._facts.read(journal):
            if came is None:
                yield None
            elif _matches(self._condition, came[1]):
                self.found.append(_received(*came))
        return self.found


def received(journal: Journal, when: Any, catalogue: Catalogue) -> list[Received]:
    """Return the requests or events of a journal that a ``when`` is for, a struct or data in a file's own words.

    Raises `simulator.errors.ScenarioError` for data that is no ``when``.
    """
    return Search(when, catalogue).look(journal).at_once()


class MissSearch:
    """Looks for the last of the requests or events that lack the least for a ``when``, through each line once.

    Args:
        when: a struct, or data in a file's own words, for which `simulator.errors.ScenarioError` may be raised.
        catalogue: gives products their names.
        most: how many are found at most.
    """

    def __init__(self, when: Any, catalogue: Catalogue, most: int = 1) -> None:
        self._condition = _condition(when)
        self._facts = _Facts(self._condition, catalogue)
        self._nearest: deque[tuple[_Row, RequestFacts, list[Difference]]] = deque(maxlen=most)

    @in_parts
    def look(self, journal: Journal, newest: int | None = None) -> Turns[list[Miss]]:
        """Return them in the order in which they came, with what has come since the last look.

        ``newest`` is how many lines are looked at, if more have come.
        """
        condition, nearest = self._condition, self._nearest
        if newest is not None:
            self._facts.skip_to(journal.written - newest)
        for came in self._facts.read(journal):
            if came is None:
                yield None
                continue
            row, facts = came
            if _matches(condition, facts):
                continue
            found = condition.differences(facts) or _other_circumstances(condition, facts)
            if nearest and len(found) < len(nearest[0][2]):
                nearest.clear()
            if not nearest or len(found) == len(nearest[0][2]):
                nearest.append((row, facts, found))
        return [_miss(_received(row, facts), found) for row, facts, found in nearest]


def nearest_miss(journal: Journal, when: Any, catalogue: Catalogue) -> Miss | None:
    """Return the request or event that lacks the least for a ``when``, the latest of several; None if none came."""
    found = MissSearch(when, catalogue).look(journal).at_once()
    return found[-1] if found else None


def last_messages(journal: Journal, most: int = _MOST_MESSAGES) -> list[str]:
    """Return the last messages, and what a scenario did to them, as readable lines."""
    reach = most
    while True:  # from the end, further back each time
        reach *= 4
        behind = journal.written - reach
        lines = [line for _, entry, _ in journal.since(behind) if (line := traffic_line(entry)) is not None]
        if len(lines) >= most or behind <= journal.dropped:
            return lines[-most:]


def traffic_about(entries: Sequence[JournalEntry], time: int, most: int) -> list[str]:
    """Return what passed before a moment, and from it on, as readable lines: so many of each at most.

    Args:
        entries: what happened, in its order.
        time: the moment, in nanoseconds; 0 for the end.
        most: how many lines.
    """
    at = bisect_left(entries, time, key=itemgetter(0)) if time else len(entries)
    earlier, later = (entries[number] for number in range(at - 1, -1, -1)), islice(entries, at, None)
    before, after = (list(islice(filter(None, map(traffic_line, some)), most)) for some in (earlier, later))
    return [*reversed(before), *after]


@in_parts
def explain(journal: Journal, when: Any, catalogue: Catalogue) -> Turns[str]:
    """Return what may explain that nothing came for a ``when``, the nearest miss, in lines; empty if there is none."""
    found = yield from MissSearch(when, catalogue).look(journal)
    return str(found[-1]) if found else ""


def context(journal: Journal, seed: int) -> str:
    """Return what a report of failures ends with, in lines: the last messages, and the seed."""
    lines = last_messages(journal)
    return "\n".join([*(["last messages:"] if lines else []), *(f"  {line}" for line in lines), f"seed: {seed}"])


def _condition(when: Any) -> Condition:
    return Condition(parse_when(when) if isinstance(when, dict) else when)


def _matches(condition: Condition, facts: RequestFacts) -> bool:
    return (facts.request is None or type(facts.request) in condition.types) and condition.matches(facts)


_Row = tuple[int, int, int, Any]
"""The line, the time, the connection and the data."""


class _Facts:
    """Reads from a journal what a condition can be about: requests, or the events that it names."""

    def __init__(self, condition: Condition, catalogue: Catalogue) -> None:
        self._condition = condition
        self._catalogue = catalogue
        self._state = FIRST_STATE
        self._line = 0

    def skip_to(self, line: int) -> None:
        """Leave out what has come up to a line."""
        self._line = max(self._line, line)

    def read(self, journal: Journal) -> Iterator[tuple[_Row, RequestFacts] | None]:
        """Yield it in its order, as far as it has come since the last time, and None where a part of the work ends."""
        wanted = self._condition.event
        for came in journal.since_in_parts(self._line, _AT_ONCE):
            if came is None:
                yield None
                continue
            line, (time, connection, kind, data), _ = came
            self._line = line
            row = line, time, connection, data
            if kind == "state":
                self._state = data
            elif wanted is not None:
                if wanted == (_EVENTS.get(kind) or _subscribing(kind, data)):
                    yield row, RequestFacts(None, connection, self._state, self._catalogue, wanted)
            elif kind == "in":
                request = decode(data)
                if not isinstance(request, BadRequest):
                    yield row, RequestFacts(request, connection, self._state, self._catalogue)


def _subscribing(kind: str, data: Any) -> str | None:
    request = decode(data) if kind == "in" else None
    return "subscribe" if type(request).__name__.startswith("Subscribe") else None


def _received(row: _Row, facts: RequestFacts) -> Received:
    line, time, connection, data = row
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
    if facts.request is None:
        event = facts.event
        return Received(line, text_of_time(time), connection, None, {}, f"{event} {text}", event)
    return Received(line, text_of_time(time), connection, type(facts.request).__name__, _fields(data), text)


def _fields(message: str | bytes) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = decoded(message)
    except ValueError:  # nested deeper, or a number longer, than Python reads; the text is there
        return {}
    del fields["type"]
    return fields


def _miss(came: Received, found: list[Difference]) -> Miss:
    """Return a miss that says what was sent, not what the gateway has made of it."""
    sent = came.fields
    return Miss(
        came,
        tuple(
            Difference(one.field, one.wanted, _shown(sent[one.field]) if one.field in sent else one.came)
            for one in found
        ),
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else shown(value)


def _other_circumstances(condition: Condition, facts: RequestFacts) -> list[Difference]:
    """Return what keeps a request from matching whose fields all fit."""
    when = condition.when
    came = {"session": facts.session, "state": facts.state, "nth": condition.seen}
    return [
        Difference(name, said(value), str(came[name])) for name in came if (value := getattr(when, name)) is not UNSET
    ]
