"""Mistakes of the person who writes the test or starts the program.

What a client does wrong is never one of these: that is answered with data, a `simulator.terms.Refusal`.
"""

import difflib
from collections.abc import Iterable

__all__ = ["CatalogueError", "SimulatorError", "nearest"]


class SimulatorError(Exception):
    """The base of every mistake that the simulator reports to its user."""


class CatalogueError(SimulatorError):
    """A catalogue file that cannot be used; the text says where, what was expected and what came."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the valid word nearest to ``word``, or an empty string."""
    by_folded = {choice.casefold(): choice for choice in valid}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[found[0]]!r}?" if found else ""
