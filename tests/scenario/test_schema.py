import json

from simulator.resources import data_path
from simulator.scenario.model import APART, BESIDE, EXACTLY_ONE, Scenario
from simulator.scenario.schema import schema
from simulator.scenario.step_forms import VERBS


def test_the_frozen_schema_is_up_to_date() -> None:
    """The schema that ships is the one of the types: ``exchange-simulator schema`` writes it."""
    frozen = data_path("fixtures/scenario.schema.json").read_text(encoding="utf-8")
    assert frozen == json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def test_the_schema_knows_every_section_and_verb() -> None:
    """Each key of a scenario is a property, each verb one of a step, of which there is just one."""
    made = schema()
    step = made["$defs"]["StepEntry"]
    assert set(made["properties"]) == set(Scenario.__struct_encode_fields__)
    assert set(step["properties"]) == set(VERBS)
    assert (step["minProperties"], step["maxProperties"], step["additionalProperties"]) == (1, 1, False)


def test_numbers_need_no_quotes() -> None:
    """A decimal may be written as a number or as a text, a duration as a text alone."""
    definitions = schema()["$defs"]
    assert definitions["TradeStep"]["properties"]["price"]["type"] == ["string", "number"]
    assert definitions["RefuseStep"]["properties"]["for"]["type"] == "string"


def test_what_must_be_one_of_several_is_so_in_the_schema() -> None:
    """Where the loader wants just one key of several, so does the schema."""
    definitions = schema()["$defs"]
    for cls, keys in EXACTLY_ONE.items():
        assert definitions[cls.__name__]["oneOf"] == [{"required": [key]} for key in keys]
        assert set(keys) <= set(definitions[cls.__name__]["properties"])


def test_what_means_nothing_beside_others_is_so_in_the_schema() -> None:
    """Where the loader wants a key only beside some, or not beside others, so does the schema."""
    definitions = schema()["$defs"]
    for cls in {**BESIDE, **APART}:
        known = definitions[cls.__name__]["properties"]
        for key, others in {**BESIDE.get(cls, {}), **APART.get(cls, {})}.items():
            assert {key, *others} <= set(known)
    within = definitions["ClientStep"]["dependentSchemas"]["within"]
    assert within == {"anyOf": [{"required": ["reply"]}, {"required": ["as"]}, {"required": ["connect"]}]}
    assert definitions["MarketEntry"]["dependentSchemas"]["mid"] == {
        "not": {"anyOf": [{"required": ["bids"]}, {"required": ["asks"]}]}
    }
