"""Which world a client comes into: the server's own, or one of a scenario that the client names."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from simulator.errors import SimulatorError, nearest
from simulator.scenario import load
from simulator.server.clocks import by_the_wall, clock_named
from simulator.server.driver import Driver
from simulator.simulation import Refused, Simulation

__all__ = ["Worlds"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_KEPT = 64
"""How many named worlds are kept without a connection in them."""

BAD_REQUEST = 400
NOT_FOUND = 404


class Worlds:
    """The worlds of one server.

    Args:
        own: the world of clients that name none.
        folder: where scenarios that are not bundled may lie; None for nowhere.
        make: makes and starts a world of a simulation, under a name.
    """

    def __init__(self, own: Driver, folder: Path | None, make: Callable[[Simulation, str], Driver]) -> None:
        self.own = own
        self._folder = folder
        self._make = make
        self._shared: dict[tuple[str, str], Driver] = {}

    def find(self, target: str) -> tuple[Driver, str]:
        """Return the world that a request target asks for, and the target within it.

        ``?scenario=NAME`` asks for a new world of a scenario, ``&session=NAME`` for one that is shared by all who say
        the same, and ``&clock=instant`` for another clock than the scenario's. Raises `Refused` if there is no such
        scenario or clock.
        """
        path, _, query = target.partition("?")
        asked = parse_qs(query, keep_blank_values=True)
        names = asked.pop("scenario", None)
        sessions = asked.pop("session", None)
        clock = asked.pop("clock", [""])[-1]
        if names is None:
            if sessions is not None or clock:
                what = "a clock" if sessions is None else "a session"
                raise Refused(BAD_REQUEST, f"{what} is of a scenario: say ?scenario=NAME too")
            return self.own, target
        rest = urlencode(asked, doseq=True)
        inner = f"{path}?{rest}" if rest else path
        if sessions is None:
            return self._make(self._simulate(names[-1], clock), names[-1]), inner
        key = (names[-1], sessions[-1])
        world = self._shared.pop(key, None) or self._make(self._simulate(names[-1], clock), "/".join(key))
        self._shared[key] = world  # the one asked for last stands last
        self._forget_idle()
        return world, inner

    def leave(self, world: Driver) -> None:
        """A connection has left a world: one that nobody can come into again stops."""
        if world is not self.own and not world.connections and world not in self._shared.values():
            world.stop()

    def stop(self) -> None:
        """Let time stand still everywhere."""
        self.own.stop()
        for world in self._shared.values():
            world.stop()

    def _forget_idle(self) -> None:
        idle = [key for key, world in self._shared.items() if not world.connections]
        for key in idle[: max(0, len(idle) - _KEPT)]:
            self._shared.pop(key).stop()

    def _simulate(self, name: str, clock: str) -> Simulation:
        from simulator.scenario.reading.files import bundled

        known = bundled()
        path = known.get(name)
        if path is None and self._folder is not None and _NAME.fullmatch(name):
            beside = [self._folder / f"{name}{ending}" for ending in (".yaml", ".yml", ".scenario.yaml")]
            path = next((candidate for candidate in beside if candidate.is_file()), None)
        if path is None:
            raise Refused(NOT_FOUND, f"there is no scenario {name[:100]!r}{nearest(name[:100], known)}")
        try:
            loaded = load(path)
            wanted = clock_named(clock) if clock else None
            start = time.time_ns() if by_the_wall(loaded.scenario, wanted) else None
            own = self.own.simulation
            return Simulation(
                loaded,
                clock=wanted,
                start=start,
                journal_limit=own.journal.limit,
                history_limit=own.venue.limit,
            )
        except SimulatorError as error:
            raise Refused(NOT_FOUND, str(error)) from error
