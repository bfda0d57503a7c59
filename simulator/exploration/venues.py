"""Which venues a seed stands for: each fault by itself first, then pairs of faults and the mix of all in turn."""

import random
import threading
import warnings
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from simulator.catalogue import TradableProduct
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError

__all__ = ["VENUES", "drawn", "faults_of", "known_faults"]

VENUES = 20
"""How many venues a seed stands for; fewer where a fault has fewer forms."""

_DRAWING = threading.Lock()


def known_faults(names: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the names of faults in their order, all for None; raises `SimulatorError` for one that is none."""
    from simulator.testing.strategies import FAULTS, MORE_FAULTS

    known = (*FAULTS, *MORE_FAULTS)
    wanted = known if names is None else tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise SimulatorError(f"there is no fault {name!r}{nearest(name, known)}")
    return wanted


def faults_of(seed: int, faults: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a seed's venues do to a client.

    One named fault shows in a few venues what a mix of all does not in hundreds, so the first seeds are one fault each;
    after them every second seed is a pair, in an order that looks random, and the others are all faults together.
    """
    if seed < len(faults):
        return (faults[seed],)
    turn, is_mix = divmod(seed - len(faults), 2)
    pairs = list(combinations(faults, 2))
    if is_mix or not pairs:
        return faults
    random.Random(len(faults)).shuffle(pairs)  # noqa: S311 - an order, and no secret
    return pairs[turn % len(pairs)]


def drawn(seed: int, faults: tuple[str, ...], product: TradableProduct) -> list[dict[str, Any]]:
    """Return the venues of a seed for a product: the same wherever the same release of hypothesis draws them."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import HypothesisWarning

    from simulator.testing.strategies import scenarios

    venues: list[dict[str, Any]] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=VENUES + 1,  # the first is the plain exchange
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(faults_of(seed, faults), product=product))
    def collect(venue: dict[str, Any]) -> None:
        if venue and venue not in venues:
            venues.append(dict(venue))

    with _DRAWING, warnings.catch_warnings():
        # Other threads may draw random numbers meanwhile; nothing here does so but by hypothesis.
        warnings.simplefilter("ignore", HypothesisWarning)
        collect()
    return venues
