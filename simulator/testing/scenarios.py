"""Scenarios that many tests use, read once as long as their files stay as they are."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.scenario import Loaded, load
from simulator.scenario.files import find

__all__ = ["loaded"]


def loaded(scenario: str | Path | dict[str, Any], own_catalogue: bool = False) -> Loaded:
    """Return a scenario of a file, a bundled name or a dict, as `simulator.scenario.load` does.

    ``own_catalogue`` says that no other catalogue stands in for its own. Raises `simulator.errors.ScenarioError`.
    """
    if isinstance(scenario, dict):
        return load(scenario, own_catalogue=own_catalogue)
    path = find(scenario)
    if _names_other_files(path):
        return load(path, own_catalogue=own_catalogue)
    stat = path.stat()
    return _load(path, stat.st_mtime_ns, stat.st_size, own_catalogue)


def _names_other_files(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return "\ninclude:" in text or "\ncatalogue:" in text


@lru_cache(maxsize=256)
def _load(path: Path, changed: int, size: int, own_catalogue: bool) -> Loaded:
    return load(path, own_catalogue=own_catalogue)
