"""Requests that are no venue's business: they have the fields of the reference, and a scenario answers them."""

import json
from typing import Any

import pytest

from simulator.simulation import Simulation
from support.messages import messages
from support.reference import REFERENCE

OPTIONAL = {"gas", "gas_price"}
ALL = [(kind, field) for kind, fields in REFERENCE.items() for field in fields]


def answer(scenario: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Return what a world answers to one request."""
    world = Simulation({"catalogue": "reference", **scenario})
    world.receive(world.connect("/"), json.dumps({"id": 1, **request}))
    (found,) = messages(world.take())
    response: dict[str, Any] = found["response"]
    return response


@pytest.mark.parametrize("kind", REFERENCE)
def test_strict_knows_the_fields_of_the_reference_and_no_others(kind: str) -> None:
    """A strict world refuses none of a request's fields, and each that it has not."""
    request = {"type": kind, **REFERENCE[kind]}
    beyond = {"Err": f"{kind} is not a venue's business: only a scenario's scripted reply answers it"}
    assert answer({"strict": True}, request) == beyond
    fields = ", ".join(["id", *REFERENCE[kind], "type"])
    unknown = f"`$.zzzzzz` is unknown; a {kind} has {fields}"
    assert answer({"strict": True}, {**request, "zzzzzz": 1}) == {"Err": unknown}
    assert answer({}, {**request, "zzzzzz": 1}) == beyond


@pytest.mark.parametrize(("kind", "field"), ALL)
def test_what_is_missing_is_named(kind: str, field: str) -> None:
    """A request without one of its fields is refused by name, unless the field may be left out."""
    request = {"type": kind, **REFERENCE[kind]}
    del request[field]
    error = answer({}, request)["Err"]
    assert error.startswith(f"`$.{field}` is missing: ") is (field not in OPTIONAL)


@pytest.mark.parametrize(("kind", "field"), [each for each in ALL if each[1] != "order"])
def test_a_rule_matches_each_field(kind: str, field: str) -> None:
    """A rule may ask for the value of a field, and answers the requests that have it and no others."""
    request = {"type": kind, **REFERENCE[kind]}
    value = REFERENCE[kind][field]
    wanted = value[0] if isinstance(value, list) else value
    rule = {"when": {"request": kind, field: wanted}, "then": [{"reply": {"Ok": "yes"}}]}
    assert answer({"rules": [rule], "strict": True}, request) == {"Ok": "yes"}
    rule["when"] = {"request": kind, field: {"not": wanted}}
    assert "Err" in answer({"rules": [rule]}, request)


def test_a_token_goes_by_its_name_and_its_id() -> None:
    """A rule finds a token by its product's name although the request bears the id."""
    rule = {"when": {"token": "USD"}, "then": [{"reply": {"Ok": "1000"}}]}
    request = {"type": "GetAllowance", "account": "account1", "route": "route1", "venue": "venue1"}
    assert answer({"rules": [rule]}, {**request, "token": "26f1e368-3e4f-5e0a-b7a2-b344675e0626"}) == {"Ok": "1000"}
