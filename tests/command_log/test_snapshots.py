"""Where a command log begins anew: what is kept then, and what of it a crash may damage."""

import errno
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.command_log import CommandLogError, Folder, read, rebuild, state_hash
from support.command_log import Kept, begun, make, order, recovered

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process as it stands")

NUMBERS = iter(range(1, 1 << 30))
HELD: dict[str, Any] = {
    "scenario": {
        "rules": [
            {
                "when": {"request": "SendLimitOrder"},
                "chance": "50%",
                "then": ["ack", {"delay": "90ms"}, {"fill": "40%"}, {"delay": "10s"}, {"fill": "rest"}],
            }
        ]
    }
}


def trade(kept: Kept, count: int = 5) -> None:
    """Send some orders on a connection of their own, and let some time pass."""
    client = kept.connect()
    for side in ("Buy", "Sell") * count:
        kept.ask(client, order(next(NUMBERS), dir=side, quantity="3"))
        kept.world.advance(7_000_000)


def link(path: Path) -> None:
    """Keep the parts of a command log that a world may give up."""
    (path / "all").mkdir(exist_ok=True)
    for file in path.glob("commands.*.log"):
        if not (path / "all" / file.name).exists():
            os.link(file, path / "all" / file.name)


def replayed(path: Path, **options: Any) -> str:
    """Return the state that a command log makes of a new world, from its first input on."""
    link(path)
    parts = [read(file.read_bytes()) for file in [*(path / "all").iterdir(), path / "commands.log"]]
    parts.sort(key=lambda part: part.header.generation)
    assert [part.header.generation for part in parts] == list(range(len(parts)))
    simulation = make(**options)
    rebuild(simulation, [entry for part in parts for entry in part.inputs])
    return state_hash(simulation)


def names(path: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(file.name for file in path.iterdir() if file.is_file())


@pytest.mark.parametrize("options", [{}, HELD, {"catalogue": "default", "moving": 2}], ids=["plain", "held", "moving"])
@pytest.mark.parametrize("behind", [0, 5], ids=["at once", "later"])
def test_as_a_replay_of_all(tmp_path: Path, options: dict[str, Any], behind: int) -> None:
    """What comes back from a snapshot is what a replay of all commands makes, and so it is after the next crash."""
    kept = begun(tmp_path, **options)
    for _ in range(3):
        trade(kept)
        kept.take_snapshot()
        link(tmp_path)
    trade(kept, behind)
    said: list[str] = []
    kept.crash()
    later, back = recovered(tmp_path, said=said, **options)
    assert (back.commands, back.again) == (30 + 2 * behind, 2 * behind)
    assert back.state == replayed(tmp_path, **options)
    trade(later)
    later.take_snapshot()
    later.crash()
    last, back = recovered(tmp_path, said=said, **options)
    assert (back.commands, back.again) == (40 + 2 * behind, 0)
    assert back.state == replayed(tmp_path, **options)
    assert (said, later.errors) == ([], [])
    last.crash()


def test_bounded(tmp_path: Path) -> None:
    """However many there are, two snapshots are kept, and of the log what came behind the older one."""
    kept = begun(tmp_path)
    for _ in range(5):
        trade(kept)
        kept.take_snapshot()
    assert names(tmp_path) == [
        "commands.4.log",
        "commands.4.snapshot",
        "commands.5.snapshot",
        "commands.log",
        "lock",
    ]
    kept.crash()


@pytest.mark.parametrize("harm", ["flipped", "torn", "missing"])
def test_a_snapshot_that_cannot_be_used(tmp_path: Path, harm: str) -> None:
    """The snapshot before it is used instead, which is said unless the crash kept it from being written."""
    kept = begun(tmp_path)
    for _ in range(3):
        trade(kept)
        kept.take_snapshot()
        link(tmp_path)
    trade(kept)
    kept.crash()
    hurt(tmp_path / "commands.3.snapshot", harm)
    said: list[str] = []
    later, back = recovered(tmp_path, said=said)
    assert (back.commands, back.again) == (40, 20)
    assert back.state == replayed(tmp_path)
    told = f"{tmp_path / 'commands.3.snapshot'}: it is damaged; the snapshot before it was used"
    assert said == ([] if harm == "missing" else [told])
    trade(later)
    later.take_snapshot()
    assert "commands.2.snapshot" in names(tmp_path)  # the last one that was good
    later.crash()


def test_the_first_snapshot_cannot_be_used(tmp_path: Path) -> None:
    """If there is none before it, all commands are done again."""
    kept = begun(tmp_path)
    trade(kept)
    kept.take_snapshot()
    trade(kept)
    kept.crash()
    hurt(tmp_path / "commands.1.snapshot", "flipped")
    said: list[str] = []
    later, back = recovered(tmp_path, said=said)
    assert (back.commands, back.again, back.state) == (20, 20, replayed(tmp_path))
    assert said == [f"{tmp_path / 'commands.1.snapshot'}: it is damaged; all was done again instead"]
    later.crash()


def hurt(file: Path, harm: str) -> None:
    """Damage a file."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(data if harm == "flipped" else data[: len(data) // 2])


def test_nothing_that_can_be_used(tmp_path: Path) -> None:
    """If no snapshot is whole and the commands before them are gone, that is said, and nothing is changed."""
    kept = begun(tmp_path)
    for _ in range(3):
        trade(kept)
        kept.take_snapshot()
    kept.crash()
    for number in (2, 3):
        hurt(tmp_path / f"commands.{number}.snapshot", "flipped")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(CommandLogError) as caught:
        recovered(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'commands.3.snapshot'}: it is damaged, and "
        f"{tmp_path / 'commands.1.log'}, to do it again, is missing. Move what is in its folder away to begin anew"
    )
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("harm", ["flipped", "torn"])
def test_a_part_that_cannot_be_used(tmp_path: Path, harm: str) -> None:
    """A part of the log that is needed and damaged is refused by its name."""
    kept = begun(tmp_path)
    for _ in range(3):
        trade(kept)
        kept.take_snapshot()
    kept.crash()
    hurt(tmp_path / "commands.3.snapshot", "missing")
    hurt(tmp_path / "commands.2.log", harm)
    with pytest.raises(CommandLogError, match=r"commands\.2\.log: .* Move what is in its folder away to begin anew$"):
        recovered(tmp_path)


def test_killed_between_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash before the new log has its name leaves the old one, to which nothing is missing."""
    kept = begun(tmp_path)
    trade(kept)

    def crash(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            kept.writer.take_snapshot(kept.sim)
    kept.crash()
    assert names(tmp_path) == ["commands.0.log", "commands.log", "commands.log.new", "lock"]
    later, back = recovered(tmp_path)
    assert (back.commands, back.again) == (10, 10)
    trade(later)
    later.take_snapshot()
    later.crash()
    last, back = recovered(tmp_path)
    assert (back.commands, back.again) == (20, 0)
    assert back.state == replayed(tmp_path)
    last.crash()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that cannot be written is said to be, and the log goes on; the next one does for both."""
    said: list[str] = []
    kept = begun(tmp_path, said)
    trade(kept)

    def full(*given: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        return full()

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", fill)
        kept.take_snapshot()
    assert names(tmp_path) == ["commands.0.log", "commands.log", "lock"]
    assert said == [
        "a snapshot of the exchange could not be written: No space left on device; the command log grows until one can"
    ]
    trade(kept)
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", full)
        kept.writer.take_snapshot(kept.sim)
    assert said[1:] == ["no snapshot could be taken: No space left on device; the command log grows until one can"]
    trade(kept)
    kept.take_snapshot()
    kept.crash()
    later, back = recovered(tmp_path)
    assert (back.commands, back.again, back.state) == (30, 0, replayed(tmp_path))
    later.crash()


def test_a_mistake_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in the other process, this one is told and goes on."""
    said: list[str] = []
    kept = begun(tmp_path, said)
    trade(kept)
    for broken in (lambda *given: os.kill(os.getpid(), signal.SIGKILL), lambda *given: sys.exit("stop")):
        with monkeypatch.context() as patched:
            patched.setattr(Folder, "keep_snapshot", broken)
            kept.take_snapshot()
    assert [re.findall("its process ended with (.*);", text) for text in said] == [["-9"], ["255"]]
    assert kept.ask(kept.connect(), order(7))[0]["id"] == 7
    kept.crash()


def test_not_while_one_is_written(tmp_path: Path) -> None:
    """None is due before there is something to write down, nor while another is being written."""
    kept = begun(tmp_path, every=0.0)
    assert not kept.writer.needs_snapshot
    trade(kept)
    assert kept.writer.needs_snapshot
    kept.writer.take_snapshot(kept.sim)
    trade(kept)
    assert not kept.writer.needs_snapshot
    process = kept.writer._snapshots._process
    assert process is not None
    kept.world.stop()
    with pytest.raises(ChildProcessError):  # it was ended
        os.waitpid(process, os.WNOHANG)
    kept.crash()


def test_work_before_a_crash_counts(tmp_path: Path) -> None:
    """However often it crashes, what is to be done again is written down when it is enough."""
    kept = begun(tmp_path)
    trade(kept)
    kept.crash()
    later, _ = recovered(tmp_path, every=1e-4)
    assert later.writer.needs_snapshot
    later.crash()
    last, _ = recovered(tmp_path, every=100.0)
    assert not last.writer.needs_snapshot
    last.crash()


def test_put_aside_with_its_log(tmp_path: Path) -> None:
    """A new command log puts the snapshots and parts of the one before aside with it."""
    kept = begun(tmp_path)
    for _ in range(2):
        trade(kept)
        kept.take_snapshot()
    kept.crash()
    begun(tmp_path).crash()
    assert names(tmp_path) == [
        "commands-1.1.log",
        "commands-1.1.snapshot",
        "commands-1.2.snapshot",
        "commands-1.log",
        "commands.log",
        "lock",
    ]
