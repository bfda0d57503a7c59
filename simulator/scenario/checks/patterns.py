"""Whether any of many names matches a pattern, and which of them is nearest to one that none matches."""

import difflib
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from simulator.did_you_mean import most_alike, nearest, suggest
from simulator.quoting import LONGEST
from simulator.wildcards import Glob

__all__ = ["Names"]

_MOST_HINTS = 10


class Names:
    """Names and ids of which some pattern may be meant.

    A catalogue may have ten thousand of them: what begins with a word is looked for by bisection, and only the
    first patterns that nothing matches are given a hint, which takes a look at each name.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        known = list(pairs)
        self._names = sorted(name for name, _ in known)
        self._ids = sorted(id_.lower() for _, id_ in known)
        self._all = frozenset(self._names)
        self._hints: dict[str, str] = {}

    def have(self, pattern: str) -> bool:
        """Tell whether a name matches a pattern or is it, or an id matches it in any case."""
        return (
            pattern in self._all
            or any(_matching(self._names, Glob(pattern)))
            or any(_matching(self._ids, Glob(pattern.lower())))
        )

    def near(self, pattern: str) -> str:
        """Return a hint at the name that is nearest to a pattern, or that begins most like it; or an empty string."""
        hint = self._hints.get(pattern)
        if hint is None:
            hint = self._nearest(pattern[:LONGEST]) if len(self._hints) < _MOST_HINTS else ""
            self._hints[pattern] = hint
        return hint

    def _nearest(self, pattern: str) -> str:
        whole = nearest(pattern, self._names)
        prefix = Glob(pattern).prefix.casefold()
        if whole or not prefix:
            return whole
        beginnings = {name[: len(prefix)].casefold(): name for name in reversed(self._names)}
        found = difflib.get_close_matches(prefix, most_alike(prefix, beginnings), 1)
        return suggest(f"one such as {beginnings[found[0]]!r}") if found else ""


def _matching(names: list[str], glob: Glob) -> Iterator[str]:
    """Yield those of sorted names that match."""
    for at in range(bisect_left(names, glob.prefix), len(names)):
        if not names[at].startswith(glob.prefix):
            return
        if glob.matches(names[at]):
            yield names[at]
