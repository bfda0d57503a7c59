"""Does what requests ask for, as the gateway and the engine do it when no scenario says otherwise."""

from typing import Any

from simulator.exchange.orders import Order, OrderChanged, Traded
from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.handlers import Gateway
from simulator.gateway.query_views import History
from simulator.gateway.session import Session, Subscription
from simulator.gateway.subscriptions import Subscriptions
from simulator.journal.journal import Journal
from simulator.schedule import Schedule
from simulator.terms import Refusal
from simulator.wire import encode, err, ok
from simulator.wire.requests import CancelOrder, Request, SendLimitOrder, Unsubscribe

__all__ = ["Dispatcher"]


class Dispatcher:
    """Answers requests, and tells subscriptions what the exchange has done.

    Args:
        schedule: the world's time.
        journal: the record.
        gateway: reads requests and answers questions.
        subscriptions: who follows what.
        delivery: brings messages to connections.
        history: keeps orders' past states if a scenario may want to show them; else None.
    """

    def __init__(
        self,
        schedule: Schedule,
        journal: Journal,
        gateway: Gateway,
        subscriptions: Subscriptions,
        delivery: Delivery,
        history: History | None = None,
    ) -> None:
        self._schedule = schedule
        self._journal = journal
        self._gateway = gateway
        self._venue: Venue = gateway.venue
        self._subscriptions = subscriptions
        self._delivery = delivery
        self._history = history

    def handle(self, session: Session, request: Request) -> None:
        """Do what a request asks for and answer it."""
        kind = type(request)
        if kind is SendLimitOrder:
            self._send_order(session, request)  # type: ignore[arg-type]  # the line above says so
        elif kind is CancelOrder:
            self._cancel_order(session, request)  # type: ignore[arg-type]
        elif kind is Unsubscribe:
            self._unsubscribe(session, bytes(request.id))
        elif kind in Subscriptions.REQUESTS:
            self._subscribe(session, request)
        else:
            answer = self._gateway.answer(request, session.viewer, self._schedule.now)
            self.answer(session, request, answer)
        self.publish()

    def answer(self, session: Session, request: Request, value: Any) -> None:
        """Send the ``Ok`` of a request with a value to encode, or the ``Err`` of a `Refusal`."""
        number = bytes(request.id)
        message = err(number, value.text) if isinstance(value, Refusal) else ok(number, encode(value))
        self._delivery.reply(session, message)

    def place(self, session: Session, request: SendLimitOrder) -> Order | Refusal:
        """Take an order without letting the engine have it: it is open, or rejected; nothing is told yet."""
        terms = self._gateway.read_order(request, session.viewer)
        if isinstance(terms, Refusal):
            return terms
        account, instrument, buy, price, quantity, quote_id, params = terms
        order = self._venue.place(account, instrument, buy, price, quantity, self._schedule.now)
        order.quote_id = quote_id
        order.params = params
        return order

    def _send_order(self, session: Session, request: SendLimitOrder) -> None:
        terms = self._gateway.read_order(request, session.viewer)
        if isinstance(terms, Refusal):
            self.answer(session, request, terms)
            return
        account, instrument, buy, price, quantity, quote_id, params = terms
        order = self._venue.submit(account, instrument, buy, price, quantity, self._schedule.now)
        order.quote_id = quote_id
        order.params = params
        self._delivery.reply(session, ok(bytes(request.id), b'"%d"' % order.id))

    def _cancel_order(self, session: Session, request: CancelOrder) -> None:
        order = self._gateway.read_cancel(request, session.viewer)
        if isinstance(order, Refusal):
            self.answer(session, request, order)
            return
        self._venue.ask_cancel(order)
        self._venue.cancel(order)
        self.answer(session, request, None)

    # Subscriptions

    def _subscribe(self, session: Session, request: Request) -> None:
        number = bytes(request.id)
        if number in session.subscriptions:
            refusal = Refusal(f"`$.id`: there is a subscription {number.decode()} already")
            self.answer(session, request, refusal)
            return
        subscription = self._subscriptions.begin(session, request)
        if isinstance(subscription, Refusal):
            self.answer(session, request, subscription)
            return
        first = self._subscriptions.first(subscription, self._schedule.now)
        if first is not None:
            self._delivery.reply(session, first)
        if subscription.kind == "SubscribeCandles":
            self._await_candle(subscription)

    def _await_candle(self, subscription: Subscription) -> None:
        width = subscription.bucket
        end = (self._schedule.now // width + 1) * width
        self._schedule.at(end, lambda: self._end_candle(subscription), background=True)

    def _end_candle(self, subscription: Subscription) -> None:
        session = subscription.session
        if session.subscriptions.get(subscription.id) is subscription:
            candle = self._subscriptions.candle(subscription, self._schedule.now)
            if candle is not None:
                self._delivery.update(session, candle)
            self._await_candle(subscription)

    def _unsubscribe(self, session: Session, number: bytes) -> None:
        if self._subscriptions.end(session, number):
            self._delivery.reply(session, ok(number, b"null"))
        else:
            self._delivery.reply(session, err(number, f"`$.id`: there is no subscription {number.decode()}"))

    # Telling

    def publish(self, order_id: int = 0, copies: int = 1) -> None:
        """Tell the journal and the subscriptions what the exchange has done since the last time.

        What has become of one order may be told another number of times than once.
        """
        venue = self._venue
        now = self._schedule.now
        if venue.events:
            events, venue.events = venue.events, []
            for event in events:
                self._journal.write(now, 0, "event", event)
                if isinstance(event, OrderChanged):
                    if self._history is not None:
                        self._history.record(event, now)
                    times = copies if event.order_id == order_id else 1
                    self.publish_change(event, times)
                elif isinstance(event, Traded):
                    self._gateway.tape.record(event)
                    self._subscriptions.publish_trade(event)
        if venue.touched:
            touched, venue.touched = venue.touched, {}
            self._subscriptions.publish_books(touched.values(), now)

    def publish_change(self, change: OrderChanged, copies: int = 1) -> None:
        """Tell a change to those who follow orders, so many times."""
        if not copies:
            self._journal.write(self._schedule.now, 0, "lost", change)
        for _ in range(copies):
            self._subscriptions.publish_change(change)
