"""What becomes of orders: fills, rejects, cancels, and what is taken back."""

from simulator.certification.case import Case
from simulator.certification.cases.making import RESTING, at, on_cancel, on_order, rules
from simulator.certification.routine import DEFAULT, Cancel, Submit, Wait
from simulator.laws import threads

__all__ = ["CASES"]

FILLS = "fills"
REJECTS = "rejects"
CANCELS = "cancels"
IDS = "ids"
TAKEN_BACK = "what is taken back"

_REASONS = {
    "LimitExceeded": ("limit", "because of a limit of the account"),
    "InsufficientFunds": ("funds", "because the account has too little money"),
    "PriceOutOfBand": ("price-band", "because their prices are too far from the market"),
    "DuplicateOrder": ("duplicate", "because it takes them for duplicates"),
    "VenueUnavailable": ("outage", "because it is out of order"),
    "RateLimited": ("rate", "because there are too many"),
    "Halted": ("halt", "because the market is halted"),
}

_BY_REASON = tuple(
    Case(
        name=f"rejected-for-{name}",
        family=REJECTS,
        what=f"The venue rejects orders {why}.",
        must="Take a rejected order for out, and not send it again and again on the same terms.",
        scenario=lambda ground, code=code: rules(  # type: ignore[misc]  # the second is bound here
            on_order(ground, RESTING, {"reject": {"code": code}})
        ),
    )
    for code, (name, why) in _REASONS.items()
)

_SEVERAL = (
    *DEFAULT[:3],
    Submit("replacement", "Buy", -25, 50),
    Wait("60s"),
)
"""Three orders that rest, and a while."""

CASES = (
    Case(
        name="partial-fills",
        family=FILLS,
        what="An order is filled in two parts, half a minute apart.",
        must="Know how much of an order is filled, and how much is left.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": "40%"}, {"delay": "30s"}, {"fill": "rest"})
        ),
    ),
    Case(
        name="many-partial-fills",
        family=FILLS,
        what="An order is filled in ten parts within a second.",
        must="Count every part once.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", *[{"fill": "10%"}, {"delay": "100ms"}] * 9, {"fill": "rest"})
        ),
    ),
    Case(
        name="better-price",
        family=FILLS,
        what="An order is filled at a better price than its own.",
        must="Take the price of the fill, and not that of the order.",
        scenario=lambda ground: rules(
            on_order(ground, ("resting buy",), "ack", {"fill": {"quantity": "rest", "price": ground.price(-40)}})
        ),
    ),
    Case(
        name="two-prices",
        family=FILLS,
        what="An order is filled in parts at several prices.",
        must="Know the average price by quantity.",
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("resting buy",),
                "ack",
                {"delay": "1s"},
                {"fill": {"quantity": "40%", "price": ground.price(-40)}},
                {"delay": "1s"},
                {"fill": {"quantity": "rest", "price": ground.price(-21)}},
            )
        ),
    ),
    Case(
        name="two-fills-in-one-update",
        family=FILLS,
        what="An order is filled in two parts, and one update tells of both.",
        must="Take from an update how much is filled in all, and not one fill for each.",
        threads=(threads.FILLS_NEVER_TOLD,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": {"quantity": "40%", "send": "never"}}, {"fill": "50%"})
        ),
    ),
    Case(
        name="large-ids",
        family=IDS,
        what="Order ids begin above what a number of floating point holds.",
        must="Keep ids as the texts that they are.",
        scenario=lambda ground: {"order_ids": {"first": 9007199254740993}},
    ),
    Case(
        name="falling-ids",
        family=IDS,
        what="Each order's id is lower than the one before it.",
        must="Not take the order with the highest id for the newest.",
        scenario=lambda ground: {"order_ids": {"first": 9_000_000, "step": -7}},
    ),
    Case(
        name="fill-after-cancel",
        family=FILLS,
        what="A cancel is answered Ok, and the order is filled two seconds later all the same.",
        must="Not take an order for out because its cancel was answered.",
        threads=(threads.CANCEL_LOST_THE_RACE,),
        scenario=lambda ground: rules(on_cancel("reply", {"delay": "2s"}, {"fill": "rest"})),
    ),
    Case(
        name="overfill-told",
        family=FILLS,
        what="An update says that more of an order is filled than was ordered; the venue's own books are right.",
        must="Hold what the stream says against what the venue says when it is asked.",
        scenario=lambda ground: rules(
            on_order(ground, ("resting buy",), "ack", {"delay": "1s"}, {"fill": "150%"}, illegal=True)
        ),
    ),
    *_BY_REASON,
    Case(
        name="rejected-for-unknown-reason",
        family=REJECTS,
        what="The venue rejects orders with a code that no documentation names.",
        must="Take a rejected order for out, whatever the reason says.",
        threads=(threads.UNKNOWN_REASON, threads.REASONS_OF_TWO_KINDS),
        scenario=lambda ground: rules(on_order(ground, RESTING, {"reject": {"reason": "E4711 (unspecified)"}})),
    ),
    Case(
        name="rejected-late",
        family=REJECTS,
        what="An order is rejected ten seconds after the gateway has taken it.",
        must="Not take an order for open because its id is known.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, {"delay": "10s"}, {"reject": {"code": "InsufficientFunds"}})
        ),
    ),
    Case(
        name="refused-by-the-gateway",
        family=REJECTS,
        what="Orders get an Err, and are never there.",
        must="End what waits for the reply when it is an Err.",
        threads=(threads.UNKNOWN_ID,),
        scenario=lambda ground: rules(on_order(ground, RESTING, {"reply": {"Err": "internal error 0x51"}})),
    ),
    Case(
        name="cancel-loses-the-race",
        family=CANCELS,
        what="An order is filled just before its cancel comes, which is refused.",
        must="Take the fill, and not cancel the order again and again.",
        threads=(threads.CANCEL_LOST_THE_RACE, threads.CANCELLING_FOR_EVER),
        scenario=lambda ground: rules(
            on_cancel({"fill": "rest"}, {"reject": {"code": "TooLateToCancel", "text": "already filled"}})
        ),
    ),
    Case(
        name="cancel-after-a-partial-fill",
        family=CANCELS,
        what="Part of an order is filled before its cancel takes the rest out.",
        must="Keep the part that is filled.",
        scenario=lambda ground: rules(on_cancel({"fill": "40%"}, "cancel", "reply")),
    ),
    Case(
        name="cancel-refused",
        family=CANCELS,
        what="The venue refuses the first cancels of orders that stay open.",
        must="Know that the order is open, and cancel it again.",
        scenario=lambda ground: rules(on_cancel({"reject": {"code": "Other", "text": "try again later"}})),
    ),
    Case(
        name="cancel-of-an-unknown-order",
        family=CANCELS,
        what="The first cancels get an Err: unknown order. The orders are open.",
        must="Not take an order for gone because a cancel does not know it.",
        threads=(threads.CANCEL_LOST_THE_RACE, threads.UNKNOWN_ID),
        scenario=lambda ground: rules(on_cancel({"reply": {"Err": "unknown order"}})),
    ),
    Case(
        name="cancelled-unasked",
        family=CANCELS,
        what="The venue cancels an order ten seconds after its ack, and nobody asked.",
        must="Take an order for out that one has not cancelled.",
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"delay": "10s"}, "cancel")),
    ),
    Case(
        name="cancelled-unasked-in-part",
        family=CANCELS,
        what="Part of an order is filled, and the venue cancels the rest.",
        must="Keep the part that is filled.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", {"fill": "40%"}, {"delay": "10s"}, {"cancel": {"text": "self-trade"}})
        ),
    ),
    Case(
        name="expired",
        family=CANCELS,
        what="An order's time is over after thirty seconds.",
        must="Take an order that has expired for out.",
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"delay": "30s"}, "expire")),
    ),
    Case(
        name="unsure-of-an-order",
        family=CANCELS,
        what="For twenty seconds the gateway is not sure of an order's state, and flags it stale.",
        must="Take an order that is flagged stale for open.",
        scenario=lambda ground: rules(on_order(ground, RESTING, "ack", {"stale": {"for": "20s"}})),
    ),
    Case(
        name="fill-busted",
        family=TAKEN_BACK,
        what="A fill is taken back ten seconds after it was told.",
        must="Take the quantity back as well.",
        scenario=lambda ground: rules(
            on_order(ground, ("resting buy",), "ack", {"fill": "50%"}, {"delay": "10s"}, {"bust": "last"})
        ),
    ),
    Case(
        name="price-corrected",
        family=TAKEN_BACK,
        what="A fill's price is corrected ten seconds after it was told.",
        must="Know the average price after the correction.",
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("resting buy",),
                "ack",
                {"fill": {"quantity": "rest", "price": ground.price(-20)}},
                {"delay": "10s"},
                {"correct": {"fill": "last", "price": ground.price(-22)}},
            )
        ),
    ),
    Case(
        name="quantity-corrected",
        family=TAKEN_BACK,
        what="A fill's quantity is corrected downwards ten seconds after it was told.",
        must="Know how much is filled after the correction.",
        threads=(threads.POSITION_IGNORED,),
        scenario=lambda ground: rules(
            on_order(
                ground,
                ("resting buy",),
                "ack",
                {"fill": "rest"},
                {"delay": "10s"},
                {"correct": {"fill": "last", "quantity": ground.quantity(21)}},
            )
        ),
    ),
    Case(
        name="cancel-all-leaves-one",
        family=CANCELS,
        what="The venue cancels every open order when the line ends, but one, which stays in the market.",
        must="Ask of each order whether it is out, and not take it from what has become of the others.",
        threads=(threads.CANCELS_OF_WHICH_ONE_FAILS, threads.GONE_WITH_THE_LINE),
        scenario=lambda ground: {
            **at("20s", {"disconnect": {"code": 1001}}),
            **rules(
                {
                    "when": {"event": "disconnect"},
                    "then": [{"cancel": {"order": "all", "omit": ["last"]}}],
                    "times": 1,
                }
            ),
        },
        routine=_SEVERAL,
    ),
    Case(
        name="one-of-several-cancels-fails",
        family=CANCELS,
        what="Three cancels come one after the other, and the second is refused.",
        must="Take the order of a cancel that is refused for open, and cancel it again.",
        threads=(threads.CANCELS_OF_WHICH_ONE_FAILS,),
        scenario=lambda ground: rules(
            {
                "when": {"request": "CancelOrder", "nth": 2},
                "then": [{"reject": {"code": "Other", "text": "cannot find order"}}],
            }
        ),
        routine=(*_SEVERAL[:-1], Cancel("resting buy"), Cancel("resting sell"), Cancel("replacement"), Wait("30s")),
    ),
    Case(
        name="all-cancelled-at-once",
        family=CANCELS,
        what="The venue cancels every open order at one moment, as venues do before they go down.",
        must="Take every one of them for out.",
        scenario=lambda ground: at("25s", {"cancel": {"order": "all"}}),
    ),
)
"""The cases about orders."""
