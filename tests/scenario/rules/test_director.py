"""Which rule decides: counters, chances, order and states of rules."""

from typing import Any

import pytest

from support.steps import Play

HALTS = {"request": "GetHalts"}


def answered(*rules: dict[str, Any], times: int = 8, **scenario: Any) -> list[Any]:
    """Ask for the halts so many times; return the answers, with a dot where no rule decided."""
    play = Play(*rules, **scenario)
    client = play.connect()
    answers = [client.ask("GetHalts")["Ok"] for _ in range(times)]
    return ["." if answer == [] else answer for answer in answers]


def rule(answer: str, when: dict[str, Any] | None = None, **counters: Any) -> dict[str, Any]:
    """Return a rule that answers with a word."""
    return {"when": {**HALTS, **(when or {})}, "then": [{"reply": {"Ok": answer}}], **counters}


@pytest.mark.parametrize(
    ("counters", "fires"),
    [
        ({}, "xxxxxxxx"),
        ({"times": 3}, "xxx....."),
        ({"after": 3}, "...xxxxx"),
        ({"every": 3}, "x..x..x."),
        ({"after": 2, "times": 2}, "..xx...."),
        ({"after": 1, "every": 2}, ".x.x.x.x"),
        ({"every": 3, "times": 2}, "x..x...."),
        ({"after": 2, "every": 2, "times": 2}, "..x.x..."),
        ({"chance": "0%"}, "........"),
        ({"chance": "100%"}, "xxxxxxxx"),
    ],
)
def test_counters(counters: dict[str, Any], fires: str) -> None:
    """A rule fires so many times, after the first so many, every so manieth, and by chance, all of these together."""
    assert "".join(answered(rule("x", **counters))) == fires


@pytest.mark.parametrize("until", ["2s", "2024-01-01T00:00:02Z"])
def test_a_rule_ends_at_a_time(until: str) -> None:
    """A rule with an end fires before it and no more from then on, for requests and for events."""
    greeting = {"when": {"event": "connect"}, "then": [], "until": until}
    play = Play(rule("x", until=until), {**rule("y"), "name": "after it"})
    client = play.connect()
    answers = []
    for _ in range(3):
        answers.append(client.ask("GetHalts")["Ok"])
        play.advance("1s")
    assert answers == ["x", "x", "y"]
    play = Play(greeting)
    for time in ("1999ms", "1ms", "1s"):
        play.connect()
        play.advance(time)
    assert play.notes("rule") == ["rule 1", "rule 1"]


def test_what_a_rule_has_begun_goes_on_after_its_end() -> None:
    """A rule's end keeps it from firing again, and does not cut what it does."""
    play = Play({"when": HALTS, "then": [{"delay": "5s"}, {"reply": {"Ok": "late"}}], "until": "1s"})
    client = play.connect()
    client.request("GetHalts")
    play.advance("4999ms")
    assert client.news() == []
    play.advance("1ms")
    assert [message["response"] for _, message in client.news()] == [{"Ok": "late"}]


@pytest.mark.parametrize(
    ("nth", "fires"), [(1, "x......."), (3, "..x....."), ([2, 5], ".x..x..."), ({"gt": 5}, ".....xxx")]
)
def test_nth(nth: Any, fires: str) -> None:
    """A rule can be for the nth such request, for some of them, or for all from one on."""
    assert "".join(answered(rule("x", {"nth": nth}))) == fires


def test_nth_counts_requests_whichever_rule_decides() -> None:
    """The second request is the second, also for a rule behind the one that decided about the first."""
    first, second, rest = rule("1", {"nth": 1}), rule("2", {"nth": 2}), rule("x")
    assert "".join(answered(first, second, rest)) == "12xxxxxx"


def test_the_first_that_matches_decides() -> None:
    """Rules are asked in the order of the file; a rule that is spent, or not yet due, leaves it to the next."""
    assert "".join(answered(rule("a", times=2), rule("b", after=1, times=3), rule("c", every=2))) == "aacbbb.c"


def test_a_rule_counts_only_what_comes_to_it() -> None:
    """What an earlier rule has decided about does not count for times, after and every of the later ones."""
    assert "".join(answered(rule("a", every=2), rule("b", after=1))) == "a.ababab"


def test_chances_are_drawn_from_the_seed() -> None:
    """The same seed gives the same chances, another seed others, and the share is about what it says."""
    draws = ["".join(answered(rule("x", chance="30%"), times=400, seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert 90 < draws[0].count("x") < 150


def test_chances_do_not_depend_on_latency() -> None:
    """What is drawn for a latency never shifts what is drawn for a chance."""
    plain = answered(rule("x", chance="50%"), times=50, seed=4)
    play = Play(rule("x", chance="50%"), seed=4, latency={"reply": {"uniform": ["1ms", "9ms"]}})
    client = play.connect()
    for _ in range(50):
        client.request("GetHalts")
    play.advance("1s")
    found = [message["response"]["Ok"] for _, message in client.news()]
    assert ["." if answer == [] else answer for answer in found] == plain


def test_a_rule_for_one_session() -> None:
    """A rule can be for one connection, by its number."""
    play = Play(rule("x", {"session": 2}))
    first, second = play.connect(), play.connect()
    assert (first.ask("GetHalts"), second.ask("GetHalts")) == ({"Ok": []}, {"Ok": "x"})


def test_a_rule_without_a_request_is_for_all_of_them() -> None:
    """A rule that names no request takes any, and none of a connection's events."""
    play = Play({"when": {}, "then": [{"reply": {"Ok": "x"}}]})
    client = play.connect()
    assert [client.ask("GetHalts"), client.ask("ListSecrets")] == [{"Ok": "x"}] * 2
    assert play.notes("rule") == ["rule 1", "rule 1"]


def test_a_name_or_else_a_number_stands_in_the_journal() -> None:
    """Each rule that fires is written down by its name, or by its place in the file."""
    play = Play(rule("x", times=1, name="only once"), rule("y"))
    client = play.connect()
    client.request("GetHalts")
    client.request("GetHalts")
    assert play.journal("rule") == [(0, 0, "rule", "only once"), (0, 0, "rule", "rule 2")]


def test_events_are_counted_like_requests() -> None:
    """A rule for an event has the same counters."""
    play = Play({"when": {"event": "connect", "nth": 2}, "then": [{"goto": "two"}]}, rule("x", {"state": "two"}))
    answers = []
    for _ in range(2):
        client = play.connect()
        answers.append(client.ask("GetHalts")["Ok"])
    assert answers == [[], "x"]


def test_rates_of_connections_that_are_gone_are_forgotten() -> None:
    """However many connections come and go, only those that are there are remembered by a rate limit."""
    play = Play({"when": HALTS, "then": [{"rate_limit": {"cap": 5, "per": "1s"}}]})
    clients = [play.connect() for _ in range(3)]
    for client in clients:
        client.ask("GetHalts")
    for client in clients[:2]:
        play.sim.disconnect(client.session)
    (limit,) = play.sim.director.rules
    assert list(limit._requests) == [3]
