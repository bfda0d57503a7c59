import pytest

from simulator.scenario.checks.patterns import Names

IDS = ("0a1b", "0c2d", "1e3f")
NAMES = ("BTC/USD*COIN", "BTC/USDT*COIN", "ETH/USD*KRAK")


@pytest.mark.parametrize(
    ("pattern", "is_known"),
    [
        ("BTC/USD*COIN", True),
        ("BTC/USD*", True),
        ("*KRAK", True),
        ("ETH?USD*", True),
        ("*", True),
        ("0A*", True),
        ("*3f", True),
        ("ETH/USDT*", False),
        ("btc*", False),
        ("Z*", False),
        ("0b*", False),
        ("*COI", False),
    ],
)
def test_a_pattern_is_of_a_name_or_of_an_id(pattern: str, is_known: bool) -> None:
    """A pattern matches whole names as they are written, and whole ids in any case."""
    assert Names(zip(NAMES, IDS, strict=True)).have(pattern) == is_known


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("BTC/USD*COIM", "; did you mean 'BTC/USD*COIN'?"),
        ("ETH/EUR*", "; did you mean 'ETH/USD*KRAK'?"),
        ("eht*", "; did you mean one such as 'ETH/USD*KRAK'?"),
        ("*XYZ*", ""),
        ("A Name That Is Long/USD*VENEU", "; did you mean 'A Name That Is Long/USD*VENUE'?"),
    ],
)
def test_the_nearest_name_is_hinted_at(pattern: str, near: str) -> None:
    """The nearest name is the one most alike, or that begins most alike."""
    pairs = [*zip(NAMES, IDS, strict=True), ("A Name That Is Long/USD*VENUE", "2")]
    assert Names(pairs).near(pattern) == near


def test_of_many_mistakes_the_first_few_get_a_hint() -> None:
    """However many patterns are held against many names, a hint is looked for a few times only."""
    names = Names((f"P{number} Crypto/USD*COINBASE/DIRECT", f"{number:08x}") for number in range(10_000))
    assert all(names.have(f"P{number} *") for number in range(1000))
    hints = [names.near(f"P{number} Crypto/USD*COINBAS/DIRECT") for number in range(1000)]
    assert hints.index("") == 10
