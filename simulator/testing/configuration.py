"""Which exchange a test gets: the command line, then its marker, then the ini file."""

from collections.abc import Callable
from os.path import isfile
from pathlib import Path
from typing import Any

import pytest

from simulator.catalogue import Catalogue
from simulator.catalogue import load as load_catalogue
from simulator.errors import CatalogueError, ScenarioError, SimulatorError, nearest
from simulator.scenario.amounts import amount
from simulator.scenario.loader import Loaded, parse_clock
from simulator.scenario.reading.files import bundled
from simulator.testing.scenarios import loaded

__all__ = ["configuration"]

_OF_TESTS = ("expect",)
"""What only a test says of its exchange."""

_CLOCKS = ("real", "instant", "manual")


def configuration(item: pytest.Item, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the arguments of `simulator.testing.exchange.Exchange` for a test.

    Raises `pytest.UsageError` for a marker or an option that says something wrong.
    """
    said: dict[str, tuple[Any, str]] = {}
    of_test = (*names, *_OF_TESTS)
    for name in names:
        text = item.config.getini(f"exchange_{name}")
        if text:
            where = f"the ini option exchange_{name}"
            said[name] = _of_text(name, text, where), where
    for marker in reversed(list(item.iter_markers("exchange"))):  # the closest one last
        for name, value in _of_marker(marker, of_test).items():
            said[name] = value, f"@pytest.mark.exchange: {name}"
    for name in names:
        text = item.config.getoption(f"exchange_{name}")
        if text is not None:
            where = f"--exchange-{name}"
            said[name] = _of_text(name, text, where), where
    found = {name: _READ[name](value, where, item) for name, (value, where) in said.items() if name != "scenario"}
    if "scenario" in said:
        found["scenario"] = _scenario(*said["scenario"], item, found.get("catalogue"))
    return found


def _of_marker(marker: pytest.Mark, names: tuple[str, ...]) -> dict[str, Any]:
    if len(marker.args) > 1:
        raise pytest.UsageError(f"@pytest.mark.exchange takes one scenario, got {len(marker.args)}: {marker.args!r}")
    said = dict(zip(("scenario",), marker.args, strict=False))
    for name, value in marker.kwargs.items():
        if name not in names:
            raise pytest.UsageError(
                f"@pytest.mark.exchange has no argument {name!r}{nearest(name, names)}; it takes {', '.join(names)}"
            )
        if name in said:
            raise pytest.UsageError(f"@pytest.mark.exchange got {name!r} twice")
        said[name] = value
    return {name: value for name, value in said.items() if value is not None}


def _of_text(name: str, text: str, where: str) -> Any:
    if name == "seed":
        try:
            return int(text)
        except ValueError:
            raise pytest.UsageError(f"{where} is a whole number, got {text!r}") from None
    return {"scaled": text} if name == "clock" and text[:1].isdigit() else text


def _scenario(value: Any, where: str, item: pytest.Item, catalogue: Catalogue | None) -> Loaded:
    if not isinstance(value, str | Path | dict):
        raise pytest.UsageError(f"{where} is a file, a bundled name or a dict, got {type(value).__name__}")
    try:
        return loaded(value if isinstance(value, dict) else _beside(value, item), catalogue, item.path.parent)
    except ScenarioError as error:
        mistake = str(error)
    if not isinstance(value, dict) and not isfile(_beside(value, item)) and str(value) not in bundled():
        mistake = f"{where}: {mistake}{_looked_for(value, item)}"
    raise pytest.UsageError(mistake)


def _catalogue(value: Any, where: str, item: pytest.Item) -> Catalogue:
    if isinstance(value, Catalogue):
        return value
    if not isinstance(value, str | Path):
        raise pytest.UsageError(f"{where} is a file or a bundled name, got {type(value).__name__}")
    source = _beside(value, item)
    try:
        return load_catalogue(source)
    except CatalogueError as error:
        hint = "" if isfile(source) else _looked_for(value, item)
        raise pytest.UsageError(f"{where}: {error}{hint}") from None


def _clock(value: Any, where: str, item: pytest.Item) -> Any:
    if value not in _CLOCKS and not _is_scaled(value):
        hint = nearest(value, _CLOCKS) if isinstance(value, str) else ""
        raise pytest.UsageError(f"{where} is real, instant, manual or {{'scaled': 20}}, got {value!r}{hint}")
    return value


def _is_scaled(clock: Any) -> bool:
    try:
        return isinstance(clock, dict) and amount(parse_clock(clock).scaled) > 0
    except SimulatorError:
        return False


def _seed(value: Any, where: str, item: pytest.Item) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise pytest.UsageError(f"{where} is a whole number, got {value!r}")
    return value


def _expect(value: Any, where: str, item: pytest.Item) -> bool:
    if not isinstance(value, bool):
        raise pytest.UsageError(f"{where} is True or False, got {value!r}")
    return value


_READ: dict[str, Callable[[Any, str, pytest.Item], Any]] = {
    "seed": _seed,
    "clock": _clock,
    "catalogue": _catalogue,
    "expect": _expect,
}
"""What makes an argument of what is said, and refuses what is wrong; it is told where that is said."""


def _folders(item: pytest.Item) -> tuple[Path, ...]:
    """Return where a file is looked for: beside the test, at the root of the tests, where pytest was started."""
    return tuple(dict.fromkeys((item.path.parent, item.config.rootpath, item.config.invocation_params.dir)))


def _beside(name: str | Path, item: pytest.Item) -> str | Path:
    """Return the file of a name, or the name itself if there is none."""
    return next((folder / name for folder in _folders(item) if isfile(folder / name)), name)


def _looked_for(name: str | Path, item: pytest.Item) -> str:
    return "" if Path(name).is_absolute() else f" (looked for in {', '.join(map(str, _folders(item)))})"
