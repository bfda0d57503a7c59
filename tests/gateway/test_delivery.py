"""How messages reach a connection that has several faults at once."""

from typing import Any

import pytest

from simulator.gateway.delivery import Delivery
from simulator.gateway.outgoing import Abort, Outgoing, Pongs, RawBytes, text_frame
from support.steps import Play, ok

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

    def twice(delivery: Delivery, session: Any, faults: Any, message: bytes) -> tuple[Outgoing, ...]:
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
