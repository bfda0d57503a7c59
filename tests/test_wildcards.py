import random
import time
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.wildcards import Glob


def reference(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches, from what each of its characters does to the places reached in the text."""

    def after(places: set[int], char: str) -> set[int]:
        if char == "*":
            return set(range(min(places, default=len(text) + 1), len(text) + 1))
        return {at + 1 for at in places if at < len(text) and char in ("?", text[at])}

    return len(text) in reduce(after, pattern, {0})


@example("*ab?b*", "abaabab")
@example("*ab?b", "abab?b")
@example("a*a", "a")
@example("[ab]", "a")
@example("a", "a\n")
@given(st.text("ab*?[]!\\.\n", max_size=12), st.text("ab[]!\\.\n", max_size=12))
def test_matches_whole_texts(pattern: str, text: str) -> None:
    """A star stands for any run of characters, a question mark for one, and all else for itself."""
    assert Glob(pattern).matches(text) is reference(pattern, text)


def test_matches_as_much_as_it_misses() -> None:
    """Of random pairs over two letters many match and many do not, so that the comparison above means something."""
    draw = random.Random(1)
    pairs = [("".join(draw.choices("ab*?", k=4)), "".join(draw.choices("ab", k=4))) for _ in range(1000)]
    matching = [pair for pair in pairs if reference(*pair)]
    assert [pair for pair in pairs if Glob(pair[0]).matches(pair[1])] == matching
    assert 100 < len(matching) < 900


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_knows_what_every_match_has(pattern: str, text: str) -> None:
    """What a match begins with and what it contains is in every text that matches."""
    glob = Glob(pattern)
    if glob.matches(text):
        assert text.startswith(glob.prefix)
        assert glob.run in text


@pytest.mark.no_cover  # being traced, what is timed here takes many times as long
@pytest.mark.parametrize("part", ["*a", "*a?", "?*a", "*aab"])
def test_takes_twice_as_long_for_twice_the_text(part: str) -> None:
    """Though nothing matches, the time is no more than proportional to the text: for two stars, four, and hundreds."""

    def seconds(glob: Glob, length: int) -> float:
        text = "aab" * (length // 3)
        repeats = max(1, 20_000 // length)
        times = []
        for _ in range(5):
            began = time.thread_time()
            for _ in range(repeats):
                assert not glob.matches(text)
            times.append((time.thread_time() - began) / repeats)
        return min(times)

    for stars, length in ((2, 200), (4, 200), (400, 200_000)):
        glob = Glob(f"{part * stars}*c*")
        assert seconds(glob, 2 * length) < 3 * seconds(glob, length)
