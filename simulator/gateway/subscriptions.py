"""Who has subscribed to what, and the messages that tell them."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, assert_never, get_args

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Order, OrderChanged, Traded
from simulator.gateway import replies
from simulator.gateway.book_feeds import BookFeed, BookFeeds
from simulator.gateway.candles import read_width
from simulator.gateway.delivery import Delivery
from simulator.gateway.query_requests import Gateway
from simulator.gateway.session import Session, Subscription
from simulator.gateway.topics import (
    AlertsTopic,
    BookTopic,
    CandlesTopic,
    ConsolidatedBookTopic,
    OrdersTopic,
    QuotesTopic,
    ShownTopic,
    ToldTopic,
    Topic,
    TradesTopic,
)
from simulator.quoting import cut_raw, quoted
from simulator.terms import Refusal
from simulator.wire import amount_of, encode, requests

__all__ = ["Subscriptions"]

_MAX_WIDTH = 10**9
_MOST_OF_ONE = 1000
_MOST = 50_000
"""How many subscriptions there may be on one connection, and on all."""

_Readers = dict[int, Subscription]

_FOLLOWING = (requests.SubscribeOrderState, requests.SubscribeTrades)


class Subscriptions:
    """All subscriptions of one exchange, in the order in which they began.

    Args:
        gateway: finds what a subscription is about.
        delivery: brings updates to connections.
    """

    REQUESTS: ClassVar = frozenset(get_args(requests.Subscribe))

    def __init__(self, gateway: Gateway, delivery: Delivery) -> None:
        self._gateway = gateway
        self._delivery = delivery
        self._count = 0
        self._open = 0
        self._alerts: _Readers = {}
        self._orders: dict[str | None, _Readers] = {}
        """Who follows orders, by the account whose orders they see; None for those who see all."""
        self._trades: dict[str, _Readers] = {}
        self._candles: dict[tuple[str, int], _Readers] = {}
        self._books = BookFeeds(gateway.rfqs, gateway.times)
        self.followers = 0
        """How many subscriptions follow orders or trades."""
        self.book_readers = 0
        """How many show books, or quotes from them."""

    def begin(self, session: Session, request: requests.Subscribe) -> Subscription | Refusal:
        """Begin the subscription that a request asks for, or say why there can be none."""
        if len(session.subscriptions) >= _MOST_OF_ONE:
            return Refusal(f"`$.id`: expected at most {_MOST_OF_ONE} subscriptions on one connection")
        if self._open >= _MOST:
            return Refusal(f"`$.id`: expected at most {_MOST} subscriptions on all connections")
        topic = self._topic(request)
        if isinstance(topic, Refusal):
            return topic
        self._count += 1
        subscription = Subscription(session, bytes(request.id), request, topic, self._count)
        if isinstance(topic, ShownTopic):
            feed = self._books.join(topic, subscription)
            if isinstance(feed, Refusal):
                return feed
            subscription.feed = feed
            self.book_readers += 1
        else:
            self._readers(topic, session)[subscription.number] = subscription
            self.followers += type(request) in _FOLLOWING
        session.subscriptions[subscription.id] = subscription
        self._open += 1
        return subscription

    def first(self, subscription: Subscription) -> bytes | None:
        """Return the message that a subscription begins with; None if it waits for news, or follows orders."""
        return None if subscription.feed is None else subscription.feed.first(subscription)

    def open_orders(self, subscription: Subscription) -> list[Order]:
        """Return the orders that a subscription to orders begins with."""
        viewer = subscription.session.viewer
        orders = self._gateway.venue.open.values()
        return list(orders) if viewer is None else [order for order in orders if order.account == viewer]

    def tell_all_orders(self, session: Session) -> None:
        """Tell a connection's subscriptions to orders of every order that it sees, out or not."""
        viewer = session.viewer
        orders = [one for one in self._gateway.venue.orders.values() if viewer in (None, one.account)]
        followers = [one for one in session.subscriptions.values() if isinstance(one.topic, OrdersTopic)]
        self._delivery.tell(followers, encode([replies.order_state(order) for order in orders]))

    def is_open(self, subscription: Subscription) -> bool:
        """Tell whether a subscription has not ended."""
        return subscription.session.subscriptions.get(subscription.id) is subscription

    def end(self, session: Session, number: bytes) -> bool:
        """End a subscription; False if there is none of this id."""
        subscription = session.subscriptions.pop(number, None)
        if subscription is None:
            return False
        self._open -= 1
        topic, feed = subscription.topic, subscription.feed
        if feed is not None:
            self._books.leave(feed, subscription)
            self.book_readers -= 1
        elif not isinstance(topic, ShownTopic):
            del self._readers(topic, session)[subscription.number]
            self.followers -= type(subscription.request) in _FOLLOWING
        return True

    def end_all(self, session: Session) -> None:
        """End all subscriptions of a connection."""
        for number in list(session.subscriptions):
            self.end(session, number)

    def publish_trade(self, trade: Traded) -> None:
        """Tell those who follow a product's trades of one."""
        readers = self._trades.get(trade.target)
        if readers:
            digits = self._gateway.venue.instruments[trade.target].digits
            time = self._gateway.times.now("trades")
            self._publish(readers, encode(replies.trade_view(trade, digits, time)))

    def publish_change(self, change: OrderChanged) -> None:
        """Tell those who follow orders of one's change."""
        readers = self._followers_of(change.account)
        if readers:
            self._delivery.tell(readers, encode((replies.change_view(change),)))

    def _followers_of(self, account: str) -> tuple[Subscription, ...]:
        """Return who follows an account's orders, in the order in which they began."""
        those_of_all, those_of_one = self._orders.get(None), self._orders.get(account)
        if not those_of_one:
            return tuple(those_of_all.values()) if those_of_all else ()
        if not those_of_all:
            return tuple(those_of_one.values())
        return tuple(subscription for _, subscription in sorted((those_of_all | those_of_one).items()))

    def publish_alert(self, alert: bytes, path: str | None) -> None:
        """Tell those who follow alerts of one, in JSON; one of a path only those who follow that path or one above it.

        Who has asked for no path follows all, and an alert of no path is told to everybody.
        """
        told = {number: each for number, each in self._alerts.items() if path is None or _is_below(path, each)}
        self._publish(told, alert)

    def publish_candle(self, instrument: Instrument, width: int, now: int) -> bool:
        """Tell those who follow a product's candles of the one that ends now, if anything was traded in it.

        Returns whether anybody follows them.
        """
        readers = self._candles.get((instrument.listing.id, width))
        if not readers:
            return False
        candle = self._gateway.tape.candle(instrument.listing, instrument.opened, now - width, width, instrument.digits)
        if candle is not None:
            self._publish(readers, encode(candle))
        return True

    def _publish(self, readers: _Readers, body: bytes) -> None:
        self._delivery.tell(tuple(readers.values()), body)  # who is told may be cut, and leave them

    def publish_books(self, touched: Iterable[Instrument]) -> None:
        """Tell those who follow the books of these instruments, if what they see of them has changed.

        Who is behind with reading is told of the newest only, once it reads on.
        """
        feeds = {feed: None for instrument in touched for feed in self._books.of(instrument)}  # each once, in order
        for feed in feeds:
            if feed.refresh():
                self._delivery.tell(self._shown_to(feed), feed.body)

    def _shown_to(self, feed: BookFeed) -> Iterator[Subscription]:
        """Yield the subscriptions that are to be told what a feed shows now, as having been told."""
        for subscription in tuple(feed.readers.values()):
            session = subscription.session
            if session.is_behind and self._delivery.is_direct(session):
                session.unshown[subscription.id] = session.unshown.get(subscription.id, 0) + 1
            elif feed.shows_news_to(subscription):
                yield subscription

    def catch_up(self, session: Session) -> None:
        """Show a connection that reads on the newest of what it was not told of."""
        unshown, session.unshown = session.unshown, {}
        for number, times in unshown.items():
            subscription = session.subscriptions.get(number)
            if subscription is None or subscription.feed is None:
                continue
            if times > 1:
                self._delivery.note_conflated(session, times - 1, number)
            if subscription.feed.shows_news_to(subscription):
                self._delivery.tell((subscription,), subscription.feed.body)

    def _readers(self, topic: ToldTopic, session: Session) -> _Readers:
        """Return those who are told of a topic as a session is."""
        match topic:
            case OrdersTopic():
                return self._orders.setdefault(session.viewer, {})
            case AlertsTopic():
                return self._alerts
            case TradesTopic():
                return self._trades.setdefault(topic.instrument.listing.id, {})
            case CandlesTopic():
                return self._candles.setdefault((topic.instrument.listing.id, topic.width), {})
            case _:
                assert_never(topic)

    def _topic(self, request: requests.Subscribe) -> Topic | Refusal:
        """Read what a subscription is about."""
        match request:
            case requests.SubscribeOrderState():
                return OrdersTopic()
            case requests.SubscribeAlerts():  # which only a scenario raises
                return AlertsTopic(request.path or "")
            case requests.SubscribeBook():
                return self._read_book(request)
            case requests.SubscribeTrades():
                instrument = self._find(request.tradable_product, "$.tradable_product")
                return instrument if isinstance(instrument, Refusal) else TradesTopic(instrument)
            case requests.SubscribeCandles():
                return self._read_candles(request)
            case requests.SubscribeConsolidatedBook():
                return self._read_consolidated(request)
            case requests.SubscribeRfqs():
                read = self._gateway.rfqs.read(request.base, request.quote, request.quantity, request.venues)
                return read if isinstance(read, Refusal) else QuotesTopic(*read)
            case _:
                assert_never(request)

    def _find(self, name: str, where: str) -> Instrument | Refusal:
        catalogue = self._gateway.catalogue
        listing = catalogue.tradable_product(name)
        if listing is None:
            return Refusal(f"`{where}`: there is no tradable product {quoted(name)}{catalogue.meant(name)}")
        return self._gateway.instrument(listing)

    def _read_book(self, request: requests.SubscribeBook) -> Topic | Refusal:
        instrument = self._find(request.tradable_product, "$.tradable_product")
        if isinstance(instrument, Refusal):
            return instrument
        if not 1 <= request.width <= _MAX_WIDTH:
            return Refusal(f"`$.width`: expected a number of ticks from 1 to {_MAX_WIDTH}, got {request.width}")
        return BookTopic(instrument, request.width)

    def _read_candles(self, request: requests.SubscribeCandles) -> Topic | Refusal:
        instrument = self._find(request.tradable_product, "$.tradable_product")
        if isinstance(instrument, Refusal):
            return instrument
        width = read_width(request.width)
        return width if isinstance(width, Refusal) else CandlesTopic(instrument, width)

    def _read_consolidated(self, request: requests.SubscribeConsolidatedBook) -> Topic | Refusal:
        found: dict[str, Instrument] = {}
        for index, name in enumerate(request.tradable_products):
            instrument = self._find(name, f"$.tradable_products[{index}]")
            if isinstance(instrument, Refusal):
                return instrument
            found[instrument.listing.id] = instrument
        bucket = max(instrument.tick for instrument in found.values())
        if bytes(request.precision) != b"null":
            precision = amount_of(request.precision)
            if precision is None or precision <= 0:
                came = cut_raw(request.precision)
                return Refusal(f"`$.precision`: expected a positive decimal, the width of a price bucket, got {came}")
            bucket = precision
        return ConsolidatedBookTopic(tuple(found.values()), bucket)


def _is_below(path: str, subscription: Subscription) -> bool:
    """Tell whether a path is the one that a subscription to alerts follows, or lies below it."""
    topic = subscription.topic
    followed = topic.path.strip("/") if isinstance(topic, AlertsTopic) else ""
    return not followed or f"{path.strip('/')}/".startswith(f"{followed}/")
