"""What the client did in a session, as a script that does it again and expects what came."""

from collections.abc import Container, Iterator
from typing import Any

from simulator.record.accounts import Accounts
from simulator.record.order_life import OrderReport, duration_text
from simulator.record.reading import RecordedEvent, RecordedRequest, RecordedSession
from simulator.scenario.values import decoded, message_of, text_of
from simulator.terms import BILLION
from simulator.wire.codec import REQUEST_TYPES, BadRequest, decode

__all__ = ["steps_of"]

_SHORTEST_WAIT = 5_000_000
_PATIENCE = 5
_FIRST_TARGET = "/architect"
_BY_CLIENT = ("in", "open")


def steps_of(reading: RecordedSession, accounts: Accounts, refused: Container[int]) -> list[dict[str, Any]]:
    """Return the steps of a session's client.

    Args:
        reading: the session.
        accounts: what the accounts are called.
        refused: the places of requests that the gateway refuses by itself, at once.
    """
    return list(_StepFinder(reading, accounts, refused).all())


class _StepFinder:
    """Finds the steps; ``_last`` is the time that a replay has come to, ``_names`` what orders are called by then."""

    def __init__(self, reading: RecordedSession, accounts: Accounts, refused: Container[int]) -> None:
        self._reading = reading
        self._accounts = accounts
        self._refused = refused
        self._last = reading.began
        self._names = dict(reading.numbers)

    def all(self) -> Iterator[dict[str, Any]]:
        for at, seen in enumerate(self._reading.session):
            if seen.kind == "out":
                yield from self._heard(at, seen)
            elif seen.kind != "refused":
                yield from self._done(at, seen)

    # What came

    def _heard(self, at: int, seen: RecordedEvent) -> Iterator[dict[str, Any]]:
        """Yield the steps that wait for what a message said, if no other step does."""
        for report in self._reading.reports.get(at, ()):
            if report.order in self._names and report.source.startswith("updates"):
                yield self._awaited(report, seen)
                self._last = max(self._last, seen.time)
        message = self._extra(at)
        if message is not None:
            yield {"await": {"message": message, "within": self._patience(seen)}, **_on(seen.connection)}
            self._last = max(self._last, seen.time)

    def _extra(self, at: int) -> Any:
        """Return what is to be awaited of a message in an answer's place, or of an answer that came before."""
        if (request := self._reading.garbled.get(at)) is not None:
            return message_of(self._accounts.garbled(request, self._reading.numbers).encode())
        if at in self._reading.repeats:
            response = decoded(self._reading.session[at].data)["response"]
            return {"response": self._accounts.answer(self._reading.answers[at], self._names, response)}
        return None

    def _awaited(self, report: OrderReport, seen: RecordedEvent) -> dict[str, Any]:
        wanted = {
            "on": f"${report.source}",
            "order_id": self._names[report.order],
            "state": list(report.state),
            "filled_qty": f"{report.filled:f}",
            "within": self._patience(seen),
        }
        return {"await": wanted}

    def _patience(self, seen: RecordedEvent) -> str:
        """Return how long to wait for what took so long, in whole seconds and with some to spare."""
        return f"{max(0, seen.time - self._last) // BILLION + _PATIENCE}s"

    # What was done

    def _done(self, at: int, seen: RecordedEvent) -> Iterator[dict[str, Any]]:
        if seen.time - self._last >= _SHORTEST_WAIT and not seen.by_endpoint:
            yield {"wait": duration_text(seen.time - self._last)}
        request = self._reading.requests.get(at)
        if request is not None:
            self._last = max(self._last, seen.time)
            yield self._sent(request)
            is_at_once = request.subscribes or at in self._refused
            self._last = max(self._last, seen.time if is_at_once else request.answered or 0)
        elif not (seen.kind == "open" and seen.connection == 1 and seen.data == _FIRST_TARGET):
            yield self._other(seen)
            self._last = max(self._last, seen.time)

    def _other(self, seen: RecordedEvent) -> dict[str, Any]:
        on = _on(seen.connection)
        if seen.kind == "open":
            return {"connect": self._accounts.in_text(seen.data), **on}
        if seen.kind == "in":
            return {"raw": self._accounts.in_text(seen.data), **on}
        if seen.by_endpoint:
            return {"await": {"closed": int(seen.data), "within": self._patience(seen)}, **on}
        return {"disconnect": True, **on}

    def _sent(self, request: RecordedRequest) -> dict[str, Any]:
        if request.complaint is not None:
            return self._sent_wrong(request, request.complaint)
        fields = self._accounts.in_data(request.fields, self._names)
        if request.type == "Unsubscribe":
            followed = self._reading.asked.get((request.connection, str(request.id)))
            ended = f"${followed.name}" if followed is not None and followed.name else request.id
            return {"send": {"type": "Unsubscribe", "id": ended}, **_on(request.connection)}
        step: dict[str, Any] = {"send": fields, **_on(request.connection)}
        if request.order is not None:
            self._names[request.order] = self._reading.names[request.order]
        if request.name is not None:
            step["as"] = request.name
        elif request.answered is not None:
            step["reply"] = self._accounts.answer(request, self._names)
        elif request.garbled is None:
            until = self._until(request)
            step |= {"reply": "never", "within": duration_text(until - request.time)}
            self._last = max(self._last, until)
        return step

    def _until(self, request: RecordedRequest) -> int:
        """Return until when the client can have waited for an answer that never came."""
        for seen in self._reading.session[request.at + 1 :]:
            if seen.kind in _BY_CLIENT or (seen.kind == "close" and seen.connection == request.connection):
                return seen.time
        return self._reading.session[-1].time

    def _sent_wrong(self, request: RecordedRequest, complaint: str) -> dict[str, Any]:
        """Return the step for a message that is no request: as data if that is as wrong, else as it came."""
        complaint = self._accounts.in_text(complaint)
        fields = self._accounts.in_data(request.fields, self._names)
        step: dict[str, Any] = {"send": fields} if _complaint(fields) == complaint else {}
        step = step or {"raw": self._accounts.in_text(request.text)}
        step |= _on(request.connection)
        if request.refusal is not None:
            refusal = self._accounts.in_text(request.refusal)
            step["reply"] = {"Err": refusal} if refusal == complaint else "Err"
        return step


def _on(connection: int) -> dict[str, str]:
    return {} if connection == 1 else {"on": f"connection{connection}"}


def _complaint(fields: dict[str, Any]) -> str | None:
    """Return what the decoder says of a request of a known type with these fields, if it cannot read it."""
    if not isinstance(fields.get("type"), str) or fields["type"] not in REQUEST_TYPES:
        return None
    try:
        read = decode(text_of({"id": 1, **fields}))
    except ValueError:  # no text that can be sent
        return None
    return read.text if isinstance(read, BadRequest) else None
