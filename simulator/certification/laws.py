"""The laws that hold of every client at every venue: each a function of the evidence that yields what breaks it.

A client is judged only for what it had the means and the time to know. Every law stands by itself::

    from simulator.certification import laws

    for finding in laws.never_sent_twice(evidence):
        print(finding)
"""

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from simulator.certification.belief import Belief, OrderBelief
from simulator.certification.evidence import Evidence, Snapshot, TrueOrder, amount_of
from simulator.decimals import text_of_amount
from simulator.laws.wire import (
    Finding,
    asks_again,
    backs_off,
    cancels_end,
    follows_again,
    learns_from_refusals,
    never_sent_twice,
    notices_a_dead_line,
    open_at,
    reconnects,
    respects_the_rate,
    told_of_orders,
)
from simulator.terms import BILLION, OUT, flags_of

__all__ = [
    "BELIEF_LAWS",
    "LAWS",
    "WIRE_LAWS",
    "Finding",
    "Law",
    "asks_again",
    "backs_off",
    "belief_of_fills",
    "belief_of_outcomes",
    "belief_of_position",
    "cancels_end",
    "cancels_what_it_is_told_to",
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

_FINEST = Decimal(1).scaleb(-9)


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
    """Whatever the client is asked to do ends within ``act``: it gives up on what does not come.

    To be flat may take for ever where it holds a product that is traded no more.
    """
    bound = evidence.bounds.act
    held = evidence.flat
    excused = {"stop", "start"} if held is None or held.position == held.tradable else {"stop", "start", "flatten"}
    for act in evidence.acts:
        if evidence.stopped is None and evidence.end - act.began < bound * BILLION:
            continue  # the run ended before
        lasts = act.ended is None or act.ended - act.began > (bound + 1) * BILLION
        if lasts and act.error is None and act.what not in excused:
            yield Finding("waits_for_nothing_for_ever", f"{act} had not ended after {bound:g} s", act.began)
    if evidence.hang is not None and evidence.stopped is None:
        yield Finding("waits_for_nothing_for_ever", evidence.hang)


def cancels_what_it_is_told_to(evidence: Evidence) -> Iterator[Finding]:
    """An order that the client is told to cancel is not open in the end, when nothing has been amiss for long.

    One that the client was told is out, rightly or wrongly, or that it believes to be out, is judged as a belief.
    """
    reading = evidence.settled
    if reading is None:
        return
    told = [data for time, _, kind, data in evidence.journal if kind == "out" and time <= reading.time]
    said_to_be_out = {order_id for data in told for order_id, is_out in told_of_orders(data) if is_out}
    believed = (reading.belief and reading.belief.orders) or {}
    by_tag = evidence.by_tag(reading)
    for act in evidence.acts:
        left = [order for order in by_tag.get(act.tag, ()) if order.is_open and str(order.id) not in said_to_be_out]
        is_taken_for_open = act.tag not in believed or believed[act.tag].outcome in (None, "open")
        if act.what == "cancel" and act.error is None and left and is_taken_for_open:
            ids = ", ".join(str(order.id) for order in left)
            text = f"it was told to cancel {act.tag!r}, and order {ids} is open when all has been well"
            since = f"for {evidence.bounds.settle:g} s: a cancel that fails is sent again"
            yield Finding("cancels_what_it_is_told_to", f"{text} {since}", act.began)


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
    open_ = open_at(evidence, evidence.journal[-1][0] if evidence.journal else 0)
    if open_:
        these = "a connection" if len(open_) == 1 else f"{len(open_)} connections"
        yield Finding("ends_when_told", f"it has stopped, and left {these} open", evidence.stopped)
    elif evidence.hang is not None:
        text = "it has stopped, and a part of it goes on for ever"
        yield Finding("ends_when_told", text, evidence.stopped)


# What it sent


def sends_only_what_is_wanted(evidence: Evidence) -> Iterator[Finding]:
    """Until it is told to be flat, the client sends no order that nobody asked it for."""
    for sent, order in evidence.orders_sent():
        if evidence.tag_of(order.dir.value == "Buy", amount_of(order.quantity)) is None:
            terms = f"{order.dir.value} {bytes(order.quantity).decode()} at {bytes(order.price).decode()}"
            yield Finding("sends_only_what_is_wanted", f"nobody asked for the order {terms}", sent.time)


# What it believes


def belief_of_outcomes(evidence: Evidence) -> Iterator[Finding]:
    """The client knows what became of each of its orders: open, filled, cancelled or rejected.

    One that is out with nothing filled, and whose id no reply has told within ``reply``, may be lost to it.
    """
    told = _ids_told_in_time(evidence)
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


def _ids_told_in_time(evidence: Evidence) -> set[str]:
    """Return the ids that replies to orders have told before the client may have given them up."""
    ids: set[str] = set()
    asked: dict[tuple[int, int], int] = {}
    for time, connection, kind, data in evidence.journal:
        if kind not in ("in", "out") or (kind == "out" and b'"Ok":"' not in data):
            continue
        with contextlib.suppress(msgspec.DecodeError, ValueError, KeyError, TypeError):  # it was damaged on purpose
            message = msgspec.json.decode(data)
            if kind == "in":
                asked[connection, message["id"]] = time
            elif time - asked[connection, message["id"]] <= evidence.bounds.reply * BILLION:
                ids.add(str(message["response"]["Ok"]))
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
            holds = text_of_amount(reading.position)
            text = f"it believes that it holds {reading.belief.position}, and it holds {holds}"
            added = _added_up(evidence, reading) if reading is evidence.settled else None
            if added is not None and not _differs(added, reading.position):
                text += ", which is what it believes of its orders, added up"
            yield Finding("belief_of_position", text, reading.time)


def _added_up(evidence: Evidence, reading: Snapshot) -> str | None:
    """Return what the client says is filled of its orders, as a position; None if it does not say that of each."""
    told = (reading.belief and reading.belief.orders) or {}
    total = Decimal(0)
    for tag, wanted in evidence.wanted.items():
        filled = told[tag].filled if tag in told else None
        if filled is None:
            return None
        with contextlib.suppress(ArithmeticError):
            total += Decimal(filled) if wanted.is_buy else -Decimal(filled)
    return f"{total:f}"


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
        these = f"order {ids} open" if len(left) == 1 else f"{len(left)} orders open ({ids})"
        yield Finding("is_flat_when_told", f"it was told to be flat, and left {these}")
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
        return abs(Decimal(text) - Decimal(amount) * _FINEST) > Decimal(within) * _FINEST
    except ArithmeticError:  # it is no number, or one beyond all bounds
        return True


BELIEF_LAWS: tuple[Law, ...] = (
    belief_of_outcomes,
    belief_of_fills,
    belief_of_position,
    cancels_what_it_is_told_to,
    is_flat_when_told,
)
"""The laws of what a client knows, and has done, in the end."""

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
"""Every law to which a client is held, in the order in which a report names them.

`asks_again` is not among them: what a client believes tells the same of it, however it came to know.
"""
