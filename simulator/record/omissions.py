"""What of a session is not in its recording: left out on purpose, or told otherwise when it is replayed."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from simulator.journal.journal import JournalEntry
from simulator.record.accounts import Accounts
from simulator.record.order_life import OrderReport, duration_text
from simulator.record.reading import STATES, RecordedEvent, RecordedRequest, RecordedSession
from simulator.scenario.values import decoded

__all__ = ["differences", "left_out"]

_KINDS = ("open", "in", "out")
_LATE = 50_000_000
_NO_UNICODE = "\ufffd"


def left_out(session: Iterable[RecordedEvent]) -> list[str]:
    """Return what of a session no recording has, a line each: market data, and what the language has no word for."""
    reading = RecordedSession(session)
    counts = Counter(_unkept(reading, at, seen) for at, seen in enumerate(reading.session))
    lines = [f"{count} message{'s' * (count != 1)} of {what}" for what, count in counts.items() if what is not None]
    lines += _hastened(reading)
    for seen in reading.session:
        if seen.kind == "refused":
            lines.append(f"a connection that was refused: {seen.data}")
        elif _NO_UNICODE in seen.data:
            lines.append(f"a message with bytes that are no UTF-8, for which U+FFFD stands: {seen.data!r}")
    return lines


def differences(
    session: Iterable[RecordedEvent], journal: Iterable[JournalEntry], keep_accounts: bool = False
) -> list[str]:
    """Return where a recording's replay told a client something else than it was told, a line each.

    Args:
        session: what passed when it was recorded.
        journal: what happened when the recording was replayed.
        keep_accounts: whether accounts are called as they were.

    Average prices are compared to the fewest digits that the endpoint said of one.
    """
    reading = RecordedSession(session)
    replayed = RecordedSession(
        RecordedEvent(time, connection, kind, data.decode(errors="replace") if isinstance(data, bytes) else str(data))
        for time, connection, kind, data in journal
        if kind in _KINDS
    )
    means = [report.mean for reports in reading.reports.values() for report in reports if report.mean is not None]
    unit = max((Decimal(1).scaleb(_exponent(mean)) for mean in means), default=Decimal(1))
    seen = _told(reading, Accounts(reading, keep_accounts), unit)
    came = _told(replayed, Accounts(replayed, keep=True), unit)
    return [*_lines("lacks", seen - came), *_lines("adds", came - seen)]


def _lines(verb: str, told: Counter[str]) -> list[str]:
    return [f"{verb} {text}" + (f", {count} times" if count > 1 else "") for text, count in told.items()]


def _hastened(reading: RecordedSession) -> list[str]:
    """Return the line for replies to orders that were late, where a replay tells the order's updates after them."""
    told = {
        report.order: report.at
        for reports in reversed(reading.reports.values())
        for report in reports
        if report.is_news
    }
    times = [
        request.answered - request.time
        for order, request in reading.orders.items()
        if request.answered is not None and request.copies == 1 and told.get(order, 0) > request.answered_at
    ]
    late = max(times, default=0)
    return [f"the time until orders were answered, up to {duration_text(late)}"] if late >= _LATE else []


def _unkept(reading: RecordedSession, at: int, seen: RecordedEvent) -> str | None:
    """Return what a message is that no recording has."""
    if seen.kind != "out":
        return None
    if not reading.is_gateway(seen.connection):
        return f"{reading.targets[seen.connection].partition('?')[0]}"
    request = reading.answers.get(at)
    if request is not None and request.subscribes and request.type != STATES:
        return f"{request.type} (market data)"
    return None


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


def _told(reading: RecordedSession, accounts: Accounts, unit: Decimal) -> Counter[str]:
    """Count what a client was told, in words that are the same for all sessions alike; means in whole units."""
    return Counter(
        text
        for at, seen in enumerate(reading.session)
        if seen.kind == "out" and _unkept(reading, at, seen) is None
        for text in _texts(reading, accounts, unit, at, seen)
    )


def _texts(reading: RecordedSession, accounts: Accounts, unit: Decimal, at: int, seen: RecordedEvent) -> Iterator[str]:
    request = reading.answers.get(at)
    if request is None:
        garbled = reading.garbled.get(at)
        text = accounts.in_text(seen.data) if garbled is None else accounts.garbled(garbled, reading.numbers)
        yield f"the message {text!r} on connection {seen.connection}"
    elif request.complaint is None and request.type == STATES and reading.reports.get(at):
        yield from (_said(report, reading.names, unit) for report in reading.reports[at])
    else:
        response = accounts.answer(request, reading.names, decoded(seen.data)["response"])
        yield f"the reply to {_called(request)}: {json.dumps(response, default=str, ensure_ascii=False)}"


def _called(request: RecordedRequest) -> str:
    return "a message that is no request" if request.complaint is not None else f"{request.type} {request.nth}"


def _said(report: OrderReport, names: dict[str, str], unit: Decimal) -> str:
    order: Any = names.get(report.order, report.order)
    mean = "" if report.mean is None else f" at {report.mean.quantize(unit).normalize():f}"
    state = ", ".join(report.state)
    return f"the update of {order} on {report.source}: {state}; filled {report.filled.normalize():f}{mean}"
