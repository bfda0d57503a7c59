"""YAML in which every number is the text it was written as: no float is ever made, and ``no`` is a word.

It is read event by event, which is faster than the library's own constructors and makes aliases and tags
easy to refuse.
"""

import contextlib
from collections.abc import Iterable
from typing import Any

import yaml

from simulator.libraries import nested_beyond

__all__ = ["YamlMistake", "decode", "places_of"]

_MAX_DEPTH = 32
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlMistake(Exception):
    """Text that is not YAML, or YAML of which nothing is made here."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.column = column
        self.problem = problem


def decode(text: str) -> Any:
    """Return the mapping, list, text, bool or None that a YAML text states; raises `YamlMistake`."""
    return _YamlReader(text, None).document()


def places_of(text: str, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return the line and the column, from 1, of the value at each path in YAML or JSON, or of what is around it."""
    places: dict[str, tuple[int, int]] = {"": (0, 0)}
    with contextlib.suppress(YamlMistake):
        _YamlReader(text, places).document()
    found = {}
    for path in paths:
        around = path
        while around not in places:
            around = around[: max(around.rfind("."), around.rfind("["), 0)]
        found[path] = places[around]
    return found


class _YamlReader:
    """Makes values of events, and notes the place of each if there is where to note them."""

    def __init__(self, text: str, places: dict[str, tuple[int, int]] | None) -> None:
        self._text = text
        self._events = yaml.parse(text, Loader=_Loader)
        self._places = places

    def document(self) -> Any:
        try:
            value = None
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    value = self._value(next(self._events), "", 0)
                    break
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    raise _mistake(event, "expected one document, got another")
        except yaml.YAMLError as error:
            raise self._no_yaml(error) from None
        return value

    def _no_yaml(self, error: yaml.YAMLError) -> YamlMistake:
        too_deep = nested_beyond(_MAX_DEPTH, self._text, error)
        if too_deep is not None:
            return _too_deep(too_deep)
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return YamlMistake(line, column, f"expected YAML: {problem}")

    def _value(self, event: Any, where: str, depth: int) -> Any:
        if self._places is not None:
            self._places[where] = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            raise _mistake(event, "expected a value, got an alias, which a catalogue does not have")
        if event.tag is not None and event.tag != "!":
            raise _mistake(event, f"expected a plain value, got one with the tag {event.tag}")
        if isinstance(event, yaml.ScalarEvent):
            return _WORDS.get(event.value, event.value) if event.implicit[0] else event.value
        if depth == _MAX_DEPTH:
            raise _too_deep(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(where, depth + 1)
        return self._mapping(where, depth + 1)

    def _sequence(self, where: str, depth: int) -> list[Any]:
        values: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, f"{where}[{len(values)}]", depth))
        return values

    def _mapping(self, where: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise _mistake(event, "expected a key to be a word")
            key = event.value
            if key in mapping:
                raise _mistake(event, f"expected each key once, got {key!r} twice")
            path = f"{where}.{key}" if where else key
            mapping[key] = self._value(next(self._events), path, depth)
        return mapping


def _too_deep(event: Any) -> YamlMistake:
    return _mistake(event, f"expected a nesting of at most {_MAX_DEPTH}")


def _mistake(event: Any, problem: str) -> YamlMistake:
    return YamlMistake(event.start_mark.line + 1, event.start_mark.column + 1, problem)
