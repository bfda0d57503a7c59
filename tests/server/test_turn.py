"""How long one round of the loop goes on."""

import asyncio

import pytest

from simulator.server.turn import Turn

pytestmark = pytest.mark.asyncio


async def test_round_of_the_loop() -> None:
    """A round begins when somebody first asks, is over in its time, and the next one begins anew."""
    now = 0.0
    turn = Turn(asyncio.get_running_loop(), 0.01, lambda: now)
    assert not turn.is_over()
    now = 0.009
    assert not turn.is_over()
    now = 0.01
    assert turn.is_over()
    await asyncio.sleep(0)
    assert not turn.is_over()
    now = 0.02
    assert turn.is_over()


async def test_those_who_line_up() -> None:
    """Those who line up have their turn one by one, as many in a round as there is time for, and again behind."""
    now = 0.0
    turn = Turn(asyncio.get_running_loop(), 0.01, lambda: now)
    done: list[str] = []
    again = {"a": 2, "b": 1, "c": 0, "d": 0}

    def act(name: str) -> None:
        nonlocal now
        now += 0.006
        done.append(name)
        if again[name]:
            again[name] -= 1
            turn.line_up(lambda: act(name))

    for name in "abcd":
        turn.line_up(lambda name=name: act(name))  # type: ignore[misc]
    rounds = []
    for _ in range(5):
        await asyncio.sleep(0)
        rounds.append(("".join(done), turn.is_waited_for))
    assert rounds == [("ab", True), ("abcd", True), ("abcdab", True), ("abcdaba", False), ("abcdaba", False)]


async def test_round_in_which_much_was_done() -> None:
    """Who has done much at once ends a round that nobody has begun, and leaves one that has begun as it is."""
    now = 0.0
    turn = Turn(asyncio.get_running_loop(), 0.01, lambda: now)
    seen = [turn.has_ended()]
    turn.end()
    seen.append(turn.has_ended())
    await asyncio.sleep(0)
    seen.append(turn.has_ended())
    turn.is_over()
    turn.end()
    seen.append(turn.has_ended())
    now = 0.01
    seen.append(turn.has_ended())
    assert seen == [False, True, False, False, True]
