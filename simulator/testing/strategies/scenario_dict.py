"""A venue as a scenario's data, shown as the YAML that makes it again when it is saved."""

from pathlib import Path
from textwrap import indent
from typing import Any

__all__ = ["ScenarioDict"]

_INDENT = " " * 8


class ScenarioDict(dict[str, Any]):
    """A scenario in the file's own words, as a dict.

    It goes wherever a scenario's dict goes. Its repr is the scenario's file, indented, so what hypothesis prints of
    a failing test can be saved as it is.
    """

    @property
    def yaml(self) -> str:
        """The scenario's file."""
        from simulator.yaml_writer import yaml_of  # 20 ms, and most examples are never shown

        return yaml_of(dict(self))

    def save(self, path: str | Path) -> Path:
        """Write the scenario to a file; return its path."""
        path = Path(path)
        path.write_text(self.yaml, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return f"\n{indent(self.yaml, _INDENT)}" if self else "{}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show itself to hypothesis, which would else show how it was put together."""
        printer.text(repr(self))
