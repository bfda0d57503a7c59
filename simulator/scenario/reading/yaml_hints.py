"""Slips of the pen that make a text other YAML, or none: a missing space after a colon, or missing quotes."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["needs_quotes", "unspaced", "yaml_hint"]

_INDICATORS = "*&%@`>|"
_UNSPACED = re.compile(r"\s*(?:- +)*([A-Za-z_]+:)[^\s:]")
_COLON_WITHIN = re.compile(r"[A-Za-z_]+:")


def needs_quotes(indicator: str) -> str:
    """Return the hint for a text that begins with a character which YAML takes for something else."""
    return f"; a text that begins with {indicator!r} needs quotes"


def unspaced(text: str, keys: Iterable[str]) -> str:
    """Return a hint that a text is one of the keys with its value, but without a space between, if it is."""
    key, colon, _ = text.partition(":")
    return _space_after(f"{key}:") if colon and key in keys else ""


def yaml_hint(lines: Sequence[str], line: int, column: int) -> str:
    """Return a hint at what keeps lines from being YAML from a place on, where 0 is the first; or an empty string."""
    text = lines[line] if line < len(lines) else ""
    at = text[column : column + 1]
    if at and at in _INDICATORS:
        return needs_quotes(at)
    word = _COLON_WITHIN.match(text, column)
    if word is not None and text[word.end() : word.end() + 1] in ("[", "{"):
        return _space_after(word.group())
    before = next((known for known in reversed(lines[:line]) if known.strip()), "")
    unspaced_before = _UNSPACED.match(before)
    return _space_after(unspaced_before[1]) if unspaced_before is not None and at == ":" else ""


def _space_after(word: str) -> str:
    return f"; is a space missing after {word!r}?"
