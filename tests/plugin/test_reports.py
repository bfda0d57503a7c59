"""What pytest shows of a test that fails: the test's own lines, and what nearly came."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.plugin import Run

pytest_plugins = ["pytester"]


def test_an_assert_shows_what_nearly_came(run: Run) -> None:
    """A failed assert on what was received shows the nearest request and what it lacks, as it was sent."""
    result = run(
        """
def test_it(exchange):
    terms = {"account": "DEFAULT", "dir": "buy", "price": 1, "quantity": 1, "target": PAIR}
    ask(exchange.url, type="SendLimitOrder", **terms, params={"note": "x" * 500})
    assert exchange.received(request="SendLimitOrder", dir="Sell")

def test_count(exchange):
    order(exchange.url)
    assert len(exchange.received(quantity={"ge": 5})) == 1
"""
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E       *assert [[][]] (nearest: dir: wanted Sell, came buy: *",
            "E       *where 0 = len([[][]] (nearest: quantity: wanted {'ge': '5'}, came 1: *",
        ]
    )


FILE = "test_internal_frames_are_hidden.py"
MISTAKES = [
    ('exchange.do({"fil": 1})', "*expected one of *, got 'fil'; did you mean 'fill'?", "ScenarioError"),
    ('exchange.do({"fill": {"order": "9"}})', "do: fill: there is no order to do it to", "SimulatorError"),
    ('exchange.received(requst="x")', "expected one of *; did you mean 'request'?", "ScenarioError"),
    ('exchange.book("BTC")', "book: expected a tradable product of the catalogue*", "ScenarioError"),
    ('exchange.advance("1s")', "*this one is real*", "ClockRuns"),
    ('exchange.wait_for(request="GetHalts", timeout=0.01)', "exchange: expected 1 of *", "UnmetExpectation"),
    ('exchange.never(event="connect")', "exchange: expected never *", "UnmetExpectation"),
    ('exchange.reset("partial-fil")', "*did you mean 'partial-fill'?", "ScenarioError"),
    ("exchange.verify()", "*rules[[]0]: expected the rule 'x' to fire*", "UnmetExpectation"),
    ('Simulation({"sed": 1})', "*did you mean 'seed'?", "ScenarioError"),
]


def test_internal_frames_are_hidden(run: Run) -> None:
    """A mistake in a test is shown at the test's own line, and no line of the simulator's."""
    tests = [
        f"""
@pytest.mark.exchange({{"rules": [{{"name": "x", "required": True, "when": {{}}, "then": ["reject"]}}]}})
def test_{number}(exchange):
    with connect(exchange.url + "/"):
        pass
    {text}
"""
        for number, (text, _, _) in enumerate(MISTAKES)
    ]
    result = run("from simulator import Simulation\n" + "".join(tests))
    result.assert_outcomes(failed=len(MISTAKES))
    lines = result.outlines
    for number, (text, said, kind) in enumerate(MISTAKES):
        start = next(at for at, line in enumerate(lines) if line.startswith("___") and f" test_{number} " in line)
        end = next(at for at, line in enumerate(lines) if at > start and line.endswith(f": {kind}"))
        shown = lines[start : end + 1]
        assert [line for line in shown if line.startswith(">")] == [f">       {text}"], "\n".join(shown)
        pytest.LineMatcher(shown).fnmatch_lines([f"E       *{said}", f"{FILE}:*: {kind}"])


def test_a_bug_of_the_simulator_is_shown_whole(run: Run) -> None:
    """What is no mistake of the test's is shown with all its frames."""
    result = run(
        """
def test_it(exchange, monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(exchange._control, "journal", lambda line: broken())
    exchange.journal
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       exchange.journal", "*testing/thread.py:*", "*: ZeroDivisionError"])


def test_html_of_a_test_that_fails(run: Run, pytester: pytest.Pytester) -> None:
    """With --exchange-html a test that fails leaves a report of its exchanges, and one that passes leaves none."""
    result = run(
        """
@pytest.mark.parametrize("quantity", ["1", "2"])
def test_order(exchange, quantity):
    order(exchange.url)
    assert exchange.orders[0].quantity == quantity
""",
        "--exchange-html=reports",
    )
    result.assert_outcomes(passed=1, failed=1)
    (file,) = (pytester.path / "reports").iterdir()
    assert file.name == "test_html_of_a_test_that_fails.py_test_order_2_.html"
    result.stdout.fnmatch_lines(["*exchange report*", f"*{file.name}"])
    text = file.read_text(encoding="utf-8")
    assert "SendLimitOrder" in text
    assert "assert '1' == '2'" in text
    assert "pytest 'test_html_of_a_test_that_fails.py::test_order[2]'" in text


def data_of(file: Path) -> Any:
    """Return what a report has inside."""
    text = file.read_text(encoding="utf-8")
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


def test_html_of_all_tests(run: Run, pytester: pytest.Pytester) -> None:
    """With --exchange-html-all a test that passes leaves a report as well, from its beginning; one without none."""
    result = run(
        """
def test_order(exchange):
    order(exchange.url)


def test_other():
    pass
""",
        "--exchange-html=reports",
        "--exchange-html-all",
    )
    result.assert_outcomes(passed=2)
    (file,) = (pytester.path / "reports").iterdir()
    (told,) = data_of(file)["runs"]
    assert (told["verdict"], told["failures"], told["books"]["from"]) == ("passed", [], 0)
    assert told["source"] == "{}\n"


def test_html_of_nowhere(run: Run) -> None:
    """--exchange-html-all says that the folder is missing."""
    result = run("def test_it(): pass", "--exchange-html-all")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *say where with --exchange-html DIR"])


def test_html_of_a_scenario(run: Run, pytester: pytest.Pytester) -> None:
    """A scenario file that fails as a test leaves a report, with the line of the file that is not met."""
    pytester.path.joinpath("bad.scenario.yaml").write_text(
        "client:\n  - send: {type: GetHalts}\n    reply: {Err: '*'}\n"
    )
    result = run("def test_it(): pass", "--exchange-html=reports", ".")
    result.assert_outcomes(failed=1, passed=1)
    (file,) = (pytester.path / "reports").iterdir()
    (told,) = data_of(file)["runs"]
    assert (told["marked"], told["verdict"], told["books"]["from"], told["source"][:7]) == ([3], "failed", 0, "client:")
