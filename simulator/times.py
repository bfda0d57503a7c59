"""Dates and times as people write them, and the nanoseconds they stand for."""

import re
from datetime import UTC, date, datetime

from simulator.terms import BILLION

__all__ = ["DAY", "parse_span", "parse_time"]

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
