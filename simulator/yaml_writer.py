"""Data as YAML, laid out as people write scenarios and catalogues."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import yaml

__all__ = ["yaml_of"]

_WIDEST = 100
_MANY = 1000
_LONGEST_KEY = 100
_SCALARS = frozenset({str, int, bool, type(None)})
_LIST, _MAP, _STR = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "tag:yaml.org,2002:str"
_Cell = str | tuple[type, Any]
_NO_WIDTH = 1 << 30
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast, if PyYAML has come with its part in C


class _Representer(yaml.representer.SafeRepresenter):
    """Writes decimals with all their digits, and says twice what is said twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_decimal(self, value: Decimal) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")


_Representer.add_representer(Decimal, _Representer.represent_decimal)
_represent = _Representer(sort_keys=False).represent_data


def yaml_of(data: dict[str, Any]) -> str:
    """Return YAML that loads as the same data: texts, whole numbers, decimals, truth values, None, dicts and lists.

    Sections and what is in them stand on lines of their own, and on one line whatever is short or has no more to it
    than texts and numbers.
    """
    if not data:
        return _written({})
    return "".join(_table(key, value) or _written({key: value}) for key, value in data.items())


def _written(data: dict[str, Any]) -> str:
    root = _represent(data)
    _lay_out(root, 0)
    return _serialized(root)


def _serialized(root: yaml.Node) -> str:
    text: str = yaml.serialize(root, Dumper=_Dumper, allow_unicode=True, width=_NO_WIDTH)
    return text


def _table(key: str, rows: object) -> str | None:
    """Return a section of very many dicts of texts and numbers alone, a line for each; None for any other section.

    It comes to what is written otherwise, twenty times as fast: each text is laid out once, however often it is there.
    """
    if not isinstance(rows, list) or len(rows) < _MANY or not _is_simple(key):
        return None
    names: set[str] = set()
    scalars: set[_Cell] = set()
    for row in rows:
        if type(row) is not dict or len(row) < 2 or not set(map(type, row.values())) <= _SCALARS:
            return None
        names.update(row)
        scalars.update(map(_cell, row.values()))
    if not all(map(_is_simple, names)):
        return None  # what is no simple key is laid out by where it stands
    ordered = list(scalars | names)
    lines = _emitted(ordered).splitlines()
    if len(lines) != len(ordered):
        return None  # so is what goes over several lines
    texts = {item: line[3:-1] for item, line in zip(ordered, lines, strict=True)}  # without "- [" and "]"
    head = _serialized(yaml.MappingNode(_MAP, [(_represent(key), yaml.SequenceNode(_LIST, [], flow_style=True))]))
    written = [head.removesuffix(" []\n")]
    for row in rows:
        pairs = [f"{texts[name]}: {texts[_cell(value)]}" for name, value in row.items()]
        written.append(f"- {{{', '.join(pairs)}}}")
    return "\n".join(written) + "\n"


def _cell(value: Any) -> _Cell:
    """Return what tells a value from any other: 1 is equal to True."""
    return value if type(value) is str else (type(value), value)


def _emitted(scalars: Iterable[_Cell]) -> str:
    """Return a list of lists of one scalar each, made of events alone: nodes take five times as long."""
    text: str = yaml.emit(_events(scalars), Dumper=_Dumper, allow_unicode=True, width=_NO_WIDTH)
    return text


def _events(scalars: Iterable[_Cell]) -> Iterator[yaml.Event]:
    resolve: Callable[[type, str, tuple[bool, bool]], str] = yaml.resolver.Resolver().resolve
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield yaml.SequenceStartEvent(None, None, True, flow_style=False)
    for scalar in scalars:
        node = yaml.ScalarNode(_STR, scalar) if type(scalar) is str else _represent(scalar[1])
        is_plain = resolve(yaml.ScalarNode, node.value, (True, False)) == node.tag
        yield yaml.SequenceStartEvent(None, None, True, flow_style=True)
        yield yaml.ScalarEvent(None, None, (is_plain, node.tag == _STR), node.value)
        yield yaml.SequenceEndEvent()
    yield yaml.SequenceEndEvent()
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _is_simple(key: str) -> bool:
    return key.isidentifier() and len(key) <= _LONGEST_KEY


def _lay_out(node: yaml.Node, depth: int, is_item: bool = False) -> None:
    """Say of a mapping or list, and of those in it, which stand on one line: there, all that is in them does, too."""
    if not isinstance(node, yaml.CollectionNode):
        return
    values = _values(node)
    if isinstance(node, yaml.SequenceNode):
        node.flow_style = _is_short(node) and not any(isinstance(value, yaml.MappingNode) for value in values)
    elif is_item:
        node.flow_style = len(values) > 1 and all(map(_is_plain, values))
    else:
        node.flow_style = depth > 1 and (all(map(_is_plain, values)) or _is_short(node))
    if not node.flow_style:
        for value in values:
            _lay_out(value, depth + 1, isinstance(node, yaml.SequenceNode))


def _values(node: yaml.Node) -> list[yaml.Node]:
    return [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else list(node.value)


def _is_plain(node: yaml.Node) -> bool:
    """Tell whether a value is a text or number, or a list of such."""
    values = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return all(isinstance(value, yaml.ScalarNode) for value in values)


def _is_short(node: yaml.Node) -> bool:
    return _length(node) <= _WIDEST


def _length(node: yaml.Node) -> int:
    """Return about how many characters a value takes on one line."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 2
    keys = (key for key, _ in node.value) if isinstance(node, yaml.MappingNode) else ()
    return 2 + sum(map(_length, (*keys, *_values(node))))
