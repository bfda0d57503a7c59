"""The vocabulary that every other module shares: sides, order states, limits, reasons of rejects, refusals."""

import enum
from typing import Any, final

import msgspec

__all__ = [
    "ACKED",
    "BILLION",
    "CANCELED",
    "CANCELING",
    "FILLED",
    "OPEN",
    "OUT",
    "REJECTED",
    "STALE",
    "Dir",
    "FillKind",
    "LimitName",
    "Refusal",
    "RejectReason",
    "flags_of",
]

BILLION = 1_000_000_000
"""Billionths in one, and nanoseconds in a second."""


@final
class Refusal(msgspec.Struct, frozen=True):
    """Why a client's request is refused, in one sentence: what an ``Err`` says."""

    text: str


class _AnyCase(enum.Enum):
    """An enumeration whose members are found by name whatever the case of its letters."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if isinstance(value, str):
            folded = value.lower()
            for member in cls:
                if member.value.lower() == folded:
                    return member
        return None


class Dir(_AnyCase):
    """The side of an order or a fill."""

    BUY = "Buy"
    SELL = "Sell"


class FillKind(enum.Enum):
    """A fill, the reversal of an earlier one, or its correction."""

    NORMAL = "Normal"
    REVERSAL = "Reversal"
    CORRECTION = "Correction"


class LimitName(enum.Enum):
    """The nine limits that a client can set on itself."""

    MAX_ORDER_QTY = "MaxOrderQty"
    MAX_OPEN_QTY = "MaxOpenQty"
    MAX_OPEN_BUY_QTY = "MaxOpenBuyQty"
    MAX_OPEN_SELL_QTY = "MaxOpenSellQty"
    MAX_POSITION = "MaxPosition"
    MAX_OPEN_ORDERS = "MaxOpenOrders"
    MAX_ORDER_DOLLARS = "MaxOrderDollars"
    MAX_OPEN_DOLLARS = "MaxOpenDollars"
    MAX_POSITION_DOLLARS = "MaxPositionDollars"


class RejectReason(enum.Enum):
    """Why a venue, or the risk check before it, refuses an order or a cancel: the first word of the reason's text."""

    LIMIT_EXCEEDED = "LimitExceeded"
    OFF_TICK = "OffTick"
    OFF_STEP = "OffStep"
    PRODUCT_DISABLED = "ProductDisabled"
    CANCEL_ONLY = "CancelOnly"
    WOULD_TRADE = "WouldTrade"
    HALTED = "Halted"
    DELISTED = "Delisted"
    EXPIRED = "Expired"
    INSUFFICIENT_FUNDS = "InsufficientFunds"
    PRICE_OUT_OF_BAND = "PriceOutOfBand"
    DUPLICATE_ORDER = "DuplicateOrder"
    RATE_LIMITED = "RateLimited"
    TOO_LATE_TO_CANCEL = "TooLateToCancel"
    UNKNOWN_ORDER = "UnknownOrder"
    VENUE_UNAVAILABLE = "VenueUnavailable"
    OTHER = "Other"


# An order's state is a set of flags, kept as an integer: enum.Flag costs a microsecond an operation.
OPEN, ACKED, FILLED, CANCELING, CANCELED, REJECTED, OUT, STALE = (1 << bit for bit in range(8))

_FLAG_NAMES = {
    OPEN: "Open",
    ACKED: "Acked",
    FILLED: "Filled",
    CANCELING: "Canceling",
    CANCELED: "Canceled",
    REJECTED: "Rejected",
    OUT: "Out",
    STALE: "Stale",
}
_FLAGS = tuple(
    tuple(name for flag, name in _FLAG_NAMES.items() if state & flag) for state in range(1 << len(_FLAG_NAMES))
)


def flags_of(state: int) -> tuple[str, ...]:
    """Return the names of a state's flags, in the order the wire gives them: ``("Open", "Acked")``."""
    return _FLAGS[state]
