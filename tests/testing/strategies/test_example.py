"""The example of the strategies: a client over a socket, its bug, and the venue that hypothesis prints."""

from pathlib import Path

import pytest

from simulator.scenario import load

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).with_name("example.py")
PRINTED = """\
rules:
- when: {request: SendLimitOrder}
  then: [fill, ack]
"""


def test_the_example_fails_and_prints_the_scenario(pytester: pytest.Pytester) -> None:
    """What pytest prints of the failing test holds the scenario, which loads when it is saved as it is printed."""
    pytester.makepyfile(EXAMPLE.read_text(encoding="utf-8"))
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:faker", "-W", "error"
    )
    result.assert_outcomes(failed=1)
    said = [line.removeprefix("E") for line in result.outlines]
    start = next(number for number, line in enumerate(said) if line.strip() == "venue=") + 1
    end = next(number for number, line in enumerate(said) if number > start and line.strip() == ",")
    saved = pytester.path / "found.yaml"
    saved.write_text("\n".join(said[start:end]) + "\n", encoding="utf-8")
    assert load(saved).scenario.rules
    indent = len(said[start]) - len(said[start].lstrip())
    assert "".join(f"{line[indent:]}\n" for line in said[start:end]) == PRINTED
