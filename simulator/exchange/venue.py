"""The truth of one exchange: takes orders, matches them, keeps every order, fill, limit and halt.

Commands are method calls that bear the time as an argument; what came of them is appended to ``events`` as
frozen values, in the order in which it happened. Nothing here reads a clock or a random number.
"""

from collections import deque
from collections.abc import Iterable

from simulator.catalogue import Catalogue, TradableProduct
from simulator.decimals import text_of_amount
from simulator.exchange import engine
from simulator.exchange.book import BookEntry
from simulator.exchange.fills import Fills
from simulator.exchange.halts import Halts
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import Limits
from simulator.exchange.orders import FIRST_ORDER_ID, ORDERS_KEPT, Fill, Order, OrderChanged, Traded, average_price
from simulator.terms import ACKED, CANCELED, CANCELING, OPEN, OUT, REJECTED, STALE, RejectReason

__all__ = ["Event", "Quote", "Venue"]

Event = OrderChanged | Fill | Traded
Quote = tuple[bool, int, int]
"""A quote of the market itself: whether it buys, its price and its quantity in billionths."""

_ACKED = OPEN | ACKED


class Venue:
    """An exchange's books, orders and fills.

    Args:
        catalogue: what can be traded.
        limit: how many orders are kept that are out, and how many fills, at least one; those that went out first and
            the oldest fills are forgotten. What is open is always kept.
    """

    def __init__(self, catalogue: Catalogue, limit: int = ORDERS_KEPT) -> None:
        self.catalogue = catalogue
        self.limit = limit
        self.instruments: dict[str, Instrument] = {}
        self.orders: dict[int, Order] = {}
        self.open: dict[int, Order] = {}
        self.fills = Fills(limit)
        self.limits = Limits()
        self.halts = Halts()
        self.events: list[Event] = []
        self.touched: dict[str, Instrument] = {}
        self._gone_out: deque[int] = deque()
        self.first_order_id = FIRST_ORDER_ID
        self.order_id_step = 1
        """How much more the next one's is."""
        self.last_order_id = FIRST_ORDER_ID - 1
        """The id of the newest order that there has been."""
        self.trades = 0
        """How many trades there have been."""

    def number_orders(self, first: int, step: int) -> None:
        """Let the first order have an id, and each next one another that is so much more."""
        self.first_order_id = first
        self.order_id_step = step
        self.last_order_id = first - step

    def has_numbered(self, order_id: int) -> bool:
        """Tell whether there has been an order of an id, whether or not it is still kept."""
        return order_id in range(self.first_order_id, self.last_order_id + self.order_id_step, self.order_id_step)

    def instrument(self, listing: TradableProduct) -> Instrument:
        """Return the trading state of a tradable product, made when it is first asked for."""
        instrument = self.instruments.get(listing.id)
        if instrument is None:
            instrument = self.instruments[listing.id] = Instrument(listing)
        return instrument

    # Orders on their way in

    def submit(self, account: str, instrument: Instrument, buy: bool, price: int, quantity: int, now: int) -> Order:
        """Take an order and let the engine have it: checked, acked, matched, and its rest in the book."""
        if (
            self.limits.in_force
            or self.halts
            or instrument.flags
            or instrument.delisted
            or price % instrument.tick
            or quantity % instrument.step
        ):
            order = self.place(account, instrument, buy, price, quantity, now)
            if not order.state & OUT:
                self.match(order, now)
            return order
        # What `place` and `match` come to if nobody can object, in half the time.
        order_id = self.last_order_id = self.last_order_id + self.order_id_step
        order = Order(
            buy,
            price,
            quantity,
            id=order_id,
            account=account,
            instrument_ref=instrument.ref,
            quantity=quantity,
            time=now,
            state=_ACKED,
        )
        self.orders[order_id] = self.open[order_id] = order
        exposure = instrument.exposures.get(account) or instrument.exposure(account)
        exposure.orders += 1
        if buy:
            exposure.buying += quantity
        else:
            exposure.selling += quantity
        digits = instrument.digits
        self.events += (
            OrderChanged(order_id, account, OPEN, 0, None, digits),
            OrderChanged(order_id, account, _ACKED, 0, None, digits),
        )
        engine.match(self, order, instrument, now)
        return order

    def place(self, account: str, instrument: Instrument, buy: bool, price: int, quantity: int, now: int) -> Order:
        """Take an order and check it: it is open afterwards, or rejected and out with a reason."""
        self.last_order_id += self.order_id_step
        order = Order(
            buy,
            price,
            quantity,
            id=self.last_order_id,
            account=account,
            instrument_ref=instrument.ref,
            quantity=quantity,
            time=now,
        )
        self.orders[order.id] = order
        is_halted = self.halts.cover(instrument.listing) if self.halts else False
        reason = self._breach(order) or instrument.objection(order, is_halted)
        if reason is not None:
            self._take_out(order, REJECTED | OUT, reason)
            return order
        self.open[order.id] = order
        self.expose(order, quantity, 0, 1)
        self.move(order, OPEN)
        return order

    def _breach(self, order: Order) -> str | None:
        """Say which limit an order would break, or None: the risk check, before the venue hears of the order."""
        breach = self.limits.breach(self.instruments.values(), order)
        return breach and f"{RejectReason.LIMIT_EXCEEDED.value}: {breach}"

    def ack(self, order: Order) -> None:
        """The venue confirms an order; one that has it already is left as it is."""
        if not order.state & ACKED:
            self.move(order, order.state | ACKED)

    def match(self, order: Order, now: int) -> None:
        """Let the engine match an open order and rest what is left of it, or trade it as a quote has promised.

        Raises `ValueError` for one that is out.
        """
        order.require_open()
        self.ack(order)
        if order.promised is not None:
            engine.trade_as_promised(self, order, order.promised, now)
        elif not order.rests:
            engine.match(self, order, order.instrument, now)

    def rest_only(self, order: Order, now: int) -> None:
        """Rest an open order without trading it against the market's own quotes: those it would cross step back.

        What clients have resting there it does trade against, so the book is never crossed.
        """
        order.require_open()
        book = order.instrument.book
        for quote in order.instrument.market_quotes:
            if quote.buy is not order.buy and (quote.price <= order.price if order.buy else quote.price >= order.price):
                book.remove(quote)
        self.match(order, now)

    # Orders on their way out

    def ask_cancel(self, order: Order) -> None:
        """The client's wish to cancel is on its way to the venue."""
        if not order.state & CANCELING:
            self.move(order, order.state | CANCELING)

    def refuse_cancel(self, order: Order) -> None:
        """The venue does not cancel: an open order is as it was before the wish."""
        if order.state & CANCELING:
            self.move(order, order.state & ~CANCELING)

    def cancel(self, order: Order, reason: str | None = None) -> None:
        """Take an open order out of the market, asked for or not; ``reason`` says why if nobody asked.

        Raises `ValueError` for an order that is out already.
        """
        order.require_open()
        self._take_out(order, (order.state & ACKED) | CANCELED | OUT, reason)

    def reject(self, order: Order, reason: str) -> None:
        """Refuse an order that was taken; raises `ValueError` for one that is acked or out.

        If nobody was told yet that it is open, nobody will be.
        """
        order.require_open()
        last = self.events[-1] if self.events else None
        if isinstance(last, OrderChanged) and (last.order_id, last.state) == (order.id, OPEN):
            self.events.pop()
        self._take_out(order, REJECTED | OUT, reason)

    def _take_out(self, order: Order, state: int, reason: str | None) -> None:
        order.move(state)
        order.reason = reason
        self.retire(order)
        self.events.append(order.change())

    def _leave(self, order: Order) -> None:
        """Forget what an order had open, in the book and in what its account has open."""
        instrument = order.instrument_ref()
        if instrument.book.remove(order):
            self.touched[instrument.listing.id] = instrument
        if self.open.pop(order.id, None) is not None:
            self.expose(order, -order.leaves_qty, 0, -1)
        order.leaves_qty = 0

    def retire(self, order: Order) -> None:
        """An order goes out, and the one that did so first of those that are kept is forgotten."""
        self._leave(order)
        self._gone_out.append(order.id)
        if len(self._gone_out) > self.limit:
            self.orders.pop(self._gone_out.popleft(), None)

    def forget_open(self) -> None:
        """Lose every open order, as a venue does that restarts without its book."""
        for order in list(self.open.values()):
            self.lose(order)

    def lose(self, order: Order) -> None:
        """Lose an open order; nobody is told, and nothing knows it; raises `ValueError` for one that is out."""
        order.require_open()
        self._leave(order)
        del self.orders[order.id]

    def repeat(self, order: Order) -> None:
        """Tell once more what is so of an order."""
        average = average_price(order.notional, order.cum_qty)
        state = OrderChanged(order.id, order.account, order.state, order.cum_qty, average, order.instrument.digits)
        self.events.append(state)

    def expose(self, order: Order, opened: int, filled: int, orders: int = 0) -> None:
        """Change what an order's account has open and holds by quantities of the order, which may be negative."""
        instrument, account = order.instrument_ref(), order.account
        exposure = instrument.exposures.get(account) or instrument.exposure(account)
        exposure.orders += orders
        if order.buy:
            exposure.buying += opened
            exposure.position += filled
        else:
            exposure.selling += opened
            exposure.position -= filled
        if self.limits.in_force:
            self.limits.count(order, opened, filled, orders)

    def stale(self, order: Order, unsure: bool = True) -> None:
        """Mark an open order's state as uncertain, or as certain again; one that is so already is left as it is."""
        order.require_open()
        state = order.state | STALE if unsure else order.state & ~STALE
        if state != order.state:
            self.move(order, state)

    # Fills

    def fill(self, order: Order, quantity: int, price: int, against: str, now: int) -> None:
        """Fill an open order at a price, whatever the market says.

        What clients or the market have resting at that price on the other side gives first; ``against`` is the
        name of whoever gives the rest. Raises `ValueError` if the order has less than ``quantity`` left.
        """
        require_positive(quantity)
        if quantity > order.leaves_qty:
            raise ValueError(
                f"order {order.id} has {text_of_amount(order.leaves_qty)} left, not {text_of_amount(quantity)}"
            )
        engine.fill(self, order, quantity, price, against, now)

    # The market

    def quote(self, instrument: Instrument, quotes: Iterable[Quote], now: int) -> None:
        """Replace the market's own quotes; those that cross a client's resting order trade with it.

        Raises `ValueError` if a quantity is not above zero.
        """
        quotes = list(quotes)
        for _, _, quantity in quotes:
            require_positive(quantity)
        book = instrument.book
        for entry in instrument.market_quotes:
            book.remove(entry)
        instrument.market_quotes = []
        for buy, price, quantity in quotes:
            entry = BookEntry(buy, price, quantity)
            engine.match_market(self, instrument, entry, now)
            if entry.leaves_qty:
                book.rest(entry)
                instrument.market_quotes.append(entry)
        self.touched[instrument.listing.id] = instrument

    def trade(self, instrument: Instrument, buy: bool, price: int, quantity: int, now: int) -> None:
        """Let somebody in the market take up to a quantity at a price or better; what finds no order prints there.

        Raises `ValueError` if the quantity is not above zero.
        """
        require_positive(quantity)
        entry = BookEntry(buy, price, quantity)
        engine.match_market(self, instrument, entry, now)
        if entry.leaves_qty:
            engine.print_trade(self, instrument, buy, price, entry.leaves_qty, now)
        self.touched[instrument.listing.id] = instrument

    def delist(self, instrument: Instrument) -> None:
        """End a product's trading for good: its orders are cancelled, its quotes are gone."""
        instrument.delisted = True
        for order in [order for order in self.open.values() if order.instrument is instrument]:
            self.cancel(order, instrument.why_delisted)
        self.quote(instrument, (), 0)

    def expire(self, instrument: Instrument) -> None:
        """End the trading of a contract whose time is over, unless it has ended already."""
        if not instrument.delisted:
            instrument.expired = True
            self.delist(instrument)

    # Telling

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in its order."""
        events = self.events
        if events:
            self.events = []
        return events

    def take_touched(self) -> dict[str, Instrument]:
        """Return the instruments whose books may have changed since the last call, by id."""
        touched = self.touched
        if touched:
            self.touched = {}
        return touched

    def move(self, order: Order, state: int) -> None:
        """Let an order go to a state and tell of it; raises `ValueError` if it may not."""
        order.move(state)
        self.events.append(order.change())


def require_positive(quantity: int) -> None:
    """Raise `ValueError` for a quantity that is not above zero."""
    if quantity <= 0:
        raise ValueError(f"a quantity is above zero, not {text_of_amount(quantity)}")
