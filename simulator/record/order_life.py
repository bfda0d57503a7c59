"""What became of an order, as the steps of rules that make it become of one again: its own, and its cancels'."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from simulator.terms import RejectReason

__all__ = ["Change", "Life", "OrderReport", "Script", "delay", "duration_text", "reject_of"]

_MICROSECOND = 1_000
_MILLISECOND = 1_000_000
_BILLIONTH = Decimal("0.000000001")
_DEAREST = Decimal(10) ** 15
_LASTING = {"Acked", "Rejected", "Canceled", "Out"}
_CODES = {reason.value for reason in RejectReason}


class OrderReport(msgspec.Struct, frozen=True):
    """What was said of an order at a time, and by which subscription or query.

    ``at`` is its message's place in the session; ``is_news`` is for what a subscription told of itself.
    """

    time: int
    source: str
    order: str
    state: tuple[str, ...]
    filled: Decimal
    mean: Decimal | None
    at: int = 0
    is_news: bool = True

    def is_like(self, other: "OrderReport | None") -> bool:
        """Tell whether another says the same."""
        return other is not None and (set(self.state), self.filled, self.mean) == (
            set(other.state),
            other.filled,
            other.mean,
        )


class Change(msgspec.Struct):
    """A step at a time; ``at`` is the place in the session of the message that told of it."""

    at: int
    time: int
    step: Any

    @property
    def verb(self) -> str:
        """The name of the step's verb."""
        return self.step if isinstance(self.step, str) else next(iter(self.step))

    def send(self, times: str) -> None:
        """Tell of the step so many times."""
        args = {} if isinstance(self.step, str) else self.step[self.verb]
        self.step = {self.verb: {**args, "send": times}}


class Script:
    """The steps of one rule, as they come about.

    Args:
        began: when the request of the rule came.
    """

    def __init__(self, began: int) -> None:
        self.began = began
        self.changes: list[Change] = []

    @property
    def verbs(self) -> set[str]:
        """The verbs of its steps."""
        return {change.verb for change in self.changes}

    def add(self, change: Change) -> None:
        """Add a change where it belongs by its place in the session."""
        self.changes.append(change)
        self.changes.sort(key=lambda change: change.at)

    def steps(self) -> list[Any]:
        """Return the steps, with delays between them."""
        steps: list[Any] = []
        last = self.began
        for change in self.changes:
            waited = delay(change.time - last)
            steps += [*waited, change.step]
            last = change.time if waited else last
        return steps


class Life:
    """The life of an order, told report by report.

    Args:
        began: when it was sent.
        cancels: the places and times of the requests to cancel it that the endpoint took.
        tick: the price increment, to which the prices of fills are rounded.
        quantity: what was ordered.
        reason: why it was rejected, if it was.
    """

    def __init__(
        self, began: int, cancels: Iterable[tuple[int, int]], tick: Decimal, quantity: Decimal, reason: str
    ) -> None:
        self.own = Script(began)
        self.cancels = {at: Script(time) for at, time in cancels}
        self.is_out = False
        self.is_followed = False
        """Whether a subscription told of it."""
        self.was_open = False
        """Whether it was told to be open."""
        self.is_illegal = False
        """Whether more was told to be filled than was ordered, or anything of an order that was no longer there."""
        self._quantity = quantity
        self._filled = Decimal(0)
        self._tick = tick
        self._reason = reason
        self._refused: set[int] = set()
        self._worth = Decimal(0)
        self._flags: frozenset[str] = frozenset()
        self._fill: tuple[Decimal, Decimal] | None = None
        self._last: OrderReport | None = None
        self._told: Change | None = None
        self._stale: Change | None = None

    def tell(self, report: OrderReport) -> None:
        """Tell what was said of the order next."""
        if report.is_news and report.is_like(self._last):
            if self._told is not None:
                self._told.send("twice")
                self._told = None
            return
        place = self._place(report)
        changes = [Change(report.at, self._time(report), step) for step in self._steps(report, place)]
        is_lost = self.is_followed and not report.is_news
        for change in changes if is_lost else changes[:-1]:
            change.send("never")
        script = self.own if place is None else self.cancels[place]
        for change in changes:
            script.add(change)
        self._told = changes[-1] if changes and report.is_news else None
        self._stale = next((change for change in changes if change.verb == "stale"), self._stale)
        self._last = report if report.is_news else self._last
        self.is_followed |= report.is_news
        self._flags = frozenset(report.state) | (self._flags & _LASTING)
        self.is_out |= "Out" in report.state
        self.was_open |= "Open" in report.state

    def _time(self, report: OrderReport) -> int:
        """Return when a report's steps are done: at once if the first thing that is told of an order is its reject."""
        return self.own.began if "Rejected" in report.state and not self._flags else report.time

    def _place(self, report: OrderReport) -> int | None:
        """Return the place of the cancel that a report comes after and that is not refused, if there is one."""
        asked = [at for at in self.cancels if at < report.at]
        return None if not asked or asked[-1] in self._refused else asked[-1]

    def _steps(self, report: OrderReport, cancel: int | None) -> list[Any]:
        """Return the steps from what was so to what a report says."""
        found: list[Any] = []
        new = set(report.state) - self._flags
        if "Rejected" in new:
            found.append({"reject": reject_of(self._reason) or {"code": "Other", "text": self._reason}})
        if "Acked" in new:
            found.append("ack")
        found += self._fills(report)
        if "Canceled" in new:
            found.append("cancel")
        if cancel is not None and "Canceling" in self._flags and not {"Canceling", "Out"} & set(report.state):
            self._refused.add(cancel)
            found.append("reject")
        return found + self._doubts(report)

    def _doubts(self, report: OrderReport) -> list[Any]:
        """Return the step that makes an order's state uncertain; when it is certain again, that one says so."""
        if "Stale" in report.state:
            return [] if "Stale" in self._flags else ["stale"]
        if self._stale is not None:
            self._stale.step = {"stale": {"for": duration_text(report.time - self._stale.time)}}
            self._stale = None
        return []

    def _fills(self, report: OrderReport) -> list[Any]:
        """Return the step that fills an order, or amends its last fill."""
        is_gone = bool({"Canceled", "Rejected"} & self._flags) and report.filled > self._filled
        self.is_illegal |= report.filled > self._quantity or is_gone
        if report.filled > self._filled:
            return [self._new_fill(report)]
        if report.filled == self._filled or self._fill is None or self.is_illegal or not report.is_news:
            return []
        quantity, price = self._fill
        taken = self._filled - report.filled
        if taken > quantity:
            return []
        self._filled = report.filled
        self._worth -= quantity * price
        if taken == quantity:
            self._fill = None
            return ["bust"]
        left = quantity - taken
        price = self._rounded(((report.mean or Decimal(0)) * report.filled - self._worth) / left)
        self._fill, self._worth = (left, price), self._worth + left * price
        return [{"correct": {"quantity": _text(left), "price": _text(price)}}]

    def _new_fill(self, report: OrderReport) -> Any:
        quantity = report.filled - self._filled
        price = self._rounded(((report.mean or Decimal(0)) * report.filled - self._worth) / quantity)
        self._filled, self._worth, self._fill = report.filled, self._worth + price * quantity, (quantity, price)
        return {"fill": {"quantity": _text(quantity), "price": _text(price)}}

    def _rounded(self, price: Decimal) -> Decimal:
        """Return a price as a multiple of the tick; none at all for one that is beyond all bounds."""
        if not -_DEAREST < price < _DEAREST:
            return Decimal(0)
        return (price / self._tick).quantize(Decimal(1), ROUND_HALF_EVEN) * self._tick


def reject_of(text: str) -> dict[str, str] | None:
    """Return what a ``reject`` takes to say a text; None if none says it."""
    code, colon, rest = text.partition(": ")
    if code not in _CODES or bool(colon) is not bool(rest):
        return None
    return {"code": code, "text": rest} if rest else {"code": code}


def duration_text(nanoseconds: int) -> str:
    """Return a time in the file's words, to the microsecond."""
    return f"{max(0, nanoseconds) // _MICROSECOND * _MICROSECOND / _MILLISECOND:.10g}ms"


def delay(nanoseconds: int) -> list[Any]:
    """Return the step that waits for so long, or none for less than a millisecond."""
    return [{"delay": duration_text(nanoseconds)}] if nanoseconds >= _MILLISECOND else []


def _text(value: Decimal) -> str:
    text = f"{value.quantize(_BILLIONTH):f}"
    return text.rstrip("0").rstrip(".")
