"""Scenarios of several files, and how much they may be together."""

from pathlib import Path

import msgspec
import pytest

from simulator.errors import ScenarioError
from simulator.scenario import load
from simulator.scenario.reading.files import bundled
from simulator.scenario.reading.nodes import MAX_BYTES, MAX_NODES


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_scenario_is_included_by_its_name(name: str, tmp_path: Path) -> None:
    """A dict and a file include what a bundled scenario does, without the part of its client."""
    whole = load(name).scenario
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\ninclude: [{name}]\n")
    for source in ({"name": "mine", "include": [name]}, path):
        expected = msgspec.structs.replace(whole, name="mine", include=(name,), client=(), expect=())
        assert load(source).scenario == expected


def test_an_included_scenario_comes_behind() -> None:
    """The rules of a file of one's own come before those of a bundled one that it includes."""
    rule = {"name": "mine", "when": {"request": "CancelOrder"}, "then": ["reject"]}
    rules = load({"include": ["order-refused"], "rules": [rule]}).scenario.rules
    assert [rule.name for rule in rules] == ["mine", *(rule.name for rule in load("order-refused").scenario.rules)]


def test_a_file_of_one_s_own_comes_before_a_bundled_one(tmp_path: Path) -> None:
    """A file beside the scenario comes before the bundled one of its name; a name that is neither is refused."""
    (tmp_path / "order-refused").write_text("seed: 5\nexpect: [{never: {request: CancelOrder}}]\n")
    scenario = load({"include": ["order-refused"]}, folder=tmp_path).scenario
    assert (scenario.seed, len(scenario.expect)) == (5, 1)
    for folder in (tmp_path, None):
        with pytest.raises(ScenarioError) as caught:
            load({"include": ["order-refussed"]}, folder=folder)
        assert str(caught.value) == (
            "include[0]: expected a file, or the name of a bundled scenario, got 'order-refussed'; "
            "did you mean 'order-refused'?"
        )


@pytest.mark.parametrize(
    ("part", "files"),
    [
        ("timeline:\n" + "  - {at: 1s, do: [{alert: [1, 2, 3, 4, 5]}]}\n" * 4000, 4),
        ("seed: 1\n# " + "x" * 300_000 + "\n", 5),
    ],
    ids=["values", "characters"],
)
def test_included_files_share_one_bound(tmp_path: Path, part: str, files: int) -> None:
    """Included files are read until they are too much together, which is said once, at the first that is too many."""
    (tmp_path / "part.yaml").write_text(part)
    path = tmp_path / "all.yaml"
    path.write_text(f"include: [{', '.join(['part.yaml'] * 60)}]\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    (problem,) = caught.value.problems
    bound = f"expected included files of at most {MAX_BYTES >> 20} MiB and {MAX_NODES} values together"
    assert (problem.path, problem.message) == (f"include[{files - 1}]", bound)
