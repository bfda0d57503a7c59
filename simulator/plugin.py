"""The pytest plugin: wiring only. Everything heavy is imported by the fixtures that need it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from simulator.testing.exchange import Exchange

_OPTIONS = {
    "scenario": "a scenario file, or the name of a bundled one, for every exchange",
    "seed": "the seed of every exchange",
    "clock": "the clock of every exchange: real, instant, manual, or how many times as fast",
    "catalogue": "the catalogue of every exchange: default, reference, or a file",
}
_RUNNING = pytest.StashKey["list[Exchange]"]()
_MARKER = (
    "exchange(scenario, *, seed, clock, catalogue): which exchange the fixture of that name starts: "
    "scenario is a file, the name of a bundled scenario, or a dict"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the ini file under the same names."""
    group = parser.getgroup("exchange", "exchange simulator")
    for name, text in _OPTIONS.items():
        group.addoption(f"--exchange-{name}", dest=f"exchange_{name}", metavar=name.upper(), help=text)
        parser.addini(f"exchange_{name}", text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def exchange_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the ``exchange`` fixture starts: override it to decide in another way.

    The command line comes before the marker, the marker before the ini file, and that before the defaults.
    """
    from simulator.testing.configuration import configuration

    try:
        return configuration(request.node, tuple(_OPTIONS))
    except pytest.UsageError as error:  # the line that is wrong is in the test, not in any frame
        pytest.fail(f"usage error: {error}", pytrace=False)


@pytest.fixture
def exchange(request: pytest.FixtureRequest, exchange_config: dict[str, Any]) -> Iterator[Exchange]:
    """A running exchange of this test's own: own port, own books, own clock."""
    from simulator.testing.exchange import Exchange

    with Exchange(**exchange_config) as running:
        request.node.stash.setdefault(_RUNNING, []).append(running)
        yield running
        _verify(request.node)


@pytest.fixture(scope="session")
def make_exchange() -> Iterator[Callable[..., Exchange]]:
    """A factory for exchanges that live as long as the session, or as a ``with`` block around them."""
    from simulator.testing.exchange import Exchange

    made: list[Exchange] = []

    def make(*args: Any, **options: Any) -> Exchange:
        made.append(Exchange(*args, **options).start())
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """After a test's own asserts, hold its exchanges to their scenarios: what is not met fails the test itself."""
    try:
        result = yield
    except BaseException:  # a test that fails by itself has said what is wrong
        pyfuncitem.stash[_RUNNING] = []
        raise
    _verify(pyfuncitem)
    return result


def _verify(item: pytest.Item) -> None:
    for running in item.stash.get(_RUNNING, []):
        text = running.unmet()
        if text is not None:
            item.stash[_RUNNING] = []
            pytest.fail(text, pytrace=False)


_SCENARIO_SUFFIX = (".scenario.yaml", ".scenario.yml")
_OURS = re.compile(r"^client\s*:", re.MULTILINE)
_SECTION = re.compile(r"^(rules|markets|expect|timeline|clock)\s*:", re.MULTILINE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenarios that have a client to be replayed."""
    name = file_path.name
    if not name.endswith((".yaml", ".yml")):
        return None
    if not name.endswith(_SCENARIO_SUFFIX) and not _looks_like_scenario(file_path):
        return None
    from simulator.testing.items import ScenarioFile

    collector: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return collector


def _looks_like_scenario(path: Path) -> bool:
    """Tell whether a file of no telling name has a client's section and another of a scenario's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return bool(_OURS.search(text) and _SECTION.search(text))
