"""Exchanges that a test or its fixtures make: where they look, how long they live, and that none is forgotten."""

import pytest

from support.plugin import Run

pytest_plugins = ["pytester"]

EXPECTING = """
from simulator.testing.exchange import Exchange

EXPECTING = {"rules": [{"name": "needed", "required": True, "when": {"request": "CancelOrder"}, "then": ["reject"]}]}
"""


@pytest.fixture
def run(run: Run) -> Run:
    """Run pytest on a test file that knows a scenario which expects something."""
    return lambda text, *more: run(EXPECTING + text, *more)


def test_none_is_forgotten(run: Run) -> None:
    """Each exchange that a test makes is held to its scenario, at the end of its block or of the test."""
    result = run(
        """
def test_made(make_exchange):
    make_exchange(EXPECTING)

def test_made_in_a_block(make_exchange):
    with make_exchange(EXPECTING):
        pass

def test_block():
    with Exchange(EXPECTING):
        pass

def test_started():
    Exchange(EXPECTING).start().stop()

def test_stopped(make_exchange):
    make_exchange(EXPECTING).stop()

def test_left_running(request):
    exchange = Exchange(EXPECTING).start()
    request.addfinalizer(exchange.stop)

def test_several(make_exchange, exchange):
    for _ in range(2):
        make_exchange(EXPECTING)

def test_error_inside(make_exchange, monkeypatch):
    venue = make_exchange()
    monkeypatch.setattr(venue.simulation.venue, "submit", None)
    with pytest.raises(Exception):
        order(venue.url)

def test_strict(make_exchange):
    order(make_exchange({"strict": True, **EXPECTING}).url)
"""
    )
    result.assert_outcomes(failed=9)
    unmet = "rules[[]0]: expected the rule 'needed' to fire, which is required; it never did"
    for test, count in [
        ("made", 1),
        ("made_in_a_block", 1),
        ("block", 1),
        ("started", 1),
        ("stopped", 1),
        ("left_running", 1),
        ("several", 2),
    ]:
        result.stdout.fnmatch_lines([f"*_ test_{test} _*", *[f"*{unmet}"] * count], consecutive=False)
    result.stdout.fnmatch_lines(["exchange: the simulator itself failed: TypeError*"])
    result.stdout.fnmatch_lines(["exchange: the scenario is strict and has no rule for SendLimitOrder on connection 1"])


def test_what_is_met_passes(run: Run) -> None:
    """Exchanges whose scenarios are met fail nothing, nor do those of a test that fails, and is told only of that."""
    result = run(
        """
def meet(venue):
    ask(venue.url, type="CancelOrder", order_id="1")

def test_met(make_exchange):
    meet(make_exchange(EXPECTING))
    with make_exchange(EXPECTING) as venue:
        meet(venue)
    with Exchange(EXPECTING) as venue:
        meet(venue)

def test_fails(make_exchange):
    make_exchange(EXPECTING)
    with Exchange(EXPECTING):
        assert 0

@pytest.fixture
def broken(make_exchange):
    make_exchange(EXPECTING)
    raise RuntimeError("broken")

def test_setup_fails(broken):
    pass

def test_bundled(make_exchange):
    order(make_exchange("cancel-refused").url)

@pytest.mark.exchange("cancel-refused", expect=True)
def test_bundled_as_it_is(exchange):
    order(exchange.url)
"""
    )
    result.assert_outcomes(passed=2, failed=2, errors=1)
    result.stdout.no_fnmatch_line("*expected the rule 'needed'*")
    result.stdout.fnmatch_lines(["*cancel-refused.yaml:*: expected *"])


def test_those_of_a_session(run: Run) -> None:
    """What lives longer than a test is held to its scenario when it ends, in the teardown of the last test."""
    result = run(
        """
@pytest.fixture(scope="session")
def lasting(exchange_factory):
    return exchange_factory(EXPECTING)

@pytest.fixture(scope="module")
def block():
    with Exchange(EXPECTING) as venue:
        yield venue

@pytest.fixture(scope="module")
def plain():
    venue = Exchange(EXPECTING).start()
    yield venue
    venue.stop()

def test_first(lasting, block, plain, exchange_factory):
    order(lasting.url)
    exchange_factory(EXPECTING, seed=3)

def test_last(lasting, block, plain):
    assert order(lasting.url) == {"Ok": "2"}
"""
    )
    result.assert_outcomes(passed=2, errors=1)
    unmet = [line for line in result.outlines if "expected the rule 'needed'" in line and line.startswith("E  ")]
    assert len(unmet) == 4


def test_it_lives_as_long_as_its_test(run: Run) -> None:
    """Exchanges of many tests leave no thread and no descriptor behind."""
    result = run(
        """
import os
import threading

@pytest.mark.parametrize("number", range(30))
def test_it(make_exchange, number):
    order(make_exchange().url)

def test_nothing_is_left():
    assert [thread.name for thread in threading.enumerate() if thread.name == "exchange"] == []
    assert len(os.listdir("/proc/self/fd")) < 30
"""
    )
    result.assert_outcomes(passed=31)


def test_it_is_made_as_a_marker_says(run: Run, pytester: pytest.Pytester) -> None:
    """A call takes what the marker takes, finds files where it does, and gives way to the command line."""
    pytester.path.joinpath("mine.yaml").write_text("seed: 5\n")
    text = """
@pytest.fixture(scope="session")
def lasting(exchange_factory):
    return exchange_factory("mine.yaml")

def test_it(make_exchange, lasting, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = make_exchange("mine.yaml"), make_exchange(seed=3, clock="manual"), lasting, make_exchange()
    print("seeds", [venue.seed for venue in made], made[1].clock)
    with pytest.raises(Exception, match="make_exchange has no argument 'sed'; did you mean 'seed'"):
        make_exchange(sed=3)
    with pytest.raises(Exception, match="looked for in"):
        make_exchange("min.yaml")

def test_mistake(make_exchange):
    make_exchange(clock="manuel")

def test_other_mistake():
    Exchange("partial-fil")
"""
    for ini, more, seeds in [("", (), [5, 3, 5, 0]), ("exchange_seed = 1", ("--exchange-clock=manual",), [1, 3, 1, 1])]:
        pytester.makeini(f"[pytest]\n{ini}\n")
        result = run(text, "-s", *more)
        result.assert_outcomes(passed=1 + len(more), failed=2 - len(more))
        result.stdout.fnmatch_lines([f"*seeds {seeds} manual*".replace("[", "[[]")])
    pytester.makeini("[pytest]\n")
    result = run(text)
    result.stdout.fnmatch_lines(
        [
            "*_ test_mistake _*",
            ">       make_exchange(clock=*",
            "E       *make_exchange: clock is real, instant, manual or *, got 'manuel'; did you mean 'manual'?",
            "",
            "test_it_is_made_as_a_marker_says.py:*: SimulatorError",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            ">       Exchange(*",
            "E       *; did you mean 'partial-fill'?",
            "",
            "test_it_is_made_as_a_marker_says.py:*: ScenarioError",
        ]
    )


def test_a_marker_that_nothing_reads(run: Run) -> None:
    """A test whose marker no fixture reads is warned of; one whose fixture a test asks for later is not."""
    result = run(
        """
@pytest.mark.exchange(clock="manual")
def test_unread(make_exchange):
    pass

@pytest.mark.exchange(clock="manual")
def test_read(request):
    assert request.getfixturevalue("exchange").clock == "manual"

@pytest.mark.exchange(clock="manual")
@pytest.mark.skip
def test_skipped():
    pass

@pytest.mark.exchange(clock="manual")
class TestSeveral:
    def test_without(self):
        pass
""",
        "-W",
        "default",
    )
    result.assert_outcomes(passed=3, skipped=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*::test_unread: @pytest.mark.exchange is for the fixture 'exchange', which this test does not use"]
    )
