"""'Did you mean': what a wrong word was meant to be, said alike in every message."""

import difflib
import heapq
from collections.abc import Iterable

from simulator.quoting import LONGEST

__all__ = ["most_alike", "nearest", "suggest"]

_FEW_WORDS = 100


def suggest(meant: str) -> str:
    """Return the end of a message that says what was meant: a word in quotes, or any other text."""
    return f"; did you mean {meant}?"


def nearest(word: str, valid: Iterable[str], compared: int = _FEW_WORDS) -> str:
    """Return ``; did you mean 'x'?`` for the valid word nearest to ``word``, or an empty string.

    ``compared`` is how many of the valid words are compared at most: those that are most alike at a glance.
    """
    by_folded = {choice.casefold(): choice for choice in valid}
    folded = word[:LONGEST].casefold()
    found = difflib.get_close_matches(folded, most_alike(folded, by_folded, compared), n=1)
    return suggest(repr(by_folded[found[0]])) if found else ""


def most_alike(word: str, words: Iterable[str], few: int = _FEW_WORDS) -> list[str]:
    """Return the few of many words that share the most pairs of characters with one, most first.

    `difflib` takes up to 90 us to compare two words, so ten thousand of them would take too long.
    """
    choices = list(words)
    if len(choices) <= few:
        return choices
    pairs = {word[at : at + 2] for at in range(len(word) - 1)}
    return heapq.nlargest(few, choices, key=lambda choice: sum(pair in choice for pair in pairs))
