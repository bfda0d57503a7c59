"""The laws that hold of any client at any exchange: each a function of its conduct that yields what breaks it.

A client is judged only for what it had the means and the time to know. Every law stands by itself::

    from simulator.laws import wire

    for finding in wire.backs_off(conduct):
        print(finding)
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from simulator.decimals import text_of_amount
from simulator.exchange.orders import OrderChanged
from simulator.laws import threads
from simulator.laws.conduct import Conduct
from simulator.laws.doubt import QUESTIONS
from simulator.terms import BILLION, REJECTED
from simulator.wire import decode
from simulator.wire.requests import CancelOrder, SubscribeOrderState

__all__ = [
    "WIRE_LAWS",
    "Finding",
    "WireLaw",
    "asks_again",
    "backs_off",
    "cancels_end",
    "follows_again",
    "learns_from_refusals",
    "never_sent_twice",
    "notices_a_dead_line",
    "open_at",
    "reconnects",
    "respects_the_rate",
    "told_of_orders",
]

_FOLLOWING = (SubscribeOrderState, *QUESTIONS)
_WINDOW = 10 * BILLION
"""The time within which attempts, and refusals, are counted."""

_ORDER_ID = re.compile(rb'"order_id":"?([0-9]+)')


class Finding(msgspec.Struct, frozen=True):
    """A law that a client broke: which, in one sentence what it did, and when, in nanoseconds; 0 for in the end.

    ``near`` is what came nearest to keeping it, if something did.
    """

    law: str
    text: str
    time: int = 0
    near: str = ""

    def __str__(self) -> str:
        return f"{self.law.replace('_', ' ')}: {self.text}"


# What it sent


def never_sent_twice(conduct: Conduct) -> Iterator[Finding]:
    """What was wanted once is in the market once: no second order for it while the first is open or has filled.

    A second one is right if the exchange has rejected the first, has lost it, or it is out with nothing filled.
    """
    for wish in conduct.wishes():
        counted = [order for order in wish.orders if order.is_open or order.cum_qty]
        if len(counted) > 1:
            ids = ", ".join(str(order.id) for order in counted)
            held = text_of_amount(sum(order.leaves_qty + order.cum_qty for order in counted))
            text = f"{wish.text}, and is there {len(counted)} times (orders {ids}), for {held}"
            yield Finding("never_sent_twice", text, wish.times[1] if wish.times[1:] else 0)


def cancels_end(conduct: Conduct) -> Iterator[Finding]:
    """An order that is out is not cancelled more than ``cancels`` times after the client has been told so.

    What it has been told since that says the order is open, such as a list of open orders, counts as well.
    """
    told: dict[str, int] = {}
    late: dict[str, int] = {}
    for time, _, kind, data in conduct.journal:
        if kind == "out":
            for order_id, is_out in told_of_orders(data):
                if is_out:
                    told.setdefault(order_id, time)
                else:
                    told.pop(order_id, None)
                    late.pop(order_id, None)
        elif kind == "in" and isinstance(request := decode(data), CancelOrder):
            order_id = str(request.order_id)
            if time > told.get(order_id, time):
                late[order_id] = late.get(order_id, 0) + 1
                if late[order_id] == conduct.bounds.cancels + 1:
                    text = (
                        f"it was told that order {order_id} is out, and has cancelled it {late[order_id]} times since"
                    )
                    yield Finding("cancels_end", text, time)


def told_of_orders(data: bytes) -> Iterator[tuple[str, bool]]:
    """Yield the orders that a message tells of, and whether it says that they are out; none if it cannot be read."""
    if b'"state"' not in data and b'"Ok":["' not in data:
        return
    try:
        items = msgspec.json.decode(data)["response"]["Ok"]
    except (msgspec.DecodeError, ValueError, KeyError, TypeError):  # it was damaged on purpose
        return
    for item in items if isinstance(items, list) else ():
        if isinstance(item, str):  # a list of open orders, or of fills, whose ids are no order's
            yield item, False
        elif isinstance(item, dict) and "state" in item:
            yield str(item.get("order_id")), "Out" in (item["state"] or ())


def learns_from_refusals(conduct: Conduct) -> Iterator[Finding]:
    """An order that is refused is not sent again on the same terms more than ``repeats`` times."""
    refused: dict[tuple[bool, int, int], int] = {}
    for order in (conduct.truth() or {}).values():
        if order.state & REJECTED:
            terms = (order.is_buy, order.price, order.quantity)
            refused[terms] = refused.get(terms, 0) + 1
    for (is_buy, price, quantity), times in refused.items():
        if times > conduct.bounds.repeats:
            terms_text = f"{'Buy' if is_buy else 'Sell'} {text_of_amount(quantity)} at {text_of_amount(price)}"
            yield Finding("learns_from_refusals", f"the order {terms_text} was refused {times} times, and sent again")


def respects_the_rate(conduct: Conduct) -> Iterator[Finding]:
    """A client whose requests are refused for their rate slows down: at most ``refused`` of them in ten seconds."""
    times = [time for time, _, kind, data in conduct.journal if kind == "out" and b"RateLimited" in data]
    worst = _most_within(times)
    if worst is not None and worst[1] > conduct.bounds.refused:
        text = f"{worst[1]} requests were refused for their rate within ten seconds, and it went on"
        yield Finding("respects_the_rate", text, worst[0])


# What it asks


def asks_again(conduct: Conduct) -> Iterator[Finding]:
    """An order that has changed, and of which the client is not told so, is asked for within ``ask``.

    It is not told what is lost, held up or damaged. While it has no connection, it is judged for other things.
    """
    bound = int(conduct.bounds.ask * BILLION)
    asked, told = _asked(conduct), _told_of(conduct)
    open_ = 0
    found: set[int] = set()
    for line, (time, _, kind, event) in enumerate(conduct.journal):
        open_ += (kind == "open") - (kind == "close")
        if type(event) is not OrderChanged or event.order_id in found or time + bound >= conduct.end or not open_:
            continue
        answers = [_next(told.get(event.order_id, ()), line), _next(asked, line)]
        if all(answer is None or answer > time + bound for answer in answers):
            found.add(event.order_id)
            text = f"order {event.order_id} changed, it was not told so, and it did not ask for its orders"
            near = _later(time, [answer for answer in answers if answer is not None])
            yield Finding("asks_again", f"{text} within {conduct.bounds.ask:g} s", time, near)


_Moments = Sequence[tuple[int, int]]
"""Lines of a journal, from 0, and when they were written, in nanoseconds."""


def _asked(conduct: Conduct) -> _Moments:
    """Return where the client asked for its orders, or a connection of it ended, after which nobody waits for that."""
    return [
        (line, time)
        for line, (time, _, kind, data) in enumerate(conduct.journal)
        if kind == "close" or (kind == "in" and isinstance(decode(data), _FOLLOWING))
    ]


def _next(moments: _Moments, line: int) -> int | None:
    """Return when the first of some moments behind a line is."""
    at = bisect_left(moments, (line, 0))
    return moments[at][1] if at < len(moments) else None


def _told_of(conduct: Conduct) -> dict[int, list[tuple[int, int]]]:
    """Return where in the journal, and when, the client was told of each order in a message that it could read."""
    told: dict[int, list[tuple[int, int]]] = {}
    for line, (time, _, kind, data) in enumerate(conduct.journal):
        if kind == "out" and b'"order_id"' in data and _is_whole(data):
            for order_id in set(map(int, _ORDER_ID.findall(data))):
                told.setdefault(order_id, []).append((line, time))
    return told


def _is_whole(message: bytes) -> bool:
    try:
        msgspec.json.decode(message, type=msgspec.Raw)
        message.decode()
    except ValueError:  # it was damaged on purpose
        return False
    return True


def _later(time: int, came: Sequence[int]) -> str:
    """Return how long after a moment it came that was too late, if it came at all."""
    return f"it came {(min(came) - time) / BILLION:g} s after that" if came else ""


# How it connects


def backs_off(conduct: Conduct) -> Iterator[Finding]:
    """Attempts to connect that come to nothing are made at most ``attempts`` times in ten seconds."""
    worst = _most_within(conduct.attempts())
    if worst is not None and worst[1] > conduct.bounds.attempts:
        yield Finding("backs_off", f"it tried to connect {worst[1]} times within ten seconds", worst[0])


def _most_within(times: list[int]) -> tuple[int, int] | None:
    """Return where the most of some times lie within ten seconds, and how many."""
    best, first = None, 0
    for last, time in enumerate(times):
        while time - times[first] >= _WINDOW:
            first += 1
        if best is None or last - first + 1 > best[1]:
            best = times[first], last - first + 1
    return best


def reconnects(conduct: Conduct) -> Iterator[Finding]:
    """A client whose connection has ended tries to come again within ``reconnect``, unless it was told to stop."""
    bound = int(conduct.bounds.reconnect * BILLION)
    attempts = [time for time, _, kind, _ in conduct.journal if kind in ("open", "refused")]
    for time, connection, why in conduct.ends():
        is_judged = time < conduct.end - bound and not open_at(conduct, time)
        if is_judged and not any(time <= attempt <= time + bound for attempt in attempts):
            text = f"connection {connection} ended ({why}), and it did not try to connect again"
            near = _later(time, [attempt for attempt in attempts if attempt > time])
            yield Finding("reconnects", f"{text} within {conduct.bounds.reconnect:g} s", time, near)


def follows_again(conduct: Conduct) -> Iterator[Finding]:
    """On a new connection the client follows its orders again, or asks for them, within ``follow``."""
    bound = int(conduct.bounds.follow * BILLION)
    asked = [sent for sent in conduct.sent() if isinstance(sent.request, _FOLLOWING)]
    closes = {connection: time for time, connection, kind, _ in conduct.journal if kind == "close"}
    for time, connection in conduct.returns():
        lived_on = min(closes.get(connection, conduct.end), conduct.end) > time + bound
        if lived_on and not any(time <= sent.time <= time + bound for sent in asked):
            text = f"it came back on connection {connection}, and neither followed its orders nor asked for them"
            near = _later(time, [sent.time for sent in asked if sent.time > time])
            yield Finding("follows_again", f"{text} within {conduct.bounds.follow:g} s", time, near)


def notices_a_dead_line(conduct: Conduct) -> Iterator[Finding]:
    """A line on which nothing comes any more, not even pongs, is given up within ``dead_line``."""
    bound = int(conduct.bounds.dead_line * BILLION)
    end = conduct.healed or conduct.end
    closes = {connection: time for time, connection, kind, _ in conduct.journal if kind == "close"}
    for time, connection, kind, what in conduct.journal:
        if kind != "stall" or not _is_dead_for(str(what), conduct.bounds.dead_line) or time + bound > end:
            continue
        after = [
            (kind_, there)
            for moment, there, kind_, _ in conduct.journal
            if time < moment <= time + bound and kind_ in ("open", "close", "refused", "out")
        ]
        if not any(there == connection or kind_ in ("open", "refused") for kind_, there in after):
            text = f"connection {connection} was dead, and it had not given it up"
            near = _later(time, [closes[connection]] if connection in closes else [])
            yield Finding("notices_a_dead_line", f"{text} after {conduct.bounds.dead_line:g} s", time, near)


def _is_dead_for(stall: str, seconds: float) -> bool:
    """Tell whether a stall, as the journal says it, lets nothing through for so long."""
    what, _, length = stall.partition(" for ")
    return what == "all" and (not length or float(length.removesuffix(" s")) >= seconds)


def open_at(conduct: Conduct, until: int) -> set[int]:
    """Return the connections that are open at a moment."""
    open_: set[int] = set()
    for time, connection, kind, _ in conduct.journal:
        if time > until:
            break
        if kind == "open":
            open_.add(connection)
        elif kind == "close":
            open_.discard(connection)
    return open_


class WireLaw(NamedTuple):
    """A law of the wire: its function, what it says of a client, the field of `ClientBounds` that bounds it, and a
    report of what happened to whom broke it.
    """

    judge: Callable[[Conduct], Iterator[Finding]]
    says: str
    bound: str
    source: str

    @property
    def name(self) -> str:
        """The law's name, which is its function's."""
        return self.judge.__name__


WIRE_LAWS: dict[str, WireLaw] = {
    law.name: law
    for law in (
        WireLaw(never_sent_twice, "sends nothing twice", "doubt", threads.ORDERED_AGAIN_AFTER_A_TIMEOUT),
        WireLaw(asks_again, "asks again", "ask", threads.FILLS_NEVER_TOLD),
        WireLaw(cancels_end, "ends its cancels", "cancels", threads.CANCELLING_FOR_EVER),
        WireLaw(learns_from_refusals, "learns from refusals", "repeats", threads.UNKNOWN_ID),
        WireLaw(respects_the_rate, "respects the rate", "refused", threads.BANNED),
        WireLaw(backs_off, "backs off", "attempts", threads.RECONNECTING_IN_A_LOOP),
        WireLaw(reconnects, "reconnects", "reconnect", threads.RECONNECTING_IN_A_LOOP),
        WireLaw(follows_again, "follows again", "follow", threads.FILLS_NEVER_TOLD),
        WireLaw(notices_a_dead_line, "notices a dead line", "dead_line", threads.SILENT_SOCKET),
    )
}
"""Every law of the wire, by its name."""
