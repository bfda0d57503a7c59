"""The connections of one world: who may open one, who is there, and how one ends."""

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qs

from simulator.did_you_mean import nearest
from simulator.gateway.outgoing import Abort, Close
from simulator.gateway.session import GATEWAY, NETIDX, Session
from simulator.journal.journal import Journal
from simulator.quoting import quoted
from simulator.schedule import Schedule
from simulator.wire.hello import GREETED

__all__ = ["PATHS", "Refused", "Sessions", "read_target"]

PATHS = (GREETED, "/", "/netidx")
"""Where a client may connect."""

QUERY = ("account", "scenario", "session", "clock")
"""What an address may say behind its path."""


BAD_REQUEST = 400
NOT_FOUND = 404
UNAVAILABLE = 503
RESTARTED = 1012
GIVEN_UP = 1013


class Refused(Exception):
    """A connection that is not opened: the HTTP status and the text that its shell answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def read_target(target: str, accounts: Mapping[str, str] | None) -> tuple[str, str | None]:
    """Return the kind of connection that a request target asks for, and the account it is bound to.

    ``accounts`` are names by their lower case; None if they are not known yet, and then none is looked for. Raises
    `Refused` for a path that is none of `PATHS`, for what an address cannot say, and for an account that there is not.
    """
    path, _, query = target.partition("?")
    if path not in PATHS:
        raise Refused(NOT_FOUND, f"there is nothing at {quoted(path)}; connect to one of {', '.join(PATHS)}")
    asked = parse_qs(query, keep_blank_values=True)
    names = asked.pop("account", None)
    if asked:
        unknown = next(iter(asked))
        raise Refused(BAD_REQUEST, f"an address has no {quoted(unknown)}{nearest(unknown, QUERY)}")
    viewer = None
    if names and accounts is not None:
        viewer = accounts.get(names[-1].lower())
        if viewer is None:
            raise Refused(NOT_FOUND, f"there is no account {quoted(names[-1])}")
    return (NETIDX if path == "/netidx" else GATEWAY), viewer


class Sessions:
    """Opens and ends connections.

    Args:
        schedule: the world's time.
        journal: the record.
        accounts: names of accounts by their lower case, to which a connection may be bound.
        ended: told of each connection that has ended.
    """

    def __init__(
        self,
        schedule: Schedule,
        journal: Journal,
        accounts: dict[str, str],
        ended: Callable[[Session], None],
    ) -> None:
        self.open: dict[int, Session] = {}
        self.pending: dict[int, Session] = {}
        """The connections on which something is to be sent."""
        self._schedule = schedule
        self._journal = journal
        self._accounts = accounts
        self._ended = ended
        self.count = 0
        """How many there have ever been: the number of the last one."""
        self._refused_until = 0
        self._barred_until: dict[str | None, int] = {}
        """Until when those are refused that are bound to an account, or, under None, to none."""
        self._has_refused = False

    @property
    def awaits_attempt(self) -> bool:
        """Whether nobody is connected, connections are refused, and nobody has met that yet."""
        until = max(self._refused_until, *self._barred_until.values(), 0)
        return not self.open and until > self._schedule.now and not self._has_refused

    def admit(self, target: str) -> Session:
        """Open a connection on one of `PATHS`; raises `Refused` if there is to be none."""
        try:
            self._admit_until(self._refused_until, "the exchange takes no connections at the moment")
            kind, viewer = read_target(target, self._accounts)
            self._admit_until(self._barred_until.get(viewer, 0), "you are banned at the moment")
        except Refused as refused:
            self._journal.write(self._schedule.now, 0, "refused", f"{target}: {refused.text}")
            raise
        self.count += 1
        session = Session(self.count, target, kind, viewer, self._journal, self.pending)
        self.open[session.number] = session
        self._journal.write(self._schedule.now, session.number, "open", target)
        return session

    def _admit_until(self, refused_until: int, why: str) -> None:
        if refused_until > self._schedule.now:
            self._has_refused = True
            raise Refused(UNAVAILABLE, why)

    def lose(self, session: Session, why: str) -> None:
        """A connection is gone: nothing more is sent on it."""
        session.outbox.clear()
        self.pending.pop(session.number, None)
        self._end(session, why)

    def close(self, session: Session, code: int, reason: str) -> None:
        """Close a connection with a code, behind what is on its way already: bytes do not overtake each other."""
        if session.sent_by > self._schedule.now:
            self._schedule.at(session.sent_by, partial(self._close, session, code, reason))
        else:
            self._close(session, code, reason)

    def _close(self, session: Session, code: int, reason: str) -> None:
        if session.is_open:
            session.enqueue(Close(code, reason), self._schedule.now)
            self._end(session, f"closed by the scenario: {code} {reason}".rstrip())

    def give_up(self, session: Session, why: str) -> None:
        """Close a connection that more waits for than may, at once: what waits is dropped."""
        if session.is_open:
            session.enqueue(Close(GIVEN_UP, "too much waits for you"), self._schedule.now)
            self._end(session, f"{GIVEN_UP} {why}")

    def abort(self, session: Session) -> None:
        """Cut a connection with a TCP reset."""
        if session.is_open:
            session.enqueue(Abort(), self._schedule.now)
            self._end(session, "reset by the scenario")

    def _end(self, session: Session, why: str) -> None:
        if session.is_open:
            session.is_open = False
            self.open.pop(session.number, None)
            self._journal.write(self._schedule.now, session.number, "close", why)
            self._ended(session)

    def refuse(self, nanoseconds: int) -> None:
        """Refuse new connections for a while."""
        self._refused_until = max(self._refused_until, self._begin_refusing(nanoseconds))

    def bar(self, account: str | None, nanoseconds: int) -> None:
        """Refuse new connections that are bound to an account for a while; for None, those that are bound to none."""
        until = self._begin_refusing(nanoseconds)
        self._barred_until[account] = max(self._barred_until.get(account, 0), until)

    def _begin_refusing(self, nanoseconds: int) -> int:
        now = self._schedule.now
        if max(self._refused_until, *self._barred_until.values(), 0) <= now:
            self._has_refused = False
        self._schedule.at(now + nanoseconds, self._take_again)
        return now + nanoseconds

    def _take_again(self) -> None:
        """Do nothing, when new connections are taken again: a clock that jumps to what is due has to get there."""

    def refuse_no_more(self) -> None:
        """Take new connections again."""
        self._refused_until = 0
        self._barred_until.clear()

    def restart(self, nanoseconds: int) -> None:
        """Close every connection as a venue does that restarts, and take new ones only after a while."""
        for session in list(self.open.values()):
            self.close(session, RESTARTED, "service restart")
        self.refuse(nanoseconds)

    def named(self, name: str | None, own: Session | None) -> list[Session]:
        """Return the connections that a step is about: the one of a number, else the rule's own, else all."""
        if name is not None:
            return [session for session in self.open.values() if name in (str(session.number), "all")]
        if own is not None:
            return [own] if own.is_open else []
        return list(self.open.values())
