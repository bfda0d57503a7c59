"""The one way a value is cut and quoted in a message, so that none is endless and none steers a terminal."""

from collections.abc import Iterable
from itertools import islice

__all__ = ["LONGEST", "cut", "cut_raw", "escaped", "listed", "quoted"]

LONGEST = 80
"""How many characters of a value a message shows, unless it says otherwise."""


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text, its end replaced by ``…`` if it is long."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def quoted(text: str, longest: int = LONGEST) -> str:
    """Return a text in quotes, cut if it is long."""
    return repr(cut(text, longest))


def cut_raw(raw: bytes) -> str:
    """Return JSON as it came, cut if it is long."""
    return cut(bytes(raw).decode(errors="replace"))


def listed(words: Iterable[str], most: int = 10) -> str:
    """Return words with commas between them, cut if they are many."""
    shown = list(islice(words, most + 1))
    return ", ".join([*shown[:most], "…"] if len(shown) > most else shown)


def escaped(text: str) -> str:
    """Return a text with every character that does not print, or that turns the writing about, as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
