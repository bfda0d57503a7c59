"""The battery as a test class."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CLIENTS = Path(__file__).parent / "clients"
TESTS = """
from certification.clients.mistaken import CancelErrIsTheEnd
from certification.clients.streaming import StreamingClient
from simulator.certification.suite import CertificationTests

class TestCareful(CertificationTests):
    make_client = StreamingClient

class TestMistaken(CertificationTests):
    make_client = CancelErrIsTheEnd
"""


def test_each_case_is_a_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that a client does not survive is a test that fails, and says what was done, believed and true."""
    monkeypatch.setenv("PYTHONPATH", str(CLIENTS.parent.parent))
    pytester.makepyfile(test_mine=TESTS)
    result = pytester.runpytest_subprocess(
        "-k", "cancel-refused or well-behaved", "-p", "no:cacheprovider", "-p", "no:faker"
    )
    result.assert_outcomes(passed=3, failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(
        [
            "*TestMistaken.test_survives?cancel-refused?*",
            "  the venue  The venue refuses the first cancels of orders that stay open.",
            "  broken     belief of outcomes: it believes that 'resting buy' is canceled,",
            "  again      pytest -k cancel-refused",
        ]
    )
