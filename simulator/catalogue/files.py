"""Catalogue files: reading them, and writing a catalogue as the text of one."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulator.catalogue.document import build
from simulator.catalogue.entries import DocumentError
from simulator.catalogue.model import Catalogue
from simulator.did_you_mean import nearest
from simulator.errors import CatalogueError, Problem
from simulator.resources import data_path
from simulator.times import EPOCH_2024

__all__ = ["BUNDLED", "load"]

BUNDLED: Final = ("default", "reference")
"""The catalogues that come with the package."""

_MAX_BYTES: Final = 64 << 20
_SUFFIXES: Final = (".yaml", ".yml", ".json")


def load(path_or_name: str | Path, start: int = EPOCH_2024) -> Catalogue:
    """Return a bundled catalogue, or the one that a ``.yaml``, ``.yml`` or ``.json`` file states.

    ``start`` is when the world begins, in nanoseconds: dates may be counted from there. Raises
    `simulator.errors.CatalogueError` with all that cannot be used, each with its file, line and column. A bundled
    catalogue is read once in a process, and so is the same object every time.
    """
    if path_or_name in BUNDLED:
        return _bundled(str(path_or_name)).at(start)
    path = Path(path_or_name)
    if path.suffix.lower() not in _SUFFIXES:
        valid = f"{' or '.join(BUNDLED)}, or a file that ends in {', '.join(_SUFFIXES)}"
        name = str(path_or_name)
        raise CatalogueError(f"expected a catalogue to be {valid}, got {name!r}{nearest(name, BUNDLED)}")
    return _read(path, start)


@cache
def _bundled(name: str) -> Catalogue:
    return _read(data_path(f"fixtures/catalogue/{name}.json"))


def _read(path: Path, start: int = EPOCH_2024) -> Catalogue:
    text = _text(path)
    is_json = path.suffix.lower() == ".json"
    document = _decode_json(text, path) if is_json else _decode_yaml(text, path)
    if not isinstance(document, dict):
        raise CatalogueError(f"{path}: expected a mapping with the keys venues, routes, products and so on")
    try:
        # A file that does not name its catalogue names it by its own name.
        return build({"name": path.stem, **document}, str(path), start)
    except DocumentError as error:
        raise CatalogueError(_placed(error, text, str(path))) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CatalogueError(f"{path}: expected at most {_MAX_BYTES >> 20} MiB")
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: expected UTF-8, got something else at byte {error.start}") from None
    except OSError as error:
        raise CatalogueError(f"{path}: expected a file that can be read: {error.strerror}") from None


def _placed(error: DocumentError, text: str, path: str) -> list[Problem]:
    """Return the faults of a file in their order, each with the line that it is on."""
    from simulator.catalogue.yaml_text import places_of

    places = places_of(text, (where for where, _ in error.faults))
    lines = text.splitlines()
    problems = []
    for where, problem in error.faults:
        line, column = places[where]
        shown = lines[line - 1] if 0 < line <= len(lines) else ""
        problems.append(Problem(problem, where or "the file", path, line, column, shown))
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _decode_yaml(text: str, path: Path) -> Any:
    # PyYAML takes 20 ms to import, and the bundled catalogues do without.
    from simulator.catalogue.yaml_text import YamlMistake, decode

    try:
        return decode(text)
    except YamlMistake as mistake:
        raise CatalogueError([_at(text, path, mistake.line, mistake.column, mistake.problem)]) from None


def _decode_json(text: str, path: Path) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise CatalogueError([_at(text, path, error.lineno, error.colno, f"expected JSON: {error.msg}")]) from None
    except RecursionError:
        raise CatalogueError(f"{path}: expected JSON that is not nested so deep") from None
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from None


def _at(text: str, path: Path, line: int, column: int, problem: str) -> Problem:
    lines = text.splitlines()
    return Problem(problem, "", str(path), line, column, lines[line - 1] if line <= len(lines) else "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in mapping if keys.count(key) > 1)
        raise ValueError(f"expected each key of an object once, got {twice!r} twice")
    return mapping


def _refuse_constant(word: str) -> None:
    raise ValueError(f"expected a number, got {word}")
