"""The OpenAPI document of the calls, made of the types that they take and give."""

import re
from typing import Any

import msgspec

from simulator import __version__
from simulator.control.calls import CALLS, Call
from simulator.server.controlled import NewWorld, WorldInfo

__all__ = ["openapi"]

_REFS = "#/components/schemas/{name}"
_JSON = "application/json"


class Failed(msgspec.Struct):
    """Why something is not done; ``problems`` are what is wrong with a scenario, each with its place."""

    error: str
    problems: list[dict[str, Any]] = []


def openapi() -> dict[str, Any]:
    """Return the document, of OpenAPI 3.1."""
    kinds = [NewWorld, list[WorldInfo], WorldInfo, Failed]
    for call in CALLS:
        kinds += [call.takes, call.gives]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFS)
    worlds, world, failed = schemas[1:4]
    paths: dict[str, Any] = {}
    for number, call in enumerate(CALLS):
        takes, gives = schemas[4 + 2 * number : 6 + 2 * number]
        takes = _resolved(takes, components) if call.method == "GET" else takes
        for prefix, parameters in (("", []), ("/worlds/{world}", [_path_parameter("world")])):
            operation = _operation(call, takes, gives, failed, f"{call.name}_in_world" if prefix else call.name)
            operation["parameters"] = parameters + operation["parameters"]
            paths.setdefault(f"{prefix}{call.path}", {})[call.method.lower()] = operation
    paths["/worlds"] = {
        "get": {"operationId": "worlds", "summary": "The worlds.", "responses": _responses(worlds, failed)},
        "post": {
            "operationId": "create_world",
            "summary": "Make a world for a test of its own.",
            "requestBody": {"required": True, "content": {_JSON: {"schema": schemas[0]}}},
            "responses": _responses(world, failed, "201"),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "exchange-simulator control", "version": __version__},
        "servers": [{"url": "/_exchange"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(call: Call, takes: dict[str, Any], gives: dict[str, Any], failed: Any, name: str) -> dict[str, Any]:
    parameters = [_path_parameter(found) for found in re.findall(r"\{(\w+)\}", call.path)]
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": call.summary,
        "parameters": parameters,
        "responses": _responses(gives, failed),
    }
    if call.method == "GET":
        required = takes.get("required", [])
        operation["parameters"] = parameters + [
            {"name": field, "in": "query", "required": field in required, "schema": schema}
            for field, schema in takes.get("properties", {}).items()
        ]
    else:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": takes}}}
    return operation


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = components.get(name, schema)
    return found


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _responses(gives: Any, failed: Any, status: str = "200") -> dict[str, Any]:
    return {
        status: {"description": "Done.", "content": {_JSON: {"schema": gives}}},
        "4XX": {"description": "Not done, and nothing changed.", "content": {_JSON: {"schema": failed}}},
    }
