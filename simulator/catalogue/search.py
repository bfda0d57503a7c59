"""Search by name: exact, prefix, word prefix and substring, or wildcards, without regard to case."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from simulator.catalogue.products import Thing
from simulator.errors import nearest
from simulator.quoting import quoted
from simulator.terms import Refusal
from simulator.wildcards import Glob, has_wildcard

__all__ = ["MAX_PATTERN", "SCOPES", "NameIndex", "check_search"]

SCOPES: dict[str, Thing] = {
    "Route": "route",
    "Venue": "venue",
    "Product": "product",
    "TradableProduct": "tradable_product",
    "QuoteSymbol": "quote_symbol",
    "TradingSymbol": "trading_symbol",
}
"""Each scope but ``All``, and the key of its list in a reply."""

MAX_PATTERN = 256
"""The longest pattern that is searched for, in characters: no name is longer."""

_WORD = re.compile(r"(?<![^\W_])(?=[^\W_])")
_WORD_MARK = "\x01"
_FEW = 64


def check_search(pat: str, scope: str, limit: int) -> Refusal | None:
    """Return why a search is refused, or None if it can be made."""
    if scope != "All" and scope not in SCOPES:
        valid = ["All", *SCOPES]
        return Refusal(f"expected scope to be one of {', '.join(valid)}, got {quoted(scope)}{nearest(scope, valid)}")
    if limit < 0:
        return Refusal(f"expected limit to be 0 or more, got {limit}")
    if len(pat) > MAX_PATTERN:
        return Refusal(f"expected pat to be at most {MAX_PATTERN} characters long, got {len(pat)}")
    return None


class NameIndex:
    """The names of one kind of thing with their ids, given in order of name, made ready to be searched.

    Names hold no control characters: a line break separates them in one long text that substrings are looked
    for in, and a mark stands before every word in another.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._folded = [name.casefold() for name, _ in pairs]
        order = sorted(range(len(pairs)), key=self._folded.__getitem__)
        self._order = order
        self._sorted = [self._folded[position] for position in order]
        self._plain = _Lines(self._folded)
        self._marked = _Lines([_marked(name) for name in self._folded])

    def search(self, pat: str, limit: int) -> list[tuple[str, str]]:
        """Return at most ``limit`` pairs whose names match, best first and then by name."""
        folded = pat.casefold()
        found = self._wild(folded) if has_wildcard(folded) else self._ranked(folded, limit)
        return [self._pairs[position] for position in islice(found, limit)]

    def _range(self, prefix: str) -> list[int]:
        """Return the positions of the names that begin with a prefix, exact ones first, then by name."""
        low = bisect_left(self._sorted, prefix)
        exact = bisect_right(self._sorted, prefix, low)
        # No character sorts after the last one of Unicode, and no name holds it.
        high = bisect_left(self._sorted, prefix + "\U0010ffff", exact)
        return sorted(self._order[low:exact]) + sorted(self._order[exact:high])

    def _ranked(self, folded: str, limit: int) -> Iterator[int]:
        if not folded:
            yield from range(len(self._pairs))
            return
        if not folded.isprintable():
            return
        seen = self._range(folded)
        yield from seen
        if len(seen) >= limit:
            return
        taken = set(seen)
        for lines, needle in ((self._marked, _marked(folded)), (self._plain, folded)):
            if lines is self._marked and not needle.startswith(_WORD_MARK):
                continue
            for position in lines.containing(needle):
                if position not in taken:
                    taken.add(position)
                    yield position

    def _wild(self, folded: str) -> Iterator[int]:
        low = bisect_left(self._sorted, folded)
        exact = sorted(self._order[low : bisect_right(self._sorted, folded, low)])
        yield from exact
        glob = Glob(folded)
        for position in self._candidates(glob):
            if position not in exact and glob.matches(self._folded[position]):
                yield position

    def _candidates(self, glob: Glob) -> Iterator[int]:
        """Return the positions of names that may match, in order: from the narrower of the two indexes."""
        if not glob.run:
            return iter(range(len(self._folded)))
        if not glob.run.isprintable():
            return iter(())
        begun = self._range(glob.prefix) if glob.prefix else []
        if glob.prefix and (len(begun) <= _FEW or glob.prefix == glob.run):
            return iter(sorted(begun))
        return self._plain.containing(glob.run)


class _Lines:
    """Names joined to one text, so that all of them are looked through at the speed of `str.find`."""

    def __init__(self, lines: list[str]) -> None:
        self._text = "\n".join(lines)
        self._starts = []
        start = 0
        for line in lines:
            self._starts.append(start)
            start += len(line) + 1

    def containing(self, needle: str) -> Iterator[int]:
        """Return, in order, the positions of the lines that contain a text of at least one character."""
        place = self._text.find(needle)
        while place >= 0:
            position = bisect_right(self._starts, place) - 1
            yield position
            if position + 1 == len(self._starts):
                return
            place = self._text.find(needle, self._starts[position + 1])


def _marked(name: str) -> str:
    return _WORD.sub(_WORD_MARK, name)
