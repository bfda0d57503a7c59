"""Broken scenario files, and the exact text that each is refused with.

``RENEW_FIXTURES=1 pytest tests/scenario/reading/test_broken.py`` writes the texts anew; read what `git diff` says.
"""

import os
import time
from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.scenario import load
from support import FIXTURES

FOLDER = FIXTURES / "broken"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def _refusal(name: str) -> str:
    with pytest.raises(ScenarioError) as refused:
        load(f"{name}.yaml")
    return f"{refused.value}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_file_is_refused_in_so_many_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each broken file gives just the error that lies beside it, with file, line and column."""
    monkeypatch.chdir(FOLDER)
    refusal = _refusal(name)
    wanted = Path(f"{name}.error")
    if os.environ.get("RENEW_FIXTURES"):
        wanted.write_text(refusal, encoding="utf-8")
    assert refusal == wanted.read_text(encoding="utf-8")


def test_every_error_has_its_file() -> None:
    """No error text lies there without the file that it is for."""
    assert sorted(path.stem for path in FOLDER.glob("*.error")) == NAMES


@pytest.mark.parametrize("name", ["alias-bomb", "merge-bomb"])
def test_a_bomb_is_refused_before_it_goes_off(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would expand to a large one is refused in a moment."""
    monkeypatch.chdir(FOLDER)
    start = time.process_time()
    _refusal(name)
    assert time.process_time() - start < 0.5
