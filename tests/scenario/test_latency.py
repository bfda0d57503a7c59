"""Latency: what is drawn, from which distribution, and what it does to the order of messages."""

import random
import statistics
from typing import Any

import pytest

from simulator.scenario.latency import Latencies
from simulator.scenario.model import Latency, LegEntry, Lognormal, Normal
from support.steps import Play, ok, sends, told

MS = 1_000_000


def draws(leg: Any, count: int = 20_000, seed: int = 1) -> list[int]:
    """Return so many delays of a leg, sorted."""
    latencies = Latencies(Latency(reply=leg), random.Random(seed))
    assert latencies.reply is not None
    return sorted(latencies.reply() for _ in range(count))


def test_no_leg_and_no_time_are_no_delay() -> None:
    """A leg that is not there, or of no time, is none at all."""
    latencies = Latencies(Latency(reply="0ms"), random.Random(1))
    assert (latencies.reply, latencies.update, latencies.entry("GetHalts")) == (None, None, 0)


def test_fixed() -> None:
    """A fixed leg is always the same."""
    assert set(draws("1.5ms", 100)) == {1_500_000}


def test_uniform() -> None:
    """A uniform leg lies between its two ends, on average in the middle."""
    found = draws(LegEntry(uniform=("2ms", "10ms")))
    assert 2 * MS <= found[0] < 2.01 * MS
    assert 9.99 * MS < found[-1] <= 10 * MS
    assert statistics.fmean(found) == pytest.approx(6 * MS, rel=0.01)


def test_normal() -> None:
    """A normal leg has its mean and deviation, and is never below zero."""
    found = draws(LegEntry(normal=Normal("50ms", "5ms")))
    assert statistics.fmean(found) == pytest.approx(50 * MS, rel=0.01)
    assert statistics.stdev(found) == pytest.approx(5 * MS, rel=0.03)
    assert draws(LegEntry(normal=Normal("1ms", "5ms")))[0] == 0


def test_lognormal_by_median_and_p99() -> None:
    """Half of a lognormal leg's delays lie below its median, and one in a hundred above its p99."""
    found = draws(LegEntry(lognormal=Lognormal("2ms", "20ms")))
    assert found[10_000] == pytest.approx(2 * MS, rel=0.03)
    assert found[19_800] == pytest.approx(20 * MS, rel=0.1)
    assert 150 < sum(delay > 20 * MS for delay in found) < 250


def test_draws_come_from_the_seed() -> None:
    """The same seed draws the same delays."""
    leg = LegEntry(uniform=("2ms", "10ms"))
    assert draws(leg, 50, 3) == draws(leg, 50, 3) != draws(leg, 50, 4)


def test_each_way_has_its_own_time() -> None:
    """A request comes to the venue after its entry leg; reply and updates go back after theirs, in their order."""
    play = Play(sends("ack"), latency={"entry": "10ms", "reply": "5ms", "update": "7ms"})
    client = play.connect()
    client.request("SubscribeOrderState")
    client.order()
    play.advance("1s")
    assert client.news() == [
        (15, ok(1, [])),
        (15, ok(2, "1")),
        (17, told(1, "Open")),
        (17, told(1, "Open Acked")),
    ]
    assert play.sim.venue.orders[1].time == play.start + 10 * MS


def test_a_connection_keeps_its_order() -> None:
    """However delays fall out, replies and updates of one connection come in the order in which they were said."""
    leg = {"uniform": ["1ms", "50ms"]}
    play = Play(latency={"reply": leg, "update": leg}, seed=2)
    client = play.follow()
    play.advance("1s")
    client.news()
    for _ in range(10):
        client.order(1, 100)
    play.advance("1s")
    news = client.news()
    assert [ms for ms, _ in news] == sorted(ms for ms, _ in news)
    expected = []
    for number in range(1, 11):
        expected += [ok(number + 1, str(number)), told(number, "Open"), told(number, "Open Acked")]
    assert [message for _, message in news] == expected


def test_reorder_lets_messages_overtake() -> None:
    """With reorder each message takes its own time, and none is lost."""
    play = Play(latency={"reply": {"uniform": ["1ms", "50ms"]}, "reorder": True}, seed=2)
    client = play.connect()
    for _ in range(10):
        client.request("GetHalts")
    play.advance("1s")
    ids = [message["id"] for _, message in client.news()]
    assert sorted(ids) == list(range(1, 11))
    assert ids != sorted(ids)


def test_two_connections_do_not_wait_for_each_other() -> None:
    """The order that is kept is that of each connection."""
    play = Play(latency={"requests": {"ListOpen": "50ms"}})
    slow, fast = play.connect(), play.connect()
    slow.request("ListOpen", scope="All", set="All")
    slow.request("GetHalts")
    fast.request("GetHalts")
    play.advance("1s")
    assert slow.news() == [(50, ok(1, [])), (50, ok(2, []))]
    assert fast.news() == [(0, ok(1, []))]


def test_a_type_of_request_has_its_own_way_in() -> None:
    """A leg for one type of request stands instead of the entry leg."""
    play = Play(latency={"entry": "10ms", "requests": {"GetHalts": "1ms"}})
    client = play.connect()
    client.request("GetHalts")
    play.advance("100ms")
    client.request("ListOpen", scope="All", set="All")
    play.advance("100ms")
    assert client.news() == [(1, ok(1, [])), (110, ok(2, []))]


def test_what_is_on_its_way_when_a_connection_ends_is_lost() -> None:
    """A reply that is on its way to a connection that ends is dropped with it, and the journal says so."""
    play = Play(latency={"reply": "10ms"}, timeline=[{"at": "5ms", "do": {"disconnect": "abort"}}])
    client = play.connect()
    client.request("GetHalts")
    play.advance("1s")
    assert [ms for ms, _ in client.raw()] == [5]
    assert play.journal("lost") == [(5, 1, "lost", b'{"id":1,"response":{"Ok":[]}}')]
