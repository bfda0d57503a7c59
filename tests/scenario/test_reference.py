from typing import Any

import pytest
import yaml

from simulator.catalogue import build
from simulator.errors import SimulatorError
from simulator.resources import data_path
from simulator.scenario.documentation import key_docs, structs
from simulator.scenario.reference import CATALOGUE, TITLES, explained, markdown, sections
from simulator.scenario.step_forms import VERBS, StepEntry
from simulator.wire.requests import REQUEST_TYPES

DOCUMENT: dict[str, Any] = {
    "venues": ["CME"],
    "routes": ["DIRECT"],
    "products": [
        {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
        {"name": "GOLD", "kind": "Commodity", "price_in_limit_dollars": "2600"},
    ],
    "tradable_products": [],
}
TRADABLE = {
    "base": "GOLD",
    "quote": "USD",
    "venue": "CME",
    "route": "DIRECT",
    "quote_increment": "0.10",
    "base_increment": "1",
}
OPTION = {
    "kind": "Option",
    "underlying": "GOLD",
    "multiplier": "1",
    "expiration": "2034-12-27",
    "strike": "2600",
    "put_or_call": "Call",
}
CATALOGUE_EXAMPLES = [
    (title, example) for cls, title in CATALOGUE.items() for doc in key_docs(cls).values() for example in doc.examples
]


def test_the_language_has_its_reference() -> None:
    """The reference that ships is the one of the types."""
    frozen = data_path("scenarios/LANGUAGE.md").read_text(encoding="utf-8")
    assert frozen == markdown(), "run: python -m simulator.scenario.reference > scenarios/LANGUAGE.md"


def test_nothing_is_left_out() -> None:
    """Every key of every mapping, every step and every type of request is in it."""
    parts = list(sections())
    titles = {section.title for section in parts}
    assert {*VERBS, *REQUEST_TYPES, *TITLES.values(), *CATALOGUE.values()} <= titles
    for cls in structs():
        if cls is StepEntry:
            continue
        keys = set(cls.__struct_encode_fields__)
        holding = [section for section in parts if section.title == TITLES.get(cls, section.title)]
        assert any(keys <= {entry.key for entry in section.entries} for section in holding), cls


@pytest.mark.parametrize(("title", "example"), CATALOGUE_EXAMPLES)
def test_catalogue_example(title: str, example: str) -> None:
    """Each example of a catalogue's key is a part of a catalogue that loads."""
    said = yaml.safe_load(f"{{{example}}}")
    product = {**DOCUMENT["products"][1], "name": "OTHER"}
    if not said.keys().isdisjoint(OPTION.keys() - {"kind"}):
        product |= OPTION
    around: dict[str, dict[str, Any]] = {
        "catalogue": said,
        "products": {"products": [*DOCUMENT["products"], {**product, **said, "name": "OTHER"}]},
        "tradable_products": {"tradable_products": [{**TRADABLE, **said}]},
        "venues and routes": {"venues": [said]},
        "expirations": {"expirations": {"quarter": {"day": "last Friday", "at": "14:30", **said}}},
    }
    build({**DOCUMENT, **around[title]}, "example")


def test_a_word_is_explained_in_a_terminal() -> None:
    """A step is said whole, a key where it stands, and nothing is wider than 80 columns."""
    said = explained("times").splitlines()
    assert said[:2] == ["times, in rules", "    whole number of 1 or more"]
    assert said[-1] == "      times: 1"
    assert explained("FILL").startswith("fill: Steps that decide about an order\n  The order is filled,")
    assert [line for section in sections() for line in explained(section.title).splitlines() if len(line) > 80] == []


def test_the_words_are_listed() -> None:
    """Without a word, all that can be asked for are named."""
    listed = " ".join(explained().split())
    assert [section.title for section in sections() if section.title not in listed] == []


def test_a_word_that_is_none_names_the_nearest() -> None:
    """A misspelt word is refused with the one that is meant."""
    with pytest.raises(SimulatorError, match=r"got 'flil'; did you mean 'fill'\?"):
        explained("flil")
