"""The worlds of a server as those who control them see them: the server's own, and those made for tests, by name."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from simulator.catalogue import load as load_catalogue
from simulator.control.calls import read_scenario
from simulator.control.control import ClockData
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError, UnknownName
from simulator.quoting import quoted
from simulator.scenario.loader import Loaded
from simulator.server.driven_world import ControlledWorld, DrivenWorld, WorldInfo, world_info
from simulator.server.driver import Driver
from simulator.server.worlds import Worlds
from simulator.simulation import Simulation, by_the_wall

__all__ = ["ControlledWorld", "ControlledWorlds", "NewWorld", "WorldInfo"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST = 256
_IDLE = 600.0
"""For how many seconds a world is kept that nobody uses, once others need its place."""
_CATALOGUES = ("default", "reference")


class NewWorld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world for a test of its own.

    ``scenario`` is the name of a bundled one or a scenario as data, ``yaml`` is one as text; none for a plain exchange.
    ``expect`` says whether what it expects is verified, by default unless it is a bundled one, or one
    with both client and must.
    """

    name: Annotated[str, msgspec.Meta(max_length=100)]
    scenario: str | dict[str, Any] | None = None
    yaml: str | None = None
    seed: int | None = None
    clock: str | dict[str, Any] | None = None
    catalogue: str | None = None
    expect: bool | None = None


class _OwnWorld:
    """The server's own world."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    @property
    def simulation(self) -> Simulation:
        return self._owner.simulation  # type: ignore[no-any-return]

    @property
    def errors(self) -> Sequence[Exception]:
        return self._owner.errors  # type: ignore[no-any-return]

    def advance(self, nanoseconds: int) -> None:
        self._owner.advance(nanoseconds)

    def set_clock(self, clock: ClockData) -> None:
        self._owner.set_clock(clock)

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        self._owner.restart(loaded, seed=seed, clock=clock, keep_connections=keep_connections)

    def flush(self) -> None:
        self._owner.world.flush()

    def now(self) -> int:
        return self._owner.world.now()  # type: ignore[no-any-return]

    async def pass_time(self, nanoseconds: int) -> None:
        await self._owner.world.pass_time(nanoseconds)

    def may_be_seen(self) -> bool:
        return self._owner.world.may_be_seen()  # type: ignore[no-any-return]

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        self._owner.world.begin_call(name, body, part)


class ControlledWorlds:
    """The worlds that can be controlled.

    Args:
        owner: the server, which has a world of its own.
        drive: starts the world of a simulation, under a name.
        others: the worlds that clients have named.
    """

    takes = NewWorld

    def __init__(self, owner: Any, drive: Callable[[Simulation, str], Driver], others: Worlds) -> None:
        self._owner = owner
        self._own = _OwnWorld(owner)
        self._drive = drive
        self._others = others
        self._made: dict[str, DrivenWorld] = {}

    def named(self, name: str) -> ControlledWorld:
        """Return the world of a name, the server's own for none; raises `UnknownName`."""
        return self._own if not name else self._find(name)

    def driver(self, name: str) -> Driver:
        """Return what drives a world besides the server's own; raises `UnknownName`."""
        return self._find(name).driver

    @property
    def drivers(self) -> "tuple[Driver, ...]":
        """What drives the made worlds."""
        return tuple(made.driver for made in self._made.values())

    def _find(self, name: str) -> DrivenWorld:
        found = self._made.get(name) or self._others.controlled(name)
        if found is None:
            known = (*self._made, *(info.name for info in self._others.infos()))
            raise UnknownName(f"there is no world {quoted(name)}{nearest(name[:80], known)}")
        found.used_at = self._owner.monotonic()
        return found

    def list(self, url: str) -> list[WorldInfo]:
        """Return every world that can be controlled, the server's own first; ``url`` is how the server is reached."""
        own = world_info("", self._own.simulation)
        made = [world_info(name, made.simulation) for name, made in self._made.items()]
        return [_reached(one, url) for one in (own, *made, *self._others.infos())]

    def require_free(self, name: str) -> None:
        """Raise `SimulatorError` for a name that no world can get."""
        if not _NAME.fullmatch(name):
            raise SimulatorError(f"name: expected letters, digits, dots and dashes, got {quoted(name)}")
        if name in self._made:
            raise SimulatorError(f"name: there is a world {name!r} already")
        if len(self._made) >= _MOST:
            self._end_idle()
        if len(self._made) >= _MOST:
            raise SimulatorError(f"there are {_MOST} worlds already; end one with DELETE")

    def _end_idle(self) -> None:
        """End the worlds that nobody is in or has asked for in a while: of tests that have not ended them."""
        now = self._owner.monotonic()
        for name, made in list(self._made.items()):
            if not made.driver.connections and now - made.used_at > _IDLE:
                self.end(name)

    def simulate(self, new: NewWorld) -> Simulation:
        """Return a new simulation; for a thread of its own, since it may take long.

        Raises `SimulatorError` for a scenario that cannot be used.
        """
        if new.catalogue is not None and new.catalogue not in _CATALOGUES:
            raise UnknownName(f"there is no catalogue {quoted(new.catalogue)}; there are {', '.join(_CATALOGUES)}")
        loaded = read_scenario(new.scenario, new.yaml)
        loaded = None if loaded is None else loaded.expecting(new.expect)
        plan = None if loaded is None else loaded.scenario
        return Simulation(
            loaded,
            catalogue=None if new.catalogue is None else load_catalogue(new.catalogue),
            seed=new.seed,
            clock=new.clock,
            start=time.time_ns() if by_the_wall(plan, new.clock) else None,
        )

    def create(self, name: str, simulation: Simulation, url: str) -> WorldInfo:
        """Make a world of a simulation, which begins now; raises `SimulatorError` for a name that no world can get.

        ``url`` is how whoever asks for it reaches the server.
        """
        self.require_free(name)
        made = self._made[name] = DrivenWorld(name, self._drive(simulation, name), self._drive)
        made.used_at = self._owner.monotonic()
        return _reached(world_info(name, simulation), url)

    def end(self, name: str) -> None:
        """End a world, and its connections with 1001; raises `UnknownName` for one that there is not."""
        world = self._find(name)
        self._made.pop(name, None)
        self._others.forget(name)
        world.end()
        self._owner.answers.tell()

    def stop(self) -> None:
        """Let time stand still everywhere."""
        for made in self._made.values():
            made.driver.stop()


def _reached(info: WorldInfo, url: str) -> WorldInfo:
    """Return a world with the address by which a client reaches it, who reaches the server by a URL."""
    return msgspec.structs.replace(info, url=f"{url}/worlds/{quote(info.name, safe='')}" if info.name else url)
