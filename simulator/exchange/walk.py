"""A price that walks at random: each move is so large on average, whatever came before it."""

import random

from simulator.terms import BILLION

__all__ = ["WALK_EVERY", "WALK_VOLATILITY", "Walk"]

WALK_EVERY = BILLION // 4
"""How long the prices of the busiest markets stand between two moves, in nanoseconds."""
WALK_VOLATILITY = 40_000
"""Of one of their moves, in billionths of the price: 45 % a year, which is Bitcoin's in 2023."""

_HALF = BILLION // 2


class Walk:
    """A random walk: after n moves it has strayed from its start by the square root of n times its volatility.

    The price itself is held in billionths of billionths, lest what is rounded at each move adds up: on average it is
    at any time what it was in the beginning.

    Args:
        start: where it begins, in billionths.
        volatility: the standard deviation of one move, in billionths of the price.
        reversion: how much of its distance from the start each move takes back, in billionths of it; none makes it a
            walk without a home.
        rng: where moves are drawn from, one number for each.
    """

    __slots__ = ("_price", "_reversion", "_rng", "_start", "_volatility")

    def __init__(self, start: int, volatility: int, reversion: int, rng: random.Random) -> None:
        self._start = self._price = start * BILLION
        self._volatility = volatility
        self._reversion = reversion
        self._rng = rng

    @property
    def price(self) -> int:
        """The price in billionths, to the nearest one."""
        return (self._price + _HALF) // BILLION

    def move(self, lowest: int) -> None:
        """Move once, but not below a price in billionths."""
        price = self._price
        change = round(self._rng.gauss(0, self._volatility) * price / BILLION)
        if self._reversion:
            change += ((self._start - price) * self._reversion + _HALF) // BILLION
        self._price = max(lowest * BILLION, price + change)
