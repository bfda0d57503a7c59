"""Catalogue files: reading them, and writing a catalogue as the text of one."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulator.catalogue.document import build
from simulator.catalogue.entries import DocumentError
from simulator.catalogue.model import Catalogue
from simulator.did_you_mean import nearest
from simulator.errors import CatalogueError
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
    `simulator.errors.CatalogueError` with the file, and the line where it is known, for what cannot be
    used. A bundled catalogue is read once in a process, and so is the same object every time.
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
        line = _line(text, error.where)
        raise CatalogueError(f"{path}{line}: {error.where or 'the file'}: {error.problem}") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CatalogueError(f"{path}: expected at most {_MAX_BYTES >> 20} MiB")
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: expected UTF-8, got something else at byte {error.start}") from None
    except OSError as error:
        raise CatalogueError(f"{path}: expected a file that can be read: {error.strerror}") from None


def _line(text: str, where: str) -> str:
    from simulator.catalogue.yaml_text import line_of

    line = line_of(text, where)
    return "" if line is None else f":{line}"


def _decode_yaml(text: str, path: Path) -> Any:
    # PyYAML takes 20 ms to import, and the bundled catalogues do without.
    from simulator.catalogue.yaml_text import YamlMistake, decode

    try:
        return decode(text)
    except YamlMistake as mistake:
        raise CatalogueError(f"{path}:{mistake.line}: {mistake.problem}") from None


def _decode_json(text: str, path: Path) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise CatalogueError(f"{path}:{error.lineno}: expected JSON: {error.msg}") from None
    except RecursionError:
        raise CatalogueError(f"{path}: expected JSON that is not nested so deep") from None
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in mapping if keys.count(key) > 1)
        raise ValueError(f"expected each key of an object once, got {twice!r} twice")
    return mapping


def _refuse_constant(word: str) -> None:
    raise ValueError(f"expected a number, got {word}")
