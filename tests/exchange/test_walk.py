"""A walk of a price, against what statistics say of a random walk; each bound is four standard errors wide."""

import math
import random
from statistics import fmean, stdev

import pytest

from simulator.exchange.walk import Walk
from simulator.terms import BILLION

SEEDS = 1000
MOVES = (1, 10, 100, 1000)


def walked(start: int, volatility: int, reversion: int = 0) -> dict[int, list[float]]:
    """Return, after so many moves each, what share of its start each of a thousand walks has strayed."""
    strayed: dict[int, list[float]] = {moves: [] for moves in MOVES}
    for seed in range(SEEDS):
        walk = Walk(start, volatility, reversion, random.Random(seed))
        for moves in range(1, MOVES[-1] + 1):
            walk.move(1)
            if moves in strayed:
                strayed[moves].append(walk.price / start - 1)
    return strayed


@pytest.mark.parametrize("start", [1_300, 10_340, 42_280 * BILLION], ids=["PEPE", "SHIB", "BTC"])
def test_a_price_neither_sinks_nor_rises(start: int) -> None:
    """However small a move is beside a billionth, a thousand walks end on average where they began."""
    volatility = 500_000
    for moves, strayed in walked(start, volatility).items():
        error = volatility / BILLION * math.sqrt(moves / SEEDS)
        assert abs(fmean(strayed)) < 4 * error + 1 / (start * math.sqrt(SEEDS)), moves


@pytest.mark.parametrize("volatility", [50_000, 1_000_000])
def test_volatility_holds_over_any_horizon(volatility: int) -> None:
    """The standard deviation over n moves is the square root of n times that of one."""
    for moves, strayed in walked(100 * BILLION, volatility).items():
        expected = volatility / BILLION * math.sqrt(moves)
        assert abs(stdev(strayed) / expected - 1) < 4 / math.sqrt(2 * SEEDS), moves


def test_reversion_bounds_how_far_it_strays() -> None:
    """A walk that is pulled back strays as an autoregressive process of the first order does."""
    volatility, reversion = 1_000_000, 20_000_000
    kept = 1 - reversion / BILLION
    for moves, strayed in walked(100 * BILLION, volatility, reversion).items():
        expected = volatility / BILLION * math.sqrt((1 - kept ** (2 * moves)) / (1 - kept**2))
        assert abs(stdev(strayed) / expected - 1) < 4 / math.sqrt(2 * SEEDS), moves
        assert abs(fmean(strayed)) < 4 * expected / math.sqrt(SEEDS), moves


def test_a_walk_without_volatility_stands() -> None:
    """With no volatility the price stays where it began, pulled or not."""
    for reversion in (0, BILLION):
        walk = Walk(1000, 0, reversion, random.Random(1))
        for _ in range(20):
            walk.move(1)
        assert walk.price == 1000


def test_a_price_does_not_fall_through_the_floor() -> None:
    """However wild the moves, the price is not below what it is told is the lowest."""
    walk = Walk(100, 9 * 10**8, 0, random.Random(1))
    seen = set()
    for _ in range(2000):
        walk.move(7)
        seen.add(walk.price)
    assert min(seen) == 7
