"""The verbs about connections: what goes out on them, in order, and who is there afterwards."""

from typing import Any

import pytest

from simulator.gateway.outgoing import Abort, Close, Pongs, RawBytes
from simulator.simulation import Refused
from support.steps import PAIR, Client, Play, ok, sends, told

HALTS = {"request": "GetHalts"}


def on_halts(*steps: Any, **scenario: Any) -> Play:
    """Return a scenario that does steps when somebody asks for halts."""
    return Play({"when": HALTS, "then": list(steps)}, **scenario)


def connected(play: Play) -> bool:
    """Tell whether a new connection is taken."""
    try:
        play.connect()
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("step", "item"),
    [
        ("disconnect", Close(1000)),
        ({"disconnect": {"code": 1012, "reason": "service restart"}}, Close(1012, "service restart")),
        ({"disconnect": "abort"}, Abort()),
    ],
)
def test_disconnect(step: Any, item: Close | Abort) -> None:
    """A connection is closed with a code, or reset, behind what has been said on it; it says nothing more."""
    play = on_halts({"delay": "5ms"}, "reply", step)
    client, other = play.follow(), play.follow()
    client.request("GetHalts")
    play.advance("5ms")
    assert client.raw() == [(5, b'{"id":2,"response":{"Ok":[]}}'), (5, item)]
    assert list(play.sim.sessions) == [other.session.number]
    other.order()
    assert (client.raw(), len(other.news())) == ([], 3)
    assert [entry[2] for entry in play.journal("fault", "close")] == ["fault", "close"]


def test_disconnect_of_others() -> None:
    """A step names another connection by its number, or all; the timeline's are about all."""
    play = Play(timeline=[{"at": "1s", "do": {"disconnect": {"code": 1001}}}])
    first, second, third = play.connect(), play.connect(), play.connect()
    play.sim.do({"disconnect": {"code": 4000, "session": "2"}}, session=first.session)
    assert (first.raw(), second.raw(), third.raw()) == ([], [(0, Close(4000))], [])
    play.advance("1s")
    assert (first.raw(), second.raw(), third.raw()) == ([(1000, Close(1001))], [], [(1000, Close(1001))])


def test_cut_of_others() -> None:
    """A step cuts another connection by its number, or all of them."""
    play = Play()
    first, second, third = play.connect(), play.connect(), play.connect()
    play.sim.do({"disconnect": {"abort": True, "session": "2"}}, session=first.session)
    assert (first.raw(), second.raw(), third.raw()) == ([], [(0, Abort())], [])
    play.sim.do({"disconnect": {"abort": True, "session": "all"}}, session=first.session)
    assert (first.raw(), second.raw(), third.raw()) == ([(0, Abort())], [], [(0, Abort())])


def test_refuse_takes_no_connections_for_a_while() -> None:
    """While connections are refused each is answered 503; those that are open stay, and afterwards all are taken."""
    play = on_halts({"refuse": {"for": "3s"}})
    client = play.connect()
    client.request("GetHalts")
    play.advance("2.999999s")
    with pytest.raises(Refused, match="the exchange takes no connections at the moment") as refused:
        play.connect()
    assert refused.value.status == 503
    assert play.notes("refused") == ["/: the exchange takes no connections at the moment"]
    play.advance("1us")
    assert connected(play)
    assert client.session.is_open


def test_a_refusals_end_is_due() -> None:
    """A clock that jumps from one thing due to the next comes to the end of a refusal."""
    play = on_halts({"refuse": {"for": "3s"}})
    play.connect().request("GetHalts")
    assert play.sim.next_due() == play.start + 3 * 10**9
    assert play.sim.is_awaited


def test_stall_data_keeps_what_is_said_until_it_is_over() -> None:
    """A connection without data keeps its messages in their order, and says them all when the time is over."""
    play = on_halts({"stall": {"what": "data", "for": "5s"}})
    client = play.connect()
    client.request("GetHalts")
    play.advance("1s")
    client.request("ListOpen", scope="All", set="All")
    assert client.raw() == []
    play.advance("10s")
    assert client.news() == [(5000, ok(1, [])), (5000, ok(2, []))]
    assert play.notes("stall", "kept") == [
        "data for 5 s",
        b'{"id":1,"response":{"Ok":[]}}',
        b'{"id":2,"response":{"Ok":[]}}',
    ]


def test_stall_pong_leaves_data_alone() -> None:
    """A connection without pongs still says its messages."""
    play = on_halts({"stall": {"what": "pong", "for": "5s"}})
    client = play.connect()
    client.request("GetHalts")
    play.advance("10s")
    assert client.news() == [(0, Pongs(False)), (0, ok(1, [])), (5000, Pongs(True))]


def test_stall_all_for_good() -> None:
    """A connection that stands still says nothing any more and answers no ping, but its requests are done."""
    play = on_halts({"stall": "all"})
    client = play.connect()
    client.request("GetHalts")
    client.order()
    play.advance("1h")
    assert client.raw() == [(0, Pongs(False))]
    assert list(play.sim.venue.open) == [1]


def test_slow_drips_frames_byte_by_byte() -> None:
    """A slow connection's frames come a few bytes at a time, in whole order; afterwards messages come whole again."""
    play = on_halts({"slow": {"bytes_per_second": 100, "for": "200ms"}})
    client = play.connect()
    client.request("GetHalts")
    play.advance("100ms")
    client.request("GetHalts")
    play.advance("200ms")
    client.request("ListOpen", scope="All", set="All")
    play.advance("1s")
    drips = client.raw()
    frame = b"\x81\x1d" + b'{"id":1,"response":{"Ok":[]}}'
    other = frame.replace(b'"id":1', b'"id":2')
    pieces = [item for _, item in drips if isinstance(item, RawBytes)]
    assert all(len(item.data) <= 5 for item in pieces)
    assert b"".join(item.data for item in pieces) == frame + other
    assert [item.more for item in pieces] == [*[True] * 6, False, *[True] * 6, False]
    assert [ms for ms, _ in drips] == [*range(0, 700, 50), 700]
    assert pieces == [item for _, item in drips[:-1]]
    assert drips[-1][1] == b'{"id":3,"response":{"Ok":[]}}'


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("json", b'{"id":1,"response":'),
        ("utf8", b'{"id":1,"respo\xff\xfense":{"Ok":[]}}'),
        ("id", b'{"id":1000001,"response":{"Ok":[]}}'),
    ],
)
def test_corrupt_damages_the_next_messages(what: str, first: bytes) -> None:
    """The next message comes as bad JSON, bad UTF-8 or under another id; the one after it is whole again."""
    play = Play({"when": HALTS, "times": 1, "then": [{"corrupt": what}]})
    client = play.connect()
    client.request("GetHalts")
    client.request("GetHalts")
    assert client.raw() == [(0, first), (0, b'{"id":2,"response":{"Ok":[]}}')]
    assert play.notes("corrupt") == [what + ': {"id":1,"response":{"Ok":[]}}']


def test_corrupt_as_many_as_it_says() -> None:
    """So many messages are damaged, subscriptions' as well as replies."""
    play = Play(sends({"corrupt": {"what": "id", "messages": 3}}, "ack", "fill"))
    client = play.follow()
    client.order()
    assert [message["id"] for _, message in client.news()] == [1000002, 1000001, 1000001, 1]


def test_corrupt_frame_breaks_off_and_ends_the_connection() -> None:
    """A frame is cut in the middle, the connection is reset, and it is gone: nothing is said on it any more."""
    play = Play(sends({"corrupt": "frame"}, "ack"))
    client = play.follow()
    client.order()
    frame = b"\x81\x1e" + b'{"id":2,"response":{"Ok":"1"}}'
    assert client.raw() == [(0, RawBytes(frame[:16])), (0, Abort())]
    assert play.sim.sessions == {}
    assert list(play.sim.venue.open) == [1]
    play.advance("1s")
    assert client.raw() == []


@pytest.mark.parametrize(("orders", "open_after"), [("kept", ["1"]), ("lost", [])])
def test_restart_closes_all_and_keeps_or_loses_the_orders(orders: str, open_after: list[str]) -> None:
    """A venue that restarts closes all connections with 1012, takes none for a while, and has its orders or none."""
    play = Play(timeline=[{"at": "1s", "do": {"restart": {"orders": orders, "for": "2s"}}}])
    client, other = play.follow(), play.connect("/netidx")
    client.order(10, 100)
    client.news()
    play.advance("2s")
    assert client.raw() == other.raw() == [(1000, Close(1012, "service restart"))]
    assert not connected(play)
    play.advance("1s")
    later = play.connect()
    assert later.ask("ListOpen", scope="All", set="All") == {"Ok": open_after}
    assert [found["order_id"] for found in later.ask("GetOrderState", order_ids=["1"])["Ok"]] == open_after
    later.order(10, 100, "Sell")
    assert [fill.order_id for fill in play.sim.venue.fills] == ([2, 1] if open_after else [])


def test_restart_alone_keeps_the_orders_and_takes_connections_at_once() -> None:
    """A bare restart only closes."""
    play = on_halts("restart")
    client = play.connect()
    client.order()
    client.news()
    client.request("GetHalts")
    assert client.raw() == [(0, Close(1012, "service restart"))]
    assert play.connect().ask("ListOpen", scope="All", set="All") == {"Ok": ["1"]}


def test_what_is_to_be_done_to_a_lost_order_is_not_done() -> None:
    """Steps that wait for an order which a restart has lost do nothing to it, and nobody is told of it."""
    play = Play(
        sends("ack", {"fill": {"quantity": 1, "as": "first"}}, {"delay": "1s"}, {"fill": 1}, {"bust": "first"}),
        timeline=[{"at": "500ms", "do": {"restart": {"orders": "lost"}}}],
    )
    client = play.follow()
    client.order()
    play.advance("600ms")
    later = play.follow()
    play.advance("1s")
    assert later.news() == []
    assert play.notes("skipped") == [
        "rule 1: fill: there is no order to do it to",
        "rule 1: bust: the exchange no longer has order 1 of fill 1",
    ]
    assert later.fills() == [("Normal", "1", "1", "100.00")]


def test_a_cancel_of_a_lost_order_is_not_done() -> None:
    """A cancel that is on its way when a restart loses its order cancels nothing, and nobody is told of it."""
    play = Play(
        {"when": {"request": "CancelOrder"}, "then": [{"delay": "1s"}]},
        timeline=[{"at": "500ms", "do": {"restart": {"orders": "lost"}}}],
    )
    client = play.follow()
    client.order()
    client.cancel(1)
    play.advance("600ms")
    later = play.follow()
    play.advance("1s")
    assert later.news() == []
    assert play.sim.venue.orders == {}


def test_events_of_a_connection_have_rules() -> None:
    """Rules for connect, subscribe and disconnect do their steps at those moments, whoever ended the connection."""
    play = Play(
        {"when": {"event": "connect"}, "then": [{"corrupt": "id"}]},
        {"when": {"event": "subscribe", "session": "1"}, "then": [{"disconnect": {"code": 4001}}]},
        {"when": {"event": "disconnect"}, "then": [{"cancel": {"order": "all"}}]},
    )
    first, second = play.connect(), play.connect()
    first.request("SubscribeTrades", tradable_product=PAIR)
    assert first.raw() == [(0, Close(4001))]
    second.request("SubscribeOrderState")
    second.order()
    assert second.news()[0] == (0, ok(1000001, []))
    third = play.follow()
    play.sim.disconnect(second.session)
    assert third.news() == [(0, told(1, "Acked Canceled Out"))]
    assert play.notes("rule") == ["rule 1", "rule 1", "rule 2", "rule 3", "rule 1", "rule 3"]


def test_close_overtakes_no_reply() -> None:
    """A close comes behind the replies that are on their way, as bytes on a connection do."""
    play = Play({"when": {"request": "GetHalts"}, "then": ["reply", "disconnect"]}, latency={"reply": "5ms"})
    client = play.connect()
    client.request("GetHalts")
    play.advance("4ms")
    assert client.raw() == []
    play.advance("1ms")
    assert client.raw() == [(5, b'{"id":1,"response":{"Ok":[]}}'), (5, Close(1000))]


def test_requests_overtake_each_other_where_messages_may() -> None:
    """With reorder a slow type of request holds up no other on its connection."""
    latency = {"requests": {"GetHalts": "5ms"}, "reorder": True}
    play = Play(latency=latency)
    client = play.connect()
    client.request("GetHalts")
    client.request("ListOpen", scope="All", set="All")
    play.advance("5ms")
    assert client.news() == [(0, ok(2, [])), (5, ok(1, []))]


def test_nobody_is_told_twice_of_a_connection_that_is_gone() -> None:
    """A connection that the scenario has closed does not end again when its socket does."""
    play = Play(timeline=[{"at": "1s", "do": "disconnect"}])
    client: Client = play.connect()
    play.advance("1s")
    play.sim.disconnect(client.session)
    assert [entry[1:3] for entry in play.journal("close")] == [(1, "close")]


def test_a_refusal_is_to_be_met() -> None:
    """A refusal that nobody has met yet is known as long as it lasts and nobody is connected."""
    play = Play({"when": {"event": "disconnect"}, "then": [{"refuse": {"for": "1s"}}]})
    one, two = play.connect(), play.connect()
    seen = [play.sim.awaits_attempt]
    play.sim.disconnect(one.session)
    seen.append(play.sim.awaits_attempt)
    play.sim.disconnect(two.session)
    seen.append(play.sim.awaits_attempt)
    with pytest.raises(Refused):
        play.connect()
    seen.append(play.sim.awaits_attempt)
    play.advance("1s")
    play.sim.disconnect(play.connect().session)
    seen.append(play.sim.awaits_attempt)
    play.advance("1s")
    seen.append(play.sim.awaits_attempt)
    assert seen == [False, False, True, False, True, False]
