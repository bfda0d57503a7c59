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
_MARKER = (
    "exchange(scenario, *, seed, clock, catalogue, expect): which exchange the fixture of that name starts: "
    "scenario is a file, the name of a bundled scenario, or a dict; expect=True verifies what a bundled one expects"
)


class _Used:
    """The exchanges that a test has to do with: its own, and those that a factory has made for several."""

    def __init__(self, made: list[Exchange]) -> None:
        self.own: list[Exchange] = []
        self.is_judged = False
        self._made = made
        self._before = {id(one): one.simulation.journal.written for one in made}

    def all(self) -> list[Exchange]:
        """Return its own, and those others in which something has happened since its beginning."""
        touched = [one for one in self._made if one.simulation.journal.written != self._before.get(id(one))]
        return self.own + touched


_USED = pytest.StashKey[_Used]()
_MADE = pytest.StashKey["list[Exchange]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the ini file under the same names."""
    group = parser.getgroup("exchange", "exchange simulator")
    for name, text in _OPTIONS.items():
        group.addoption(f"--exchange-{name}", dest=f"exchange_{name}", metavar=name.upper(), help=text)
        parser.addini(f"exchange_{name}", text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.stash[_MADE] = []
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def exchange_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the ``exchange`` fixture starts: override it to decide in another way.

    The command line comes before the marker, the marker before the ini file, and that before the defaults.
    """
    from simulator.testing.configuration import configuration

    try:
        return configuration(request.node, tuple(_OPTIONS))
    except pytest.UsageError as error:
        mistake = f"usage error: {error}"
    # Outside of the handler, where the error would be reported as well; the line that is wrong is in no frame.
    pytest.fail(mistake, pytrace=False)


@pytest.fixture
def exchange(request: pytest.FixtureRequest, exchange_config: dict[str, Any]) -> Iterator[Exchange]:
    """A running exchange of this test's own: own port, own books, own clock."""
    from simulator.testing.exchange import Exchange

    with Exchange(**exchange_config) as running:
        used = request.node.stash[_USED]
        used.own.append(running)
        yield running
        _verify(used)


@pytest.fixture(scope="session")
def make_exchange(pytestconfig: pytest.Config) -> Iterator[Callable[..., Exchange]]:
    """A factory for exchanges that live as long as the session, or as a ``with`` block around them."""
    from simulator.testing.exchange import Exchange

    made = pytestconfig.stash[_MADE]

    def make(*args: Any, **options: Any) -> Exchange:
        made.append(Exchange(*args, **options).start())
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to follow which exchanges a test has to do with."""
    item.stash[_USED] = _Used(item.config.stash[_MADE])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """After a test's own asserts, hold its exchanges to their scenarios: what is not met fails the test itself."""
    used = pyfuncitem.stash[_USED]
    try:
        result = yield
    except BaseException:  # a test that fails by itself has said what is wrong
        used.is_judged = True
        raise
    _verify(used)
    return result


def _verify(used: _Used) -> None:
    from simulator.errors import UnmetExpectation

    for running in () if used.is_judged else used.own:
        try:
            running.verify()
            continue
        except UnmetExpectation as error:
            text = str(error)
        used.is_judged = True
        pytest.fail(text, pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that fails what happened last in its exchanges, unless its failure shows it already."""
    report = yield
    used = item.stash.get(_USED, None)
    if used is not None and report.failed and report.when != "teardown":
        for running in used.all():
            if not _is_shown(running.told, report.longreprtext):
                report.sections.append((f"exchange {running.url}", _transcript(running)))
    return report


def _is_shown(told: str, text: str) -> bool:
    return bool(told) and all(line in text for line in told.splitlines())


def _transcript(running: Exchange) -> str:
    from simulator.errors import SimulatorError

    try:
        return running.transcript()
    except SimulatorError as error:  # it does not answer
        return str(error)


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
