"""Which files are collected as scenarios."""

from pathlib import Path

import pytest

from simulator.scenario import load
from simulator.scenario.reading.files import bundled
from simulator.testing.items import _plain_name
from support.plugin import ALONE

pytest_plugins = ["pytester"]

SCENARIO = """\
name: one order
rules:
  - when: {request: SendLimitOrder}
    then: [ack]
client:
  - send:
      {type: SendLimitOrder, account: DEFAULT, dir: Buy, price: 10, quantity: 1,
       target: "BTC Crypto/USD*COINBASE/DIRECT"}
    as: order
expect:
  - orders: {$order: {state: [Open, Acked], filled_qty: %s}}
"""


def test_scenario_files_are_tests(pytester: pytest.Pytester) -> None:
    """Each file with a client's section is a test; a failure points at the line of the file."""
    pytester.path.joinpath("good.scenario.yaml").write_text(SCENARIO % 0)
    pytester.path.joinpath("bad.yaml").write_text(SCENARIO % 1)
    pytester.path.joinpath("other.yaml").write_text("client: nothing of ours\n")
    result = pytester.runpytest_subprocess(*ALONE, "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["bad.yaml::one order FAILED*", "good.scenario.yaml::one order PASSED*"],
    )
    result.stdout.fnmatch_lines(["*bad.yaml:11:*: expected the filled_qty of the order $order (1) to be 1, got 0"])


def test_wrong_scenario_file_is_a_collection_error(pytester: pytest.Pytester) -> None:
    """A file that is no right scenario is an error of the collection, with line and column."""
    pytester.path.joinpath("wrong.scenario.yaml").write_text("rules:\n  - when: {requst: '*'}\n    then: [ack]\n")
    result = pytester.runpytest_subprocess(*ALONE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*wrong.scenario.yaml:2:12: *did you mean 'request'?*"])


THEIRS = """\
name: somebody's application
client:
  host: localhost
  retries: 3
rules:
  - path: /admin
    allow: [alice]
"""
NEARLY = """\
client:
  - connect: https://example.org
    retries: 3
rules:
  - path: /admin
middlewares: []
"""


def test_only_what_is_ours_is_collected(pytester: pytest.Pytester) -> None:
    """A file of somebody's application is none of ours, whatever its sections are called."""
    pytester.path.joinpath("theirs.yaml").write_text(THEIRS)
    pytester.path.joinpath("torn.yaml").write_text("client: {{ host }}\nrules: []\n")
    pytester.path.joinpath("good.yaml").write_text(SCENARIO % 0)
    result = pytester.runpytest_subprocess(*ALONE, "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["good.yaml::one order PASSED*"])


def test_a_file_that_looks_like_ours(pytester: pytest.Pytester) -> None:
    """A file with steps of a client and a section of somebody else's is passed over, which is said."""
    pytester.path.joinpath("nearly.yaml").write_text(NEARLY)
    pytester.path.joinpath("good.yaml").write_text(SCENARIO % 0)
    result = pytester.runpytest_subprocess(*ALONE[2:])
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*nearly.yaml: not collected as a scenario, because none has the section 'middlewares'"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "client:\n  # first\n\n  - {sned: {type: GetHalts}, as: x}\n",
        "client:\n  - send: {type: GetHaltz}\n",
        "client: # ours\n- send: {type: GetHalts}\nrulse: []\n",
        "# yaml-language-server: $schema=../fixtures/scenario.schema.json\nclient: [{sent: 1}]\nmiddlewares: []\n",
    ],
)
def test_a_slip_in_what_is_ours_is_an_error(pytester: pytest.Pytester, text: str) -> None:
    """A scenario with a mistake is not passed over: by its first step or its schema it is ours."""
    pytester.path.joinpath("ours.yaml").write_text(text)
    result = pytester.runpytest_subprocess(*ALONE)
    result.assert_outcomes(errors=1)


def test_scenarios_are_read_when_they_are_run(pytester: pytest.Pytester) -> None:
    """A file that shows its name is collected by it, unread: a mistake in it is an error with its line once it runs."""
    pytester.path.joinpath("good.yaml").write_text(SCENARIO % 0)
    wrong = (SCENARIO % 0).replace("name: one order", 'name: "not this"').replace("then: [ack]", "then: [akc]")
    pytester.path.joinpath("wrong.yaml").write_text(wrong)
    result = pytester.runpytest_subprocess(*ALONE, "-v", "-k", "one and order")
    result.assert_outcomes(passed=1, deselected=1)
    result = pytester.runpytest_subprocess(*ALONE, "-v")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["wrong.yaml::not this ERROR*", "*wrong.yaml:4:12: *did you mean 'ack'?*"])


REST = "\nclient:\n  - send: {type: GetHalts}\n"


@pytest.mark.parametrize(
    "text",
    [
        "name: one order" + REST,
        "name:   one order, twice (3)  # as one does" + REST,
        "name: 'one: order'" + REST,
        'name: "one # order"  # and more' + REST,
        "# a comment\n---\nname: a.b/c" + REST,
        "seed: 3" + REST,
        "client:  # first\n\n# second\n- send: {type: GetHalts}\n- send: {type: GetHalts}\nname: last\n",
    ],
)
def test_a_name_that_shows(tmp_path: Path, text: str) -> None:
    """The name by which an unread file is collected is the one that it has when it is read."""
    file = tmp_path / "some.scenario.yaml"
    file.write_text(text)
    assert _plain_name(file) == load(file).name


@pytest.mark.parametrize(
    "text",
    [
        "name: one\n  order" + REST,
        "name: |\n  one order" + REST,
        'name: "one\\torder"' + REST,
        "name: it's" + REST,
        "name: true" + REST,
        "name: 12" + REST,
        "name: &anchor one" + REST,
        "include: [partial-fill]" + REST,
        "middlewares: []" + REST,
        "name: one order\nclient: []\n",
        "name: one order\nclient:\n",
        "name: one order\nrules: []\n",
        "{name: one, client: [{send: {type: GetHalts}}]}\n",
    ],
)
def test_a_name_that_does_not_show(tmp_path: Path, text: str) -> None:
    """Whatever is not plain is read to know its name, or whether it has a client at all."""
    file = tmp_path / "some.scenario.yaml"
    file.write_text(text)
    assert _plain_name(file) is None


@pytest.mark.parametrize("path", bundled().values(), ids=list(bundled()))
def test_names_of_bundled_scenarios(path: Path) -> None:
    """Each bundled scenario is collected by the name that it has, and those that take in others once they are read."""
    name = _plain_name(path)
    assert name == load(path).name or (name is None and "\ninclude:" in path.read_text(encoding="utf-8"))
