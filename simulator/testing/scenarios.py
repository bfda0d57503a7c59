"""Scenarios that many tests use, read once as long as their files stay as they are."""

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.catalogue import Catalogue
from simulator.scenario import Loaded, load
from simulator.scenario.reading.files import find

__all__ = ["loaded"]


def loaded(
    scenario: str | Path | dict[str, Any], catalogue: Catalogue | None = None, folder: Path | None = None
) -> Loaded:
    """Return a scenario of a file, a bundled name or a dict, as `simulator.scenario.load` does.

    ``catalogue`` stands in for its own, and ``folder`` is where a dict's own files are. Raises
    `simulator.errors.ScenarioError`.
    """
    if isinstance(scenario, dict):
        return load(scenario, folder=folder, catalogue=catalogue, now=time.time_ns())
    path = find(scenario)
    if catalogue is not None or _names_other_files(path):
        return load(path, catalogue=catalogue, now=time.time_ns())
    stat = path.stat()
    return _load(path, stat.st_mtime_ns, stat.st_size)


def _names_other_files(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return "\ninclude:" in text or "\ncatalogue:" in text


@lru_cache(maxsize=256)
def _load(path: Path, changed: int, size: int) -> Loaded:
    return load(path, now=time.time_ns())
