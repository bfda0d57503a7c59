import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from simulator.catalogue import dump, load
from simulator.catalogue.faker import invent
from simulator.catalogue.yaml_text import decode
from simulator.resources import data_path
from simulator.scenario.catalogue_schema import catalogue_schema

SMALL: dict[str, Any] = {
    "venues": ["CME"],
    "routes": [{"name": "DIRECT"}],
    "products": [{"name": "USD", "kind": "Fiat", "price_in_limit_dollars": 1}],
    "tradable_products": [],
}


def mistakes(document: Any) -> list[str]:
    """Return what an editor marks in a document, by the places."""
    return sorted(error.json_path for error in Draft202012Validator(catalogue_schema()).iter_errors(document))


@pytest.mark.parametrize("name", ["default", "reference"])
def test_bundled_catalogues_fit(name: str) -> None:
    """The catalogues that come with the package have nothing that an editor would mark."""
    text = data_path(f"fixtures/catalogue/{name}.json").read_text(encoding="utf-8")
    assert mistakes(json.loads(text)) == []


def test_invented_catalogues_fit() -> None:
    """Nor has one that is invented, nor one that is written out."""
    assert mistakes(decode(dump(invent(7, 5, 40)))) == []
    assert mistakes(decode(dump(load("reference")))) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"venus": []}, "$"),
        ({"products": [{**SMALL["products"][0], "kind": "Fiatt"}]}, "$.products[0].kind"),
        ({"products": [{"name": "USD", "kind": "Fiat"}]}, "$.products[0]"),
        ({"expirations": {"x": {"day": "3rd Friday", "at": "14:30", "of": ["March"]}}}, "$.expirations.x.of[0]"),
    ],
)
def test_mistakes_are_marked(change: dict[str, Any], place: str) -> None:
    """A misspelt key or word and a missing key are marked where they are."""
    assert mistakes(SMALL) == []
    assert mistakes(SMALL | change) == [place]


def test_every_key_is_explained() -> None:
    """Each key of a catalogue has a description and an example."""
    made = catalogue_schema()
    parts = [made, *made["$defs"].values()]
    bare = [key for part in parts for key, said in part["properties"].items() if not said.get("description")]
    without = [key for part in parts for key, said in part["properties"].items() if not said.get("examples")]
    assert (bare, without) == ([], [])


def test_the_frozen_schema_is_up_to_date() -> None:
    """The schema that ships is the one of the types: ``exchange-simulator schema catalogue`` writes it."""
    frozen = data_path("fixtures/catalogue.schema.json").read_text(encoding="utf-8")
    assert frozen == json.dumps(catalogue_schema(), indent=2, ensure_ascii=False) + "\n"
