"""A recording is tried before it is said to be written."""

from pathlib import Path

import pytest

from simulator.catalogue import load as load_catalogue
from simulator.record import scenario_of, shortcomings
from simulator.yaml_writer import yaml_of
from support.record import newcomer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of a session in which a fill was told twice."""
    path = tmp_path / "session.scenario.yaml"
    path.write_text(yaml_of(scenario_of(newcomer("fill-told-twice"), load_catalogue("default"))))
    return path


def test_a_recording_that_does_what_was_seen(path: Path) -> None:
    """Nothing is said of a recording that tells all again."""
    assert shortcomings(path, newcomer("fill-told-twice")) == []


def test_a_recording_that_does_not_replay(path: Path) -> None:
    """The step that does not hold is named with its line."""
    path.write_text(path.read_text().replace(", send: twice", "", 1))
    (said,) = shortcomings(path, newcomer("fill-told-twice"))
    assert said.startswith(f"this recording does not replay: {path}:")
    assert "filled_qty" in said


def test_a_recording_that_tells_something_else(path: Path) -> None:
    """What is told otherwise is named, although the recording replays."""
    said = shortcomings(path, newcomer("partial-fill"))
    assert "this recording adds the update of $order1 on updates1: Open, Acked; filled 4 at 10000" in said


def test_a_recording_that_does_not_load(path: Path) -> None:
    """What is wrong with the file is named."""
    path.write_text(path.read_text().replace("- ack", "- nack", 1))
    (said,) = shortcomings(path, newcomer("fill-told-twice"))
    assert said.startswith(f"this recording does not load: {path}:")
