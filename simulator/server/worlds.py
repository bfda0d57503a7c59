"""Which world a client comes into: the server's own, or one of a scenario that the client names."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError
from simulator.gateway.sessions import read_target
from simulator.quoting import quoted
from simulator.scenario import Loaded, load
from simulator.scenario.loader import parse_clock
from simulator.scenario.reading.files import beside, bundled
from simulator.server.clocks import clock_named
from simulator.server.driven_world import DrivenWorld, FileState, WorldInfo, world_info
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

_OWN = "default"
"""What stands for the server's own scenario in the names of its sessions."""

_Stamp = tuple[int, int]
"""When a file was written, and how long it is."""

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
    """A world that others may come into, since when nobody is in it, and whether its time stands still therefore.

    Args:
        name: what it is called by those who control it.
        driver: drives it.
        drive: makes the driver of a simulation, under a name.
        path: its scenario's file, None for the server's own scenario; ``stamp`` is what it was when it was read.
    """

    def __init__(
        self,
        name: str,
        driver: Driver,
        drive: Callable[[Simulation, str], Driver],
        path: Path | None,
        stamp: _Stamp | None,
    ) -> None:
        self.controlled = DrivenWorld(name, driver, drive, self._began_anew)
        self.left_at: float | None = None
        self.stands_still = False
        self.has_told_change = False
        """Whether it was said that its file is another one by now."""
        self._path = path
        self._stamp = stamp

    @property
    def world(self) -> Driver:
        """What drives it."""
        return self.controlled.driver

    def wake(self) -> None:
        """Let its time go on: somebody is there, or controls it."""
        self.left_at = None
        if self.stands_still:
            self.stands_still = False
            self.world.go_on()

    def _began_anew(self) -> None:
        self.left_at, self.stands_still = None, False

    @property
    def file(self) -> FileState | None:
        """What has become of its scenario's file."""
        if self._path is None:
            return None
        now = _stamp_of(self._path)
        return "gone" if now is None else "as it was" if now == self._stamp else "changed"


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
        self._single: dict[Driver, DrivenWorld] = {}
        self._entered = 0
        self._shared: dict[tuple[str, str], _Shared] = {}
        self._loaded: dict[Path, tuple[_Stamp, float, Loaded]] = {}

    @property
    def named(self) -> tuple[Driver, ...]:
        """The worlds of scenarios that clients have named."""
        return (*self._single, *(shared.world for shared in self._shared.values()))

    # For those who control them

    def infos(self) -> list[WorldInfo]:
        """Return the worlds that clients have named, and what has become of their scenarios' files."""
        single = [world_info(one.name, one.simulation) for one in self._single.values()]
        shared = [
            world_info(one.controlled.name, one.controlled.simulation, session, one.file)
            for (_, session), one in self._shared.items()
        ]
        return single + shared

    def controlled(self, name: str) -> DrivenWorld | None:
        """Return a world for who controls it, and let its time go on; None if there is none of the name."""
        for one in self._single.values():
            if one.name == name:
                return one
        for shared in self._shared.values():
            if shared.controlled.name == name:
                shared.wake()
                return shared.controlled
        return None

    def forget(self, name: str) -> None:
        """Let nobody come any more into a world that is to end."""
        self._shared = {key: one for key, one in self._shared.items() if one.controlled.name != name}

    # For clients

    def read(self, target: str) -> WorldRequest:
        """Return what a request target asks for; raises `Refused` for what nobody can have.

        ``?scenario=NAME`` asks for a new world of a scenario, ``&session=NAME`` for one that is shared by all who say
        the same, and ``&clock=instant`` for another clock than the scenario's. A session without a scenario has a world
        like the server's own.
        """
        path, _, query = target.partition("?")
        said = parse_qs(query, keep_blank_values=True)
        scenario = said.pop("scenario", [None])[-1]
        session = said.pop("session", [None])[-1]
        clock = said.pop("clock", [""])[-1]
        if scenario is None and session is None:
            if clock:
                raise Refused(BAD_REQUEST, "a clock is of a scenario or a session: say ?scenario= or ?session= too")
            return WorldRequest(target)
        if session is not None and not _SESSION.fullmatch(session):
            raise Refused(BAD_REQUEST, "a session's name has at most 100 characters, and no control characters")
        if clock == "manual":
            raise Refused(NOT_FOUND, "clock: manual is for who controls the time: here nobody could")
        rest = urlencode(said, doseq=True)
        inner = f"{path}?{rest}" if rest else path
        read_target(inner, None)
        if scenario is not None:
            self._file(scenario)
        try:
            return WorldRequest(inner, scenario, session, clock_named(clock) if clock else None)
        except SimulatorError as error:
            raise Refused(NOT_FOUND, str(error)) from error

    def find(self, asked: WorldRequest) -> Driver | None:
        """Return the world that is asked for, if there is one; raises `Refused` if it is on another clock."""
        if asked.scenario is None and asked.session is None:
            return self.own
        shared = self._shared.get((asked.scenario or "", asked.session)) if asked.session is not None else None
        if shared is None:
            if len(self.named) >= _MOST:
                raise Refused(UNAVAILABLE, "There are too many exchanges.")
            return None
        if asked.clock is not None and parse_clock(asked.clock) != shared.world.simulation.scenario.clock:
            of = "" if asked.scenario is None else f" of {asked.scenario!r}"
            raise Refused(CONFLICT, f"the session {asked.session!r}{of} is on another clock")
        shared.wake()
        self._tell_change(shared)
        return shared.world

    def _tell_change(self, shared: _Shared) -> None:
        """Say once that a session goes on with a scenario whose file is another one by now."""
        has_changed = shared.file in ("changed", "gone")
        if has_changed and not shared.has_told_change:
            name = shared.controlled.name
            self._say(f"the file of {name} is {shared.file}; the session goes on with what it was, until it is ended")
        shared.has_told_change = has_changed

    def simulate(self, asked: WorldRequest) -> Simulation:
        """Return a new simulation of the scenario that is asked for; for a thread of its own, since it may take long.

        Raises `Refused` if it cannot be used, or has not the account that is asked for.
        """
        own = self.own.simulation
        bounds: dict[str, Any] = {
            "journal_limit": max(1, own.journal.limit // _SHARE),
            "journal_budget": max(1, own.journal.budget // _SHARE),
            "history_limit": max(1, own.venue.limit // _SHARE),
        }
        if asked.scenario is None:
            read_target(asked.target, own.gateway.accounts)
            return own.anew(clock=asked.clock, wall_time=time.time_ns(), bounds=bounds)
        name = asked.scenario
        try:
            loaded = self._load(self._file(name))
            accounts = loaded.scenario.accounts or loaded.catalogue.accounts
            read_target(asked.target, {account.lower(): account for account in accounts})
            start = time.time_ns() if by_the_wall(loaded.scenario, asked.clock) else None
            simulation = Simulation(loaded, clock=asked.clock, start=start, **bounds)
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
            self._entered += 1
            self._single[world] = DrivenWorld(f"{name}/#{self._entered}", world, None)
            return world
        label = f"{name or _OWN}/{asked.session}"
        world = self._make(simulation, label)
        path = self._file(name) if name else None
        stamp = None if path is None else self._loaded.get(path, (_stamp_of(path),))[0]
        self._shared[name, asked.session] = _Shared(label, world, self._make, path, stamp)
        return world

    def leave(self, world: Driver) -> None:
        """A connection has left a world, or has not been let in: one that nobody can come into again stops."""
        if world in self._single and not world.connections:
            self._single.pop(world).has_ended = True
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
                shared.controlled.has_ended = True
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
        stamp, now = _stamp_of(path), time.monotonic()
        if stamp is None:
            raise SimulatorError(f"{path}: No such file or directory")
        known = self._loaded.get(path)
        if known is not None and known[0] == stamp and now - known[1] < _FRESH:
            return known[2]
        loaded = load(path, now=time.time_ns())
        if len(self._loaded) >= _MOST_LOADED:
            self._loaded.clear()
        self._loaded[path] = stamp, time.monotonic(), loaded
        return loaded


def _stamp_of(path: Path) -> _Stamp | None:
    """Return a file's stamp; None if it is gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
