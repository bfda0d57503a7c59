"""Lines that die, stand still, drip, are cut, or carry rubbish; and venues that restart."""

from simulator.certification.case import Case
from simulator.certification.cases.making import RESTING, at, on, on_order, rules
from simulator.laws import threads

__all__ = ["CASES"]

LINES = "connections"
RUBBISH = "damaged messages"
RESTARTS = "restarts"

CASES = (
    Case(
        name="half-open",
        family=LINES,
        what="The line goes dead without an end: nothing comes, not even pongs.",
        must="Notice it by pings of one's own or by the silence, and connect again.",
        threads=(threads.SILENT_SOCKET,),
        scenario=lambda ground: at("6s", {"stall": "all"}),
    ),
    Case(
        name="pongs-and-nothing-else",
        family=LINES,
        what="For a minute pings are answered, and no message comes.",
        must="Not take a pong for a sign that messages come.",
        threads=(threads.SILENT_SOCKET,),
        scenario=lambda ground: at("6s", {"stall": {"what": "data", "for": "60s"}}),
    ),
    Case(
        name="messages-and-no-pongs",
        family=LINES,
        what="For two minutes messages come, and pings are not answered.",
        must="Keep trading, on this line or on a new one.",
        scenario=lambda ground: at("6s", {"stall": {"what": "pong", "for": "120s"}}),
    ),
    Case(
        name="slow-line",
        family=LINES,
        what="For thirty seconds the line carries 200 bytes a second.",
        must="Wait for messages that drip, or give the line up, but not send orders again.",
        scenario=lambda ground: at("4s", {"slow": {"bytes_per_second": 200, "for": "30s"}}),
    ),
    Case(
        name="line-that-drips-for-ever",
        family=LINES,
        what="The line carries 20 bytes a second, and never more.",
        must="Give up a line on which replies take minutes.",
        scenario=lambda ground: at("9s", {"slow": {"bytes_per_second": 20}}),
    ),
    Case(
        name="subscription-lost",
        family=LINES,
        what="The venue tells no more of orders, and the line lives and carries replies; then orders are filled.",
        must="Ask for the state of orders of which one hears nothing.",
        threads=(threads.FILLS_NEVER_TOLD,),
        scenario=lambda ground: {
            **at("500ms", "unsubscribe"),
            **rules(on_order(ground, RESTING, "ack", {"delay": "2s"}, {"fill": "40%"})),
        },
    ),
    Case(
        name="fragmented",
        family=LINES,
        what="Every message comes in three frames.",
        must="Put a message together that comes in several frames.",
        scenario=lambda ground: at("500ms", {"corrupt": {"what": "fragments", "messages": 100_000}}),
    ),
    Case(
        name="closed",
        family=LINES,
        what="The venue closes the line with 1001 while orders are open.",
        must="Connect again and follow one's orders again.",
        scenario=lambda ground: at("6s", {"disconnect": {"code": 1001, "reason": "going away"}}),
    ),
    Case(
        name="closed-in-the-night",
        family=LINES,
        what="The line is closed while nothing happens, after a minute.",
        must="Connect again though there is nothing to do.",
        scenario=lambda ground: at("70s", {"disconnect": {"code": 1000}}),
    ),
    Case(
        name="reset",
        family=LINES,
        what="The line is cut by a reset, without a closing frame.",
        must="Take a reset as an end, and connect again.",
        scenario=lambda ground: at("6s", {"disconnect": "abort"}),
    ),
    Case(
        name="reset-at-the-order",
        family=LINES,
        what="The line is reset just when an order is taken, before its reply.",
        must="Find out what became of an order whose line broke before sending it again.",
        threads=(threads.TIMED_OUT_BUT_DONE,),
        scenario=lambda ground: rules(
            on_order(ground, ("resting buy", "replacement"), {"reply": "never"}, "ack", {"disconnect": "abort"})
        ),
    ),
    Case(
        name="reset-before-the-fill",
        family=LINES,
        what="The line is reset, and the order is filled before the client is back.",
        must="Ask what has happened meanwhile after connecting again.",
        threads=(threads.FILLS_NEVER_TOLD,),
        scenario=lambda ground: rules(
            on_order(ground, RESTING, "ack", "reply", {"disconnect": "abort"}, {"delay": "200ms"}, {"fill": "rest"})
        ),
    ),
    Case(
        name="closed-at-the-cancel",
        family=LINES,
        what="The line is closed when a cancel comes, and the cancel is done.",
        must="Find out whether an order is out whose cancel broke the line.",
        scenario=lambda ground: rules(
            {
                "when": {"request": "CancelOrder"},
                "then": [{"reply": "never"}, {"disconnect": {"code": 1011}}, "cancel"],
                "times": 1,
            }
        ),
    ),
    Case(
        name="reset-after-partial-fills",
        family=LINES,
        what="An order is filled in two parts, and stays open; the line is reset, and the new one tells of it again.",
        must="Not count again what was counted before the line broke.",
        threads=(threads.FILLS_REPLAYED,),
        scenario=lambda ground: rules(
            on_order(
                ground,
                RESTING,
                "ack",
                *[{"fill": "20%"}, {"delay": "300ms"}] * 2,
                {"disconnect": "abort"},
            )
        ),
    ),
    Case(
        name="refused-for-a-while",
        family=LINES,
        what="The line is closed, and for thirty seconds no new one is taken.",
        must="Try again, with pauses that grow.",
        threads=(threads.RECONNECTING_IN_A_LOOP,),
        scenario=lambda ground: at("6s", {"refuse": {"for": "30s"}}, {"disconnect": {"code": 1013}}),
    ),
    Case(
        name="refused-for-long",
        family=LINES,
        what="The line is closed, and for ninety seconds no new one is taken.",
        must="Go on trying, and not hammer.",
        threads=(threads.RECONNECTING_IN_A_LOOP,),
        scenario=lambda ground: at("6s", {"refuse": {"for": "90s"}}, {"disconnect": {"code": 1013}}),
    ),
    Case(
        name="flapping",
        family=LINES,
        what="The line is closed every ten seconds for a minute.",
        must="Connect again each time, and miss nothing.",
        scenario=lambda ground: {
            "timeline": [{"at": f"{second}s", "do": {"disconnect": {"code": 1006 + 6}}} for second in range(8, 68, 10)]
        },
    ),
    Case(
        name="closed-now-and-then",
        family=LINES,
        what="The line is closed after it has lasted, six times in three minutes.",
        must="Begin with short pauses again when a line has lasted.",
        scenario=lambda ground: {
            "timeline": [{"at": f"{second}s", "do": {"disconnect": {"code": 1001}}} for second in range(10, 160, 25)]
        },
    ),
    Case(
        name="closed-as-soon-as-open",
        family=LINES,
        what="After a reset the next three connections are closed as soon as they are open.",
        must="Count a line that ends at once as a failure, and pause before the next.",
        threads=(threads.RECONNECTING_IN_A_LOOP,),
        scenario=lambda ground: {
            "rules": [
                {
                    "when": {"event": "connect"},
                    "then": [{"disconnect": {"code": 1013, "reason": "overloaded"}}],
                    "after": 1,
                    "times": 3,
                }
            ],
            **at("6s", {"disconnect": "abort"}),
        },
    ),
    Case(
        name="broken-json",
        family=RUBBISH,
        what="Three messages are cut short, so that they are no JSON.",
        must="Pass over a message that cannot be read, and go on.",
        scenario=lambda ground: at("5500ms", {"corrupt": {"what": "json", "messages": 3}}),
    ),
    Case(
        name="bad-utf8",
        family=RUBBISH,
        what="A message is no UTF-8, which ends the line.",
        must="Connect again after a protocol error.",
        scenario=lambda ground: at("5500ms", {"corrupt": {"what": "utf8", "messages": 1}}),
    ),
    Case(
        name="frame-cut-short",
        family=RUBBISH,
        what="The line ends in the middle of a frame.",
        must="Take the end of a line in mid-message as an end.",
        scenario=lambda ground: at("5500ms", {"corrupt": {"what": "frame", "messages": 1}}),
    ),
    Case(
        name="wrong-ids",
        family=RUBBISH,
        what="Three messages bear an id that the client has not used.",
        must="Pass over a reply to what was not asked, and not wait for ever for the right one.",
        scenario=lambda ground: at("5500ms", {"corrupt": {"what": "id", "messages": 3}}),
    ),
    Case(
        name="rubbish-for-a-reply",
        family=RUBBISH,
        what="The reply to an order is a page of HTML, and the order is in the market.",
        must="Find out what became of an order whose reply cannot be read.",
        scenario=lambda ground: rules(
            on_order(ground, RESTING, {"reply": {"raw": "<html>502 Bad Gateway</html>"}}, "ack")
        ),
    ),
    Case(
        name="restart-with-orders",
        family=RESTARTS,
        what="The venue restarts for ten seconds, and knows every order afterwards.",
        must="Connect again and take one's orders for open.",
        scenario=lambda ground: at("6s", {"restart": {"orders": "kept", "for": "10s"}}),
    ),
    Case(
        name="restart-without-orders",
        family=RESTARTS,
        what="The venue restarts for ten seconds, and has lost every open order.",
        must="Find out that one's orders are gone, and not wait for them for ever.",
        scenario=lambda ground: at("6s", {"restart": {"orders": "lost", "for": "10s"}}),
    ),
    Case(
        name="one-order-forgotten",
        family=RESTARTS,
        what="The venue has lost one order, and knows all the others.",
        must="Find out that an order is gone, though nothing has happened to the line.",
        scenario=lambda ground: rules(on_order(ground, ("replacement",), "ack", {"delay": "4s"}, "lose")),
    ),
    Case(
        name="long-restart",
        family=RESTARTS,
        what="The venue is down for two minutes.",
        must="Go on trying to connect.",
        scenario=lambda ground: at("20s", {"restart": {"orders": "kept", "for": "120s"}}),
    ),
    Case(
        name="slow-to-answer-after-restart",
        family=RESTARTS,
        what="After a restart the first queries get an Err: not ready. Later no update says that an order is filled.",
        must="Ask again when a query is refused, and go on asking.",
        scenario=lambda ground: {
            **at("6s", {"restart": {"orders": "kept", "for": "2s"}}, {"goto": "warming up"}),
            "rules": [
                on_order(ground, ("late buy",), "ack", {"fill": {"quantity": "rest", "send": "never"}}),
                *(
                    {
                        "when": {"request": request, "state": "warming up"},
                        "then": [{"reply": {"Err": "not ready"}}],
                        "times": 4,
                    }
                    for request in ("GetOrderState", "ListOpen", "GetOrderDetails", "ListFills")
                ),
            ],
        },
    ),
    Case(
        name="subscription-refused",
        family=RESTARTS,
        what="After a reset the first attempt to follow orders gets an Err.",
        must="Ask again to follow, or ask for the orders themselves.",
        scenario=lambda ground: {
            **at("6s", {"disconnect": "abort"}),
            "rules": [on("SubscribeOrderState", {"reply": {"Err": "not ready"}}, after=1, times=2)],
        },
    ),
)
"""The cases about connections."""
