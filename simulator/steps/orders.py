"""The steps that change what the exchange holds of an order, and the lies that only say so."""

from functools import partial
from typing import assert_never

from simulator.decimals import text_of_amount
from simulator.exchange.corrections import bust, correct
from simulator.exchange.orders import Fill, Order, OrderChanged, average_price
from simulator.exchange.venue import Venue
from simulator.gateway.dispatch import Dispatcher
from simulator.gateway.fill_ids import FillIds
from simulator.journal.journal import Journal
from simulator.scenario.amounts import amount, duration, part_of
from simulator.scenario.steps import CancelStep, CorrectionStep, FillStep, OrderStep, RejectStep, StaleStep
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
        """The numbers of the fills that the scenario has given names, whichever rule did last."""
        self._schedule = schedule
        self._venue = venue
        self._dispatcher = dispatcher
        self._fill_ids = fill_ids
        self._note = journal.note

    def do(self, run: RuleRun, step: OrderStep) -> None:
        """Do a step and tell of it as often as it says; one that cannot be done is told as a lie if it may be.

        Else it is noted: as a mistake of the scenario, unless the order was cancelled or rejected meanwhile.
        """
        orders = self._meant(run, step)
        if not orders and step.order != "all":
            self._note("skipped", f"{run.name}: {step.verb}: there is no order to do it to")
        for order in orders:
            try:
                self._apply(order, step, run)
            except ValueError as error:
                if run.illegal:
                    self._lie(order, step)
                else:
                    has_ended = order.is_out and not order.state & FILLED
                    kind = "skipped" if has_ended else "mistake"
                    self._note(kind, f"{run.name}: {step.verb}: {error}")
            self._dispatcher.publish(order.id, COPIES[step.send])

    def _meant(self, run: RuleRun, step: OrderStep) -> list[Order]:
        """Return the orders that a step is done to."""
        orders = self.orders(step.order, run)
        if isinstance(step, CancelStep) and step.omit:
            kept = {order.id for name in step.omit for order in self.orders(name, run)}
            return [order for order in orders if order.id not in kept]
        return orders

    def _apply(self, order: Order, step: OrderStep, run: RuleRun) -> None:
        """Do a step to an order; raises `ValueError` if it cannot be done."""
        venue = self._venue
        match step.verb:
            case "ack":
                venue.ack(order)
            case "fill":
                self._fill(order, step, run)
            case "reject":
                venue.reject(order, reason_of(step))
            case "match":
                venue.match(order, self._schedule.now)
            case "cancel":
                venue.cancel(order, step.text)
            case "expire":
                venue.cancel(order, "Expired: the order's time is over")
            case "stale":
                self._stale(order, step)
            case "repeat":
                venue.repeat(order)
            case "lose":
                venue.lose(order)
            case _:
                assert_never(step)

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
            last = next(reversed(self._venue.open.values()), None)  # they stand in the order in which they came
            return [] if last is None else [last]
        order = self._venue.orders.get(int(name)) if name.isascii() and name.isdigit() else None
        return [] if order is None else [order]

    def fill(self, name: str, run: RuleRun) -> Fill | None:
        """Return the fill of a name: one that a step gave, an id, or the last of the rule's order or of all.

        A name that the rule has given for its own request is that fill's, however often it has been given since.
        """
        fills = self._venue.fills
        if run.named is not None and name in run.named:
            return fills.get(run.named[name])
        if name in self.named:
            return fills.get(self.named[name])
        if name == "last":
            own = None if run.order is None else run.order.id
            normal = (fill for fill in reversed(fills) if fill.kind is FillKind.NORMAL)
            return next((fill for fill in normal if own in (None, fill.order_id)), None)
        number = self._fill_ids.number(name)
        return None if number is None else fills.get(number)

    def _fill(self, order: Order, step: FillStep, run: RuleRun) -> None:
        venue, fills, illegal = self._venue, self._venue.fills, run.illegal
        quantity = _quantity(step, order, order.leaves_qty, illegal)
        if not quantity or order.is_out:
            raise ValueError(f"order {order.id} has nothing left to fill")
        price = self._price(order, step)
        if not illegal:
            _require_possible(order, price, quantity)
        before = fills.made
        venue.fill(order, quantity, price, step.against, self._schedule.now)
        if step.as_ is not None:
            run.named = {**(run.named or {}), step.as_: before + 1}  # the fill of who takes comes first
            self.named[step.as_] = before + 1
        if step.send in ("twice", "renamed"):
            for number in range(before + 1, fills.made + 1):
                made = fills.get(number)
                if made is not None and made.order_id == order.id:
                    self._fill_ids.repeat(number, renamed=step.send == "renamed")

    def _price(self, order: Order, step: FillStep) -> int:
        """Return the price of a fill: what is said, what a quote promises, the best price, or the order's own."""
        if step.price is not None:
            return amount(step.price)
        if order.promised is not None:
            return order.promised
        book = order.instrument.book
        best = (book.asks if order.buy else book.bids).best
        return best if best is not None and book.crosses(order.buy, order.price) else order.price

    def _stale(self, order: Order, step: StaleStep) -> None:
        self._venue.stale(order)
        if step.for_ is not None:
            self._schedule.at(self._schedule.now + duration(step.for_), partial(self._certain, order))

    def _certain(self, order: Order) -> None:
        if order.state & STALE:
            self._venue.stale(order, False)
            self._dispatcher.publish()

    def amend(self, run: RuleRun, step: CorrectionStep) -> None:
        """Take back or correct a fill and tell of it as often as the step says; what cannot be done is noted."""
        fill = self.fill(step.fill, run)
        if fill is None:
            self._note("skipped", f"{run.name}: there is no fill {step.fill!r}")
            return
        try:
            match step.verb:
                case "bust":
                    bust(self._venue, fill, self._schedule.now)
                case "correct":
                    price = fill.price if step.price is None else amount(step.price)
                    quantity = fill.quantity if step.quantity is None else amount(step.quantity)
                    correct(self._venue, fill, price, quantity, self._schedule.now)
                case _:
                    assert_never(step)
        except ValueError as error:
            kind = "mistake" if fill.order_id in self._venue.orders else "skipped"
            self._note(kind, f"{run.name}: {step.verb}: {error}")
        self._dispatcher.publish(fill.order_id, COPIES[step.send])

    def _lie(self, order: Order, step: OrderStep) -> None:
        """Tell what cannot be true of an order; the exchange's own record stays as it is."""
        state, filled, notional = order.lie or (order.state, order.cum_qty, order.notional)
        match step.verb:
            case "ack" | "match":
                state |= ACKED
            case "reject":
                state = REJECTED | OUT
            case "fill":
                quantity = _quantity(step, order, order.leaves_qty or order.quantity, True)
                price = order.price if step.price is None else amount(step.price)
                filled, notional = filled + quantity, notional + quantity * price
                if filled >= order.quantity:
                    state = (state & ACKED) | FILLED | OUT
            case "stale":
                state |= STALE
            case "cancel" | "expire":
                state = (state & ACKED & ~OPEN) | CANCELED | OUT
            case "repeat" | "lose":
                return
            case _:
                assert_never(step)
        order.lie = state, filled, notional
        self._note("lie", f"{step.verb} of order {order.id}")
        mean = average_price(notional, filled)
        change = OrderChanged(order.id, order.account, state, filled, mean, order.instrument.digits)
        self._dispatcher.publish_change(change, COPIES[step.send])


def _quantity(fill: FillStep, order: Order, left: int, illegal: bool) -> int:
    """Return how much of an order is to be filled: a share is cut down to what is left unless it may be a lie."""
    is_uncut = illegal and fill.quantity.endswith("%")
    return part_of(fill.quantity, order.quantity, _NO_BOUND if is_uncut else left, order.instrument.step)


def _require_possible(order: Order, price: int, quantity: int) -> None:
    """Raise `ValueError` for a fill that no venue gives: beyond the order's limit, off the tick or off the step.

    What the order itself has is possible though increments have changed since it came.
    """
    instrument = order.instrument
    if price > order.price if order.buy else price < order.price:
        limit = f"{'buys at' if order.buy else 'sells at'} {text_of_amount(order.price)} or better"
        raise ValueError(f"order {order.id} {limit}, not at {text_of_amount(price)}")
    for name, value, own, increment in (
        ("a price", price, order.price, instrument.tick),
        ("a quantity", quantity, order.leaves_qty, instrument.step),
    ):
        if value % increment and value != own:
            raise ValueError(
                f"{text_of_amount(value)} is no multiple of {text_of_amount(increment)}, as {name} has to be"
            )


def reason_of(reject: RejectStep) -> str:
    """Return a reject's reason as GetRejectReason says it."""
    if reject.reason is not None:
        return reject.reason
    return f"{reject.code}: {reject.text}" if reject.text else reject.code
