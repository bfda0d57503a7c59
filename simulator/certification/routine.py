"""What the kit asks a client to do, and when: the same for every client and every venue."""

from typing import Literal

import msgspec

__all__ = ["DEFAULT", "Cancel", "Instruction", "Submit", "Wait"]


class Submit(msgspec.Struct, frozen=True, tag=True):
    """Send an order.

    Args:
        tag: what the kit calls it.
        side: ``Buy`` or ``Sell``.
        ticks: its price, in ticks above or below the market's.
        units: its quantity in units; no two orders of a routine have the same, so that each is known by it.
    """

    tag: str
    side: Literal["Buy", "Sell"]
    ticks: int
    units: int


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Cancel the order of a tag."""

    tag: str


class Wait(msgspec.Struct, frozen=True, tag=True):
    """Let time pass: ``"2s"``, in the exchange's time."""

    time: str


Instruction = Submit | Cancel | Wait

DEFAULT: tuple[Instruction, ...] = (
    Wait("1s"),
    Submit("resting buy", "Buy", -20, 30),
    Submit("resting sell", "Sell", 20, 40),
    Wait("1s"),
    Submit("marketable buy", "Buy", 1, 20),
    Wait("2s"),
    Cancel("resting sell"),
    Wait("2s"),
    Cancel("resting buy"),
    Submit("replacement", "Buy", -25, 50),
    Wait("5s"),
    Submit("marketable sell", "Sell", -1, 10),
    Wait("2m"),
    Submit("late buy", "Buy", -30, 60),
    Wait("30s"),
)
"""Several orders on both sides: two that rest, two that trade, one cancelled, one replaced, and a quiet while."""
