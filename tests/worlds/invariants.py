"""What must be true of a world at any moment, whatever its scenario and its clients do."""

import json
from typing import Any

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import LEGAL, Fill, OrderChanged, Traded
from simulator.gateway import replies
from simulator.gateway.outgoing import Outgoing, RawBytes
from simulator.gateway.session import Session
from simulator.journal.journal import JournalEntry
from simulator.simulation import Simulation
from simulator.terms import ACKED, BILLION, CANCELED, FILLED, REJECTED, STALE, FillKind
from simulator.wire import encode
from simulator.wire.requests import SubscribeOrderState

Shape = tuple[str, tuple[str, ...], str]
_ON_ITS_WAY = 8 * BILLION
"""Longer than any leg of a scenario that is made takes."""
"""What is told of an order: its id, its state and how much of it is filled; the mean's digits follow the increments."""


class Broken(AssertionError):
    """An invariant does not hold."""


def require(holds: bool, what: str) -> None:
    """Raise `Broken` unless something holds."""
    if not holds:
        raise Broken(what)


class Watch:
    """Watches one simulation, step by step.

    Args:
        simulation: the world.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.sim = simulation
        self.news: list[JournalEntry] = list(simulation.journal)
        simulation.journal.watch = self.news.append
        self.told: dict[int, OrderChanged] = {}
        self.fills: list[Fill] = []
        self.changed: dict[int, int] = {}
        """When each order has changed last."""
        self.amounts: dict[int, dict[int, tuple[int, int]]] = {}
        self.lost: set[int] = set()
        self.liars: set[int] = set()
        self.due: dict[int, list[Outgoing]] = {}
        self.gone: set[int] = set()
        self.known: set[Shape] = set()

    def after(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        """Check all after a step, given what is sent on each connection."""
        self._read_journal()
        self._check_sent(news)
        for instrument in self.sim.venue.instruments.values():
            self._check_book(instrument)
        self._check_orders()
        self._check_exposures()

    # The journal explains what is sent

    def _read_journal(self) -> None:
        for time, number, kind, data in self.news:
            if kind in ("out", "fault"):
                require(number not in self.gone, f"connection {number} is sent {data!r:.80} after its end")
                self.due.setdefault(number, []).append(data)
            elif kind == "close":
                require(number not in self.gone, f"connection {number} ends twice")
                self.gone.add(number)
            elif kind == "event":
                self._learn(data)
                if isinstance(data, OrderChanged):
                    self.changed[data.order_id] = time
            elif kind == "lie":
                self.liars.add(int(data.rpartition(" ")[2]))
            elif kind == "lost" and isinstance(data, OrderChanged):
                self.lost.add(data.order_id)
        self.news.clear()

    def _check_sent(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        sent = {session.number: items for session, items in news}
        for number, items in self.due.items():
            got = sent.pop(number, [])
            if got or number not in self.gone:  # what waits for a connection that its client ends is not sent
                require(got == items, f"connection {number} is sent {got!r:.300}, the journal has {items!r:.300}")
        require(not any(sent.values()), f"sent and not in the journal: {sent!r:.300}")
        self.due.clear()

    def _learn(self, event: OrderChanged | Fill | Traded) -> None:
        if isinstance(event, Fill):
            self._learn_fill(event)
        elif isinstance(event, OrderChanged):
            last = self.told.get(event.order_id)
            before, after = (last.state if last else 0) & ~STALE, event.state & ~STALE
            require(after == before or after in LEGAL[before], f"order {event.order_id} goes from {before} to {after}")
            self.told[event.order_id] = event
            self.known.add(_shape(json.loads(encode(replies.change_view(event)))))

    def _learn_fill(self, fill: Fill) -> None:
        require(fill.number == len(self.fills) + 1, f"fill {fill.number} is told after {len(self.fills)} fills")
        self.fills.append(fill)
        of = self.amounts.setdefault(fill.order_id, {})
        if fill.kind is FillKind.NORMAL:
            of[fill.number] = (fill.price, fill.quantity)
        else:
            require(fill.of in of, f"fill {fill.number} amends {fill.of}, which its order does not have")
            of[fill.of or 0] = (fill.price, 0 if fill.kind is FillKind.REVERSAL else fill.quantity)

    # The exchange

    def _check_book(self, instrument: Instrument) -> None:
        book, name = instrument.book, instrument.listing.name
        bid, ask = book.bids.best, book.asks.best
        require(bid is None or ask is None or bid < ask, f"{name} is crossed: {(bid, ask)}")
        for side, buy in ((book.bids, True), (book.asks, False)):
            for level in side:
                entries = list(level)
                require(bool(entries) and level.count == len(entries), f"{name} counts {level.count} at {level.price}")
                require(
                    level.quantity == sum(entry.leaves_qty for entry in entries), f"{name} sums up {level.quantity}"
                )
                for entry in entries:
                    right = entry.leaves_qty > 0 and entry.buy is buy and entry.price == level.price
                    require(right, f"{name} has {entry.leaves_qty} at {entry.price} in {level.price}")

    def _check_orders(self) -> None:
        venue = self.sim.venue
        kept = venue.fills
        require(list(kept) == self.fills[kept.first - 1 :], "the journal has other fills than the exchange")
        require(len(kept) >= min(venue.limit, len(self.fills)), f"only {len(kept)} fills are kept")
        require(len(kept) <= venue.limit + venue.limit // 8 + 1, f"{len(kept)} fills are kept")
        out = len(venue.orders) - len(venue.open)
        require(out <= venue.limit, f"{out} orders are kept that are out")
        require(venue.open.keys() <= venue.orders.keys(), "an order that is open is forgotten")
        waiting = {event.order_id for event in venue.events if isinstance(event, OrderChanged)}
        for number, order in venue.orders.items():
            of = self.amounts.get(number, {})
            filled = sum(quantity for _, quantity in of.values())
            executed = sum(self.fills[fill - 1].quantity for fill in of)
            notional = sum(price * quantity for price, quantity in of.values())
            require((order.cum_qty, order.notional) == (filled, notional), f"order {number} is filled otherwise")
            require(executed + order.leaves_qty <= order.quantity, f"order {number} has been filled too much")
            require(order.is_out or executed + order.leaves_qty == order.quantity, f"order {number} has lost quantity")
            require(
                order.leaves_qty == 0 if order.is_out else order.leaves_qty > 0,
                f"order {number} has {order.leaves_qty} left",
            )
            require((number in venue.open) is not order.is_out, f"order {number} is open and out")
            ending = order.state & (FILLED | CANCELED | REJECTED)
            require(not ending or order.is_out, f"order {number} has ended and is not out")
            require(ending & (ending - 1) == 0, f"order {number} has ended in two ways")
            if ending & FILLED:
                require(order.cum_qty == order.quantity, f"order {number} is filled in part, and Filled")
            if ending & REJECTED:
                require(order.reason is not None and not order.state & ACKED, f"order {number} is rejected for nothing")
            last = self.told.get(number)
            if number not in waiting:
                require(last is not None, f"nobody was told of order {number}")
                told = last and (last.state, last.cum_qty)
                require(told == (order.state, order.cum_qty), f"order {number} is told as {told}")
        for fill in self.fills:
            require(fill.quantity > 0 and fill.price > 0, f"fill {fill.number} is of nothing")

    def _check_exposures(self) -> None:
        venue = self.sim.venue
        sums: dict[tuple[str, str], list[int]] = {}
        for order in venue.open.values():
            at = sums.setdefault((order.instrument.listing.id, order.account), [0, 0, 0, 0])
            at[0 if order.buy else 1] += order.leaves_qty
            at[2] += 1
        for fill in self.fills:
            if fill.kind is FillKind.NORMAL:
                quantity = self.amounts[fill.order_id][fill.number][1]
                at = sums.setdefault((fill.target, fill.account), [0, 0, 0, 0])
                at[3] += quantity if fill.buy else -quantity
        kept = {
            (instrument.listing.id, account): [held.buying, held.selling, held.orders, held.position]
            for instrument in venue.instruments.values()
            for account, held in instrument.exposures.items()
        }
        wanted = {key: held for key, held in sums.items() if any(held)}
        require({key: held for key, held in kept.items() if any(held)} == wanted, "exposures do not agree")

    # What clients are told

    def check_updates(self) -> None:
        """Check that what clients were told last of orders is so, once nothing more of these is on its way.

        Left out are orders of which a scenario lies or loses news, and connections whose messages it bends.
        """
        if self.sim.scenario.latency.reorder:
            return
        told: dict[tuple[int, bytes], dict[int, Shape]] = {}
        entries = list(self.sim.journal)
        bent = {number for _, number, kind, _ in entries if kind in ("corrupt", "stall", "slow", "kept", "lost")}
        following: dict[int, set[bytes]] = {}
        for _, number, kind, data in entries:
            if kind == "in" and number not in bent:
                request = _read(data)
                if request.get("type") == "SubscribeOrderState" and isinstance(request.get("id"), int):
                    following.setdefault(number, set()).add(b"%d" % request["id"])
            elif kind == "out" and number in following:
                message = _read(data)
                said = message.get("response", {})
                states = said.get("Ok") if isinstance(said, dict) else None
                if str(message.get("id")).encode() in following[number] and isinstance(states, list):
                    for state in states:
                        self._check_told(state)
                        key = (number, str(message["id"]).encode())
                        told.setdefault(key, {})[int(state["order_id"])] = _shape(state)
        for session in self.sim.sessions.values():
            for id_, subscription in session.subscriptions.items():
                if isinstance(subscription.request, SubscribeOrderState) and session.number not in bent:
                    self._check_last(told.get((session.number, id_), {}))

    def _check_told(self, state: dict[str, Any]) -> None:
        number = int(state["order_id"])
        if number in self.liars or number not in self.sim.venue.orders:
            return
        require(_shape(state) in self.known, f"what is told of order {number} was never so: {state}")

    def _check_last(self, told: dict[int, Shape]) -> None:
        for number, said in told.items():
            order = self.sim.venue.orders.get(number)
            has_settled = self.changed[number] < self.sim.now - _ON_ITS_WAY  # a timeline may go on for ever
            if order is not None and has_settled and number not in self.liars | self.lost:
                last = _shape(json.loads(encode(replies.change_view(self.told[number]))))
                require(said == last, f"order {number} was told last as {said}, and is {last}")


def _shape(state: dict[str, Any]) -> Shape:
    return state["order_id"], tuple(state["state"]), state["filled_qty"]


def _read(data: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def bytes_of(item: Outgoing) -> bytes:
    """Return what an item puts on the wire, its name and fields for what is no bytes."""
    if isinstance(item, bytes):
        return item
    return item.data if isinstance(item, RawBytes) else repr(item).encode()
