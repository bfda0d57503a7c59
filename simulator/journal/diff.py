"""Where two journals part."""

from collections import deque
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from simulator.journal.lines import ARROWS
from simulator.quoting import cut, escaped

__all__ = ["differing", "parting"]

_Entry = dict[str, Any]
_CONTEXT = 3


_WIDEST = 300


def parting(first: Iterator[tuple[bytes, _Entry]], second: Iterator[tuple[bytes, _Entry]]) -> list[str]:
    """Return, in readable lines, the first place where two journals differ, and the last entries before it.

    A journal comes as its lines, each with what it says. Returns nothing if they are the same.
    """
    before: deque[_Entry] = deque(maxlen=_CONTEXT)
    end: tuple[bytes, _Entry | None] = (b"", None)
    for number, ((line, one), (other_line, other)) in enumerate(zip_longest(first, second, fillvalue=end), 1):
        if line != other_line or one is None:
            lines = [f"the journals part at line {number}:", *(f"  {_readable(entry)}" for entry in before)]
            lines.append(f"- {'(its end)' if one is None else _readable(one)}")
            lines.append(f"+ {'(its end)' if other is None else _readable(other)}")
            if one is not None and other is not None:
                lines += [f"    {difference}" for difference in differing(one, other)]
            return lines
        before.append(one)
    return []


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


def _readable(entry: _Entry) -> str:
    mark = ARROWS.get(str(entry.get("kind")), f"*** {entry.get('kind')}")
    connection = entry.get("connection")
    parts = [entry.get("time"), f"#{connection}" if connection else None, mark, _json(entry.get("data"))]
    return cut(escaped(" ".join(str(part) for part in parts if part is not None)), _WIDEST)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
