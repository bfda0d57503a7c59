"""What can be read of a scenario's file that has mistakes in it, and what is left open by the rest of it."""

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from simulator.errors import ScenarioError
from simulator.scenario.expectations import Expectation, ExpectationInFile
from simulator.scenario.model import Await, ClientStep, MarketEntry, Rule, Scenario, TimelineEntry
from simulator.scenario.reading.nodes import Node, Pairs, Scalar, Sequence
from simulator.scenario.reading.typed import INVALID, Reader
from simulator.scenario.reading.unread import Unread
from simulator.scenario.step_forms import StepInFile
from simulator.scenario.steps import DelayStep
from simulator.scenario.when import When

__all__ = ["readable"]

_NOTHING = DelayStep("0s")
_BLANKS: dict[str, Any] = {
    "rules": Rule(When(), ()),
    "timeline": TimelineEntry("0s", ()),
    "client": ClientStep(),
    "must": Expectation(),
    "expect": Expectation(),
}
"""What stands for an item of a list that cannot be read."""
_NEEDED = {"rules": {"when", "then"}, "timeline": {"do"}}
"""The keys of items that may name what others ask for."""
_FROM_OTHERS = ("rules", "timeline", "must", "expect")
_WORD = re.compile(r"(?<!\$)\b[A-Za-z_][A-Za-z0-9_-]*")


def readable(root: Pairs) -> tuple[Scenario, Unread]:
    """Return a scenario of what can be read, with blanks for the list items that cannot, and what is missing in it."""
    reading = _PartialReader()
    scenario = reading.scenario(root)
    return scenario, Unread(reading.lost | _elsewhere(root), reading.partial, reading.words)


def _elsewhere(root: Pairs) -> set[str]:
    """Return the sections that may be in an included file, or under a key that nobody knows."""
    found = set(_FROM_OTHERS) if "include" in root.values else set()
    if "include" in root.values or any(key not in Scenario.__struct_encode_fields__ for key in root.values):
        found |= {name for name in _BLANKS if name not in root.values}
    return found


class _PartialReader:
    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.partial: set[str] = set()
        self.words: set[str] = set()

    def scenario(self, root: Pairs) -> Scenario:
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(Scenario):
            node = root.values.get(field.encode_name)
            value = INVALID if node is None else self._section(node, field)
            if value is not INVALID:
                values[field.name] = value
        return Scenario(**values)

    def _section(self, node: Node, field: msgspec.structs.FieldInfo) -> Any:
        value = _read(node, field.type)
        if value is not INVALID:
            return value
        if field.name in _BLANKS and isinstance(node, Sequence):
            self.partial.add(field.name)
            return tuple(self._item(item, field.name) for item in node.items)
        if field.name == "markets" and isinstance(node, Pairs):
            entries = {name: _read(entry, MarketEntry) for name, entry in node.values.items()}
            return {name: entry for name, entry in entries.items() if entry is not INVALID}
        self.lost.add(field.name)
        return INVALID

    def _item(self, node: Node, section: str) -> Any:
        blank = _BLANKS[section]
        value = _read(node, ExpectationInFile if isinstance(blank, Expectation) else type(blank))
        if value is not INVALID:
            return value
        if section in _NEEDED and not (isinstance(node, Pairs) and _NEEDED[section] <= set(node.values)):
            self.lost.add(section)  # who knows what is to stand there
        if not isinstance(node, Pairs) or isinstance(blank, Expectation):
            self.words |= set(_words(node))
            return blank
        said = self._fields(node, type(blank))
        if isinstance(blank, Rule):
            # A step that cannot be read may make the others right, so nothing is held against their order.
            said = {"when": When(), "then": (), **said, "illegal": True}
        elif isinstance(blank, TimelineEntry):
            said = {"at": "0s", "do": (), **said}
        return type(blank)(**said)

    def _fields(self, node: Pairs, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """Return those fields of a struct that can be read, in whole or in part."""
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        for key, said in node.values.items():
            field = fields.get(key)
            value = INVALID if field is None else self._value(said, field)
            if field is None or value is INVALID:
                self.words |= {*_named(key), *_words(said)}
            else:
                values[field.name] = value
        return values

    def _value(self, node: Node, field: msgspec.structs.FieldInfo) -> Any:
        """Return a field's value, or what can be read of it if it is steps or an await, or `INVALID`."""
        value = _read(node, field.type)
        if value is INVALID and field.name in ("then", "do") and isinstance(node, Sequence):
            return tuple(self._step(item) for item in node.items)
        if value is INVALID and field.name == "await_" and isinstance(node, Pairs):
            return Await(**self._fields(node, Await))
        return value

    def _step(self, node: Node) -> Any:
        step = _read(node, StepInFile)
        if step is not INVALID:
            return step
        self.words |= set(_words(node))
        return _NOTHING


def _read(node: Node, kind: Any) -> Any:
    try:
        return Reader().read(node, kind)
    except ScenarioError:  # there is too much wrong with it
        return INVALID


def _words(node: Node) -> Iterator[str]:
    """Yield every text of a node, and every word in it that may be a name; a reference to one is none."""
    if isinstance(node, Scalar):
        yield from _named(node.text)
    for item in _parts(node):
        yield from _words(item)
    for key in node.values if isinstance(node, Pairs) else ():
        yield from _named(key)


def _parts(node: Node) -> Collection[Node]:
    if isinstance(node, Pairs):
        return node.values.values()
    return node.items if isinstance(node, Sequence) else ()


def _named(text: str) -> Iterator[str]:
    yield text
    yield from _WORD.findall(text)
