"""The table of legal state changes, and the average price."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange.orders import LEGAL, Order, OrderChanged, PastState, average_price
from simulator.terms import ACKED, CANCELED, CANCELING, FILLED, OPEN, OUT, REJECTED, STALE, flags_of
from support.exchange import BUY, Floor, amount, state_of

# Written out a second time, as words: what the wire contract and the habits of venues allow.
ALLOWED = {
    "": ["Open", "Rejected Out"],
    "Open": ["Open Acked", "Open Canceling", "Filled Out", "Out", "Canceled Out", "Rejected Out"],
    "Open Acked": ["Open Acked Canceling", "Acked Filled Out", "Acked Out", "Acked Canceled Out"],
    "Open Canceling": ["Open", "Open Acked Canceling", "Filled Out", "Out", "Canceled Out", "Rejected Out"],
    "Open Acked Canceling": ["Open Acked", "Acked Filled Out", "Acked Out", "Acked Canceled Out"],
    "Filled Out": ["Acked Filled Out", "Out"],
    "Canceled Out": ["Acked Canceled Out"],
    "Acked Filled Out": ["Acked Out"],
    "Acked Out": ["Acked Filled Out"],
    "Out": ["Acked Out", "Filled Out"],
    "Acked Canceled Out": [],
    "Rejected Out": [],
}
FLOOR = Floor()
STATES = {words: state_of(words.split()) for words in ALLOWED}


def order_in(state: int) -> Order:
    """Return a new order that is in a state, however it came there."""
    one = amount(1)
    order = Order(BUY, amount(100), one, id=1, account="ann", instrument_ref=FLOOR.btc.ref, quantity=one, time=0)
    order.state = state
    return order


def test_table_is_what_venues_do() -> None:
    """The table of legal changes holds these rows and no other."""
    assert {STATES[before]: frozenset(STATES[after] for after in afters) for before, afters in ALLOWED.items()} == LEGAL


@pytest.mark.parametrize("before", ALLOWED)
def test_order_moves_as_the_table_allows(before: str) -> None:
    """From each state an order goes where the table says or stays; anything else raises and changes nothing."""
    for after in range(1 << 8):
        if after & STALE:
            continue
        order = order_in(STATES[before])
        if after == STATES[before] or after in LEGAL[STATES[before]]:
            order.move(after)
            assert order.state == after
        else:
            with pytest.raises(ValueError, match="order 1 cannot go from"):
                order.move(after)
            assert order.state == STATES[before]


def test_order_remembers_what_it_was_at_any_time() -> None:
    """A state is the last one kept by then, of two of the same moment the later; before the first there is none."""
    order = order_in(OPEN)
    states = [OrderChanged(1, "ann", state, 0, None, 2) for state in (OPEN, OPEN | CANCELING, OPEN, OPEN | ACKED)]
    for since, change in zip((10, 20, 20, 30), states, strict=True):
        order.past = PastState(since, change, order.past)
    found = [order.state_at(time) for time in (9, 10, 19, 20, 29, 30, 99)]
    assert found == [None, states[0], states[0], states[2], states[2], states[3], states[3]]
    assert order_in(OPEN).state_at(99) is None


def test_refused_move_names_both_states() -> None:
    """The message of a move that is not legal names the order, where it is and where it should have gone."""
    order = order_in(state_of(["Open", "Acked"]))
    with pytest.raises(ValueError, match="cannot") as caught:
        order.move(REJECTED | OUT)
    assert str(caught.value) == "order 1 cannot go from ['Open', 'Acked'] to ['Rejected', 'Out']"


def test_every_state_is_reached_from_a_new_order() -> None:
    """No row of the table is idle: each is reached by legal moves from an order's beginning."""
    reached, found = {0}, [0]
    while found:
        new = LEGAL[found.pop()] - reached
        reached |= new
        found += new
    assert reached == set(LEGAL)


def test_out_is_final() -> None:
    """No state that is out leads to one that is not, and each state is either open or out."""
    for before, afters in LEGAL.items():
        if before & OUT:
            assert all(after & OUT for after in afters)
        if before:
            assert bool(before & OPEN) is not bool(before & OUT)


def test_final_states_exclude_each_other() -> None:
    """An order is at most one of filled, cancelled and rejected, and then out and asked to be cancelled no more."""
    for state in LEGAL:
        ends = [flag for flag in (FILLED, CANCELED, REJECTED) if state & flag]
        assert len(ends) <= 1, flags_of(state)
        assert not ends or state & (OUT | OPEN | CANCELING) == OUT


@pytest.mark.parametrize("words", [words for words in ALLOWED if "Open" in words])
def test_stale_comes_and_goes(words: str) -> None:
    """Staleness is no part of the table: it comes, stays through legal moves, hides no illegal one, and goes."""
    order = order_in(STATES[words])
    order.move(STATES[words] | STALE)
    assert order.state == STATES[words] | STALE
    with pytest.raises(ValueError, match="Stale"):
        order.move(0)
    for after in LEGAL[STATES[words]]:
        order.state = STATES[words] | STALE
        order.move(after | STALE)
        assert order.state == after | STALE
    order.state = STATES[words] | STALE
    order.move(STATES[words])
    assert order.state == STATES[words]


@pytest.mark.parametrize("words", ALLOWED)
def test_order_is_out_by_its_flag(words: str) -> None:
    """An order says that it is out just when its state has the flag."""
    assert order_in(STATES[words]).is_out is ("Out" in words.split())


@pytest.mark.parametrize(
    ("notional", "filled", "mean"),
    [
        (0, 0, None),
        (7, -1, None),
        (10, 4, 2),  # 2.5
        (14, 4, 4),  # 3.5
        (11, 4, 3),
        (9, 4, 2),
        (-10, 4, -2),  # -2.5
        (-14, 4, -4),  # -3.5
        (5, 5, 1),
    ],
)
def test_mean_price_rounds_halves_to_even(notional: int, filled: int, mean: int | None) -> None:
    """The average price is rounded to the nearest billionth, a half to the even one; with no fill there is none."""
    assert average_price(notional, filled) == mean


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**24))
def test_mean_price_is_the_rounded_fraction(notional: int, filled: int) -> None:
    """The average price is what exact fractions make of it, however large the amounts."""
    assert average_price(notional, filled) == round(Fraction(notional, filled))


@pytest.mark.parametrize("words", ALLOWED)
def test_flags_by_their_names(words: str) -> None:
    """An order says of itself whether it is out, canceling or canceled."""
    order = order_in(STATES[words])
    flags = words.split()
    assert (order.is_out, order.is_canceling, order.is_canceled) == tuple(
        flag in flags for flag in ("Out", "Canceling", "Canceled")
    )
