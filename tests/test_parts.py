"""Work in parts comes to the same at once, and what is done aside is done before the next part."""

from simulator.parts import Aside, Turns, in_parts


@in_parts
def _counted(most: int) -> Turns[list[int]]:
    done = []
    for number in range(most):
        aside = Aside(lambda number=number: number * number)  # type: ignore[misc]  # mypy infers no default's type
        yield aside
        done.append(aside.result)
        yield None
    return done


@in_parts
def _twice(most: int) -> Turns[list[int]]:
    return [*(yield from _counted(most)), *(yield from _counted(most))]


def test_parts_and_what_is_done_aside() -> None:
    """An iteration yields what is to be done aside; at once, it is done in between."""
    assert _twice(2).at_once() == [0, 1, 0, 1]
    steps = iter(_counted(1))
    aside = next(steps)
    assert isinstance(aside, Aside)
    aside.do()
    assert next(steps) is None
