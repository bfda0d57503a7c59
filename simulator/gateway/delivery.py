"""How messages reach their connections: after how long, in which order, and in what shape."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from simulator.byte_budget import Budget
from simulator.gateway.connection_faults import ConnectionFaults, damaged
from simulator.gateway.outgoing import Abort, Outgoing, Pongs, size_of, text_frame
from simulator.gateway.session import Session, Subscription
from simulator.gateway.sessions import Sessions
from simulator.gateway.transit import Drip, Transit
from simulator.journal.journal import Journal
from simulator.scenario.latency import Latencies
from simulator.scenario.steps import Damage, Standstill
from simulator.schedule import Schedule
from simulator.terms import BILLION
from simulator.wire import ok

__all__ = ["Delivery"]

_FOREVER = 1 << 80
_MOST_FOR_ONE = 1 << 25
_MOST = 1 << 28
"""How many bytes may wait for one connection, and for all."""
_OVERHEAD = 300
"""What keeping anything costs besides its own bytes, more or less."""
_MOST_DAMAGES = 1000


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
        self._latencies = latencies
        self._reply = latencies.reply
        self._update = latencies.update
        self._reorder = latencies.reorder
        self._sessions = sessions
        self.budget = Budget(_MOST_FOR_ONE, _MOST)
        """How much is kept for connections: what is on its way, stalled or dripping, and requests that wait."""
        self.is_heard = True
        """Whether anybody hears what is said: nobody does while inputs are done again that were answered before."""
        self._copies = 1

    def reply(self, session: Session, message: bytes) -> None:
        """Send the reply to a request."""
        if self._reply is None and session.faults is None and session.is_open and self._copies == 1:
            if self.is_heard:
                session.put(message)
                self._journal.write_out(self._schedule.now, session.number, message)
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

    def tell(self, subscriptions: Iterable[Subscription], body: bytes) -> None:
        """Send a message of each of these subscriptions, in their order; all have one body, in JSON."""
        is_direct = self._update is None and self.is_heard
        now, journal = self._schedule.now, self._journal
        messages: dict[bytes, bytes] = {}
        connections: list[int] = []
        sent: list[bytes] = []
        for subscription in subscriptions:
            message = messages.get(subscription.id)
            if message is None:
                message = messages[subscription.id] = ok(subscription.id, body)
            session = subscription.session
            if is_direct and session.faults is None and session.is_open:
                session.put(message)
                connections.append(session.number)
                sent.append(message)
            else:
                journal.write_all_out(now, connections, sent)
                connections, sent = [], []
                self.update(session, message)
        journal.write_all_out(now, connections, sent)

    def is_direct(self, session: Session) -> bool:
        """Tell whether an update on a connection is there at once, and as it is."""
        return self._update is None and session.faults is None

    def note_conflated(self, session: Session, times: int, number: bytes) -> None:
        """Write down that a slow connection was not told of so many messages of a subscription, but of a newer one."""
        self._note(session, "conflated", f"{times} messages of subscription {number.decode()}")

    def _carry(self, session: Session, message: bytes, draw: Callable[[], int] | None) -> None:
        due = self._schedule.now + (draw() if draw is not None else 0)
        if not session.is_open:
            self._note(session, "lost", message)
            return
        faults = self._faults(session)
        if not self._reorder:
            due = faults.last_due = max(due, faults.last_due)
        if due > self._schedule.now:
            faults.transit.send(message, due)
            self._hold(session, len(message) + _OVERHEAD)
        else:
            self._arrive(session, message)

    def _come(self, session: Session, message: bytes) -> None:
        self.budget.free(session.number, len(message) + _OVERHEAD)
        self._arrive(session, message)

    def forget(self, session: Session) -> None:
        """Drop what is on its way to a connection that has ended."""
        faults = session.faults
        if faults is None:
            return
        number = session.number
        for message in faults.transit.drop():
            self.budget.free(number, len(message) + _OVERHEAD)
            self._note(session, "lost", message)
        self.budget.free(number, sum(map(size_of, faults.kept)) + faults.drip.drop())
        faults.kept.clear()

    # How much waits

    def keep(self, session: Session, size: int) -> None:
        """Count a request of a connection, of so many bytes, that has to wait."""
        self._hold(session, size + _OVERHEAD)

    def let_go(self, session: Session, size: int) -> None:
        """Count a request that waits no longer."""
        self.budget.free(session.number, size + _OVERHEAD)

    def _hold(self, session: Session, size: int) -> None:
        """Count bytes that are kept for a connection, and give one up if they are too many, for it or for all."""
        if self.budget.hold(session.number, size):
            return
        too_much = session
        if not self.budget.is_over(session.number):
            too_much = max(self._sessions.open.values(), key=lambda one: self.budget.of(one.number), default=session)
        self._sessions.give_up(too_much, f"{self.budget.of(too_much.number)} bytes wait for it")

    # What a connection does to its messages

    def _arrive(self, session: Session, message: bytes) -> None:
        """A message has come to the end of its way, where the connection may have faults of its own."""
        faults = session.faults
        if faults is None:
            self._enqueue_if_open(session, message)
            return
        items = self._damage(session, faults, message) if faults.damages else (message,)
        if faults.stalled_until > self._schedule.now:
            faults.kept.extend(items)
            self._note(session, "kept", message)
            self._hold(session, sum(map(size_of, items)))
        else:
            for item in items:
                self._put(session, faults, item)

    def _put(self, session: Session, faults: ConnectionFaults, item: Outgoing) -> None:
        if not session.is_open:
            return
        if faults.bytes_per_second and isinstance(item, bytes):
            frame = text_frame(item)
            faults.drip.put_slowly(frame, faults.bytes_per_second)
            self._hold(session, len(frame))
        elif faults.drip.is_busy:
            faults.drip.put(item)
            self._hold(session, size_of(item))
        else:
            self._write(session, item)

    def _drip(self, session: Session, item: Outgoing) -> None:
        self.budget.free(session.number, size_of(item))
        self._write(session, item)

    def _write(self, session: Session, item: Outgoing) -> None:
        if isinstance(item, Abort):
            self._sessions.abort(session)
        else:
            self._enqueue_if_open(session, item)

    def _enqueue_if_open(self, session: Session, item: Outgoing) -> None:
        if session.is_open and self.is_heard:
            session.enqueue(item, self._schedule.now)

    def _damage(self, session: Session, faults: ConnectionFaults, message: bytes) -> tuple[Outgoing, ...]:
        """Return what goes out instead of a message on a connection that damages its next ones."""
        what, times = faults.damages.popleft()
        if times > 1:
            faults.damages.appendleft((what, times - 1))
        self._note(session, "corrupt", f"{what}: {message.decode(errors='replace')}")
        return damaged(what, message)

    # Faults on purpose

    def stall(self, session: Session, what: Standstill, nanoseconds: int | None) -> None:
        """Let a connection stand still: its data, its pongs or all; for good if no time is given."""
        schedule = self._schedule
        until = _FOREVER if nanoseconds is None else schedule.now + nanoseconds
        self._note(session, "stall", what if nanoseconds is None else f"{what} for {nanoseconds / BILLION:g} s")
        if what in ("data", "all"):
            self._faults(session).stalled_until = until
            if nanoseconds is not None:
                schedule.at(until, partial(self._resume, session))
        if what in ("pong", "all"):
            self._faults(session).silent_until = until
            session.enqueue(Pongs(False), schedule.now)
            if nanoseconds is not None:
                schedule.at(until, partial(self._answer_pings, session))

    def _resume(self, session: Session) -> None:
        faults = self._faults(session)
        if faults.stalled_until <= self._schedule.now:
            kept, faults.kept = faults.kept, []
            for item in kept:
                self.budget.free(session.number, size_of(item))
                self._put(session, faults, item)

    def _answer_pings(self, session: Session) -> None:
        if self._faults(session).silent_until <= self._schedule.now:
            self._enqueue_if_open(session, Pongs(True))

    def slow(self, session: Session, bytes_per_second: int, nanoseconds: int | None) -> None:
        """Let a connection drip."""
        self._note(session, "slow", f"{bytes_per_second} bytes a second")
        faults = self._faults(session)
        faults.bytes_per_second = bytes_per_second
        faults.slow_until = _FOREVER
        if nanoseconds is not None:
            faults.slow_until = self._schedule.now + nanoseconds
            self._schedule.at(faults.slow_until, partial(self._hasten, faults))

    def _hasten(self, faults: ConnectionFaults) -> None:
        if faults.slow_until <= self._schedule.now:
            faults.bytes_per_second = 0

    def corrupt(self, session: Session, what: Damage, messages: int) -> None:
        """Let a connection damage its next messages."""
        damages = self._faults(session).damages
        if damages and damages[-1][0] == what:
            messages += damages.pop()[1]
        if len(damages) < _MOST_DAMAGES:
            damages.append((what, messages))
        else:
            self._note(session, "skipped", f"corrupt: more than {_MOST_DAMAGES} kinds of damage wait for messages")

    def end_latency(self) -> None:
        """Let what is sent from now on arrive at once, behind what is on its way."""
        self._latencies.end()
        self._reply = self._update = None

    def heal(self, session: Session) -> None:
        """End what a scenario does to a connection, and send what was kept."""
        faults = session.faults
        if faults is not None:
            now = self._schedule.now
            faults.damages.clear()
            faults.bytes_per_second = 0
            faults.drip.finish()
            was_silent = faults.silent_until > now
            faults.stalled_until = min(faults.stalled_until, now)
            faults.silent_until = min(faults.silent_until, now)
            self._resume(session)
            if was_silent:
                self._answer_pings(session)

    def _faults(self, session: Session) -> ConnectionFaults:
        """Return a connection's faults, none yet if it has had none."""
        if session.faults is None:
            transit = Transit(self._schedule, partial(self._come, session))
            session.faults = ConnectionFaults(transit, Drip(self._schedule, partial(self._drip, session)))
        return session.faults

    def _note(self, session: Session, kind: str, data: bytes | str) -> None:
        self._journal.write(self._schedule.now, session.number, kind, data)
