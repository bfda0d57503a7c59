"""Which venues a seed stands for."""

import pytest

from simulator.catalogue import load
from simulator.certification.ground import Ground
from simulator.errors import SimulatorError
from simulator.exploration.venues import drawn, faults_of, known_faults

PRODUCT = Ground.of(load("default")).product
THREE = ("fills", "halts", "delays")


def test_each_fault_then_pairs_and_the_mix() -> None:
    """The first seeds are one fault each; then pairs, each as often as any other, and the mix take turns."""
    assert [faults_of(seed, THREE) for seed in range(3)] == [("fills",), ("halts",), ("delays",)]
    after = [faults_of(seed, THREE) for seed in range(3, 9)]
    assert after[1::2] == [THREE, THREE, THREE]
    assert sorted(after[0::2]) == [("fills", "delays"), ("fills", "halts"), ("halts", "delays")]
    assert faults_of(7, ("fills",)) == ("fills",)


def test_same_seed_same_venues() -> None:
    """A seed's venues are the same each time, none twice, none plain, and another's are others."""
    faults = known_faults()
    venues = drawn(40, faults, PRODUCT)
    assert venues == drawn(40, faults, PRODUCT)
    assert venues != drawn(42, faults, PRODUCT)
    assert all(venues)
    assert all(one not in venues[:at] for at, one in enumerate(venues))


def test_wrong_name() -> None:
    """A name that is no fault's is an error that says the nearest."""
    with pytest.raises(SimulatorError, match="there is no fault 'halt'; did you mean 'halts'"):
        known_faults(["halt"])
