"""A tradable product as its venue trades it: its book, its increments, and who holds what."""

from collections.abc import Callable
from weakref import ref

from simulator.catalogue.products import TradableProduct
from simulator.decimals import text_of_amount
from simulator.exchange.book import Book, BookEntry
from simulator.exchange.depth import Depth
from simulator.terms import RejectReason

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
    ``market_quotes`` are the quotes of the market itself, which belong to no client, and ``opened`` is the price around
    which it opened, in billionths, or None if there is no market. What is ``delisted`` is traded no more: because
    somebody said so or, if it is ``expired`` too, because the contract's time was over.
    """

    __slots__ = (
        "__weakref__",
        "ask_depth",
        "bid_depth",
        "book",
        "delisted",
        "digits",
        "expired",
        "exposures",
        "flags",
        "listing",
        "market_quotes",
        "opened",
        "ref",
        "step",
        "tick",
    )

    def __init__(self, listing: TradableProduct) -> None:
        self.listing = listing
        self.ref: Callable[[], Instrument] = ref(self)  # type: ignore[assignment]  # None once its venue is gone
        """What its orders refer to it by, weakly."""
        self.book = Book()
        self.bid_depth = Depth(self.book.bids)
        self.ask_depth = Depth(self.book.asks)
        self.exposures: dict[str, Exposure] = {}
        self.market_quotes: list[BookEntry] = []
        self.opened = listing.mid
        self.flags = listing.flags
        self.delisted = False
        self.expired = False
        self.tick = listing.quote_increment
        self.step = listing.base_increment
        self.digits = digits_of(self.tick)

    @property
    def why_delisted(self) -> str:
        """Why it is traded no more, once it is delisted."""
        contract = self.listing.base.value
        if self.expired and contract is not None:
            return f"{RejectReason.EXPIRED.value}: {self.listing.name} expired at {contract.expiration}"
        return f"{RejectReason.DELISTED.value}: {self.listing.name} is no longer traded"

    def exposure(self, account: str) -> Exposure:
        """Return what an account has open and holds here."""
        exposure = self.exposures.get(account)
        if exposure is None:
            exposure = self.exposures[account] = Exposure()
        return exposure

    def objection(self, order: BookEntry, is_halted: bool) -> str | None:
        """Say why the venue does not take a new order, whose quantity is all that it has left, or None."""
        name = self.listing.name
        if self.delisted:
            return self.why_delisted
        flags = self.flags
        if flags:
            if "Disabled" in flags:
                return f"{RejectReason.PRODUCT_DISABLED.value}: {name} is disabled"
            if "CancelOnly" in flags:
                return f"{RejectReason.CANCEL_ONLY.value}: {name} takes cancels only"
            if "PostOnly" in flags and self.book.crosses(order.buy, order.price):
                return f"{RejectReason.WOULD_TRADE.value}: {name} takes only orders that rest"
        if is_halted:
            return f"{RejectReason.HALTED.value}: {name} is halted"
        if order.price % self.tick:
            tick = text_of_amount(self.tick)
            return f"{RejectReason.OFF_TICK.value}: price {text_of_amount(order.price)} is no multiple of {tick}"
        if order.leaves_qty % self.step:
            quantity, step = text_of_amount(order.leaves_qty), text_of_amount(self.step)
            return f"{RejectReason.OFF_STEP.value}: quantity {quantity} is no multiple of {step}"
        return None

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
