"""Forgetting, now and then, what tables say of things that are kept no longer."""

from collections.abc import Callable
from typing import Any

__all__ = ["forget"]

_FEW = 1000
"""How many entries may be of no use without anybody going through them."""


def forget(table: dict[int, Any], kept: int, is_kept: Callable[[int], bool]) -> list[Any]:
    """Drop a table's entries for what is kept no longer, if they must be most of it; return their values.

    Args:
        table: by the numbers of things.
        kept: how many things are kept.
        is_kept: tells whether the thing of a number is.
    """
    if len(table) <= 2 * kept + _FEW:
        return []
    return [table.pop(number) for number in [number for number in table if not is_kept(number)]]
