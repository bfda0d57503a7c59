"""Scenario files on disk: finding them, reading their text, and putting included ones together."""

import os
from pathlib import Path, PurePosixPath

from simulator.did_you_mean import nearest
from simulator.errors import Problem, ScenarioError
from simulator.quoting import quoted
from simulator.resources import data_path
from simulator.scenario.reading.nodes import MAX_BYTES, Mark, Node, Pairs, of_yaml

__all__ = ["BUNDLED", "SUFFIXES", "beside", "bundled", "find", "is_catalogue", "read", "read_text"]

SUFFIXES = (".yaml", ".yml", ".json")
"""How the name of a scenario's file ends."""

BUNDLED = data_path("scenarios")
"""The folder of the scenarios that come with the package."""

_OF_CATALOGUES = {"products", "tradable_products", "venues", "routes"}
_OF_BOTH = {"name", "accounts"}


def bundled() -> dict[str, Path]:
    """Return the scenarios that come with the package by name, sorted."""
    return {path.stem: path for path in sorted(BUNDLED.glob("*.yaml"))}


def find(name: str | Path) -> Path:
    """Return the file that a path, or a bundled scenario's name, stands for; raises `ScenarioError` if none does."""
    path = Path(name)
    if _is_file(path):
        return path
    known = bundled()
    if str(name) in known:
        return known[str(name)]
    why = "that is a folder" if _is_folder(path) else "there is no such file"
    word = path.stem if path.suffix.lower() in SUFFIXES else str(name)
    message = f"expected a scenario's file or the name of a bundled one, got {quoted(str(name), 200)}: {why}"
    raise ScenarioError([Problem(message + nearest(word, known))])


def read(path: Path, name: str) -> Node:
    """Return what a file says; ``name`` is what messages call it. Raises `ScenarioError`."""
    return of_yaml(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """Return what stands in a file; ``name`` is what messages call it. Raises `ScenarioError`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unusable(name, f"expected a file that can be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise _unusable(name, f"expected at most {MAX_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        message = f"expected UTF-8, got the byte 0x{content[error.start]:02x}"
        raise ScenarioError([Problem(message, "", name, line, column)]) from None


def is_catalogue(root: Node) -> bool:
    """Tell whether what a file says is a catalogue: it has sections that only one has, and none of a scenario."""
    keys = set(root.values) if isinstance(root, Pairs) else set()
    return not keys.isdisjoint(_OF_CATALOGUES) and keys <= _OF_CATALOGUES | _OF_BOTH


def beside(folder: Path | None, name: str, start: str = "") -> Path | str:
    """Return the file of a name that a scenario in ``folder`` gives, or why it may not be read.

    ``start`` is the subfolder of the file that says the name. No name leads out of the folder: neither ``..`` nor
    an absolute path nor a link.
    """
    if folder is None:
        return "expected no file, because this scenario is in none"
    parts = PurePosixPath(name)
    if "\\" in name or ":" in name or "\0" in name or parts.is_absolute() or ".." in parts.parts:
        return "expected a file in the scenario's own folder"
    path = folder / start / parts
    try:
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except (OSError, ValueError):
        inside = False
    if not inside:
        return "expected a file in the scenario's own folder"
    return path if _is_file(path) else "expected a file that exists"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _unusable(name: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(message, "", name)])


def at(mark: Mark | None, message: str, path: str) -> Problem:
    """Return a problem at a place, which may be in no file."""
    return Problem(message, path) if mark is None else mark.problem(message, path)
