"""Strategies for venues and for flows of orders: every one loads, plays, and keeps the exchange's books straight."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from simulator.errors import ScenarioError
from simulator.exchange.orders import LEGAL
from simulator.replay import Client
from simulator.replay.inprocess import drive
from simulator.scenario import load
from simulator.scenario.step_forms import VERBS
from simulator.simulation import Simulation
from simulator.terms import STALE, FillKind
from simulator.testing.strategies import FAULTS, Heard, ScenarioDict, order_flows, play, scenarios
from simulator.testing.strategies.legal_steps import verb_of

REFERENCE = {"catalogue": "reference"}
VENUES = scenarios(base=REFERENCE)
FLOWS = order_flows("reference")
NEVER_ILL = settings(suppress_health_check=list(HealthCheck))
SEARCH = settings(NEVER_ILL, max_examples=500, database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))


def steps_of(venue: ScenarioDict) -> list[Any]:
    """Return every step of a venue."""
    steps = [step for rule in venue.get("rules", ()) for step in rule["then"]]
    return steps + [entry["do"] for entry in venue.get("timeline", ())]


def check_books(simulation: Simulation) -> None:
    """Check that quantities are conserved and states are legal."""
    venue = simulation.venue
    filled: Counter[int] = Counter()
    for fill in venue.fills:
        if fill.kind is FillKind.NORMAL:
            filled[fill.order_id] += fill.quantity
        elif fill.kind is FillKind.REVERSAL:
            filled[fill.order_id] -= fill.quantity
    for order in venue.orders.values():
        assert order.state & ~STALE in LEGAL
        assert 0 <= order.cum_qty <= order.quantity
        assert 0 <= order.leaves_qty <= order.quantity - order.cum_qty
        assert order.cum_qty == filled[order.id]
        assert order.is_out == (order.id not in venue.open)


@settings(NEVER_ILL, max_examples=150)
@given(scenarios())
def test_every_venue_loads(venue: ScenarioDict) -> None:
    """Whatever is drawn is a scenario without a mistake, and data for JSON."""
    assert load(venue).scenario == load(json.loads(json.dumps(venue))).scenario


@settings(NEVER_ILL, max_examples=50)
@given(venue=scenarios())
def test_what_is_printed_is_the_scenario(venue: ScenarioDict, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What hypothesis prints of a venue is, when it is saved, the same scenario; so is what the venue saves itself."""
    folder: Path = tmp_path_factory.mktemp("venue")
    printed = folder / "printed.yaml"
    printed.write_text(repr(venue))
    for path in (printed, venue.save(folder / "saved.yaml")):
        assert load(path).scenario == load(dict(venue)).scenario


@settings(NEVER_ILL, max_examples=200)
@given(VENUES, FLOWS)
def test_any_flow_plays_against_any_venue(venue: ScenarioDict, flow: list[dict[str, Any]]) -> None:
    """No venue breaks the simulator, its books are straight, and the same venue and flow say the same bytes."""
    simulation = Simulation(venue)
    heard = play(flow, simulation)
    check_books(simulation)
    assert play(flow, Simulation(venue)) == heard


@settings(NEVER_ILL, max_examples=50)
@given(scenarios(), order_flows())
def test_flows_of_the_default_catalogue_play(venue: ScenarioDict, flow: list[dict[str, Any]]) -> None:
    """The products of the default catalogue can be traded at any venue, too."""
    simulation = Simulation(venue)
    play(flow, simulation)
    check_books(simulation)


@settings(NEVER_ILL, max_examples=100)
@given(FLOWS)
def test_flows_are_legal(flow: list[dict[str, Any]]) -> None:
    """At a plain exchange each order of a flow exists, and nothing but a cancel that comes too late gets an Err."""
    simulation = Simulation(catalogue="reference")
    heard = play(flow, simulation)
    sent = [step for step in flow if step.get("send", {}).get("type") == "SendLimitOrder"]
    assert len(simulation.venue.orders) == len(sent)
    for item in heard:
        response = json.loads(item.item)["response"]
        assert "Ok" in response or response["Err"].endswith("is out already")


@settings(NEVER_ILL, max_examples=50)
@given(FLOWS)
def test_flows_are_the_client_section_of_a_scenario(flow: list[dict[str, Any]]) -> None:
    """A flow loads as a scenario's client, and replays against a plain exchange."""
    loaded = load(ScenarioDict(REFERENCE, client=flow, clock="manual"))
    drive(Simulation(loaded), Client(loaded))


def test_the_smallest_are_plain() -> None:
    """The smallest venue is a plain exchange, and the smallest flow follows its orders and does nothing."""
    assert find(scenarios(), lambda venue: True, settings=SEARCH) == {}
    assert find(FLOWS, lambda flow: True, settings=SEARCH) == [
        {"send": {"type": "SubscribeOrderState"}, "as": "states"}
    ]


def test_without_faults_there_is_only_the_plain_exchange() -> None:
    """A client that need survive nothing is given nothing."""

    @settings(NEVER_ILL, max_examples=50)
    @given(scenarios(faults=[], base=REFERENCE))
    def check(venue: ScenarioDict) -> None:
        assert venue == REFERENCE

    check()


VERB_OF_FAULT = {
    "fills": "fill",
    "delays": "delay",
    "rejects": "reject",
    "refusals": "reply",
    "lost-replies": "reply",
    "unasked-cancels": "cancel",
    "busts": "bust",
    "stale": "stale",
    "views": "view",
    "disconnects": "disconnect",
    "stalls": "stall",
    "slow-lines": "slow",
    "restarts": "restart",
    "lost-orders": "restart",
    "halts": "halt",
    "rate-limits": "rate_limit",
    "refused-cancels": "reject",
    "duplicates": "reply",
    "late-replies": "reply",
}


@pytest.mark.parametrize(("fault", "verb"), VERB_OF_FAULT.items())
def test_each_fault_is_drawn_by_itself(fault: str, verb: str) -> None:
    """A fault can be had alone, apart from the fill that it may need."""
    venues = scenarios({fault, "fills"})
    assert find(venues, lambda venue: any(verb_of(step) == verb for step in steps_of(venue)), settings=SEARCH)


def test_all_faults_come_up_among_all() -> None:
    """A few hundred venues have had a step of every kind."""
    seen: set[str] = set()

    @settings(SEARCH, max_examples=300)
    @given(scenarios())
    def collect(venue: ScenarioDict) -> None:
        seen.update(map(verb_of, steps_of(venue)))

    collect()
    assert seen <= set(VERBS)
    assert seen >= set(VERB_OF_FAULT.values())


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ("lost-updates", "send: never"),
        ("duplicates", "send: twice"),
        ("duplicates", "send: renamed"),
        ("late-acks", "[fill, ack]"),
        ("races", "hold: race"),
        ("latency", "latency:"),
        ("reordering", "reorder: true"),
    ],
)
def test_each_way_of_telling_is_drawn(fault: str, wanted: str) -> None:
    """Updates are lost, doubled, renamed, early, late and out of order."""
    assert find(scenarios({fault, "fills"}), lambda venue: wanted in venue.yaml, settings=SEARCH)


def test_acks_come_first_unless_they_may_be_late() -> None:
    """Without late acks nothing becomes of an order before its ack."""

    @settings(NEVER_ILL, max_examples=100)
    @given(scenarios(FAULTS.keys() - {"late-acks"}))
    def check(venue: ScenarioDict) -> None:
        for rule in venue.get("rules", ()):
            verbs = [verb_of(step) for step in rule["then"]]
            if rule["when"]["request"] == "SendLimitOrder" and "fill" in verbs:
                assert "ack" in verbs[: verbs.index("fill")]

    check()


def test_mistakes_of_the_test_are_named() -> None:
    """A fault that is none, and a base that says what is drawn or names nothing, are refused at once."""
    with pytest.raises(ValueError, match="fills"):
        scenarios(faults=["fill"])
    with pytest.raises(ValueError, match="rules"):
        scenarios(base={"rules": []})
    with pytest.raises(ScenarioError):
        scenarios(base={"catalog": "reference"})
    with pytest.raises(ValueError, match="no tradable product"):
        order_flows("reference", product="tp9")


def test_what_is_heard_has_its_time_and_connection() -> None:
    """What is heard bears the time at which it came, and the number of the connection it came on."""
    delayed = ScenarioDict(
        REFERENCE, rules=[{"when": {"request": "SendLimitOrder"}, "then": [{"delay": "10ms"}, "reject"]}]
    )
    order = {"account": "account1", "dir": "Buy", "price": "100", "quantity": "1", "target": "tp1"}
    flow: list[dict[str, Any]] = [
        {"send": {"type": "SubscribeOrderState"}},
        {"send": {"type": "SendLimitOrder", **order}, "as": "order1"},
        {"wait": "5ms"},
        {"send": {"type": "GetOrderState", "order_ids": ["$order1"]}},
    ]
    simulation = Simulation(delayed)
    start = simulation.now
    heard = play(flow, simulation)
    assert all(isinstance(item, Heard) and item.connection == 1 for item in heard)
    assert [(item.time - start) // 1_000_000 for item in heard] == [0, 0, 0, 5, 10]
    assert "Rejected" in str(heard[-1].item)


def test_a_lost_connection_is_heard_and_opened_again() -> None:
    """A connection's end is heard with its code, and the next step has a new connection that follows what it did."""
    closing = ScenarioDict(
        REFERENCE, rules=[{"when": {"request": "GetHalts"}, "then": [{"disconnect": {"code": 1012, "reason": "bye"}}]}]
    )
    flow = [{"send": {"type": kind}} for kind in ("SubscribeOrderState", "GetHalts", "GetHalts")]
    heard = [(item.connection, item.item) for item in play(flow, Simulation(closing))]
    followed, end = b'{"id":%d,"response":{"Ok":[]}}', "1012 bye"
    assert [(number, item) for number, item in heard if item == end] == [(1, end), (2, end)]
    assert heard[0] == (1, followed % 1)
    assert (2, followed % 3) in heard
