"""Leaves out of many rules those that a request's fields keep from being met, so that the others alone are asked."""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from simulator.catalogue import Catalogue
from simulator.scenario.rules.matching import Condition, Matches, RequestFacts
from simulator.terms import Dir
from simulator.wire.requests import Request

__all__ = ["RuleIndex"]

_REMEMBERED = frozenset({str, bytes, Dir, type(None)})
_MOST_REMEMBERED = 4096


class FieldIndex:
    """The tests that conditions make of one field.

    A set of conditions is an integer whose n-th bit is the n-th of them. Which ones a value passes is remembered:
    a client sends few values, or the same ones again, and what a test says of a value never changes.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        self.tests: list[tuple[int, Matches]] = []
        self.known: dict[Any, int] = {}

    def judge(self, facts: RequestFacts, value: Any, whole: int) -> int:
        """Return those of all conditions that a value passes."""
        texts = facts.texts(self.field)
        passed = whole
        for bit, matches in self.tests:
            if not matches(texts):
                passed &= ~bit
        if type(value) in _REMEMBERED:
            if len(self.known) >= _MOST_REMEMBERED:
                self.known.clear()
            self.known[value] = passed
        return passed


class RuleIndex:
    """What the conditions for one type of request ask of its fields.

    Args:
        conditions: in the order of their rules.
        catalogue: gives products their names.
    """

    def __init__(self, conditions: Sequence[Condition], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._whole = (1 << len(conditions)) - 1
        meshes: dict[str, FieldIndex] = {}
        for number, condition in enumerate(conditions):
            for test in condition.tests:
                mesh = meshes.setdefault(test.field, FieldIndex(test.field))
                mesh.tests.append((1 << number, test.matches))
        self._meshes = tuple((mesh.field, mesh.known.get, mesh) for mesh in meshes.values())

    def passing(self, request: Request) -> int:
        """Return the set of conditions that no field keeps from being met; whatever else they ask is not looked at."""
        left = self._whole
        for field, known, mesh in self._meshes:
            value: Any = getattr(request, field, None)
            if type(value) is Raw:
                value = bytes(value)
            passed = known(value) if type(value) in _REMEMBERED else None
            if passed is None:
                passed = mesh.judge(RequestFacts(request, 0, "", self._catalogue), value, self._whole)
            left &= passed
            if not left:
                break
        return left
