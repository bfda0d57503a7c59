"""What a test can ask and do, by the calls of control: for an exchange in this process, and for one elsewhere."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Unpack, overload

import msgspec

from simulator.control.calls import BookQuery, HoldName, NewRules, NewSteps, ReceivedQuery, Switch, Until
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    LimitInfo,
    OrderInfo,
    RuleInfo,
    SentInfo,
    SessionInfo,
    StateInfo,
)
from simulator.errors import Failure, SimulatorError, UnmetExpectation
from simulator.journal.lines import JournalLine
from simulator.journal.queries import Received
from simulator.testing.loops import PATIENCE, in_thread, refuse_to_block
from simulator.testing.received import ReceivedRequests

if TYPE_CHECKING:
    from simulator.control.words import FillWhenWords, OrderWhenWords, SentWhenWords
    from simulator.scenario.words import RuleWords, StepWords, WhenWords

__all__ = ["ExchangeMethods"]


class ExchangeMethods(ABC):
    """What can be asked of an exchange and done to it, wherever it runs."""

    @abstractmethod
    def _make(self, name: str, body: msgspec.Struct | None = None, part: str = "") -> Any:
        """Make a call of `simulator.control.calls`, and return what it gives."""

    @abstractmethod
    def _await(self, name: str, body: ReceivedQuery | Until, is_over: Callable[[], bool] = bool) -> list[Any]:
        """Make a call that waits, until ``is_over``; raises `UnmetExpectation`."""

    @abstractmethod
    def _wake(self) -> None:
        """Let who waits look again at whether it is over."""

    @abstractmethod
    def _nearest(self, query: ReceivedQuery) -> Any:
        """Return what came nearest to a query that found nothing."""

    @abstractmethod
    def _unmet(self, failures: list[Failure]) -> UnmetExpectation:
        """Return the error of expectations that do not hold."""

    @abstractmethod
    def journal_since(self, line: int) -> list[JournalLine]:
        """Return what has happened behind a line of the journal."""

    @abstractmethod
    def _pass_time(self, time: str | int | timedelta | None, to: str | None, next: bool, timeout: float) -> str:
        """Let time pass as `advance` says."""

    # What is so

    @property
    def state(self) -> StateInfo:
        """How it stands: its clock, its times, how much there is of what."""
        state: StateInfo = self._make("state")
        return state

    # What is true, whatever the client was told

    @property
    def orders(self) -> list[OrderInfo]:
        """Every order that is kept, oldest first."""
        orders: list[OrderInfo] = self._make("orders")
        return orders

    def order(self, order_id: str) -> OrderInfo:
        """Return an order; raises `simulator.errors.UnknownName` for one that there is not."""
        order: OrderInfo = self._make("order", part=order_id)
        return order

    @property
    def fills(self) -> list[FillInfo]:
        """Every fill that is kept, oldest first."""
        fills: list[FillInfo] = self._make("fills")
        return fills

    def book(self, product: str) -> BookInfo:
        """Return a product's book by name or id: ``bids`` and ``asks``, best first.

        Raises `simulator.errors.ScenarioError` for a product that there is not, with the nearest that there is.
        """
        book: BookInfo = self._make("book", BookQuery(product))
        return book

    @property
    def limits(self) -> list[LimitInfo]:
        """The limits in force."""
        limits: list[LimitInfo] = self._make("limits")
        return limits

    @property
    def sessions(self) -> list[SessionInfo]:
        """The open connections."""
        sessions: list[SessionInfo] = self._make("sessions")
        return sessions

    @property
    def rules(self) -> list[RuleInfo]:
        """The rules, each with how often it has fired and what nearly made it fire."""
        rules: list[RuleInfo] = self._make("rules")
        return rules

    @property
    def held(self) -> list[HeldInfo]:
        """The rules that wait for a `release`."""
        held: list[HeldInfo] = self._make("held")
        return held

    @property
    def due(self) -> list[DueInfo]:
        """What happens by itself, the next first."""
        due: list[DueInfo] = self._make("due")
        return due

    @property
    def journal(self) -> list[JournalLine]:
        """Everything that has happened, each entry with the line of its cause; messages as data."""
        return self.journal_since(0)

    # What a test does

    def advance(
        self,
        time: str | int | timedelta | None = None,
        *,
        to: str | None = None,
        next: bool = False,
        timeout: float = PATIENCE,
    ) -> str:
        """Let time pass on a clock that stands: ``"250ms"``, a timedelta, or an integer of nanoseconds.

        ``to`` says the time itself, and ``next`` goes to the next thing that is due. Returns, when all that was due has
        been written out, the time to which it has come. Raises `simulator.errors.ClockRuns` on a clock that goes by
        itself, and `SimulatorError`, which says what has happened, if it takes more than ``timeout`` seconds.
        """
        return self._pass_time(time, to, next, timeout)

    async def advance_async(
        self,
        time: str | int | timedelta | None = None,
        *,
        to: str | None = None,
        next: bool = False,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - the same words as advance
    ) -> str:
        """Let time pass as `advance` does, while the loop that the client runs on goes on; on asyncio or trio."""
        return await in_thread(lambda: self.advance(time, to=to, next=next, timeout=timeout))

    def release(self, name: str) -> None:
        """Let go on whatever a rule holds under a name; raises `SimulatorError` for one that no rule holds."""
        self._make("release", HoldName(name))

    def do(self, *steps: StepWords) -> None:
        """Do anything that a rule's step can do: ``exchange.do({"trade": {...}})``.

        A step about an order says which: ``{"fill": {"order": "last", "quantity": "40%"}}``, or ``all``, or an id.
        Raises `SimulatorError` for a step that is none, that needs a request, that names what there is not, or that
        could not be done; of what comes after a ``delay`` or a ``hold``, the journal alone tells.
        """
        self._make("do", NewSteps(list(steps)))

    def set_rules(self, rules: Sequence[RuleWords]) -> None:
        """Replace the scenario's rules; their counters begin anew."""
        self._make("set_rules", NewRules(list(rules)))

    def switch_rule(self, name: str, is_on: bool) -> None:
        """Switch a rule on or off; raises `simulator.errors.UnknownName` for one that there is not."""
        self._make("switch_rule", Switch(is_on), name)

    def close_connections(self, code: int = 1012, reason: str = "") -> None:
        """Close every connection with a code."""
        self.do({"disconnect": {"code": code, "reason": reason, "session": "all"}})

    # What a test expects

    def received(self, **when: Unpack[WhenWords]) -> ReceivedRequests:
        """Return the requests that have come and match: ``exchange.received(request="SendLimitOrder", dir="Buy")``.

        The words are those of a rule's ``when``. Raises `simulator.errors.ScenarioError` for a word that is none.
        """

        query = ReceivedQuery(_data(when), count=0)
        found = self._await("received", query)
        return ReceivedRequests(found, None if found else self._nearest(query))

    def never(self, **when: Unpack[WhenWords]) -> None:
        """Expect that no matching request has come; raises `simulator.errors.UnmetExpectation` if one has."""
        found = self.received(**when)
        if found:
            text = f"expected never {when}, got {len(found)}; first: {found[0]}"
            raise self._unmet([Failure("exchange", text)])

    def wait_for(self, *, count: int = 1, timeout: float = 5.0, **when: Unpack[WhenWords]) -> list[Received]:
        """Wait until so many matching requests have come, and return them.

        ``timeout`` is in seconds of the wall's time. Raises `simulator.errors.UnmetExpectation` when it is over,
        with the nearest request that did come. In an async test, `until` does the same without blocking the loop.
        """
        refuse_to_block("wait_for")
        return self._await("received", ReceivedQuery(_data(when), count, timeout))

    @overload
    def wait_until(self, *, order: OrderWhenWords, count: int = 1, timeout: float = 5.0) -> list[OrderInfo]: ...

    @overload
    def wait_until(self, *, fill: FillWhenWords, count: int = 1, timeout: float = 5.0) -> list[FillInfo]: ...

    @overload
    def wait_until(self, *, sent: SentWhenWords, count: int = 1, timeout: float = 5.0) -> list[SentInfo]: ...

    def wait_until(
        self,
        *,
        order: OrderWhenWords | None = None,
        fill: FillWhenWords | None = None,
        sent: SentWhenWords | None = None,
        count: int = 1,
        timeout: float = 5.0,
    ) -> list[Any]:
        """Wait until so many orders or fills are as is said, or such messages have been sent, and return them.

        The words for an order and for a fill are the fields of `orders` and `fills`, compared as a rule's ``when``
        compares: ``wait_until(order={"order_id": "1", "state": ["Acked", "Filled", "Out"]})``, where a list of states
        is all of them. The words for a message are those of an ``await`` of a scenario's client:
        ``wait_until(sent={"order_id": "1", "filled_qty": 1})``. Raises `simulator.errors.UnmetExpectation` when the
        time is over, with what came nearest. In an async test, `until` does the same without blocking the loop.
        """
        refuse_to_block("wait_until")
        return self._await("wait", _until(order, fill, sent, count, timeout))

    @overload
    async def until(self, *, order: OrderWhenWords, count: int = 1, timeout: float = 5.0) -> list[OrderInfo]: ...  # noqa: ASYNC109 - the same words as wait_until

    @overload
    async def until(self, *, fill: FillWhenWords, count: int = 1, timeout: float = 5.0) -> list[FillInfo]: ...  # noqa: ASYNC109

    @overload
    async def until(self, *, sent: SentWhenWords, count: int = 1, timeout: float = 5.0) -> list[SentInfo]: ...  # noqa: ASYNC109

    @overload
    async def until(self, *, count: int = 1, timeout: float = 5.0, **when: Unpack[WhenWords]) -> list[Received]: ...  # noqa: ASYNC109

    async def until(
        self,
        *,
        order: OrderWhenWords | None = None,
        fill: FillWhenWords | None = None,
        sent: SentWhenWords | None = None,
        count: int = 1,
        timeout: float = 5.0,  # noqa: ASYNC109 - the same words as wait_for
        **when: Unpack[WhenWords],
    ) -> list[Any]:
        """Wait as `wait_until` does, or as `wait_for` if no truth is said; on asyncio or trio."""
        is_about_truth = any(said is not None for said in (order, fill, sent))
        if is_about_truth and when:
            raise SimulatorError("until: expected either order, fill or sent, or the words of a when, got both")
        is_over = threading.Event()

        def wait() -> list[Any]:
            if is_about_truth:
                return self._await("wait", _until(order, fill, sent, count, timeout), is_over.is_set)
            return self._await("received", ReceivedQuery(_data(when), count, timeout), is_over.is_set)

        try:
            return await in_thread(wait)
        finally:
            is_over.set()  # who is cancelled leaves no thread behind that waits on
            self._wake()


def _data(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said in typed words as data."""
    return dict(words)


def _until(
    order: Mapping[str, Any] | None,
    fill: Mapping[str, Any] | None,
    sent: Mapping[str, Any] | None,
    count: int,
    timeout: float,
) -> Until:
    order, fill, sent = (None if words is None else dict(words) for words in (order, fill, sent))
    return Until(order, fill, sent, count, timeout)
