"""Dates and times as people write them, and the nanoseconds they stand for."""

import re
from datetime import UTC, date, datetime, timedelta

from simulator.terms import BILLION

__all__ = ["DAY", "EPOCH_2024", "parse_span", "parse_time", "text_of_time"]

DAY = 86_400 * BILLION
"""A day in nanoseconds."""

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d)))?", re.ASCII
)
_EPOCH = date(1970, 1, 1).toordinal()


def parse_span(text: str) -> tuple[int, int] | None:
    """Return the first and last nanosecond that a date or an RFC 3339 time names, or None if it is neither.

    A date (``2024-12-20``) is a whole day in UTC; a time (``2024-12-20T14:30:00Z``) is one instant.
    """
    match = _TIME.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        return None
    day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = match.groups()
    try:
        start = (date.fromisoformat(day).toordinal() - _EPOCH) * DAY
    except ValueError:
        return None
    if hour is None:
        return start, start + DAY - 1
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign:
        if int(zone_hours) > 23 or int(zone_minutes) > 59:
            return None
        offset = int(zone_hours) * 3600 + int(zone_minutes) * 60
        seconds += offset if sign == "-" else -offset
    instant = start + seconds * BILLION + int((fraction or "").ljust(9, "0"))
    return instant, instant


def parse_time(text: str) -> tuple[int, str] | None:
    """Return the instant that a date (its midnight) or a time names, with its RFC 3339 text, or None."""
    span = parse_span(text)
    if span is None:
        return None
    second, rest = divmod(span[0], BILLION)
    try:
        moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return None
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return span[0], f"{moment}{fraction}Z"


EPOCH_2024 = 1_704_067_200 * BILLION
"""2024-01-01T00:00:00Z, when time starts unless a scenario or a real clock says otherwise."""


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
