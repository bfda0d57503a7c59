"""Venues whose lists lag, whose rules change, and which have enough of a client."""

from typing import Any

from simulator.certification.case import Case
from simulator.certification.cases.making import RESTING, at, on_order, rules
from simulator.certification.ground import Ground
from simulator.laws import threads

__all__ = ["CASES"]

VIEWS = "what queries say"
RATES = "rates"
RULES = "the venue's rules"
LOAD = "load"
CLOCKS = "clocks"


def _lost_and(view: dict[str, Any]) -> Any:
    """Return a scenario in which the reply to an order is lost, and queries are wrong for a while."""
    return lambda ground: rules(
        on_order(ground, ("resting buy", "replacement"), {"reply": "never"}, "ack", {"view": view}),
    )


def _lowered_limit(ground: Ground) -> dict[str, Any]:
    limit = {"set": "All", "scope": "All", "name": "MaxOrderQty"}
    return {
        "timeline": [
            {"at": "4s", "do": {"limits": [{**limit, "value": ground.quantity(45)}]}},
            {"at": "40s", "do": {"limits": [limit]}},
        ]
    }


def _other_tick(ground: Ground) -> dict[str, Any]:
    from simulator.decimals import text_of_amount

    tick = ground.product.quote_increment
    change = {"product": ground.product.name}
    return {
        "timeline": [
            {"at": "4s", "do": {"increments": {**change, "quote_increment": text_of_amount(10 * tick)}}},
            {"at": "60s", "do": {"increments": {**change, "quote_increment": text_of_amount(tick)}}},
        ]
    }


_STATES = ("GetOrderState", "GetOrderDetails")
_LEFT_OUT = {"omit": ["this"], "for": "15s"}

_LAGGING = {"lag": "8s", "for": "20s"}

CASES = (
    Case(
        name="list-lags",
        family=VIEWS,
        what="For twenty seconds after an order ListOpen is eight seconds behind; of some orders the reply is lost.",
        must="Not conclude from one list that an order is not there.",
        threads=(threads.ORDERED_AGAIN_AFTER_A_TIMEOUT,),
        scenario=lambda ground: rules(
            on_order(
                ground, ("resting buy", "replacement"), {"reply": "never"}, "ack", {"view": {"ListOpen": _LAGGING}}
            ),
            on_order(ground, ("late buy",), "ack", {"view": {"ListOpen": _LAGGING}}),
        ),
    ),
    Case(
        name="list-leaves-out",
        family=VIEWS,
        what="The reply to an order is lost, and for twenty seconds ListOpen leaves the order out.",
        must="Not conclude from one list that an order is not there.",
        threads=(threads.ORDERED_AGAIN_AFTER_A_TIMEOUT,),
        scenario=_lost_and({"ListOpen": {"omit": ["this"], "for": "20s"}}),
    ),
    Case(
        name="list-leaves-out-what-is-filled-then",
        family=VIEWS,
        what="The reply to an order is lost, ListOpen leaves it out for twenty seconds, and it is filled meanwhile.",
        must="Not conclude from one list that an order is not there, and look for it among the filled ones.",
        threads=(threads.ORDERED_AGAIN_AFTER_A_TIMEOUT, threads.FILLS_NEVER_TOLD),
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("resting buy", "replacement"),
                {"reply": "never"},
                "ack",
                {"view": {"ListOpen": {"omit": ["this"], "for": "20s"}}},
                {"delay": "5s"},
                {"fill": "rest"},
            )
        ),
    ),
    Case(
        name="details-leave-out",
        family=VIEWS,
        what="The reply to an order is lost, and for twenty seconds GetOrderDetails leaves the order out.",
        must="Look for an order in more than one way, and more than once.",
        scenario=_lost_and({"GetOrderDetails": {"omit": ["this"], "for": "20s"}}),
    ),
    Case(
        name="state-lags",
        family=VIEWS,
        what="For twenty seconds GetOrderState says what was so five seconds ago.",
        must="Not let an older answer undo a newer update for good.",
        scenario=lambda ground: rules(
            on_order(
                ground,
                RESTING,
                "ack",
                {"view": {"GetOrderState": {"lag": "5s", "for": "20s"}}},
                {"delay": "1s"},
                {"fill": "rest"},
            )
        ),
    ),
    Case(
        name="state-leaves-out",
        family=VIEWS,
        what="For fifteen seconds GetOrderState and GetOrderDetails know nothing of an order that is open.",
        must="Not take an order for gone because one answer leaves it out.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"view": dict.fromkeys(_STATES, _LEFT_OUT)}),
        ),
    ),
    Case(
        name="fills-lag",
        family=VIEWS,
        what="For thirty seconds fills are listed ten seconds late.",
        must="Know that a list of fills may not have the last ones.",
        scenario=lambda ground: rules(
            on_order(
                ground,
                RESTING,
                "ack",
                {"view": {"ListFills": {"lag": "10s", "for": "30s"}, "GetFillDetails": {"lag": "10s", "for": "30s"}}},
                {"fill": "40%"},
            )
        ),
    ),
    Case(
        name="everything-lags",
        family=VIEWS,
        what="For half a minute every query says what was so three seconds ago.",
        must="Ask again later.",
        scenario=lambda ground: at(
            "500ms",
            {
                "view": {
                    name: {"lag": "3s", "for": "30s"}
                    for name in ("ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails")
                }
            },
        ),
    ),
    Case(
        name="rate-limited",
        family=RATES,
        what="For a minute the venue takes one request in twenty seconds, and refuses the others.",
        must="Slow down when a request is refused for its rate, and ask again later.",
        threads=(threads.BANNED,),
        scenario=lambda ground: {
            **rules({"when": {"request": "*", "state": "busy"}, "then": [{"rate_limit": {"cap": 1, "per": "20s"}}]}),
            "timeline": [{"at": "8s", "do": {"goto": "busy"}}, {"at": "68s", "do": {"goto": "start"}}],
        },
    ),
    Case(
        name="banned",
        family=RATES,
        what="A client that asks too often is cut off for thirty seconds.",
        must="Stay away while one is banned, and come back slowly.",
        threads=(threads.BANNED,),
        scenario=lambda ground: {
            **rules(
                {
                    "when": {"request": "*", "state": "busy"},
                    "then": [{"rate_limit": {"cap": 1, "per": "4s", "ban": "30s"}}],
                    "times": 12,
                }
            ),
            "timeline": [{"at": "8s", "do": {"goto": "busy"}}, {"at": "100s", "do": {"goto": "start"}}],
        },
    ),
    Case(
        name="halted",
        family=RULES,
        what="The market is halted for thirty seconds, and orders are rejected.",
        must="Take the rejects, and know one's orders afterwards.",
        scenario=lambda ground: {
            "timeline": [{"at": "5s", "do": {"halt": "All"}}, {"at": "35s", "do": {"resume": "All"}}]
        },
    ),
    Case(
        name="tick-changes",
        family=RULES,
        what="For a minute the product's tick is ten times as large, and orders off it are rejected.",
        must="Learn from the reject, and not send the same order again and again.",
        scenario=_other_tick,
    ),
    Case(
        name="delisted-at-once",
        family=RULES,
        what="The product is delisted while orders rest in it: they are cancelled, and new ones are rejected.",
        must="Take the orders for out, and the rejects for what they are.",
        scenario=lambda ground: at("1500ms", {"delist": ground.product.name}),
    ),
    Case(
        name="limits-lowered",
        family=RULES,
        what="For half a minute the account may send only small orders, and larger ones are rejected.",
        must="Take the reject, and go on.",
        scenario=_lowered_limit,
    ),
    Case(
        name="closed-until-the-opening",
        family=RULES,
        what="For the first minute every order gets an Err, and the market is open from then on.",
        must="Take an Err for the end of one order, and not of all trading.",
        threads=(threads.NOT_BACK_AFTER_MAINTENANCE,),
        scenario=lambda ground: rules(
            {
                "when": {"request": "SendLimitOrder"},
                "then": [{"reply": {"Err": "trading begins in a minute"}}],
                "until": "60s",
            }
        ),
    ),
    Case(
        name="clock-goes-back",
        family=CLOCKS,
        what="The venue's clock goes back by an hour for a minute, in which an order comes whose reply is lost.",
        must="Not tell by the venue's times which of its orders is one's own.",
        threads=(threads.CLOCKS_APART, threads.TIMED_OUT_BUT_DONE),
        scenario=lambda ground: {
            **at("1500ms", {"skew": {"by": "-1h", "for": "60s"}}),
            **rules(on_order(ground, ("replacement",), {"reply": "never"}, "ack")),
        },
    ),
    Case(
        name="clock-jumps-ahead",
        family=CLOCKS,
        what="The venue's clock jumps an hour ahead, so that every order before looks an hour old.",
        must="Not tell by the venue's times how old an order is, or whether it is still there.",
        threads=(threads.CLOCKS_APART,),
        scenario=lambda ground: at("60s", {"skew": {"by": "1h", "for": "120s"}}),
    ),
    Case(
        name="fill-times-go-back",
        family=CLOCKS,
        what="The second fill of an order is ten minutes earlier than the first, by its time.",
        must="Know fills by their ids, and not ask only for those after the newest that one has.",
        threads=(threads.FILLS_SKIPPED_BY_TIME, threads.FILL_TIMES_OUT_OF_ORDER),
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("replacement",),
                "ack",
                {"fill": "40%"},
                {"delay": "20s"},
                {"skew": {"by": "-10m", "of": "fills"}},
                {"fill": "rest"},
            )
        ),
    ),
    Case(
        name="fast-market",
        family=LOAD,
        what="The market moves five times a second.",
        must="Keep up, or leave out what is old.",
        scenario=lambda ground: {
            "markets": {
                ground.product.name: {
                    "mid": ground.price(0),
                    "levels": 10,
                    "walk": {"every": "200ms", "volatility": "0.001%"},
                }
            },
        },
    ),
)
"""The cases about the venue itself."""
