"""The verbs about the wire: when something is told, held and released, and how a request is answered."""

from typing import Any

import pytest

from support.steps import PAIR, Play, cancels, err, ok, sends, state, told

ASKS = {PAIR: {"bids": [], "asks": [["100.00", 4]]}}
LIST = {"request": "ListOpen"}


def test_delay_lets_time_pass_between_steps() -> None:
    """Each delay counts from the step before it; nothing is told early."""
    play = Play(sends({"delay": "5ms"}, "ack", {"delay": "1.5s"}, {"fill": 4}, {"delay": "2m"}, "fill"))
    client = play.follow()
    client.order()
    play.advance("4ms")
    assert client.news() == [(0, ok(2, "1")), (0, told(1, "Open"))]
    play.advance("3m")
    assert client.news() == [
        (5, told(1, "Open Acked")),
        (1505, told(1, "Open Acked", "4", "100.00")),
        (121505, told(1, "Acked Filled Out", "10", "100.00")),
    ]


def test_delay_holds_other_answers_back_as_long_as_it_says() -> None:
    """A request that is not an order is answered when its steps are done."""
    play = Play({"when": LIST, "then": [{"delay": "20ms"}]})
    client = play.connect()
    client.request("ListOpen", scope="All", set="All")
    client.request("GetHalts")
    play.advance("20ms")
    assert client.news() == [(0, ok(2, [])), (20, ok(1, []))]


def test_hold_waits_until_a_test_releases_it() -> None:
    """Steps behind a hold wait, however long, until the name is released; who waits can be asked."""
    play = Play(sends("ack", {"hold": "second"}, "fill"))
    client = play.follow()
    client.order()
    play.advance("1h")
    assert len(client.news()) == 3
    assert list(play.sim.held) == ["second"]
    play.sim.release("second")
    assert client.news() == [(3_600_000, told(1, "Acked Filled Out", "10", "100.00"))]
    assert list(play.sim.held) == []


def test_one_release_lets_all_go_who_wait() -> None:
    """A release is for everybody who waits for its name, in the order in which they came."""
    play = Play(sends({"hold": "gate"}, "ack"))
    client = play.follow()
    client.order()
    client.order()
    client.news()
    play.sim.release("gate")
    assert client.news() == [(0, told(1, "Open Acked")), (0, told(2, "Open Acked"))]


def test_an_order_is_answered_before_it_releases_others() -> None:
    """An order whose rule first releases another's is answered before anything is told of either."""
    play = Play(sends({"hold": "gate"}, "ack", times=1), sends({"release": "gate"}, "ack"))
    client = play.follow()
    client.order()
    client.news()
    client.order()
    assert client.news() == [
        (0, ok(3, "2")),
        (0, told(2, "Open")),
        (0, told(1, "Open Acked")),
        (0, told(2, "Open Acked")),
    ]


def test_a_release_that_nobody_waits_for_lets_the_next_one_pass() -> None:
    """A release that comes first is remembered, once."""
    play = Play(sends({"hold": "gate"}, "ack"))
    client = play.follow()
    play.sim.release("gate")
    client.order()
    client.order()
    assert client.news() == [
        (0, ok(2, "1")),
        (0, told(1, "Open")),
        (0, told(1, "Open Acked")),
        (0, ok(3, "2")),
        (0, told(2, "Open")),
    ]


def test_a_rule_and_the_timeline_release() -> None:
    """What one rule holds, another rule's step or the timeline releases."""
    play = Play(
        sends({"hold": "first"}, "ack", {"hold": "second"}, "fill"),
        {"when": LIST, "then": [{"release": "first"}]},
        timeline=[{"at": "2s", "do": {"release": "second"}}],
    )
    client = play.follow()
    client.order()
    client.news()
    client.request("ListOpen", scope="All", set="All")
    play.advance("3s")
    assert client.news() == [
        (0, told(1, "Open Acked")),
        (0, ok(3, ["1"])),
        (2000, told(1, "Acked Filled Out", "10", "100.00")),
    ]


def test_reply_stands_where_its_step_does() -> None:
    """A reply step says when an order is answered; what is told before it bears an id that the client cannot know."""
    play = Play(sends("ack", "fill", {"delay": "30ms"}, "reply"))
    client = play.follow()
    client.order()
    play.advance("30ms")
    assert client.news() == [
        (0, told(1, "Open")),
        (0, told(1, "Open Acked")),
        (0, told(1, "Acked Filled Out", "10", "100.00")),
        (30, ok(2, "1")),
    ]


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ("reply", [ok(2, "1")]),
        ({"reply": "once"}, [ok(2, "1")]),
        ({"reply": "twice"}, [ok(2, "1"), ok(2, "1")]),
        ({"reply": "never"}, []),
        ({"reply": {"Ok": {"order": [1, "2.50"]}}}, [ok(2, {"order": [1, "2.50"]})]),
        ({"reply": {"Ok": None}}, [ok(2, None)]),
        ({"reply": {"raw": '{"id":7,"response":{}}'}}, [{"id": 7, "response": {}}]),
    ],
)
def test_every_reply_but_an_err_leaves_the_order(step: Any, answers: list[Any]) -> None:
    """However its reply goes, an order without a step about its fate is matched and rests."""
    play = Play(sends(step), markets=ASKS)
    client = play.follow()
    client.order()
    news = [message for _, message in client.news()]
    assert news == [
        told(1, "Open"),
        *answers,
        told(1, "Open Acked"),
        told(1, "Open Acked", "4", "100.00"),
    ]
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": ["1"]}


def test_a_lost_reply_is_in_the_journal() -> None:
    """A reply that never goes out is written down as lost."""
    play = Play(sends({"reply": "never"}, name="silence"))
    play.connect().order()
    assert play.notes("lost") == ["silence: the reply to request 1"]


def test_an_err_leaves_no_order() -> None:
    """An order that the gateway answers with an Err does not exist, and its number is not used."""
    play = Play(sends({"reply": {"Err": "no orders today"}}, times=1))
    client = play.follow()
    client.order()
    client.order()
    assert client.news()[:2] == [(0, err(2, "no orders today")), (0, ok(3, "1"))]


def test_an_err_beside_a_fill_is_a_wrong_refusal() -> None:
    """With a step about its fate, an order that was answered with an Err exists all the same."""
    play = Play(sends({"reply": {"Err": "no orders today"}}, "fill"))
    client = play.follow()
    client.order()
    assert client.news() == [
        (0, told(1, "Open")),
        (0, err(2, "no orders today")),
        (0, told(1, "Filled Out", "10", "100.00")),
    ]


def test_an_err_to_a_cancel_leaves_the_order_alone() -> None:
    """A cancel that is answered with an Err does nothing; one whose reply is lost is done."""
    play = Play(cancels({"reply": {"Err": "busy"}}, times=1), cancels({"reply": "never"}))
    client = play.follow()
    client.order()
    client.news()
    client.cancel(1)
    client.cancel(1)
    assert client.news() == [
        (0, err(3, "busy")),
        (0, told(1, "Open Acked Canceling")),
        (0, told(1, "Acked Canceled Out")),
    ]


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ({"reply": "twice"}, [ok(1, []), ok(1, [])]),
        ({"reply": "never"}, []),
        ({"reply": {"Ok": ["77"]}}, [ok(1, ["77"])]),
        ({"reply": {"Err": "no list"}}, [err(1, "no list")]),
        ({"reply": {"raw": "7"}}, [7]),
    ],
)
def test_any_request_can_be_answered_so(step: Any, answers: list[Any]) -> None:
    """A reply step answers a request of any type in the scenario's words."""
    play = Play({"when": LIST, "then": [step]})
    client = play.connect()
    client.request("ListOpen", scope="All", set="All")
    assert client.news() == [(0, answer) for answer in answers]


def test_a_request_that_is_answered_twice_is_done_once() -> None:
    """The second reply is the first one again, where doing the request again would be refused."""
    play = Play({"when": {"request": ["Resume", "SubscribeOrderState"]}, "then": [{"reply": "twice"}]})
    client = play.connect()
    client.ask("Halt", halt="All")
    client.request("Resume", resume="All")
    client.request("SubscribeOrderState")
    client.order()
    assert client.news() == [
        (0, ok(2, None)),
        (0, ok(2, None)),
        (0, ok(3, [])),
        (0, ok(3, [])),
        (0, ok(4, "1")),
        (0, ok(3, [state(1, "Open")])),
        (0, ok(3, [state(1, "Open Acked")])),
    ]


def test_a_reply_gives_requests_an_answer_that_the_simulator_has_none_for() -> None:
    """A request that is not a venue's business is answered as the scenario says."""
    play = Play({"when": {"request": "ListSecrets"}, "then": [{"reply": {"Ok": []}}]})
    assert play.connect().ask("ListSecrets") == {"Ok": []}


def test_steps_about_the_connection_may_come_before_the_reply() -> None:
    """A connection that is closed before the reply never says it; the journal says that it was lost."""
    play = Play(sends({"disconnect": {"code": 1011}}, "ack"))
    client = play.follow()
    client.order()
    items = [item for _, item in client.raw()]
    assert len(items) == 1
    assert play.notes("lost") == [b'{"id":2,"response":{"Ok":"1"}}']
    assert play.sim.venue.orders[1].state != 0
