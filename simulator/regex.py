"""Regular expressions that take no longer than the text times the pattern, whatever either says.

Python's own `re` tries one way after another and may try for ever: ``^(a+)+$`` against 29 characters takes seconds.
Here all ways are followed at once, as Thompson showed in 1968. The syntax is that of `re`, without what this cannot do:
back references, look-ahead and look-behind, atomic groups and possessive repeats.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

__all__ = ["LONGEST_TEXT", "MOST_STATES", "Regex"]

LONGEST_TEXT = 500
"""Of how many characters a text may be; a longer one matches no pattern."""

MOST_STATES = 300
"""How many characters, repeats written out, a pattern may stand for."""

_Assertion = Literal["^", "$", "b", "B"]


class _Char(NamedTuple):
    """Takes one character that ``fits``, and goes to ``then``."""

    fits: Callable[[str], bool]
    then: int


class _Split(NamedTuple):
    """Goes several ways, and takes nothing."""

    ways: tuple[int, ...]


class _Assert(NamedTuple):
    """Goes on to ``then`` if the place in the text is of this kind, and takes nothing."""

    what: _Assertion
    then: int


_State = _Char | _Split | _Assert
_MATCHED = 0
"""The number of the state in which the pattern has matched."""

_REPEAT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_FLAGS = re.compile(r"\(\?[ais]+\)")
_LONG_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^}]*\}|0[0-7]{0,2})")
_ENDS: dict[str, _Assertion] = {"A": "^", "Z": "$", "b": "b", "B": "B"}


class Regex:
    """A compiled pattern, looked for anywhere in a text, as `re.search` does.

    Args:
        pattern: in the syntax of `re`.
        ignore_case: whether letters match whatever their case.

    Raises `ValueError` for what is no pattern, has what this cannot do, or stands for too many characters.
    """

    def __init__(self, pattern: str, ignore_case: bool = False) -> None:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(str(error)) from None
        self._states, self._start = _Compiler(pattern, re.IGNORECASE if ignore_case else re.RegexFlag(0)).compile()

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in a text of at most `LONGEST_TEXT` characters."""
        if len(text) > LONGEST_TEXT:
            return False
        taken: set[int] = set()
        for place in range(len(text) + 1):
            here = self._reached({*taken, self._start}, text, place)
            if _MATCHED in here:
                return True
            if place < len(text):
                taken = self._take(here, text[place])
        return False

    def _take(self, numbers: set[int], char: str) -> set[int]:
        """Return the states that are next after a character."""
        states = self._states
        return {state.then for number in numbers if isinstance(state := states[number], _Char) and state.fits(char)}

    def _reached(self, numbers: set[int], text: str, place: int) -> set[int]:
        """Return the states that are reached from some without taking a character."""
        reached: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            match self._states[number]:
                case _Split(ways):
                    waiting += ways
                case _Assert(what, then) if _holds(what, text, place):
                    waiting.append(then)
        return reached


def _holds(what: _Assertion, text: str, place: int) -> bool:
    if what == "^":
        return place == 0
    if what == "$":
        return place == len(text) or (place == len(text) - 1 and text[place] == "\n")
    before = place > 0 and _is_word(text[place - 1])
    after = place < len(text) and _is_word(text[place])
    return (before is not after) is (what == "b")


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


class _Compiler:
    """Makes states of a pattern that `re` has found right, from its end to its start.

    Every part is read with the number of the state that comes after it, and returns the number of its first.
    """

    def __init__(self, pattern: str, flags: re.RegexFlag) -> None:
        self._pattern = pattern
        self._flags = flags
        self._place = 0
        self._states: list[_State] = [_Split(())]
        self._copies = 0
        """How many copies of repeated parts there are, of which some may have no state."""

    def compile(self) -> tuple[list[_State], int]:
        """Return the states, of which `_MATCHED` is one, and the number of the first."""
        if match := _FLAGS.match(self._pattern):
            self._place = match.end()
            for letter in match.group()[2:-1]:
                self._flags |= re.RegexFlag[letter.upper()]
        return self._states, self._alternatives()(_MATCHED)

    def _add(self, state: _State) -> int:
        _bound(len(self._states))
        self._states.append(state)
        return len(self._states) - 1

    def _copy(self, part: "_Part", then: int) -> int:
        self._copies += 1
        _bound(self._copies)
        return part(then)

    # Each of these reads a part and returns what makes its states, as often as it is repeated.

    def _alternatives(self) -> "_Part":
        parts = [self._sequence()]
        while self._next() == "|":
            self._place += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        return lambda then: self._add(_Split(tuple(part(then) for part in parts)))

    def _sequence(self) -> "_Part":
        parts: list[_Part] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))

        def make(then: int) -> int:
            for part in reversed(parts):
                then = part(then)
            return then

        return make

    def _repeated(self, part: "_Part") -> "_Part":
        while bounds := self._bounds():
            if self._next() == "+":
                raise ValueError("expected no possessive repeat, got one")
            if self._next() == "?":  # a lazy repeat matches where a greedy one does
                self._place += 1
            part = self._times(part, *bounds)
        return part

    def _bounds(self) -> tuple[int, int | None] | None:
        """Read a repeat and return how often its part comes: at least, and at most, None for any number."""
        char = self._next()
        if char in ("*", "+", "?") and char:
            self._place += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        counted = _REPEAT.match(self._pattern, self._place)
        if counted is None or counted[0] in ("{}", "{,}"):
            return None
        self._place = counted.end()
        least = int(counted[1] or 0)
        return least, (int(counted[3]) if counted[3] else None) if counted[2] else least

    def _times(self, part: "_Part", least: int, most: int | None) -> "_Part":
        def make(then: int) -> int:
            if most is None:
                loop = self._add(_Split(()))
                self._states[loop] = _Split((self._copy(part, loop), then))
                then = loop
            else:
                end = then
                for _ in range(most - least):
                    then = self._add(_Split((self._copy(part, then), end)))
            for _ in range(least):
                then = self._copy(part, then)
            return then

        return make

    def _atom(self) -> "_Part":
        char = self._next()
        if char == "(":
            return self._group()
        if char in "^$":
            self._place += 1
            what: _Assertion = "^" if char == "^" else "$"
            return lambda then: self._add(_Assert(what, then))
        if char == "\\" and (end := _ENDS.get(self._pattern[self._place + 1])):
            self._place += 2
            return lambda then: self._add(_Assert(end, then))
        fits = _one_char(self._char(), self._flags)
        return lambda then: self._add(_Char(fits, then))

    def _group(self) -> "_Part":
        opening = re.compile(r"\((\?:|\?P<\w+>)?(?!\?)").match(self._pattern, self._place)
        if opening is None:
            raise ValueError(f"expected a plain group, got {self._pattern[self._place : self._place + 4]!r}")
        self._place = opening.end()
        part = self._alternatives()
        self._place += 1
        return part

    def _char(self) -> str:
        """Read what stands for one character: itself, an escape, or a class in brackets."""
        start = self._place
        pattern = self._pattern
        if pattern[start] == "\\":
            if pattern[start + 1] in "123456789":
                raise ValueError(f"expected no back reference, got {pattern[start : start + 2]!r}")
            long = _LONG_ESCAPE.match(pattern, start)
            self._place = long.end() if long else start + 2
        elif pattern[start] == "[":
            self._place = self._end_of_class(start)
        else:
            self._place = start + 1
        return pattern[start : self._place]

    def _end_of_class(self, start: int) -> int:
        place = start + 1
        place += self._pattern[place] == "^"
        place += self._pattern[place] == "]"  # the first one is a character like others
        while self._pattern[place] != "]":
            place += 2 if self._pattern[place] == "\\" else 1
        return place + 1

    def _next(self) -> str:
        return self._pattern[self._place : self._place + 1]


_Part = Callable[[int], int]


def _bound(states: int) -> None:
    if states > MOST_STATES:
        raise ValueError(f"expected a pattern that stands for at most {MOST_STATES} characters")


@lru_cache(256)
def _one_char(source: str, flags: re.RegexFlag) -> Callable[[str], bool]:
    """Return what tells whether a character is of those that a piece of a pattern stands for."""
    source = re.escape(source) if source in ("{", "}") else source
    matches = re.compile(source, flags).fullmatch
    return lru_cache(1024)(lambda char: matches(char) is not None)
