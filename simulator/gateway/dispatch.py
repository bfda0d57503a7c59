"""Does what requests ask for, as the gateway and the engine do it when no scenario says otherwise."""

from functools import partial

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Order, OrderChanged, PastState, Traded
from simulator.exchange.venue import Event, Venue
from simulator.gateway import replies
from simulator.gateway.delivery import Delivery
from simulator.gateway.order_requests import OrderRequests
from simulator.gateway.query_requests import Gateway
from simulator.gateway.session import Session, Subscription
from simulator.gateway.subscriptions import Subscriptions
from simulator.gateway.topics import CandlesTopic
from simulator.journal.journal import Journal
from simulator.schedule import Schedule
from simulator.terms import Refusal
from simulator.wire import encode, err, ok, ok_list
from simulator.wire.requests import (
    QUESTIONS,
    CancelOrder,
    ListFills,
    Request,
    SendLimitOrder,
    Subscribe,
    SubscribeOrderState,
    Unsubscribe,
)

__all__ = ["Dispatcher"]

_FILLS_AT_ONCE = 4000
"""Of how many fills the ids are made before others have their turn."""
_PAUSE = 2_000_000
"""For how many nanoseconds they have it then."""

_AT_ONCE = 2000
"""Of how many orders one message tells at most, unless they are asked for."""


class Dispatcher:
    """Answers requests, and tells subscriptions what the exchange has done.

    Args:
        schedule: the world's time.
        journal: the record.
        gateway: answers questions.
        order_requests: does what requests about orders ask for.
        subscriptions: who follows what.
        delivery: brings messages to connections.
        keeps_past: whether orders remember their states, because a scenario may want to show them.
    """

    def __init__(
        self,
        schedule: Schedule,
        journal: Journal,
        gateway: Gateway,
        order_requests: OrderRequests,
        subscriptions: Subscriptions,
        delivery: Delivery,
        keeps_past: bool = False,
    ) -> None:
        self._schedule = schedule
        self._journal = journal
        self._gateway = gateway
        self._order_requests = order_requests
        self._venue: Venue = gateway.venue
        self._subscriptions = subscriptions
        self._awaited_candles: set[tuple[str, int]] = set()
        self.tells_in_parts = True
        """Whether time goes on by itself, so that a long answer may take a while."""
        self._delivery = delivery
        self._keeps_past = keeps_past

    def handle(self, session: Session, request: Request) -> None:
        """Do what a request asks for and answer it."""
        if isinstance(request, SendLimitOrder):
            self._send_order(session, request)
        elif isinstance(request, CancelOrder):
            self._cancel_order(session, request)
        elif isinstance(request, Unsubscribe):
            self._unsubscribe(session, bytes(request.id))
        elif isinstance(request, Subscribe):
            self._subscribe(session, request)
        elif type(request) in QUESTIONS and not self._delivery.is_heard:
            self._delivery.reply(session, b"")  # nobody reads it, but it may have a way to go
        elif type(request) is ListFills and self.tells_in_parts and len(self._venue.fills) > _FILLS_AT_ONCE:
            fills = self._venue.fills
            self._list_fills(session, request, range(fills.first, fills.made + 1), [])
        else:
            answer = self._gateway.answer(request, session.viewer, self._schedule.now)
            self.answer(session, request, answer)
        self.publish()

    def answer(self, session: Session, request: Request, value: object) -> None:
        """Send the ``Ok`` of a request with a value to encode, or the ``Err`` of a `Refusal`."""
        number = bytes(request.id)
        message = err(number, value.text) if isinstance(value, Refusal) else ok(number, encode(value))
        self._delivery.reply(session, message)

    def _list_fills(self, session: Session, request: ListFills, numbers: range, parts: list[bytes]) -> None:
        """Answer which fills there are, of very many with others' turns between; ``parts`` are those before."""
        found = self._gateway.list_fills(request, session.viewer, numbers[:_FILLS_AT_ONCE])
        if isinstance(found, Refusal):
            self.answer(session, request, found)
            return
        parts = [*parts, encode(found)[1:-1]] if found else parts
        rest = numbers[_FILLS_AT_ONCE:]
        if not rest:
            self._delivery.reply(session, ok_list(bytes(request.id), parts))
        elif session.is_open:
            self._schedule.at(self._schedule.now + _PAUSE, partial(self._list_fills, session, request, rest, parts))

    def _send_order(self, session: Session, request: SendLimitOrder) -> None:
        order = self._order_requests.submit(request, session.viewer)
        if isinstance(order, Refusal):
            self.answer(session, request, order)
        else:
            self._delivery.reply(session, ok(bytes(request.id), b'"%d"' % order.id))

    def _cancel_order(self, session: Session, request: CancelOrder) -> None:
        order = self._order_requests.cancel(request, session.viewer)
        self.answer(session, request, order if isinstance(order, Refusal) else None)

    # Subscriptions

    def _subscribe(self, session: Session, request: Subscribe) -> None:
        number = bytes(request.id)
        if number in session.subscriptions:
            refusal = Refusal(f"`$.id`: there is a subscription {number.decode()} already")
            self.answer(session, request, refusal)
            return
        subscription = self._subscriptions.begin(session, request)
        if isinstance(subscription, Refusal):
            self.answer(session, request, subscription)
            return
        if isinstance(request, SubscribeOrderState):
            is_told = self._delivery.is_heard
            self._tell_open_orders(subscription, self._subscriptions.open_orders(subscription) if is_told else [])
        first = self._subscriptions.first(subscription)
        if first is not None:
            self._delivery.reply(session, first)
        topic = subscription.topic
        if isinstance(topic, CandlesTopic):
            self._await_candles(topic.instrument, topic.width)

    def _tell_open_orders(self, subscription: Subscription, orders: list[Order], at: int = 0) -> None:
        """Tell a subscription which orders are open: of very many, in several messages, with others' turns between."""
        if at and not self._subscriptions.is_open(subscription):
            return
        until = at + _AT_ONCE if self.tells_in_parts else len(orders)
        states = [replies.order_state(order) for order in orders[at:until] if not order.is_out]
        message = ok(subscription.id, encode(states))
        if at:
            self._delivery.update(subscription.session, message)
        else:
            self._delivery.reply(subscription.session, message)
        if until < len(orders):
            self._schedule.at(self._schedule.now + 1, partial(self._tell_open_orders, subscription, orders, until))

    def _await_candles(self, instrument: Instrument, width: int) -> None:
        """Wait for the end of candles, once for all who follow them."""
        key = instrument.listing.id, width
        if key not in self._awaited_candles:
            self._awaited_candles.add(key)
            end = (self._schedule.now // width + 1) * width
            self._schedule.at(end, partial(self._end_candle, instrument, width), background=True)

    def _end_candle(self, instrument: Instrument, width: int) -> None:
        self._awaited_candles.discard((instrument.listing.id, width))
        if self._subscriptions.publish_candle(instrument, width, self._schedule.now):
            self._await_candles(instrument, width)

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
        now = self._schedule.now
        venue, subscriptions = self._venue, self._subscriptions
        if venue.events:
            events = venue.take_events()
            if copies == 1 and not subscriptions.followers:
                self._journal.write_events(now, events)
                for event in events:
                    if type(event) is Traded or self._keeps_past:
                        self._keep(event, now)
            else:
                for event in events:
                    self._journal.write(now, 0, "event", event)
                    self._keep(event, now)
                    if type(event) is OrderChanged:  # isinstance takes four times as long to say no
                        self.publish_change(event, copies if event.order_id == order_id else 1)
                    elif type(event) is Traded:
                        subscriptions.publish_trade(event)
        if venue.touched:
            if subscriptions.book_readers:
                touched = venue.take_touched().values()
                self._journal.note_books(touched, now)
                subscriptions.publish_books(touched)
            else:
                venue.touched.clear()

    def _keep(self, event: Event, now: int) -> None:
        """Keep of an event what may be asked for later."""
        if type(event) is Traded:
            self._gateway.tape.record(event)
        elif self._keeps_past and type(event) is OrderChanged and (order := self._venue.orders.get(event.order_id)):
            order.past = PastState(now, event, order.past)

    def publish_change(self, change: OrderChanged, copies: int = 1) -> None:
        """Tell a change to those who follow orders, so many times."""
        if not copies:
            self._journal.write(self._schedule.now, 0, "lost", change)
        for _ in range(copies):
            self._subscriptions.publish_change(change)
