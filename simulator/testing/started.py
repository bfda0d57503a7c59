"""Who is told of each exchange that starts, so that none is forgotten: pytest's plugin checks them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.testing.exchange import Exchange

__all__ = ["watchers"]

watchers: "list[Callable[[Exchange], None]]" = []
"""Each is called with every exchange that starts in this process."""
