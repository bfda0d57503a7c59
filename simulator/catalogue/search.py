"""Search by name: exact, prefix, word prefix, substring, words in any order, or wildcards, in any case."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import accumulate, islice

from simulator.catalogue.products import ThingKind
from simulator.did_you_mean import nearest
from simulator.quoting import quoted
from simulator.terms import Refusal
from simulator.wildcards import Glob, has_wildcard

__all__ = ["MAX_PATTERN", "SCOPES", "NameIndex", "check_search"]

SCOPES: dict[str, ThingKind] = {
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

_WORD = re.compile(r"[^\W_]+")
_LAST = "\U0010ffff"
"""No character sorts after this one, and no name holds it."""

_FEW = 64


def check_search(pat: str, scope: str, limit: int) -> Refusal | None:
    """Return why a search is refused, or None if it can be made."""
    if scope != "All" and scope not in SCOPES:
        valid = ["All", *SCOPES]
        return Refusal(f"`$.scope`: expected one of {', '.join(valid)}, got {quoted(scope)}{nearest(scope, valid)}")
    if limit < 0:
        return Refusal(f"`$.limit`: expected 0 or more, got {limit}")
    if len(pat) > MAX_PATTERN:
        return Refusal(f"`$.pat`: expected at most {MAX_PATTERN} characters, got {len(pat)}")
    return None


class NameIndex:
    """The names of one kind of thing with their ids, given in the order in which they are preferred, made searchable.

    Names hold no control characters: a line break separates them in one long text that substrings are looked for in.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._folded = [name.casefold() for name, _ in pairs]
        order = sorted(range(len(pairs)), key=self._folded.__getitem__)
        self._order = order
        self._sorted = [self._folded[position] for position in order]
        self._lines = _Lines(self._folded)
        self._words = _Words(self._folded)

    def search(self, pat: str, limit: int) -> list[tuple[str, str]]:
        """Return at most ``limit`` pairs whose names match, best first and then as they are preferred."""
        folded = pat.casefold()
        found = self._wild(folded) if has_wildcard(folded) else self._ranked(folded, limit)
        return [self._pairs[position] for position in islice(found, limit)]

    def _range(self, prefix: str) -> list[int]:
        """Return the positions of the names that begin with a prefix, exact ones first, then as preferred."""
        low = bisect_left(self._sorted, prefix)
        exact = bisect_right(self._sorted, prefix, low)
        high = bisect_left(self._sorted, prefix + _LAST, exact)
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
        words = list(dict.fromkeys(_WORD.findall(folded)))
        for positions in self._in_word(folded) if words == [folded] else self._in_words(folded, words):
            for position in positions:
                if position not in taken:
                    taken.add(position)
                    yield position

    def _in_word(self, word: str) -> Iterator[Iterable[int]]:
        """Yield the names with a word that begins with a word, and then those with one that contains it."""
        yield self._words.beginning(word)
        few = self._words.containing(word)
        yield self._lines.containing(word) if few is None else few

    def _in_words(self, folded: str, words: list[str]) -> Iterator[Iterable[int]]:
        """Yield the names that contain a text, first at the beginning of a word, then those with all its words.

        The words are first those of the name, then the beginnings of them, in any order.
        """
        later: list[int] = []
        yield self._begun(folded, words, later)
        yield later
        if words:
            yield self._words.with_all(words)
            yield self._words.with_beginnings(words)

    def _begun(self, text: str, words: list[str], later: list[int]) -> Iterator[int]:
        """Yield the names in which a text begins with a word; add the others that contain it to ``later``."""
        is_begun = bool(words) and text.startswith(words[0])
        few = self._words.few(words[1:] if is_begun else words, words[:is_begun])
        containing = self._lines.containing(text) if few is None else few
        for position in containing:
            name = self._folded[position]
            if is_begun and _begin_of_word(name, text) >= 0:
                yield position
            elif text in name:
                later.append(position)

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
        few = self._words.few([], [glob.run]) if _WORD.fullmatch(glob.run) else None
        return self._lines.containing(glob.run) if few is None else iter(dict.fromkeys(few))


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


class _Words:
    """The words of names, and in which names each is."""

    def __init__(self, names: list[str]) -> None:
        self._positions: dict[str, list[int]] = {}
        for position, name in enumerate(names):
            for word in dict.fromkeys(_WORD.findall(name)):
                self._positions.setdefault(word, []).append(position)
        self._sorted = sorted(self._positions)
        self._totals = [0, *accumulate(len(self._positions[word]) for word in self._sorted)]
        self._lines = _Lines(self._sorted)
        self._names = names

    def beginning(self, prefix: str) -> Iterable[int]:
        """Return, in order, the names with a word that begins with a prefix; some perhaps several times."""
        return self._merged(self._sorted[slice(*self._range(prefix))])

    def containing(self, part: str) -> Iterable[int] | None:
        """Return, in order, the names with a word that contains a part of one, or None if many words do."""
        words = self._with_part(part)
        return None if len(words) > _FEW else self._merged(words)

    def few(self, beginnings: list[str], parts: list[str]) -> Iterable[int] | None:
        """Return, in order, some names among which are all with words that begin with and that contain these.

        None if that would be many.
        """
        total, rarest = self._rarest(beginnings)
        if total is not None and total <= _FEW:
            return self.beginning(rarest)
        for part in parts:
            words = self._with_part(part)
            if len(words) <= _FEW and sum(len(self._positions[word]) for word in words) <= _FEW:
                return self._merged(words)
        return None

    def with_all(self, words: list[str]) -> Iterator[int]:
        """Return, in order, the names that have all these words."""
        rarest = min((self._positions.get(word, []) for word in words), key=len)
        return (position for position in rarest if all(self._has(position, word, True) for word in words))

    def with_beginnings(self, prefixes: list[str]) -> Iterator[int]:
        """Return, in order, the names that have a word that begins with each prefix; some perhaps several times."""
        rarest = self.beginning(self._rarest(prefixes)[1])
        return (position for position in rarest if all(self._has(position, prefix, False) for prefix in prefixes))

    def _has(self, position: int, word: str, whole: bool) -> bool:
        name = self._names[position]
        at = _begin_of_word(name, word)
        while whole and at >= 0 and _WORD.match(name, at + len(word)):
            at = _begin_of_word(name, word, at + 1)
        return at >= 0

    def _with_part(self, part: str) -> list[str]:
        """Return the words that contain a part, or more than a few of them."""
        return [self._sorted[at] for at in islice(self._lines.containing(part), _FEW + 1)]

    def _range(self, prefix: str) -> tuple[int, int]:
        low = bisect_left(self._sorted, prefix)
        return low, bisect_left(self._sorted, prefix + _LAST, low)

    def _rarest(self, prefixes: list[str]) -> tuple[int | None, str]:
        """Return how many names have words that begin with the rarest prefix, at most, and that prefix."""
        ranges = [(*self._range(prefix), prefix) for prefix in prefixes]
        return min(
            ((self._totals[high] - self._totals[low], prefix) for low, high, prefix in ranges), default=(None, "")
        )

    def _merged(self, words: list[str]) -> Iterable[int]:
        if len(words) == 1:
            return self._positions[words[0]]
        return merge(*(self._positions[word] for word in words))


def _begin_of_word(name: str, text: str, start: int = 0) -> int:
    """Return the first place from ``start`` on where a text stands in a name and a word of that begins, or -1."""
    at = name.find(text, start)
    while at > 0 and _WORD.match(name, at - 1, at):
        at = name.find(text, at + 1)
    return at
