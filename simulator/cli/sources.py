"""The scenario files that a command is given: by name, in folders, or on stdin."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from simulator.errors import ScenarioError

__all__ = ["CATALOGUE", "STDIN", "other_than_scenario", "scenario_files", "sources"]

STDIN = "<stdin>"
"""What a scenario is called that is read from stdin."""

CATALOGUE = "it is a catalogue"
"""Why a catalogue's file is no scenario."""

_SUFFIXES = (".yaml", ".yml")
_ALIKE = 0.75


def scenario_files(name: str) -> list[str]:
    """Return the file of a name, or the scenarios in a folder."""
    return [source for source, reason in sources(name) if reason is None]


def sources(name: str) -> Iterator[tuple[str, str | None]]:
    """Yield the file of a name, or the YAML files in a folder, each with why it is no scenario if it is none.

    The name ``-`` is stdin. Hidden files and folders are left out.
    """
    if name == "-":
        yield STDIN, None
        return
    folder = Path(name)
    if not folder.is_dir():
        yield name, None
        return
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and not hidden and not path.is_dir():
            yield str(path), other_than_scenario(path)


def other_than_scenario(path: Path) -> str | None:
    """Return what a file is instead of a scenario, or None if it looks like one in any way."""
    from simulator.scenario.model import Scenario
    from simulator.scenario.reading.files import is_catalogue, read
    from simulator.scenario.reading.nodes import Pairs, Scalar

    try:
        root = read(path, str(path))
    except ScenarioError:
        return None  # whoever loads it says why it cannot be read
    if isinstance(root, Scalar) and root.null:
        return "it is empty"
    if not isinstance(root, Pairs):
        return "it has no keys such as rules"
    if is_catalogue(root):
        return CATALOGUE
    words = Scenario.__struct_encode_fields__
    if any(difflib.get_close_matches(key.casefold(), words, 1, _ALIKE) for key in root.values):
        return None
    return "it has none of a scenario's keys, such as rules"
