"""The folder in which a server keeps its command log: one server at a time, one log in use, older ones beside it."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from simulator.command_log.log import DiskFile, File, Log, Sync
from simulator.command_log.records import COMMANDS, CommandLogError, Contents, Header, encode_header

if sys.platform != "win32":
    import fcntl

__all__ = ["Folder", "read_bytes"]

_STEM = "commands"
_NAME = f"{_STEM}.log"
_PART = re.compile(rf"{_STEM}\.([0-9]+)\.(?:log|snapshot)(?:\.new)?")


class Folder:
    """A folder, made if it is not there, that nobody else uses as long as this process lives.

    Args:
        path: where it is.
        sync: when what is written goes to the disk itself.
        opened: opens a file.
        snapshot_every: after how many seconds of work of the processor's a snapshot is taken: twice as long as it takes
            to do the same again.

    Raises `CommandLogError` if it cannot be used, or another server uses it.
    """

    def __init__(
        self, path: Path, sync: Sync = "100ms", opened: Callable[[Path], File] = DiskFile, snapshot_every: float = 1.0
    ) -> None:
        self.snapshot_every = snapshot_every
        self.path = path
        self.file = path / _NAME
        self._sync: Sync = sync
        self._opened = opened
        try:
            if path.is_file():
                raise CommandLogError(f"{path} is a file, and a command log is kept in a folder")
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _unusable(self.path, error) from None
        if sys.platform != "win32":
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(self._lock)
                if not isinstance(error, BlockingIOError):
                    raise _unusable(self.path, error) from None
                raise CommandLogError(f"another server keeps its command log in {path}") from None

    def close(self) -> None:
        """Let others use the folder."""
        os.close(self._lock)

    def resume(self, contents: Contents) -> Log:
        """Go on with the command log that is there, behind its last whole record."""
        try:
            file = self._opened(self.file)
            if contents.end < contents.size:
                file.truncate(contents.end)
        except OSError as error:
            raise _unusable(self.path, error) from None
        commands = sum(entry.kind in COMMANDS for entry in contents.inputs)
        return Log(contents.header, file, contents.end, contents.salt, contents.chain, self._sync, commands)

    def begin(self, header: Header) -> Log:
        """Begin a command log; one that is there already is put aside as ``commands-1.log`` and so on.

        At no moment is there a file with half a header.
        """
        try:
            log, new = self._new_log(header)
            log.sync()
            self._put_aside()
            new.rename(self.file)
            self._sync_names()
        except OSError as error:
            raise _unusable(self.path, error) from None
        return log

    def _new_log(self, header: Header) -> tuple[Log, Path]:
        data, salt = encode_header(header)
        new = self.path / f"{_NAME}.new"
        new.unlink(missing_ok=True)
        log = Log(header, self._opened(new), 0, salt, salt, self._sync)
        try:
            log.write_header(data)
        except OSError:
            log.let_go()
            raise
        return log, new

    def _put_aside(self) -> None:
        number = 1
        while (self.path / f"{_STEM}-{number}.log").exists():
            number += 1
        for file in [self.file, *(file for _, file in self._parts())]:
            if file.exists():
                file.rename(file.with_name(f"{_STEM}-{number}{file.name.removeprefix(_STEM)}"))

    # Snapshots, and the parts of a command log between them

    def part(self, generation: int) -> Path:
        """Return the file of that part of the command log which ends where a newer generation begins."""
        return self.path / f"{_STEM}.{generation}.log"

    def snapshot(self, generation: int) -> Path:
        """Return the file of the snapshot that was taken where a generation of the command log begins."""
        return self.path / f"{_STEM}.{generation}.snapshot"

    def go_on(self, log: Log) -> Log:
        """Go on with a command log in a new file, and keep the old one as a part; raises `OSError` and changes nothing.

        At every moment there is a command log that says it all.
        """
        after, new = self._new_log(log.next_header)
        if self._sync == "always":
            after.sync()
        part = self.part(log.header.generation)
        part.unlink(missing_ok=True)  # of another attempt
        os.link(self.file, part)
        new.replace(self.file)
        if self._sync == "always":
            self._sync_names()
        log.let_go()
        return after

    def keep_snapshot(self, generation: int, data: bytes, base: int) -> None:
        """Write a snapshot, and give up what is older than the one before it, which is of generation ``base``.

        Raises `OSError` and leaves what there is, if it cannot be written.
        """
        for path in (self.part(generation - 1), self.file):
            _sync_file(path)
        self._sync_names()
        snapshot = self.snapshot(generation)
        new = snapshot.with_name(f"{snapshot.name}.new")
        try:
            new.write_bytes(data)
            _sync_file(new)
        except OSError:
            new.unlink(missing_ok=True)  # the log needs the room more
            raise
        new.replace(snapshot)
        self._sync_names()
        for older, file in self._parts():
            if older < base:
                file.unlink(missing_ok=True)

    def _parts(self) -> list[tuple[int, Path]]:
        """Return all parts and snapshots with their generations."""
        found = ((_PART.fullmatch(file.name), file) for file in self.path.iterdir())
        return [(int(name[1]), file) for name, file in found if name is not None]

    def _sync_names(self) -> None:
        """Have the disk itself hold what the files are called."""
        if sys.platform != "win32":
            descriptor = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def read_bytes(file: Path) -> bytes | None:
    """Return what is in a file of the folder, or None if there is none."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file.parent, error) from None


def _unusable(path: Path, error: OSError) -> CommandLogError:
    return CommandLogError(f"the command log in {path} cannot be used: {error.strerror or error}")


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
