"""The list of the bundled scenarios, each with its idea; run as a program, it prints ``scenarios/README.md``."""

import sys
from itertools import takewhile
from pathlib import Path

from simulator.scenario.reading.files import bundled

__all__ = ["idea", "readme", "words_to_clients"]

_SURVIVE = "To survive it:"

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
    return next(iter(_comments(path)), "")


def words_to_clients(path: Path) -> tuple[str, str]:
    """Return what a scenario's first comments say: its idea, and what a client must do to survive it; or nothing."""
    what, _, must = " ".join(_comments(path)).partition(_SURVIVE)
    return what.strip(), f"{must.strip()[:1].upper()}{must.strip()[1:]}"


def _comments(path: Path) -> list[str]:
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    comments = [line.lstrip("# ") for line in lines]
    return [comment for comment in comments if not comment.startswith("yaml-language-server:")]


def readme() -> str:
    """Return the list as Markdown."""
    return _HEAD + "".join(f"| [{name}]({path.name}) | {idea(path)} |\n" for name, path in bundled().items())


if __name__ == "__main__":
    sys.stdout.write(readme())
