"""Scenario files as test items of pytest: each file whose client is to be replayed is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.did_you_mean import nearest
from simulator.errors import ScenarioError, UnmetExpectation
from simulator.replay import replay
from simulator.scenario import Loaded, Scenario, load
from simulator.scenario.reading.files import read
from simulator.scenario.reading.nodes import Pairs

if TYPE_CHECKING:
    from simulator.libraries import FailureText

__all__ = ["ScenarioFile", "ScenarioItem"]


class ScenarioFile(pytest.File):
    """A file with a scenario, or with something else if it only looks like one."""

    is_certain = True

    def collect(self) -> "Iterator[ScenarioItem]":
        """Yield the scenario, if it has a client to replay."""
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
    """A scenario whose client is replayed against it, in this process."""

    def __init__(self, *, loaded: Loaded, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # whatever pytest gives its items
        self.loaded = loaded

    def runtest(self) -> None:
        """Replay."""
        seed = self.config.getoption("exchange_seed")
        replay(self.loaded, seed=None if seed is None else int(seed)).check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> "FailureText":
        """Say what was expected and what came, with the line of the file."""
        if isinstance(excinfo.value, UnmetExpectation):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the scenario is."""
        return self.path, 0, f"scenario {self.name}"
