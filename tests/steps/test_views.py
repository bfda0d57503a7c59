"""The view verb: what a query says at a moment, which may be old or leave things out, while the truth stays."""

from typing import Any

import pytest

from support.steps import Client, Play, sends, state

OPEN = {"scope": "All", "set": "All"}


def bent(query: str, **view: Any) -> tuple[Play, Client]:
    """Return a scenario with three orders at 0, 1 and 2 seconds, the first half filled at 1.5, and a bent view."""
    play = Play(
        timeline=[
            {"at": "1500ms", "do": {"fill": {"order": "1", "quantity": 5, "as": "half"}}},
            {"at": "1600ms", "do": {"fill": {"order": "2", "quantity": 1}}},
        ]
    )
    client = play.connect()
    for _ in range(2):
        client.order(10, 100)
        play.advance("1s")
    client.order(10, 100)
    client.news()
    play.sim.do({"view": {query: view}})
    return play, client


def asked(client: Client, query: str) -> Any:
    """Ask a query for all there is; return the ids that come, or the states."""
    if query == "ListOpen" or query == "ListFills":
        return client.ask(query, **OPEN)["Ok"]
    if query == "GetFillDetails":
        ids = client.ask("ListFills", **OPEN)["Ok"]
        return [fill["order_id"] for fill in client.ask(query, fill_ids=ids)["Ok"]]
    return [(found["order_id"], found["filled_qty"]) for found in client.ask(query, order_ids=["1", "2", "3"])["Ok"]]


def test_list_open_lags() -> None:
    """A list that lags says what was open a while ago: neither the new order, nor that an old one is gone."""
    play, client = bent("ListOpen", lag="1s")
    client.cancel(1)
    client.news()
    assert asked(client, "ListOpen") == ["1", "2"]
    play.advance("1s")
    assert asked(client, "ListOpen") == ["2", "3"]
    assert client.state(1) == state(1, "Acked Canceled Out", "5", "100.00")


@pytest.mark.parametrize("query", ["GetOrderState", "GetOrderDetails"])
def test_a_state_lags(query: str) -> None:
    """A state that lags is the one of a while ago, and an order that was not there is left out."""
    play, client = bent(query, lag="600ms")
    assert asked(client, query) == [("1", "0"), ("2", "0")]
    play.advance("100ms")
    assert asked(client, query) == [("1", "5"), ("2", "0")]
    play.advance("500ms")
    assert asked(client, query) == [("1", "5"), ("2", "1"), ("3", "0")]


@pytest.mark.parametrize("query", ["ListFills", "GetFillDetails"])
def test_fills_lag(query: str) -> None:
    """Fills that lag are those of a while ago."""
    play, client = bent(query, lag="450ms")
    assert len(asked(client, query)) == 1
    play.advance("50ms")
    assert len(asked(client, query)) == 2


@pytest.mark.parametrize(
    ("query", "everything"),
    [
        ("ListOpen", ["1", "2", "3"]),
        ("GetOrderState", [("1", "5"), ("2", "1"), ("3", "0")]),
        ("GetOrderDetails", [("1", "5"), ("2", "1"), ("3", "0")]),
        ("GetFillDetails", ["1", "2"]),
    ],
)
@pytest.mark.parametrize(("omit", "left_out"), [(["1"], "1"), (["last"], "3"), (["2", "1"], "12"), (["all"], "123")])
def test_a_view_omits_orders(query: str, everything: list[Any], omit: list[str], left_out: str) -> None:
    """What a view leaves out is an order by its id, the last one, or all; the others are as they are."""
    _, client = bent(query, omit=omit)
    assert asked(client, query) == [found for found in everything if found[0] not in left_out]


def test_a_view_omits_a_fill() -> None:
    """A fill is left out by its name or its id; the order's state still has it."""
    play, client = bent("ListFills", omit=["half"])
    (fill_id,) = asked(client, "ListFills")
    assert client.fills() == [("Normal", "2", "1", "100.00")]
    play.sim.do({"view": {"ListFills": {"omit": [fill_id]}}})
    assert client.fills() == [("Normal", "1", "5", "100.00")]
    assert client.state(1) == state(1, "Open Acked", "5", "100.00")


def test_a_view_is_straight_again_after_a_while() -> None:
    """A view can be bent for a time; bent anew meanwhile, it keeps to its last word."""
    play, client = bent("ListOpen", omit=["1"], **{"for": "1s"})
    play.advance("999ms")
    assert asked(client, "ListOpen") == ["2", "3"]
    play.advance("1ms")
    assert asked(client, "ListOpen") == ["1", "2", "3"]
    play.sim.do({"view": {"ListOpen": {"omit": ["1"], "for": "1s"}}})
    play.sim.do({"view": {"ListOpen": {"omit": ["2"]}}})
    play.advance("2s")
    assert asked(client, "ListOpen") == ["1", "3"]
    play.sim.do({"view": {"ListOpen": {}}})
    assert asked(client, "ListOpen") == ["1", "2", "3"]


def test_a_rule_hides_its_own_order() -> None:
    """In a rule, this is the rule's own order; each query has a view of its own."""
    play = Play(sends("ack", {"view": {"ListOpen": {"omit": ["this"]}, "GetOrderState": {"lag": "1s"}}}, times=1))
    client = play.connect()
    client.order()
    client.order()
    client.news()
    assert asked(client, "ListOpen") == ["2"]
    assert asked(client, "GetOrderState") == []
    assert asked(client, "GetOrderDetails") == [("1", "0"), ("2", "0")]
    play.advance("1s")
    assert asked(client, "GetOrderState") == [("1", "0"), ("2", "0")]
