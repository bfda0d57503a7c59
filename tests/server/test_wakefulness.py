"""How long a loop stays awake after a message."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.server.wakefulness import Wakefulness


class Loop:
    """What is to be called in the next turn, and the time, of which each turn takes one second."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.now = 100.0

    def turn(self) -> None:
        """Let one turn pass."""
        self.now += 1
        calls, self.soon = self.soon, []
        for call in calls:
            call()


@pytest.fixture
def loop() -> Loop:
    """A loop with nothing to do."""
    return Loop()


def awake(loop: Loop, seconds: float = 5) -> Wakefulness:
    """Return what keeps a loop awake, for five turns after a message."""
    return Wakefulness(lambda call: loop.soon.append(call), lambda: loop.now, seconds)


def turns(loop: Loop) -> int:
    """Return how many turns the loop stays awake."""
    count = 0
    while loop.soon:
        loop.turn()
        count += 1
    return count


def test_one_message_keeps_nobody_awake(loop: Loop) -> None:
    """After a first message, or one that comes long after the last, the loop sleeps at once."""
    watching = awake(loop)
    for _ in range(3):
        watching.heard()
        assert loop.soon == []
        loop.now += 5.1


@pytest.mark.parametrize("apart", [0.0, 1.0, 5.0])
def test_messages_in_quick_succession(loop: Loop, apart: float) -> None:
    """After two messages so close to each other it stays awake until it has waited in vain."""
    watching = awake(loop)
    watching.heard()
    loop.now += apart
    watching.heard()
    assert turns(loop) == 6


def test_awake_until_the_last_of_many(loop: Loop) -> None:
    """Each message that comes in time keeps it awake for as long again, and it looks but once a turn."""
    watching = awake(loop)
    watching.heard()
    for _ in range(10):
        watching.heard()
        assert len(loop.soon) == 1
        loop.turn()
        loop.turn()
    assert turns(loop) == 4


def test_waiting_in_vain_is_not_repeated(loop: Loop) -> None:
    """A client that is slower than that is waited for once, and not after each of its messages."""
    watching = awake(loop)
    watching.heard()
    watching.heard()
    found: list[Any] = [turns(loop)]
    for _ in range(3):
        loop.now += 10
        watching.heard()
        found.append(turns(loop))
    assert found == [6, 0, 0, 0]
