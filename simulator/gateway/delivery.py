"""How messages reach their connections: after how long, in which order, and in what shape."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import assert_never

from simulator.gateway.outgoing import Abort, Outgoing, Pongs, RawBytes, text_frame
from simulator.gateway.session import ConnectionFaults, Session
from simulator.gateway.sessions import Sessions
from simulator.journal.journal import Journal
from simulator.scenario.latency import Latencies
from simulator.scenario.steps import Damage, Standstill
from simulator.schedule import Schedule
from simulator.terms import BILLION

__all__ = ["Delivery"]

_FOREVER = 1 << 80
_DRIP_EVERY = 50_000_000
"""How often a slow connection gets a few bytes, in nanoseconds."""


class Delivery:
    """Brings messages to connections.

    Args:
        schedule: the world's time.
        journal: where it is written down what happens to a message on purpose.
        latencies: the delays of the scenario.
        sessions: ends the connections that damage cuts.
    """

    def __init__(self, schedule: Schedule, journal: Journal, latencies: Latencies, sessions: Sessions) -> None:
        self._schedule = schedule
        self._journal = journal
        self._reply = latencies.reply
        self._update = latencies.update
        self._reorder = latencies.reorder
        self._sessions = sessions
        self.is_heard = True
        """Whether anybody hears what is said: nobody does while inputs are done again that were answered before."""
        self._copies = 1

    def reply(self, session: Session, message: bytes) -> None:
        """Send the reply to a request."""
        if self._reply is None and session.faults is None and session.is_open and self._copies == 1:
            if self.is_heard:
                session.enqueue(message, self._schedule.now)
            return
        for _ in range(self._copies):
            self._carry(session, message, self._reply)

    @contextmanager
    def sending_replies(self, copies: int) -> Iterator[None]:
        """Send each reply so many times within the ``with``."""
        self._copies = copies
        try:
            yield
        finally:
            self._copies = 1

    def update(self, session: Session, message: bytes) -> None:
        """Send a message of a subscription."""
        if self._update is None and session.faults is None and session.is_open:
            if self.is_heard:
                session.enqueue(message, self._schedule.now)
        else:
            self._carry(session, message, self._update)

    def is_direct(self, session: Session) -> bool:
        """Tell whether an update on a connection is there at once, and as it is."""
        return self._update is None and session.faults is None

    def note_conflated(self, session: Session, times: int, number: bytes) -> None:
        """Write down that a slow connection was not told of so many messages of a subscription, but of a newer one."""
        self._note(session, "conflated", f"{times} messages of subscription {number.decode()}")

    def _carry(self, session: Session, message: bytes, draw: Callable[[], int] | None) -> None:
        due = self._schedule.now + (draw() if draw is not None else 0)
        if not self._reorder:
            faults = _faults(session)
            due = faults.last_due = max(due, faults.last_due)
        if due > self._schedule.now:
            self._schedule.at(due, lambda: self._arrive(session, message))
        else:
            self._arrive(session, message)

    # What a connection does to its messages

    def _arrive(self, session: Session, message: bytes) -> None:
        """A message has come to the end of its way, where the connection may have faults of its own."""
        if not session.is_open:
            self._note(session, "lost", message)
            return
        faults = session.faults
        if faults is None:
            self._enqueue_if_open(session, message)
            return
        items = self._damage(session, faults, message) if faults.damages else (message,)
        if faults.stalled_until > self._schedule.now:
            faults.kept.extend(items)
            self._note(session, "kept", message)
        else:
            for item in items:
                self._put(session, faults, item)

    def _put(self, session: Session, faults: ConnectionFaults, item: Outgoing) -> None:
        if faults.bytes_per_second and isinstance(item, bytes):
            self._drip(session, faults, text_frame(item))
        elif faults.drips_until > self._schedule.now:
            self._schedule.at(faults.drips_until, lambda: self._write(session, item))
        else:
            self._write(session, item)

    def _write(self, session: Session, item: Outgoing) -> None:
        if isinstance(item, Abort):
            self._sessions.abort(session)
        else:
            self._enqueue_if_open(session, item)

    def _drip(self, session: Session, faults: ConnectionFaults, data: bytes) -> None:
        """Write a frame a few bytes at a time, behind what still drips."""
        schedule = self._schedule
        piece = max(1, faults.bytes_per_second * _DRIP_EVERY // BILLION)
        pause = piece * BILLION // faults.bytes_per_second
        due = max(schedule.now, faults.drips_until)
        for start in range(0, len(data), piece):
            part = RawBytes(data[start : start + piece], more=start + piece < len(data))
            schedule.at(due, partial(self._enqueue_if_open, session, part))
            due += pause
        faults.drips_until = due

    def _enqueue_if_open(self, session: Session, item: Outgoing) -> None:
        if session.is_open and self.is_heard:
            session.enqueue(item, self._schedule.now)

    def _damage(self, session: Session, faults: ConnectionFaults, message: bytes) -> tuple[Outgoing, ...]:
        """Return what goes out instead of a message on a connection that damages its next ones."""
        what = faults.damages.popleft()
        self._note(session, "corrupt", f"{what}: {message.decode(errors='replace')}")
        match what:
            case "json":
                return (message[: max(1, len(message) * 2 // 3)],)
            case "utf8":
                middle = len(message) // 2
                return (message[:middle] + b"\xff\xfe" + message[middle:],)
            case "id":
                return (_with_other_id(message),)
            case "frame":
                frame = text_frame(message)
                return RawBytes(frame[: max(2, len(frame) // 2)]), Abort()
            case _:
                assert_never(what)

    # Faults on purpose

    def stall(self, session: Session, what: Standstill, nanoseconds: int | None) -> None:
        """Let a connection stand still: its data, its pongs or all; for good if no time is given."""
        schedule = self._schedule
        until = _FOREVER if nanoseconds is None else schedule.now + nanoseconds
        self._note(session, "stall", what)
        if what in ("data", "all"):
            _faults(session).stalled_until = until
            if nanoseconds is not None:
                schedule.at(until, lambda: self._resume(session))
        if what in ("pong", "all"):
            _faults(session).silent_until = until
            session.enqueue(Pongs(False), schedule.now)
            if nanoseconds is not None:
                schedule.at(until, lambda: self._answer_pings(session))

    def _resume(self, session: Session) -> None:
        faults = _faults(session)
        if faults.stalled_until <= self._schedule.now:
            kept, faults.kept = faults.kept, []
            if session.is_open:
                for item in kept:
                    self._put(session, faults, item)

    def _answer_pings(self, session: Session) -> None:
        if _faults(session).silent_until <= self._schedule.now:
            self._enqueue_if_open(session, Pongs(True))

    def slow(self, session: Session, bytes_per_second: int, nanoseconds: int | None) -> None:
        """Let a connection drip."""
        self._note(session, "slow", f"{bytes_per_second} bytes a second")
        faults = _faults(session)
        faults.bytes_per_second = bytes_per_second
        faults.slow_until = _FOREVER
        if nanoseconds is not None:
            faults.slow_until = self._schedule.now + nanoseconds
            self._schedule.at(faults.slow_until, lambda: self._hasten(faults))

    def _hasten(self, faults: ConnectionFaults) -> None:
        if faults.slow_until <= self._schedule.now:
            faults.bytes_per_second = 0

    def corrupt(self, session: Session, what: Damage, messages: int) -> None:
        """Let a connection damage its next messages."""
        _faults(session).damages.extend([what] * messages)

    def heal(self, session: Session) -> None:
        """End what a scenario does to a connection, and send what was kept."""
        faults = session.faults
        if faults is not None:
            now = self._schedule.now
            faults.damages.clear()
            faults.bytes_per_second = 0
            was_silent = faults.silent_until > now
            faults.stalled_until = min(faults.stalled_until, now)
            faults.silent_until = min(faults.silent_until, now)
            self._resume(session)
            if was_silent:
                self._answer_pings(session)

    def _note(self, session: Session, kind: str, data: bytes | str) -> None:
        self._journal.write(self._schedule.now, session.number, kind, data)


def _faults(session: Session) -> ConnectionFaults:
    """Return a connection's faults, none yet if it has had none."""
    if session.faults is None:
        session.faults = ConnectionFaults()
    return session.faults


def _with_other_id(message: bytes) -> bytes:
    """Return a reply under the id of another request."""
    start = message.find(b'"id":') + 5
    end = message.find(b",", start)
    if start < 5 or end < 0:
        return message
    number = message[start:end]
    other = b"%d" % (int(number) + 1_000_000) if number.isdigit() else b"1000000"
    return message[:start] + other + message[end:]
