"""Clients with a bug of their own are found out by venues that are unkind, and a careful one is not."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from simulator.gateway.outgoing import Abort, Close, Outgoing, RawBytes
from simulator.gateway.session import Session
from simulator.replay.inprocess import Frames
from simulator.simulation import Refused, Simulation
from simulator.terms import BILLION
from simulator.testing.strategies import FAULTS, ScenarioDict, scenarios

SECOND = BILLION
HORIZON = 60 * SECOND
ORDER = {"account": "account1", "dir": "Buy", "price": "105", "quantity": "10", "target": "tp1"}
SETTINGS = settings(
    max_examples=200,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


def states(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the states of orders that a message tells of."""
    said = message["response"].get("Ok")
    return said if isinstance(said, list) else []


class Careful:
    """Buys once: sends one order, and believes of it what it was told last, in whatever order it is told.

    Args:
        simulation: the exchange.
    """

    patience = HORIZON

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.session: Session | None = None
        self.frames = Frames()
        self.filled: dict[str, str] = {}
        self.ids = 0
        self.order: int | None = None
        self.is_answered = False
        self.sent_at = self.connects_at = 0

    def act(self) -> None:
        """Do what is to be done now: connect, follow the orders, send the order."""
        if self.session is None:
            if self.simulation.now < self.connects_at:
                return
            try:
                self.session = self.simulation.connect("/")
            except Refused:
                return
            self.ask("SubscribeOrderState")
        is_late = not self.is_answered and self.simulation.now - self.sent_at >= self.patience
        if self.order is None or is_late:
            self.order = self.ask("SendLimitOrder", **ORDER)
            self.sent_at = self.simulation.now

    def ask(self, kind: str, **fields: Any) -> int:
        """Send a request; return its id."""
        self.ids += 1
        assert self.session is not None
        self.simulation.receive(self.session, json.dumps({"id": self.ids, "type": kind, **fields}))
        return self.ids

    def hear(self, message: dict[str, Any]) -> None:
        """Take a reply or an update."""
        self.is_answered |= message["id"] == self.order
        for state in states(message):
            self.learn(state)

    def learn(self, state: dict[str, Any]) -> None:
        """Take an order's state."""
        self.filled[state["order_id"]] = state["filled_qty"]


class TrustsThatAcksComeFirst(Careful):
    """Keeps a record for each order that is acked, and looks it up when there is a fill."""

    def learn(self, state: dict[str, Any]) -> None:
        """Take an order's state."""
        order_id, filled = state["order_id"], state["filled_qty"]
        if "Acked" in state["state"]:
            self.filled.setdefault(order_id, "0")
        if filled != self.filled.get(order_id, "0"):
            self.filled[order_id]  # the bug: it is not there before the ack
            self.filled[order_id] = filled


class SendsAgain(Careful):
    """Takes an order without a reply for one that was never sent."""

    patience = 5 * SECOND


def heard(client: Careful, news: list[tuple[Session, list[Outgoing]]]) -> Iterator[dict[str, Any]]:
    """Yield the messages among what came on a client's connection; it may end, or drip, which is put together."""
    for item in (item for session, items in news if session is client.session for item in items):
        if isinstance(item, Close | Abort):
            client.session, client.frames = None, Frames()
            client.connects_at = client.simulation.now + SECOND
        elif isinstance(item, RawBytes):
            yield from map(json.loads, client.frames.feed(item.data))
        elif isinstance(item, bytes):
            yield json.loads(item)


def positions(filled: dict[str, str]) -> dict[str, str]:
    """Return what of it is not nothing."""
    return {order_id: quantity for order_id, quantity in filled.items() if quantity != "0"}


def survives(venue: ScenarioDict | Path, kind: type[Careful]) -> bool:
    """Play a client against a venue for a minute; tell whether it came to no harm."""
    simulation = Simulation(venue, clock="manual")
    client, end = kind(simulation), simulation.now + HORIZON
    told: dict[str, str] = {}
    while simulation.now < end:
        client.act()
        until = min(simulation.next_due() or end, simulation.now + SECOND)
        for message in heard(client, simulation.advance(until)):
            told |= {state["order_id"]: state["filled_qty"] for state in states(message)}
            try:
                client.hear(message)
            except KeyError:
                return False
    return positions(client.filled) == positions(told) and len(simulation.venue.orders) <= 1


def smallest(kind: type[Careful], **options: Any) -> ScenarioDict:
    """Return the smallest venue that a client does not survive, of 200."""
    return find(
        scenarios(base={"catalogue": "reference"}, **options),
        lambda venue: not survives(venue, kind),
        settings=SETTINGS,
    )


def text(block: str) -> str:
    """Return an indented block as the file that it shows."""
    return dedent(block).lstrip("\n")


def test_a_fill_before_its_ack_is_found(tmp_path: Path) -> None:
    """The client that trusts that acks come first breaks on the smallest venue of all: one rule, a fill, its ack."""
    venue = smallest(TrustsThatAcksComeFirst)
    assert (
        repr(venue)
        == """
        catalogue: reference
        rules:
        - when: {request: SendLimitOrder}
          then: [fill, ack]
"""
    )
    assert not survives(venue.save(tmp_path / "found.yaml"), TrustsThatAcksComeFirst)
    assert survives(venue, Careful)


def test_a_reply_that_never_comes_is_found(tmp_path: Path) -> None:
    """The client that sends again breaks on one rule that answers nothing."""
    venue = smallest(SendsAgain, faults=["lost-replies", "fills", "latency"])
    assert venue.yaml in (
        text("""
            catalogue: reference
            rules:
            - when: {request: SendLimitOrder}
              then:
              - reply: never
            """),
        text("""
            catalogue: reference
            latency:
              reply: 10s
            """),
    )
    assert not survives(venue.save(tmp_path / "found.yaml"), SendsAgain)
    assert survives(venue, Careful)


@pytest.mark.parametrize("kind", [TrustsThatAcksComeFirst, SendsAgain])
def test_the_bug_is_found_among_all_faults(kind: type[Careful], tmp_path: Path) -> None:
    """With every fault, too, what is found has few parts, and breaks the client again when it is saved."""
    venue = smallest(kind)
    steps = [step for rule in venue.get("rules", ()) for step in rule["then"]]
    assert len(steps) + len(venue.get("timeline", ())) + len(venue.get("latency", ())) <= 4
    assert not survives(venue.save(tmp_path / "found.yaml"), kind)


@SETTINGS
@given(scenarios(base={"catalogue": "reference"}))
def test_a_careful_client_survives(venue: ScenarioDict) -> None:
    """The client without a bug comes to no harm at 200 venues."""
    assert survives(venue, Careful)


def test_a_client_without_what_it_cannot_bear_survives() -> None:
    """A client is spared the faults that it need not survive."""
    found: list[ScenarioDict] = []

    @settings(SETTINGS, max_examples=50)
    @given(scenarios(FAULTS.keys() - {"late-acks"}, base={"catalogue": "reference"}))
    def play(venue: ScenarioDict) -> None:
        found.append(venue)
        assert survives(venue, TrustsThatAcksComeFirst)

    play()
    assert any("rules" in venue for venue in found)
