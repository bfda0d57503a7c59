"""Keys of a mapping that stand where they mean nothing, and what a key that nobody knows is meant to be."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from simulator.did_you_mean import nearest, suggest
from simulator.scenario.model import APART, BESIDE, Await, ClientStep
from simulator.scenario.reading.yaml_hints import unspaced
from simulator.scenario.when import Bounds

__all__ = ["misplaced", "unknown"]

_NESTED: dict[type[Struct], dict[str, type[Struct]]] = {ClientStep: {"await": Await}}
"""The keys whose own mapping takes words that are easily written beside it."""

_SYNONYMS: dict[type[Struct], dict[str, str]] = {
    Bounds: {
        ">=": "ge",
        "gte": "ge",
        "min": "ge",
        ">": "gt",
        "<=": "le",
        "lte": "le",
        "max": "le",
        "<": "lt",
        "!=": "not",
        "ne": "not",
        "neq": "not",
        "any": "in",
        "one_of": "in",
        "match": "regex",
        "matches": "regex",
        "pattern": "regex",
    },
}
_EQUAL = ("=", "==", "eq", "is", "equals")


def misplaced(cls: type[Struct], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a mapping that mean nothing beside its others, each with what is wrong."""
    for key, others in BESIDE.get(cls, {}).items():
        if key in keys and not any(other in keys for other in others):
            yield key, f"expected {key} only beside {_or(others)}{_indented(cls, key, keys)}"
    for key, others in APART.get(cls, {}).items():
        for other in others:
            if key in keys and other in keys:
                yield other, f"expected either {key} or {other}, got both"


def unknown(key: str, cls: type[Struct], keys: Iterable[str]) -> str:
    """Return a hint at what a key of a mapping, which takes others, is meant to be, or an empty string."""
    if cls is Bounds and key in _EQUAL:
        return suggest("the value alone, which is matched as it is")
    meant = _SYNONYMS.get(cls, {}).get(key)
    if meant is not None:
        return suggest(repr(meant))
    return unspaced(key, keys) or nearest(key, keys)


def _or(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _indented(cls: type[Struct], key: str, keys: Sequence[str]) -> str:
    for other, nested in _NESTED.get(cls, {}).items():
        if other in keys and key in nested.__struct_encode_fields__:
            return f"; is {key!r} to be indented under {other!r}?"
    return ""
