"""One line for each entry of a journal: for people, safe to print on a terminal, or for machines, as JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from simulator.catalogue import Catalogue
from simulator.journal.journal import Journal, JournalEntry
from simulator.journal.plain import message, plain
from simulator.quoting import escaped
from simulator.times import text_of_time

__all__ = ["JournalLine", "is_traffic", "json_lines", "lines", "traffic_line"]

_LONGEST = 400


ARROWS = {"in": "-->", "out": "<--", "open": "+++", "close": "---"}
"""How a line shows which way a message went, and where a connection began and ended."""


_NOTES = frozenset(
    {
        "rule",
        "state",
        "timeline",
        "fault",
        "lost",
        "kept",
        "corrupt",
        "stall",
        "slow",
        "skipped",
        "mistake",
        "lie",
        "refused",
        "clock",
        "conflated",
        "late",
    }
)
"""What is said of a scenario's doings, and of connections that were refused."""


def traffic_line(
    entry: JournalEntry, world: str = "", *, longest: int | None = _LONGEST, has_day: bool = False
) -> str | None:
    """Return the line for a journal entry, or None for what the exchange did by itself.

    What a client sent is printed with its control characters escaped, so it cannot steer the terminal, and cut
    where it is long.

    Args:
        entry: which.
        world: the name of the world that it happened in, if not the server's own.
        longest: how many characters of a message are shown; None for all.
        has_day: whether its time is said with the day.
    """
    time, connection, kind, data = entry
    arrow = ARROWS.get(kind)
    if arrow is None:
        if kind not in _NOTES:
            return None
        arrow = f"*** {kind}"
        data = data if isinstance(data, bytes) else str(data)
    shown = data[:longest]
    text = escaped(shown.decode(errors="replace") if isinstance(shown, bytes) else shown)
    if len(data) > len(shown):
        text += f"… ({len(data) - len(shown)} more)"
    where = f"{world}#{connection} " if connection else f"{world} " if world else ""
    return f"{text_of_time(time)[0 if has_day else 11 : -4]}Z {where}{arrow} {text}".rstrip()


def is_traffic(entry: JournalEntry) -> bool:
    """Tell whether an entry has a line in the traffic: what the exchange did by itself has none."""
    return entry[2] in ARROWS or entry[2] in _NOTES


class JournalLine(msgspec.Struct, frozen=True):
    """An entry of a journal as plain data.

    Args:
        line: counted from 1.
        time: RFC 3339 with nine digits behind the second.
        connection: its number; None for what is about none.
        direction: ``in`` or ``out`` for a message, else None.
        kind: as `simulator.journal.journal.JournalEntry` lists them.
        cause: the line of what made it happen, or None.
        data: a message's own JSON, or its text if it is none; what the exchange did, with its ``type``, names and
            amounts as texts.
    """

    line: int
    time: str
    connection: int | None
    direction: str | None
    kind: str
    cause: int | None
    data: Any


def lines(journal: Journal, catalogue: Catalogue | None = None, since: int = 0) -> Iterator[JournalLine]:
    """Yield a journal's entries behind a line as plain data; ``catalogue`` gives products their names."""
    for number, (time, connection, kind, data), cause in journal.since(since):
        yield JournalLine(
            number,
            text_of_time(time),
            connection or None,
            kind if kind in ("in", "out") else None,
            kind,
            cause or None,
            message(data) if kind in ("in", "out") else plain(data, catalogue),
        )


def json_lines(journal: Journal, catalogue: Catalogue | None = None) -> Iterator[bytes]:
    """Yield a journal's entries as lines of JSON, without their ends: the keys are those of `JournalLine`."""
    encode = msgspec.json.Encoder().encode
    for line in lines(journal, catalogue):
        yield encode(line)
