"""The skew verb: the times that messages say are ahead of the world's or behind it, while the world's own goes on."""

import json
from typing import Any

import pytest

from simulator.errors import ScenarioError
from simulator.simulation import Simulation
from support.steps import PAIR, Client, Play


def order_times(client: Client, *ids: int) -> list[str]:
    """Return when orders are said to have come, from the hour on."""
    found = client.ask("GetOrderDetails", order_ids=list(ids))["Ok"]
    return [order["time"][8:19] for order in found]


def fill_times(client: Client) -> list[tuple[str, str]]:
    """Return when fills are said to have been made and received."""
    ids = client.ask("ListFills", scope="All", set="All")["Ok"]
    found = client.ask("GetFillDetails", fill_ids=ids)["Ok"]
    return [(fill["trade_time"][8:19], fill["recv_time"][8:19]) for fill in found]


def placed(client: Client, **order: Any) -> None:
    """Send an order, and hear nothing of it."""
    client.order(**order)
    client.news()


def test_times_jump_and_what_was_told_keeps_its_time() -> None:
    """From the step on orders come at other times; those before it, and those after its end, at the world's."""
    play = Play()
    client = play.connect()
    placed(client)
    play.sim.do({"skew": {"by": "1h", "for": "30s"}})
    placed(client)
    play.advance("30s")
    placed(client)
    assert order_times(client, 1, 2, 3) == ["01T00:00:00", "01T01:00:00", "01T00:00:30"]
    assert play.ms == 30_000


def test_fill_times_go_back_within_one_moment() -> None:
    """A second fill is earlier than the first by its time, though both are made at once, and orders keep theirs."""
    skew = {"skew": {"by": "-10m", "of": "fills"}}
    play = Play({"when": {"request": "SendLimitOrder"}, "then": ["ack", {"fill": "40%"}, skew, {"fill": "rest"}]})
    client = play.connect()
    placed(client)
    assert fill_times(client) == [("01T00:00:00",) * 2, ("31T23:50:00",) * 2]
    assert order_times(client, 1) == ["01T00:00:00"]
    assert [fill.time - play.start for fill in play.sim.venue.fills] == [0, 0]


@pytest.mark.parametrize("ids", [{"first": 9_000_000, "step": -7}, {"first": 1 << 53, "step": 3}])
def test_ids_that_fall_or_leap_have_their_times(ids: dict[str, int]) -> None:
    """Which orders came before a jump does not depend on their ids."""
    play = Play(order_ids=ids)
    client = play.connect()
    placed(client)
    play.sim.do({"skew": "1h"})
    placed(client)
    numbers = [ids["first"], ids["first"] + ids["step"]]
    assert sorted(order_times(client, *numbers)) == ["01T00:00:00", "01T01:00:00"]
    assert order_times(client, numbers[1]) == ["01T01:00:00"]


def test_books_trades_and_the_published_clock() -> None:
    """Books, others' trades and the clock say the time that they are set to, each by itself if it is said so."""
    play = Play()
    reader, clock = play.connect(), play.connect("/netidx")
    reader.request("SubscribeBook", tradable_product=PAIR, width=1)
    reader.request("SubscribeTrades", tradable_product=PAIR)
    play.sim.receive(clock.session, json.dumps({"type": "Subscribe", "path": "/local/architect/core/clock"}))
    for client in (reader, clock):
        client.news()
    for of, hour in (("books", 1), ("trades", 2), ("clock", 3)):
        play.sim.do({"skew": {"by": f"{hour}h", "of": of}})
    play.sim.do(
        {"trade": {"product": PAIR, "price": 100, "quantity": 1}}, {"book": {"product": PAIR, "bids": [[9, 1]]}}
    )
    play.advance("1s")
    said = [message["response"]["Ok"] for _, message in reader.news()]
    assert [one.get("timestamp", one.get("time"))[11:19] for one in said] == ["02:00:00", "01:00:00"]
    ((_, tick),) = clock.news()
    assert tick["updates"][0]["event"]["value"][11:19] == "03:00:01"


def test_a_later_setting_outlasts_an_earlier_ones_end() -> None:
    """What ends a setting does not end the one that has replaced it, and 0s sets the clock right."""
    play = Play()
    client = play.connect()
    play.sim.do({"skew": {"by": "1h", "for": "10s"}})
    play.sim.do({"skew": "-1h"})
    play.advance("10s")
    placed(client)
    play.sim.do({"skew": "0s"})
    placed(client)
    assert order_times(client, 1, 2) == ["31T23:00:10", "01T00:00:10"]


def test_heal_sets_the_clock_right() -> None:
    """After it the world's time is said, but what was said before stays."""
    play = Play()
    client = play.connect()
    play.sim.do({"skew": "1h"})
    placed(client)
    play.sim.do("heal")
    placed(client)
    assert order_times(client, 1, 2) == ["01T01:00:00", "01T00:00:00"]


def test_no_time_is_said_that_has_no_date() -> None:
    """A time that would have no date of four digits is the last that has one."""
    simulation = Simulation({"start": "9999-12-31T23:00:00Z", "catalogue": "reference"})
    simulation.do({"skew": "1000h"})
    session = simulation.connect("/netidx")
    simulation.receive(session, '{"type": "Subscribe", "path": "/local/architect/core/clock"}')
    assert b'"9999-12-31T23:59:59.' in bytes(session.outbox[-1])  # type: ignore[arg-type]  # a message


def test_what_is_no_time_is_refused() -> None:
    """A step that says no time, or one that is too long, says what it takes."""
    with pytest.raises(ScenarioError, match=r"expected a time ahead, such as 1h, or behind, such as -250ms"):
        Play().sim.do({"skew": {"by": "an hour"}})
    with pytest.raises(ScenarioError, match="which is more than 1000h"):
        Play().sim.do({"skew": {"by": "-1001h"}})
