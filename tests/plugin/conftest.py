import pytest

from support.plugin import ALONE, CLIENT, Run


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on a test file in a process of its own, without the plugins of others."""

    def runs(text: str, *more: str) -> pytest.RunResult:
        pytester.makepyfile(CLIENT + text)
        return pytester.runpytest_subprocess(*ALONE, *more)

    return runs
