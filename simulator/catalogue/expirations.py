"""Dates counted from the time at which a world begins, as exchanges list contracts: the second third Friday.

A catalogue gives each such date a name in ``expirations``. A contract whose ``expiration`` is that name expires then,
and ``{name}`` in names of products and symbols is replaced by the date, so that a contract's name, ids and date belong
together whenever the world begins.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from simulator.catalogue.checks import Checks
from simulator.catalogue.entries import Document, ExpirationEntry
from simulator.quoting import quoted
from simulator.terms import BILLION

__all__ = ["Dates", "dates", "fill_in"]

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_ANY: Final = "weekday"
_DAY = re.compile(r"(?:([1-9]\d?)(?:st|nd|rd|th) )?(last )?(\w+)", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_NEXT = re.compile(r"-?\d{1,3}", re.ASCII)
_EACH_MONTH_HAS: Final = {_ANY: 20, **dict.fromkeys(_WEEKDAYS, 4)}
_MOST_REMEMBERED = 4096
_NEVER = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PLACEHOLDER = re.compile(r"\{([^{}:]*):?([^{}:]*)\}")
_CODES: Final = "FGHJKMNQUVXZ"
_FORMS: Final[dict[str, Callable[[date], str]]] = {
    "date": lambda day: f"{day:%Y%m%d}",
    "short": lambda day: f"{day:%y%m%d}",
    "day": lambda day: f"{day.day}{MONTHS[day.month - 1].upper()}{day:%y}",
    "code": lambda day: _code(day.year * 12 + day.month - 1),
    "code+1": lambda day: _code(day.year * 12 + day.month),
}
"""How a date is written in a name: 20240315, 240315, 15MAR24, and its month as futures exchanges write it, H4, or J4
for the month after it, in which what expires before is delivered."""


def _code(month: int) -> str:
    return f"{_CODES[month % 12]}{month // 12 % 10}"


class Dates(NamedTuple):
    """The time of each named date, and from when until before when a world may begin to have the same; nanoseconds."""

    times: dict[str, int]
    since: int
    until: int


class _ExpirationDay(NamedTuple):
    """A day of certain months: the n-th of its kind, from the month's end if n is negative, at a time of day."""

    kind: str
    place: int
    hours: int
    minutes: int
    months: frozenset[int]

    def counted(self, number: int, start: int) -> int:
        """Return the ``number``-th moment after ``start``; 0 is the last one that is not after it."""
        step = 1 if number > 0 else -1
        left = number if number > 0 else 1 - number
        begin = _time_of(start)
        at = begin.year * 12 + begin.month - 1
        while True:
            year, month = divmod(at, 12)
            if month in self.months:
                moment = _in_month(self, year, month + 1)
                left -= (moment > start) is (step > 0)
                if not left:
                    return moment
            at += step


@lru_cache(_MOST_REMEMBERED)
def _in_month(rule: _ExpirationDay, year: int, month: int) -> int:
    """Return the moment in a month, in nanoseconds; every world that begins asks for the same ones."""
    days = [date(year, month, day + 1) for day in range(monthrange(year, month)[1])]
    working = [day for day in days if day.weekday() < len(_WEEKDAYS)]
    fitting = [day for day in working if rule.kind in (_ANY, _WEEKDAYS[day.weekday()])]
    day = fitting[rule.place - 1 if rule.place > 0 else rule.place]
    moment = datetime(day.year, day.month, day.day, rule.hours, rule.minutes, tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(seconds=1) * BILLION


def dates(check: Checks, entries: dict[str, ExpirationEntry], start: int) -> Dates:
    """Return the named dates of a world that begins at ``start``, in nanoseconds.

    One that cannot be read is left out, and remembered.
    """
    times: dict[str, int] = {}
    since, until = -_NEVER, _NEVER
    for name, entry in entries.items():
        where = f"expirations.{name}"
        rule = _rule(check, where, entry)
        if not _NEXT.fullmatch(str(entry.next)):
            wanted = "a whole number, 1 for the first after the start, 0 for the last before it"
            check.wrong(f"{where}.next", f"expected {wanted}, got {quoted(str(entry.next))}")
        elif rule is not None:
            try:
                times[name] = rule.counted(int(entry.next), start)
                since, until = max(since, rule.counted(0, start)), min(until, rule.counted(1, start))
            except (ValueError, OverflowError):
                check.wrong(where, "expected a date within the years 1 to 9999, counted from the start")
    return Dates(times, since, until)


def _rule(check: Checks, where: str, entry: ExpirationEntry) -> _ExpirationDay | None:
    day = _DAY.fullmatch(entry.day)
    place = int(day[1] or 1) if day else 0
    if day is not None and place > _EACH_MONTH_HAS.get(day[3], 0):
        day = None
    if day is None:
        wanted = 'like "3rd Friday", "last Friday" or "8th last weekday"'
        check.wrong(f"{where}.day", f"expected a day that every month has, {wanted}, got {quoted(entry.day)}")
    at = _TIME.fullmatch(entry.at)
    if at is None:
        check.wrong(f"{where}.at", f"expected a time of day in UTC like 14:30, got {quoted(entry.at)}")
    months = [check.one_of(f"{where}.of[{number}]", month, MONTHS) for number, month in enumerate(entry.of)] or MONTHS
    if day is None or at is None or not set(months) <= set(MONTHS):
        return None
    return _ExpirationDay(
        day[3], -place if day[2] else place, int(at[1]), int(at[2]), frozenset(map(MONTHS.index, months))
    )


def fill_in(check: Checks, entries: Document, found: dict[str, int]) -> None:
    """Write dates, given in nanoseconds by their names, into the entries of a catalogue that name them."""
    days = {name: _time_of(moment).date() for name, moment in found.items()}
    for at, product in enumerate(entries.products):
        where = f"products[{at}]"
        product.name = _filled(check, f"{where}.name", product.name, days)
        if product.underlying is not None:
            product.underlying = _filled(check, f"{where}.underlying", product.underlying, days)
        if product.expiration in found:
            product.expiration = f"{_time_of(found[product.expiration]).isoformat()[:19]}Z"
    for at, tradable in enumerate(entries.tradable_products):
        where = f"tradable_products[{at}]"
        tradable.base = _filled(check, f"{where}.base", tradable.base, days)
        tradable.quote = _filled(check, f"{where}.quote", tradable.quote, days)
        if tradable.symbol is not None:
            tradable.symbol = _filled(check, f"{where}.symbol", tradable.symbol, days)


def _filled(check: Checks, where: str, text: str, days: dict[str, date]) -> str:
    if "{" not in text:
        return text

    def written(match: "re.Match[str]") -> str:
        name, form = check.one_of(where, match[1], days), check.one_of(where, match[2] or "date", _FORMS)
        return _FORMS[form](days[name]) if name in days and form in _FORMS else match[0]

    return _PLACEHOLDER.sub(written, text)


def _time_of(moment: int) -> datetime:
    return _EPOCH + timedelta(seconds=moment // BILLION)
