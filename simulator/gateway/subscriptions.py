"""Who has subscribed to what, and the messages that tell them."""

from collections.abc import Callable, Iterable
from typing import ClassVar, assert_never, get_args

from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import OrderChanged, Traded
from simulator.gateway import replies
from simulator.gateway.candles import read_width
from simulator.gateway.handlers import Gateway
from simulator.gateway.session import Session, Subscription
from simulator.quoting import cut_raw, quoted
from simulator.terms import Refusal
from simulator.times import text_of_time
from simulator.wire import amount_of, encode, ok, requests
from simulator.wire.replies import BookView

__all__ = ["Subscriptions"]

_MAX_WIDTH = 10**9

_Read = tuple[tuple[Instrument, ...], int]


class Subscriptions:
    """All subscriptions of one exchange, in the order in which they began.

    Args:
        gateway: finds what a subscription is about.
        update: brings an update to a connection.
    """

    REQUESTS: ClassVar = frozenset(get_args(requests.Subscribe))

    def __init__(self, gateway: Gateway, update: Callable[[Session, bytes], None]) -> None:
        self._gateway = gateway
        self._update = update
        self._alerts: list[Subscription] = []
        self._orders: list[Subscription] = []
        self._books: dict[str, list[Subscription]] = {}
        self._trades: dict[str, list[Subscription]] = {}

    @property
    def has_followers(self) -> bool:
        """Whether anybody follows orders or trades."""
        return bool(self._orders or self._trades)

    def begin(self, session: Session, request: requests.Subscribe) -> Subscription | Refusal:
        """Begin the subscription that a request asks for, or say why there can be none."""
        read = self._read(request)
        if isinstance(read, Refusal):
            return read
        instruments, bucket = read
        subscription = Subscription(session, bytes(request.id), request, instruments, bucket)
        session.subscriptions[subscription.id] = subscription
        for readers in self._lists(subscription):
            readers.append(subscription)
        return subscription

    def first(self, subscription: Subscription, now: int) -> bytes | None:
        """Return the message that a subscription begins with, or None if it waits for news."""
        match subscription.request:
            case requests.SubscribeOrderState():
                viewer = subscription.session.viewer
                orders = self._gateway.venue.open.values()
                states = [replies.order_state(order) for order in orders if viewer in (None, order.account)]
                return ok(subscription.id, encode(states))
            case requests.SubscribeTrades() | requests.SubscribeCandles() | requests.SubscribeAlerts():
                return None
            case requests.SubscribeBook() | requests.SubscribeConsolidatedBook() | requests.SubscribeRfqs():
                return _news_of_book(subscription, now)
            case _:
                assert_never(subscription.request)

    def candle(self, subscription: Subscription, now: int) -> bytes | None:
        """Return the message that shows the candle that ends now, or None if nothing was traded in it."""
        (instrument,) = subscription.instruments
        width = subscription.bucket
        candle = self._gateway.tape.candle(instrument.listing.id, now - width, width, instrument.digits)
        return None if candle is None else ok(subscription.id, encode(candle))

    def end(self, session: Session, number: bytes) -> bool:
        """End a subscription; False if there is none of this id."""
        subscription = session.subscriptions.pop(number, None)
        if subscription is None:
            return False
        for readers in self._lists(subscription):
            readers.remove(subscription)
        return True

    def end_all(self, session: Session) -> None:
        """End all subscriptions of a connection."""
        for number in list(session.subscriptions):
            self.end(session, number)

    def publish_trade(self, trade: Traded) -> None:
        """Tell those who follow a product's trades of one."""
        readers = self._trades.get(trade.target)
        if readers:
            body = encode(replies.trade_view(trade, readers[0].instruments[0].digits))
            for subscription in tuple(readers):  # who is told may be cut, and leave the list
                self._update(subscription.session, ok(subscription.id, body))

    def publish_change(self, change: OrderChanged) -> None:
        """Tell those who follow orders of one's change."""
        if not self._orders:
            return
        body = encode((replies.change_view(change),))
        messages: dict[bytes, bytes] = {}
        for subscription in tuple(self._orders):
            session = subscription.session
            if session.viewer is None or session.viewer == change.account:
                number = subscription.id
                message = messages.get(number)
                if message is None:
                    message = messages[number] = ok(number, body)
                self._update(session, message)

    def publish_alert(self, alert: bytes) -> None:
        """Tell those who follow alerts of one, in JSON."""
        for subscription in tuple(self._alerts):
            self._update(subscription.session, ok(subscription.id, alert))

    def publish_books(self, touched: Iterable[Instrument], now: int) -> None:
        """Tell those who follow the books of these instruments, if what they see of them has changed."""
        if not self._books:
            return
        for instrument in touched:
            for subscription in tuple(self._books.get(instrument.listing.id, ())):
                update = _news_of_book(subscription, now)
                if update is not None:
                    self._update(subscription.session, update)

    def _lists(self, subscription: Subscription) -> list[list[Subscription]]:
        """Return the lists that a subscription stands in."""
        match subscription.request:
            case requests.SubscribeOrderState():
                return [self._orders]
            case requests.SubscribeCandles():  # each waits for its own end
                return []
            case requests.SubscribeAlerts():
                return [self._alerts]
            case requests.SubscribeTrades():
                by_id = self._trades
            case requests.SubscribeBook() | requests.SubscribeConsolidatedBook() | requests.SubscribeRfqs():
                by_id = self._books
            case _:
                assert_never(subscription.request)
        return [by_id.setdefault(instrument.listing.id, []) for instrument in subscription.instruments]

    def _read(self, request: requests.Subscribe) -> _Read | Refusal:
        """Read which instruments a subscription is about, and the size that it asks for, if it asks for one."""
        match request:
            case requests.SubscribeOrderState() | requests.SubscribeAlerts():  # only a scenario raises alerts
                return (), 0
            case requests.SubscribeBook():
                return self._read_book(request)
            case requests.SubscribeTrades():
                instrument = self._find(request.tradable_product, "$.tradable_product")
                return instrument if isinstance(instrument, Refusal) else ((instrument,), 0)
            case requests.SubscribeCandles():
                return self._read_candles(request)
            case requests.SubscribeConsolidatedBook():
                return self._read_consolidated(request)
            case requests.SubscribeRfqs():
                return self._gateway.read_rfq(request.base, request.quote, request.quantity, request.venues)
            case _:
                assert_never(request)

    def _find(self, name: str, where: str) -> Instrument | Refusal:
        listing = self._gateway.catalogue.tradable_product(name)
        if listing is None:
            return Refusal(f"`{where}`: there is no tradable product {quoted(name)}")
        return self._gateway.instrument(listing)

    def _read_book(self, request: requests.SubscribeBook) -> _Read | Refusal:
        instrument = self._find(request.tradable_product, "$.tradable_product")
        if isinstance(instrument, Refusal):
            return instrument
        if not 1 <= request.width <= _MAX_WIDTH:
            return Refusal(f"`$.width`: expected a number of ticks from 1 to {_MAX_WIDTH}, got {request.width}")
        return (instrument,), request.width

    def _read_candles(self, request: requests.SubscribeCandles) -> _Read | Refusal:
        instrument = self._find(request.tradable_product, "$.tradable_product")
        if isinstance(instrument, Refusal):
            return instrument
        width = read_width(request.width)
        return width if isinstance(width, Refusal) else ((instrument,), width)

    def _read_consolidated(self, request: requests.SubscribeConsolidatedBook) -> _Read | Refusal:
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
        return tuple(found.values()), bucket


def _news_of_book(subscription: Subscription, now: int) -> bytes | None:
    """Return the message that shows a book, or quotes from it, or None if it shows what the last one did."""
    if isinstance(subscription.request, requests.SubscribeRfqs):
        quotes = replies.rfq_quotes(subscription.instruments, subscription.bucket)
        if quotes == subscription.shown:
            return None
        subscription.shown = quotes
        return ok(subscription.id, encode(quotes))
    bucket = subscription.bucket
    if isinstance(subscription.request, requests.SubscribeBook):  # in ticks, which may change
        bucket *= subscription.instruments[0].tick
    levels = replies.book_levels(subscription.instruments, bucket)
    if levels == subscription.shown:
        return None
    subscription.shown = levels
    return ok(subscription.id, encode(BookView(*levels, text_of_time(now))))
