import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.terms import Dir, flags_of, state_of


@given(st.integers(0, 255))
def test_flags_round_trip(state: int) -> None:
    """Each of the 256 sets of flags has its own names, and reads as itself again."""
    assert state_of(flags_of(state)) == state


def test_flags_are_in_the_order_of_an_orders_life() -> None:
    """The names of all flags come in the order in which the contract lists them."""
    assert flags_of(255) == ("Open", "Acked", "Filled", "Canceling", "Canceled", "Rejected", "Out", "Stale")


def test_unknown_flag_is_refused() -> None:
    """A word that is no flag is named."""
    with pytest.raises(ValueError, match=r"^'open' is no order state flag$"):
        state_of(["Acked", "open"])


@pytest.mark.parametrize("word", ["buy", "BUY", "Buy", "bUY"])
def test_dir_is_read_whatever_its_case(word: str) -> None:
    """A side is known by its name in any case."""
    assert Dir(word) is Dir.BUY


@pytest.mark.parametrize("word", ["", "b", "bid", "buy ", "\u017fell", 1, None])
def test_dir_is_nothing_else(word: object) -> None:
    """What is no side's name is no side."""
    with pytest.raises(ValueError, match="is not a valid Dir"):
        Dir(word)
