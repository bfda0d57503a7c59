"""What somebody waits for: a question that a shell asks again whenever something has happened."""

import re
from collections.abc import Callable, Iterable, Reversible
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec

from simulator.control.infos import FillInfo, OrderInfo, SentInfo
from simulator.control.patterns import Pattern, SentWhen
from simulator.control.reading import fill_info, order_info
from simulator.errors import Failure
from simulator.journal.journal import Journal
from simulator.journal.queries import Received, Search, explain
from simulator.parts import Parts, Turns, in_parts
from simulator.scenario.awaiting import Awaited, Piece, pieces
from simulator.scenario.model import Await
from simulator.scenario.values import decoded
from simulator.simulation import Simulation
from simulator.times import text_of_time
from simulator.wildcards import has_wildcard

__all__ = ["WaitCondition", "wait_for_fills", "wait_for_messages", "wait_for_orders", "wait_for_requests"]

_T = TypeVar("_T")
_RECENT = 200
_AT_ONCE = 250
"""How many orders, fills or messages one part of a search goes through."""
_NUMBER = re.compile("[1-9][0-9]{0,18}")


class WaitCondition(Generic[_T]):
    """Something that is waited for.

    Args:
        what: it, in words.
        count: how many of it there must be.
        found: returns those that there are.
        explain: returns in lines what came near; empty if nothing did.
    """

    def __init__(
        self, what: str, count: int, found: Callable[[], Parts[list[_T]]], explain: Callable[[], Parts[str]]
    ) -> None:
        self._what = what
        self._count = count
        self._found = found
        self._explain = explain

    @in_parts
    def ask(self) -> Turns[list[_T] | None]:
        """Return all that there is of it, if that is enough; else None."""
        found = yield from self._found()
        return found if len(found) >= self._count else None

    @in_parts
    def failure(self, within: str) -> Turns[Failure]:
        """Return what is to be said when there has not been enough ``within`` a time, with what came nearest."""
        found = yield from self._found()
        text = f"expected {self._count} of {self._what} within {within}, got {len(found)}"
        return Failure("exchange", text, (yield from self._explain()))


def wait_for_requests(simulation: Simulation, when: Any, count: int) -> WaitCondition[Received]:
    """Return a wait for requests, or events of connections, that a ``when`` is for."""
    journal, catalogue = simulation.journal, simulation.catalogue
    search = Search(when, catalogue)
    said = str(_said(when))
    return WaitCondition(said, count, lambda: search.look(journal), lambda: explain(journal, when, catalogue))


def wait_for_orders(simulation: Simulation, when: Any, count: int) -> WaitCondition[OrderInfo]:
    """Return a wait for orders that are as an `OrderWhen` says."""
    orders, number = simulation.venue.orders, _order_number(when)

    def meant() -> Iterable[OrderInfo]:
        some = orders.values() if number is None else filter(None, [orders.get(number)])
        return map(order_info, list(some))

    def near() -> Iterable[OrderInfo]:
        return (number and list(meant())) or map(order_info, _last(orders.values()))

    return _wait_for_infos("orders", when, count, meant, near)


def wait_for_fills(simulation: Simulation, when: Any, count: int) -> WaitCondition[FillInfo]:
    """Return a wait for fills that are as a `FillWhen` says."""
    fills, number = simulation.venue.fills, _order_number(when)

    def meant() -> Iterable[FillInfo]:
        some = [fill for fill in fills if number is None or fill.order_id == number]
        return (fill_info(fill, simulation) for fill in some)

    def near() -> Iterable[FillInfo]:
        return (number and list(meant())) or [fill_info(fill, simulation) for fill in _last(fills)]

    return _wait_for_infos("fills", when, count, meant, near)


def _order_number(when: Any) -> int | None:
    """Return the number of the one order that is meant, if one is: then no other is looked at, however many there are.

    That of an order that there cannot be is 0.
    """
    said = when.order_id
    if not isinstance(said, str) or has_wildcard(said):
        return None
    return int(said) if _NUMBER.fullmatch(said) else 0


def _last(things: Reversible[_T]) -> list[_T]:
    """Return the last of things, in their order."""
    return list(islice(reversed(things), _RECENT))[::-1]


_Info = TypeVar("_Info", bound=msgspec.Struct)


def _wait_for_infos(
    what: str,
    when: msgspec.Struct,
    count: int,
    meant: Callable[[], Iterable[_Info]],
    near: Callable[[], Iterable[_Info]],
) -> WaitCondition[_Info]:
    pattern = Pattern(when)

    @in_parts
    def found() -> Turns[list[_Info]]:
        infos = []
        for number, info in enumerate(meant(), 1):
            if not pattern.differences(info):
                infos.append(info)
            if number % _AT_ONCE == 0:
                yield None
        return infos

    @in_parts
    def explain() -> Turns[str]:
        misses = [(info, lacks) for info in near() if (lacks := pattern.differences(info))]
        if not misses:
            return ""
        yield None
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

    @in_parts
    def look(self) -> Turns[list[SentInfo]]:
        for came in self._journal.since_in_parts(self._line, _AT_ONCE):
            if came is None:
                yield None
                continue
            line, (time, connection, kind, data), _ = came
            self._line = line
            if kind == "out":
                message = _data(data)
                if any(map(self._awaited.fits, pieces(str(connection), message))):
                    self._found.append(SentInfo(line, text_of_time(time), connection, message))
        return self._found

    @in_parts
    def nearest(self) -> Turns[str]:
        last = max(0, self._journal.written - _RECENT)
        recent: list[Piece] = []
        for _, (_, connection, kind, data), _ in self._journal.since(last):
            if kind == "out":
                recent += pieces(str(connection), _data(data))
        yield None
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
