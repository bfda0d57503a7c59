"""The types for Python data are those that the loader reads."""

import ast

import pytest

from simulator.control import patterns
from simulator.control import words as truth
from simulator.scenario import words
from simulator.scenario.typed_dicts import typed_dicts


def test_the_types_are_up_to_date() -> None:
    """The module of types is what is made of the loader's types, however it is laid out."""
    with open(words.__file__, encoding="utf-8") as file:
        assert ast.dump(ast.parse(file.read())) == ast.dump(ast.parse(typed_dicts())), (
            "run: python -m simulator.scenario.typed_dicts > simulator/scenario/words.py "
            "&& ruff format simulator/scenario/words.py"
        )


@pytest.mark.parametrize("name", ["OrderWhen", "FillWhen", "SentWhen"])
def test_the_types_of_truth_are_up_to_date(name: str) -> None:
    """What a test may say of an order, a fill or a message has the same words for mypy and for the exchange."""
    fields = getattr(patterns, name).__struct_fields__
    assert list(getattr(truth, f"{name}Words").__annotations__) == list(fields)
