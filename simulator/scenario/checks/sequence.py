"""What a venue can truthfully do to one order, one step after the other."""

from typing import Literal, assert_never, get_args

from simulator.decimals import text_of_amount
from simulator.scenario.amounts import amount, share
from simulator.terms import BILLION

__all__ = ["ORDER_VERBS", "OrderVerb", "StepSequence"]

OrderVerb = Literal["ack", "reject", "fill", "match", "cancel", "expire", "stale", "repeat", "lose"]
ORDER_VERBS: tuple[OrderVerb, ...] = get_args(OrderVerb)
"""The steps that are done to an order."""


class StepSequence:
    """The steps that are done to an order, and what they make of it.

    Args:
        is_new: whether the order is the request's own; else it is one that is to be cancelled.
        most: the most it can be for, in billionths, if that is known.
    """

    def __init__(self, is_new: bool, most: int | None = None) -> None:
        self.is_filled = False
        """Whether any of it is filled."""
        self.is_refused = False
        """Whether its cancel is refused."""
        self._is_new = is_new
        self._most = most
        self._end: str | None = None
        self._acked = False
        self._shares = 0
        self._amounts = 0

    def do(self, verb: OrderVerb, quantity: str = "rest") -> str | None:
        """Do a step, a fill for a quantity as a file states it; return why it cannot be done, which changes nothing."""
        match verb:
            case "ack":
                return self._ack()
            case "reject":
                return self._reject() if self._is_new else self._refuse()
            case "fill":
                return self._after_end("fill it") or self._fill(quantity)
            case "match":
                why = self._after_end("match it")
                self._acked |= why is None
                return why
            case "cancel" | "expire":
                why = self._after_end(f"{verb} it")
                self._end = self._end or ("cancelled" if verb == "cancel" else "expired")
                return why
            case "stale":
                return self._after_end("make it stale")
            case "repeat":
                return None
            case "lose":
                why = self._after_end("lose it")
                self._end = self._end or "lost"
                return why
            case _:
                assert_never(verb)

    def _after_end(self, what: str) -> str | None:
        return None if self._end is None else f"the order is {self._end}, so nothing can {what}"

    def _ack(self) -> str | None:
        if self._acked:
            return "the order is acked already"
        if self._end == "rejected":
            return "the order is rejected, so nothing can ack it"
        self._acked = self._is_new
        return None

    def _reject(self) -> str | None:
        why = self._after_end("reject it")
        if why is None and self._acked:
            why = "the order is acked, so nothing can reject it"
        if why is None and self.is_filled:
            why = "the order has a fill, so nothing can reject it"
        self._end = self._end if why else "rejected"
        return why

    def _refuse(self) -> str | None:
        if self.is_refused:
            return "the cancel is refused already"
        if self._end == "cancelled":
            return "the order is cancelled, so its cancel cannot be refused"
        self.is_refused = True
        return None

    def _fill(self, quantity: str) -> str | None:
        shares, amounts = self._shares, self._amounts
        if quantity == "rest":
            shares, amounts = BILLION, 0
        elif quantity.endswith("%"):
            shares += share(quantity)
        else:
            amounts += amount(quantity)
        if (shares, amounts) == (self._shares, self._amounts):
            return f"a fill of {quantity} is none"
        if shares > BILLION or (shares == BILLION and amounts):
            return "the fills come to more than the order"
        most = self._most
        if most is not None and amounts + most * shares // BILLION > most:
            return f"the fills come to more than {text_of_amount(most)}, the most that the order can be for"
        self._shares, self._amounts = shares, amounts
        self.is_filled = True
        if shares == BILLION or (most is not None and amounts * BILLION + most * shares == most * BILLION):
            self._end = "filled"
        return None
