"""Begins a command log for a simulation, or brings back the one of which a command log tells."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from typing import NamedTuple

import msgspec

from simulator import __version__
from simulator.command_log.apply import CommandRunner
from simulator.command_log.folder import Folder
from simulator.command_log.records import CLOSE, CONTROL, DOWN, IN, TIME, CommandLogError, Header, Input, read
from simulator.command_log.state_hash import state_hash
from simulator.command_log.writer import CommandWriter
from simulator.simulation import Simulation

__all__ = ["Recovered", "begin", "header_of", "rebuild", "recover"]

_TAKE_EVERY = 64
_WHY = "the exchange was restarted"


class Recovered(NamedTuple):
    """A simulation that is as it was, its writer, and what it took.

    ``commands`` counts the messages of clients and the calls of control that were done again, ``cut`` the bytes of
    what was torn off at the end; ``state`` is the `state_hash` of what came of it.
    """

    simulation: Simulation
    writer: CommandWriter
    commands: int
    cut: int
    state: str


def header_of(simulation: Simulation, scenario: str | None, moving: int = 0) -> Header:
    """Return the header of a simulation that has just been made.

    Args:
        simulation: which.
        scenario: what its scenario was asked for by, or None.
        moving: how many of its markets it was told to let move.
    """
    catalogue = simulation.catalogue
    return Header(
        __version__,
        scenario,
        msgspec.json.encode(simulation.scenario).decode(),
        catalogue.name,
        sha256(msgspec.json.encode(catalogue.parts())).hexdigest(),
        str(simulation.seed),
        simulation.now,
        moving,
        simulation.venue.limit,
    )


def begin(
    folder: Folder,
    simulation: Simulation,
    scenario: str | None,
    moving: int = 0,
    say: Callable[[str], None] | None = None,
) -> CommandWriter:
    """Begin a command log for a new simulation; raises `CommandLogError` if it cannot be written."""
    header = header_of(simulation, scenario, moving)
    return CommandWriter(folder.begin(header), say=say)


def recover(
    folder: Folder,
    make: Callable[[int], Simulation],
    scenario: str | None,
    moving: int = 0,
    now: Callable[[Simulation], int] | None = None,
    say: Callable[[str], None] | None = None,
) -> Recovered | None:
    """Bring back the exchange of a folder's command log, with every connection closed; None if there is none.

    Args:
        folder: which.
        make: makes the simulation that is asked for at present, beginning at a time.
        scenario: what its scenario is asked for by, or None.
        moving: how many of its markets are to move.
        now: says to what time an exchange is to go on, if that is later than the command log's last.
        say: as for a `CommandWriter`.

    Raises `CommandLogError` if the command log is damaged, or of another exchange than ``make`` makes.
    """
    data = folder.read()
    if data is None:
        return None
    try:
        contents = read(data)
    except CommandLogError as error:
        raise CommandLogError(f"{folder.file}: {error}. Move it away to begin anew") from None
    simulation = make(contents.header.start)
    _require_same(contents.header, header_of(simulation, scenario, moving), folder)
    rebuilt = rebuild(simulation, contents.inputs)
    simulation = rebuilt.simulation
    present = simulation.now if now is None else max(now(simulation), simulation.now)
    writer = CommandWriter(folder.resume(contents), rebuilt.has_begun, say)
    ends = [Input(present, DOWN), *(Input(present, CLOSE, number, _WHY) for number in simulation.sessions)]
    if not writer.keep(ends):
        raise CommandLogError(str(writer.faults))
    rebuild(simulation, ends)
    commands = sum(entry.kind in (IN, CONTROL) for entry in contents.inputs)
    return Recovered(simulation, writer, commands, contents.size - contents.end, state_hash(simulation))


def rebuild(simulation: Simulation, inputs: list[Input]) -> CommandRunner:
    """Do inputs to a simulation that is as it was before them; nobody is told what comes of it.

    Returns what has done them, which has the simulation that there is then.
    """
    performer = CommandRunner(simulation)
    was_enabled = gc.isenabled()
    gc.disable()  # nearly all that is made stays
    try:
        with ExitStack() as unheard:
            unheard.enter_context(simulation.unheard())
            for number, entry in enumerate(inputs):
                performer.perform(_as_done(entry, inputs[number + 1] if number + 1 < len(inputs) else None))
                if performer.simulation is not simulation:
                    simulation = performer.simulation
                    unheard.enter_context(simulation.unheard())
                if number % _TAKE_EVERY == 0:
                    simulation.take()
            simulation.take()
    finally:
        if was_enabled:
            gc.enable()
    return performer


def _as_done(entry: Input, following: Input | None) -> Input:
    """Return an input as it was done: of the time that was to pass, what had passed when the next input came."""
    if entry.kind == TIME and following is not None and following.time < entry.time:
        return msgspec.structs.replace(entry, time=following.time)
    return entry


def _require_same(kept: Header, asked: Header, folder: Folder) -> None:
    """Raise `CommandLogError` with all in which the exchange that was kept is not the one that is asked for."""
    clocks, has_changed = _clocks(kept, asked)
    differences = [
        f"{what} was {before}, now it is {after}" if before != after else f"{what} {before} has changed"
        for what, differs, before, after in (
            ("the version", kept.version != asked.version, kept.version, asked.version),
            ("the scenario", has_changed, kept.scenario or "none", asked.scenario or "none"),
            ("the clock", clocks[0] != clocks[1], *clocks),
            ("the catalogue", kept.digest != asked.digest, kept.catalogue, asked.catalogue),
            ("the seed", kept.seed != asked.seed, kept.seed, asked.seed),
            ("the number of moving markets", kept.moving != asked.moving, kept.moving, asked.moving),
            ("the number of orders that it keeps", kept.keeps != asked.keeps, kept.keeps, asked.keeps),
        )
        if differs
    ]
    if differences:
        raise CommandLogError(
            f"the command log in {folder.path} is of another exchange: {'; '.join(differences)}. "
            "Start what it was, or name another folder"
        )


def _clocks(kept: Header, asked: Header) -> tuple[list[str], bool]:
    """Return the clocks of the two, in a scenario's words, and whether the rest of their scenarios differs."""
    plans = [msgspec.json.decode(header.plan) for header in (kept, asked)]
    clocks = [plan.pop("clock", "real") for plan in plans]
    return [clock if isinstance(clock, str) else msgspec.json.encode(clock).decode() for clock in clocks], (
        plans[0] != plans[1]
    )
