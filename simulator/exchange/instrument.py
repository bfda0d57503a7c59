"""A tradable product as its venue trades it: its book, its increments, and who holds what."""

from simulator.catalogue.products import TradableProduct
from simulator.decimals import text_of_amount
from simulator.exchange.book import Book, BookEntry

__all__ = ["Exposure", "Instrument", "digits_of"]


class Exposure:
    """What one account has open and holds in one instrument, in billionths of the base product."""

    __slots__ = ("buying", "orders", "position", "selling")

    def __init__(self) -> None:
        self.buying = 0
        self.selling = 0
        self.orders = 0
        self.position = 0


class Instrument:
    """The trading state of one tradable product.

    ``tick`` and ``step`` are the price and quantity increments in billionths; they may change while orders rest.
    ``market_quotes`` are the quotes of the market itself, which belong to no client.
    """

    __slots__ = ("book", "delisted", "digits", "exposures", "flags", "listing", "market_quotes", "step", "tick")

    def __init__(self, listing: TradableProduct) -> None:
        self.listing = listing
        self.book = Book()
        self.exposures: dict[str, Exposure] = {}
        self.market_quotes: list[BookEntry] = []
        self.flags = listing.flags
        self.delisted = False
        self.tick = listing.quote_increment
        self.step = listing.base_increment
        self.digits = digits_of(self.tick)

    def exposure(self, account: str) -> Exposure:
        """Return what an account has open and holds here."""
        exposure = self.exposures.get(account)
        if exposure is None:
            exposure = self.exposures[account] = Exposure()
        return exposure

    def set_increments(self, tick: int | None, step: int | None) -> None:
        """Change the price tick or the quantity step, in billionths above zero; None leaves one as it is."""
        for increment in (tick, step):
            if increment is not None and increment <= 0:
                raise ValueError(f"an increment is above zero, not {text_of_amount(increment)}")
        self.tick = tick or self.tick
        self.step = step or self.step
        self.digits = digits_of(self.tick)


def digits_of(increment: int) -> int:
    """Return how many digits an increment in billionths has after the point."""
    return len(text_of_amount(increment).partition(".")[2])
