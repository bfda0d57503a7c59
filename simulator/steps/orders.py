"""The steps that change what the exchange holds of an order, and the lies that only say so."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from simulator.decimals import text_of_amount
from simulator.exchange.orders import Fill as VenueFill
from simulator.exchange.orders import Order, OrderChanged, average_price
from simulator.exchange.venue import Venue
from simulator.forgetting import forget
from simulator.gateway.dispatch import Dispatcher
from simulator.gateway.fill_ids import FillIds
from simulator.journal.journal import Journal
from simulator.scenario.amounts import amount, duration, part_of
from simulator.scenario.steps import Bust, Correct, Fill, Reject, StepEntry
from simulator.schedule import Schedule
from simulator.steps.run import RuleRun
from simulator.terms import ACKED, CANCELED, FILLED, OPEN, OUT, REJECTED, STALE, FillKind

__all__ = ["COPIES", "OrderSteps"]

COPIES = {"once": 1, "twice": 2, "never": 0, "renamed": 2}
_NO_BOUND = 1 << 200


class OrderSteps:
    """Does the steps of one world.

    Args:
        schedule: the world's time.
        venue: the exchange.
        dispatcher: tells what has been done.
        fill_ids: the ids of the exchange's fills.
        journal: where it is written down what could not be done, and why.
    """

    def __init__(
        self,
        schedule: Schedule,
        venue: Venue,
        dispatcher: Dispatcher,
        fill_ids: FillIds,
        journal: Journal,
    ) -> None:
        self.named: dict[str, int] = {}
        """The numbers of the fills that the scenario has given names."""
        self._schedule = schedule
        self._venue = venue
        self._dispatcher = dispatcher
        self._fill_ids = fill_ids
        self._note = journal.note
        self._lies: dict[int, tuple[int, int, int]] = {}
        self._do: dict[str, Callable[[Order, Any], None]] = {
            "ack": lambda order, args: venue.ack(order),
            "reject": self._reject,
            "fill": self._fill,
            "match": lambda order, args: venue.match(order, schedule.now),
            "cancel": lambda order, args: venue.cancel(order, args.text),
            "expire": lambda order, args: venue.cancel(order, "Expired: the order's time is over"),
            "stale": self._stale,
        }

    def play(self, run: RuleRun, step: StepEntry) -> None:
        """Do one step and tell of it as often as it says; one that cannot be done is noted, or told as a lie."""
        verb, args = step.verb, step.args
        if verb in ("bust", "correct"):
            self._amend(run, args)
            return
        orders = self.orders(args.order, run)
        if not orders and args.order != "all":
            self._note("skipped", f"{run.name}: {verb}: there is no order to do it to")
        for order in orders:
            wanted = _uncut(args, order) if run.illegal and verb == "fill" else args
            try:
                self._do[verb](order, wanted)
            except ValueError as error:
                if run.illegal:
                    self._lie(order, verb, wanted)
                else:
                    self._note("skipped", f"{run.name}: {verb}: {error}")
            self._dispatcher.publish(order.id, COPIES[args.send])

    def orders(self, name: str, run: RuleRun) -> list[Order]:
        """Return the orders that a step is about: this, last, all, or the one of an id."""
        if name == "this":
            own = run.order
            if own is None or not (own.is_out or own.id in self._venue.orders):  # lost in a restart
                return []
            return [own]
        if name == "all":
            return list(self._venue.open.values())
        if name == "last":
            last = max(self._venue.open, default=None)
            return [] if last is None else [self._venue.open[last]]
        order = self._venue.orders.get(int(name)) if name.isascii() and name.isdigit() else None
        return [] if order is None else [order]

    def fill(self, name: str, run: RuleRun) -> VenueFill | None:
        """Return the fill of a name: one that a step gave, an id, or the last of the rule's order or of all."""
        fills = self._venue.fills
        if name in self.named:
            return fills.get(self.named[name])
        if name == "last":
            own = None if run.order is None else run.order.id
            normal = (fill for fill in reversed(fills) if fill.kind is FillKind.NORMAL)
            return next((fill for fill in normal if own in (None, fill.order_id)), None)
        number = self._fill_ids.number(name)
        return None if number is None else fills.get(number)

    def _reject(self, order: Order, args: Reject) -> None:
        self._venue.reject(order, reason_of(args))

    def _fill(self, order: Order, args: Fill) -> None:
        venue = self._venue
        quantity = part_of(args.quantity, order.quantity, order.leaves_qty, order.instrument.step)
        if not quantity or order.is_out:
            raise ValueError(f"order {order.id} has nothing left to fill")
        before = len(venue.events)
        venue.fill(order, quantity, self._price(order, args), args.against, self._schedule.now)
        fills = [event for event in venue.events[before:] if isinstance(event, VenueFill)]
        own = [fill.number for fill in fills if fill.order_id == order.id]
        if args.as_ is not None:
            self.named[args.as_] = own[0]
        if args.send in ("twice", "renamed"):
            for number in own:
                self._fill_ids.repeat(number, renamed=args.send == "renamed")

    def _price(self, order: Order, args: Fill) -> int:
        """Return the price of a fill: the one that is said, else the best on the other side, else the order's own."""
        if args.price is not None:
            return amount(args.price)
        book = order.instrument.book
        best = (book.asks if order.buy else book.bids).best
        return best if best is not None and book.crosses(order.buy, order.price) else order.price

    def _stale(self, order: Order, args: Any) -> None:
        self._venue.stale(order)
        if args.for_ is not None:
            self._schedule.at(self._schedule.now + duration(args.for_), lambda: self._certain(order))

    def _certain(self, order: Order) -> None:
        if order.state & STALE:
            self._venue.stale(order, False)
            self._dispatcher.publish()

    def _amend(self, run: RuleRun, args: Bust | Correct) -> None:
        fill = self.fill(args.fill, run)
        if fill is None:
            self._note("skipped", f"{run.name}: there is no fill {args.fill!r}")
            return
        try:
            if isinstance(args, Bust):
                self._venue.bust(fill, self._schedule.now)
            else:
                price = fill.price if args.price is None else amount(args.price)
                quantity = fill.quantity if args.quantity is None else amount(args.quantity)
                self._venue.correct(fill, price, quantity, self._schedule.now)
        except ValueError as error:
            self._note("skipped", f"{run.name}: {error}")
        self._dispatcher.publish(fill.order_id, COPIES[args.send])

    def _lie(self, order: Order, verb: str, args: Any) -> None:
        """Tell what cannot be true of an order; the exchange's own record stays as it is."""
        state, filled, notional = self._lies.get(order.id, (order.state, order.cum_qty, order.notional))
        match verb:
            case "ack" | "match":
                state |= ACKED
            case "reject":
                state = REJECTED | OUT
            case "fill":
                quantity = part_of(
                    args.quantity, order.quantity, order.leaves_qty or order.quantity, order.instrument.step
                )
                price = order.price if args.price is None else amount(args.price)
                filled, notional = filled + quantity, notional + quantity * price
                if filled >= order.quantity:
                    state = (state & ACKED) | FILLED | OUT
            case "stale":
                state |= STALE
            case _:
                state = (state & ACKED & ~OPEN) | CANCELED | OUT
        self._lies[order.id] = (state, filled, notional)
        forget(self._lies, len(self._venue.orders), self._venue.orders.__contains__)
        self._note("lie", f"{verb} of order {order.id}")
        mean = average_price(notional, filled)
        change = OrderChanged(order.id, order.account, state, filled, mean, order.instrument.digits)
        self._dispatcher.publish_change(change, COPIES[args.send])


def _uncut(fill: Fill, order: Order) -> Fill:
    """Return a fill with a share of its order written out, which is not cut down to what is left."""
    if not fill.quantity.endswith("%"):
        return fill
    quantity = part_of(fill.quantity, order.quantity, _NO_BOUND, order.instrument.step)
    return structs.replace(fill, quantity=text_of_amount(quantity))


def reason_of(reject: Reject) -> str:
    """Return a reject's reason as GetRejectReason says it."""
    return f"{reject.code}: {reject.text}" if reject.text else reject.code
