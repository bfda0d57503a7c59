"""The verbs about the scenario's own course, rate limits, the timeline, and that a seed makes one run."""

from contextlib import nullcontext
from typing import Any

import pytest

from simulator.errors import ScenarioError
from simulator.gateway.outgoing import Close
from simulator.scenario.model import Rule
from simulator.scenario.steps import FillStep
from simulator.scenario.when import When
from simulator.simulation import Refused
from simulator.steps import player
from support.steps import PAIR, Play, err, ok, sends, told

LIMITED = {"request": "GetHalts"}


def test_goto_changes_which_rules_there_are() -> None:
    """A scenario begins in the state start; a goto leads to another, in which other rules are for the same request."""
    play = Play(
        {"when": {"request": "GetHalts", "state": "start"}, "then": [{"reply": {"Ok": 1}}, {"goto": "second"}]},
        {"when": {"request": "GetHalts", "state": "second"}, "then": [{"reply": {"Ok": 2}}, {"goto": "start"}]},
    )
    client = play.connect()
    assert [client.ask("GetHalts")["Ok"] for _ in range(3)] == [1, 2, 1]
    assert play.notes("state") == ["second", "start", "second"]


def test_rate_limit_refuses_what_is_too_much() -> None:
    """So many requests in so long a time pass on to the engine; one more is an Err, and time lets it pass again."""
    play = Play({"when": LIMITED, "then": [{"rate_limit": {"cap": 2, "per": "1s"}}]})
    client, other = play.connect(), play.connect()
    for _ in range(3):
        client.request("GetHalts")
    other.request("GetHalts")
    client.request("ListOpen", scope="All", set="All")
    play.advance("1s")
    client.request("GetHalts")
    assert client.news() == [
        (0, ok(1, [])),
        (0, ok(2, [])),
        (0, err(3, "RateLimited: more than 2 requests in 1s")),
        (0, ok(4, [])),
        (1000, ok(5, [])),
    ]
    assert other.news() == [(0, ok(1, []))]


def test_rate_limit_slides() -> None:
    """A rate limit counts what has passed in the time before each request; what it refuses does not count."""
    play = Play({"when": LIMITED, "then": [{"rate_limit": {"cap": 1, "per": "1s", "code": "Other"}}]})
    client = play.connect()
    answers = []
    for _ in range(5):
        client.request("GetHalts")
        answers.append("Ok" in client.news()[0][1]["response"])
        play.advance("600ms")
    assert answers == [True, False, True, False, True]


def test_rate_limits_of_one_rule_count_each_for_itself() -> None:
    """A rule may have several: that the time of one is over does not make the others forget."""
    limits = [{"rate_limit": {"cap": 5, "per": "1s"}}, {"rate_limit": {"cap": 2, "per": "1m"}}]
    play = Play({"when": LIMITED, "then": limits})
    client = play.connect()
    answers = []
    for _ in range(4):
        client.request("GetHalts")
        answers.append("Ok" in client.news()[0][1]["response"])
        play.advance("2s")
    assert answers == [True, True, False, False]


def test_what_is_within_the_limit_passes_on_to_the_next_rules() -> None:
    """A rule of nothing but a rate limit decides only about what is too much."""
    play = Play(
        {"when": LIMITED, "then": [{"rate_limit": {"cap": 1}}]},
        {"when": {"request": "Get*"}, "then": [{"reply": {"Ok": 7}}]},
    )
    client = play.connect()
    client.request("GetHalts")
    client.request("GetHalts")
    assert client.news() == [(0, ok(1, 7)), (0, err(2, "RateLimited: more than 1 requests in 1s"))]


def test_a_rule_with_a_rate_limit_and_steps_plays_the_steps() -> None:
    """Within the limit, the other steps of its rule are done."""
    play = Play({"when": LIMITED, "then": [{"rate_limit": {"cap": 1}}, {"reply": {"Ok": 7}}]})
    client = play.connect()
    client.request("GetHalts")
    assert client.news() == [(0, ok(1, 7))]


TARGETS = {"/", "/architect", "/?account=alice", "/architect?account=ALICE", "/?account=BOB"}


@pytest.mark.parametrize(
    ("bars", "offender", "barred"),
    [
        ({}, "/", {"/", "/architect"}),
        ({}, "/?account=ALICE", {"/?account=alice", "/architect?account=ALICE"}),
        ({"bars": "offender"}, "/?account=BOB", {"/?account=BOB"}),
        ({"bars": "everybody"}, "/?account=ALICE", TARGETS),
        ({"bars": "everybody"}, "/", TARGETS),
    ],
)
def test_a_ban_closes_and_refuses(bars: dict[str, str], offender: str, barred: set[str]) -> None:
    """Too much can be banned: an Err, a close with 1008, and no connection of the offender, or of all, for a while."""
    play = Play({"when": LIMITED, "then": [{"rate_limit": {"cap": 1, "ban": "5s", **bars}}]})
    client, other = play.connect(offender), play.connect()
    client.request("GetHalts")
    client.request("GetHalts")
    assert client.news() == [
        (0, ok(1, [])),
        (0, err(2, "RateLimited: more than 1 requests in 1s")),
        (0, Close(1008, "RateLimited")),
    ]
    play.advance("4999ms")
    for target in TARGETS:
        with pytest.raises(Refused) if target in barred else nullcontext():
            play.connect(target)
    play.advance("1ms")
    for target in TARGETS:
        play.connect(target)
    assert other.session.is_open


def test_what_heals_lifts_a_ban() -> None:
    """Healing ends bans as it ends all else."""
    play = Play({"when": LIMITED, "then": [{"rate_limit": {"cap": 0, "ban": "1h"}}]})
    play.connect().request("GetHalts")
    with pytest.raises(Refused):
        play.connect()
    play.sim.do("heal")
    play.connect()


def test_the_timeline_happens_by_itself() -> None:
    """What the timeline says is done at its time, also at the very start, and again where it says so."""
    play = Play(
        timeline=[
            {"at": "2s", "do": {"fill": {"quantity": 1, "order": "last"}}, "every": "1s"},
            {"at": "0s", "do": {"halt": "All"}},
            {"at": "1s", "do": [{"resume": "All"}, {"limits": []}]},
        ]
    )
    client = play.follow()
    client.order(3, 100)
    assert client.news()[1:] == [(0, told(1, "Rejected Out"))]
    play.advance("1s")
    client.order(3, 100)
    client.news()
    play.advance("3s")
    assert client.news() == [
        (2000, told(2, "Open Acked", "1", "100.00")),
        (3000, told(2, "Open Acked", "2", "100.00")),
        (4000, told(2, "Acked Filled Out", "3", "100.00")),
    ]


def test_a_test_does_steps_itself() -> None:
    """From Python any step can be done at any moment; one that is none is refused."""
    play = Play(sends("ack"))
    client = play.follow()
    client.order()
    client.news()
    play.sim.do({"fill": {"quantity": 4, "order": "last"}}, {"delay": "1s"}, {"cancel": {"order": "1"}})
    play.advance("1s")
    assert client.news() == [
        (0, told(1, "Open Acked", "4", "100.00")),
        (1000, told(1, "Acked Canceled Out", "4", "100.00")),
    ]
    with pytest.raises(ScenarioError, match="expected a step"):
        play.sim.do("flil")


def test_rules_can_be_replaced() -> None:
    """A test replaces the rules while the world goes on; the state stays as it is."""
    play = Play(sends("reject"))
    client = play.follow()
    client.order()
    play.sim.set_rules((Rule(When(request="SendLimitOrder"), (FillStep(),)),))
    client.order()
    assert [message for _, message in client.news() if message["id"] == 1] == [
        told(1, "Rejected Out"),
        told(2, "Open"),
        told(2, "Filled Out", "10", "100.00"),
    ]


def run(seed: int) -> list[Any]:
    """Return the journal of a run in which all that can be random is."""
    leg = {"uniform": ["1ms", "9ms"]}
    play = Play(
        sends({"delay": "3ms"}, {"fill": "50%"}, chance="50%"),
        sends({"stall": {"what": "data", "for": "20ms"}}, "ack", chance="20%"),
        seed=seed,
        latency={"entry": leg, "reply": leg, "update": {"lognormal": {"median": "2ms", "p99": "20ms"}}},
        markets={PAIR: {"mid": 100, "walk": {"every": "5ms", "volatility": "1%"}, "trades": {"per_second": 50}}},
    )
    clients = [play.follow(), play.follow()]
    for number in range(40):
        clients[number % 2].order(1, 100, "Buy" if number % 3 else "Sell")
        play.advance("4ms")
    play.advance("1s")
    return list(play.sim.journal)


def test_one_seed_one_journal() -> None:
    """The same seed gives the same journal, entry for entry; another gives another."""
    first = run(5)
    assert len(first) > 300
    assert first == run(5)
    assert first != run(6)


@pytest.mark.parametrize(("clock", "groups"), [("real", [2, 2, 1]), ("manual", [5])])
def test_many_are_released_in_groups(clock: str, groups: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where time goes on by itself very many who are held go on in groups, in their order; else all at once."""
    monkeypatch.setattr(player, "_AT_ONCE", 2)
    held = {"when": {"request": "GetHalts", "nth": {"ge": 1}}, "times": 5, "then": [{"hold": "it"}, "reply"]}
    play = Play(held, clock=clock)
    client = play.connect()
    for _ in range(5):
        client.request("GetHalts")
    play.sim.release("it")
    news = [client.news()]
    while play.sim.next_due() is not None:
        play.advance("1ns")
        news.append(client.news())
    assert [len(group) for group in news] == groups
    assert [message for group in news for _, message in group] == [ok(number, []) for number in range(1, 6)]
