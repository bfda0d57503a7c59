"""Begins a command log for a simulation, or brings back the one of which a command log tells."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from simulator import __version__
from simulator.command_log.apply import CommandRunner
from simulator.command_log.folder import Folder, read_bytes
from simulator.command_log.records import CLOSE, COMMANDS, DOWN, TIME, CommandLogError, Contents, Header, Input, read
from simulator.command_log.snapshot import decode_snapshot, given_of
from simulator.command_log.snapshots import Snapshots
from simulator.command_log.state_hash import state_hash
from simulator.command_log.writer import CommandWriter
from simulator.simulation import Simulation

__all__ = ["Recovered", "begin", "header_of", "rebuild", "recover"]

_TAKE_EVERY = 64
_WHY = "the exchange was restarted"
_ANEW = "Move what is in its folder away to begin anew"


class Recovered(NamedTuple):
    """A simulation that is as it was, its writer, and what it took.

    ``commands`` counts the messages of clients and the calls of control, ``again`` those of them that were done again
    because they came behind the snapshot, ``cut`` the bytes of what was torn off at the end; ``state`` is the
    `state_hash` of what came of it.
    """

    simulation: Simulation
    writer: CommandWriter
    commands: int
    again: int
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
    return CommandWriter(folder.begin(header), Snapshots(folder, given_of(simulation), say), say=say)


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
        say: as for a `CommandWriter`; it is also told of snapshots that cannot be used.

    Raises `CommandLogError` if the command log is damaged, or of another exchange than ``make`` makes.
    """
    contents = _read(folder.file)
    if contents is None:
        return None
    made = make(contents.header.start)
    _require_same(contents.header, header_of(made, scenario, moving), folder)
    snapshots = Snapshots(folder, given_of(made), say)
    simulation, snapshots.base, inputs = _restore(folder, contents, made, say or (lambda text: None))
    rebuilt = rebuild(simulation, inputs)
    simulation = rebuilt.simulation
    has_begun = rebuilt.has_begun or simulation.has_been_connected
    present = simulation.now if now is None else max(now(simulation), simulation.now)
    writer = CommandWriter(folder.resume(contents), snapshots, has_begun, say)
    ends = [Input(present, DOWN), *(Input(present, CLOSE, number, _WHY) for number in simulation.sessions)]
    if not writer.keep(ends):
        raise CommandLogError(str(writer.faults))
    rebuild(simulation, ends)
    commands = contents.header.commands + _commands(contents.inputs)
    cut = contents.size - contents.end
    return Recovered(simulation, writer, commands, _commands(inputs), cut, state_hash(simulation))


def _commands(inputs: list[Input]) -> int:
    return sum(entry.kind in COMMANDS for entry in inputs)


def _read(file: Path) -> Contents | None:
    """Return what a part of a command log holds, or None if there is none."""
    try:
        data = read_bytes(file)
        return None if data is None else read(data)
    except CommandLogError as error:
        raise CommandLogError(f"{file}: {error}. {_ANEW}") from None


def _restore(
    folder: Folder, contents: Contents, made: Simulation, say: Callable[[str], None]
) -> tuple[Simulation, int, list[Input]]:
    """Return the world of the newest snapshot that can be used, its generation, and the inputs behind it.

    If there is none, that is a world that has just been made, and all inputs; raises `CommandLogError` if those are
    not kept any more.
    """
    inputs, header = contents.inputs, contents.header
    wrong: list[str] = []
    while header.generation:
        file = folder.snapshot(header.generation)
        try:
            data = read_bytes(file)
            if data is not None:
                with _undisturbed():
                    simulation = decode_snapshot(data, header, given_of(made))
                for text in wrong:
                    say(f"{text}; the snapshot before it was used")
                return simulation, header.generation, inputs
        except CommandLogError as error:
            wrong.append(f"{file}: {error}")
        part = folder.part(header.generation - 1)
        earlier = _read(part)
        if earlier is None:
            why = wrong[0] if wrong else f"{file}: it is missing"
            raise CommandLogError(f"{why}, and {part}, to do it again, is missing. {_ANEW}")
        if earlier.chain != header.before or earlier.end != earlier.size:
            raise CommandLogError(f"{part}: it is not what came before {folder.part(header.generation)}. {_ANEW}")
        inputs, header = earlier.inputs + inputs, earlier.header
    for text in wrong:
        say(f"{text}; all was done again instead")
    return made, 0, inputs


def rebuild(simulation: Simulation, inputs: list[Input]) -> CommandRunner:
    """Do inputs to a simulation that is as it was before them; nobody is told what comes of it.

    Returns what has done them, which has the simulation that there is then.
    """
    performer = CommandRunner(simulation)
    with _undisturbed(), ExitStack() as unheard:
        unheard.enter_context(simulation.unheard())
        for number, entry in enumerate(_as_done(inputs)):
            performer.perform(entry)
            if performer.simulation is not simulation:
                simulation = performer.simulation
                unheard.enter_context(simulation.unheard())
            if number % _TAKE_EVERY == 0:
                simulation.take()
        simulation.take()
    return performer


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the collector from looking for what is gone: nearly all that is made stays, and is old when it ends."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _as_done(inputs: list[Input]) -> list[Input]:
    """Return inputs as they were done: of the time that was to pass, what had passed when something else came."""
    done: list[Input] = []
    for entry in reversed(inputs):
        if entry.kind == TIME and done and done[-1].time < entry.time:
            entry = msgspec.structs.replace(entry, time=done[-1].time)
        done.append(entry)
    done.reverse()
    return done


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
