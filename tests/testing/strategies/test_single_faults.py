"""Each fault can be asked for by itself: every venue loads, and some of them have the fault."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from simulator.scenario import load
from simulator.scenario.steps import TRUTH
from simulator.simulation import Simulation
from simulator.terms import FillKind
from simulator.testing.strategies import FAULTS, MORE_FAULTS, ScenarioDict, play, scenarios
from simulator.testing.strategies.legal_steps import verb_of

REFERENCE = {"catalogue": "reference"}
ORDER = {"account": "account1", "dir": "Buy", "price": "90", "quantity": "10", "target": "tp1"}
FLOW: list[dict[str, Any]] = [
    {"send": {"type": "SubscribeOrderState"}, "as": "states"},
    {"send": {"type": "SendLimitOrder", **ORDER}, "as": "order1"},
    {"wait": "10s"},
]
SETTINGS = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


@cache
def drawn(*faults: str) -> list[ScenarioDict]:
    """Return a hundred venues at most with some faults."""
    venues: list[ScenarioDict] = []

    @SETTINGS
    @given(scenarios(faults, base=REFERENCE))
    def collect(venue: ScenarioDict) -> None:
        venues.append(venue)

    collect()
    return venues


def told(venue: ScenarioDict) -> list[list[str]]:
    """Return what is told of the states of an order that a venue is sent."""
    items = [heard.item for heard in play(FLOW, Simulation(venue)) if isinstance(heard.item, bytes)]
    responses = [json.loads(item)["response"] for item in items]
    lists = [response["Ok"] for response in responses if isinstance(response.get("Ok"), list)]
    return [state["state"] for states in lists for state in states]


def acks_late(venue: ScenarioDict) -> bool:
    """Tell whether an order is told to be filled or cancelled first, and then to be acked."""
    states = told(venue)
    early = [at for at, state in enumerate(states) if {"Filled", "Canceled"} & set(state) and "Acked" not in state]
    return any("Acked" in state for state in states[early[0] :]) if early else False


def busts(venue: ScenarioDict) -> bool:
    """Tell whether a fill of an order that the market would not fill is taken back."""
    simulation = Simulation(venue)
    play(FLOW, simulation)
    return any(fill.kind is FillKind.REVERSAL for fill in simulation.venue.fills)


def rules(venue: ScenarioDict, request: str) -> Iterable[list[Any]]:
    """Return the steps of each rule for a request."""
    return [rule["then"] for rule in venue.get("rules", ()) if rule["when"]["request"] == request]


def has(*wanted: str) -> Callable[[ScenarioDict], bool]:
    """Return a test for a venue whose YAML has one of some texts."""
    return lambda venue: any(text in venue.yaml for text in wanted)


def does(verb: str, request: str = "SendLimitOrder") -> Callable[[ScenarioDict], bool]:
    """Return a test for a venue that does something to a request."""
    return lambda venue: any(verb_of(step) == verb for steps in rules(venue, request) for step in steps)


def replies_late(venue: ScenarioDict) -> bool:
    """Tell whether a cancel is answered after it is done."""
    return any(
        "reply" in steps and TRUTH & set(map(verb_of, steps[: steps.index("reply")]))
        for steps in rules(venue, "CancelOrder")
    )


def fills_after_ok(venue: ScenarioDict) -> bool:
    """Tell whether an order is filled after its cancel has been answered Ok."""
    return any(
        "reply" in steps and "fill" in map(verb_of, steps[steps.index("reply") :])
        for steps in rules(venue, "CancelOrder")
    )


USES: dict[str, Callable[[ScenarioDict], bool]] = {
    "fills": does("fill"),
    "late-acks": acks_late,
    "late-replies": replies_late,
    "lost-replies": has("reply: never"),
    "lost-updates": has("send: never"),
    "duplicates": has("reply: twice"),
    "delays": does("delay"),
    "rejects": does("reject"),
    "refusals": has("Err:"),
    "unasked-cancels": does("cancel"),
    "refused-cancels": does("reject", "CancelOrder"),
    "races": does("fill", "CancelOrder"),
    "busts": busts,
    "stale": does("stale"),
    "views": has("view:"),
    "latency": has("latency:"),
    "reordering": has("reorder: true"),
    "disconnects": has("disconnect:"),
    "stalls": has("stall:"),
    "slow-lines": has("slow:"),
    "restarts": has("restart"),
    "lost-orders": has("orders: lost"),
    "halts": has("halt:"),
    "rate-limits": has("rate_limit:"),
    "garbage": has("corrupt:"),
    "late-duplicates": does("repeat"),
    "forgotten-orders": does("lose"),
    "lost-subscriptions": has("unsubscribe"),
    "lowered-limits": has("MaxOrderQty"),
    "bans": has("ban:"),
    "late-fills": fills_after_ok,
    "corrections": has("correct:"),
    "overfills": has("150%"),
    "dead-lines": has("stall: all"),
    "odd-ids": has("order_ids:"),
    "tick-changes": has("quote_increment"),
    "delistings": has("delist:"),
}


def test_every_fault_is_looked_for() -> None:
    """The tests below leave no fault out."""
    assert USES.keys() == {**FAULTS, **MORE_FAULTS}.keys()


@pytest.mark.parametrize("fault", USES)
def test_venues_of_a_single_fault_load(fault: str) -> None:
    """Whatever is drawn for one fault is a scenario without a mistake."""
    for venue in drawn(fault):
        load(venue)


@pytest.mark.parametrize("fault", USES)
def test_some_venue_of_a_single_fault_has_it(fault: str) -> None:
    """A fault that is asked for by itself is among a hundred venues."""
    assert any(map(USES[fault], drawn(fault)))


def test_no_fault_draws_the_plain_exchange() -> None:
    """Without faults nothing is drawn but the base."""
    assert drawn()
    assert all(venue == REFERENCE for venue in drawn())


def test_the_pair_of_the_readme_is_drawn() -> None:
    """Late acks and duplicates are both among the venues that are asked for both, and every venue loads."""
    faults = ("late-acks", "duplicates")
    for venue in drawn(*faults):
        load(venue)
    for is_drawn in (acks_late, has("reply: twice"), has("send: twice"), has("send: renamed")):
        find(scenarios(faults, base=REFERENCE), is_drawn, settings=SETTINGS)


def test_late_acks_are_of_what_is_asked_for() -> None:
    """Late acks bring fills along by themselves, and none when unasked cancels can come before an ack."""
    assert find(scenarios(["late-acks"], base=REFERENCE), acks_late, settings=SETTINGS)["rules"] == [
        {"when": {"request": "SendLimitOrder"}, "then": ["fill", "ack"]}
    ]
    venues = drawn("late-acks", "unasked-cancels")
    assert not any(map(does("fill"), venues))
    assert any(map(acks_late, venues))
