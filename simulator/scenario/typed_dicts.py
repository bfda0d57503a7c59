"""Makes types for mypy of the types that the loader reads; run as a program, it prints `simulator.scenario.words`.

A struct becomes a TypedDict of its name with ``Words`` behind it, or of a step's verb: what a file says there, as
Python data.
"""

import keyword
import re
import sys
from typing import Any, get_args

from msgspec import inspect

from simulator.scenario.model import LegEntry, MarketEntry, Scenario, TimelineEntry, TradesEntry, WalkEntry
from simulator.scenario.step_forms import StepEntry
from simulator.scenario.steps import CustomReplyStep, LimitEntry, Step, ViewEntry

__all__ = ["typed_dicts"]

_NAMES: dict[type[Any], str] = {
    **{step: step.__name__.removesuffix("Step") for step in get_args(Step)},
    CustomReplyStep: "Reply",
    LegEntry: "Leg",
    LimitEntry: "Limit",
    MarketEntry: "Market",
    StepEntry: "Verb",
    TimelineEntry: "Timeline",
    TradesEntry: "Trades",
    ViewEntry: "View",
    WalkEntry: "Walk",
}
_ALIASES = {
    "MatcherWords": {"BoundsWords", "Sequence[Text]"},
    "ClockWords": {"ScaledWords"},
    "StepWords": {"VerbWords"},
    "ExpectedWords": {"ExpectationWords"},
}
"""The unions that have a name, by what is in them where they are first met."""

_HEAD = '''\
"""What a scenario's file says, as types for Python data.

They are made of the types that the loader reads, by
``python -m simulator.scenario.typed_dicts > simulator/scenario/words.py && ruff format simulator/scenario/words.py``.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Required, TypeAlias, TypedDict

__all__ = NAMES

Text: TypeAlias = str | int | float | Decimal | Enum
"""A text, or a number that is written as one; an enumeration's member stands for its value."""

'''


def typed_dicts() -> str:
    """Return the module of the types of a scenario and of all that it holds."""
    maker = _Maker()
    maker.text(inspect.type_info(Scenario))
    names = "".join(f'    "{name}",\n' for name in sorted(["Text", *maker.named, *_ALIASES]))
    return _HEAD.replace("NAMES", f"[\n{names}]") + "\n".join(maker.made)


class _Maker:
    """Makes each struct's type once, behind those that it needs."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.named: list[str] = []
        self._aliases: dict[str, set[str]] = {}

    def text(self, kind: inspect.Type) -> str:
        """Return the annotation for a type."""
        match kind:
            case inspect.StructType():
                return self._struct(kind)
            case inspect.Metadata():
                return self.text(kind.type)
            case inspect.UnionType():
                return self._union(kind)
            case inspect.LiteralType():
                return f"Literal[{', '.join(map(repr, sorted(kind.values, key=str)))}]"
            case inspect.DictType():
                return f"Mapping[{self.text(kind.key_type).replace('Text', 'str')}, {self.text(kind.value_type)}]"
            case inspect.VarTupleType():
                return f"Sequence[{self.text(kind.item_type)}]"
            case inspect.TupleType():
                return f"Sequence[{' | '.join(dict.fromkeys(map(self.text, kind.item_types)))}]"
            case inspect.StrType():
                is_number = kind.pattern is None or re.search(kind.pattern, "1") is not None
                return "Text" if is_number else "str"
        return _PLAIN[type(kind)]

    def _union(self, kind: inspect.UnionType) -> str:
        members = sorted(dict.fromkeys(map(self.text, kind.types)), key=lambda member: member == "None")
        for name, some in _ALIASES.items():
            if some <= set(members):
                if name not in self._aliases:
                    self._aliases[name] = set(members)
                    self.made.append(f"{name}: TypeAlias = {' | '.join(members)}\n")
                if self._aliases[name] <= set(members):
                    members = [name, *(member for member in members if member not in self._aliases[name])]
        return " | ".join(members)

    def _struct(self, kind: inspect.StructType) -> str:
        name = f"{_NAMES.get(kind.cls, kind.cls.__name__)}Words"
        if name not in self.named:
            self.named.append(name)
            fields = {field.encode_name: (self.text(field.type), field.required) for field in kind.fields}
            texts = {key: f"Required[{text}]" if needed else text for key, (text, needed) in fields.items()}
            doc = f'"""{kind.cls.__doc__}"""'
            if any(map(keyword.iskeyword, texts)):  # a class cannot have them
                pairs = ", ".join(f'"{key}": {repr(text) if name in text else text}' for key, text in texts.items())
                self.made.append(f'{name} = TypedDict("{name}", {{{pairs}}}, total=False)\n{doc}\n')
            else:
                lines = "".join(f"    {key}: {text}\n" for key, text in texts.items())
                self.made.append(f"\nclass {name}(TypedDict, total=False):\n    {doc}\n\n{lines}\n")
        return name


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.AnyType: "Any",
    inspect.IntType: "int",
    inspect.BoolType: "bool",
    inspect.NoneType: "None",
}

if __name__ == "__main__":
    sys.stdout.write(typed_dicts())
