import pytest

from simulator.terms import Dir, flags_of


def test_each_set_of_flags_has_names_of_its_own() -> None:
    """Of 256 sets of flags, each has the names of the flags in it, so no two have the same."""
    alone = [flags_of(1 << bit)[0] for bit in range(8)]
    for state in range(256):
        assert set(flags_of(state)) == {name for bit, name in enumerate(alone) if state & 1 << bit}


def test_flags_are_in_the_order_of_an_orders_life() -> None:
    """The names of all flags come in the order in which the contract lists them."""
    assert flags_of(255) == ("Open", "Acked", "Filled", "Canceling", "Canceled", "Rejected", "Out", "Stale")


@pytest.mark.parametrize("word", ["buy", "BUY", "Buy", "bUY"])
def test_dir_is_read_whatever_its_case(word: str) -> None:
    """A side is known by its name in any case."""
    assert Dir(word) is Dir.BUY


@pytest.mark.parametrize("word", ["", "b", "bid", "buy ", "\u017fell", 1, None])
def test_dir_is_nothing_else(word: object) -> None:
    """What is no side's name is no side."""
    with pytest.raises(ValueError, match="is not a valid Dir"):
        Dir(word)
