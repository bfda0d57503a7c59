"""The live page: its files, what a browser may do with them, and what it offers to be done."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from simulator.scenario.documentation import STEPS_OF, key_docs
from simulator.scenario.reading.nodes import of_yaml
from simulator.scenario.reading.typed import plain
from simulator.scenario.step_forms import StepEntry

__all__ = ["POLICY", "file_of"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: nothing from elsewhere, nothing written into the page, and in nobody's frame."""

_FOLDER = Path(__file__).parent / "files"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_STEPS_FILE = "steps.json"
_OF_REQUESTS = ("reply", "rate_limit")


def file_of(path: str) -> tuple[str, str, bytes] | None:
    """Return the kind of a file of the page, the policy and what it holds, by its path; None if there is none."""
    name = "index.html" if path == "/" else path.removeprefix("/page/") if path.startswith("/page/") else ""
    return _steps_file() if name == _STEPS_FILE else _files().get(name)


@lru_cache(1)
def _files() -> dict[str, tuple[str, str, bytes]]:
    return {
        path.name: (f"{_KINDS[path.suffix]}; charset=utf-8", POLICY, path.read_bytes())
        for path in sorted(_FOLDER.iterdir())
    }


@lru_cache(1)
def _steps_file() -> tuple[str, str, bytes]:
    """Return what the page asks for once it is there: reading the documentation takes longer than all the rest."""
    return "application/json", POLICY, msgspec.json.encode(list(_steps()))


def _steps() -> Iterator[Any]:
    """Yield what the page offers to be done: the documented examples of steps, about the last order if about one."""
    for verb, said in key_docs(StepEntry).items():
        takes_order = any(step.kind == "order" for step in STEPS_OF[verb])
        for example in said.examples if verb not in _OF_REQUESTS else ():
            words = plain(of_yaml(example, verb))
            given = words[verb] if isinstance(words, dict) else {}
            if takes_order:
                words = {verb: {"order": "last"} | (given if isinstance(given, dict) else {"quantity": given})}
            yield words
