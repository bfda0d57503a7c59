"""The vocabulary that every other module shares: sides, order states, decimals, times, refusals.

Inside the simulator a price, a quantity and a dollar amount are integers in billionths, which is the finest
digit the wire contract knows, so amounts of different products can be compared and added, and a product whose
increments change in mid-session keeps its orders. A time is an integer of nanoseconds since 1970 in UTC.
"""

import enum
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

__all__ = [
    "ACKED",
    "BILLION",
    "CANCELED",
    "CANCELING",
    "EPOCH_2024",
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
    "parse_amount",
    "state_of",
    "text_of_amount",
    "text_of_time",
]

BILLION = 1_000_000_000
"""Billionths in one, and nanoseconds in a second."""

EPOCH_2024 = 1_704_067_200 * BILLION
"""2024-01-01T00:00:00Z, when time starts unless a scenario or a real clock says otherwise."""


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


def state_of(names: tuple[str, ...] | list[str]) -> int:
    """Return the state made of the named flags; raises `ValueError` for a name that is none."""
    flags = {name: flag for flag, name in _FLAG_NAMES.items()}
    state = 0
    for name in names:
        if name not in flags:
            raise ValueError(f"{name!r} is no order state flag")
        state |= flags[name]
    return state


_AMOUNT = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_AMOUNTS: dict[str, int] = {}
_CACHED_AMOUNTS = 1 << 16


def parse_amount(text: str) -> int | None:
    """Return a decimal's text as an integer of billionths, or None if the wire does not allow it.

    Allowed are ASCII digits, at most 15 before the point and 9 after it, with an optional minus sign: no
    exponent, no NaN or Infinity, no underscore. The text is judged before any arithmetic is done on it.
    """
    amount = _AMOUNTS.get(text)
    if amount is not None:
        return amount
    if len(text) > 26 or not (match := _AMOUNT.fullmatch(text)):
        return None
    whole, fraction = match.groups()
    amount = int(whole) * BILLION + (int(fraction.ljust(9, "0")) if fraction else 0)
    if text[0] == "-":
        amount = -amount
    if len(_AMOUNTS) >= _CACHED_AMOUNTS:
        _AMOUNTS.clear()
    _AMOUNTS[text] = amount
    return amount


_TEXTS: dict[tuple[int, int], str] = {}


def text_of_amount(amount: int, digits: int = 0) -> str:
    """Return billionths as a decimal's text, with at least ``digits`` digits after the point and no idle zeros."""
    key = (amount, digits)
    text = _TEXTS.get(key)
    if text is not None:
        return text
    whole, fraction = divmod(abs(amount), BILLION)
    places = f"{fraction:09d}".rstrip("0").ljust(digits, "0")
    text = f"{'-' if amount < 0 else ''}{whole}{'.' if places else ''}{places}"
    if len(_TEXTS) >= _CACHED_AMOUNTS:
        _TEXTS.clear()
    _TEXTS[key] = text
    return text


_SECONDS: dict[int, str] = {}


def text_of_time(nanoseconds: int) -> str:
    """Return a time as RFC 3339 in UTC with nine digits after the second: ``2024-01-01T00:00:00.000000001Z``."""
    second, rest = divmod(nanoseconds, BILLION)
    prefix = _SECONDS.get(second)
    if prefix is None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        if len(_SECONDS) >= 1024:
            _SECONDS.clear()
        prefix = _SECONDS[second] = moment.isoformat()[:19]  # strftime writes the year 999 in three digits
    return f"{prefix}.{rest:09d}Z"
