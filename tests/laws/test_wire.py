"""The laws of the wire, each on a conduct that breaks it and on the nearest that does not."""

import json
from typing import Any

import msgspec
import pytest

from simulator import Simulation
from simulator.laws.conduct import ClientBounds, Conduct, true_order
from simulator.laws.wire import WIRE_LAWS
from simulator.terms import BILLION

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10", "quantity": "1", "target": PAIR}
SUBSCRIBE = {"type": "SubscribeOrderState"}
LIST_OPEN = {"type": "ListOpen", "set": "All", "scope": "All"}


class Played:
    """A world, a client's connections in it, and what the client has done there."""

    def __init__(self, *rules: Any, **more: Any) -> None:
        self.world = Simulation({"rules": list(rules), **more})
        self.line = self.world.connect("/")
        self._number = 0

    def say(self, **request: Any) -> None:
        """Send a request."""
        self._number += 1
        self.world.receive(self.line, json.dumps({"id": self._number, **request}))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.advance(self.world.now + int(seconds * BILLION))

    def again(self) -> None:
        """Open another connection, and go on there."""
        self.line = self.world.connect("/")

    def findings(self, law: str, **bounds: Any) -> list[str]:
        """Return what breaks a law by now."""
        held = {order.id: true_order(order) for order in self.world.venue.orders.values()}
        conduct = Conduct(bounds=ClientBounds(**bounds), held=held, now=self.world.now)
        conduct.take_journal(self.world.journal)
        return [str(finding) for finding in WIRE_LAWS[law].judge(conduct)]


def lost_reply(*then: Any) -> dict[str, Any]:
    """Return a rule by which the first order is booked, and not answered."""
    return {"when": {"request": "SendLimitOrder", "nth": 1}, "then": [{"reply": "never"}, *then]}


def test_every_law_says_what_it_is() -> None:
    """A law has a name, what it says of a client, a bound with a default, a text, and a source."""
    for name, law in WIRE_LAWS.items():
        assert (name, law.source[:8]) == (law.name, "https://")
        assert getattr(ClientBounds(), law.bound) > 0
        assert law.judge.__doc__
        assert law.says


SENT_AGAIN = (
    f"never sent twice: the order Buy 1 at 10 of {PAIR} for DEFAULT was sent again with nothing known of the first, "
    "and is there 2 times (orders 1, 2), for 2"
)


def test_order_that_is_sent_again_in_doubt() -> None:
    """What was booked without a reply and is sent again is there twice; asked for, it was not sent again in doubt."""
    doubtful, careful = Played(lost_reply()), Played(lost_reply())
    for played, question in ((doubtful, None), (careful, {"type": "GetOrderState", "order_ids": ["1"]})):
        played.say(**ORDER)
        played.wait(2)
        if question is not None:
            played.say(**question)
        played.say(**ORDER)
    assert doubtful.findings("never_sent_twice") == [SENT_AGAIN]
    assert careful.findings("never_sent_twice") == []


@pytest.mark.parametrize("pause", [0, 5])
def test_orders_alike_that_are_answered_are_wanted(pause: float) -> None:
    """Orders on the same terms are two wishes where the first was answered, or where nobody had waited for that."""
    played = Played(latency={"reply": "2s"})
    played.say(**ORDER)
    played.wait(pause)
    played.say(**ORDER)
    played.wait(10)
    assert played.findings("never_sent_twice") == []


def test_order_that_is_sent_again_on_a_new_line() -> None:
    """An order whose connection has ended is in doubt at once; one that was refused with an Err is not."""
    played = Played({"when": {"request": "SendLimitOrder"}, "times": 1, "then": [{"corrupt": "frame"}]})
    refused = Played({"when": {"request": "SendLimitOrder"}, "times": 1, "then": [{"reply": {"Err": "no"}}]})
    for one in (played, refused):
        one.say(**ORDER)
        one.again()
        one.say(**ORDER)
    assert played.findings("never_sent_twice") == [SENT_AGAIN]
    assert refused.findings("never_sent_twice") == []


LOST = {"when": {"request": "SendLimitOrder"}, "then": ["ack", {"fill": {"quantity": "rest", "send": "never"}}]}


def test_asks_again_after_a_gap() -> None:
    """An update that is lost has to be asked for within the bound, and not before the time for that is over."""
    played = Played(LOST)
    played.say(**SUBSCRIBE)
    played.say(**ORDER)
    played.wait(120)
    assert played.findings("asks_again") == []
    played.wait(1)
    text = "asks again: order 1 changed, it was not told so, and it did not ask for its orders within"
    assert played.findings("asks_again") == [f"{text} 120 s"]
    played.say(**LIST_OPEN)
    assert played.findings("asks_again", ask=121) == []
    played.wait(10)
    assert played.findings("asks_again", ask=121) == []
    assert played.findings("asks_again", ask=5) == [f"{text} 5 s"]


@pytest.mark.parametrize(
    "fault",
    [{"stall": "data"}, {"corrupt": {"what": "json", "messages": 9}}, "unsubscribe"],
)
def test_gaps_of_every_kind(fault: Any) -> None:
    """What is held up, damaged, or no longer subscribed to is not told either."""
    played = Played({"when": {"request": "SendLimitOrder"}, "then": ["ack", fault, {"fill": "rest"}]})
    played.say(**SUBSCRIBE)
    played.say(**ORDER)
    played.wait(121)
    assert len(played.findings("asks_again")) == 1


def test_nobody_who_is_told_or_gone_has_to_ask() -> None:
    """A client that follows its orders is told; one whose connection has ended is judged for other things."""
    following, gone = Played(), Played(LOST)
    following.say(**SUBSCRIBE)
    for one in (following, gone):
        one.say(**ORDER)
        one.wait(1)
    gone.world.disconnect(gone.line)
    for one in (following, gone):
        one.wait(200)
        assert one.findings("asks_again") == []


def test_cancels_end() -> None:
    """An order that is out, as the client was told, is not cancelled more often than the bound says."""
    played = Played({"when": {"request": "SendLimitOrder"}, "then": [{"fill": "rest"}, "ack"]})
    played.say(**SUBSCRIBE)
    played.say(**ORDER)
    for _ in range(3):
        played.wait(1)
        played.say(type="CancelOrder", order_id="1")
    assert played.findings("cancels_end") == []
    text = "cancels end: it was told that order 1 is out, and has cancelled it 3 times since"
    assert played.findings("cancels_end", cancels=2) == [text]


def test_learns_from_refusals() -> None:
    """An order that is refused is not sent for ever on the same terms."""
    played = Played({"when": {"request": "SendLimitOrder"}, "then": [{"reject": {"code": "OffTick"}}]})
    for _ in range(6):
        played.say(**ORDER)
    text = "learns from refusals: the order Buy 1 at 10 was refused 6 times, and sent again"
    assert played.findings("learns_from_refusals") == [text]
    assert played.findings("learns_from_refusals", repeats=6) == []


def test_respects_the_rate() -> None:
    """Requests that are refused for their rate become fewer."""
    played = Played({"when": {"request": "SendLimitOrder"}, "then": [{"rate_limit": {"cap": 1, "per": "1m"}}]})
    for _ in range(4):
        played.say(**ORDER)
    text = "respects the rate: 3 requests were refused for their rate within ten seconds, and it went on"
    assert played.findings("respects_the_rate", refused=2) == [text]
    assert played.findings("respects_the_rate", refused=3) == []


CUT = {"when": {"event": "connect"}, "then": [{"disconnect": {"code": 1012}}]}


def test_backs_off() -> None:
    """Connections that do not last are tried again more and more seldom; those that last may be many."""
    cut, lasting = Played(CUT), Played()
    for _ in range(4):
        cut.again()
        lasting.again()
    text = "backs off: it tried to connect 5 times within ten seconds"
    assert cut.findings("backs_off", attempts=4) == [text]
    assert cut.findings("backs_off", attempts=5) == lasting.findings("backs_off", attempts=1) == []


def test_reconnects() -> None:
    """A client whose connection the exchange has ended comes again; one that has left may stay away."""
    cut, left = Played(timeline=[{"at": "1s", "do": {"disconnect": {"code": 1012}}}]), Played()
    left.wait(1)
    left.world.disconnect(left.line, why="1000 (OK)")
    for one in (cut, left):
        one.wait(32)
    text = "connection 1 ended (closed by the scenario: 1012), and it did not try to connect again within 30 s"
    assert cut.findings("reconnects", reconnect=30) == [f"reconnects: {text}"]
    assert cut.findings("reconnects") == left.findings("reconnects", reconnect=30) == []
    cut.again()
    assert cut.findings("reconnects", reconnect=32) == []


def test_follows_again() -> None:
    """On the connection after one on which it traded, a client asks what has become of its orders."""
    played, watching = (Played(timeline=[{"at": "1s", "do": {"disconnect": {"code": 1012}}}]) for _ in range(2))
    played.say(**ORDER)
    for one in (played, watching):
        one.wait(1)
        one.again()
        one.wait(31)
    text = "follows again: it came back on connection 2, and neither followed its orders nor asked for them within 30 s"
    assert played.findings("follows_again", follow=30) == [text]
    assert watching.findings("follows_again", follow=30) == []
    played.say(**SUBSCRIBE)
    assert played.findings("follows_again", follow=31) == []


def test_notices_a_dead_line() -> None:
    """A line on which nothing comes any more is given up; one that was healed was not dead."""
    dead, healed = (Played({"when": {"request": "SendLimitOrder"}, "then": ["ack", {"stall": "all"}]}) for _ in "12")
    for one in (dead, healed):
        one.say(**SUBSCRIBE)
        one.say(**ORDER)
        one.wait(10)
    healed.world.do("heal")
    healed.say(**LIST_OPEN)
    for one in (dead, healed):
        one.wait(81)
    text = "notices a dead line: connection 1 was dead, and it had not given it up after 90 s"
    assert dead.findings("notices_a_dead_line") == [text]
    assert healed.findings("notices_a_dead_line") == []
    dead.world.disconnect(dead.line, why="1006")
    assert dead.findings("notices_a_dead_line", dead_line=92) == []
    dead.wait(61)
    assert dead.findings("reconnects") == [
        "reconnects: connection 1 ended (1006), and it did not try to connect again within 60 s"
    ]


def test_nothing_is_known_of_an_exchange_that_cannot_be_asked() -> None:
    """Without the exchange's orders, and without a journal at all, no law finds anything."""
    assert [finding for law in WIRE_LAWS.values() for finding in law.judge(Conduct())] == []
    assert msgspec.structs.asdict(Conduct())["held"] is None
