"""Where two journals part."""

import re
from collections import deque
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import msgspec

from simulator.journal.lines import ARROWS
from simulator.quoting import cut, escaped

__all__ = ["EntryData", "differing", "parting", "parting_of_messages"]

EntryData = dict[str, Any]
"""A journal's entry, as a file has it."""
_CONTEXT = 3


_WIDEST = 300


def parting(
    first: Iterable[tuple[bytes, EntryData]],
    second: Iterable[tuple[bytes, EntryData]],
    said: str = "the journals part at line",
) -> list[str]:
    """Return, in readable lines, the first place where two journals differ, and the last entries before it.

    A journal comes as its lines, each with what it says; ``said`` begins the first line of what is returned. Returns
    nothing if they are the same.
    """
    before: deque[EntryData] = deque(maxlen=_CONTEXT)
    end: tuple[bytes, EntryData | None] = (b"", None)
    for number, ((line, one), (other_line, other)) in enumerate(zip_longest(first, second, fillvalue=end), 1):
        if line != other_line or one is None:
            lines = [f"{said} {number}:", *(f"  {_readable(entry)}" for entry in before)]
            lines.append(f"- {'(its end)' if one is None else _readable(one)}")
            lines.append(f"+ {'(its end)' if other is None else _readable(other)}")
            if one is not None and other is not None:
                lines += [f"    {difference}" for difference in differing(one, other)]
            return lines
        before.append(one)
    return []


def parting_of_messages(
    first: Iterable[tuple[bytes, EntryData]], second: Iterable[tuple[bytes, EntryData]]
) -> list[str]:
    """Return, in readable lines, where what was said on each connection differs, whenever it was said.

    That is all that the journal of a replay against an endpoint has: no time, no cause, and nothing of what happened
    inside. The messages of each way are compared by themselves, because how those of both ways come between each other
    is a matter of time too; of the end of a connection, only its code is.
    """
    ours, others = _streams(first), _streams(second)
    lines = []
    for connection, way in sorted(ours.keys() | others.keys()):
        said = f"connection {connection}: what {way} parts at message"
        lines += parting(ours.get((connection, way), []), others.get((connection, way), []), said)
    return lines


_WAYS = {"in": "the client says", "out": "the exchange says", "open": "opens and ends it", "close": "opens and ends it"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CODE = re.compile(r"\b[1-4][0-9]{3}\b")
_CUT = "1006"


def _streams(entries: Iterable[tuple[bytes, EntryData]]) -> dict[tuple[int, str], list[tuple[bytes, EntryData]]]:
    """Return the messages of each connection and way, without what depends on when they came."""
    encode = msgspec.json.Encoder().encode
    streams: dict[tuple[int, str], list[tuple[bytes, EntryData]]] = {}
    for _, entry in entries:
        kind, data = entry.get("kind"), entry.get("data")
        if kind not in _WAYS:
            continue
        if kind == "close":
            code = _CODE.search(str(data))
            data = code[0] if code is not None else _CUT
        timeless: EntryData = {"connection": entry.get("connection"), "kind": kind, "data": _timeless(data)}
        stream = streams.setdefault((int(entry.get("connection") or 0), _WAYS[kind]), [])
        stream.append((encode(timeless), timeless))
    return streams


def _timeless(data: Any) -> Any:
    match data:
        case dict():
            return {key: _timeless(value) for key, value in data.items()}
        case list():
            return [_timeless(value) for value in data]
        case str() if _TIME.fullmatch(data):
            return "(a time)"
        case _:
            return data


def differing(one: Any, other: Any, place: str = "") -> list[str]:
    """Return where two values of JSON differ, and what stands there in each."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        pairs = [(f"{place}.{key}" if place else key, one.get(key), other.get(key)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{place}[{at}]", left, right) for at, (left, right) in enumerate(zip(one, other, strict=True))]
    else:
        return [] if one == other else [f"{place}: {_json(one)} and {_json(other)}"]
    return [difference for here, left, right in pairs for difference in differing(left, right, here)]


def _readable(entry: EntryData) -> str:
    mark = ARROWS.get(str(entry.get("kind")), f"*** {entry.get('kind')}")
    connection = entry.get("connection")
    parts = [entry.get("time"), f"#{connection}" if connection else None, mark, _json(entry.get("data"))]
    return cut(escaped(" ".join(str(part) for part in parts if part is not None)), _WIDEST)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
