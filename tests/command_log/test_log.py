from pathlib import Path
from typing import Any

import pytest

from simulator import command_log as command_log
from simulator.command_log import IN, CommandLogError, Folder, Header, Input, Log, read
from simulator.command_log.folder import read_bytes
from support.command_log import FailingFile

HEADER = Header("0.1.0", None, "{}", "small", "", "0", 0, 0, 1)
ENTRIES = [Input(number, IN, 1, "x" * 20) for number in range(10)]


def opened(path: Path, sync: Any = "never") -> Log:
    """Begin a log."""
    return Folder(path, sync, FailingFile).begin(HEADER)


def held(path: Path) -> list[Input]:
    """Return what the file holds, which must be whole."""
    contents = read((path / "commands.log").read_bytes())
    assert contents.end == contents.size
    return contents.inputs


@pytest.mark.parametrize("room", [0, 1, 50, 100])
def test_full_disk(tmp_path: Path, room: int) -> None:
    """What there is no room for leaves nothing in the file, and the log goes on when there is room."""
    log = opened(tmp_path)
    log.append(ENTRIES[:1])
    FailingFile.room = room
    with pytest.raises(OSError, match="No space left"):
        log.append(ENTRIES[1:5])
    assert held(tmp_path) == ENTRIES[:1]
    FailingFile.room = None
    log.append(ENTRIES[5:])
    assert held(tmp_path) == ENTRIES[:1] + ENTRIES[5:]


def test_disk_that_cannot_be_cut(tmp_path: Path) -> None:
    """While half a record cannot be cut off, nothing is written behind it."""
    log = opened(tmp_path)
    FailingFile.room, FailingFile.is_stuck = 30, True
    with pytest.raises(OSError, match="No space left"):
        log.append(ENTRIES[:2])
    FailingFile.room = None
    with pytest.raises(OSError, match="Input/output error"):
        log.append(ENTRIES[:2])
    FailingFile.is_stuck = False
    log.append(ENTRIES[2:4])
    assert held(tmp_path) == ENTRIES[2:4]


def test_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes a few bytes at a time gets all of them."""
    log = opened(tmp_path)
    monkeypatch.setattr(FailingFile, "write", lambda self, data: command_log.DiskFile.write(self, data[:7]))
    log.append(ENTRIES)
    assert held(tmp_path) == ENTRIES


@pytest.mark.parametrize(("sync", "before", "closing"), [("always", 2, 1), ("100ms", 0, 1), ("never", 0, 1)])
def test_when_it_syncs(tmp_path: Path, sync: str, before: int, closing: int) -> None:
    """Only "always" waits for the disk with each append; every way does when the log is closed."""
    log = opened(tmp_path, sync)
    FailingFile.syncs = 0
    log.append(ENTRIES[:5])
    log.append(ENTRIES[5:])
    assert (FailingFile.syncs, log.needs_sync) == (before, sync == "100ms")
    if log.needs_sync:
        log.syncing()()
        assert not log.needs_sync
        log.append(ENTRIES[:1])
    log.close()
    assert FailingFile.syncs == before + closing


def test_sync_that_fails_before_a_reply(tmp_path: Path) -> None:
    """What the disk does not take is not in the file."""
    log = opened(tmp_path, "always")
    FailingFile.is_stuck = True
    with pytest.raises(OSError, match="Input/output error"):
        log.append(ENTRIES)
    FailingFile.is_stuck = False
    log.append(ENTRIES[:1])
    assert held(tmp_path) == ENTRIES[:1]


def test_sync_that_fails_behind_the_replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a sync that failed nothing is appended until one works."""

    def fail() -> None:
        raise OSError(5, "Input/output error")

    log = opened(tmp_path, "100ms")
    log.append(ENTRIES[:1])
    monkeypatch.setattr(FailingFile, "syncing", lambda self: fail)
    log.syncing()()
    FailingFile.is_stuck = True
    with pytest.raises(OSError, match="Input/output error"):
        log.append(ENTRIES[1:2])
    FailingFile.is_stuck = False
    log.append(ENTRIES[2:3])
    assert held(tmp_path) == [ENTRIES[0], ENTRIES[2]]


def test_one_server_a_folder(tmp_path: Path) -> None:
    """A folder that is in use is refused to another, until it is let go."""
    folder = Folder(tmp_path / "a" / "b")
    with pytest.raises(CommandLogError) as caught:
        Folder(tmp_path / "a" / "b")
    assert str(caught.value) == f"another server keeps its command log in {tmp_path / 'a' / 'b'}"
    folder.close()
    Folder(tmp_path / "a" / "b").close()


def test_logs_aside(tmp_path: Path) -> None:
    """A new command log puts the one before aside, which can still be written to."""
    folder = Folder(tmp_path)
    assert read_bytes(folder.file) is None
    logs = [folder.begin(HEADER) for _ in range(3)]
    for log, entry in zip(logs, ENTRIES, strict=False):
        log.append([entry])
    names = ("commands-1.log", "commands-2.log", "commands.log")
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names, "lock"]
    assert [read((tmp_path / name).read_bytes()).inputs for name in names] == [[entry] for entry in ENTRIES[:3]]


def test_unusable_folders(tmp_path: Path) -> None:
    """A folder that cannot be made, read or written says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandLogError, match=r"file is a file, and a command log is kept in a folder$"):
        Folder(tmp_path / "file")
    with pytest.raises(CommandLogError, match=r"the command log in .*inner cannot be used: Not a directory$"):
        Folder(tmp_path / "file" / "inner")
    folder = Folder(tmp_path / "x", opened=FailingFile)
    FailingFile.room = 10
    with pytest.raises(CommandLogError, match=r"the command log in .*x cannot be used: No space left on device"):
        folder.begin(HEADER)
    assert read_bytes(folder.file) is None
    folder.file.mkdir()
    with pytest.raises(CommandLogError, match=r"cannot be used: "):
        read_bytes(folder.file)
    with pytest.raises(CommandLogError, match=r"cannot be used: "):
        folder.resume(read(command_log.records.encode_header(HEADER)[0]))
