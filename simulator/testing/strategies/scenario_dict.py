"""A venue as a scenario's data, shown as the YAML that makes it again when it is saved."""

from pathlib import Path
from textwrap import indent
from typing import Any

__all__ = ["Venue"]

_INDENT = " " * 8


class Venue(dict[str, Any]):
    """A scenario in the file's own words, as a dict.

    It goes wherever a scenario's dict goes. Its repr is the scenario's file, indented, so what hypothesis prints of
    a failing test can be saved as it is.
    """

    @property
    def yaml(self) -> str:
        """The scenario's file."""
        return _text_of(dict(self))

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


def _text_of(data: dict[str, Any]) -> str:
    # PyYAML takes 20 ms to import, and most examples are never shown.
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    plain = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    root = yaml.compose(plain, Loader=yaml.SafeLoader)
    _lay_out(root, 0)
    return str(yaml.serialize(root, Dumper=Dumper, allow_unicode=True, width=120))


def _lay_out(node: Any, depth: int) -> None:
    """Let sections, rules and their steps stand on lines of their own, and all that is in them on one."""
    if isinstance(node.value, str):
        return
    is_mapping = node.id == "mapping"
    values = [value for _, value in node.value] if is_mapping else node.value
    is_list_of_mappings = any(value.id == "mapping" for value in values) and not is_mapping
    is_section = depth < 2 or (depth == 2 and len(values) > 1)
    is_steps = (depth == 3 and is_list_of_mappings) or (depth == 4 and is_mapping)
    node.flow_style = not (is_section or is_steps) or not (is_mapping or is_list_of_mappings)
    for value in values:
        _lay_out(value, depth + 1)
