"""What a subscription is about: each kind of it has a topic, which those who see the same have in common."""

import msgspec

from simulator.exchange.instrument import Instrument

__all__ = [
    "AlertsTopic",
    "BookTopic",
    "CandlesTopic",
    "ConsolidatedBookTopic",
    "OrdersTopic",
    "QuotesTopic",
    "ShownTopic",
    "ToldTopic",
    "Topic",
    "TradesTopic",
]


class OrdersTopic(msgspec.Struct, frozen=True):
    """The orders that the connection may see."""

    instruments: tuple[Instrument, ...] = ()


class AlertsTopic(msgspec.Struct, frozen=True):
    """Alerts whose path is ``path`` or lies below it."""

    path: str
    instruments: tuple[Instrument, ...] = ()


class _OfOne(msgspec.Struct, frozen=True):
    instrument: Instrument

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments that it is about."""
        return (self.instrument,)


class TradesTopic(_OfOne, frozen=True):
    """The trades of one instrument."""


class CandlesTopic(_OfOne, frozen=True):
    """The candles of one instrument; ``width`` is how long each is, in nanoseconds."""

    width: int


class BookTopic(_OfOne, frozen=True):
    """The book of one instrument; a bucket of prices is ``ticks`` wide, each of which is as long as it is now."""

    ticks: int


class ConsolidatedBookTopic(msgspec.Struct, frozen=True):
    """The books of several instruments as one; ``bucket`` is how wide a bucket of prices is, in billionths."""

    instruments: tuple[Instrument, ...]
    bucket: int


class QuotesTopic(msgspec.Struct, frozen=True):
    """Quotes from the books of several instruments for a ``quantity`` in billionths."""

    instruments: tuple[Instrument, ...]
    quantity: int


ShownTopic = BookTopic | ConsolidatedBookTopic | QuotesTopic
"""What is shown as it stands, the newest of it if a client reads slowly."""
ToldTopic = OrdersTopic | AlertsTopic | TradesTopic | CandlesTopic
"""What is told message by message, none of them left out."""
Topic = ToldTopic | ShownTopic
