"""A world that a server drives, as those who control it see it."""

import time
from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from simulator.control.control import ClockData, World
from simulator.errors import SimulatorError, UnknownName
from simulator.quoting import quoted
from simulator.scenario.loader import Loaded
from simulator.server.driver import Driver
from simulator.simulation import Simulation

__all__ = ["ControlledWorld", "DrivenWorld", "FileState", "WorldInfo", "world_info"]

FileState = Literal["as it was", "changed", "gone"]
"""What has become of the file of a world's scenario since it was read."""


class WorldInfo(msgspec.Struct, frozen=True):
    """A world: ``url`` is what a client connects to; the name of the server's own is empty.

    ``session`` is the name under which clients share it, and ``file`` what has become of its scenario's file since.
    """

    name: str
    url: str
    scenario: str | None
    seed: int
    clock: str | dict[str, Any]
    connections: int
    session: str | None = None
    file: FileState | None = None


def world_info(
    name: str, simulation: Simulation, session: str | None = None, file: FileState | None = None
) -> WorldInfo:
    """Return a world whose address is yet to be said."""
    clock = simulation.scenario.clock
    said = clock if isinstance(clock, str) else {"scaled": clock.scaled}
    connections = len(simulation.sessions)
    return WorldInfo(name, "", simulation.scenario.name, simulation.seed, said, connections, session, file)


class ControlledWorld(World, Protocol):
    """A world that a `simulator.control.Control` can ask, and what a call of its does besides."""

    def flush(self) -> None:
        """Send what has come of a call."""
        ...

    def now(self) -> int:
        """Return its time at present, in nanoseconds since 1970, also if nothing has happened since."""
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


class DrivenWorld:
    """A world that a server drives besides its own.

    Args:
        name: what it is called.
        driver: drives it; another one after a restart.
        drive: makes the driver of a simulation, under a name, and starts it; None for a world that is not restarted.
        woken: told when it has begun anew.
    """

    def __init__(
        self,
        name: str,
        driver: Driver,
        drive: Callable[[Simulation, str], Driver] | None,
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        self._drive = drive
        self._woken = woken
        self.name = name
        self.driver = driver
        self.has_ended = False
        self.used_at = 0.0
        """When somebody last asked for it, by the wall's clock that the server goes by."""
        self.errors: list[Exception] = []

    @property
    def simulation(self) -> Simulation:
        """The world as it is now."""
        return self.driver.simulation

    def advance(self, nanoseconds: int) -> None:
        """Let so much time pass on a clock that stands."""
        self.driver.advance(nanoseconds)

    def set_clock(self, clock: ClockData) -> None:
        """Go on by another clock."""
        self.driver.set_clock(clock)

    def flush(self) -> None:
        """Send what has come of a call."""
        self.driver.flush()

    def now(self) -> int:
        """Return its time at present."""
        return self.driver.now()

    async def pass_time(self, nanoseconds: int) -> None:
        """Let so much time pass, in turns with others."""
        await self.driver.pass_time(nanoseconds)

    def may_be_seen(self) -> bool:
        """Raise `UnknownName` if it has ended, and tell that it may."""
        if self.has_ended:
            raise UnknownName(f"the world {quoted(self.name)} has ended")
        return self.driver.may_be_seen()

    def begin_call(self, name: str, body: msgspec.Struct, part: str) -> None:
        """Let pass what has passed before a call changes it."""
        self.driver.begin_call(name, body, part)

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        """Begin anew, as it began but for what is said."""
        if keep_connections:
            raise SimulatorError("keep_connections: only the server's own world keeps them")
        if self._drive is None:
            raise SimulatorError(f"the world {quoted(self.name)} is of one connection, and ends with it")
        old = self.driver
        simulation = old.simulation.anew(loaded, seed=seed, clock=clock, wall_time=time.time_ns())
        self.driver = self._drive(simulation, old.name)
        self._woken()
        for connection in old.connections:
            connection.close(1012, "the exchange begins anew")
        old.stop()

    def end(self) -> None:
        """End it, and its connections with 1001."""
        self.has_ended = True
        for connection in self.driver.connections:
            connection.close(1001, "the world has ended")
        self.driver.stop()
