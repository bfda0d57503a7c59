"""Messages that come late, in another order, more than once, or never."""

from simulator.certification.case import Case
from simulator.certification.cases.making import RESTING, at, on, on_cancel, on_order, rules
from simulator.certification.routine import DEFAULT, Wait
from simulator.laws import threads

__all__ = ["CASES"]

ORDER = "order of messages"
LOST = "lost messages"
REPEATED = "repeated messages"
LATE = "late messages"

CASES = (
    Case(
        name="well-behaved",
        family="nothing unusual",
        what="The venue does what it should.",
        must="Trade.",
        scenario=lambda ground: {},
    ),
    Case(
        name="fill-before-ack",
        family=ORDER,
        what="An order's fill is told before its ack.",
        must="Take a fill of an order that is not acked yet.",
        threads=(threads.FILLED_BEFORE_ACKED, threads.FILLED_BEFORE_CREATED),
        scenario=lambda ground: rules(on_order(ground, RESTING, {"fill": "rest"}, "ack")),
    ),
    Case(
        name="reply-after-fill",
        family=ORDER,
        what="An order is acked and filled, and then its reply comes.",
        must="Keep updates of an order whose id is not known yet, until its reply says it.",
        threads=(threads.REPLY_AND_UPDATE_RACE,),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"fill": "rest"}, "reply")),
    ),
    Case(
        name="ack-before-reply",
        family=ORDER,
        what="An order's ack comes before the reply that says its id.",
        must="Not lose the ack of an order whose id is not known yet.",
        threads=(threads.REPLY_AND_UPDATE_RACE,),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"delay": "500ms"}, "reply")),
    ),
    Case(
        name="partial-fill-before-reply",
        family=ORDER,
        what="Half of an order is filled before the reply that says its id.",
        must="Count a fill that comes before the reply.",
        threads=(threads.REPLY_AND_UPDATE_RACE, threads.FILLED_BEFORE_CREATED),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"fill": "50%"}, {"delay": "1s"}, "reply")),
    ),
    Case(
        name="updates-reordered",
        family=ORDER,
        what="Updates travel up to three seconds, each at its own pace, and overtake each other.",
        must="Not let an older update of an order undo a newer one.",
        threads=(threads.FILLED_BEFORE_ACKED,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": "30%"}, {"delay": "1s"}, {"fill": "rest"}),
            latency={"update": {"uniform": ["0ms", "3s"]}, "reorder": True},
        ),
    ),
    Case(
        name="replies-reordered",
        family=ORDER,
        what="Replies travel up to four seconds, each at its own pace, and overtake each other.",
        must="Find the request of a reply by its id, and never by its place in a queue.",
        threads=(threads.REPLY_AND_UPDATE_RACE,),
        scenario=lambda ground: {"latency": {"reply": {"uniform": ["100ms", "4s"]}, "reorder": True}},
    ),
    Case(
        name="jitter",
        family=LATE,
        what="Every message takes its time, most of them 200 ms and one in a hundred three seconds.",
        must="Wait for a reply as long as replies take, and not count it as lost at once.",
        scenario=lambda ground: {
            "latency": {
                "entry": {"lognormal": {"median": "200ms", "p99": "3s"}},
                "reply": {"lognormal": {"median": "200ms", "p99": "3s"}},
                "update": {"lognormal": {"median": "200ms", "p99": "3s"}},
            }
        },
    ),
    Case(
        name="late-ack",
        family=LATE,
        what="The venue acks an order twenty seconds after the gateway has taken it.",
        must="Keep an order that is not acked, and neither send it again nor forget it.",
        scenario=lambda ground: rules(on_order(ground, RESTING, {"delay": "20s"}, "ack")),
    ),
    Case(
        name="reply-after-a-minute",
        family=LATE,
        what="The reply to an order takes a minute, and the order is in the market meanwhile.",
        must="Give up waiting, find out what became of the order, and not send it again.",
        threads=(threads.TIMED_OUT_BUT_DONE, threads.ORDERED_AGAIN_AFTER_A_TIMEOUT),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"delay": "60s"}, "reply")),
    ),
    Case(
        name="late-cancel",
        family=LATE,
        what="A cancel is answered, and done, after twenty seconds.",
        must="Take an order for open until it is said to be out.",
        threads=(threads.STUCK_CANCEL,),
        scenario=lambda ground: rules(on_cancel({"delay": "20s"}, "cancel", "reply")),
    ),
    Case(
        name="late-fills",
        family=LATE,
        what="Orders are filled at once, and updates travel for ten seconds.",
        must="Take what a query says for newer than what the stream has said so far.",
        scenario=lambda ground: {"latency": {"update": "10s"}},
    ),
    Case(
        name="lost-reply",
        family=LOST,
        what="The reply to an order never comes, and the order is in the market.",
        must="Find out what became of an order before sending it again.",
        threads=(threads.TIMED_OUT_BUT_DONE, threads.ORDERED_AGAIN_AFTER_A_TIMEOUT),
        scenario=lambda ground: rules(on_order(ground, RESTING, {"reply": "never"}, "match")),
    ),
    Case(
        name="lost-reply-of-a-filled-order",
        family=LOST,
        what="The reply to an order never comes, and the order is filled.",
        must="Look for an order whose reply is lost among the filled ones too, not only among the open ones.",
        threads=(threads.TIMED_OUT_BUT_DONE, threads.ORDERED_AGAIN_AFTER_A_TIMEOUT),
        scenario=lambda ground: rules(on_order(ground, RESTING, {"reply": "never"}, "ack", {"fill": "rest"})),
    ),
    Case(
        name="two-lost-replies",
        family=LOST,
        what="The replies to two buy orders are lost. One is filled, and queries leave the other out for a while.",
        must="Know an order whose reply is lost by its price and quantity, and take no other for it.",
        threads=(threads.TIMED_OUT_BUT_DONE,),
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("resting buy",),
                {"reply": "never"},
                {"ack": {"send": "never"}},
                {"view": {request: {"omit": ["this"], "for": "20s"} for request in ("ListOpen", "GetOrderDetails")}},
            ),
            on_order(ground, ("marketable buy",), {"reply": "never"}, "ack", {"fill": "rest"}),
        ),
    ),
    Case(
        name="lost-updates",
        family=LOST,
        what="An order is acked and filled in part, and no update says so.",
        must="Ask for the state of an order, and not wait for updates alone.",
        threads=(threads.FILLS_NEVER_TOLD,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, {"ack": {"send": "never"}}, {"fill": {"quantity": "40%", "send": "never"}})
        ),
    ),
    Case(
        name="lost-fill",
        family=LOST,
        what="An order is acked, and no update says that it is filled.",
        must="Ask for the state of an order that stays open for long.",
        threads=(threads.FILLS_NEVER_TOLD,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": {"quantity": "rest", "send": "never"}})
        ),
    ),
    Case(
        name="lost-reject",
        family=LOST,
        what="An order is rejected, and no update says so.",
        must="Ask for the state of an order that is never acked.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, {"reject": {"code": "InsufficientFunds", "send": "never"}})
        ),
    ),
    Case(
        name="lost-order-reply-and-updates",
        family=LOST,
        what="Nothing at all is heard of an order that is in the market.",
        must="Look for an order of which nothing is heard.",
        threads=(threads.TIMED_OUT_BUT_DONE,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, {"reply": "never"}, {"ack": {"send": "never"}}),
        ),
    ),
    Case(
        name="lost-cancel-reply",
        family=LOST,
        what="An order is cancelled, and the cancel is never answered.",
        must="Take an order for out when an update or a query says so, answer or not.",
        threads=(threads.STUCK_CANCEL,),
        scenario=lambda ground: rules(on_cancel({"reply": "never"}, "cancel")),
    ),
    Case(
        name="lost-cancel-update",
        family=LOST,
        what="A cancel is answered, and no update says that the order is out.",
        must="Ask for the state of an order whose cancel was answered.",
        scenario=lambda ground: rules(on_cancel({"cancel": {"send": "never"}}, "reply")),
    ),
    Case(
        name="unanswered-queries",
        family=LOST,
        what="The first queries of order states get no answer, and later no update says that an order is filled.",
        must="Give up waiting for an answer, and ask again; go on trading meanwhile.",
        scenario=lambda ground: rules(
            on_order(ground, ("late buy",), "ack", {"fill": {"quantity": "rest", "send": "never"}}),
            on("GetOrderState", {"reply": "never"}, times=5),
            on("ListOpen", {"reply": "never"}, times=5),
            on("GetOrderDetails", {"reply": "never"}, times=5),
        ),
    ),
    Case(
        name="duplicate-replies",
        family=REPEATED,
        what="Every reply comes twice.",
        must="Take a second reply for what it is.",
        scenario=lambda ground: rules(on("SendLimitOrder", {"reply": "twice"}), on("CancelOrder", {"reply": "twice"})),
    ),
    Case(
        name="fill-told-twice",
        family=REPEATED,
        what="A partial fill is told twice, and is listed under the same id twice.",
        must="Count a fill once.",
        threads=(threads.COUNTED_TWICE, threads.FILLS_REPLAYED),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"fill": {"quantity": "40%", "send": "twice"}})),
    ),
    Case(
        name="fill-under-two-ids",
        family=REPEATED,
        what="A partial fill is listed under two ids.",
        must="Hold the sum of fills against what the order says of itself.",
        threads=(threads.COUNTED_TWICE,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": {"quantity": "40%", "send": "renamed"}})
        ),
    ),
    Case(
        name="told-again-much-later",
        family=REPEATED,
        what="Ninety seconds after an order was filled the venue tells of it once more.",
        must="Take an update of what is long over for no news.",
        threads=(threads.FILLS_REPLAYED,),
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"fill": "rest"}, {"delay": "90s"}, "repeat")),
    ),
    Case(
        name="told-again-after-forty-minutes",
        family=REPEATED,
        what="Forty minutes after an order was filled the venue tells of it once more.",
        must="Take an update of what is long over for no news, however long ago that was.",
        threads=(threads.FILLS_REPLAYED, threads.FILLS_REPLAYED_AFTER_THE_END),
        scenario=lambda ground: rules(
            on_order(ground, ("resting buy",), "ack", {"fill": "rest"}, {"delay": "40m"}, "repeat")
        ),
        routine=(*DEFAULT, Wait("40m")),
    ),
    Case(
        name="snapshot-after-subscribing-again",
        family=REPEATED,
        what="Who follows orders again is told of all that there have been, those that are long filled as well.",
        must="Take what a snapshot says of an order for its state, and not for a fill that is new.",
        threads=(threads.SNAPSHOT_OF_ALL_ORDERS, threads.FILLS_REPLAYED),
        scenario=lambda ground: {
            **at("20s", {"disconnect": {"code": 1012}}),
            **rules(
                {"when": {"event": "subscribe"}, "then": ["snapshot"], "after": 1},
                on_order(ground, RESTING, "ack", {"fill": "40%"}),
            ),
        },
    ),
    Case(
        name="acks-told-twice",
        family=REPEATED,
        what="Every ack is told twice.",
        must="Take an ack of an order that is acked already.",
        scenario=lambda ground: rules(on_order(ground, RESTING, {"ack": {"send": "twice"}})),
    ),
    Case(
        name="cancel-told-twice",
        family=REPEATED,
        what="That an order is cancelled is told twice.",
        must="Take an order that goes out a second time.",
        scenario=lambda ground: rules(on_cancel({"cancel": {"send": "twice"}}, "reply")),
    ),
)
"""The cases about messages."""
