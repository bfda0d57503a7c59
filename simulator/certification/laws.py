"""The laws that hold of every client at every venue: each a function of the evidence that yields what breaks it.

A client is judged only for what it had the means and the time to know. Every law stands by itself::

    from simulator.certification import laws

    for finding in laws.never_sent_twice(evidence):
        print(finding)
"""

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

import msgspec

from simulator.certification.belief import Belief, OrderBelief
from simulator.certification.evidence import Evidence, Snapshot, TrueOrder
from simulator.decimals import text_of_amount
from simulator.terms import BILLION, OUT, REJECTED, flags_of
from simulator.wire import decode
from simulator.wire.requests import (
    CancelOrder,
    GetFillDetails,
    GetOrderDetails,
    GetOrderState,
    ListFills,
    ListOpen,
    SubscribeOrderState,
)

__all__ = [
    "BELIEF_LAWS",
    "LAWS",
    "WIRE_LAWS",
    "Finding",
    "Law",
    "backs_off",
    "belief_of_fills",
    "belief_of_outcomes",
    "belief_of_position",
    "cancels_end",
    "does_what_it_is_asked",
    "ends_only_when_done",
    "ends_when_told",
    "follows_again",
    "is_flat_when_told",
    "learns_from_refusals",
    "never_sent_twice",
    "notices_a_dead_line",
    "reconnects",
    "respects_the_rate",
    "sends_only_what_is_wanted",
    "waits_for_nothing_for_ever",
]

_FOLLOWING = (SubscribeOrderState, ListOpen, GetOrderState, GetOrderDetails, ListFills, GetFillDetails)
_WINDOW = 10 * BILLION
_FINEST = Decimal(1).scaleb(-9)


class Finding(msgspec.Struct, frozen=True):
    """A law that a client broke: which, in one sentence what it did, and when, in nanoseconds; 0 for in the end."""

    law: str
    text: str
    time: int = 0

    def __str__(self) -> str:
        return f"{self.law.replace('_', ' ')}: {self.text}"


Law = Callable[[Evidence], Iterator[Finding]]


# What the client was asked to do


def does_what_it_is_asked(evidence: Evidence) -> Iterator[Finding]:
    """Nothing that the client is asked to do fails: no exception, no early end, no answer that is no answer."""
    said: set[str] = set()
    for act in evidence.acts:
        if act.error is not None and act.error not in said:
            said.add(act.error)
            yield Finding("does_what_it_is_asked", f"{act} failed: {act.error}", act.began)


def waits_for_nothing_for_ever(evidence: Evidence) -> Iterator[Finding]:
    """Whatever the client is asked to do ends within ``act``: it gives up on what does not come."""
    bound = evidence.bounds.act
    for act in evidence.acts:
        if act.ended is None and act.error is None and act.what not in ("stop", "start"):
            yield Finding("waits_for_nothing_for_ever", f"{act} had not ended after {bound:g} s", act.began)
    if evidence.hang is not None:
        yield Finding("waits_for_nothing_for_ever", evidence.hang)


def ends_only_when_done(evidence: Evidence) -> Iterator[Finding]:
    """A client ends before it is told to only with its work done.

    That is a program with status 0, which has asked the venue something, and whose connection it ended itself.
    """
    ending = evidence.ending
    if ending is None:
        return
    closes = [str(why) for _, _, kind, why in evidence.journal if kind == "close"]
    if ending.status != 0:
        yield Finding("ends_only_when_done", ending.text, ending.time)
    elif next(evidence.sent(), None) is None:
        yield Finding("ends_only_when_done", f"{ending.text}, and had asked the venue nothing", ending.time)
    elif closes and "by the scenario" in closes[-1]:
        yield Finding("ends_only_when_done", f"{ending.text}, when its connection was {closes[-1]}", ending.time)


def ends_when_told(evidence: Evidence) -> Iterator[Finding]:
    """Told to stop, the client is gone within ``stop``, and its connections with it."""
    if evidence.stopped is None:
        return
    for act in evidence.acts:
        if act.what == "stop" and act.ended is None and act.error is None:
            text = f"it had not stopped {evidence.bounds.stop:g} s after it was told to"
            yield Finding("ends_when_told", text, act.began)
            return
    open_ = _open_at(evidence, evidence.journal[-1][0] if evidence.journal else 0)
    if open_:
        yield Finding("ends_when_told", f"it left {len(open_)} connections open", evidence.stopped)


# What it sent


def never_sent_twice(evidence: Evidence) -> Iterator[Finding]:
    """What was wanted once is in the market once: no second order for it while the first is open or has filled.

    A second one is right if the exchange has rejected the first, has lost it, or it is out with nothing filled.
    """
    if evidence.settled is None:
        return
    for tag, orders in evidence.by_tag(evidence.settled).items():
        counted = [order for order in orders if order.is_open or order.cum_qty]
        if len(counted) > 1:
            ids = ", ".join(str(order.id) for order in counted)
            held = text_of_amount(sum(order.leaves_qty + order.cum_qty for order in counted))
            wanted = text_of_amount(evidence.wanted[tag].quantity)
            text = (
                f"{tag!r} was wanted once, for {wanted}, and is there {len(counted)} times (orders {ids}), for {held}"
            )
            yield Finding("never_sent_twice", text, _times(evidence, tag)[1:][0] if _times(evidence, tag)[1:] else 0)


def _times(evidence: Evidence, tag: str) -> list[int]:
    """Return when an order was sent for a tag."""
    return [
        sent.time
        for sent, order in evidence.orders_sent()
        if evidence.tag_of(order.dir.value == "Buy", _amount(order.quantity)) == tag
    ]


def sends_only_what_is_wanted(evidence: Evidence) -> Iterator[Finding]:
    """Until it is told to be flat, the client sends no order that nobody asked it for."""
    for sent, order in evidence.orders_sent():
        if evidence.tag_of(order.dir.value == "Buy", _amount(order.quantity)) is None:
            terms = f"{order.dir.value} {bytes(order.quantity).decode()} at {bytes(order.price).decode()}"
            yield Finding("sends_only_what_is_wanted", f"nobody asked for the order {terms}", sent.time)


def cancels_end(evidence: Evidence) -> Iterator[Finding]:
    """An order that is out is not cancelled more than ``cancels`` times after the client has been told so.

    What it has been told since that says the order is open, such as a list of open orders, counts as well.
    """
    told: dict[str, int] = {}
    late: dict[str, int] = {}
    for time, _, kind, data in evidence.journal:
        if kind == "out":
            for order_id, is_out in _told_of_orders(data):
                if is_out:
                    told.setdefault(order_id, time)
                else:
                    told.pop(order_id, None)
                    late.pop(order_id, None)
        elif kind == "in" and isinstance(request := decode(data), CancelOrder):
            order_id = str(request.order_id)
            if time > told.get(order_id, time):
                late[order_id] = late.get(order_id, 0) + 1
                if late[order_id] == evidence.bounds.cancels + 1:
                    text = (
                        f"order {order_id} is out, it was told so, and it has cancelled it {late[order_id]} times since"
                    )
                    yield Finding("cancels_end", text, time)


def _told_of_orders(data: bytes) -> Iterator[tuple[str, bool]]:
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


def learns_from_refusals(evidence: Evidence) -> Iterator[Finding]:
    """An order that is refused is not sent again on the same terms more than ``repeats`` times."""
    if evidence.settled is None:
        return
    refused: dict[tuple[bool, int, int], int] = {}
    for order in evidence.settled.orders.values():
        if order.state & REJECTED:
            terms = (order.is_buy, order.price, order.quantity)
            refused[terms] = refused.get(terms, 0) + 1
    for (is_buy, price, quantity), times in refused.items():
        if times > evidence.bounds.repeats:
            terms_text = f"{'Buy' if is_buy else 'Sell'} {text_of_amount(quantity)} at {text_of_amount(price)}"
            yield Finding("learns_from_refusals", f"the order {terms_text} was refused {times} times, and sent again")


def respects_the_rate(evidence: Evidence) -> Iterator[Finding]:
    """A client whose requests are refused for their rate slows down: at most ``refused`` of them in ten seconds."""
    times = [time for time, _, kind, data in evidence.journal if kind == "out" and b"RateLimited" in data]
    worst = _most_within(times)
    if worst is not None and worst[1] > evidence.bounds.refused:
        text = f"{worst[1]} requests were refused for their rate within ten seconds, and it went on"
        yield Finding("respects_the_rate", text, worst[0])


# How it connects


def backs_off(evidence: Evidence) -> Iterator[Finding]:
    """Attempts to connect come at most ``attempts`` times in ten seconds."""
    times = [time for time, _, kind, _ in evidence.journal if kind in ("open", "refused")]
    worst = _most_within(times)
    if worst is not None and worst[1] > evidence.bounds.attempts:
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


def reconnects(evidence: Evidence) -> Iterator[Finding]:
    """A client whose connection has ended tries to come again within ``reconnect``, unless it was told to stop."""
    until = evidence.stopped or (evidence.journal[-1][0] if evidence.journal else 0)
    bound = int(evidence.bounds.reconnect * BILLION)
    attempts = [time for time, _, kind, _ in evidence.journal if kind in ("open", "refused")]
    for time, connection, kind, why in evidence.journal:
        if kind == "close" and time < until - bound and not _open_at(evidence, time):
            following = [attempt for attempt in attempts if time <= attempt <= time + bound]
            if not following:
                text = f"connection {connection} ended ({why}), and it did not try to connect again"
                yield Finding("reconnects", f"{text} within {bound // BILLION} s", time)


def follows_again(evidence: Evidence) -> Iterator[Finding]:
    """On a new connection the client follows its orders again, or asks for them, within ``follow``."""
    until = evidence.stopped or (evidence.journal[-1][0] if evidence.journal else 0)
    bound = int(evidence.bounds.follow * BILLION)
    asked = [sent for sent in evidence.sent() if isinstance(sent.request, _FOLLOWING)]
    closes = {connection: time for time, connection, kind, _ in evidence.journal if kind == "close"}
    opens = [(time, connection) for time, connection, kind, _ in evidence.journal if kind == "open"]
    for time, connection in opens[1:]:
        lived_on = closes.get(connection, until) > time + bound
        if lived_on and time + bound < until and not any(time <= sent.time <= time + bound for sent in asked):
            text = f"it came back on connection {connection}, and neither followed its orders nor asked for them"
            yield Finding("follows_again", f"{text} within {bound // BILLION} s", time)


def notices_a_dead_line(evidence: Evidence) -> Iterator[Finding]:
    """A line on which nothing comes any more, not even pongs, is given up within ``dead_line``."""
    bound = int(evidence.bounds.dead_line * BILLION)
    end = evidence.healed or (evidence.journal[-1][0] if evidence.journal else 0)
    for time, connection, kind, what in evidence.journal:
        if kind != "stall" or not _is_dead_for(str(what), evidence.bounds.dead_line) or time + bound > end:
            continue
        after = [
            (kind_, there)
            for moment, there, kind_, _ in evidence.journal
            if time < moment <= time + bound and kind_ in ("open", "close", "refused")
        ]
        if not any(there == connection or kind_ != "close" for kind_, there in after):
            text = f"connection {connection} was dead, and it had not given it up after {bound // BILLION} s"
            yield Finding("notices_a_dead_line", text, time)


def _is_dead_for(stall: str, seconds: float) -> bool:
    """Tell whether a stall, as the journal says it, lets nothing through for so long."""
    what, _, length = stall.partition(" for ")
    return what == "all" and (not length or float(length.removesuffix(" s")) >= seconds)


def _open_at(evidence: Evidence, until: int) -> set[int]:
    """Return the connections that are open at a moment."""
    open_: set[int] = set()
    for time, connection, kind, _ in evidence.journal:
        if time > until:
            break
        if kind == "open":
            open_.add(connection)
        elif kind == "close":
            open_.discard(connection)
    return open_


# What it believes


def belief_of_outcomes(evidence: Evidence) -> Iterator[Finding]:
    """The client knows what became of each of its orders: open, filled, cancelled or rejected.

    One that is out with nothing filled, and whose id no reply has told, may be lost to it.
    """
    told = _ids_told(evidence)
    for tag, believed, orders, reading in _beliefs(evidence):
        if believed.outcome is None:
            continue
        right = {outcome for order in orders for outcome in order.outcomes} or {"lost", "rejected", "canceled"}
        if not any(order.is_open or order.cum_qty or str(order.id) in told for order in orders):
            right.add("lost")
        if believed.outcome not in right:
            truth = " and ".join(f"order {order.id} is {_state(order)}" for order in orders) or "there is no such order"
            text = f"it believes that {tag!r} is {believed.outcome}, and {truth}"
            yield Finding("belief_of_outcomes", text, reading.time)


def _ids_told(evidence: Evidence) -> set[str]:
    """Return the ids that replies to orders have told, as far as they could be read."""
    ids: set[str] = set()
    for _, _, kind, data in evidence.journal:
        if kind == "out" and b'"Ok":"' in data:
            with contextlib.suppress(msgspec.DecodeError, ValueError, KeyError, TypeError):  # it was damaged on purpose
                ids.add(str(msgspec.json.decode(data)["response"]["Ok"]))
    return ids


def belief_of_fills(evidence: Evidence) -> Iterator[Finding]:
    """The client knows how much of each of its orders is filled, and at what price on average, to a tick."""
    for tag, believed, orders, reading in _beliefs(evidence):
        if not orders:
            continue  # the venue has lost it, and what was filled of it is in the position alone
        filled = sum(order.cum_qty for order in orders)
        if believed.filled is not None and _differs(believed.filled, filled):
            text = f"it believes that {tag!r} is filled {believed.filled}, and it is {text_of_amount(filled)}"
            yield Finding("belief_of_fills", text, reading.time)
        elif believed.average is not None and len(orders) == 1:
            average = orders[0].avg_price
            if average is None or _differs(believed.average, average, within=evidence.tick):
                is_so = "nothing is filled" if average is None else f"it is {text_of_amount(average)}"
                text = f"it believes that the average price of {tag!r} is {believed.average}, and {is_so}"
                yield Finding("belief_of_fills", text, reading.time)


def belief_of_position(evidence: Evidence) -> Iterator[Finding]:
    """The client knows what it holds."""
    for reading in (evidence.settled, evidence.flat):
        if reading is None or reading.belief is None or reading.belief.position is None:
            continue
        if _differs(reading.belief.position, reading.position):
            text = (
                f"it believes that it holds {reading.belief.position}, and it holds {text_of_amount(reading.position)}"
            )
            yield Finding("belief_of_position", text, reading.time)


def is_flat_when_told(evidence: Evidence) -> Iterator[Finding]:
    """Told to be flat, in a deep and healthy market, the client has no order open in the end, and holds nothing.

    What it holds of a product that is traded no more it cannot sell.
    """
    reading = evidence.flat
    if reading is None:
        return
    left = [order for order in reading.orders.values() if order.is_open]
    if left:
        ids = ", ".join(str(order.id) for order in left)
        yield Finding("is_flat_when_told", f"it was told to be flat, and left {len(left)} orders open ({ids})")
    if reading.tradable:
        yield Finding("is_flat_when_told", f"it was told to be flat, and holds {text_of_amount(reading.tradable)}")


def _beliefs(evidence: Evidence) -> Iterator[tuple[str, OrderBelief, list[TrueOrder], Snapshot]]:
    """Yield each order of which the client believes something, with the exchange's orders for it."""
    reading = evidence.settled
    belief: Belief | None = None if reading is None else reading.belief
    if reading is None or belief is None or belief.orders is None:
        return
    by_tag = evidence.by_tag(reading)
    for tag, believed in belief.orders.items():
        if tag in by_tag:
            yield tag, believed, by_tag[tag], reading


def _state(order: TrueOrder) -> str:
    filled = f", filled {text_of_amount(order.cum_qty)}" if order.cum_qty else ""
    return f"{', '.join(flags_of(order.state & ~OUT)) or 'Out'}{filled}"


def _differs(text: str, amount: int, within: int = 0) -> bool:
    """Tell whether a decimal's text is another amount, by more than so many billionths."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return True
    return abs(value - Decimal(amount) * _FINEST) > Decimal(within) * _FINEST


def _amount(raw: msgspec.Raw) -> int:
    try:
        return int(Decimal(bytes(raw).decode().strip('"')) * BILLION)
    except (InvalidOperation, ValueError, OverflowError):
        return -1


BELIEF_LAWS: tuple[Law, ...] = (belief_of_outcomes, belief_of_fills, belief_of_position, is_flat_when_told)
"""The laws of what a client knows in the end."""

WIRE_LAWS: tuple[Law, ...] = (
    does_what_it_is_asked,
    waits_for_nothing_for_ever,
    cancels_end,
    learns_from_refusals,
    respects_the_rate,
    backs_off,
    reconnects,
    follows_again,
    notices_a_dead_line,
    ends_only_when_done,
    ends_when_told,
)
"""The laws that need no orders of the kit's own: for a client that trades as it likes."""

LAWS: tuple[Law, ...] = (
    *WIRE_LAWS,
    never_sent_twice,
    sends_only_what_is_wanted,
    *BELIEF_LAWS,
)
"""Every law, in the order in which a report names them."""
