"""Messages that come late, in another order, more than once, or never."""

from typing import Any

from simulator.certification.case import Case
from simulator.certification.ground import Ground

__all__ = ["CASES"]


def _orders(*then: Any, **more: Any) -> dict[str, Any]:
    """Return rules for the orders of the routine that trade at once, and for the others."""
    return {"rules": [{"when": {"request": "SendLimitOrder"}, "then": list(then), **more}]}


def _nothing(ground: Ground) -> dict[str, Any]:
    return {}


def _fill_before_ack(ground: Ground) -> dict[str, Any]:
    return _orders({"fill": "rest"}, "ack", times=2)


def _lost_reply(ground: Ground) -> dict[str, Any]:
    return _orders({"reply": "never"}, "match", times=2)


def _lost_updates(ground: Ground) -> dict[str, Any]:
    return _orders({"ack": {"send": "never"}}, {"fill": {"quantity": "40%", "send": "never"}}, times=2)


def _half_open(ground: Ground) -> dict[str, Any]:
    return {"timeline": [{"at": "6s", "do": {"stall": "all"}}]}


CASES = (
    Case(
        name="well-behaved",
        family="nothing unusual",
        what="The venue does what it should.",
        must="Trade.",
        scenario=_nothing,
    ),
    Case(
        name="fill-before-ack",
        family="order of messages",
        what="An order's fill is told before its ack.",
        must="Take a fill of an order that is not acked yet.",
        scenario=_fill_before_ack,
    ),
    Case(
        name="lost-reply",
        family="lost messages",
        what="The reply to an order never comes, and the order is in the market.",
        must="Find out what became of an order before sending it again.",
        scenario=_lost_reply,
    ),
    Case(
        name="lost-updates",
        family="lost messages",
        what="An order is acked and filled in part, and no update says so.",
        must="Ask for the state of an order, and not wait for updates alone.",
        scenario=_lost_updates,
    ),
    Case(
        name="half-open",
        family="connections",
        what="The line goes dead without an end: nothing comes, not even pongs.",
        must="Notice it by pings of one's own or by the silence, and connect again.",
        scenario=_half_open,
    ),
)
