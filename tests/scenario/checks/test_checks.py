import time
from typing import Any

import pytest

from simulator.errors import ScenarioError
from simulator.scenario import load

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"request": "SendLimitOrder"}
CANCEL = {"request": "CancelOrder"}


def refusals(data: dict[str, Any]) -> list[str]:
    """Return why data is no scenario: nothing, if it is one."""
    try:
        load(data)
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return []


def rule(*steps: Any, when: Any = None, **options: Any) -> dict[str, Any]:
    """Return a scenario of one rule."""
    return {"rules": [{"when": ORDER if when is None else when, "then": list(steps), **options}]}


TRUTHFUL: list[tuple[Any, ...]] = [
    ("ack", {"fill": "40%"}, {"fill": "rest"}),
    ({"fill": "rest"}, "ack"),
    ({"fill": "60%"}, {"fill": "40%"}, "ack"),
    ("ack", {"fill": "50%"}, "cancel"),
    ("cancel", "ack"),
    ("match", "cancel"),
    ("ack", "match", {"fill": 1}),
    ("reject",),
    ("ack", {"fill": "100%"}, {"bust": "last"}),
    ("ack", {"fill": {"quantity": 5, "as": "one"}}, {"correct": {"fill": "one", "price": 5}}, {"bust": "one"}),
    ({"bust": "0d9e1f9c-3f5b-5f8e-8d8a-0123456789ab"},),
    ("ack", {"reject": {"order": "last"}}, {"fill": {"order": "all"}}, {"fill": {"order": "all"}}),
    ({"hold": "never released"}, "ack"),
]


@pytest.mark.parametrize("steps", TRUTHFUL, ids=str)
def test_what_a_venue_can_do_is_allowed(steps: tuple[Any, ...]) -> None:
    """A sequence that a venue can truthfully do is no mistake."""
    assert refusals(rule(*steps)) == []


UNTRUE: list[tuple[tuple[Any, ...], int, str]] = [
    (("reject", {"fill": 1}), 1, "the order is rejected, so nothing can fill it"),
    (("cancel", {"fill": 1}), 1, "the order is cancelled, so nothing can fill it"),
    (("expire", {"fill": 1}), 1, "the order is expired, so nothing can fill it"),
    (({"fill": "rest"}, {"delay": "1s"}, {"fill": 1}), 2, "the order is filled, so nothing can fill it"),
    (({"fill": "100%"}, "cancel"), 1, "the order is filled, so nothing can cancel it"),
    (({"fill": "rest"}, "match"), 1, "the order is filled, so nothing can match it"),
    (({"fill": "60%"}, {"fill": "50%"}), 1, "the fills come to more than the order"),
    (({"fill": 1}, {"fill": "100%"}), 1, "the fills come to more than the order"),
    (({"fill": 0},), 0, "a fill of 0 is none"),
    (({"fill": "0%"},), 0, "a fill of 0% is none"),
    (("ack", "reject"), 1, "the order is acked, so nothing can reject it"),
    (("match", "reject"), 1, "the order is acked, so nothing can reject it"),
    (({"fill": 1}, "reject"), 1, "the order has a fill, so nothing can reject it"),
    (("reject", "reject"), 1, "the order is rejected, so nothing can reject it"),
    (("ack", "ack"), 1, "the order is acked already"),
    (("reject", "ack"), 1, "the order is rejected, so nothing can ack it"),
    (("reject", "cancel"), 1, "the order is rejected, so nothing can cancel it"),
    (("cancel", "expire"), 1, "the order is cancelled, so nothing can expire it"),
]


@pytest.mark.parametrize(("steps", "at", "why"), UNTRUE, ids=str)
def test_what_no_venue_can_do_is_refused(steps: tuple[Any, ...], at: int, why: str) -> None:
    """The step that cannot be is named with the reason, unless the rule is illegal on purpose."""
    told = "; if it is to, say illegal: true in the rule"
    assert refusals(rule(*steps)) == [f"rules[0].then[{at}]: expected what a venue can do, but {why}{told}"]
    assert refusals(rule(*steps, illegal=True)) == []


@pytest.mark.parametrize(
    ("quantity", "steps", "most"),
    [
        ("10", [{"fill": 11}], "10"),
        ({"le": 10}, [{"fill": 6}, {"fill": "50%"}], "10"),
        ({"ge": 5, "lt": 8}, [{"fill": 8.5}], "8"),
        ({"ge": 5}, [{"fill": 1000}], None),
        ({"le": 10}, [{"fill": 5}, {"fill": "50%"}], None),
        ("1*", [{"fill": 1000}], None),
    ],
)
def test_fills_are_held_against_what_the_rule_is_for(quantity: Any, steps: list[Any], most: str | None) -> None:
    """Where a rule says how much its orders can be for, more cannot be filled."""
    found = refusals(rule(*steps, when=ORDER | {"quantity": quantity}))
    wanted = f"the fills come to more than {most}, the most that the order can be for"
    assert [wanted in refusal for refusal in found] == ([] if most is None else [True])


def test_a_cancel_is_refused_once_and_not_after_it() -> None:
    """In a rule for cancels a reject refuses the cancel, and the order itself may be filled meanwhile."""
    assert refusals(rule({"fill": "rest"}, "reject", when=CANCEL)) == []
    assert refusals(rule({"fill": 1}, "cancel", when=CANCEL)) == []
    assert "the cancel is refused already" in refusals(rule("reject", "reject", when=CANCEL))[0]
    assert "its cancel cannot be refused" in refusals(rule("cancel", "reject", when=CANCEL))[0]
    assert "the order is cancelled, so nothing can fill it" in refusals(rule("cancel", {"fill": 1}, when=CANCEL))[0]


def test_sequences_are_judged_only_where_they_are_certain() -> None:
    """A rule for several types of request may do to one what it cannot do to another."""
    assert refusals(rule("ack", "reject", when={"request": ["SendLimitOrder", "CancelOrder"]})) == []
    assert refusals(rule("reject", when={})) == []


def test_steps_need_something_to_be_about() -> None:
    """There is no order in a rule for a query, and no request in an event or in the timeline."""
    no_order = "expected order: last, all or an id, because"
    assert refusals(rule("reject", when={"request": "ListOpen"})) == []
    assert refusals(rule({"cancel": {"order": "all"}}, when={"event": "disconnect"})) == []
    assert refusals(rule("cancel", when={"request": ["ListOpen", "ListFills"]})) == [
        f"rules[0].then[0]: {no_order} a rule for ListFills, ListOpen has no order of its own to cancel"
    ]
    assert refusals({"timeline": [{"at": "1s", "do": ["reject", {"rate_limit": {"cap": 1}}]}]}) == [
        f"timeline[0].do[0]: {no_order} the timeline has no order of its own to reject",
        "timeline[0].do[1].rate_limit: expected no rate_limit in the timeline, which has no request",
    ]
    assert refusals(rule("reply", {"reply": "never"})) == [
        "rules[0].then[1]: expected one reply to a request, got another"
    ]


@pytest.mark.parametrize(
    ("first", "second", "is_shadowed"),
    [
        ({"when": ORDER}, {"when": ORDER}, True),
        ({"when": {}}, {"when": ORDER | {"dir": "Buy"}}, True),
        ({"when": {"request": "*"}}, {"when": ORDER}, True),
        ({"when": {"request": ["CancelOrder", "Send*"]}}, {"when": ORDER}, True),
        ({"when": ORDER | {"dir": "Buy"}}, {"when": ORDER | {"dir": "Buy", "price": 1}}, True),
        ({"when": {"event": "connect"}}, {"when": {"event": "connect"}}, True),
        ({"when": ORDER | {"dir": "Buy"}}, {"when": ORDER}, False),
        ({"when": ORDER | {"dir": "Buy"}}, {"when": ORDER | {"dir": "Sell"}}, False),
        ({"when": ORDER, "times": 1}, {"when": ORDER}, False),
        ({"when": ORDER, "after": 1}, {"when": ORDER}, False),
        ({"when": ORDER, "every": 2}, {"when": ORDER}, False),
        ({"when": ORDER, "chance": "50%"}, {"when": ORDER}, False),
        ({"when": ORDER | {"nth": 1}}, {"when": ORDER | {"nth": 1}}, False),
        ({"when": ORDER, "then": [{"rate_limit": {"cap": 1}}]}, {"when": ORDER}, False),
        ({"when": {}}, {"when": {"event": "connect"}}, False),
    ],
)
def test_a_rule_behind_a_wider_one_is_refused(first: Any, second: Any, is_shadowed: bool) -> None:
    """A rule that another one always forestalls can never match; only what is certain is said."""
    found = refusals({"rules": [{"then": []} | first, {"then": []} | second]})
    message = "expected requests that no earlier rule takes, but rules[0] takes them all: this rule can never match"
    assert found == ([f"rules[1].when: {message}"] if is_shadowed else [])


def test_states_are_gone_to_and_asked_for() -> None:
    """A scenario begins in start; every other state is one that a goto leads to and that a rule is for."""
    away = {"when": ORDER | {"state": "start"}, "then": [{"goto": "away"}]}
    back = {"when": ORDER | {"state": ["away"]}, "then": [{"goto": "start"}]}
    assert refusals({"rules": [away, back]}) == []
    assert refusals({"rules": [away, {"when": ORDER | {"state": {"not": "start"}}, "then": []}]}) == []
    assert refusals({"rules": [away, {"when": ORDER | {"state": "a*"}, "then": []}]}) == []
    assert refusals({"rules": [away]}) == [
        "rules[0].then[0].goto: expected a state that a rule is for, got 'away'",
    ]
    assert refusals({"rules": [back]}) == ["rules[0].when.state[0]: expected a state that a goto leads to, got 'away'"]


def test_what_is_named_by_wildcard_or_id_is_known() -> None:
    """Products are known by name and id, also to wildcards, and accounts have no case."""
    id_ = load({}).catalogue.tradable_product(PAIR).id  # type: ignore[union-attr]  # the pair is in the catalogue
    for target in (PAIR, id_, "BTC*", f"{id_[:8].upper()}*", {"in": [PAIR, "*/USD*COINBASE*"]}):
        for account in ("default", "DEF*", "def*"):
            said = rule("ack", when=ORDER | {"target": target, "account": account})
            assert refusals({"catalogue": "default"} | said) == []
    found = refusals(rule("ack", when=ORDER | {"target": {"not": {"in": ["x"]}}}))
    assert found == ["rules[0].when.target.not.in[0]: expected a tradable product of the catalogue, got 'x'"]


@pytest.mark.parametrize("number", [10, "10.50", "-1", "1000", "1*", "?", None, [1, "2"], {"in": ["1", "2"], "ge": 1}])
def test_a_number_is_compared_with_numbers(number: Any) -> None:
    """What a number is to be is a decimal, a pattern of some, nothing, or bounds."""
    for field in ("price", "quantity"):
        assert refusals(rule("ack", when=ORDER | {field: number})) == []


def test_amounts_are_held_against_increments_unless_they_change() -> None:
    """A trade off the tick is refused, but not if the scenario changes the product's increments."""
    trade = {"at": "1s", "do": {"trade": {"product": PAIR, "price": "1.005", "quantity": 1}}}
    change = {"at": "0s", "do": {"increments": {"product": PAIR, "quote_increment": "0.005"}}}
    assert refusals({"timeline": [trade]}) == [
        f"timeline[0].do.trade.price: expected a multiple of the price tick 0.01 of {PAIR}, got 1.005"
    ]
    assert refusals({"timeline": [change, trade]}) == []


def test_a_book_is_not_crossed() -> None:
    """In markets and in steps the best bid is below the best ask; a side alone crosses nothing."""
    sides = {"bids": [[10, 1]], "asks": [["9.99", 1], [11, 1]]}
    fault = "asks[0][0]: expected asks above the best bid 10, got 9.99: the book is crossed"
    assert refusals({"markets": {PAIR: sides}}) == [f"markets['{PAIR}'].{fault}"]
    assert refusals(rule({"book": {"product": PAIR} | sides}, when={"event": "connect"})) == [
        f"rules[0].then[0].book.{fault}"
    ]
    assert refusals({"markets": {PAIR: {"bids": [[10, 1]]}}}) == []
    assert refusals({"markets": {PAIR: {"bids": [[10, 1]], "asks": [["10.01", 1]]}}}) == []


def test_references_are_to_what_has_been_said() -> None:
    """A name is known from the step after the one that gives it; in expectations every name is."""
    subscribe = {"send": {"type": "SubscribeOrderState"}, "as": "states"}
    assert refusals({"client": [subscribe, {"await": {"on": "$states"}}]}) == []
    assert refusals({"client": [{"await": {"on": "$states"}}, subscribe]}) == [
        "client[0].await.on: expected a name that an earlier as: gives, got '$states'"
    ]
    orders = {"$order": {"state": ["Out"]}, "7": {"filled_qty": 1}}
    order = {"send": {"type": "SendLimitOrder", "params": ["costs $5", {"deep": "$states"}]}, "as": "order"}
    assert refusals({"client": [subscribe, order], "expect": [{"orders": orders}]}) == []


def test_a_file_of_a_thousand_rules_is_checked_in_moments() -> None:
    """Each rule is held against those before it, of which there are a thousand at most."""
    rules = [{"when": ORDER | {"price": number, "dir": "Buy"}, "then": ["ack"]} for number in range(1001)]
    start = time.process_time()
    assert refusals({"rules": rules[:1000]}) == []
    assert time.process_time() - start < 10
    assert refusals({"rules": rules}) == ["rules[1000]: expected at most 1000 rules, got 1001"]


def test_a_file_of_nothing_but_mistakes_is_given_up() -> None:
    """After 500 mistakes nobody reads on, and 50 of them are shown."""
    with pytest.raises(ScenarioError) as refused:
        load({"rules": [{"when": {}, "then": ["akc"] * 20_000}]})
    assert len(refused.value.problems) == 500
    assert str(refused.value).endswith("\n… and 450 more")
