"""The list of the bundled scenarios, each with its idea; run as a program, it prints ``scenarios/README.md``."""

import sys
from pathlib import Path

from simulator.scenario.reading.files import bundled

__all__ = ["idea", "readme"]

_HEAD = """\
# Bundled scenarios

Each file has one idea, and says in its first lines what a client must do to survive it. `exchange-simulator serve
partial-fill` serves one by its name; `exchange-simulator replay partial-fill` shows how its own client survives it.

This list is made from the files by `python -m simulator.scenario.listing > scenarios/README.md`.

| scenario | what happens |
| --- | --- |
"""


def idea(path: Path) -> str:
    """Return the first comment of a scenario's file, which says its idea."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment = line.lstrip("# ")
        if not comment.startswith("yaml-language-server:"):
            return comment
    return ""


def readme() -> str:
    """Return the list as Markdown."""
    return _HEAD + "".join(f"| [{name}]({path.name}) | {idea(path)} |\n" for name, path in bundled().items())


if __name__ == "__main__":
    sys.stdout.write(readme())
