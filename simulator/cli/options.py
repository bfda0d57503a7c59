"""What the texts of commands' options stand for."""

import argparse
from collections.abc import Callable

from simulator.quoting import quoted

__all__ = ["number_from", "port_number"]

_MOST_DIGITS = 100


def number_from(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads an option's text as a whole number; it raises `argparse.ArgumentTypeError` for another."""

    def read(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        if is_number and least <= int(text) and (most is None or int(text) <= most):
            return int(text)
        wanted = f"whole number of {least} or more" if most is None else f"number from {least} to {most}"
        raise argparse.ArgumentTypeError(f"expected a {wanted}, got {quoted(text)}")

    return read


port_number = number_from(0, 65535)
"""Reads an option's text as a port."""
