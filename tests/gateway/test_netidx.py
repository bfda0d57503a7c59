from typing import Any

import pytest

from simulator.terms import BILLION
from support.gateway import Client, World

CLOCK_PATH = "/local/architect/core/clock"
ERROR = "expected a Subscribe with a path, or an Unsubscribe with an id"


def subscribed(number: int) -> dict[str, Any]:
    """Return what a subscription is answered with."""
    return {"type": "Subscribed", "id": number}


def update(number: int, time: str | None, kind: str = "Update") -> dict[str, Any]:
    """Return the message that tells a path's value; a time is told by what follows the minute."""
    value = time and f"2024-01-01T00:00:{time}Z"
    return {"type": "Update", "updates": [{"id": number, "event": {"type": kind, "value": value}}]}


@pytest.fixture
def reader(world: World) -> Client:
    """A publish/subscribe connection."""
    return world.connect("/netidx")


def subscribe(reader: Client, path: str = CLOCK_PATH) -> list[Any]:
    """Subscribe to a path; return what comes at once."""
    reader.send(f'{{"type":"Subscribe","path":"{path}"}}')
    return reader.news()


def test_the_clock_ticks_each_second(world: World, reader: Client) -> None:
    """The clock's path tells the time at once, and then at each full second of the exchange."""
    assert reader.news() == []
    world.advance(300_000_000)
    assert subscribe(reader) == [subscribed(1), update(1, "00.300000000")]
    world.advance(BILLION)
    assert reader.news() == [update(1, "01.000000000")]
    world.advance(699_999_999)
    assert reader.news() == []
    world.advance(2 * BILLION + 1)
    assert reader.news() == [
        update(1, "02.000000000"),
        update(1, "03.000000000"),
        update(1, "04.000000000"),
    ]


def test_each_subscription_has_its_own_number(world: World, reader: Client) -> None:
    """Subscriptions are numbered on each connection, and each is told under its own number."""
    other = world.connect("/netidx")
    assert subscribe(reader) + subscribe(reader) + subscribe(other) == [
        subscribed(1),
        update(1, "00.000000000"),
        subscribed(2),
        update(2, "00.000000000"),
        subscribed(1),
        update(1, "00.000000000"),
    ]
    world.advance(BILLION)
    assert reader.news() == [update(1, "01.000000000"), update(2, "01.000000000")]
    assert other.news() == [update(1, "01.000000000")]


def test_unsubscribe(world: World, reader: Client) -> None:
    """A path that is unsubscribed from is told no more, and the others are; with none left, time may stand still."""
    subscribe(reader)
    subscribe(reader)
    reader.send('{"type":"Unsubscribe","id":1}')
    world.advance(BILLION)
    assert reader.news() == [update(2, "01.000000000")]
    reader.send('{"type":"Unsubscribe","id":2}')
    world.advance(BILLION)
    assert reader.news() == []
    assert world.sim.next_due() is None


def test_the_clock_starts_again(world: World, reader: Client) -> None:
    """After everybody has gone, the next subscription starts the clock anew."""
    subscribe(reader)
    world.sim.disconnect(reader.session)
    world.advance(5 * BILLION)
    again = world.connect("/netidx")
    assert subscribe(again) == [subscribed(1), update(1, "05.000000000")]
    world.advance(BILLION)
    assert again.news() == [update(1, "06.000000000")]
    assert reader.news() == []


def test_an_unknown_path(world: World, reader: Client) -> None:
    """A path under which nothing is published is subscribed to and ends at once."""
    assert subscribe(reader, "/local/nothing") == [subscribed(1), update(1, None, "Unsubscribed")]
    assert world.sim.next_due() is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON request: Input data was truncated"),
        ("[]", "`$`: expected object, got array"),
        (b'{"type":"\xff"}', "not a JSON request: not valid UTF-8"),
        ('{"path":"/a"}', "`$.type` is missing: expected the name of a request"),
        ('{"type":"Subscribe"}', ERROR),
        ('{"type":"Subscribe","id":1}', ERROR),
        ('{"type":"Subscribe","path":5}', "`$.path`: expected str, got int"),
        ('{"type":"Unsubscribe"}', ERROR),
        ('{"type":"Unsubscribe","id":"1"}', "`$.id`: expected int, got str"),
        ('{"type":"Write","path":"/a"}', ERROR),
        ('{"id":1,"type":"GetHalts"}', ERROR),
    ],
)
def test_nonsense(reader: Client, text: str | bytes, why: str) -> None:
    """What is no request of this connection gets an error, and a subscription goes on."""
    subscribe(reader)
    reader.send(text)
    assert reader.news() == [{"type": "Error", "error": why}]
    reader.world.advance(BILLION)
    assert reader.news() == [update(1, "01.000000000")]
