"""How messages reach their connections: after how long, in which order, and in what shape."""

from collections.abc import Callable
from functools import partial

from simulator.gateway.outgoing import Abort, Outgoing, Pongs, RawBytes, text_frame
from simulator.gateway.session import Session, Trouble
from simulator.journal.journal import Journal
from simulator.scenario.latency import Legs
from simulator.schedule import Agenda
from simulator.terms import BILLION

__all__ = ["Delivery"]

_FOREVER = 1 << 80
_DRIP_EVERY = 50_000_000
"""How often a slow connection gets a few bytes, in nanoseconds."""


class Delivery:
    """Brings messages to connections.

    Args:
        agenda: the world's time.
        journal: where it is written down what happens to a message on purpose.
        legs: the delays of the scenario; None for a world without any.
    """

    def __init__(self, agenda: Agenda, journal: Journal, legs: Legs | None = None) -> None:
        self._agenda = agenda
        self._journal = journal
        self._reply = legs.reply if legs else None
        self._update = legs.update if legs else None
        self._reorder = legs.reorder if legs else False
        self.cut: Callable[[Session], None] = lambda session: session.say(Abort(), agenda.now)
        """Cuts a connection; who keeps the connections has a way of its own."""
        self.replies_twice = False
        """Whether each reply is sent twice at the moment."""

    def reply(self, session: Session, message: bytes) -> None:
        """Send the reply to a request."""
        if self._reply is None and session.trouble is None and session.is_open and not self.replies_twice:
            session.say(message, self._agenda.now)
            return
        for _ in range(2 if self.replies_twice else 1):
            self._carry(session, message, self._reply)

    def update(self, session: Session, message: bytes) -> None:
        """Send a message of a subscription."""
        if self._update is None and session.trouble is None and session.is_open:
            session.say(message, self._agenda.now)
        else:
            self._carry(session, message, self._update)

    def _carry(self, session: Session, message: bytes, draw: Callable[[], int] | None) -> None:
        due = self._agenda.now + (draw() if draw is not None else 0)
        if not self._reorder:
            trouble = _trouble(session)
            due = trouble.last_due = max(due, trouble.last_due)
        if due > self._agenda.now:
            self._agenda.at(due, lambda: self._arrive(session, message))
        else:
            self._arrive(session, message)

    # What a connection does to its messages

    def _arrive(self, session: Session, message: bytes) -> None:
        """A message has come to the end of its way, where the connection itself may be troubled."""
        if not session.is_open:
            self._note(session, "lost", message)
            return
        trouble = session.trouble
        if trouble is None:
            session.say(message, self._agenda.now)
            return
        item: Outgoing = self._damage(session, trouble, message) if trouble.damages else message
        if trouble.stalled_until > self._agenda.now:
            trouble.kept.append(item)
            self._note(session, "kept", message)
        else:
            self._put(session, trouble, item)

    def _put(self, session: Session, trouble: Trouble, item: Outgoing) -> None:
        if trouble.bytes_per_second and isinstance(item, bytes):
            self._drip(session, trouble, text_frame(item))
        elif trouble.drips_until > self._agenda.now:
            self._agenda.at(trouble.drips_until, lambda: self._write(session, item))
        else:
            self._write(session, item)

    def _write(self, session: Session, item: Outgoing) -> None:
        self._say_if_open(session, item)
        if isinstance(item, RawBytes):  # a frame cut short is the last thing on its connection
            self.cut(session)

    def _drip(self, session: Session, trouble: Trouble, data: bytes) -> None:
        """Write a frame a few bytes at a time, behind what still drips."""
        agenda = self._agenda
        piece = max(1, trouble.bytes_per_second * _DRIP_EVERY // BILLION)
        pause = piece * BILLION // trouble.bytes_per_second
        due = max(agenda.now, trouble.drips_until)
        for start in range(0, len(data), piece):
            part = RawBytes(data[start : start + piece], more=start + piece < len(data))
            agenda.at(due, partial(self._say_if_open, session, part))
            due += pause
        trouble.drips_until = due

    def _say_if_open(self, session: Session, item: Outgoing) -> None:
        if session.is_open:
            session.say(item, self._agenda.now)

    def _damage(self, session: Session, trouble: Trouble, message: bytes) -> Outgoing:
        """Return what comes of a message on a connection that damages its next ones."""
        what = trouble.damages.popleft()
        self._note(session, "corrupt", f"{what}: {message.decode(errors='replace')}")
        match what:
            case "json":
                return message[: max(1, len(message) * 2 // 3)]
            case "utf8":
                middle = len(message) // 2
                return message[:middle] + b"\xff\xfe" + message[middle:]
            case "id":
                return _with_other_id(message)
            case _:
                frame = text_frame(message)
                return RawBytes(frame[: max(2, len(frame) // 2)])

    # Trouble on purpose

    def stall(self, session: Session, what: str, nanoseconds: int | None) -> None:
        """Let a connection stand still: its data, its pongs or all; for good if no time is given."""
        agenda = self._agenda
        until = _FOREVER if nanoseconds is None else agenda.now + nanoseconds
        self._note(session, "stall", what)
        if what in ("data", "all"):
            _trouble(session).stalled_until = until
            if nanoseconds is not None:
                agenda.at(until, lambda: self._resume(session))
        if what in ("pong", "all"):
            _trouble(session).silent_until = until
            session.say(Pongs(False), agenda.now)
            if nanoseconds is not None:
                agenda.at(until, lambda: self._answer_pings(session))

    def _resume(self, session: Session) -> None:
        trouble = _trouble(session)
        if trouble.stalled_until <= self._agenda.now:
            kept, trouble.kept = trouble.kept, []
            if session.is_open:
                for item in kept:
                    self._put(session, trouble, item)

    def _answer_pings(self, session: Session) -> None:
        if _trouble(session).silent_until <= self._agenda.now:
            self._say_if_open(session, Pongs(True))

    def slow(self, session: Session, bytes_per_second: int, nanoseconds: int | None) -> None:
        """Let a connection drip."""
        self._note(session, "slow", f"{bytes_per_second} bytes a second")
        trouble = _trouble(session)
        trouble.bytes_per_second = bytes_per_second
        trouble.slow_until = _FOREVER
        if nanoseconds is not None:
            trouble.slow_until = self._agenda.now + nanoseconds
            self._agenda.at(trouble.slow_until, lambda: self._hasten(trouble))

    def _hasten(self, trouble: Trouble) -> None:
        if trouble.slow_until <= self._agenda.now:
            trouble.bytes_per_second = 0

    def corrupt(self, session: Session, what: str, messages: int) -> None:
        """Let a connection damage its next messages."""
        _trouble(session).damages.extend([what] * messages)

    def _note(self, session: Session, kind: str, data: bytes | str) -> None:
        self._journal.write(self._agenda.now, session.number, kind, data)


def _trouble(session: Session) -> Trouble:
    """Return what troubles a connection, if only a little so far."""
    if session.trouble is None:
        session.trouble = Trouble()
    return session.trouble


def _with_other_id(message: bytes) -> bytes:
    """Return a reply under the id of another request."""
    start = message.find(b'"id":') + 5
    end = message.find(b",", start)
    if start < 5 or end < 0:
        return message
    number = message[start:end]
    other = b"%d" % (int(number) + 1_000_000) if number.isdigit() else b"1000000"
    return message[:start] + other + message[end:]
