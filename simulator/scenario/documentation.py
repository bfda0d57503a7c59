"""What the keys of a file mean: the texts and examples that stand beside the types in the source."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, get_args

import msgspec
from msgspec import Struct

from simulator.scenario.model import Scenario
from simulator.scenario.step_forms import StepEntry
from simulator.scenario.steps import STEP_KEY_DOCS, Step
from simulator.scenario.when import REQUEST_FIELD_DOCS, When
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["STEPS_OF", "KeyDoc", "key_docs", "plain_text", "request_text", "structs", "text_of"]

_EXAMPLE = re.compile(r"``(.+?)``", re.DOTALL)
_SPACE = re.compile(r"\s+")

STEPS_OF: dict[str, tuple[type[Step], ...]] = {
    verb: tuple(step for step in get_args(Step) if step.verb == verb) for verb in StepEntry.__struct_fields__
}
"""The structs of each verb's steps."""


class KeyDoc(NamedTuple):
    """What a key means, and examples of it, each as it stands in a file: ``times: 1``."""

    text: str
    examples: tuple[str, ...]


def key_docs(cls: type[Struct]) -> dict[str, KeyDoc]:
    """Return what is said of each key of a mapping, by the key as a file writes it; raises `KeyError` if nothing is."""
    said = {**STEP_KEY_DOCS, **(REQUEST_FIELD_DOCS if cls is When else {})}
    for base in reversed(cls.__mro__):
        said |= _docstrings(base)
    keys = zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
    docs = {key: _read(said[field]) for field, key in keys}
    if cls is StepEntry:
        return {verb: KeyDoc(doc.text or text_of(STEPS_OF[verb][0]), doc.examples) for verb, doc in docs.items()}
    return docs


def text_of(cls: type) -> str:
    """Return what is said of a type, as one paragraph."""
    return plain_text(cls.__doc__ or "")


def plain_text(docstring: str) -> str:
    """Return a docstring as one paragraph of Markdown."""
    return _SPACE.sub(" ", docstring.replace("``", "`")).strip()


def request_text(name: str) -> str:
    """Return what is said of a type of request."""
    return text_of(REQUEST_TYPES[name])


def _read(docstring: str) -> KeyDoc:
    text, _, examples = _SPACE.sub(" ", docstring).partition("Example")
    return KeyDoc(plain_text(text), tuple(_EXAMPLE.findall(examples)))


@cache
def _tree(module: str) -> dict[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings(cls: type) -> dict[str, str]:
    """Return the texts that stand under the fields of a class, which only its source has."""
    if not cls.__module__.startswith("simulator."):
        return {}
    node = _tree(cls.__module__).get(cls.__name__)
    body = [] if node is None else node.body
    found = {}
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(docstring))):
                found[name] = docstring
    return found


@cache
def structs() -> tuple[type[Struct], ...]:
    """Return the types of all mappings of a scenario's file, each where it is met first."""
    return tuple(_structs(msgspec.inspect.type_info(Scenario), set()))


def _structs(kind: Any, seen: set[type]) -> Iterator[type[Struct]]:
    """Yield the structs in a type; one that holds itself is met once."""
    match kind:
        case msgspec.inspect.StructType(cls=cls) if cls not in seen:
            seen.add(cls)
            yield cls
            for field in kind.fields:
                yield from _structs(field.type, seen)
        case msgspec.inspect.UnionType():
            for one in kind.types:
                yield from _structs(one, seen)
        case msgspec.inspect.VarTupleType():
            yield from _structs(kind.item_type, seen)
        case msgspec.inspect.DictType():
            yield from _structs(kind.value_type, seen)
        case msgspec.inspect.Metadata():
            yield from _structs(kind.type, seen)
        case _:
            return
