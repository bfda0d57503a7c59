"""Scenarios are made smaller for as long as something holds of them."""

from typing import Any

from simulator.exploration.shrinking import shape_of, shrunk

VENUE: dict[str, Any] = {
    "rules": [
        {"when": {"request": "CancelOrder"}, "then": [{"delay": "1s"}, "reply"], "times": 2},
        {
            "when": {"request": "SendLimitOrder", "dir": "Buy"},
            "then": ["ack", {"fill": {"quantity": "40%", "send": "twice"}}, {"delay": "1s"}],
            "after": 1,
        },
    ],
    "timeline": [{"at": "1s", "do": {"halt": "All"}}],
    "latency": {"reply": "1s", "update": "1s"},
}


def fills_twice(venue: dict[str, Any]) -> bool:
    """Tell whether something in a venue fills, and says so twice."""
    return "'send': 'twice'" in repr(venue.get("rules"))


def test_all_that_does_not_matter_is_left_out() -> None:
    """What is left is one rule with one step, which says no more than it must."""
    assert shrunk(VENUE, fills_twice, 200) == {
        "rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"fill": {"send": "twice"}}]}]
    }


def test_what_matters_stays() -> None:
    """A venue of which nothing may be left out stays as it is, and what holds of every venue is left of none."""
    assert shrunk(VENUE, lambda venue: venue == VENUE, 200) == VENUE
    assert shrunk(VENUE, lambda venue: True, 200) == {}


def test_trials_are_bounded() -> None:
    """So many venues are tried, and no more, and none twice."""
    tried: list[dict[str, Any]] = []

    def never(venue: dict[str, Any]) -> bool:
        tried.append(venue)
        return False

    assert shrunk(VENUE, never, 3) == VENUE
    assert len(tried) == 3
    assert all(one not in tried[:at] for at, one in enumerate(tried))


def test_shape() -> None:
    """Venues that do the same have one shape, however much and long; those that do not have others."""
    other = {"rules": [{"when": {"request": "CancelOrder"}, "then": [{"delay": "9s"}, "reply"]}]}
    assert shape_of(other) == "CancelOrder: delay reply"
    assert shape_of(VENUE) == (
        "CancelOrder: delay reply, SendLimitOrder: ack fill twice delay, halt, latency reply update"
    )
    assert shape_of({"rules": [{"when": {"request": "*"}, "then": [{"reply": {"Err": "no"}}]}]}) == "*: reply Err"
    assert shape_of({}) == "a plain exchange"
