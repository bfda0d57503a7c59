"""Candles of the time before an exchange began, of which each is just what its parts make together.

A day's candle is made of the seed, and divided into those of its hours, these into quarters of an hour and so on down
to seconds: the prices of each part lie within the whole's, one of them reaches its high and one its low, and the
quantities add up. What is asked for can so be made without making all seconds of it.
"""

import math
import random
from hashlib import sha1
from itertools import accumulate, pairwise
from typing import NamedTuple

from simulator.gateway.candles import WIDTHS, Bar
from simulator.terms import BILLION

__all__ = ["InventedCandles", "Past"]

_WAVES = ((86_400 * 97, 0.11), (86_400 * 13, 0.05), (86_400 * 1.7, 0.013))
"""Periods in seconds and heights, as a share of the price, of the waves that the price of a day is made of."""

_DAY = 0.02
"""The standard deviation of a day's walk between its open and its close, as a share of the price."""

_RANGE = 1.6
"""The range of a random walk, in standard deviations of its end."""

_WORTH = 6_000
"""What is traded in a second, in units of the quote currency: as much as where somebody trades once a second."""

_DOWNWARDS = tuple(sorted(WIDTHS.values(), reverse=True))


class Past(NamedTuple):
    """The time before an exchange began, for one product.

    ``began`` is its end in nanoseconds, ``price`` the price then, ``tick`` and ``step`` are the increments, these three
    in billionths, and ``seed`` is what the candles are made from.
    """

    began: int
    price: int
    tick: int
    step: int
    seed: str


class InventedCandles:
    """The candles of one product's past; neighbours are cheap one after the other."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._last = max(1, round(past.price / past.tick))
        self._rate = max(1, _WORTH * BILLION * BILLION // (past.price * past.step))
        self._phases = [self._drawn(f"wave {number}") * math.tau for number in range(len(_WAVES))]
        self._parts: dict[int, tuple[int, list[Bar]]] = {}

    def bar(self, start: int, width: int) -> Bar | None:
        """Return the bar that begins at a multiple of a width, in billionths, as far as it is past, or None."""
        past = self._past
        if start >= past.began:
            return None
        bar = self._at(start, _DOWNWARDS.index(width))
        first, high, low, last = (price * past.tick for price in bar[:4])
        return Bar(first, high, low, last, bar.bought * past.step, bar.sold * past.step)

    def _at(self, start: int, level: int) -> Bar:
        """Return a bar in ticks and steps; level 0 is a day."""
        if level == 0:
            return self._day(start)
        whole = start // _DOWNWARDS[level - 1] * _DOWNWARDS[level - 1]
        made = self._parts.get(level)
        if made is None or made[0] != whole:
            made = self._parts[level] = (whole, self._divided(whole, level))
        return made[1][(start - whole) // _DOWNWARDS[level]]

    def _day(self, start: int) -> Bar:
        end = min(start + _DOWNWARDS[0], self._past.began)
        rng = self._rng(0, start)
        first, last = self._price(start), self._price(end)
        above, below = _beyond(last - first, first * _DAY * math.sqrt((end - start) / _DOWNWARDS[0]), rng)
        traded = round(self._rate * (end - start) / BILLION * rng.uniform(0.6, 1.4))
        quantity = max(traded, _seconds(end - start))
        bought = round(quantity * rng.uniform(0.45, 0.55))
        return Bar(
            first,
            max(first, last) + above,
            max(1, min(first, last) - below),
            last,
            bought,
            quantity - bought,
        )

    def _price(self, time: int) -> int:
        """Return the price at the beginning of a day, or at the end of the past, in ticks."""
        seconds = (time - self._past.began) / BILLION
        height = 0.0
        for (period, share), phase in zip(_WAVES, self._phases, strict=True):
            height += share * (math.sin(seconds / period * math.tau + phase) - math.sin(phase))
        return max(1, round(self._last * (1 + height)))

    def _divided(self, start: int, level: int) -> list[Bar]:
        """Return the bars of a level's width that a bar of the level above is made of."""
        whole = self._at(start, level - 1)
        end = min(start + _DOWNWARDS[level - 1], self._past.began)
        width = _DOWNWARDS[level]
        spans = [min(begin + width, end) - begin for begin in range(start, end, width)]
        rng = self._rng(level, start)
        prices = _prices(whole, spans, rng)
        quantities = _quantities(whole, spans, rng)
        return [Bar(*four, *two) for four, two in zip(prices, quantities, strict=True)]

    def _rng(self, level: int, start: int) -> random.Random:
        return random.Random(f"{self._past.seed} {level} {start}")  # noqa: S311 - seeded, which is the point

    def _drawn(self, purpose: str) -> float:
        digest = sha1(f"{self._past.seed} {purpose}".encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest[:4], "big") / 2**32


def _prices(whole: Bar, spans: list[int], rng: random.Random) -> list[tuple[int, int, int, int]]:
    """Return open, high, low and close of each part: a walk from the whole's open to its close, within its range."""
    time = sum(spans)
    scale = (whole.high - whole.low) / _RANGE
    shares = [span / time for span in spans]
    walk = list(accumulate(rng.gauss(0, math.sqrt(share)) for share in shares))
    between = []
    for elapsed, strayed in zip(accumulate(shares[:-1]), walk, strict=False):
        price = whole.open + (whole.close - whole.open) * elapsed + scale * (strayed - walk[-1] * elapsed)
        between.append(_folded(round(price), whole.low, whole.high))
    turns = list(pairwise([whole.open, *between, whole.close]))
    highest = max(range(len(turns)), key=lambda at: max(turns[at]))
    lowest = min(range(len(turns)), key=lambda at: min(turns[at]))
    parts = []
    for at, (turn, share) in enumerate(zip(turns, shares, strict=True)):
        above, below = _beyond(turn[1] - turn[0], scale * math.sqrt(share), rng)
        high = whole.high if at == highest else min(whole.high, max(turn) + above)
        low = whole.low if at == lowest else max(whole.low, min(turn) - below)
        parts.append((turn[0], high, low, turn[1]))
    return parts


def _beyond(move: int, deviation: float, rng: random.Random) -> tuple[int, int]:
    """Return how far a random walk comes above and below both its ends, of which it is known how far they are apart.

    Each is drawn from the distribution of a Brownian bridge's maximum.
    """
    above, below = (math.sqrt(move**2 - 2 * deviation**2 * math.log(1 - rng.random())) for _ in range(2))
    return round((above - abs(move)) / 2), round((below - abs(move)) / 2)


def _folded(price: int, low: int, high: int) -> int:
    """Return a price mirrored at the ends of a range until it lies within."""
    if low <= price <= high or low == high:
        return min(high, max(low, price))
    turn = 2 * (high - low)
    beyond = (price - low) % turn
    return low + min(beyond, turn - beyond)


def _quantities(whole: Bar, spans: list[int], rng: random.Random) -> list[tuple[int, int]]:
    """Return what was bought and sold in each part, in steps: one at least in each second, and the whole's in all."""
    least = [_seconds(span) for span in spans]
    weights = list(accumulate(span * (0.2 + rng.random()) for span in spans))
    spare = whole.bought + whole.sold - sum(least)
    shares = pairwise([0, *(min(spare, int(spare * (weight / weights[-1]))) for weight in weights[:-1]), spare])
    totals = [part + later - earlier for part, (earlier, later) in zip(least, shares, strict=True)]
    share = whole.bought / (whole.bought + whole.sold)
    bought = [min(total, max(0, round(total * (share + rng.uniform(-0.1, 0.1))))) for total in totals]
    missing = whole.bought - sum(bought)
    for at, total in enumerate(totals):
        more = min(total - bought[at], max(-bought[at], missing))
        bought[at] += more
        missing -= more
    return [(part, total - part) for part, total in zip(bought, totals, strict=True)]


def _seconds(span: int) -> int:
    return -(-span // BILLION)
