"""How messages reach a connection that has several faults at once."""

from typing import Any

import pytest

from simulator.gateway import delivery
from simulator.gateway.delivery import Delivery
from simulator.gateway.outgoing import Abort, Close, Outgoing, Pongs, RawBytes, text_frame
from support.steps import Client, Play, ok

LIST = {"scope": "All", "set": "All"}


def test_what_follows_a_drip_waits_for_its_end() -> None:
    """A message that is said while a frame still drips never comes between its pieces."""
    play = Play()
    client = play.connect()
    play.sim.do({"slow": {"bytes_per_second": 100, "for": "50ms"}})
    client.request("GetHalts")
    play.advance("100ms")
    client.request("ListOpen", **LIST)
    client.request("GetHalts")
    play.advance("1s")
    items = client.raw()
    assert [isinstance(item, RawBytes) for _, item in items] == [*[True] * 7, False, False]
    assert items[-2:] == [(350, b'{"id":2,"response":{"Ok":[]}}'), (350, b'{"id":3,"response":{"Ok":[]}}')]


def test_a_cut_frame_waits_for_the_drip_before_it() -> None:
    """A frame that is cut short comes behind what still drips, and ends the connection there."""
    play = Play()
    client = play.connect()
    play.sim.do({"slow": {"bytes_per_second": 1000}})
    client.request("GetHalts")
    play.sim.do({"corrupt": "frame"})
    client.request("GetHalts")
    play.advance("1s")
    assert client.raw()[-2:] == [(50, RawBytes(b'\x81\x1d{"id":2,"resp')), (50, Abort())]
    assert play.sim.sessions == {}


def test_bytes_alone_end_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage cuts a connection only where it says so: a frame that is written twice is just that."""

    def twice(self: Delivery, session: Any, faults: Any, message: bytes) -> tuple[Outgoing, ...]:
        faults.damages.popleft()
        return RawBytes(text_frame(message)), RawBytes(text_frame(message))

    monkeypatch.setattr(Delivery, "_damage", twice)
    play = Play()
    client = play.connect()
    play.sim.do({"corrupt": "frame"})
    client.request("GetHalts")
    frame = RawBytes(b'\x81\x1d{"id":1,"response":{"Ok":[]}}')
    assert client.raw() == [(0, frame), (0, frame)]
    assert play.sim.sessions == {client.session.number: client.session}


def test_damage_is_done_before_a_stall() -> None:
    """A message that is damaged while a connection stands still comes damaged when it goes on."""
    play = Play()
    client = play.connect()
    play.sim.do({"stall": {"what": "all", "for": "1s"}}, {"corrupt": "id"})
    client.request("GetHalts")
    client.request("GetHalts")
    play.advance("2s")
    assert client.news() == [(0, Pongs(False)), (1000, ok(1000001, [])), (1000, ok(2, [])), (1000, Pongs(True))]


def test_a_longer_stall_wins() -> None:
    """A connection that is stalled again stands still until the later end."""
    play = Play()
    client = play.connect()
    play.sim.do({"stall": {"what": "data", "for": "1s"}})
    play.sim.do({"stall": {"what": "data", "for": "3s"}})
    client.request("GetHalts")
    play.advance("5s")
    assert client.news() == [(3000, ok(1, []))]


def test_pongs_that_are_stopped_again_come_after_the_later_end() -> None:
    """Pings that are left unanswered twice over are answered when the second stall is over."""
    play = Play()
    client = play.connect()
    play.sim.do({"stall": {"what": "pong", "for": "1s"}})
    play.sim.do({"stall": {"what": "pong", "for": "3s"}})
    play.advance("5s")
    assert client.raw() == [(0, Pongs(False)), (0, Pongs(False)), (3000, Pongs(True))]


@pytest.mark.parametrize(("again", "last"), [({"for": "3s"}, 3000), ({}, 9000)])
def test_a_connection_that_is_slowed_again_is_slow_to_the_later_end(again: dict[str, str], last: int) -> None:
    """A connection that is slowed down twice over drips until the second time is over, or for good."""
    play = Play()
    client = play.connect()
    play.sim.do({"slow": {"bytes_per_second": 1000, "for": "1s"}})
    play.sim.do({"slow": {"bytes_per_second": 1000, **again}})
    dripped = []
    for second in range(10):
        client.request("GetHalts")
        play.advance("1s")
        if all(isinstance(item, RawBytes) for _, item in client.raw()):
            dripped.append(second * 1000)
    assert dripped[-1] == last - 1000 * bool(again)


def test_a_stalled_connection_that_ends_says_nothing() -> None:
    """What a stall has kept is gone with the connection."""
    play = Play()
    client = play.connect()
    play.sim.do({"stall": {"what": "data", "for": "1s"}})
    client.request("GetHalts")
    play.sim.do({"disconnect": "abort"})
    play.advance("2s")
    assert client.raw() == [(0, Abort())]


def test_a_hello_is_a_message_like_others() -> None:
    """The first message of a connection is delayed as replies are."""
    play = Play(latency={"reply": "5ms"}, hello="Trial")
    client = play.connect("/architect")
    play.advance("1s")
    assert client.news() == [(5, "Trial")]


def test_a_reply_without_an_id_keeps_its_shape() -> None:
    """Where there is no id to change, or none that is a number, the damage still gives a message that is whole."""
    play = Play(hello="Normal")
    client = play.connect()
    play.sim.do({"corrupt": {"what": "id", "messages": 3}})
    play.sim.receive(client.session, '{"id":1.5,"type":"GetHalts"}')
    play.sim.receive(client.session, "[]")
    found = [message for _, message in client.news()]
    assert [message["id"] for message in found] == [1000000, 1000000]


def held(play: Play) -> int:
    """Return how many bytes are kept for all connections."""
    return play.sim._delivery.budget.held


def many(client: Client, times: int) -> None:
    """Ask for something so many times."""
    for _ in range(times):
        client.request("GetHalts")


@pytest.mark.parametrize(
    "steps",
    [
        [{"slow": {"bytes_per_second": 1}}],
        [{"stall": "data"}],
        [{"slow": {"bytes_per_second": 1}}, {"stall": {"what": "data", "for": "1s"}}],
        [],
    ],
    ids=["slow", "stalled", "stalled and slow", "late"],
)
def test_what_waits_is_one_thing_that_is_due_and_goes_with_its_connection(steps: list[Any]) -> None:
    """However many messages drip, are stalled or on their way, little is due, and nothing of them outlives a client."""
    play = Play(latency={"reply": "1h"} if not steps else {})
    client = play.connect()
    if steps:
        play.sim.do(*steps)
    many(client, 1000)
    play.advance("2s")
    assert 25_000 < held(play) < 500_000
    assert len(play.sim.due()) <= 1
    play.sim.disconnect(client.session)
    assert held(play) == 0
    client.raw()
    play.advance("2h")
    assert client.raw() == []


def test_messages_on_their_way_to_one_that_is_gone() -> None:
    """Messages that are on their way to a client that goes are lost, each in the journal, and none that have come."""
    play = Play(latency={"reply": "10ms"})
    client = play.connect()
    client.request("GetHalts")
    play.advance("5ms")
    many(client, 2)
    play.advance("5ms")
    play.sim.disconnect(client.session)
    assert play.journal("out", "lost") == [
        (10, 1, "out", b'{"id":1,"response":{"Ok":[]}}'),
        (10, 1, "lost", b'{"id":2,"response":{"Ok":[]}}'),
        (10, 1, "lost", b'{"id":3,"response":{"Ok":[]}}'),
    ]


def test_messages_that_overtake_each_other() -> None:
    """Where messages may overtake each other each comes in its own time, whichever was sent first."""
    play = Play(latency={"reply": {"uniform": ["1ms", "900ms"]}, "reorder": True}, seed=5)
    client = play.connect()
    many(client, 50)
    play.advance("1s")
    times = [time for time, _ in client.news()]
    assert times == sorted(times)
    assert len(set(times)) > 40
    assert held(play) == 0


def test_connection_that_too_much_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection for which more waits than may is closed with 1013, and its rest is dropped; others go on."""
    monkeypatch.setattr(delivery, "_MOST_FOR_ONE", 10_000)
    play = Play()
    client, other = play.connect(), play.connect()
    play.sim.do({"stall": "data"}, session=client.session)
    many(client, 400)
    assert client.raw() == [(0, Close(1013, "too much waits for you"))]
    assert play.notes("close") == ["1013 10029 bytes wait for it"]
    assert held(play) == 0
    other.request("GetHalts")
    assert other.news() == [(0, ok(1, []))]


def test_all_that_waits_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """If too much waits for all connections together, the one is closed for which the most does."""
    monkeypatch.setattr(delivery, "_MOST", 10_000)
    play = Play()
    clients = [play.connect() for _ in range(3)]
    play.sim.do({"stall": {"what": "data", "session": "all"}})
    for client, times in zip(clients, (100, 160, 100), strict=True):
        many(client, times)
    assert [session.number for session in play.sim.sessions.values()] == [1, 3]
    assert play.journal("close") == [(0, 2, "close", "1013 4852 bytes wait for it")]


@pytest.mark.parametrize("step", [{"hold": "it"}, {"delay": "1h"}])
def test_requests_that_wait(monkeypatch: pytest.MonkeyPatch, step: dict[str, Any]) -> None:
    """Requests that rules let wait count for their connection, by their length, until they go on."""
    monkeypatch.setattr(delivery, "_MOST_FOR_ONE", 10_000)
    play = Play({"when": {"request": "GetHalts"}, "then": [step, "reply"]})
    client = play.connect()
    client.request("GetHalts", note="x" * 5000)
    assert 5000 < held(play) < 6000
    play.sim.release("it")
    play.advance("2h")
    assert held(play) == 0
    for _ in range(2):
        client.request("GetHalts", note="x" * 5000)
    assert play.sim.sessions == {}


def test_requests_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that travel to the venue count for their connection; they arrive though it has been given up."""
    monkeypatch.setattr(delivery, "_MOST_FOR_ONE", 10_000)
    play = Play(latency={"entry": "1s"})
    client = play.connect()
    for _ in range(3):
        client.order(note="x" * 5000)
    assert play.sim.sessions == {}
    play.advance("1s")
    assert (list(play.sim.venue.orders), held(play)) == ([1, 2, 3], 0)


def test_damage_for_a_million_messages() -> None:
    """Damage to the next million messages takes no more memory than damage to one."""
    play = Play()
    client = play.connect()
    for what, messages in (("id", 1), ("id", 1), ("json", 1_000_000)):
        play.sim.do({"corrupt": {"what": what, "messages": messages}})
    faults = client.session.faults
    assert faults is not None
    assert list(faults.damages) == [("id", 2), ("json", 1_000_000)]
    many(client, 3)
    assert [item for _, item in client.raw()] == [
        b'{"id":1000001,"response":{"Ok":[]}}',
        b'{"id":1000002,"response":{"Ok":[]}}',
        b'{"id":3,"response":',
    ]
    assert list(faults.damages) == [("json", 999_999)]
