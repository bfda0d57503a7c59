"""Which world a client comes into: the server's own, or one of a scenario that the client names."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError
from simulator.gateway.sessions import read_target
from simulator.quoting import quoted
from simulator.scenario import Loaded, load
from simulator.scenario.loader import parse_clock
from simulator.scenario.reading.files import beside, bundled
from simulator.server.clocks import clock_named
from simulator.server.driver import Driver
from simulator.simulation import Refused, Simulation, by_the_wall

__all__ = ["WorldRequest", "Worlds"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SESSION = re.compile(r"[^\x00-\x1f\x7f]{0,100}")
_ENDINGS = (".yaml", ".yml", ".scenario.yaml")
_MOST = 256
"""How many named worlds there are at most."""
_SHARE = 16
"""Which part of what the server's own world keeps a named one does: there may be many."""
_ENDS_AFTER = 600.0
"""For how many seconds a shared world is kept that nobody is in."""
_FRESH = 1.0
"""For how many seconds a scenario that has been read is taken to be as it was: it may include other files."""
_MOST_LOADED = 64

BAD_REQUEST = 400
NOT_FOUND = 404
CONFLICT = 409
UNAVAILABLE = 503


class WorldRequest(NamedTuple):
    """What a request target asks for.

    ``target`` is the target within the world; ``scenario`` names the world's scenario, None for the server's own;
    ``session`` is the name under which it is shared, None for a world of the connection's own; ``clock`` is in a
    scenario's words, None for the scenario's own.
    """

    target: str
    scenario: str | None = None
    session: str | None = None
    clock: str | dict[str, str] | None = None


class _Shared:
    """A world that others may come into, since when nobody is in it, and whether its time stands still therefore."""

    def __init__(self, world: Driver) -> None:
        self.world = world
        self.left_at: float | None = None
        self.stands_still = False


class Worlds:
    """The worlds of one server.

    Args:
        own: the world of clients that name none.
        folder: where scenarios that are not bundled may lie; None for nowhere.
        make: makes a world of a simulation, under a name, and starts it.
        say: is told, in a line, why a scenario cannot be used.
    """

    def __init__(
        self, own: Driver, folder: Path | None, make: Callable[[Simulation, str], Driver], say: Callable[[str], None]
    ) -> None:
        self.own = own
        self._folder = folder
        self._make = make
        self._say = say
        self._single: set[Driver] = set()
        self._shared: dict[tuple[str, str], _Shared] = {}
        self._loaded: dict[Path, tuple[tuple[int, int], float, Loaded]] = {}

    @property
    def named(self) -> tuple[Driver, ...]:
        """The worlds of scenarios that clients have named."""
        return (*self._single, *(shared.world for shared in self._shared.values()))

    def read(self, target: str) -> WorldRequest:
        """Return what a request target asks for; raises `Refused` for what nobody can have.

        ``?scenario=NAME`` asks for a new world of a scenario, ``&session=NAME`` for one that is shared by all who say
        the same, and ``&clock=instant`` for another clock than the scenario's.
        """
        path, _, query = target.partition("?")
        said = parse_qs(query, keep_blank_values=True)
        scenario = said.pop("scenario", [None])[-1]
        session = said.pop("session", [None])[-1]
        clock = said.pop("clock", [""])[-1]
        if scenario is None:
            if session is not None or clock:
                what = "a clock" if session is None else "a session"
                raise Refused(BAD_REQUEST, f"{what} is of a scenario: say ?scenario=NAME too")
            return WorldRequest(target)
        if session is not None and not _SESSION.fullmatch(session):
            raise Refused(BAD_REQUEST, "a session's name has at most 100 characters, and no control characters")
        if clock == "manual":
            raise Refused(NOT_FOUND, "clock: manual is for who controls the time: here nobody could")
        rest = urlencode(said, doseq=True)
        inner = f"{path}?{rest}" if rest else path
        read_target(inner, None)
        self._file(scenario)
        try:
            return WorldRequest(inner, scenario, session, clock_named(clock) if clock else None)
        except SimulatorError as error:
            raise Refused(NOT_FOUND, str(error)) from error

    def find(self, asked: WorldRequest) -> Driver | None:
        """Return the world that is asked for, if there is one; raises `Refused` if it is on another clock."""
        if asked.scenario is None:
            return self.own
        shared = self._shared.get((asked.scenario, asked.session)) if asked.session is not None else None
        if shared is None:
            if len(self.named) >= _MOST:
                raise Refused(UNAVAILABLE, "There are too many exchanges.")
            return None
        if asked.clock is not None and parse_clock(asked.clock) != shared.world.simulation.scenario.clock:
            raise Refused(CONFLICT, f"the session {asked.session!r} of {asked.scenario!r} is on another clock")
        shared.left_at = None
        if shared.stands_still:
            shared.stands_still = False
            shared.world.go_on()
        return shared.world

    def simulate(self, asked: WorldRequest) -> Simulation:
        """Return a new simulation of the scenario that is asked for; for a thread of its own, since it may take long.

        Raises `Refused` if it cannot be used, or has not the account that is asked for.
        """
        name = asked.scenario or ""
        own = self.own.simulation
        try:
            loaded = self._load(self._file(name))
            accounts = loaded.scenario.accounts or loaded.catalogue.accounts
            read_target(asked.target, {account.lower(): account for account in accounts})
            start = time.time_ns() if by_the_wall(loaded.scenario, asked.clock) else None
            simulation = Simulation(
                loaded,
                clock=asked.clock,
                start=start,
                journal_limit=max(1, own.journal.limit // _SHARE),
                journal_budget=max(1, own.journal.budget // _SHARE),
                history_limit=max(1, own.venue.limit // _SHARE),
            )
        except SimulatorError as error:
            self._say(f"?scenario={name}: {error}")
            raise Refused(NOT_FOUND, f"the scenario {name!r} cannot be used: see the server's log") from error
        if simulation.notice is not None:
            self._say(f"?scenario={name}: {simulation.notice}")
        return simulation

    def add(self, asked: WorldRequest, simulation: Simulation) -> Driver:
        """Return the world of a simulation that has been made for a client, and that begins now."""
        name = asked.scenario or ""
        if asked.session is None:
            world = self._make(simulation, name)
            self._single.add(world)
        else:
            world = self._make(simulation, f"{name}/{asked.session}")
            self._shared[name, asked.session] = _Shared(world)
        return world

    def leave(self, world: Driver) -> None:
        """A connection has left a world, or has not been let in: one that nobody can come into again stops."""
        if world in self._single and not world.connections:
            self._single.discard(world)
            world.stop()

    def tend(self, now: float) -> None:
        """Let time stand still in shared worlds that nobody is in, and end them in their time.

        ``now`` is the wall's time in seconds. What is awaited there, such as the end of a refusal, still comes.
        """
        for key, shared in list(self._shared.items()):
            world = shared.world
            if world.connections:
                shared.left_at = None
                continue
            if shared.left_at is None:
                shared.left_at = now
            is_over = now - shared.left_at > _ENDS_AFTER
            if is_over or not (shared.stands_still or world.simulation.is_awaited):
                shared.stands_still = True
                world.stop()
            if is_over:
                del self._shared[key]

    def stop(self) -> None:
        """Let time stand still everywhere."""
        for world in (self.own, *self.named):
            world.stop()

    def _file(self, name: str) -> Path:
        """Return a scenario's file: a bundled one, or one in the folder, out of which no link leads."""
        known = bundled()
        if name in known:
            return known[name]
        if self._folder is not None and _NAME.fullmatch(name):
            for ending in _ENDINGS:
                path = beside(self._folder, f"{name}{ending}")
                if isinstance(path, Path):
                    return path
        raise Refused(NOT_FOUND, f"there is no scenario {quoted(name)}{nearest(name, known)}")

    def _load(self, path: Path) -> Loaded:
        """Return what a scenario's file says; it is not read again for every client."""
        try:
            stat = path.stat()
        except OSError as error:
            raise SimulatorError(f"{path}: {error.strerror}") from None
        stamp, now = (stat.st_mtime_ns, stat.st_size), time.monotonic()
        known = self._loaded.get(path)
        if known is not None and known[0] == stamp and now - known[1] < _FRESH:
            return known[2]
        loaded = load(path, now=time.time_ns())
        if len(self._loaded) >= _MOST_LOADED:
            self._loaded.clear()
        self._loaded[path] = stamp, time.monotonic(), loaded
        return loaded
