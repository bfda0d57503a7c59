"""The JSON Schema of the scenario language, made of the types that the loader reads."""

import re
from typing import Any

import msgspec

from simulator.scenario.model import APART, BESIDE, EXACTLY_ONE, Scenario
from simulator.scenario.step_forms import StepEntry

__all__ = ["schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the schema, for editors that complete and check scenario files as they are typed."""
    (_, components) = msgspec.json.schema_components([Scenario], ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = {name: _eased(part) for name, part in components.items()}
    definitions[StepEntry.__name__] |= {"minProperties": 1, "maxProperties": 1}
    for cls, keys in EXACTLY_ONE.items():
        definitions[cls.__name__]["oneOf"] = [{"required": [key]} for key in keys]
    for cls in {**BESIDE, **APART}:
        definitions[cls.__name__]["dependentSchemas"] = {
            **{key: _one_required(others) for key, others in BESIDE.get(cls, {}).items()},
            **{key: {"not": _one_required(others)} for key, others in APART.get(cls, {}).items()},
        }
    root = definitions.pop(Scenario.__name__)
    return {"$schema": _DIALECT, **root, "title": "Exchange simulator scenario", "$defs": definitions}


def _one_required(keys: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _eased(part: Any) -> Any:
    """Return a part of a schema in which a text may be written as YAML writes numbers and truth values.

    The loader takes a scalar's text for what it is, so ``price: 5000.00`` needs no quotes.
    """
    if isinstance(part, list | tuple):
        return [_eased(item) for item in part]
    if not isinstance(part, dict):
        return part
    eased = {key: _eased(value) for key, value in part.items()}
    if eased.get("type") == "string":
        pattern = eased.get("pattern")
        if pattern is None:
            eased["type"] = ["string", "number", "boolean"]
        elif re.search(pattern, "1"):
            eased["type"] = ["string", "number"]
    if "anyOf" in eased:
        eased["anyOf"].sort(key=lambda choice: choice == {"type": "null"})  # msgspec before 0.22 puts it first
    if eased.get("required") == []:
        del eased["required"]
    return eased
