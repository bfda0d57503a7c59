"""What is told of a running world and done to it."""

import json
from typing import Any

import msgspec
import pytest

from simulator.control import waits
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    LevelInfo,
    LimitInfo,
    OrderInfo,
    RuleInfo,
    SentInfo,
    SessionInfo,
    StateInfo,
    SubscriptionInfo,
)
from simulator.control.reading import order_info
from simulator.errors import ClockRuns, Failure, Problem, ScenarioError, SimulatorError, UnknownName
from simulator.exchange.orders import Order
from simulator.journal.queries import Miss
from simulator.scenario.rules.matching import Difference
from support.control import ORDER, PAIR, Controlled

SLOW: dict[str, Any] = {
    "name": "slow",
    "when": {"request": "SendLimitOrder", "dir": "Buy"},
    "then": ["ack", {"delay": "250ms"}, {"hold": "rest"}, {"fill": "40%"}],
    "times": 3,
}


@pytest.fixture
def slow() -> Controlled:
    """A world with one order that a slow rule is about."""
    world = Controlled({"name": "slow world", "rules": [SLOW]})
    world.send(world.connect(), ORDER)
    return world


def product_id(world: Controlled) -> str:
    """Return the id of the product that is traded in these tests."""
    listing = world.simulation.catalogue.tradable_product(PAIR)
    assert listing is not None
    return listing.id


def test_orders_and_fills(slow: Controlled) -> None:
    """Orders and fills are told with the product's name and id, and amounts as texts."""
    control = slow.control
    control.advance("250ms")
    control.release("rest")
    terms: dict[str, Any] = {"product": PAIR, "tradable_product": product_id(slow), "account": "DEFAULT", "dir": "Buy"}
    order = OrderInfo(
        **{"order_id": "1", **terms, "price": "10.00", "quantity": "1", "state": ("Open", "Acked")},
        filled_qty="0.4",
        leaves_qty="0.6",
        avg_fill_price="10.00",
        reason=None,
        quote_id=None,
        time="2024-01-01T00:00:00.000000000Z",
        params=None,
    )
    assert control.orders() == [order] == [control.order("1")]
    (fill,) = control.fills()
    assert fill == FillInfo(
        **{"fill_id": fill.fill_id, "order_id": "1", **terms, "price": "10.00", "quantity": "0.4", "kind": "Normal"},
        liquidity="Taker",
        against="SCENARIO",
        of=None,
        time="2024-01-01T00:00:00.250000000Z",
    )
    control.do({"bust": "last"})
    assert [(fill.kind, fill.of) for fill in control.fills()] == [("Normal", None), ("Reversal", fill.fill_id)]


def test_orders_by_their_words() -> None:
    """Orders and fills are found by the words of a when: by a product's name or id, wildcards, bounds and states."""
    world = Controlled()
    other = "ETH Crypto/USD*COINBASE/DIRECT"
    world.send(
        world.connect(),
        ORDER,
        {**ORDER, "quantity": "3"},
        {**ORDER, "target": other, "price": "1"},
        {"type": "CancelOrder", "order_id": "2"},
    )
    world.control.do({"fill": {"order": "1", "quantity": "rest"}})
    found: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["1", "2", "3"]),
        ({"product": PAIR}, ["1", "2"]),
        ({"tradable_product": product_id(world)}, ["1", "2"]),
        ({"product": "ETH*"}, ["3"]),
        ({"quantity": {"ge": 2}}, ["2"]),
        ({"price": "1.0"}, ["3"]),
        ({"dir": "buy", "account": "default"}, ["1", "2", "3"]),
        ({"state": "Out"}, ["1", "2"]),
        ({"state": ["Out", "Filled", "Acked"]}, ["1"]),
        ({"state": ["Acked", "Out"]}, []),
        ({"avg_fill_price": None, "state": {"not": "Out"}}, ["3"]),
    ]
    for when, expected in found:
        assert [order.order_id for order in world.control.orders(**when)] == expected, when
    assert [fill.order_id for fill in world.control.fills(liquidity="Maker", order_id="1")] == ["1"]
    assert world.control.fills(order_id="2") == []


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ({"stat": "Open"}, "expected one of order_id, product, "),
        (
            {"state": "Fild"},
            "state: expected one of Open, Acked, Filled, ",
        ),
        ({"product": "BTC Crypto/USD*COINBAS/DIRECT"}, "product: expected a tradable product of the catalogue, or"),
        ({"account": "NOBODY"}, "account: expected an account of the exchange, DEFAULT"),
        ({"price": ">= 5"}, "price: expected a number, or bounds such as {ge: 10}, got '>= 5'"),
        ({"state": []}, "state: expected at least one value, got an empty list"),
    ],
)
def test_words_that_no_order_has(words: dict[str, Any], mistake: str) -> None:
    """A word that is none, or that no order of this exchange can have, is a mistake with its place."""
    control = Controlled().control
    with pytest.raises(ScenarioError) as caught:
        control.orders(**words)
    assert str(caught.value).startswith(mistake)
    with pytest.raises(ScenarioError) as caught:
        control.wait_until(order=words)
    assert str(caught.value).startswith(("order.", "order: ")[mistake.startswith("expected")] + mistake)


def test_unknown_order(slow: Controlled) -> None:
    """An order that there is not is an unknown name, said with the last that there are."""
    with pytest.raises(UnknownName, match=r"^there is no order '7'; the last orders: 1$"):
        slow.control.order("7")


def test_book() -> None:
    """A book has bids and asks, best first, by the product's name or id, with the clients' orders that stand there."""
    world = Controlled({"markets": {PAIR: {"bids": [["9", 2]], "asks": [["11", 4], ["12", 1]]}}})
    world.send(world.connect(), ORDER, {**ORDER, "price": "9", "quantity": "0.5"})
    bids = (LevelInfo("10.00", "1", "1", ("1",)), LevelInfo("9.00", "2.5", "3.5", ("2",)))
    asks = (LevelInfo("11.00", "4", "4"), LevelInfo("12.00", "1", "5"))
    assert world.control.book(PAIR) == BookInfo(PAIR, product_id(world), bids, asks)
    assert world.control.book(product_id(world), depth=1) == BookInfo(PAIR, product_id(world), bids[:1], asks[:1])


def test_sessions() -> None:
    """Connections are told with where they were opened, what they follow, and what is wrong with them."""
    world = Controlled()
    session = world.connect("/?account=DEFAULT")
    world.connect("/netidx")
    world.send(
        session,
        {"type": "SubscribeBook", "tradable_product": PAIR},
        {"type": "SubscribeOrderState"},
        {"type": "GetHalts"},
    )
    follows = (SubscriptionInfo("1", "SubscribeBook", (PAIR,)), SubscriptionInfo("2", "SubscribeOrderState", ()))
    first = SessionInfo(1, "/?account=DEFAULT", "DEFAULT", follows)
    assert world.control.sessions() == [first, SessionInfo(2, "/netidx", None, ())]
    world.control.do(
        {"stall": {"what": "all", "session": 1}},
        {"slow": {"bytes_per_second": 5, "session": 1}},
        {"corrupt": {"what": "json", "messages": 3, "session": 1}},
    )
    world.send(session, {"type": "GetHalts"})
    damaged = {"is_stalled": True, "kept": 1, "bytes_per_second": 5, "damages": ("json",) * 2, "answers_pings": False}
    assert world.control.sessions()[0] == msgspec.structs.replace(first, **damaged)


def test_limits_and_halts() -> None:
    """Limits and halts are told by names."""
    world = Controlled()
    world.control.do(
        {"limits": [{"set": "DEFAULT", "scope": {"Venue": "COINBASE"}, "name": "MaxOrderQty", "value": "5.50"}]},
        {"limits": [{"set": "All", "scope": "All", "name": "MaxOpenQty", "value": 1}]},
        {"halt": PAIR},
    )
    assert world.control.limits() == [
        LimitInfo("DEFAULT", {"Venue": "COINBASE"}, "MaxOrderQty", "5.5"),
        LimitInfo("All", "All", "MaxOpenQty", "1"),
    ]
    assert world.control.state().halts == ({"TradableProduct": PAIR},)


def test_what_is_due_and_held(slow: Controlled) -> None:
    """What is due is told with when, how far off that is, and what has made it due; what is held with its rule."""
    rule = slow.control.journal()[2]
    assert (rule.kind, rule.data) == ("rule", "slow")
    because = "00:00:00.000000Z *** rule slow"
    assert slow.control.due() == [DueInfo("2024-01-01T00:00:00.250000000Z", "0.25s", rule.line, because, False)]
    assert slow.control.held() == []
    slow.control.advance("1s")
    assert slow.control.due() == []
    assert slow.control.held() == [HeldInfo("rest", "slow", "1", 1)]


def test_rules(slow: Controlled) -> None:
    """Rules are told with what has become of them, where they stand, and the last requests that nearly were theirs."""
    session = slow.simulation.sessions[1]
    for quantity in "2345":
        slow.send(session, {**ORDER, "dir": "Sell", "price": "1000000", "quantity": quantity})
    (rule,) = slow.control.rules()
    assert rule == RuleInfo(
        name="slow",
        number=0,
        place="rules[0]",
        is_on=True,
        is_required=False,
        matched=1,
        fired=1,
        left=2,
        when=SLOW["when"],
        then=("ack", {"delay": "250ms"}, {"hold": "rest"}, {"fill": {"quantity": "40%"}}),
        misses=rule.misses,
    )
    assert [json.loads(miss.received.text)["quantity"] for miss in rule.misses] == ["3", "4", "5"]
    assert {miss.differences for miss in rule.misses} == {(Difference("dir", "Buy", "Sell"),)}
    assert isinstance(rule.misses[0], Miss)


def test_rules_are_switched(slow: Controlled) -> None:
    """A rule that is off decides nothing, and goes on counting when it is on again."""
    session = slow.simulation.sessions[1]
    slow.control.switch_rule("slow", False)
    slow.send(session, ORDER)
    assert [(rule.is_on, rule.fired) for rule in slow.control.rules()] == [(False, 1)]
    slow.control.switch_rule("slow", True)
    slow.send(session, ORDER)
    assert [(rule.is_on, rule.fired) for rule in slow.control.rules()] == [(True, 2)]
    with pytest.raises(UnknownName, match=r"^there is no rule 'slwo'; did you mean 'slow'\?; rules: slow$"):
        slow.control.switch_rule("slwo", True)


def test_rules_are_replaced(slow: Controlled) -> None:
    """Rules are put in place of others if nothing is wrong with them; what the exchange has not is wrong too."""
    for rules, mistake in [
        ([{"when": {"requst": "*"}, "then": []}], "[0].when: expected one of "),
        (
            [{"when": {"target": "BTC"}, "then": ["ack"]}],
            "[0].when.target: expected a tradable product",
        ),
        (
            [{"when": {"request": "SendLimitOrder"}, "then": ["ack", "ack"]}],
            "[0].then[1]: expected what a venue can",
        ),
    ]:
        with pytest.raises(ScenarioError) as caught:
            slow.control.set_rules(rules)
        assert str(caught.value).startswith(mistake)
    assert [rule.name for rule in slow.control.rules()] == ["slow"]
    state = {"when": {"request": "GetHalts", "state": "later"}, "then": [{"release": "ours"}, {"reply": {"Err": "no"}}]}
    slow.control.set_rules([state])
    assert [(rule.name, rule.place, rule.fired) for rule in slow.control.rules()] == [("rule 1", "rules[0]", 0)]


def test_time_passes(slow: Controlled) -> None:
    """Time passes by a time, to a time, or to what is due next, and not on a clock that runs by itself."""
    control = slow.control
    assert control.advance("100ms") == "2024-01-01T00:00:00.100000000Z"
    assert control.advance(next=True) == "2024-01-01T00:00:00.250000000Z"
    assert control.advance(to="2024-01-01T00:00:01Z") == "2024-01-01T00:00:01.000000000Z"
    assert control.advance(5) == "2024-01-01T00:00:01.000000005Z"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "advance: expected one of by, to, next"),
        ({"by": "1s", "next": True}, "advance: expected one of by, to, next"),
        ({"next": True}, "advance: nothing is due"),
        ({"to": "2024-01-01"}, "so expected 0 or more, got 2024-01-01, and it is 2024-01-01T00:00:01.000000005Z"),
        ({"to": "soon"}, "expected a time such as 2024-01-01T00:00:00Z, got 'soon'"),
        ({"by": "1"}, "expected a duration with its unit"),
        ({"by": 1.5}, "whole nanoseconds, got 1.5"),
    ]
    for said, mistake in wrong:
        with pytest.raises(SimulatorError, match=mistake):
            control.advance(**said)
    control.set_clock({"scaled": 20})
    with pytest.raises(ClockRuns, match="this one is scaled"):
        control.advance("1s")
    assert control.state().clock == {"scaled": "20"}


def test_the_next_event_is_no_tick() -> None:
    """The next thing that is due is one that does not come again for ever, unless there is none."""
    walking = {PAIR: {"mid": 100, "walk": {"every": "10ms"}}}
    world = Controlled({"markets": walking, "timeline": [{"at": "1s", "do": {"goto": "start"}}]})
    assert [due.is_endless for due in world.control.due()] == [True, False]
    assert world.control.advance(next=True) == "2024-01-01T00:00:01.000000000Z"
    assert world.control.advance(next=True) == "2024-01-01T00:00:01.010000000Z"


def test_the_journal_behind_a_line(slow: Controlled) -> None:
    """The journal is told from a line on, each entry with its cause, events with names and texts."""
    whole = slow.control.journal()
    assert [entry.kind for entry in whole] == ["open", "in", "rule", "out", "event", "event"]
    assert [entry.cause for entry in whole] == [None, None, 2, 3, 3, 3]
    assert slow.control.journal(since=4) == whole[4:]
    assert whole[5].data == {
        "type": "OrderChanged",
        "order_id": "1",
        "account": "DEFAULT",
        "state": ("Open", "Acked"),
        "filled_qty": "0",
        "avg_fill_price": None,
    }


def test_state(slow: Controlled) -> None:
    """How a world stands is told in one piece."""
    slow.errors.append(ValueError("inside"))
    slow.control.advance("100ms")
    assert slow.control.state() == StateInfo(
        scenario="slow world",
        seed=0,
        clock="manual",
        state="start",
        began="2024-01-01T00:00:00.000000000Z",
        now="2024-01-01T00:00:00.100000000Z",
        orders=1,
        open_orders=1,
        fills=0,
        connections=1,
        held=(),
        halts=(),
        next_due="2024-01-01T00:00:00.250000000Z",
        line=6,
        errors=("ValueError('inside')",),
    )
    msgspec.json.encode([slow.control.state(), slow.control.rules(), slow.control.journal(), slow.control.due()])


def asked(wait: waits.WaitCondition[Any]) -> list[Any] | None:
    """Return what is enough for a wait, or None."""
    return wait.ask().at_once()


def unmet(wait: waits.WaitCondition[Any]) -> Failure:
    """Return what is said of a wait of a second that has not been met."""
    return wait.failure("1s").at_once()


def test_waits_for_requests() -> None:
    """A wait is asked again until there is enough; unmet, it says what it wanted and what came nearest."""
    world = Controlled()
    session = world.connect()
    wait = world.control.wait_for(2, request="SendLimitOrder", quantity={"ge": 1})
    assert asked(wait) is None
    world.send(session, ORDER, {**ORDER, "quantity": "0.5"})
    assert asked(wait) is None
    failure = unmet(wait)
    assert failure[:2] == (
        "exchange",
        "expected 2 of {'request': 'SendLimitOrder', 'quantity': {'ge': '1'}} within 1s, got 1",
    )
    assert failure.details.splitlines()[1:] == ["  quantity: wanted {'ge': '1'}, came 0.5"]
    world.send(session, ORDER)
    assert [one.fields["quantity"] for one in asked(wait) or []] == ["1", "1"]


def test_wait_for_one_order_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for one order, or its fills, has no other looked at, and of those that are near only the last ones."""
    world = Controlled()
    session = world.connect()
    world.send(session, *[ORDER] * 300)
    world.control.do({"fill": {"order": "3"}})
    looked: list[str] = []

    def look(order: Order) -> OrderInfo:
        looked.append(str(order.id))
        return order_info(order)

    monkeypatch.setattr(waits, "order_info", look)
    order = world.control.wait_until(order={"order_id": "3", "state": "Canceled"})
    assert (asked(order), "nearest: OrderInfo(order_id='3'" in unmet(order).details) == (
        None,
        True,
    )
    assert set(looked) == {"3"}
    looked.clear()
    nothing = world.control.wait_until(order={"order_id": "x", "state": "Canceled"})
    assert unmet(nothing).details.startswith("nearest: OrderInfo(order_id='300'")
    assert looked == [str(number) for number in range(101, 301)]
    fill = world.control.wait_until(fill={"order_id": "3"})
    assert asked(fill) == world.control.fills()
    assert asked(world.control.wait_until(fill={"order_id": "30"})) is None


def test_waits_for_truth() -> None:
    """An order's state, a fill and a message that was sent are waited for; unmet, the nearest is told and its lacks."""
    world = Controlled()
    control = world.control
    order = control.wait_until(order={"order_id": "1", "state": ["Acked", "Filled", "Out"]})
    fill = control.wait_until(fill={"order_id": "1", "quantity": 1})
    words = {"order_id": "1", "filled_qty": 1, "state": ["Acked", "Filled", "Out"]}
    sent = control.wait_until(sent={"connection": 1, **words})
    assert [
        unmet(order).details,
        unmet(fill).details,
        unmet(sent).details,
    ] == ["", "", ""]
    world.send(world.connect(), {"type": "SubscribeOrderState"}, ORDER)
    assert (asked(order), asked(fill), asked(sent)) == (None, None, None)
    assert unmet(order).text == (
        "expected 1 of orders with {'order_id': '1', 'state': ['Acked', 'Filled', 'Out']} within 1s, got 0"
    )
    assert unmet(order).details.splitlines()[-1] == "  state: wanted Acked, Filled, Out, came Open, Acked"
    assert unmet(fill).details == ""
    assert unmet(sent).details.splitlines() == [
        'nearest: {"order_id":"1","state":["Open","Acked"],"filled_qty":"0","avg_fill_price":null}',
        '  filled_qty: wanted "1", came "0"',
        '  state: wanted ["Acked","Filled","Out"], came ["Open","Acked"]',
    ]
    control.do({"fill": {"order": "1"}})
    assert asked(order) == control.orders()
    assert asked(fill) == control.fills()
    (message,) = asked(sent) or []
    assert message == SentInfo(message.line, "2024-01-01T00:00:00.000000000Z", 1, message.message)
    assert message.message["response"]["Ok"][0]["filled_qty"] == "1"


@pytest.mark.parametrize("said", [{}, {"order": {}, "fill": {}}])
def test_one_thing_is_waited_for(said: dict[str, Any]) -> None:
    """A wait is for orders, for fills or for messages."""
    with pytest.raises(SimulatorError, match=r"^expected one of order, fill, sent$"):
        Controlled().control.wait_until(**said)


def test_a_world_begins_anew(slow: Controlled) -> None:
    """After a reset nothing is as it was; what is not said stays: the scenario, the seed, the clock."""
    slow.control.set_rules([])
    slow.control.reset(seed=7, keep_connections=True)
    control = slow.control
    assert (control.orders(), control.journal(), control.due()) == ([], [], [])
    assert [rule.name for rule in control.rules()] == ["slow"]
    assert (control.state().seed, control.state().clock, slow.kept_connections) == (7, "manual", True)
    control.reset({"name": "another", "clock": "instant"})
    assert (control.state().scenario, control.state().seed, control.state().clock) == ("another", 7, "manual")
    control.reset(clock="real")
    assert (control.state().scenario, control.state().clock) == ("another", "real")
    with pytest.raises(ScenarioError):
        control.reset({"nam": "wrong"})
    assert control.state().scenario == "another"


def test_what_is_expected() -> None:
    """What a scenario expects and is not so is told, and what failed inside."""
    rule = {"name": "needed", "required": True, "when": {"request": "CancelOrder"}, "then": ["reject"]}
    world = Controlled({"rules": [rule], "expect": [{"received": {"request": "CancelOrder"}}]})
    world.errors.append(ValueError("inside"))
    assert [failure.text for failure in world.control.verify()] == [
        'expected at least once {"request":"CancelOrder"}, got 0',
        "expected the rule 'needed' to fire, which is required; it never did",
        "the simulator itself failed: ValueError('inside')",
    ]
    world.errors.clear()
    world.send(world.connect(), ORDER, {"type": "CancelOrder", "order_id": "1"})
    assert world.control.verify() == []


def test_a_replaced_rule_is_not_the_file_s() -> None:
    """A required rule that was put in place of the scenario's is not said to stand in the scenario's file."""
    world = Controlled({"rules": [SLOW]})
    world.control.set_rules([{**SLOW, "required": True}])
    assert world.control.verify() == [
        Failure("rules[0]", "expected the rule 'slow' to fire, which is required; it never did")
    ]


def test_a_scenario_is_checked() -> None:
    """Everything that is wrong with a scenario is told, and nothing is done with it."""
    control = Controlled().control
    assert control.check({"rules": [SLOW]}) == ()
    (problem,) = control.check({"rulse": []})
    assert isinstance(problem, Problem)
    assert problem.message.endswith("got 'rulse'; did you mean 'rules'?")
