"""Requests for quotes: what is asked for, what the market promises, and which promises still hold."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

import msgspec
from msgspec import Raw

from simulator.catalogue import Catalogue, TradableProduct
from simulator.catalogue.products import uuid_of
from simulator.decimals import text_of_amount
from simulator.exchange.book import Side
from simulator.exchange.instrument import Instrument
from simulator.quoting import cut_raw, quoted
from simulator.terms import Refusal
from simulator.wire import amount_of
from simulator.wire.replies import RfqQuote
from simulator.wire.requests import NULL

__all__ = ["PromisedQuote", "Rfqs", "no_amount"]

_MOST_ANSWERED = 64
"""How many tradable products one answer quotes at most."""
_MOST_HELD = 10_000
"""How many quotes hold at a time: the oldest lapse."""
_MOST_SWEPT = 1000
"""How many levels of a side a quote may take: it is null if that is not enough."""


class PromisedQuote(NamedTuple):
    """What the market promises one order: a quantity, or less, at a price; amounts are billionths.

    ``buy`` is what a client pays and ``sell`` what it gets, on the tick; None where the book is too thin. ``taken`` is
    how many quotes of the instrument were taken before, so that one that is taken is followed by another.
    """

    instrument: Instrument
    quantity: int
    buy: int | None
    sell: int | None
    taken: int


class _ToldQuote(msgspec.Struct, frozen=True):
    """A quote as a scenario tells it."""

    quote_id: str
    tradable_product: str
    quantity: Raw
    buy: Raw = NULL
    sell: Raw = NULL


class Rfqs:
    """Gives quotes on request, each of which one order may take.

    Args:
        catalogue: what can be traded.
        instrument: gives the trading state of a tradable product, with its market opened.
        seed: what the quotes' ids are made from.
    """

    def __init__(self, catalogue: Catalogue, instrument: Callable[[TradableProduct], Instrument], seed: int) -> None:
        self._catalogue = catalogue
        self._instrument = instrument
        self._seed = seed
        self._given = 0
        self._taken: Counter[str] = Counter()
        self.held: dict[str, PromisedQuote] = {}
        """The quotes that hold, by their ids, the oldest first."""

    def read(
        self, base: str, quote: str, quantity: Raw, venues: list[str] | None, where: str = "$"
    ) -> tuple[tuple[Instrument, ...], int] | Refusal:
        """Read which instruments and what quantity quotes are asked for."""
        pair = self._catalogue.product(base), self._catalogue.product(quote)
        for product, name, field in zip(pair, (base, quote), ("base", "quote"), strict=True):
            if product is None:
                return Refusal(f"`{where}.{field}`: there is no product {quoted(name)}")
        amount = amount_of(quantity)
        if amount is None or amount <= 0:
            return no_amount(f"{where}.quantity", quantity)
        asked = set()
        for at, name in enumerate(venues or ()):
            venue = self._catalogue.venue(name)
            if venue is None:
                return Refusal(f"`{where}.venues[{at}]`: there is no venue {quoted(name)}")
            asked.add(venue.id)
        found = [
            listing
            for listing in self._catalogue.tradable_products
            if (listing.base, listing.quote) == pair and (venues is None or listing.venue.id in asked)
        ]
        return tuple(self._instrument(listing) for listing in found[:_MOST_ANSWERED]), amount

    def look(self, instruments: Iterable[Instrument], quantity: int) -> list[PromisedQuote]:
        """Return what could be promised now for a quantity of each instrument."""
        return [
            PromisedQuote(
                instrument,
                quantity,
                _mean(instrument.book.asks, quantity, instrument.tick, up=True),
                _mean(instrument.book.bids, quantity, instrument.tick, up=False),
                self._taken[instrument.listing.id],
            )
            for instrument in instruments
        ]

    def give(self, quotes: Iterable[PromisedQuote]) -> list[RfqQuote]:
        """Promise what was seen, and return it as it is told, each with an id of its own."""
        return [self._give(quote) for quote in quotes]

    def _give(self, quote: PromisedQuote) -> RfqQuote:
        instrument, quote_id = quote.instrument, None
        buy, sell = (
            None if price is None else text_of_amount(price, instrument.digits) for price in (quote.buy, quote.sell)
        )
        if buy is not None or sell is not None:
            self._given += 1
            quote_id = uuid_of(b"quote %d of seed %d" % (self._given, self._seed))
            self._hold(quote_id, quote)
        listing = instrument.listing
        return RfqQuote(quote_id, listing.id, listing.venue.id, buy, sell, text_of_amount(quote.quantity))

    def hold(self, told: bytes) -> None:
        """Let the quotes hold that a scenario has told, given as JSON; what is no quote promises nothing."""
        try:
            quotes = msgspec.json.decode(told, type=list[_ToldQuote])
        except msgspec.ValidationError:
            return
        for quote in quotes:
            listing, quantity = self._catalogue.tradable_product(quote.tradable_product), amount_of(quote.quantity)
            if listing is not None and quantity is not None:
                buy, sell = amount_of(quote.buy), amount_of(quote.sell)
                self._hold(quote.quote_id, PromisedQuote(self._instrument(listing), quantity, buy, sell, 0))

    def _hold(self, quote_id: str, quote: PromisedQuote) -> None:
        self.held[quote_id.lower()] = quote
        if len(self.held) > _MOST_HELD:
            del self.held[next(iter(self.held))]

    def promised(self, quote_id: str, listing: TradableProduct, buy: bool, price: int, quantity: int) -> int | Refusal:
        """Return the price that a quote promises an order of these terms, or why it promises it none."""
        quote = self.held.get(quote_id.lower())
        if quote is None:
            return Refusal(f"`$.quote_id`: there is no quote {quoted(quote_id)} that holds: it may have been taken")
        if quote.instrument.listing is not listing:
            return Refusal(f"`$.quote_id`: the quote is for {quote.instrument.listing.name}, not for {listing.name}")
        if quantity > quote.quantity:
            most = text_of_amount(quote.quantity)
            return Refusal(f"`$.quantity`: the quote is for {most} at most, got {text_of_amount(quantity)}")
        offered = quote.buy if buy else quote.sell
        if offered is None:
            return Refusal(f"`$.dir`: the quote has no price for those who {'buy' if buy else 'sell'}")
        if price < offered if buy else price > offered:
            shown = text_of_amount(offered, quote.instrument.digits)
            return Refusal(f"`$.price`: the quote is {shown}, which {text_of_amount(price)} does not reach")
        return offered

    def take(self, quote_id: str) -> None:
        """A quote has been taken, and holds no longer."""
        quote = self.held.pop(quote_id.lower())
        self._taken[quote.instrument.listing.id] += 1


def _mean(side: Side, quantity: int, tick: int, *, up: bool) -> int | None:
    """Return the average price at which a side of a book has a quantity, to the next tick; None if it has not."""
    left, notional = quantity, 0
    for level in islice(side, _MOST_SWEPT):
        taken = min(left, level.quantity)
        notional += taken * level.price
        left -= taken
        if not left:
            ticks, beyond = divmod(notional, quantity * tick)
            return (ticks + (up and beyond > 0)) * tick
    return None


def no_amount(where: str, raw: Raw) -> Refusal:
    """Return the refusal of what is no positive amount."""
    what = "a positive decimal of at most 15 digits before the point and 9 after it"
    return Refusal(f"`{where}`: expected {what}, got {cut_raw(raw)}")
