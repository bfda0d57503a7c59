import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.regex import LONGEST_TEXT, MOST_STATES, Regex

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", r"\.", r"\b", r"\B", "^", "$", "[]b]", r"\x61"])
PATTERNS = st.recursive(
    ATOMS,
    lambda parts: st.one_of(
        st.lists(parts, max_size=4).map("".join),
        st.lists(parts, min_size=2, max_size=3).map(lambda these: f"({'|'.join(these)})"),
        st.tuples(
            parts.filter(lambda part: part not in ("^", "$", r"\b", r"\B")),
            st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{,2}", "{1,}", "*?", "+?"]),
        ).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("ab.1 \n", max_size=8), st.booleans())
def test_finds_what_re_finds(pattern: str, text: str, ignore_case: bool) -> None:
    """A pattern matches where `re` finds it."""
    assume(text or r"\B" not in pattern)  # releases of Python differ in this
    try:
        wanted = re.search(pattern, text, re.IGNORECASE if ignore_case else 0)
    except re.error:
        return
    assert Regex(pattern, ignore_case).search(text) is (wanted is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)btc", "the BTC", True),
        ("(?P<base>BTC|ETH) Crypto/USD", "ETH Crypto/USD*COINBASE", True),
        (r"^\d{3}-\d{4}$", "555-0199", True),
        (r"^\d{3}-\d{4}$", "555-019", False),
        (r"[\]a-c]+$", "x]", True),
        ("{", "{", True),
        ("a{,}", "a{,}", True),
        (r"\u00e9\N{LATIN SMALL LETTER A}", "éa", True),
        ("", "", True),
    ],
)
def test_syntax(pattern: str, text: str, found: bool) -> None:
    """Flags, names, counts, classes and escapes mean what they mean to `re`."""
    assert Regex(pattern).search(text) is found is bool(re.search(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a", "missing ), unterminated subpattern at position 0"),
        (r"(a)\1", r"expected no back reference, got '\\1'"),
        ("(?=a)b", r"expected a plain group, got '(?=a'"),
        ("(?P<a>.)(?P=a)", r"expected a plain group, got '(?P='"),
        ("a++", "expected no possessive repeat, got one"),
        ("((a{0}){200}){200}", f"expected a pattern that stands for at most {MOST_STATES} characters"),
        ("(a{30}){30}", f"expected a pattern that stands for at most {MOST_STATES} characters"),
    ],
)
def test_what_cannot_be_matched_is_refused(pattern: str, text: str) -> None:
    """What is no pattern, or has what no bounded time suffices for, is refused in words."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Regex(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "(a*)*(a*)*b", "(.*)(.*)(.*)(.*)[^a!]", "^(a?){60}a{60}$"])
def test_steps_are_bounded(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pattern looks at more states for a character than it has, where `re` would try for ever."""
    regex = Regex(pattern)
    sizes: list[int] = []
    reached = regex._reached

    def measured(*where: Any) -> Any:
        now = reached(*where)
        sizes.append(len(now))
        return now

    monkeypatch.setattr(regex, "_reached", measured)
    assert not regex.search("a" * (LONGEST_TEXT - 1) + "!")
    assert len(sizes) <= LONGEST_TEXT + 1
    assert max(sizes) <= len(regex._states)


def test_long_text_matches_nothing() -> None:
    """A text that is too long is not looked at."""
    assert [Regex("a").search("a" * length) for length in (LONGEST_TEXT, LONGEST_TEXT + 1)] == [True, False]
