"""Which files are collected as scenarios."""

import pytest

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
