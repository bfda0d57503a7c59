"""How long a loop stays awake after a message."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect

from simulator.server.busy_poll import BusyPoll
from support.server import serving


class Loop:
    """What is to be called in the next turn, and the time, of which each turn takes one second."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.now = 100.0
        self.worked = 7.0

    def call_soon(self, call: Callable[[], None]) -> None:
        """Call something in the next turn."""
        self.soon.append(call)

    def turn(self, seconds: float = 1) -> None:
        """Let one turn pass."""
        self.now += seconds
        calls, self.soon = self.soon, []
        for call in calls:
            call()

    def turns(self) -> int:
        """Return how many turns the loop stays awake."""
        count = 0
        while self.soon:
            self.turn()
            count += 1
        return count


@pytest.fixture
def loop() -> Loop:
    """A loop with nothing to do."""
    return Loop()


@pytest.fixture
def awake(loop: Loop) -> BusyPoll:
    """What keeps the loop awake, for five turns after a message."""
    return BusyPoll(loop.call_soon, lambda: loop.now, lambda: loop.worked, 5)


def message(loop: Loop, awake: BusyPoll, work: float = 0) -> None:
    """Let a message come that takes a while to deal with."""
    awake.hears()
    loop.now += work
    awake.has_answered()


def test_one_message_keeps_nobody_awake(loop: Loop, awake: BusyPoll) -> None:
    """After a first message, or one that comes long after the last, the loop sleeps at once."""
    for _ in range(3):
        message(loop, awake)
        assert loop.soon == []
        loop.now += 5.1


@pytest.mark.parametrize(("apart", "work"), [(0.0, 0.0), (1.0, 0.0), (5.0, 0.0), (4.0, 3.0)])
def test_messages_in_quick_succession(loop: Loop, awake: BusyPoll, apart: float, work: float) -> None:
    """After two messages so close to each other, however long they take, it stays awake until it has waited in vain."""
    message(loop, awake)
    loop.now += apart
    message(loop, awake, work)
    assert loop.turns() == 6


def test_awake_until_the_last_of_many(loop: Loop, awake: BusyPoll) -> None:
    """Each message that comes in time keeps it awake for as long again, and it looks but once a turn."""
    message(loop, awake)
    for _ in range(10):
        message(loop, awake)
        assert len(loop.soon) == 1
        loop.turn()
        loop.turn()
    assert loop.turns() == 4


def test_waiting_in_vain_is_not_repeated_at_once(loop: Loop, awake: BusyPoll) -> None:
    """After it has waited in vain it sleeps between messages for a hundred times as long, however close they are."""
    found: list[int] = []
    for rest in (0, 400, 110):
        loop.now += rest
        message(loop, awake)
        message(loop, awake)
        found.append(loop.turns())
    assert found == [6, 0, 6]


def talk(loop: Loop, awake: BusyPoll, messages: int) -> None:
    """Let so many messages find it awake, one in each turn."""
    message(loop, awake)
    for _ in range(messages + 1):
        message(loop, awake)
        loop.turn()


@pytest.mark.parametrize(("messages", "again"), [(9, 0), (10, 6)])
def test_waiting_in_vain_may_have_been_worth_it(loop: Loop, awake: BusyPoll, messages: int, again: int) -> None:
    """If ten messages or more have found it awake until it waited in vain, it stays awake upon the next two."""
    talk(loop, awake, messages)
    loop.turns()
    message(loop, awake)
    message(loop, awake)
    assert loop.turns() == again


def test_long_turn_is_not_taken_for_waiting_in_vain(loop: Loop, awake: BusyPoll) -> None:
    """Where something else has taken longer than it stays awake, it looks out for as long again before it sleeps."""
    message(loop, awake)
    message(loop, awake)
    loop.turn(40)
    assert loop.turns() == 6


@pytest.mark.parametrize(("messages", "is_awake"), [(199, False), (200, True)])
def test_losing_the_processor_may_be_worth_it(loop: Loop, awake: BusyPoll, messages: int, is_awake: bool) -> None:
    """If two hundred messages have found it awake since it last lost the processor, it goes on; once."""
    talk(loop, awake, messages)
    loop.turn(51)
    assert bool(loop.soon) is is_awake
    loop.turn(51)
    assert loop.soon == []


def test_own_work_is_not_taken_for_losing_the_processor(loop: Loop, awake: BusyPoll) -> None:
    """However long the loop itself has worked in a turn, it looks out for as long again; not so if it had to wait."""
    for worked, turns in ((1000, 6), (949, 0)):
        message(loop, awake)
        message(loop, awake)
        loop.turn()
        loop.worked += worked
        loop.turn(1000)
        assert loop.turns() == turns
        loop.now += 500


def test_machine_that_is_busy_is_left_alone(loop: Loop, awake: BusyPoll) -> None:
    """A loop that has lost the processor while it was awake sleeps between messages for a good while."""
    message(loop, awake)
    message(loop, awake)
    loop.turn()
    loop.turn(51)
    assert loop.soon == []
    for rest, turns in ((40_000, 0), (10_000, 6)):
        loop.now += rest
        message(loop, awake)
        message(loop, awake)
        assert loop.turns() == turns


@pytest.mark.asyncio
@pytest.mark.parametrize("busy_poll_for", [0.0, 60.0])
async def test_server_stays_awake_if_it_is_told_to(busy_poll_for: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting a server looks out after messages that come one upon the other; without it never does."""
    looks: list[Any] = []
    monkeypatch.setattr(BusyPoll, "_look", lambda self: looks.append(self))
    async with serving(busy_poll_for=busy_poll_for) as server, connect(server.url + "/") as client:
        for _ in range(3):
            await client.send('{"id":1,"type":"GetHalts"}')
            await client.recv()
    assert bool(looks) is bool(busy_poll_for)
