"""Which exchange a test gets: the command line, then its marker, then the ini file."""

from pathlib import Path
from typing import Any

import pytest

from simulator.errors import SimulatorError, nearest

__all__ = ["configuration"]

_CLOCKS = ("real", "instant", "manual")


def configuration(item: pytest.Item, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the arguments of `simulator.testing.exchange.Exchange` for a test.

    Raises `pytest.UsageError` for a marker or an option that says something wrong.
    """
    __tracebackhide__ = True
    said: dict[str, Any] = {}
    for name in names:
        text = item.config.getini(f"exchange_{name}")
        if text:
            said[name] = _read(name, text, "the ini option exchange_" + name)
    for marker in reversed(list(item.iter_markers("exchange"))):  # the closest one last
        said.update(_of_marker(marker, names))
    for name in names:
        text = item.config.getoption(f"exchange_{name}")
        if text is not None:
            said[name] = _read(name, text, "--exchange-" + name)
    if "scenario" in said:
        said["scenario"] = _found(said["scenario"], item)
    return said


def _of_marker(marker: pytest.Mark, names: tuple[str, ...]) -> dict[str, Any]:
    __tracebackhide__ = True
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
    scenario = said.get("scenario")
    if scenario is not None and not isinstance(scenario, str | Path | dict):
        raise pytest.UsageError(
            f"@pytest.mark.exchange: the scenario is a file, a bundled name or a dict, got {type(scenario).__name__}"
        )
    seed = said.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise pytest.UsageError(f"@pytest.mark.exchange: seed is a whole number, got {seed!r}")
    if "clock" in said:
        _check_clock(said["clock"], "@pytest.mark.exchange: clock")
    return said


def _read(name: str, text: str, where: str) -> Any:
    __tracebackhide__ = True
    if name == "seed":
        try:
            return int(text)
        except ValueError:
            raise pytest.UsageError(f"{where} is a whole number, got {text!r}") from None
    if name == "clock":
        try:
            return {"scaled": f"{float(text):g}"}
        except ValueError:
            _check_clock(text, where)
    return text


def _check_clock(clock: Any, where: str) -> None:
    __tracebackhide__ = True
    is_scaled = isinstance(clock, dict) and set(clock) == {"scaled"}
    if clock not in _CLOCKS and not is_scaled:
        hint = nearest(clock, _CLOCKS) if isinstance(clock, str) else ""
        raise pytest.UsageError(f"{where} is real, instant, manual or {{'scaled': 20}}, got {clock!r}{hint}")


def _found(scenario: Any, item: pytest.Item) -> Any:
    """Return the scenario loaded: a file is looked for beside the test, then where pytest was started from."""
    __tracebackhide__ = True
    from simulator.testing.scenarios import loaded

    if isinstance(scenario, str | Path):
        for folder in (item.path.parent, item.config.rootpath):
            if (folder / scenario).is_file():
                scenario = folder / scenario
                break
    try:
        return loaded(scenario)
    except SimulatorError as error:
        raise pytest.UsageError(str(error)) from None
