"""YAML and JSON as nodes that know where they stand: texts as they were written, and nothing evaluated.

A text is read event by event. What aliases and merge keys expand to is counted before any of it is made, so a
small file cannot become a large one; a node that is used twice is one object.
"""

import enum
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from simulator.errors import Problem, ScenarioError
from simulator.libraries import nested_beyond
from simulator.quoting import cut, escaped
from simulator.scenario.reading.yaml_hints import needs_quotes, yaml_hint

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "Mark",
    "Node",
    "Pairs",
    "Scalar",
    "Sequence",
    "Source",
    "of_data",
    "of_yaml",
]

MAX_BYTES = 1 << 20
"""The longest file, in bytes."""

MAX_DEPTH = 64
"""The deepest nesting of mappings and lists."""

MAX_NODES = 100_000
"""The most values a file may hold, with everything that aliases stand for written out."""

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_MERGE = "<<"


class Source:
    """A file's name and its lines."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = _BREAK.split(text)


class Mark(NamedTuple):
    """Where something stands: lines and columns count from 0."""

    source: Source
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line + 1}:{self.column + 1}"

    def problem(self, message: str, path: str = "") -> Problem:
        """Return the problem that is found here."""
        lines = self.source.lines
        text = lines[self.line] if self.line < len(lines) else ""
        return Problem(message, path, self.source.name, self.line + 1, self.column + 1, text)


class Node:
    """A value as it is written; ``size`` counts it and all that is in it."""

    __slots__ = ("mark", "size")

    def __init__(self, mark: Mark | None) -> None:
        self.mark = mark
        self.size = 1


class Scalar(Node):
    """A text; a plain one stands without quotes, and may mean null, a truth value or a number."""

    __slots__ = ("plain", "text")

    def __init__(self, text: str, plain: bool, mark: Mark | None = None) -> None:
        super().__init__(mark)
        self.text = text
        self.plain = plain

    @property
    def null(self) -> bool:
        """Whether nothing is meant."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Sequence(Node):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, mark: Mark | None = None) -> None:
        super().__init__(mark)
        self.items: list[Node] = []


class Pairs(Node):
    """A mapping: the values by their keys, and where each key stands."""

    __slots__ = ("keys", "values")

    def __init__(self, mark: Mark | None = None) -> None:
        super().__init__(mark)
        self.keys: dict[str, Mark | None] = {}
        self.values: dict[str, Node] = {}


def of_yaml(text: str, name: str) -> Node:
    """Return the node that a YAML or JSON text states; an empty text states null.

    Raises `ScenarioError` with the place of what is not YAML, and of tags, keys that are no words, keys given
    twice, further documents, and whatever is too deep or expands to too much.
    """
    return _Builder(Source(name, text)).document(text)


def of_data(data: object) -> Node:
    """Return the node of Python data; raises `ScenarioError` for what a file could not say."""
    return _OfData().node(data, "", 0)


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._anchors: dict[str, Node | None] = {}
        self._problems: list[Problem] = []
        self._events: Iterator[Any] = iter(())

    def document(self, text: str) -> Node:
        # PyYAML takes 20 ms to import, and a simulator without a scenario does without.
        import yaml

        root: Node | None = None
        try:
            self._events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            for event in self._events:
                if not isinstance(event, yaml.DocumentStartEvent):
                    continue
                if root is not None:
                    raise self._fatal(event, "expected one document, got another")
                root = self._node(next(self._events), 0)
        except yaml.reader.ReaderError as error:
            raise ScenarioError([self._unreadable(text, error.position)]) from None
        except yaml.MarkedYAMLError as error:
            raise self._no_yaml(text, error) from None
        if self._problems:
            raise ScenarioError(self._problems)
        return Scalar("", True, Mark(self._source, 0, 0)) if root is None else root

    def _no_yaml(self, text: str, error: Any) -> ScenarioError:
        too_deep = nested_beyond(MAX_DEPTH, text, error)
        if too_deep is not None:
            return self._too_deep(too_deep)
        mark = error.problem_mark or error.context_mark
        lines = self._source.lines
        if mark is not None and mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
            return self._fatal_at(mark, "expected spaces, got a tab")
        start = error.context_mark or mark
        hint = yaml_hint(lines, start.line, start.column) if start is not None else ""
        return self._fatal_at(mark, f"expected YAML: {error.problem or error.context}{hint}")

    def _too_deep(self, event: Any) -> ScenarioError:
        return self._fatal(event, f"expected a nesting of at most {MAX_DEPTH}")

    def _unreadable(self, text: str, position: int) -> Problem:
        before = _BREAK.split(text[:position])
        found = escaped(text[position : position + 1])
        return Mark(self._source, len(before) - 1, len(before[-1])).problem(f"expected text, got {found}")

    def _mark(self, event: Any) -> Mark:
        return Mark(self._source, event.start_mark.line, event.start_mark.column)

    def _fatal(self, event: Any, message: str) -> ScenarioError:
        return self._fatal_at(event.start_mark, message)

    def _fatal_at(self, mark: Any, message: str) -> ScenarioError:
        place = Mark(self._source, mark.line, mark.column) if mark else Mark(self._source, 0, 0)
        return ScenarioError([*self._problems, place.problem(message)])

    def _node(self, event: Any, depth: int) -> Node:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if event.tag is not None:
            message = f"expected a value without a tag, got {escaped(event.tag)}"
            self._problems.append(self._mark(event).problem(message))
        if isinstance(event, yaml.ScalarEvent):
            node: Node = Scalar(event.value, event.implicit[0], self._mark(event))
        else:
            if depth == MAX_DEPTH:
                raise self._too_deep(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = self._sequence(event, depth + 1) if is_list else self._pairs(event, depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise self._fatal(event, f"expected an anchor &{event.anchor} before this alias{needs_quotes('*')}")
        node = self._anchors[event.anchor]
        if node is None:
            raise self._fatal(event, f"expected an alias of something else, got *{event.anchor} within &{event.anchor}")
        return node

    def _grow(self, node: Node, event: Any, size: int) -> None:
        node.size += size
        if node.size > MAX_NODES:
            raise self._fatal(event, f"expected at most {MAX_NODES} values with all aliases written out")

    def _sequence(self, start: Any, depth: int) -> Sequence:
        import yaml

        node = Sequence(self._mark(start))
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            item = self._node(event, depth)
            self._grow(node, event, item.size)
            node.items.append(item)
        return node

    def _pairs(self, start: Any, depth: int) -> Pairs:
        import yaml

        node = Pairs(self._mark(start))
        merged: list[Pairs] = []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, depth)
            value_event = next(self._events)
            value = self._node(value_event, depth)
            self._grow(node, value_event, value.size)
            if key == _MERGE and event.implicit[0]:
                merged += self._merged(value_event, value)
            elif key in node.values:
                self._problems.append(self._mark(event).problem(f"expected each key once, got {key!r} twice"))
            elif key is not None:
                node.keys[key] = self._mark(event)
                node.values[key] = value
        for other in merged:
            for key, value in other.values.items():
                node.keys.setdefault(key, other.keys[key])
                node.values.setdefault(key, value)
        return node

    def _key(self, event: Any, depth: int) -> str | None:
        import yaml

        if isinstance(event, yaml.ScalarEvent) and event.tag is None:
            key = Scalar(event.value, event.implicit[0], self._mark(event))
            if event.anchor is not None:
                self._anchors[event.anchor] = key
            if not key.null:
                return key.text
        elif not isinstance(event, yaml.AliasEvent):
            self._node(event, depth)
        self._problems.append(self._mark(event).problem("expected a key to be a word"))
        return None

    def _merged(self, event: Any, value: Node) -> list[Pairs]:
        found = value.items if isinstance(value, Sequence) else [value]
        if not all(isinstance(item, Pairs) for item in found):
            self._problems.append(self._mark(event).problem("expected << to take a mapping, or a list of mappings"))
        return [item for item in found if isinstance(item, Pairs)]


class _OfData:
    def __init__(self) -> None:
        self._count = 0

    def node(self, data: object, path: str, depth: int) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise _refused(path, f"expected at most {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise _refused(path, f"expected a nesting of at most {MAX_DEPTH}")
        match data:
            case Mapping():
                return self._pairs(data, path, depth)
            case list() | tuple():
                sequence = Sequence()
                sequence.items = [self.node(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(data)]
                return sequence
            case _:
                return _scalar(data, path)

    def _pairs(self, data: Mapping[Any, object], path: str, depth: int) -> Pairs:
        pairs = Pairs()
        for key, value in data.items():
            if not isinstance(key, str):
                raise _refused(path, f"expected a key to be a word, got {cut(repr(key))}")
            pairs.keys[key] = None
            pairs.values[key] = self.node(value, f"{path}.{key}" if path else key, depth + 1)
        return pairs


def _scalar(data: object, path: str) -> Scalar:
    match data:
        case enum.Enum():
            return _scalar(data.value, path)
        case None:
            return Scalar("null", True)
        case bool():
            return Scalar("true" if data else "false", True)
        case str():
            return Scalar(data, False)
        case Decimal() if data.is_finite():
            return Scalar(format(data, "f"), True)
        case int() | float():
            return Scalar(repr(data), True)
        case _:
            raise _refused(path, f"expected text, a number, a mapping or a list, got {type(data).__name__}")


def _refused(path: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(message, path)])
