"""Publish/subscribe by path, the gateway's second connection: the exchange's clock, once a second."""

from simulator.gateway.delivery import Delivery
from simulator.gateway.said_times import SaidTimes
from simulator.gateway.session import Session
from simulator.schedule import Schedule
from simulator.terms import BILLION
from simulator.times import text_of_time
from simulator.wire import BadRequest, decode_netidx, encode, replies

__all__ = ["CLOCK_PATH", "Netidx"]

CLOCK_PATH = "/local/architect/core/clock"
"""The path under which the exchange's clock is published."""


class Netidx:
    """Who follows which path.

    Args:
        schedule: the world's time.
        delivery: brings messages to connections.
        times: which time the clock says.
    """

    def __init__(self, schedule: Schedule, delivery: Delivery, times: SaidTimes) -> None:
        self._times = times
        self._schedule = schedule
        self._delivery = delivery
        self._readers: dict[tuple[int, int], Session] = {}
        self._ticks = False

    def receive(self, session: Session, text: str | bytes) -> None:
        """Take one message of a publish/subscribe connection."""
        request = decode_netidx(text)
        if isinstance(request, BadRequest):
            self._complain(session, request.text)
        elif request.type == "Subscribe" and isinstance(request.path, str):
            self._subscribe(session, request.path)
        elif request.type == "Unsubscribe" and isinstance(request.id, int):
            self._readers.pop((session.number, request.id), None)
        else:
            self._complain(session, "expected a Subscribe with a path, or an Unsubscribe with an id")

    def forget(self, session: Session) -> None:
        """A connection is gone, and what it followed with it."""
        for key in [key for key in self._readers if key[0] == session.number]:
            del self._readers[key]

    def _complain(self, session: Session, why: str) -> None:
        self._delivery.reply(session, encode({"type": "Error", "error": why}))

    def _subscribe(self, session: Session, path: str) -> None:
        number = session.next_path()
        now = self._schedule.now
        self._delivery.reply(session, encode(replies.NetidxSubscribed(number)))
        if path != CLOCK_PATH:
            self._delivery.update(session, _event(number, "Unsubscribed", None))
            return
        if not self._ticks:
            self._ticks = True
            self._schedule.at((now // BILLION + 1) * BILLION, self._tick, background=True)
        self._readers[session.number, number] = session
        self._delivery.update(session, _event(number, "Update", text_of_time(self._times.now("clock"))))

    def _tick(self) -> None:
        now = self._schedule.now
        for (_, number), session in list(self._readers.items()):  # who is told may be cut
            self._delivery.update(session, _event(number, "Update", text_of_time(self._times.now("clock"))))
        self._ticks = bool(self._readers)
        if self._ticks:
            self._schedule.at(now + BILLION, self._tick, background=True)


def _event(number: int, kind: str, value: str | None) -> bytes:
    event = replies.NetidxEvent(kind, value)
    return encode(replies.NetidxUpdates([replies.NetidxUpdate(number, event)]))
