"""Options that are not given on the command line: from the environment, and from ``pyproject.toml``."""

import argparse
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError
from simulator.libraries import options_of
from simulator.quoting import quoted

__all__ = ["PREFIX", "configure"]

PREFIX = "EXCHANGE_SIMULATOR_"
"""How the name of a variable of the environment begins that stands for an option: the rest is its name in capitals."""

_FILE = "pyproject.toml"
_TABLE = "exchange-simulator"
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class _Setting(NamedTuple):
    where: str
    option: str
    value: Any


def configure(
    commands: Mapping[str, argparse.ArgumentParser], command: str, environment: Mapping[str, str], folder: Path
) -> None:
    """Let a command's options be by default what is configured.

    The environment comes before the command's own table ``[tool.exchange-simulator.COMMAND]`` of the nearest
    ``pyproject.toml`` in ``folder`` or above it, and that before ``[tool.exchange-simulator]``, which holds for every
    command that has the option. What the command line says comes before all of them.

    Args:
        commands: the parsers of all commands by their names.
        command: the one that is run.
        environment: the variables.
        folder: where the command is run.

    Raises:
        SimulatorError: for a name that no command has, or a value that the option does not take.
    """
    known = {name for parser in commands.values() for name in options_of(parser)}
    options = options_of(commands[command])
    found: dict[str, _Setting] = {}
    for setting in [*_of_file(commands, command, folder), *_of_environment(environment)]:
        if setting.option not in known:
            what, words = (
                ("option", known)
                if not isinstance(setting.value, dict)
                else ("option or command", known | set(commands))
            )
            raise SimulatorError(f"{setting.where}: there is no such {what}{nearest(setting.option, words)}")
        found[setting.option] = setting
    chosen = {name: setting for name, setting in found.items() if name in options}
    commands[command].set_defaults(**{options[name].dest: _read(options[name], chosen[name]) for name in chosen})


def _of_environment(environment: Mapping[str, str]) -> Iterator[_Setting]:
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX):
            yield _Setting(name, name.removeprefix(PREFIX).lower().replace("_", "-"), value)


def _of_file(commands: Mapping[str, Any], command: str, folder: Path) -> Iterator[_Setting]:
    """Yield what the nearest file says: first for all commands, then for this one."""
    path = next((path for above in (folder, *folder.parents) if (path := above / _FILE).is_file()), None)
    if path is None:
        return
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get(_TABLE, {})
    except (OSError, ValueError) as error:
        raise SimulatorError(f"cannot read {path}: {error}") from error
    for name, value in table.items():
        if name not in commands:
            yield _Setting(f"{path}: tool.{_TABLE}.{name}", name, value)
        elif not isinstance(value, dict):
            raise SimulatorError(f"{path}: tool.{_TABLE}.{name}: expected a table of the command's options")
    for name, value in table.get(command, {}).items():
        yield _Setting(f"{path}: tool.{_TABLE}.{command}.{name}", name, value)


def _read(action: argparse.Action, setting: _Setting) -> Any:
    """Return a setting's value as the option would have it of the command line."""
    values = setting.value if isinstance(setting.value, list) else [setting.value]
    if action.nargs == 0:
        word = str(setting.value).lower()
        if word not in _WORDS:
            raise SimulatorError(f"{setting.where}: expected true or false, got {quoted(str(setting.value))}")
        return _WORDS[word]
    if isinstance(action.default, list):
        return [_one(action, setting.where, value) for value in values]
    return _one(action, setting.where, setting.value)


def _one(action: argparse.Action, where: str, value: Any) -> Any:
    text = str(value)
    try:
        read: Any = action.type(text) if callable(action.type) else text
    except (argparse.ArgumentTypeError, ValueError, TypeError) as error:
        raise SimulatorError(f"{where}: {error}") from None
    if action.choices is not None and read not in action.choices:
        expected = ", ".join(map(str, action.choices))
        raise SimulatorError(f"{where}: expected one of {expected}, got {quoted(text)}{nearest(text, action.choices)}")
    return read
