import pytest

from simulator.cli.main import main
from simulator.scenario.reference import explained


@pytest.mark.parametrize("word", [None, "rate_limit"])
def test_help(word: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """What a word means, or which there are, is printed."""
    assert main(["help"] if word is None else ["help", word]) == 0
    assert capsys.readouterr().out == explained(word) + "\n"


def test_help_with_no_word_of_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    """Another word is a mistake in what was asked."""
    assert main(["help", "ackk"]) == 2
    assert "did you mean 'ack'?" in capsys.readouterr().err
