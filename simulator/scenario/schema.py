"""The JSON Schema of the scenario language, made of the types that the loader reads and of what is said of them."""

import json
import re
from typing import Any

import msgspec
from msgspec import Struct

from simulator.exchange.limits import SCOPE_KINDS
from simulator.scenario.checks.rules import NUMBERS
from simulator.scenario.documentation import key_docs, request_text, structs, text_of
from simulator.scenario.expectations import LAW_NAMES, Expectation, OrderExpectation
from simulator.scenario.model import APART, BESIDE, EXACTLY_ONE, Await, ClientStep, Latency, Rule, Scenario
from simulator.scenario.reading.nodes import Pairs, of_yaml
from simulator.scenario.reading.typed import plain
from simulator.scenario.step_forms import BARE, StepEntry
from simulator.scenario.steps import DURATION, VIEWED, LimitEntry
from simulator.scenario.when import REQUEST_FIELD_DOCS, Bounds, When
from simulator.terms import LimitName, flags_of
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["DIALECT", "describe", "eased", "schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
_WILDCARD = {"type": "string", "pattern": r"[*?]"}
_CHANCE = r"^(100(\.0{1,9})?|[0-9]{1,2}(\.[0-9]{1,9})?)%$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CATALOGUE_FILE = {"type": "string", "pattern": r"\.([yY][aA]?[mM][lL]|[jJ][sS][oO][nN])$"}
_ALONE = ((BARE, StepEntry), (LAW_NAMES, Expectation))
"""The words that may stand alone, and the mappings whose keys they are."""
_OF_REQUESTS = ("request", "session", "nth", "state")


def schema() -> dict[str, Any]:
    """Return the schema, for editors that complete and check scenario files as they are typed."""
    (_, components) = msgspec.json.schema_components([Scenario], ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = {name: eased(part) for name, part in components.items()}
    for cls in structs():
        describe(definitions[cls.__name__], cls)
    _narrow(definitions)
    definitions[StepEntry.__name__] |= {"minProperties": 1, "maxProperties": 1}
    definitions[Bounds.__name__] |= {"minProperties": 1}
    definitions[When.__name__] |= {"allOf": _fields_by_type()}
    for cls, keys in EXACTLY_ONE.items():
        definitions[cls.__name__]["oneOf"] = [{"required": [key]} for key in keys]
    for cls in {**BESIDE, **APART}:
        definitions[cls.__name__]["dependentSchemas"] = {
            **{key: _one_required(others) for key, others in BESIDE.get(cls, {}).items()},
            **{key: {"not": _one_required(others)} for key, others in APART.get(cls, {}).items()},
        }
    root = definitions.pop(Scenario.__name__)
    heading = {"title": "Exchange simulator scenario", "description": _plain(text_of(Scenario))}
    return {"$schema": DIALECT, **heading, **root, "$defs": definitions}


def _one_required(keys: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [key]} for key in keys]}


def eased(part: Any) -> Any:
    """Return a part of a schema in which a text may be written as YAML writes numbers.

    The loader takes a scalar's text for what it is, so ``price: 5000.00`` needs no quotes. It takes ``true`` for a text
    too; but an editor that knew would offer true and false wherever a text is wanted.
    """
    if isinstance(part, list | tuple):
        return [eased(item) for item in part]
    if not isinstance(part, dict):
        return part
    easier = {key: eased(value) for key, value in part.items() if key != "title"}
    for words, cls in _ALONE:
        if set(easier.get("enum", ())) == set(words):
            easier["enumDescriptions"] = [_plain(key_docs(cls)[word].text) for word in easier["enum"]]
    if easier.get("type") == "string":
        pattern = easier.get("pattern")
        if pattern is None or re.search(pattern, "1"):
            easier["type"] = ["string", "number"]
    if "anyOf" in easier:
        easier["anyOf"].sort(key=lambda choice: choice == {"type": "null"})  # msgspec before 0.22 puts it first
    if easier.get("required") == []:
        del easier["required"]
    return easier


# What is said of keys


def describe(definition: dict[str, Any], cls: type[Struct]) -> None:
    """Put beside each key of a mapping what it means, and examples of its value."""
    definition.pop("description", None)  # an editor would show it instead of what is said of the key
    for key, doc in key_docs(cls).items():
        values = [_value(example, key) for example in doc.examples]
        said = {"description": _plain(doc.text), "examples": [value for value in values if value is not None]}
        definition["properties"][key] = {**_undescribed(definition["properties"][key]), **said}


def _value(example: str, key: str) -> Any:
    """Return the value of a key in an example, in which a step may be its verb alone."""
    node = of_yaml(f"{{{example} }}", "example")
    assert isinstance(node, Pairs)  # noqa: S101 - the braces say so
    return json.loads(msgspec.json.encode(plain(node.values[key])))


def _undescribed(part: dict[str, Any]) -> dict[str, Any]:
    """Return a key's schema without what is said of its types, which an editor would show instead."""
    bare = {key: value for key, value in part.items() if key not in ("description", "$ref")}
    if "$ref" in part:
        bare["anyOf"] = [{"$ref": part["$ref"]}]
    elif "anyOf" in bare:
        bare["anyOf"] = [{key: value for key, value in one.items() if key != "description"} for one in bare["anyOf"]]
    return bare


def _plain(text: str) -> str:
    """Return a text without the marks that an editor would show as they are."""
    return text.replace("`", "")


# What the loader checks that its types do not say


def _narrow(definitions: dict[str, Any]) -> None:
    """Say of keys whose types are wider which words the loader takes."""
    flags = {"type": "array", "items": {"enum": list(flags_of(255))}}
    legs = definitions[Latency.__name__]["properties"]["requests"]["additionalProperties"]
    views = definitions[StepEntry.__name__]["properties"]["view"]["additionalProperties"]
    replies = {"type": "object", "properties": {"Ok": {}, "Err": {}}}
    narrower: dict[type[Struct], dict[str, dict[str, Any]]] = {
        When: {
            "request": _several([_types(), _WILDCARD]),
            "dir": _matcher([{"enum": ["Buy", "Sell"]}, {"type": "string", "pattern": "^(buy|sell|BUY|SELL)$"}]),
            **{name: _matcher([{"type": "number"}, {"type": "string", "pattern": _NUMBER}]) for name in NUMBERS},
        },
        Await: {"state": flags},
        OrderExpectation: {"state": flags},
        LimitEntry: {
            "set": {"anyOf": [{"enum": ["All"]}, {"type": ["string", "number"]}, _one_key(("Account",))]},
            "scope": _scope(),
            "name": {"enum": [name.value for name in LimitName]},
        },
        StepEntry: {
            "halt": _scope(),
            "resume": _scope(),
            "view": _one_by_one(dict.fromkeys(VIEWED, views)),
        },
        Latency: {
            "requests": _one_by_one({name: {**legs, "description": _of_request(name)} for name in REQUEST_TYPES})
        },
        ClientStep: {
            "send": _request(),
            "reply": {"anyOf": [{"enum": ["Ok", "Err", "never"]}, replies, {}]},
        },
        Rule: {
            "chance": {"type": "string", "pattern": _CHANCE},
            "until": {"type": "string", "pattern": f"{DURATION}|{_DATE}"},
        },
        Scenario: {
            "catalogue": {"anyOf": [{"enum": ["default", "reference"]}, _CATALOGUE_FILE, {"type": "object"}]},
            "start": {"type": "string", "pattern": _DATE},
        },
    }
    for cls, keys in narrower.items():
        properties = definitions[cls.__name__]["properties"]
        for key, part in keys.items():
            said = {
                word: properties[key][word]
                for word in ("description", "examples", "default")
                if word in properties[key]
            }
            properties[key] = {**part, **said}


def _of_request(name: str) -> str:
    return _plain(request_text(name))


def _types() -> dict[str, Any]:
    return {"enum": list(REQUEST_TYPES), "enumDescriptions": [_of_request(name) for name in REQUEST_TYPES]}


def _fields_by_type() -> list[dict[str, Any]]:
    """Return that a ``when`` for one type of request, or for an event, asks for no fields that it does not have."""
    with_fields = [
        {
            "if": {"properties": {"request": {"const": name}}, "required": ["request"]},
            "then": {"propertyNames": {"enum": [*_OF_REQUESTS, *kind.__struct_fields__]}},
        }
        for name, kind in REQUEST_TYPES.items()
    ]
    of_events = {
        "if": {"required": ["event"]},
        "then": {"propertyNames": {"enum": ["event", "session", "nth", "state"]}},
    }
    return [*with_fields, of_events]


def _several(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"anyOf": [*choices, {"type": "array", "items": {"anyOf": choices}, "minItems": 1}]}


def _matcher(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a matcher for some values: they, patterns of them, lists, bounds, or nothing."""
    several = _several([*choices, _WILDCARD])["anyOf"]
    return {"anyOf": [*several, {"$ref": f"#/$defs/{Bounds.__name__}"}, {"type": "null"}]}


def _scope() -> dict[str, Any]:
    return {"anyOf": [{"enum": ["All"]}, {"type": ["string", "number"]}, _one_key(SCOPE_KINDS)]}


def _one_key(keys: tuple[str, ...]) -> dict[str, Any]:
    properties = _one_by_one({key: {"type": ["string", "number"]} for key in keys})
    return {**properties, "oneOf": [{"required": [key]} for key in keys]}


def _one_by_one(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping with no other keys, each of which an editor completes."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _request() -> dict[str, Any]:
    """Return the schema of a request: its type, and the fields of that type beside any others."""
    kinds = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {field: _field(field) for field in fields}},
        }
        for name, kind in REQUEST_TYPES.items()
        if (fields := [field for field in kind.__struct_fields__ if field in REQUEST_FIELD_DOCS and field != "id"])
    ]
    types = {**_types(), "description": "The type of the request."}
    return {"type": "object", "properties": {"type": types}, "required": ["type"], "allOf": kinds}


def _field(name: str) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _plain(key_docs(When)[name].text)}
    return {**described, "anyOf": [{"enum": ["Buy", "Sell"]}, {}]} if name == "dir" else described
