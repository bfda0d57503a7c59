"""The pytest plugin: wiring only. Everything heavy is imported by the fixtures that need it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.testing.started import watchers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import TracebackType

    from simulator.testing.exchange import Exchange

_PACKAGE = Path(__file__).parent
_OPTIONS = {
    "scenario": "a scenario file, or the name of a bundled one, for every exchange",
    "seed": "the seed of every exchange",
    "clock": "the clock of every exchange: real, instant, manual, or how many times as fast",
    "catalogue": "the catalogue of every exchange: default, reference, or a file",
}
_MARKER = (
    "exchange(scenario, *, seed, clock, catalogue, expect, tls): which exchange the fixture of that name starts: "
    "scenario is a file, the name of a bundled scenario, or a dict; expect=True verifies what a bundled one expects; "
    "tls=True is reached by wss"
)


class _Followed:
    """The exchanges that a test has to do with.

    Args:
        started: all that run when it begins, and those that start from then on.
    """

    def __init__(self, started: list[Exchange]) -> None:
        self.own: list[Exchange] = []
        """Those that live as long as the test, or less."""
        self.has_read_marker = False
        self.was_called = False
        self._started = started
        self._before = {id(one): one.simulation.journal.written for one in started}

    def touched(self) -> list[Exchange]:
        """Return those that have started since its beginning, and those in which something has happened."""
        return [one for one in self._started if one.simulation.journal.written != self._before.get(id(one))]


_FOLLOWED = pytest.StashKey[_Followed]()
_STARTED = pytest.StashKey["list[Exchange]"]()
"""The exchanges that run, and those that a test has ended."""
_LASTING = pytest.StashKey["list[Exchange]"]()
"""Those that live as long as the session."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the ini file under the same names."""
    group = parser.getgroup("exchange", "exchange simulator")
    for name, text in _OPTIONS.items():
        group.addoption(f"--exchange-{name}", dest=f"exchange_{name}", metavar=name.upper(), help=text)
        parser.addini(f"exchange_{name}", text)
    text = "write there, for each test that fails, what happened in its exchanges, to be looked through in a browser"
    group.addoption("--exchange-html", dest="exchange_html", metavar="DIR", type=Path, help=text)
    text = "with --exchange-html, write it for tests that pass, too"
    group.addoption("--exchange-html-all", dest="exchange_html_all", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and learn of every exchange that starts."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_STARTED] = []
    config.stash[_LASTING] = []
    watchers.append(config.stash[_STARTED].append)
    if config.getoption("exchange_html") is not None:
        watchers.append(_keep_books)
    elif config.getoption("exchange_html_all"):
        raise pytest.UsageError("--exchange-html-all says for which tests; say where with --exchange-html DIR")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Learn of no more."""
    watchers.remove(config.stash[_STARTED].append)
    if _keep_books in watchers:
        watchers.remove(_keep_books)


def _keep_books(exchange: Exchange) -> None:
    exchange.keep_books()


@pytest.fixture
def exchange_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the ``exchange`` fixture starts: override it to decide in another way.

    The command line comes before the marker, the marker before the ini file, and that before the defaults.
    """
    from simulator.errors import SimulatorError
    from simulator.testing.configuration import configuration

    request.node.stash[_FOLLOWED].has_read_marker = True
    try:
        return configuration(request.node, tuple(_OPTIONS))
    except SimulatorError as error:
        mistake = f"usage error: {error}"
    # Outside of the handler, where the error would be reported as well; the line that is wrong is in no frame.
    pytest.fail(mistake, pytrace=False)


@pytest.fixture
def exchange(request: pytest.FixtureRequest, exchange_config: dict[str, Any]) -> Iterator[Exchange]:
    """A running exchange of this test's own: own port, own books, own clock."""
    from simulator.testing.exchange import Exchange

    running = Exchange(**exchange_config).start()
    request.node.stash[_FOLLOWED].own.append(running)
    yield running
    running.stop()


@pytest.fixture
def make_exchange(request: pytest.FixtureRequest) -> Iterator[Callable[..., Exchange]]:
    """A factory for exchanges that live as long as the test, or as a ``with`` block around them.

    It takes what the marker takes: ``make_exchange("partial-fill", clock="manual")``. The command line comes before
    that, and that before the ini file.
    """
    yield from _factory(request, "make_exchange", request.node.stash[_FOLLOWED].own)


@pytest.fixture(scope="session")
def exchange_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., Exchange]]:
    """A factory, like ``make_exchange``, for exchanges that live as long as the session."""
    yield from _factory(request, "exchange_factory", request.config.stash[_LASTING])


def _factory(request: pytest.FixtureRequest, name: str, made: list[Exchange]) -> Iterator[Callable[..., Exchange]]:
    def make(*args: Any, **options: Any) -> Exchange:
        from simulator.testing.configuration import of_call
        from simulator.testing.exchange import Exchange

        made.append(Exchange(**of_call(request.node, tuple(_OPTIONS), name, args, options)).start())
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to follow which exchanges a test has to do with."""
    item.stash[_FOLLOWED] = _Followed(item.config.stash[_STARTED])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """After a test's own asserts, hold its exchanges to their scenarios: what is not met fails the test itself."""
    followed = pyfuncitem.stash[_FOLLOWED]
    started, lasting = pyfuncitem.config.stash[_STARTED], pyfuncitem.config.stash[_LASTING]
    followed.was_called = True
    others = list(started)
    try:
        result = yield
    except BaseException:  # a test that fails by itself has said what is wrong
        _forgive(followed.own)
        raise
    finally:
        followed.own += [one for one in started if one not in (*others, *lasting, *followed.own)]
    _verify(followed.own)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Hold those exchanges to their scenarios that have ended with the test, and say if nothing has read its marker."""
    followed = item.stash[_FOLLOWED]
    if not followed.was_called:
        _forgive(followed.own)
    try:
        yield
    except BaseException as error:
        try:
            _verify_ended(item.config)
        except pytest.fail.Exception as unmet:
            error.add_note(str(unmet))
        raise
    _verify_ended(item.config)
    if followed.was_called and not followed.has_read_marker and any(m.name == "exchange" for m in item.own_markers):
        text = f"{item.nodeid}: @pytest.mark.exchange is for the fixture 'exchange', which this test does not use"
        item.warn(pytest.PytestWarning(text))


def _verify_ended(config: pytest.Config) -> None:
    started = config.stash[_STARTED]
    ended = [one for one in started if not one.is_running]
    started[:] = [one for one in started if one.is_running]
    _verify(ended)


def _forgive(exchanges: list[Exchange]) -> None:
    for running in exchanges:
        running.is_judged = True


def _verify(exchanges: list[Exchange]) -> None:
    from simulator.errors import UnmetExpectation

    texts = []
    for running in exchanges:
        if not running.is_judged:
            running.is_judged = True
            try:
                running.verify()
            except UnmetExpectation as error:
                texts.append(str(error))
    if texts:
        pytest.fail("\n\n".join(texts), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that fails what happened last in its exchanges, unless its failure shows it already."""
    if call.excinfo is not None and not item.config.getoption("fulltrace"):
        _hide_our_frames(call.excinfo)
    report = yield
    followed = item.stash.get(_FOLLOWED, None)
    if followed is None or report.when == "teardown":
        return report
    if report.failed:
        for running in followed.touched():
            if not _is_shown(running.told, report.longreprtext):
                report.sections.append((f"exchange {running.url}", _transcript(running)))
    folder = item.config.getoption("exchange_html")
    is_wanted = report.failed or (
        report.passed and report.when == "call" and item.config.getoption("exchange_html_all")
    )
    if folder is not None and is_wanted:
        from simulator.testing.reports import write_report

        try:
            file = write_report(item, report, followed.touched(), folder)
            text = "" if file is None else str(file)
        except OSError as error:
            text = f"it cannot be written: {error}"
        if text:
            report.sections.append(("exchange report", text))
    return report


def _hide_our_frames(caught: pytest.ExceptionInfo[BaseException]) -> None:
    """Let a mistake of a test's author end in a line of the test, not in one of ours that has found it."""
    from simulator.errors import SimulatorError

    if isinstance(caught.value, SimulatorError):
        others = [step for step in _steps(caught.tb) if _PACKAGE not in Path(step.tb_frame.f_code.co_filename).parents]
        if others:
            others[-1].tb_next = None


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_shown(told: str, text: str) -> bool:
    return bool(told) and all(line in text for line in told.splitlines())


def _transcript(running: Exchange) -> str:
    from simulator.errors import SimulatorError

    try:
        return running.transcript()
    except SimulatorError as error:  # it does not answer
        return str(error)


_SCENARIO_SUFFIX = (".scenario.yaml", ".scenario.yml")
_SCHEMA = re.compile(r"^#.*\bscenario\.schema\.json\s*$", re.MULTILINE)
_FIRST_STEP = re.compile(r"^client[ ]*:[ ]*(?:#.*)?\n(?:\s*(?:#.*)?\n)*\s*-\s+\{?\s*(\w+)\s*:", re.MULTILINE)
_WORDS_OF_STEPS = ("send", "raw", "await", "wait", "connect", "disconnect", "on", "as", "reply", "within")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenarios that have a client to be replayed: files that say what they are, by their name or inside."""
    name = file_path.name
    if not name.endswith((".yaml", ".yml")):
        return None
    is_certain = name.endswith(_SCENARIO_SUFFIX)
    if not is_certain:
        try:
            text = file_path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        is_certain = bool(_SCHEMA.search(text))
        if not is_certain and not _has_steps(text):
            return None
    from simulator.testing.items import ScenarioFile

    collector: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    collector.is_certain = is_certain
    return collector


def _has_steps(text: str) -> bool:
    """Tell whether a file has a client whose first step begins with a word of a step, or nearly so."""
    from simulator.did_you_mean import nearest

    first = _FIRST_STEP.search(text)
    return first is not None and (first[1] in _WORDS_OF_STEPS or bool(nearest(first[1][:80], _WORDS_OF_STEPS)))
