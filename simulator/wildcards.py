"""Wildcard patterns: ``*`` stands for any run of characters, ``?`` for any one character."""

import re

__all__ = ["Glob", "has_wildcard"]

_WILD = re.compile(r"[*?]+")


def has_wildcard(pattern: str) -> bool:
    """Return whether a pattern has a ``*`` or a ``?`` in it."""
    return "*" in pattern or "?" in pattern


class Glob:
    """A compiled pattern, matched against whole texts; both are compared as they are, so fold the case first.

    The parts between stars are looked for from left to right, each at the first place where it fits, which is
    never wrong and never goes back: the time is bounded by the product of the two lengths.
    """

    __slots__ = ("_last", "_middle", "_starred", "prefix", "run", "shortest")

    def __init__(self, pattern: str) -> None:
        first, *rest = pattern.split("*")
        self._starred = bool(rest)
        self._last = _Part(rest.pop()) if rest else _Part("")
        self._middle = [_Part(first), *(_Part(part) for part in rest if part)]
        self.shortest = sum(part.length for part in self._middle) + self._last.length
        """The length of the shortest text that matches."""
        self.prefix = _WILD.split(pattern, maxsplit=1)[0]
        """The characters that every match begins with."""
        self.run = max(_WILD.split(pattern), key=len)
        """The longest run of characters that every match contains."""

    def matches(self, text: str) -> bool:
        """Return whether the whole text matches the pattern."""
        first, *middle = self._middle
        end = len(text) - self._last.length
        if len(text) < self.shortest or not first.at(text, 0):
            return False
        if not self._starred:
            return len(text) == self.shortest
        if not self._last.at(text, end):
            return False
        place = first.length
        for part in middle:
            place = part.find(text, place, end)
            if place < 0:
                return False
            place += part.length
        return place <= end


class _Part:
    """A stretch of a pattern without stars: runs of characters at fixed distances."""

    __slots__ = ("_run", "_run_at", "_runs", "length")

    def __init__(self, part: str) -> None:
        self.length = len(part)
        self._runs = [(match.start(), match.group()) for match in re.finditer(r"[^?]+", part)]
        self._run_at, self._run = max(self._runs, key=lambda run: len(run[1]), default=(0, ""))

    def at(self, text: str, place: int) -> bool:
        for offset, run in self._runs:  # noqa: SIM110  all() of a generator costs three times as much
            if not text.startswith(run, place + offset):
                return False
        return True

    def find(self, text: str, start: int, end: int) -> int:
        """Return the first place from ``start`` at which the part fits before ``end``, or -1."""
        last = end - self.length
        while start <= last:
            found = text.find(self._run, start + self._run_at, end)
            start = found - self._run_at
            if found < 0 or start > last:
                return -1
            if self.at(text, start):
                return start
            start += 1
        return -1
