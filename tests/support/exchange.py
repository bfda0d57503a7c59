"""A small exchange to test with, and short ways to write what happens on it.

Prices and quantities are written in whole units, or as texts of decimals, and become billionths here.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from simulator.catalogue import build
from simulator.decimals import parse_amount
from simulator.exchange.instrument import Exposure, Instrument
from simulator.exchange.orders import ORDERS_KEPT, Fill, Order, OrderChanged, Traded
from simulator.exchange.venue import Event, Venue
from simulator.terms import BILLION, FillKind, flags_of

BUY, SELL = True, False
STATES = {frozenset(flags_of(state)): state for state in range(256)}

CATALOGUE = build(
    {
        "accounts": ["ann", "bob"],
        "venues": ["NORTH", "SOUTH"],
        "routes": ["DIRECT", "BROKER"],
        "products": [
            {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "10"},
            {"name": "ETH Crypto", "kind": "Coin", "price_in_limit_dollars": "2.5"},
            {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
        ],
        "tradable_products": [
            {
                "base": base,
                "quote": "USD",
                "venue": venue,
                "route": route,
                "quote_increment": "0.5",
                "base_increment": "0.01",
            }
            for base, venue, route in (
                ("BTC Crypto", "NORTH", "DIRECT"),
                ("BTC Crypto", "SOUTH", "BROKER"),
                ("ETH Crypto", "NORTH", "DIRECT"),
            )
        ],
    },
    "test",
)
BTC_NORTH = "BTC Crypto/USD*NORTH/DIRECT"
BTC_SOUTH = "BTC Crypto/USD*SOUTH/BROKER"
ETH_NORTH = "ETH Crypto/USD*NORTH/DIRECT"


def state_of(names: Iterable[str]) -> int:
    """Return the state made of the named flags."""
    return STATES[frozenset(names)]


def amount(value: int | str) -> int:
    """Return billionths for whole units or a decimal's text."""
    if isinstance(value, int):
        return value * BILLION
    parsed = parse_amount(value)
    assert parsed is not None
    return parsed


class Floor:
    """A venue, one of its instruments to begin with, and the time, which passes a nanosecond a command."""

    def __init__(self, limit: int = ORDERS_KEPT) -> None:
        self.venue = Venue(CATALOGUE, limit)
        self.btc = self.instrument(BTC_NORTH)
        self.now = 0

    def instrument(self, name: str) -> Instrument:
        """Return the instrument of a name."""
        listing = CATALOGUE.tradable_product(name)
        assert listing is not None
        return self.venue.instrument(listing)

    def tick(self) -> int:
        """Let a nanosecond pass."""
        self.now += 1
        return self.now

    def submit(
        self, account: str, buy: bool, price: int | str, quantity: int | str, on: Instrument | None = None
    ) -> Order:
        """Submit an order."""
        return self.venue.submit(account, on or self.btc, buy, amount(price), amount(quantity), self.tick())

    def place(
        self, account: str, buy: bool, price: int | str, quantity: int | str, on: Instrument | None = None
    ) -> Order:
        """Place an order."""
        return self.venue.place(account, on or self.btc, buy, amount(price), amount(quantity), self.tick())

    def quote(self, *quotes: tuple[bool, int | str, int | str]) -> None:
        """Replace the market's quotes: buying or not, price and quantity each."""
        self.venue.quote(self.btc, [(buy, amount(price), amount(size)) for buy, price, size in quotes], self.tick())

    def fill(self, order: Order, quantity: int | str, price: int | str, against: str = "eve") -> None:
        """Fill an order whatever the market says."""
        self.venue.fill(order, amount(quantity), amount(price), against, self.tick())

    def trade(self, buy: bool, price: int | str, quantity: int | str) -> None:
        """Let somebody in the market take a quantity."""
        self.venue.trade(self.btc, buy, amount(price), amount(quantity), self.tick())

    def news(self) -> list[Event]:
        """Return the events since the last call."""
        events = self.venue.take_events()
        self.venue.take_touched()
        return events

    def depth(self, on: Instrument | None = None) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return price and quantity of the bids and of the asks, best first."""
        book = (on or self.btc).book
        bids, asks = ([(level.price, level.quantity) for level in side] for side in (book.bids, book.asks))
        return bids, asks


def units(*levels: tuple[int | str, int | str]) -> list[tuple[int, int]]:
    """Return levels in billionths."""
    return [(amount(price), amount(quantity)) for price, quantity in levels]


def changed(order: Order, flags: str, filled: int | str = 0, mean: int | str | None = None) -> OrderChanged:
    """Return the event of an order's new state, its flags written as words."""
    return OrderChanged(
        order.id,
        order.account,
        state_of(flags.split()),
        amount(filled),
        None if mean is None else amount(mean),
        order.instrument.digits,
    )


def filled(
    number: int,
    order: Order,
    price: int | str,
    quantity: int | str,
    *,
    against: str,
    trade: int,
    time: int,
    maker: bool = False,
    kind: FillKind = FillKind.NORMAL,
    of: int | None = None,
) -> Fill:
    """Return the fill of an order."""
    return Fill(
        number,
        order.id,
        order.account,
        order.instrument.listing.id,
        order.buy,
        amount(price),
        amount(quantity),
        maker,
        against,
        trade,
        time,
        kind,
        of,
    )


def printed(order: Order, buy: bool, price: int | str, quantity: int | str, time: int) -> Traded:
    """Return the public trade in an order's product."""
    return Traded(order.instrument.listing.id, buy, amount(price), amount(quantity), time)


def holdings(exposure: Exposure) -> tuple[int, int, int, int]:
    """Return what an exposure says: buying, selling, open orders, position."""
    return exposure.buying, exposure.selling, exposure.orders, exposure.position


def recomputed(venue: Venue) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Return what every account has open and holds in every instrument, from orders and fills alone."""
    sums: dict[tuple[str, str], list[int]] = {}
    for order in venue.orders.values():
        at = sums.setdefault((order.instrument.listing.id, order.account), [0, 0, 0, 0])
        if not order.is_out:
            at[0 if order.buy else 1] += order.leaves_qty
            at[2] += 1
    latest = {fill.of or fill.number: fill for fill in venue.fills}
    for fill in latest.values():
        if fill.kind is not FillKind.REVERSAL:
            sums[fill.target, fill.account][3] += fill.quantity if fill.buy else -fill.quantity
    return {key: (at[0], at[1], at[2], at[3]) for key, at in sums.items() if any(at)}


def exposures(venue: Venue) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Return what the venue keeps of what every account has open and holds, where that is anything."""
    return {
        (instrument.listing.id, account): holdings(exposure)
        for instrument in venue.instruments.values()
        for account, exposure in instrument.exposures.items()
        if any(holdings(exposure))
    }


def snapshot(floor: Floor) -> dict[str, Any]:
    """Return all that a command could change."""
    venue = floor.venue
    return {
        "orders": {
            number: {name: getattr(order, name) for name in Order.__struct_fields__}
            for number, order in venue.orders.items()
        },
        "open": list(venue.open),
        "fills": list(venue.fills),
        "events": list(venue.events),
        "touched": list(venue.touched),
        "halts": list(venue.halts),
        "depths": [floor.depth(instrument) for instrument in venue.instruments.values()],
        "quotes": [[(quote, quote.leaves_qty) for quote in one.market_quotes] for one in venue.instruments.values()],
        "increments": [(one.tick, one.step, one.digits) for one in venue.instruments.values()],
        "exposures": [
            {account: holdings(exposure) for account, exposure in one.exposures.items()}
            for one in venue.instruments.values()
        ],
    }


def refuses(floor: Floor, command: Callable[[], object], message: str) -> None:
    """Check that a command raises with just this message, and that nothing at all is changed by it."""
    before = snapshot(floor)
    with pytest.raises(ValueError, match=r"\w") as caught:
        command()
    assert str(caught.value) == message
    assert snapshot(floor) == before


def cancelled(floor: Floor) -> Order:
    """Return an order that was cancelled with something left."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.trade(SELL, 100, 1)
    floor.venue.cancel(order)
    return order


def whole(floor: Floor) -> Order:
    """Return an order that is wholly filled."""
    order = floor.submit("ann", BUY, 100, 3)
    floor.trade(SELL, 100, 3)
    return order


def two_sides(floor: Floor) -> tuple[Order, Order]:
    """Return a maker and a taker that are wholly filled by one trade of 2 at 100."""
    return floor.submit("ann", SELL, 100, 2), floor.submit("bob", BUY, 100, 2)
