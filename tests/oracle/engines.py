"""Our venue, and the order book of orderly-chaos, with the verbs of the reference book."""

from orderly_chaos import InvalidQuantityError, LimitOrderBook, Side, UnknownOrderIdError
from orderly_chaos import Trade as TheirTrade

from oracle.reference_book import MARKET, Trade
from simulator.catalogue import build
from simulator.exchange.orders import Fill, Traded
from simulator.exchange.venue import Venue
from simulator.terms import BILLION

TICK = BILLION // 100
STEP = BILLION // 1000
ACCOUNTS = ("ann", "bob", "cat")
_ANY_PRICE = 10**9
_FIRST_OF_MARKET = 1 << 40
_MOST_LEVELS = 1 << 16

CATALOGUE = build(
    {
        "name": "oracle",
        "accounts": list(ACCOUNTS),
        "venues": ["NORTH"],
        "routes": ["DIRECT"],
        "products": [
            {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "10"},
            {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
        ],
        "tradable_products": [
            {
                "base": "BTC Crypto",
                "quote": "USD",
                "venue": "NORTH",
                "route": "DIRECT",
                "quote_increment": "0.01",
                "base_increment": "0.001",
            }
        ],
    },
    "oracle",
)


class OurVenue:
    """The simulator's exchange; its trades are read from the events that it tells."""

    def __init__(self) -> None:
        self.venue = Venue(CATALOGUE)
        (listing,) = CATALOGUE.tradable_products
        self.instrument = self.venue.instrument(listing)
        self.now = 0

    def limit(self, number: int, buy: bool, price: int, quantity: int) -> list[Trade]:
        """Submit an order; the venue counts them as the stream does."""
        self.now += 1
        account = ACCOUNTS[number % len(ACCOUNTS)]
        order = self.venue.submit(account, self.instrument, buy, price * TICK, quantity * STEP, self.now)
        if order.id != number:
            raise AssertionError(f"order {number} got the number {order.id}")
        return self._trades()

    def take(self, buy: bool, quantity: int) -> list[Trade]:
        """Let somebody take; what finds nothing is printed, too, and left out here."""
        self.now += 1
        price = _ANY_PRICE * TICK if buy else TICK
        self.venue.trade(self.instrument, buy, price, quantity * STEP, self.now)
        events = self.venue.events
        last = events[-1] if events else None
        if isinstance(last, Traded) and last == Traded(self.instrument.listing.id, buy, price, last.quantity, self.now):
            events.pop()
        return self._trades()

    def cancel(self, number: int) -> bool:
        """Cancel an order that is open."""
        order = self.venue.open.get(number)
        if order is None:
            return False
        self.venue.ask_cancel(order)
        self.venue.cancel(order)
        self.venue.events.clear()
        return True

    def fill(self, number: int, quantity: int) -> bool:
        """Fill an order at its own price, where nobody stands on the other side."""
        order = self.venue.orders[number]
        self.now += 1
        try:
            self.venue.fill(order, quantity * STEP, order.price, "EVE", self.now)
        except ValueError:
            return False
        self.venue.events.clear()
        return True

    def quote(self, quotes: list[tuple[bool, int, int]]) -> list[Trade]:
        """Replace the market's quotes."""
        self.now += 1
        own = [(buy, price * TICK, quantity * STEP) for buy, price, quantity in quotes]
        self.venue.quote(self.instrument, own, self.now)
        return self._trades()

    def depth(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Return the levels of both sides."""
        book = self.instrument.book
        bids, asks = (
            [(level.price // TICK, level.quantity // STEP, level.count) for level in side]
            for side in (book.bids, book.asks)
        )
        return bids, asks

    def _trades(self) -> list[Trade]:
        """Return what the events tell of trades: the fills of each, then its print."""
        events = self.venue.take_events()
        trades: list[Trade] = []
        fills: list[Fill] = []
        for event in events:
            if isinstance(event, Fill):
                fills.append(event)
            elif isinstance(event, Traded):
                trades.append(_trade(event, fills))
                fills.clear()
        if fills:
            raise AssertionError(f"fills without a print: {fills}")
        return trades


def _trade(event: Traded, fills: list[Fill]) -> Trade:
    """Put a trade together from its fills and its print, which must say the same."""
    numbers = {fill.maker: fill.order_id for fill in fills}
    told = {(fill.price, fill.quantity, fill.buy is event.buy) for fill in fills}
    if len(numbers) != len(fills) or told - {(event.price, event.quantity, True), (event.price, event.quantity, False)}:
        raise AssertionError(f"{fills} do not belong to {event}")
    taker, maker = numbers.get(False, MARKET), numbers.get(True, MARKET)
    if any(fill.maker is (fill.buy is event.buy) for fill in fills):
        raise AssertionError(f"{fills} have the sides of {event} the wrong way")
    return Trade(taker, maker, event.buy, event.price // TICK, event.quantity // STEP)


class TheirBook:
    """The order book of orderly-chaos, in C++."""

    def __init__(self) -> None:
        self.told: list[TheirTrade] = []
        self.book = LimitOrderBook(on_trade=self.told.append)
        self.quotes: list[int] = []
        self.numbered = _FIRST_OF_MARKET

    def limit(self, number: int, buy: bool, price: int, quantity: int) -> list[Trade]:
        """Submit an order."""
        self.book.limit(Side.BUY if buy else Side.SELL, number, quantity, price)
        return self._trades()

    def take(self, buy: bool, quantity: int) -> list[Trade]:
        """Submit a market order."""
        self.numbered += 1
        self.book.market(Side.BUY if buy else Side.SELL, self.numbered, quantity)
        return self._trades()

    def cancel(self, number: int) -> bool:
        """Cancel an order that rests."""
        try:
            self.book.cancel(number)
        except UnknownOrderIdError:
            return False
        return True

    def fill(self, number: int, quantity: int) -> bool:
        """Reduce an order, which keeps its place."""
        try:
            self.book.reduce(number, quantity)
        except (UnknownOrderIdError, InvalidQuantityError):
            return False
        return True

    def quote(self, quotes: list[tuple[bool, int, int]]) -> list[Trade]:
        """Cancel the market's orders, and submit others."""
        for number in self.quotes:
            self.cancel(number)
        self.quotes.clear()
        for buy, price, quantity in quotes:
            self.numbered += 1
            self.quotes.append(self.numbered)
            self.book.limit(Side.BUY if buy else Side.SELL, self.numbered, quantity, price)
        return self._trades()

    def depth(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Return the levels of both sides."""
        bids, asks = (
            [(level.price, level.volume, level.count) for level in self.book.depth(side, _MOST_LEVELS)]
            for side in (Side.BUY, Side.SELL)
        )
        return bids, asks

    def _trades(self) -> list[Trade]:
        trades = [
            Trade(
                trade.taker_id if trade.taker_id < _FIRST_OF_MARKET else MARKET,
                trade.maker_id if trade.maker_id < _FIRST_OF_MARKET else MARKET,
                trade.taker_side == Side.BUY,
                trade.price,
                trade.quantity,
            )
            for trade in self.told
        ]
        self.told.clear()
        return trades
