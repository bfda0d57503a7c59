"""The reference of the scenario language, made of the types that the loader reads and of what is said of them.

Run as a program, it prints ``scenarios/LANGUAGE.md``.
"""

import sys
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import NODEFAULT, UNSET, Struct, inspect

from simulator.catalogue.entries import Document, ExpirationEntry, NamedEntry, ProductEntry, TradableEntry
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError
from simulator.quoting import quoted
from simulator.scenario.documentation import STEPS_OF, key_docs, plain_text, request_text, structs, text_of
from simulator.scenario.expectations import Expectation, OrderExpectation
from simulator.scenario.model import (
    Await,
    ClientStep,
    Latency,
    LegEntry,
    Lognormal,
    MarketEntry,
    Normal,
    OrderIds,
    Rule,
    Scaled,
    Scenario,
    TimelineEntry,
    TradesEntry,
    WalkEntry,
)
from simulator.scenario.step_forms import BARE, StepEntry
from simulator.scenario.steps import Amount, Duration, LimitEntry, Offset, Percent, Quantity, ViewEntry
from simulator.scenario.when import REQUEST_FIELD_DOCS, Bounds, When
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["CATALOGUE", "TITLES", "KeyEntry", "Section", "explained", "markdown", "sections"]

TITLES: dict[type[Struct], str] = {
    Scenario: "scenario",
    Scaled: "clock",
    Latency: "latency",
    OrderIds: "order_ids",
    LegEntry: "drawn delay",
    Normal: "normal",
    Lognormal: "lognormal",
    LimitEntry: "limits",
    MarketEntry: "markets",
    WalkEntry: "walk",
    TradesEntry: "trades",
    Rule: "rules",
    When: "when",
    Bounds: "bounds",
    TimelineEntry: "timeline",
    ClientStep: "client",
    Await: "await",
    Expectation: "expect",
    OrderExpectation: "orders",
}
"""The mappings of a file that are no steps, and what each is called."""

CATALOGUE: dict[type[Struct], str] = {
    Document: "catalogue",
    ProductEntry: "products",
    TradableEntry: "tradable_products",
    NamedEntry: "venues and routes",
    ExpirationEntry: "expirations",
}
"""The mappings of a catalogue's file, and what each is called."""

_KINDS = {
    "order": "Steps that decide about an order",
    "correction": "Steps that change a fill",
    "flow": "Steps about time, replies and the scenario itself",
    "connection": "Steps about connections",
    "market": "Steps about the market",
    "view": "Steps about what queries and times say",
}
_COUNTED = ((When, "nth"), (Rule, "after"), (Rule, "every"), (Rule, "times"), (Rule, "chance"), (Expectation, "count"))
_VALUES = {"duration": Duration, "offset": Offset, "amount": Amount, "share": Percent, "quantity": Quantity}
_PATTERNS = {inspect.type_info(kind).type.pattern: word for word, kind in _VALUES.items()}  # type: ignore[attr-defined]
_UNITS = "How values are written. The units of time are ns, us, ms, s, m and h; numbers need no quotes."
_MATCHER = (
    "What a field is compared with: a value, literally or with * and ? as wildcards; a list, of which one fits; a "
    "mapping of bounds, all of which hold; or null, for a field that is not there."
)
_WIDTH = 80

_HEAD = """\
# The scenario language

Every word that a scenario's file can have: what it takes, what it is without being said, what it means, and examples,
each of which is loaded by a test. [This page](../.docs/scenarios.md) shows a whole scenario, and [the bundled
ones](README.md) are many more. In a terminal, `exchange-simulator help WORD` prints a word's part; in an editor, the
JSON Schema of `exchange-simulator schema -o FILE` shows it where it stands.

This file is made by `python -m simulator.scenario.reference > scenarios/LANGUAGE.md`.
"""


class KeyEntry(NamedTuple):
    """A key: what it takes, what it is if it is not there, what it means, and examples of it."""

    key: str
    shape: str
    default: str
    text: str
    examples: tuple[str, ...]


class Section(NamedTuple):
    """A part of the reference under its chapter: a mapping's keys, a step, a type of request."""

    chapter: str
    title: str
    text: str
    examples: tuple[str, ...]
    entries: tuple[KeyEntry, ...]


def sections() -> Iterator[Section]:
    """Yield the parts of the reference in their order."""
    values = [KeyEntry(word, "", "", _said(kind), ()) for word, kind in _VALUES.items()]
    values.append(KeyEntry("matcher", "", "", _MATCHER, ()))
    yield Section("Values", "values", _UNITS, (), tuple(values))
    for cls in structs():
        if cls in TITLES:
            yield Section("Keys", TITLES[cls], text_of(cls), (), _entries(cls))
    counted = tuple(next(entry for entry in _entries(cls) if entry.key == key) for cls, key in _COUNTED)
    limit = KeyEntry("rate_limit", "", "", key_docs(StepEntry)["rate_limit"].text, ())
    yield Section("Counting", "counting", "What is counted, and for whom.", (), (*counted, limit))
    yield from _steps()
    yield from _requests()
    for cls, title in CATALOGUE.items():
        yield Section("Catalogues", title, text_of(cls), (), _entries(cls))


def _steps() -> Iterator[Section]:
    docs = key_docs(StepEntry)
    for kind, chapter in _KINDS.items():
        for verb, steps in STEPS_OF.items():
            if steps[0].kind == kind:
                entries = tuple(entry for cls in steps if cls in structs() for entry in _entries(cls))
                entries += _entries(ViewEntry) if verb == "view" else ()
                alone = " It may stand alone." if verb in BARE else ""
                yield Section(chapter, verb, docs[verb].text + alone, docs[verb].examples, entries)


def _requests() -> Iterator[Section]:
    """Yield the types of requests, with the fields by which a client sends them and a rule asks for them."""
    docs = key_docs(When)
    for name, kind in REQUEST_TYPES.items():
        fields = {field.name: field for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
        entries = tuple(
            KeyEntry(key, "", "required" if field.required else "", docs[key].text, ())
            for key, field in fields.items()
            if key in REQUEST_FIELD_DOCS and key != "id"
        )
        yield Section("Requests", name, request_text(name), (), entries)


# What a key takes


def _entries(cls: type[Struct]) -> tuple[KeyEntry, ...]:
    docs = key_docs(cls)
    return tuple(
        KeyEntry(field.encode_name, _shape(field.type), _default(field), *docs[field.encode_name])
        for field in inspect.type_info(cls).fields  # type: ignore[attr-defined]  # of a struct
    )


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    default = field.default
    if default in (NODEFAULT, None, UNSET, "", ()) or isinstance(default, Struct):
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _said(kind: Any) -> str:
    """Return what is said of a type of values."""
    said = getattr(inspect.type_info(kind), "extra_json_schema", None) or {}
    return plain_text(said["description"])


def _shape(kind: inspect.Type) -> str:
    """Return in a few words what a type takes."""
    match kind:
        case inspect.Metadata():
            return _shape(kind.type)
        case inspect.UnionType():
            return _shape_of_union(kind)
        case inspect.StructType():
            return _shape_of_struct(kind.cls)
        case inspect.LiteralType():
            return ", ".join(str(value) for value in kind.values)
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {_shape(kind.item_type)}"
        case inspect.TupleType():
            return f"[{', '.join(map(_shape, kind.item_types))}]"
        case inspect.DictType():
            return f"{_shape(kind.value_type)} by {_shape(kind.key_type)}"
        case inspect.BoolType():
            return "true, false"
        case inspect.IntType():
            return _shape_of_whole(kind)
        case inspect.StrType():
            return _PATTERNS.get(kind.pattern, "text")
        case _:
            return "anything"


def _shape_of_union(kind: inspect.UnionType) -> str:
    structs = [one.cls for one in kind.types if isinstance(one, inspect.StructType)]
    if Bounds in structs:
        return "matcher"
    if Expectation in structs:
        return "law or mapping (expect)"
    if StepEntry in structs:
        many = any(isinstance(one, inspect.VarTupleType) for one in kind.types)
        return "step, list of steps" if many else "step"
    return " or ".join(dict.fromkeys(_shape(one) for one in kind.types if not isinstance(one, inspect.NoneType)))


def _shape_of_struct(cls: type) -> str:
    title = {**TITLES, **CATALOGUE}.get(cls)
    return "mapping" if title is None else f"mapping ({title})"


def _shape_of_whole(kind: inspect.IntType) -> str:
    if kind.ge is None:
        return "whole number"
    return f"whole number of {kind.ge} or more" if kind.le is None else f"whole number from {kind.ge} to {kind.le}"


# As Markdown


def markdown() -> str:
    """Return the whole reference as Markdown."""
    lines, chapter = [_HEAD], ""
    for section in sections():
        if section.chapter != chapter:
            chapter = section.chapter
            lines.append(f"## {chapter}\n")
        if section.title.casefold() != chapter.casefold():
            lines.append(f"### {section.title}\n")
        lines.append(f"{section.text}\n")
        if section.examples:
            lines.append("```yaml\n" + "\n".join(f"- {example}" for example in section.examples) + "\n```\n")
        if section.entries:
            lines.append("\n".join(_table(section.entries)) + "\n")
    return "\n".join(lines)


def _table(entries: tuple[KeyEntry, ...]) -> Iterator[str]:
    """Yield the rows of a table, which has only the columns that are said of one of its entries."""
    rows = [
        (f"`{entry.key}`", entry.shape, entry.default, entry.text, "<br>".join(f"`{text}`" for text in entry.examples))
        for entry in entries
    ]
    heads = ("word", "takes", "default", "meaning", "examples")
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    for row in (heads, ("---",) * len(heads), *rows):
        yield f"| {' | '.join(row[at].replace('|', chr(92) + '|') for at in kept)} |"


# In a terminal


def explained(word: str | None = None) -> str:
    """Return what is said of a word, for 80 columns, or which words there are; raises `SimulatorError` for no word."""
    everything = list(sections())
    if word is None:
        return "\n\n".join(_contents(everything))
    found = [_in_terminal(section, word) for section in everything if _has(section, word)]
    if not found:
        words = {section.title for section in everything} | {e.key for section in everything for e in section.entries}
        raise SimulatorError(f"expected a word of the scenario language, got {quoted(word)}{nearest(word, words)}")
    return "\n\n".join(found)


def _contents(everything: list[Section]) -> Iterator[str]:
    yield "exchange-simulator help WORD explains a word; a key within these is a word too."
    for chapter in dict.fromkeys(section.chapter for section in everything):
        titles = ", ".join(section.title for section in everything if section.chapter == chapter)
        yield f"{chapter}:\n{_wrapped(titles, 2)}"


def _has(section: Section, word: str) -> bool:
    if section.title.casefold() == word.casefold():
        return True
    return section.chapter not in ("Counting", "Requests") and any(entry.key == word for entry in section.entries)


def _in_terminal(section: Section, word: str) -> str:
    """Return a part as text: all of it if it is what is asked for, else the entry of that word."""
    if section.title.casefold() != word.casefold():
        entry = next(entry for entry in section.entries if entry.key == word)
        return "\n".join([f"{word}, in {section.title}", *_entry_lines(entry)])
    heading = (
        section.title
        if section.title.casefold() == section.chapter.casefold()
        else f"{section.title}: {section.chapter}"
    )
    lines = [heading, _wrapped(section.text, 2)]
    lines += [_wrapped(example, 4) for example in section.examples]
    for entry in section.entries:
        lines += ["", f"  {entry.key}", *_entry_lines(entry)]
    return "\n".join(lines)


def _entry_lines(entry: KeyEntry) -> Iterator[str]:
    default = entry.default if entry.default in ("", "required") else f"default {entry.default}"
    takes = "; ".join(part for part in (entry.shape, default) if part)
    if takes:
        yield _wrapped(takes, 4)
    yield _wrapped(entry.text, 4)
    yield from (_wrapped(example, 6) for example in entry.examples)


def _wrapped(text: str, indent: int) -> str:
    margin = " " * indent
    return textwrap.fill(
        text.replace("`", ""), _WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )


if __name__ == "__main__":
    sys.stdout.write(markdown())
