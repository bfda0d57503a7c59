from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.quoting import LONGEST, cut, cut_raw, escaped, listed, quoted


@pytest.mark.parametrize(
    ("way", "quote"),
    [(cut, ""), (quoted, "'"), (lambda text: cut_raw(text.encode()), "")],
    ids=["cut", "quoted", "raw"],
)
def test_what_is_long_is_cut(way: Callable[[str], str], quote: str) -> None:
    """A short value is shown whole; of a longer one the beginning, with a mark within its quotes."""
    whole = "é" * LONGEST
    assert way(whole) == f"{quote}{whole}{quote}"
    for longer in (whole + "é", whole * 10_000):
        assert way(longer) == f"{quote}{whole}…{quote}"


def test_a_word_may_be_shown_longer() -> None:
    """Where it is said, more is shown."""
    assert cut("abcdef", 4) == "abcd…"
    assert quoted("abcdef", 4) == "'abcd…'"


@pytest.mark.parametrize(("count", "text"), [(0, ""), (1, "0"), (3, "0, 1, 2"), (10**9, "0, 1, 2, …")])
def test_of_many_words_the_first_are_listed(count: int, text: str) -> None:
    """Words are listed up to a number, without looking at all of them."""
    assert listed(map(str, range(count)), 3) == text


@given(st.text())
def test_nothing_that_is_escaped_steers_a_terminal(text: str) -> None:
    """What is escaped prints, says the same, and is as it was if it printed before."""
    said = escaped(text)
    assert said.isprintable()
    assert (said == text) is text.isprintable()


def test_escapes_are_pythons() -> None:
    """Control characters, marks that turn the writing about, and halves of a pair are written as Python writes them."""
    assert escaped("a\x1b[2Jb\n\u202e\ud800\U000e0001") == r"a\x1b[2Jb\n\u202e\ud800\U000e0001"
