"""How long messages travel: delays drawn from the scenario's distributions and its seed."""

import math
import random
from collections.abc import Callable
from functools import partial

from simulator.scenario.amounts import duration
from simulator.scenario.model import Latency, Leg, LegEntry

__all__ = ["Latencies"]

_P99 = 2.3263478740408408
"""How many standard deviations above the mean the 99th percentile of a normal distribution lies."""

Draw = Callable[[], int]


class Latencies:
    """The ways of messages between client and venue; each draw is a delay in nanoseconds.

    Args:
        latency: the scenario's latency.
        rng: where the delays are drawn from.
    """

    def __init__(self, latency: Latency, rng: random.Random) -> None:
        self._rng = rng
        self._entry = self._compile(latency.entry)
        self._of_type = {name: self._compile(leg) for name, leg in latency.requests.items()}
        self.reply = self._compile(latency.reply)
        self.update = self._compile(latency.update)
        self.reorder = latency.reorder

    def entry(self, kind: str) -> int:
        """Return how long a request of this type travels to the venue."""
        draw = self._of_type.get(kind, self._entry)
        return draw() if draw is not None else 0

    def end(self) -> None:
        """Let messages travel in no time from now on."""
        self._entry = self.reply = self.update = None
        self._of_type = {}

    def _compile(self, leg: Leg | None) -> Draw | None:
        """Return what draws a leg's delays, or None if there is no delay."""
        if leg is None:
            return None
        rng = self._rng
        if isinstance(leg, str):
            fixed = duration(leg)
            return partial(int, fixed) if fixed else None
        assert isinstance(leg, LegEntry)  # noqa: S101 - the two forms of a leg
        if leg.uniform is not None:
            low, high = map(duration, leg.uniform)
            return partial(rng.randint, low, high)
        if leg.normal is not None:
            mean, deviation = duration(leg.normal.mean), duration(leg.normal.stddev)
            return partial(_normal, rng, mean, deviation)
        if leg.lognormal is not None:
            median, p99 = duration(leg.lognormal.median), duration(leg.lognormal.p99)
            mu = math.log(median)
            sigma = (math.log(p99) - mu) / _P99
            return partial(_lognormal, rng, mu, sigma)
        return None


def _normal(rng: random.Random, mean: int, deviation: int) -> int:
    return max(0, round(rng.gauss(mean, deviation)))


def _lognormal(rng: random.Random, mu: float, sigma: float) -> int:
    return round(rng.lognormvariate(mu, sigma))
