"""How many bytes are held, for one and for all."""

from simulator.byte_budget import Budget


def test_each_and_all() -> None:
    """It is too much when one holds more than one may, or all more than all may, until they have let go."""
    budget = Budget(each=10, total=25)
    assert [budget.hold(who, 9) for who in (1, 2)] == [True, True]
    assert (budget.hold(1, 2), budget.is_over(1), budget.is_over(2)) == (False, True, False)
    budget.free(1, 2)
    assert budget.hold(3, 7)
    assert (budget.hold(4, 1), budget.is_over(4)) == (False, False)
    assert (budget.held, [budget.of(who) for who in range(5)]) == (26, [0, 9, 9, 7, 1])
    for who, size in ((1, 9), (2, 9), (3, 7), (4, 1)):
        budget.free(who, size)
    assert (budget.held, budget._of) == (0, {})
