"""Which exchange a test gets: the command line, then its marker or its call, then the ini file."""

from collections.abc import Callable
from os.path import isfile
from pathlib import Path
from typing import Any

import pytest

from simulator.catalogue import Catalogue
from simulator.catalogue import load as load_catalogue
from simulator.did_you_mean import nearest
from simulator.errors import CatalogueError, ScenarioError, SimulatorError
from simulator.scenario.amounts import amount
from simulator.scenario.loader import Loaded, parse_clock
from simulator.scenario.reading.files import bundled
from simulator.testing.scenarios import loaded

__all__ = ["configuration", "of_call"]

_OF_TESTS = ("expect", "tls")
"""What only a test says of its exchange."""

_CLOCKS = ("real", "instant", "manual")

_PytestNode = pytest.Item | pytest.Session
_Said = dict[str, tuple[Any, str]]
"""What is said of an exchange, and where."""


def configuration(item: pytest.Item, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the arguments of `simulator.testing.exchange.Exchange` for a test, as its marker and the options say.

    Raises `SimulatorError` for what is said wrongly, and where.
    """
    said: _Said = {}
    for marker in reversed(list(item.iter_markers("exchange"))):  # the closest one last
        said |= _arguments("@pytest.mark.exchange", marker.args, marker.kwargs, (*names, *_OF_TESTS))
    return _read(said, names, item)


def of_call(
    node: _PytestNode, names: tuple[str, ...], call: str, args: tuple[Any, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of `simulator.testing.exchange.Exchange` for one that a test or a fixture makes by a call.

    Raises `SimulatorError` for what is said wrongly, and where.
    """
    ours = {name: options.pop(name) for name in ("port", "settings") if name in options}
    said = _arguments(call, args, options, (*names, *_OF_TESTS))
    return _read(said, names, node) | ours


def _arguments(what: str, args: tuple[Any, ...], options: Any, names: tuple[str, ...]) -> _Said:
    if len(args) > 1:
        raise SimulatorError(f"{what} takes one scenario, got {len(args)}: {args!r}")
    said = dict(zip(("scenario",), args, strict=False))
    for name, value in options.items():
        if name not in names:
            raise SimulatorError(f"{what} has no argument {name!r}{nearest(name, names)}; it takes {', '.join(names)}")
        if name in said:
            raise SimulatorError(f"{what} got {name!r} twice")
        said[name] = value
    return {name: (value, f"{what}: {name}") for name, value in said.items() if value is not None}


def _read(said: _Said, names: tuple[str, ...], node: _PytestNode) -> dict[str, Any]:
    """Return arguments of what is said in a test, which comes before the ini file and behind the command line."""
    config = node.config
    by_default: _Said = {}
    above_all: _Said = {}
    for name in names:
        ini = config.getini(f"exchange_{name}")
        if ini:
            where = f"the ini option exchange_{name}"
            by_default[name] = _of_text(name, ini, where), where
        text = config.getoption(f"exchange_{name}")
        if text is not None:
            where = f"--exchange-{name}"
            above_all[name] = _of_text(name, text, where), where
    said = by_default | said | above_all
    found = {name: _READ[name](value, where, node) for name, (value, where) in said.items() if name != "scenario"}
    if "scenario" in said:
        found["scenario"] = _scenario(*said["scenario"], node, found.get("catalogue"))
    return found


def _of_text(name: str, text: str, where: str) -> Any:
    if name == "seed":
        try:
            return int(text)
        except ValueError:
            raise SimulatorError(f"{where} is a whole number, got {text!r}") from None
    return {"scaled": text} if name == "clock" and text[:1].isdigit() else text


def _scenario(value: Any, where: str, node: _PytestNode, catalogue: Catalogue | None) -> Loaded:
    if isinstance(value, Loaded):
        return value
    if not isinstance(value, str | Path | dict):
        raise SimulatorError(f"{where} is a file, a bundled name or a dict, got {type(value).__name__}")
    try:
        return loaded(value if isinstance(value, dict) else _beside(value, node), catalogue, _folders(node)[0])
    except ScenarioError as error:
        mistake = str(error)
    if not isinstance(value, dict) and not isfile(_beside(value, node)) and str(value) not in bundled():
        mistake = f"{where}: {mistake}{_looked_for(value, node)}"
    raise SimulatorError(mistake)


def _catalogue(value: Any, where: str, node: _PytestNode) -> Catalogue:
    if isinstance(value, Catalogue):
        return value
    if not isinstance(value, str | Path):
        raise SimulatorError(f"{where} is a file or a bundled name, got {type(value).__name__}")
    source = _beside(value, node)
    try:
        return load_catalogue(source)
    except CatalogueError as error:
        hint = "" if isfile(source) else _looked_for(value, node)
        raise SimulatorError(f"{where}: {error}{hint}") from None


def _clock(value: Any, where: str, node: _PytestNode) -> Any:
    if value not in _CLOCKS and not _is_scaled(value):
        hint = nearest(value, _CLOCKS) if isinstance(value, str) else ""
        raise SimulatorError(f"{where} is real, instant, manual or {{'scaled': 20}}, got {value!r}{hint}")
    return value


def _is_scaled(clock: Any) -> bool:
    try:
        return isinstance(clock, dict) and amount(parse_clock(clock).scaled) > 0
    except SimulatorError:
        return False


def _seed(value: Any, where: str, node: _PytestNode) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SimulatorError(f"{where} is a whole number, got {value!r}")
    return value


def _yes_or_no(value: Any, where: str, node: _PytestNode) -> bool:
    if not isinstance(value, bool):
        raise SimulatorError(f"{where} is True or False, got {value!r}")
    return value


_READ: dict[str, Callable[[Any, str, _PytestNode], Any]] = {
    "seed": _seed,
    "clock": _clock,
    "catalogue": _catalogue,
    "expect": _yes_or_no,
    "tls": _yes_or_no,
}
"""What makes an argument of what is said, and refuses what is wrong; it is told where that is said."""


def _folders(node: _PytestNode) -> tuple[Path, ...]:
    """Return where a file is looked for: beside the test, at the root of the tests, where pytest was started."""
    beside = node.path.parent if node.path.is_file() else node.path
    return tuple(dict.fromkeys((beside, node.config.rootpath, node.config.invocation_params.dir)))


def _beside(name: str | Path, node: _PytestNode) -> str | Path:
    """Return the file of a name, or the name itself if there is none."""
    return next((folder / name for folder in _folders(node) if isfile(folder / name)), name)


def _looked_for(name: str | Path, node: _PytestNode) -> str:
    return "" if Path(name).is_absolute() else f" (looked for in {', '.join(map(str, _folders(node)))})"
