"""What somebody waits for: a question that a shell asks again whenever something has happened."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from simulator.control.infos import FillInfo, OrderInfo, SentInfo
from simulator.control.patterns import Pattern, SentWhen
from simulator.control.reading import fill_info, order_info
from simulator.errors import Failure
from simulator.journal.journal import Journal
from simulator.journal.queries import Received, Search, explain
from simulator.scenario.awaiting import Awaited, Piece, pieces
from simulator.scenario.model import Await
from simulator.scenario.values import decoded
from simulator.simulation import Simulation
from simulator.times import text_of_time

__all__ = ["WaitCondition", "wait_for_fills", "wait_for_messages", "wait_for_orders", "wait_for_requests"]

_T = TypeVar("_T")
_RECENT = 200


class WaitCondition(Generic[_T]):
    """Something that is waited for.

    Args:
        what: it, in words.
        count: how many of it there must be.
        found: returns those that there are.
        explain: returns in lines what came near; empty if nothing did.
    """

    def __init__(self, what: str, count: int, found: Callable[[], list[_T]], explain: Callable[[], str]) -> None:
        self._what = what
        self._count = count
        self._found = found
        self._explain = explain

    def ask(self) -> list[_T] | None:
        """Return all that there is of it, if that is enough; else None."""
        found = self._found()
        return found if len(found) >= self._count else None

    def failure(self, within: str) -> Failure:
        """Return what is to be said when there has not been enough ``within`` a time, with what came nearest."""
        text = f"expected {self._count} of {self._what} within {within}, got {len(self._found())}"
        return Failure("exchange", text, self._explain())


def wait_for_requests(simulation: Simulation, when: Any, count: int) -> WaitCondition[Received]:
    """Return a wait for requests, or events of connections, that a ``when`` is for."""
    journal, catalogue = simulation.journal, simulation.catalogue
    search = Search(when, catalogue)
    said = str(_said(when))
    return WaitCondition(said, count, lambda: search.look(journal), lambda: explain(journal, when, catalogue))


def wait_for_orders(simulation: Simulation, when: Any, count: int) -> WaitCondition[OrderInfo]:
    """Return a wait for orders that are as an `OrderWhen` says."""

    def orders() -> list[OrderInfo]:
        return [order_info(order) for order in simulation.venue.orders.values()]

    return _wait_for_infos("orders", when, count, orders)


def wait_for_fills(simulation: Simulation, when: Any, count: int) -> WaitCondition[FillInfo]:
    """Return a wait for fills that are as a `FillWhen` says."""

    def fills() -> list[FillInfo]:
        return [fill_info(fill, simulation) for fill in simulation.venue.fills]

    return _wait_for_infos("fills", when, count, fills)


_Info = TypeVar("_Info", bound=msgspec.Struct)


def _wait_for_infos(
    what: str, when: msgspec.Struct, count: int, infos: Callable[[], list[_Info]]
) -> WaitCondition[_Info]:
    pattern = Pattern(when)

    def found() -> list[_Info]:
        return [info for info in infos() if not pattern.differences(info)]

    def explain() -> str:
        misses = [(info, lacks) for info in infos() if (lacks := pattern.differences(info))]
        if not misses:
            return ""
        nearest, lacking = min(reversed(misses), key=lambda miss: len(miss[1]))
        return "\n".join([f"nearest: {nearest}", *(f"  {lack}" for lack in lacking)])

    return WaitCondition(f"{what} with {_said(when)}", count, found, explain)


def wait_for_messages(simulation: Simulation, when: SentWhen, count: int) -> WaitCondition[SentInfo]:
    """Return a wait for messages that were sent to clients and are as a `SentWhen` says."""
    said = _said(when)
    line = None if when.connection is None else str(when.connection)
    wanted = Await(**{name: getattr(when, name) for name in said if name != "connection"})
    search = _SentSearch(simulation.journal, Awaited(wanted, line, {}, []))
    return WaitCondition(f"messages sent with {said}", count, search.look, search.nearest)


class _SentSearch:
    """Looks for messages through each line of a journal once."""

    def __init__(self, journal: Journal, awaited: Awaited) -> None:
        self._journal = journal
        self._awaited = awaited
        self._line = 0
        self._found: list[SentInfo] = []

    def look(self) -> list[SentInfo]:
        for line, (time, connection, kind, data), _ in self._journal.since(self._line):
            self._line = line
            if kind == "out":
                message = _data(data)
                if any(map(self._awaited.fits, pieces(str(connection), message))):
                    self._found.append(SentInfo(line, text_of_time(time), connection, message))
        return self._found

    def nearest(self) -> str:
        last = max(0, self._journal.written - _RECENT)
        recent: list[Piece] = []
        for _, (_, connection, kind, data), _ in self._journal.since(last):
            if kind == "out":
                recent += pieces(str(connection), _data(data))
        return "\n".join(self._awaited.nearest(recent))


def _data(message: bytes) -> Any:
    """Return a message's JSON as data, or its text if it is none."""
    try:
        return decoded(message)
    except ValueError:
        return message.decode(errors="backslashreplace")


def _said(when: msgspec.Struct) -> Any:
    """Return what is said in a struct, as a test may have said it."""
    return decoded(msgspec.json.encode(when))
