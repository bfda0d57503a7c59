"""Wildcard patterns: ``*`` stands for any run of characters, ``?`` for any one character."""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache

__all__ = ["Glob", "has_wildcard"]

_WILD = re.compile(r"[*?]+")


def has_wildcard(pattern: str) -> bool:
    """Return whether a pattern has a ``*`` or a ``?`` in it."""
    return "*" in pattern or "?" in pattern


class Glob:
    """A compiled pattern, matched against whole texts; both are compared as they are, so fold the case first."""

    __slots__ = ("_match", "prefix", "run")

    def __init__(self, pattern: str) -> None:
        runs = _WILD.split(pattern)
        self.prefix = runs[0]
        """The characters that every match begins with."""
        self.run = max(runs, key=len)
        """The longest run of characters that every match contains."""
        self._match = _compiled(pattern)

    def matches(self, text: str) -> bool:
        """Return whether the whole text matches the pattern."""
        return self._match(text) is not None


@lru_cache(256)
def _compiled(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Return what matches a pattern.

    The standard library looks for each part between stars at the first place where it fits and never goes back,
    so the time is bounded by the product of the two lengths. Brackets mean something to it, and nothing here.
    """
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
