"""The worlds of a server as those who control them see them: the server's own, and those made for tests, by name."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Protocol

import msgspec

from simulator.catalogue import load as load_catalogue
from simulator.control.calls import read_scenario
from simulator.control.control import ClockData, World
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError, UnknownName
from simulator.quoting import quoted
from simulator.scenario.loader import Loaded
from simulator.server.driver import Driver
from simulator.simulation import Simulation, by_the_wall

__all__ = ["ControlledWorld", "ControlledWorlds", "NewWorld", "WorldInfo"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST = 256
_CATALOGUES = ("default", "reference")


class NewWorld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world for a test of its own.

    ``scenario`` is the name of a bundled one or a scenario as data, ``yaml`` is one as text; none for a plain exchange.
    ``expect`` says whether what it expects is verified, by default unless it is a bundled one.
    """

    name: Annotated[str, msgspec.Meta(max_length=100)]
    scenario: str | dict[str, Any] | None = None
    yaml: str | None = None
    seed: int | None = None
    clock: str | dict[str, Any] | None = None
    catalogue: str | None = None
    expect: bool | None = None


class WorldInfo(msgspec.Struct, frozen=True):
    """A world: ``url`` is what a client connects to; the name of the server's own is empty."""

    name: str
    url: str
    scenario: str | None
    seed: int
    clock: str | dict[str, Any]
    connections: int


class ControlledWorld(World, Protocol):
    """A world that a `simulator.control.Control` can ask, and what a call of its does besides."""

    def flush(self) -> None:
        """Send what has come of a call."""
        ...

    async def pass_time(self, nanoseconds: int) -> None:
        """Let so much time pass on a clock that stands, in turns with others."""
        ...

    def may_be_seen(self) -> bool:
        """Tell whether somebody may be told how it stands: it outlives a crash as it is, or is not meant to.

        Raises `UnknownName` for a world that has ended.
        """
        ...

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        """Let pass what has passed before a call changes the world, and write it down if the world is kept.

        Raises `simulator.simulation.Refused` if it is not to be made.
        """
        ...


class _MadeWorld:
    """A world that was made for a test."""

    def __init__(self, worlds: "ControlledWorlds", name: str, driver: Driver) -> None:
        self._worlds = worlds
        self.name = name
        self.driver = driver
        self.has_ended = False
        self.errors: list[Exception] = []

    @property
    def simulation(self) -> Simulation:
        return self.driver.simulation

    def advance(self, nanoseconds: int) -> None:
        self.driver.advance(nanoseconds)

    def set_clock(self, clock: ClockData) -> None:
        self.driver.set_clock(clock)

    def flush(self) -> None:
        self.driver.flush()

    async def pass_time(self, nanoseconds: int) -> None:
        await self.driver.pass_time(nanoseconds)

    def may_be_seen(self) -> bool:
        if self.has_ended:
            raise UnknownName(f"the world {quoted(self.name)} has ended")
        return self.driver.may_be_seen()

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        self.driver.begin_call(name, body, part)

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        if keep_connections:
            raise SimulatorError("keep_connections: only the server's own world keeps them")
        old = self.driver
        simulation = old.simulation.anew(loaded, seed=seed, clock=clock, wall_time=time.time_ns())
        self.driver = self._worlds.drive(simulation, self.name)
        for connection in old.connections:
            connection.close(1012, "the exchange begins anew")
        old.stop()


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
    """

    takes = NewWorld

    def __init__(self, owner: Any, drive: Callable[[Simulation, str], Driver]) -> None:
        self._owner = owner
        self._own = _OwnWorld(owner)
        self.drive = drive
        self._made: dict[str, _MadeWorld] = {}

    def named(self, name: str) -> ControlledWorld:
        """Return the world of a name, the server's own for none; raises `UnknownName`."""
        return self._own if not name else self._find(name)

    def driver(self, name: str) -> Driver:
        """Return what drives a made world; raises `UnknownName`."""
        return self._find(name).driver

    @property
    def drivers(self) -> "tuple[Driver, ...]":
        """What drives the made worlds."""
        return tuple(made.driver for made in self._made.values())

    def _find(self, name: str) -> _MadeWorld:
        made = self._made.get(name)
        if made is None:
            raise UnknownName(f"there is no world {quoted(name)}{nearest(name[:80], self._made)}")
        return made

    def list(self, url: str) -> list[WorldInfo]:
        """Return every world that can be controlled, the server's own first; ``url`` is how the server is reached."""
        own = [_info("", self._own.simulation, url)]
        return own + [_info(name, made.simulation, url) for name, made in self._made.items()]

    def require_free(self, name: str) -> None:
        """Raise `SimulatorError` for a name that no world can get."""
        if not _NAME.fullmatch(name):
            raise SimulatorError(f"name: expected letters, digits, dots and dashes, got {quoted(name)}")
        if name in self._made:
            raise SimulatorError(f"name: there is a world {name!r} already")
        if len(self._made) >= _MOST:
            raise SimulatorError(f"there are {_MOST} worlds already; end one with DELETE")

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
        self._made[name] = _MadeWorld(self, name, self.drive(simulation, name))
        return _info(name, simulation, url)

    def end(self, name: str) -> None:
        """End a world, and its connections with 1001; raises `UnknownName` for one that there is not."""
        made = self._find(name)
        del self._made[name]
        made.has_ended = True
        self._owner.answers.tell()
        for connection in made.driver.connections:
            connection.close(1001, "the world has ended")
        made.driver.stop()

    def stop(self) -> None:
        """Let time stand still everywhere."""
        for made in self._made.values():
            made.driver.stop()


def _info(name: str, simulation: Simulation, url: str) -> WorldInfo:
    clock = simulation.scenario.clock
    return WorldInfo(
        name,
        f"{url}/worlds/{name}" if name else url,
        simulation.scenario.name,
        simulation.seed,
        clock if isinstance(clock, str) else {"scaled": clock.scaled},
        len(simulation.sessions),
    )
