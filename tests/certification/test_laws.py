"""Laws hold whatever passed, and a client is judged for what it could know."""

from typing import Any

import pytest

from certification.clients.streaming import StreamingClient
from simulator.certification import LAWS, Evidence, laws
from simulator.certification.belief import Belief, OrderBelief
from simulator.certification.evidence import Act, Snapshot, Wanted
from simulator.exploration import replay
from simulator.laws.conduct import TrueOrder
from simulator.terms import ACKED, BILLION, CANCELED
from simulator.terms import OUT as OUT_FLAG


def test_messages_that_cannot_be_read_break_no_law() -> None:
    """What a scenario damaged is passed over: no law fails of it, or finds anything."""
    damaged = [
        b'\xff\xfe "Out"',
        b'{"response": "Out"',
        b'{"response": ["Out"]}',
        b'["Out"]',
        b'"Out"',
        b'{"Ok": "Out"}',
    ]
    journal = [(at, 1, "out", data) for at, data in enumerate(damaged)]
    evidence = Evidence(journal=journal)
    assert [finding for law in LAWS for finding in law(evidence)] == []


def cancelled(*told: Any) -> list[str]:
    """Return what is found of a client that is told something, and cancels order 1 six times after each message."""
    journal: list[Any] = []
    for at, data in enumerate(told):
        journal.append((100 * at, 1, "out", b'{"id":1,"response":{"Ok":%s}}' % data))
        journal += [
            (100 * at + more, 1, "in", b'{"id":%d,"type":"CancelOrder","order_id":"1"}' % more) for more in range(1, 7)
        ]
    return [str(finding) for finding in laws.cancels_end(Evidence(journal=journal))]


OUT = b'[{"order_id":"1","state":["Acked","Filled","Out"]}]'
OPEN = b'[{"order_id":"1","state":["Open","Acked"]}]'


def test_cancels_of_what_is_out_end() -> None:
    """An order of which the client has heard that it is out, and nothing else since, is not cancelled for ever."""
    found = ["cancels end: it was told that order 1 is out, and has cancelled it 6 times since"]
    assert cancelled(OUT) == found
    assert cancelled(OPEN, OUT) == found
    assert cancelled(OUT, OPEN) == found
    assert cancelled(OPEN, b'["1","2"]') == []


def test_what_was_said_to_be_out_and_is_open_may_be_cancelled() -> None:
    """A wrong update that is put right by a query, or by a list of open orders, makes no cancel one too many."""
    journal: list[Any] = [
        (0, 1, "out", b'{"id":1,"response":{"Ok":%s}}' % OUT),
        (1, 1, "out", b'{"id":2,"response":{"Ok":["1"]}}'),
        *((at, 1, "in", b'{"id":3,"type":"CancelOrder","order_id":"1"}') for at in range(2, 20)),
    ]
    assert list(laws.cancels_end(Evidence(journal=journal))) == []


def test_what_cannot_be_sold_is_not_held_against_a_client() -> None:
    """A client that holds what is traded no more cannot become flat, and need not."""
    venue = {"timeline": [{"at": "4s", "do": {"delist": "BTC Crypto/USD*COINBASE/DIRECT"}}]}
    verdict = replay(StreamingClient, venue)
    reading = verdict.evidence.flat
    assert reading is not None
    assert (reading.position, reading.tradable, verdict.findings) == (200, 0, ())


@pytest.mark.parametrize(("tradable", "findings"), [(0, []), (200, ["flatten() had not ended after 60 s"])])
def test_to_be_flat_may_take_for_ever_where_nothing_can_be_sold(tradable: int, findings: list[str]) -> None:
    """A client that goes on trying to sell is held to an end only if what it holds is traded."""
    flat = Snapshot(time=100 * BILLION, orders={}, position=200, belief=None, tradable=tradable)
    acts = [Act("flatten", "", 0), Act("stop", "", 100 * BILLION, 100 * BILLION)]
    evidence = Evidence(acts=acts, flat=flat, stopped=100 * BILLION)
    assert [finding.text for finding in laws.waits_for_nothing_for_ever(evidence)] == findings


def connecting(*entries: tuple[str, Any]) -> list[str]:
    """Return what is found of a client that connects thirty times within three seconds, and what then passes."""
    journal: list[Any] = []
    for number in range(1, 31):
        journal += [(number * 100_000_000, number, kind, data) for kind, data in (("open", "/"), *entries)]
    return [str(finding) for finding in laws.backs_off(Evidence(journal=journal))]


def test_a_connection_for_each_request_is_no_hammering() -> None:
    """Only attempts that come to nothing count: no reply came, or the venue ended the connection."""
    hammered = ["backs off: it tried to connect 30 times within ten seconds"]
    asked = ("in", b'{"id":1,"type":"ListOpen","scope":"All","set":"All"}')
    answered = ("out", b'{"id":1,"response":{"Ok":[]}}')
    assert connecting(asked, answered, ("close", "1000 (OK)")) == []
    assert connecting(asked, ("close", "1000 (OK)")) == hammered
    assert connecting(asked, answered, ("close", "1001 by the scenario")) == hammered


def test_what_was_partly_taken_back_may_be_called_expired() -> None:
    """The flags of an order that is out, and was filled until a part was taken back, say no more than that."""
    order = TrueOrder(1, is_buy=True, price=1, quantity=3, state=OUT_FLAG | ACKED, leaves_qty=0, cum_qty=2, avg_price=1)
    assert order.outcomes == ("filled", "canceled", "expired")


def outcome(*journal: Any, cum_qty: int = 0) -> list[str]:
    """Return what is found of a client that takes a cancelled order for lost, after what passed."""
    order = TrueOrder(1, True, 10, 5, ACKED | CANCELED | OUT_FLAG, 0, cum_qty, None)
    belief = Belief(orders={"a": OrderBelief(outcome="lost")})
    wanted = {"a": Wanted("a", True, 10, 5, 0)}
    evidence = Evidence(journal=list(journal), wanted=wanted, settled=Snapshot(9, {1: order}, 0, belief, 0))
    return [str(finding) for finding in laws.belief_of_outcomes(evidence)]


SENT = (0, 1, "in", b'{"id":1,"type":"SendLimitOrder"}')


@pytest.mark.parametrize(("seconds", "is_known"), [(0, True), (5, True), (6, False)])
def test_order_of_which_nothing_is_left_and_whose_id_came_too_late_may_be_lost(seconds: int, is_known: bool) -> None:
    """A client that has given a reply up need not know what became of an order that is out, with nothing filled."""
    found = outcome(SENT, (seconds * BILLION, 1, "out", b'{"id":1,"response":{"Ok":"1"}}'))
    assert bool(found) is is_known


def test_id_under_that_of_another_request_is_not_told() -> None:
    """A reply that bears another id than its request tells a client nothing."""
    assert outcome(SENT, (0, 1, "out", b'{"id":1000001,"response":{"Ok":"1"}}')) == []


def test_order_of_which_something_is_filled_is_not_lost() -> None:
    """What is filled is listed, whatever became of the reply."""
    assert outcome(SENT) == []
    assert outcome(SENT, cum_qty=1) == [
        "belief of outcomes: it believes that 'a' is lost, and order 1 is Acked, Canceled, filled 0.000000001"
    ]


def told_to_cancel(*told: bytes) -> list[str]:
    """Return what is found of a client that is told to cancel order 1, and of it, when the order is open in the end."""
    order = TrueOrder(1, is_buy=True, price=1, quantity=3, state=ACKED, leaves_qty=3, cum_qty=0, avg_price=None)
    evidence = Evidence(
        journal=[(at, 1, "out", b'{"id":1,"response":{"Ok":%s}}' % data) for at, data in enumerate(told)],
        wanted={"a": Wanted("a", is_buy=True, price=1, quantity=3, at=0)},
        acts=[Act("submit", "a", 0, 1), Act("cancel", "a", 2, 3)],
        settled=Snapshot(9, {1: order}, 0, None, 0),
    )
    return [str(finding) for finding in laws.cancels_what_it_is_told_to(evidence)]


def test_a_cancel_that_fails_is_sent_again() -> None:
    """An order that was to be cancelled, and of which nothing has said that it is out, is not open in the end."""
    found = "it was told to cancel 'a', and order 1 is open when all has been well for 120 s"
    text = f"cancels what it is told to: {found}: a cancel that fails is sent again"
    assert told_to_cancel() == told_to_cancel(OPEN) == [text]
    assert told_to_cancel(OUT, OPEN) == []


@pytest.mark.parametrize(
    ("filled", "more"), [("3", ", which is what it believes of its orders, added up"), ("2", ""), (None, "")]
)
def test_a_position_that_is_wrong_beside_orders_that_are_right(filled: str | None, more: str) -> None:
    """A client learns whether its orders or its count of the position is wrong."""
    belief = Belief(orders={"a": OrderBelief(filled=filled)}, position="5")
    wanted = {"a": Wanted("a", is_buy=True, price=1, quantity=3 * BILLION, at=0)}
    evidence = Evidence(wanted=wanted, settled=Snapshot(9, {}, 3 * BILLION, belief, 0))
    assert [str(finding) for finding in laws.belief_of_position(evidence)] == [
        f"belief of position: it believes that it holds 5, and it holds 3{more}"
    ]


def ended(*journal: Any, hang: str | None = None) -> list[str]:
    """Return what is found of the end of a client that has stopped, after what passed."""
    evidence = Evidence(journal=list(journal), stopped=5, acts=[Act("stop", "", 5, 6)], hang=hang)
    held = (laws.waits_for_nothing_for_ever, laws.ends_when_told)
    return [str(finding) for law in held for finding in law(evidence)]


def test_what_is_left_when_a_client_has_stopped() -> None:
    """Connections that are left open, and tasks that go on, are told of as what they are."""
    assert ended((1, 1, "open", "/"), (7, 1, "close", "1000 (OK)")) == []
    assert ended((1, 1, "open", "/")) == ["ends when told: it has stopped, and left a connection open"]
    assert ended((1, 1, "open", "/"), (2, 2, "open", "/"), hang="the client is not done after 21600 s") == [
        "ends when told: it has stopped, and left 2 connections open"
    ]
    assert ended(hang="the client is not done after 21600 s") == [
        "ends when told: it has stopped, and a part of it goes on for ever"
    ]
