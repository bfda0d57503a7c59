"""The fills of a venue: which are kept, and under which number."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange.fills import Fills
from simulator.exchange.orders import Fill


def fill(number: int, trade: int) -> Fill:
    """Return a fill of a trade."""
    return Fill(number, 1, "ann", "BTC", True, 100, 1, False, "bob", trade, number)


@given(st.lists(st.integers(1, 2), max_size=60), st.integers(1, 20))
def test_the_newest_are_kept_and_all_are_counted(trades: list[int], limit: int) -> None:
    """At least so many of the newest are kept, hardly more, each under its own number, and never half a trade."""
    fills = Fills(limit)
    made: list[Fill] = []
    for trade, sides in enumerate(trades, 1):
        for _ in range(sides):
            made.append(fill(len(made) + 1, trade))
            fills.append(made[-1])
    kept = made[fills.first - 1 :]
    assert min(limit, len(made)) <= len(kept) <= limit + limit // 8 + 1
    assert not kept or fills.first == 1 or made[fills.first - 2].trade != kept[0].trade
    assert (list(fills), fills[:], list(reversed(fills)), len(fills)) == (kept, kept, kept[::-1], len(kept))
    assert fills.made == len(made)
    for number in range(len(made) + 2):
        assert fills.get(number) == (made[number - 1] if fills.first <= number <= len(made) else None)
        assert fills.keeps(number) == (number >= fills.first)
