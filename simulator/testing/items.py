"""Scenario files as test items of pytest: each file whose client is to be replayed is one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.did_you_mean import nearest
from simulator.errors import ScenarioError, UnmetExpectation
from simulator.replay import Result, replay
from simulator.scenario import Loaded, Scenario, load
from simulator.scenario.reading.files import read
from simulator.scenario.reading.nodes import Pairs

if TYPE_CHECKING:
    from simulator.libraries import FailureText

__all__ = ["ScenarioFile", "ScenarioItem"]

_SECTION = re.compile(r"^([^\s#\-].*?)[ ]*:(?:[ ]+(.*))?$", re.MULTILINE)
"""A section of a file, and what stands in its line."""
_STEPS = re.compile(r"^client[ ]*:[ ]*(?:#.*)?\n(?:\s*(?:#.*)?\n)*\s*- ", re.MULTILINE)
_NAME = re.compile(r"""(?:([A-Za-z][\w .,()/+-]*)|"([^"\\]+)"|'([^']+)')\s*(?:\s#.*)?""")
_LONG_NAME = re.compile(r"^name[ ]*:.*\n(?:[ \t]*(?:#.*)?\n)*[ \t]+[^\s#]", re.MULTILINE)
"""A name that goes on in the next line."""
_NO_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
"""What a name without quotes may not be: YAML has another meaning for it."""


class ScenarioFile(pytest.File):
    """A file with a scenario, or with something else if it only looks like one."""

    is_certain = True

    def collect(self) -> "Iterator[ScenarioItem]":
        """Yield the scenario, if it has a client to replay; it is read when it is run, if its name says itself."""
        name = _plain_name(self.path)
        if name is not None:
            yield ScenarioItem.from_parent(self, name=name)
            return
        try:
            loaded = load(self.path)
        except ScenarioError as error:
            if not self.is_certain and (section := _other_section(self.path)):
                text = f"{self.path}: not collected as a scenario, because none has the section {section!r}"
                self.warn(pytest.PytestCollectionWarning(text))
                return
            raise self.CollectError(str(error)) from None
        if loaded.scenario.client:
            yield ScenarioItem.from_parent(self, name=loaded.name, loaded=loaded)


def _plain_name(path: Path) -> str | None:
    """Return the name of a scenario of which its text shows that it is one and has a client; None for any other.

    Each process of ``pytest -n`` collects all files, and runs few of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    sections = dict(_SECTION.findall(text))
    is_ours = sections.keys() <= set(Scenario.__struct_encode_fields__)
    if not is_ours or "include" in sections or _STEPS.search(text) is None or _LONG_NAME.search(text) is not None:
        return None
    if "name" not in sections:
        return path.stem
    said = _NAME.fullmatch(sections["name"])
    if said is None or said[0].strip().lower() in _NO_TEXT:
        return None
    return (said[1] or said[2] or said[3]).strip()


def _other_section(path: Path) -> str | None:
    """Return a section of a file that no scenario has, not even by a slip, which makes it somebody else's."""
    try:
        root = read(path, str(path))
    except ScenarioError:
        return None
    keys = root.values if isinstance(root, Pairs) else ()
    words = Scenario.__struct_encode_fields__
    return next((key for key in keys if key not in words and not nearest(key[:80], words)), None)


class ScenarioItem(pytest.Item):
    """A scenario whose client is replayed against it, in this process; it is read before, if it is not read yet."""

    def __init__(self, *, loaded: Loaded | None = None, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # whatever pytest gives its items
        self.loaded = loaded
        self.replayed: Result | None = None
        """What came of it, for a report."""

    def setup(self) -> None:
        """Read it: what is wrong with it is an error of the test, and no failure."""
        if self.loaded is None:
            self.loaded = load(self.path)

    def runtest(self) -> None:
        """Replay."""
        assert self.loaded is not None  # noqa: S101 - it has been set up
        seed = self.config.getoption("exchange_seed")
        is_reported = self.config.getoption("exchange_html") is not None
        result = replay(self.loaded, seed=None if seed is None else int(seed), keeps_books=is_reported)
        self.replayed = result if is_reported else None
        result.check()

    def teardown(self) -> None:
        """Let go of it: there may be thousands."""
        self.loaded = self.replayed = None

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> "FailureText":
        """Say what was expected and what came, with the line of the file."""
        if isinstance(excinfo.value, ScenarioError | UnmetExpectation):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the scenario is."""
        return self.path, 0, f"scenario {self.name}"
