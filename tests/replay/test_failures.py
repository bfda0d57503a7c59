"""What is said where a replay does not go as its script expects."""

from pathlib import Path
from typing import Any

import pytest

from simulator.errors import UnmetExpectation
from simulator.replay import replay
from support.replay import BUY, FILLS_IN_PARTS, FOLLOW, ORDER, failure, play, update

HALTS: dict[str, Any] = {"send": {"type": "GetHalts"}}


def test_an_awaited_message_that_does_not_come() -> None:
    """The failure says what was awaited, and what came nearest with the fields that differ."""
    assert failure(FOLLOW, BUY, update(filled_qty=5, within="10s"), rules=[FILLS_IN_PARTS]) == (
        'client[2].await: expected within 10s a message on $states with {"order_id":"1","filled_qty":"5"}; none came\n'
        'nearest: {"order_id":"1","state":["Acked","Filled","Out"],"filled_qty":"10","avg_fill_price":"100.00"}\n'
        '  filled_qty: wanted "5", came "10"'
    )


def test_another_reply() -> None:
    """The failure says what was wanted and came, and where they differ."""
    assert failure({**HALTS, "reply": {"Ok": [1]}}) == (
        'client[0].reply: expected the reply {"Ok":[1]}, got {"Ok":[]}\n  Ok: wanted a list of 1, came []'
    )


def test_a_refusal_where_a_name_is_given() -> None:
    """A request whose answer gets a name must be answered with an Ok."""
    assert failure({"send": {**ORDER, "target": "nope"}, "as": "order"}) == (
        'client[0].as: expected the reply {"Ok":"*"}, got {"Err":"`$.target`: there is no tradable product \'nope\'"}\n'
        '  Ok: wanted "*", came nothing'
    )


def test_no_reply() -> None:
    """A reply that does not come within its time fails."""
    rule = {"when": {"request": "SendLimitOrder"}, "then": [{"reply": "never"}]}
    assert failure({**BUY, "within": "2s"}, rules=[rule]) == (
        "client[0].as: expected a reply to request 1 within 2s; none came"
    )


def test_a_reply_that_was_not_to_come() -> None:
    """A reply where none was to come fails."""
    assert failure({**HALTS, "reply": "never"}) == (
        'client[0].reply: expected no reply within 5s, got {"id":1,"response":{"Ok":[]}}'
    )


def test_nothing_is_awaited_on_a_connection_that_is_closed() -> None:
    """An await fails as soon as its connection ends, and says how it ended."""
    result = play(FOLLOW, BUY, update(filled_qty=1), timeline=[{"at": "1s", "do": {"disconnect": {"code": 1012}}}])
    assert (str(result.failures[0]).partition("\n")[0], result.elapsed) == (
        'client[2].await: expected within 5s a message on $states with {"order_id":"1","filled_qty":"1"}; '
        "none came, and the connection 'main' is closed: 1012",
        1_000_000_000,
    )


def test_a_step_on_a_connection_that_is_closed() -> None:
    """Nothing is sent on a connection that has ended."""
    assert failure({"disconnect": True}, HALTS) == (
        "client[1]: expected an open connection, but the connection 'main' is closed: 1000"
    )


def test_a_step_on_a_connection_that_nobody_opened() -> None:
    """The name of a connection must be one that a step has opened."""
    assert failure({**HALTS, "on": "other"}) == (
        "client[0]: expected an open connection, got 'other', which no step has opened; known: main"
    )


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        (1012, "expected 'main' to close with 1012 within 2s, but the connection 'main' is closed: 1000"),
        (False, "expected 'main' to stay open within 2s, but the connection 'main' is closed: 1000"),
    ],
)
def test_a_connection_that_ends_otherwise(closed: Any, said: str) -> None:
    """A close with another code, or any where none was to be, fails."""
    step = {"await": {"closed": closed, "within": "2s"}}
    assert failure(step, timeline=[{"at": "1s", "do": "disconnect"}]) == f"client[0].await: {said}"


def test_a_connection_that_does_not_end() -> None:
    """A close that does not come fails."""
    assert failure({"await": {"closed": True, "within": "2s"}}) == (
        "client[0].await: expected 'main' to close within 2s, but the connection 'main' is open"
    )


def test_a_connection_that_is_refused_for_too_long() -> None:
    """A connect that is not let in says why."""
    refusing = [{"refuse": {"for": "1m"}}, {"disconnect": None}]
    steps = ({"await": {"closed": True}}, {"connect": None, "within": "1s"})
    assert failure(*steps, timeline=[{"at": "0s", "do": refusing}]) == (
        "client[1]: expected a connection to /architect, but it was refused: "
        "503 the exchange takes no connections at the moment"
    )


def test_a_failure_points_at_its_line(tmp_path: Path) -> None:
    """For a file the place is its line and column, and the error ends with the last messages and the seed."""
    path = tmp_path / "odd.yaml"
    path.write_text("seed: 3\nclient:\n  - send: {type: GetHalts}\n    reply: {Ok: 1}\n")
    with pytest.raises(UnmetExpectation) as raised:
        replay(path).check()
    assert str(raised.value) == (
        f'{path}:4:12: expected the reply {{"Ok":1}}, got {{"Ok":[]}}\n'
        "  Ok: wanted 1, came []\n\n"
        "last messages:\n"
        "  00:00:00.000000Z #1 +++ /architect\n"
        '  00:00:00.000000Z #1 <-- "Normal"\n'
        '  00:00:00.000000Z #1 --> {"id":1,"type":"GetHalts"}\n'
        '  00:00:00.000000Z #1 <-- {"id":1,"response":{"Ok":[]}}\n'
        "seed: 3"
    )


def test_a_request_for_which_a_strict_scenario_has_no_rule() -> None:
    """Each request of the client's that no rule of a strict scenario takes is a failure."""
    rule = {"when": {"request": "CancelOrder"}, "then": ["cancel"]}
    assert failure(HALTS, rules=[rule], strict=True) == (
        "exchange: the scenario is strict and has no rule for GetHalts on connection 1"
    )
