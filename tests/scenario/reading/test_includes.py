"""Scenarios of several files, and how much they may be together."""

from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.scenario import load
from simulator.scenario.reading.nodes import MAX_BYTES, MAX_NODES


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
