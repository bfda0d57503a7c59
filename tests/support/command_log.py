"""Command logs of small worlds, and files that fail when told to."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator import command_log as command_log
from simulator.catalogue import Catalogue, build
from simulator.command_log import DiskFile, Folder, Input
from simulator.gateway.session import Session
from simulator.server.durable_driver import DurableDriver
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
START = 1_700_000_000_000_000_000


def catalogue() -> Catalogue:
    """Return a catalogue with one market, in which only clients trade."""
    return build(
        {
            "name": "small",
            "accounts": ["DEFAULT", "ALICE"],
            "venues": ["COINBASE"],
            "routes": ["DIRECT"],
            "products": [
                {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "50000"},
                {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
            ],
            "tradable_products": [
                {
                    "base": "BTC Crypto",
                    "quote": "USD",
                    "venue": "COINBASE",
                    "route": "DIRECT",
                    "quote_increment": "0.01",
                    "base_increment": "0.001",
                }
            ],
        },
        "small",
    )


def make(start: int = START, **options: Any) -> Simulation:
    """Return a simulation in that catalogue."""
    settings: dict[str, Any] = {"catalogue": catalogue(), "seed": 1}
    return Simulation(start=start, **settings | options)


def request(number: int, kind: str, **fields: Any) -> str:
    """Return a request's text."""
    return json.dumps({"id": number, "type": kind, **fields})


def order(number: int, **fields: Any) -> str:
    """Return the text of an order."""
    terms = {"account": "DEFAULT", "dir": "Buy", "price": "100", "quantity": "1", "target": PAIR}
    return request(number, "SendLimitOrder", **terms | fields)


class FailingFile(DiskFile):
    """A file whose disk is full once it holds ``room`` bytes more; None for never."""

    room: int | None = None
    is_stuck = False
    syncs = 0

    def write(self, data: "bytes | memoryview") -> int:
        """Write as much as there is room for."""
        if FailingFile.room is None:
            return super().write(data)
        if not FailingFile.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = super().write(data[: FailingFile.room])
        FailingFile.room -= taken
        return taken

    def truncate(self, size: int) -> None:
        """Cut the file, unless the disk is stuck."""
        if FailingFile.is_stuck:
            raise OSError(errno.EIO, "Input/output error")
        super().truncate(size)

    def sync(self) -> None:
        """Count, and do it."""
        FailingFile.syncs += 1
        if FailingFile.is_stuck:
            raise OSError(errno.EIO, "Input/output error")
        super().sync()


class Listener:
    """A connection that remembers what is sent on it, and how it was closed."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.closed: tuple[int, str] | None = None
        self.before: Callable[[], None] = lambda: None
        """Called before anything is taken as sent."""

    def send(self, items: list[bytes]) -> None:
        """Remember messages."""
        self.before()
        self.said += [json.loads(item) for item in items]

    def close(self, code: int, reason: str) -> None:
        """Remember how the connection was closed."""
        self.closed = (code, reason)

    def news(self) -> list[Any]:
        """Return what has been sent since the last look."""
        said, self.said = self.said, []
        return said


class Kept:
    """A kept world, without sockets; its errors and what it says of its journal."""

    def __init__(self, path: Path, folder: Folder, simulation: Simulation, writer: command_log.CommandWriter) -> None:
        self.path = path
        self.folder = folder
        self.sim = simulation
        self.writer = writer
        self.errors: list[Exception] = []
        self.world = DurableDriver(simulation, self.errors.append, writer)

    def connect(self, target: str = "/") -> "tuple[Listener, Session]":
        """Open a connection."""
        listener = Listener()
        session = self.world.open(listener, target)  # type: ignore[arg-type]  # it is enough of one
        self.world.flush()
        return listener, session

    def ask(self, connection: "tuple[Listener, Session]", *texts: str) -> list[Any]:
        """Say things in one go; return what is answered."""
        listener, session = connection
        for text in texts:
            self.world.receive(session, text)
        self.world.flush()
        return listener.news()

    def take_snapshot(self) -> None:
        """Take a snapshot, and wait until it is written or has failed."""
        self.writer.take_snapshot(self.sim)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert not self.writer.is_taking_snapshot

    def crash(self) -> None:
        """Die without a word."""
        self.folder.close()


def begun(path: Path, said: list[str] | None = None, sync: Any = "never", every: float = 1e9, **options: Any) -> Kept:
    """Begin a world that is kept in a folder."""
    folder = Folder(path, sync, FailingFile, every)
    simulation = make(**options)
    writer = command_log.begin(folder, simulation, None, say=(said if said is not None else []).append)
    return Kept(path, folder, simulation, writer)


def recovered(
    path: Path, now: int = 0, said: list[str] | None = None, every: float = 1e9, **options: Any
) -> "tuple[Kept, command_log.Recovered]":
    """Bring back the world that is kept in a folder."""
    folder = Folder(path, "never", FailingFile, every)
    say = (said if said is not None else []).append
    try:
        back = command_log.recover(
            folder, lambda start: make(start, **options), None, now=lambda simulation: now, say=say
        )
    except command_log.CommandLogError:
        folder.close()
        raise
    assert back is not None
    return Kept(path, folder, back.simulation, back.writer), back


def inputs_of(path: Path) -> list[Input]:
    """Return the inputs that a folder's command log holds."""
    return command_log.read((path / "commands.log").read_bytes()).inputs
