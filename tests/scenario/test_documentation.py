from pathlib import Path

import pytest

from simulator.scenario import load
from simulator.scenario.documentation import key_docs, structs
from simulator.scenario.when import REQUEST_FIELD_DOCS, REQUEST_FIELDS
from support.language import Example, examples


def test_every_key_has_a_sentence_and_an_example() -> None:
    """What a key of a file means stands beside its type, and so does an example of it."""
    lacking = [(cls.__name__, key) for cls in structs() for key, doc in key_docs(cls).items() if not all(doc)]
    assert lacking == []
    assert set(REQUEST_FIELD_DOCS) == set(REQUEST_FIELDS)


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_example(example: Example, tmp_path: Path) -> None:
    """Each example is a part of a scenario that loads."""
    path = tmp_path / "example.yaml"
    path.write_text(example.file, encoding="utf-8")
    load(path)
