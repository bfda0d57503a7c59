"""What became of an order, as the steps that make it become of one again."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

__all__ = ["View", "delay", "duration_text", "life_of"]

_MICROSECOND = 1_000
_MILLISECOND = 1_000_000
_BILLIONTH = Decimal("0.000000001")


class View(msgspec.Struct, frozen=True):
    """What was said of an order at a time, and by which subscription or query."""

    time: int
    source: str
    order: str
    state: tuple[str, ...]
    filled: Decimal
    mean: Decimal | None


def duration_text(nanoseconds: int) -> str:
    """Return a time in the file's words, to the microsecond."""
    return f"{max(0, nanoseconds) // _MICROSECOND * _MICROSECOND / _MILLISECOND:.10g}ms"


def delay(nanoseconds: int) -> list[Any]:
    """Return the step that waits for so long, or none for less than a millisecond."""
    return [{"delay": duration_text(nanoseconds)}] if nanoseconds >= _MILLISECOND else []


def life_of(began: int, views: Iterable[View], cancels: Iterable[int], tick: Decimal, reason: str) -> list[Any]:
    """Return the steps of an order's life from when it was sent.

    Args:
        began: when it was sent.
        views: what was said of it, in its order, by one source.
        cancels: when the client asked for its end and was not refused; an end after that needs no step.
        tick: the price increment, to which the prices of fills are rounded.
        reason: why it was rejected, if it was.
    """
    steps: list[Any] = []
    cancels = list(cancels)
    acked, filled, worth = False, Decimal(0), Decimal(0)
    for view in views:
        found: list[Any] = []
        if "Rejected" in view.state:
            found.append({"reject": {"code": "Other", "text": reason}})
        if "Acked" in view.state and not acked:
            acked = True
            found.append("ack")
        if view.filled > filled:
            quantity = view.filled - filled
            price = ((view.mean or Decimal(0)) * view.filled - worth) / quantity
            price = (price / tick).quantize(Decimal(1), ROUND_HALF_EVEN) * tick
            filled, worth = view.filled, worth + price * quantity
            found.append({"fill": {"quantity": _text(quantity), "price": _text(price)}})
        if "Canceled" in view.state and not any(time <= view.time for time in cancels):
            found.append("cancel")
        if found:
            steps += [*delay(view.time - began), *found]
            began = view.time
        if "Out" in view.state:
            break
    return steps


def _text(value: Decimal) -> str:
    text = f"{value.quantize(_BILLIONTH):f}"
    return text.rstrip("0").rstrip(".")
