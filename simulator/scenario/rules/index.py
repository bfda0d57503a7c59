"""Leaves out of many rules those that a request's fields keep from being met, so that the others alone are asked."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from simulator.decimals import parse_amount
from simulator.scenario.rules.matching import SURROUNDINGS, Condition, Interval, Literal, Matches, RequestFacts
from simulator.terms import Dir

__all__ = ["RuleIndex"]

_REMEMBERED = frozenset({str, bytes, Dir, type(None)})
_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 64


class FieldIndex:
    """The tests that conditions make of one field.

    A set of conditions is an integer whose n-th bit is the n-th of them. Bounds and plain texts are looked up; what the
    other tests say of a short value is remembered, because a client sends few of them, or the same ones again.

    Args:
        field: its name.
        tests: the tests, each with the bit of its condition; each condition has at most one.
    """

    def __init__(self, field: str, tests: Sequence[tuple[int, Matches]]) -> None:
        self.field = field
        self.is_around = field in SURROUNDINGS
        """Whether it is none of the request's own."""
        self._intervals = _Intervals([(bit, test) for bit, test in tests if isinstance(test, Interval)])
        self._texts: dict[str, int] = {}
        self._looked_up = self._intervals.whole
        self._others = []
        for bit, test in tests:
            if isinstance(test, Literal):
                self._texts[test.text] = self._texts.get(test.text, 0) | bit
                self._looked_up |= bit
            elif not isinstance(test, Interval):
                self._others.append((bit, test))
        self.known: dict[Any, int] = {}

    def failing(self, facts: RequestFacts, value: Any) -> int:
        """Return those of the conditions that a value keeps from being met."""
        texts = facts.texts(self.field)
        found = 0
        for text in texts:
            found |= self._texts.get(text, 0) | self._intervals.around(text)
        failed = self._looked_up & ~found
        if not self._others:
            return failed
        other = self.known.get(value) if type(value) in _REMEMBERED else None
        if other is None:
            other = sum(bit for bit, matches in self._others if not matches(texts))
            if type(value) in _REMEMBERED and (
                value is None or type(value) is Dir or len(value) <= _LONGEST_REMEMBERED
            ):
                if len(self.known) >= _MOST_REMEMBERED:
                    self.known.clear()
                self.known[value] = other
        return failed | other


class _Intervals:
    """Which of many intervals a number lies in: one look-up, however many there are."""

    def __init__(self, tests: Sequence[tuple[int, Interval]]) -> None:
        self.whole = sum(bit for bit, _ in tests)
        changes: dict[int, int] = {}
        for bit, interval in tests:
            if interval.low <= interval.high:
                changes[interval.low] = changes.get(interval.low, 0) ^ bit
                changes[interval.high + 1] = changes.get(interval.high + 1, 0) ^ bit
        self._starts = sorted(changes)
        self._bits = [0]
        for start in self._starts:
            self._bits.append(self._bits[-1] ^ changes[start])

    def around(self, text: str) -> int:
        """Return the bits of the intervals that a text's number lies in; none for what is no number."""
        if not self.whole:
            return 0
        number = parse_amount(text)
        return 0 if number is None else self._bits[bisect_right(self._starts, number)]


class RuleIndex:
    """What the conditions for one type of request ask of its fields, and of what it comes in.

    Args:
        conditions: in the order of their rules.
    """

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.conditions = conditions
        self._whole = (1 << len(conditions)) - 1
        tests: dict[str, list[tuple[int, Matches]]] = {}
        for number, condition in enumerate(conditions):
            for test in condition.all_tests:
                tests.setdefault(test.field, []).append((1 << number, test.matches))
        self._fields = tuple(FieldIndex(field, of_field) for field, of_field in tests.items())

    def passing(self, facts: RequestFacts) -> list[int]:
        """Return which conditions are met but for ``nth``, by their numbers in order."""
        left = self._whole
        request = facts.request
        for field in self._fields:
            value = facts.value(field.field) if field.is_around else getattr(request, field.field, None)
            left &= ~field.failing(facts, bytes(value) if type(value) is Raw else value)
            if not left:
                break
        found = []
        while left:
            lowest = left & -left
            found.append(lowest.bit_length() - 1)
            left ^= lowest
        return found
