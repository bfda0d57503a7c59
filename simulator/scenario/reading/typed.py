"""Typed reading: nodes become the frozen structs of `simulator.scenario.model`, and every mistake is collected.

The types decide what a text means: a field of text takes ``no`` and ``017`` as they were written, a field of a
whole number takes no quotes, and a field of anything takes what JSON would.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from simulator.did_you_mean import nearest
from simulator.errors import Problem, ScenarioError
from simulator.quoting import listed, quoted
from simulator.scenario.amounts import MAX_DURATION, duration, offset
from simulator.scenario.expectations import Expectation
from simulator.scenario.model import EXACTLY_ONE
from simulator.scenario.reading.key_hints import misplaced, unknown
from simulator.scenario.reading.nodes import Mark, Node, Pairs, Scalar, Sequence
from simulator.scenario.reading.yaml_hints import unspaced
from simulator.scenario.step_forms import VERBS, StepEntry, written_out
from simulator.scenario.steps import DURATION, OFFSET

__all__ = ["INVALID", "Path", "Reader", "path_text", "plain"]

Path = tuple[str | int, ...]
"""Where a value is: ``("rules", 0, "then", 1)``."""

INVALID: Final = object()
"""What is read where there is a problem."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_LISTED = 12
_MOST_PROBLEMS = 500


def path_text(path: Path) -> str:
    """Return a path as text: ``rules[0].then[1]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _WORD.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text


def plain(node: Node) -> Any:
    """Return a node as data: a plain number is a `msgspec.Raw` that encodes just as it was written."""
    if isinstance(node, Pairs):
        return {key: plain(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)  # noqa: S101 - there are three kinds
    if node.null:
        return None
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    return msgspec.Raw(node.text.encode()) if node.plain and _NUMBER.fullmatch(node.text) else node.text


@cache
def _type(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


class Reader:
    """Reads nodes as types; what is wrong gathers in ``problems``, and is raised if it is too much to go on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._said: set[tuple[Mark | None, str]] = set()

    def read(self, node: Node, kind: Any, path: Path = ()) -> Any:
        """Return the value of a type that a node states, or `INVALID` if there is a problem anywhere in it."""
        return self._value(node, _type(kind), path)

    def fail(self, mark: Mark | None, path: Path, message: str) -> Any:
        """Note a problem; return `INVALID`."""
        text = path_text(path)
        if len(self.problems) == _MOST_PROBLEMS:
            raise ScenarioError(self.problems)
        said = (mark, message)
        if mark is None or said not in self._said:  # what an alias repeats is said once
            self._said.add(said)
            self.problems.append(Problem(message, text) if mark is None else mark.problem(message, text))
        return INVALID

    def _value(self, node: Node, kind: inspect.Type, path: Path) -> Any:
        match kind:
            case inspect.AnyType():
                return plain(node)
            case inspect.UnionType():
                return self._union(node, kind, path)
            case inspect.StructType() if isinstance(node, Pairs):
                return self._struct(node, kind, path)
            case inspect.DictType() if isinstance(node, Pairs):
                return self._dict(node, kind, path)
            case inspect.VarTupleType() if isinstance(node, Sequence):
                return self._items(node, [kind.item_type] * len(node.items), path)
            case inspect.TupleType() if isinstance(node, Sequence) and len(node.items) == len(kind.item_types):
                return self._items(node, list(kind.item_types), path)
            case _:
                return self._scalar(node, kind, path)

    def _scalar(self, node: Node, kind: inspect.Type, path: Path) -> Any:
        if isinstance(node, Scalar):
            value = _meaning(node, kind)
            if value is not INVALID:
                return value
        return self.fail(node.mark, path, f"expected {expected(kind)}, got {_got(node, [kind])}")

    def _union(self, node: Node, union: inspect.UnionType, path: Path) -> Any:
        fitting = [kind for kind in union.types if _fits(node, kind)]
        if isinstance(node, Scalar):
            for kind in sorted(fitting, key=lambda kind: isinstance(_bare(kind), inspect.StrType)):
                value = _meaning(node, kind)
                if value is not INVALID:
                    return _alone(union, value)
            if _is_step(union):
                return self._unknown_step(node, path)
        elif fitting:
            return self._value(node, fitting[0], path)
        kinds = [kind for kind in union.types if not isinstance(kind, inspect.NoneType)]
        wanted = " or ".join(expected(kind) for kind in kinds)
        return self.fail(node.mark, path, f"expected {wanted}, got {_got(node, kinds)}")

    def _unknown_step(self, node: Scalar, path: Path) -> Any:
        if node.text in VERBS:
            return self.fail(node.mark, path, f"expected {node.text!r} with what it takes, as in '{node.text}: …'")
        hint = _unspaced(node, VERBS) or _near(node, VERBS)
        return self.fail(node.mark, path, f"expected a step, {_listed(VERBS)}, got {found(node)}{hint}")

    def _items(self, node: Sequence, kinds: list[inspect.Type], path: Path) -> Any:
        values = [
            self._value(item, kind, (*path, at)) for at, (item, kind) in enumerate(zip(node.items, kinds, strict=True))
        ]
        return INVALID if any(value is INVALID for value in values) else tuple(values)

    def _dict(self, node: Pairs, kind: inspect.DictType, path: Path) -> Any:
        values: dict[str, Any] = {}
        for key, value in node.values.items():
            if isinstance(kind.key_type, inspect.LiteralType) and key not in kind.key_type.values:
                words = [str(word) for word in kind.key_type.values]
                self.fail(node.keys[key], path, f"expected {_listed(words)}, got {quoted(key)}{nearest(key, words)}")
                values[key] = INVALID
            else:
                values[key] = self._value(value, kind.value_type, (*path, key))
        return INVALID if any(value is INVALID for value in values.values()) else values

    def _struct(self, node: Pairs, kind: inspect.StructType, path: Path) -> Any:
        fields = {field.encode_name: field for field in kind.fields}
        valid = self._one_of(node, kind.cls, path)
        values: dict[str, Any] = {}
        for key, value in node.values.items():
            field = fields.get(key)
            if field is None:
                self._unknown_key(node, key, kind.cls, list(fields), path)
                valid = False
                continue
            values[field.name] = self._value(value, field.type, (*path, key))
        for name, field in fields.items():
            if field.required and name not in node.values:
                valid = False
                self.fail(node.mark, path, f"expected the key {name!r}, which is missing")
        if valid:
            self._placed(node, kind, path)
        if not valid or any(value is INVALID for value in values.values()):
            return INVALID
        if kind.cls is StepEntry:
            ((verb, words),) = values.items()
            return written_out(verb, words)
        return kind.cls(**values)

    def _placed(self, node: Pairs, kind: inspect.StructType, path: Path) -> None:
        """Note the keys of a mapping that mean nothing beside its others, which leaves the rest of it as it is."""
        optional = {field.encode_name for field in kind.fields if field.default is None}
        said = [key for key, value in node.values.items() if not (key in optional and _is_null(value))]
        for key, message in misplaced(kind.cls, said):
            self.fail(node.keys[key], (*path, key), message)

    def _unknown_key(self, node: Pairs, key: str, cls: type, fields: list[str], path: Path) -> None:
        if cls is StepEntry and any(verb in node.values for verb in VERBS):
            return  # said by what counts the verbs
        self.fail(node.keys[key], path, f"expected {_listed(fields)}, got {quoted(key)}{unknown(key, cls, fields)}")

    def _one_of(self, node: Pairs, cls: type, path: Path) -> bool:
        """Tell whether a mapping has just one of the keys of which it must have one."""
        if cls is StepEntry:
            return self._one_verb(node, path)
        keys = EXACTLY_ONE.get(cls, ())
        given = [key for key in keys if key in node.values]
        if keys and len(given) != 1:
            unknown = any(key not in _keys_of(cls) for key in node.values)
            if given or not unknown:  # an unknown key is likely the missing one, written wrongly
                mark = node.keys[given[1]] if given else node.mark
                got = " and ".join(given) if given else "none"
                self.fail(mark, path, f"expected exactly one of {', '.join(keys)}, got {got}")
            return False
        return True

    def _one_verb(self, node: Pairs, path: Path) -> bool:
        keys = list(node.values)
        verbs = [key for key in keys if key in VERBS]
        if len(keys) == 1 or (keys and not verbs):
            return True
        if not keys:
            self.fail(node.mark, path, "expected exactly one verb in a step, got none")
            return False
        other = next(key for key in keys if key != verbs[0])
        hint = "" if other in VERBS else f"; is {quoted(other)} to be indented under {verbs[0]!r}?"
        got = " and ".join(quoted(key) for key in (verbs[0], other))
        self.fail(node.keys[other], path, f"expected exactly one verb in a step, got {got}{hint}")
        return False


@cache
def _keys_of(cls: type) -> frozenset[str]:
    return frozenset(cls.__struct_encode_fields__)  # type: ignore[attr-defined]  # every struct has them


def _alone(union: inspect.UnionType, value: Any) -> Any:
    """Return what is read of a value that stands where a mapping may: a step, or an expectation, of one word."""
    if _is_step(union):
        return written_out(value, None)
    return msgspec.structs.replace(Expectation(), **{value: None}) if _has(union, Expectation) else value


def _is_step(union: inspect.UnionType) -> bool:
    return _has(union, StepEntry)


def _has(union: inspect.UnionType, cls: type) -> bool:
    return any(isinstance(kind, inspect.StructType) and kind.cls is cls for kind in union.types)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.null


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _fits(node: Node, kind: inspect.Type) -> bool:
    """Tell whether a node is of a kind, be it right or wrong."""
    kind = _bare(kind)
    if isinstance(kind, inspect.AnyType):
        return True
    if isinstance(node, Pairs):
        return isinstance(kind, inspect.StructType | inspect.DictType)
    if isinstance(node, Sequence):
        return isinstance(kind, inspect.VarTupleType | inspect.TupleType)
    return not isinstance(kind, inspect.StructType | inspect.DictType | inspect.VarTupleType | inspect.TupleType)


def _meaning(node: Scalar, kind: inspect.Type) -> Any:
    """Return what a text means where a type is expected, or `INVALID`."""
    kind = _bare(kind)
    match kind:
        case inspect.AnyType():
            return plain(node)
        case inspect.NoneType() if node.null:
            return None
        case inspect.LiteralType() if node.text in kind.values and not node.null:
            return node.text
        case inspect.BoolType() if node.plain and node.text in ("true", "false"):
            return node.text == "true"
        case inspect.IntType() if node.plain and _WHOLE.fullmatch(node.text):
            return _bounded(int(node.text), kind)
        case inspect.StrType() if not node.null:
            return _text(node.text, kind)
        case _:
            return INVALID


def _bounded(value: int, kind: inspect.IntType) -> Any:
    low = value if kind.ge is None else kind.ge
    high = value if kind.le is None else kind.le
    return value if low <= value <= high else INVALID


def _text(text: str, kind: inspect.StrType) -> Any:
    if len(text) < (kind.min_length or 0) or len(text) > (kind.max_length or len(text)):
        return INVALID
    if kind.pattern is not None:
        if not re.fullmatch(kind.pattern, text):
            return INVALID
        if _is_too_long(text, kind):
            return INVALID
    return text


def _is_too_long(text: str, kind: inspect.Type) -> bool:
    """Tell whether a text is a duration that is longer than any that a file may say."""
    kind = _bare(kind)
    pattern = kind.pattern if isinstance(kind, inspect.StrType) else None
    return (
        pattern in (DURATION, OFFSET) and re.fullmatch(pattern, text) is not None and abs(offset(text)) > MAX_DURATION
    )


def expected(kind: inspect.Type) -> str:
    """Return in words what a type takes."""
    match kind:
        case inspect.Metadata():
            said = (kind.extra_json_schema or {}).get("description")
            return said[0].lower() + said[1:].rstrip(".") if said else expected(kind.type)
        case inspect.LiteralType():
            return _listed([str(value) for value in kind.values])
        case inspect.StrType():
            return _expected_text(kind)
        case inspect.IntType():
            return _expected_whole(kind)
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType():
            return "a list"
        case inspect.TupleType():
            return f"a list of {len(kind.item_types)}"
        case inspect.UnionType():
            return " or ".join(expected(one) for one in kind.types if not isinstance(one, inspect.NoneType))
        case inspect.StructType() | inspect.DictType():
            return "a mapping"
        case _:
            raise NotImplementedError(f"no words yet for what {kind} takes")


def _expected_text(kind: inspect.StrType) -> str:
    if kind.max_length is not None:
        return f"text of {kind.min_length or 0} to {kind.max_length} characters"
    return "text"


def _expected_whole(kind: inspect.IntType) -> str:
    if kind.ge is None:
        return "a whole number"
    return f"a whole number of {kind.ge} or more" if kind.le is None else f"a whole number from {kind.ge} to {kind.le}"


def found(node: Node) -> str:
    """Return in words what a node is."""
    if isinstance(node, Pairs):
        return f"a mapping with the key {quoted(next(iter(node.values)))}" if node.values else "an empty mapping"
    if isinstance(node, Sequence):
        return f"a list of {len(node.items)}"
    assert isinstance(node, Scalar)  # noqa: S101 - there are three kinds
    if node.null:
        return "nothing"
    return quoted(node.text)


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"one of {listed(words, _MOST_LISTED)}"


def _near(node: Node, words: list[str] | tuple[str, ...]) -> str:
    return nearest(node.text, words) if isinstance(node, Scalar) else ""


def _unspaced(node: Node, keys: Iterable[str]) -> str:
    return unspaced(node.text, keys) if isinstance(node, Scalar) else ""


def _got(node: Node, kinds: list[inspect.Type]) -> str:
    """Return in words what a node is that is of none of the kinds, and what it may be meant to be."""
    if isinstance(node, Scalar) and not node.plain:
        unquoted = Scalar(node.text, True)
        if any(_meaning(unquoted, kind) is not INVALID for kind in kinds):
            return f"the text {quoted(node.text)}"
    if isinstance(node, Scalar) and any(_is_too_long(node.text, kind) for kind in kinds):
        return f"{quoted(node.text)}, which is more than {MAX_DURATION // duration('1h')}h"
    words = [str(word) for kind in kinds if isinstance(kind, inspect.LiteralType) for word in kind.values]
    keys = [field.encode_name for kind in kinds if isinstance(kind, inspect.StructType) for field in kind.fields]
    return found(node) + (_unspaced(node, keys) or _near(node, words))
