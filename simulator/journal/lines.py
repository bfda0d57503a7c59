"""One line for each entry of a journal: for people, safe to print on a terminal, or for machines, as JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from simulator.journal.journal import Journal, JournalEntry
from simulator.times import text_of_time

__all__ = ["json_lines", "traffic_line"]

_LONGEST = 400


_ARROWS = {"in": "-->", "out": "<--", "open": "+++", "close": "---"}


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
        "lie",
        "refused",
        "late",
    }
)
"""What is said of a scenario's doings, and of connections that were refused."""


def traffic_line(entry: JournalEntry, world: str = "") -> str | None:
    """Return the line for a journal entry, or None for what the exchange did by itself.

    ``world`` is the name of the world that it happened in, if not the server's own.

    What a client sent is printed with its control characters escaped, so it cannot steer the terminal, and cut
    where it is long.
    """
    time, connection, kind, data = entry
    arrow = _ARROWS.get(kind)
    if arrow is None:
        if kind not in _NOTES:
            return None
        arrow = f"*** {kind}"
        data = data if isinstance(data, bytes) else str(data)
    cut = len(data) - _LONGEST
    if cut > 0:
        data = data[:_LONGEST]
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    if not text.isprintable():
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    if cut > 0:
        text += f"… ({cut} more)"
    where = f"{world}#{connection} " if connection else f"{world} " if world else ""
    return f"{text_of_time(time)[11:-4]}Z {where}{arrow} {text}".rstrip()


def json_lines(journal: Journal) -> Iterator[bytes]:
    """Yield a journal's entries as lines of JSON, without their ends.

    Each has the keys ``line`` (counted from 1), ``time``, ``connection``, ``direction`` (``in``, ``out`` or null),
    ``kind``, ``cause`` (the line of what made it happen, or null) and ``data``: a message's own JSON, or its text if
    it is none.
    """
    encode = msgspec.json.Encoder().encode
    for number, (entry, cause) in enumerate(zip(journal, journal.causes, strict=True), journal.dropped + 1):
        time, connection, kind, data = entry
        yield encode(
            {
                "line": number,
                "time": text_of_time(time),
                "connection": connection or None,
                "direction": kind if kind in ("in", "out") else None,
                "kind": kind,
                "cause": cause or None,
                "data": _message(data) if kind in ("in", "out") else _plain(data),
            }
        )


def _message(data: str | bytes) -> Any:
    """Return a message to be written as it is, or as text if it is no JSON or would not stay on its line."""
    text = data if isinstance(data, str) else data.decode(errors="backslashreplace")
    try:
        raw = text.encode()
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # what cannot be encoded, and what is no JSON
        return text.encode(errors="backslashreplace").decode()
    return text if b"\n" in raw or b"\r" in raw else msgspec.Raw(raw)


def _plain(data: Any) -> Any:
    """Return what is no message as data: the fields of a struct with its name."""
    if isinstance(data, msgspec.Struct):
        fields = {name: getattr(data, name) for name in data.__struct_fields__}
        return {"type": type(data).__name__, **msgspec.to_builtins(fields)}
    return data.decode(errors="backslashreplace") if isinstance(data, bytes) else data
