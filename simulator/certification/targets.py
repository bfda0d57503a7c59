"""Finds the class that a text names, in a module or in a file."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError

__all__ = ["class_named"]

_METHODS = ("start", "submit", "cancel", "flatten", "stop")


@lru_cache
def class_named(target: str) -> Callable[[], Any]:
    """Return what makes a client: a class of a module or of a file, as ``module:Class`` or ``file.py:Class``.

    Raises `SimulatorError` for what is not there, and for a class that lacks a method of a client.
    """
    where, _, name = target.rpartition(":")
    try:
        module = _file_module(Path(where)) if where.endswith(".py") else _module(where)
    except (Exception, SystemExit) as error:
        raise SimulatorError(f"cannot import {where}: {type(error).__name__}: {error}") from error
    found = getattr(module, name, None)
    if not callable(found):
        public = [one for one in vars(module) if not one.startswith("_")]
        raise SimulatorError(f"{where} has no class {name!r}{nearest(name, public)}")
    if isinstance(found, type) and (missing := [method for method in _METHODS if not hasattr(found, method)]):
        wanted = f"{', '.join(_METHODS[:-1])} and {_METHODS[-1]}"
        raise SimulatorError(f"{where}: a client is a class with {wanted}; {name} lacks {', '.join(missing)}")
    return found  # type: ignore[no-any-return]  # called without arguments, it makes a client


def _module(name: str) -> Any:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove("")


def _file_module(path: Path) -> Any:
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise SimulatorError(f"{path} is no file of Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # as an import would
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(path.parent))
