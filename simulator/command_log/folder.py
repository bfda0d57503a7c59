"""The folder in which a server keeps its command log: one server at a time, one log in use, older ones beside it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from simulator.command_log.log import DiskFile, File, Log, Sync
from simulator.command_log.records import CommandLogError, Contents, Header, encode_header

if sys.platform != "win32":
    import fcntl

__all__ = ["Folder"]

_NAME = "commands.log"


class Folder:
    """A folder, made if it is not there, that nobody else uses as long as this process lives.

    Args:
        path: where it is.
        sync: when what is written goes to the disk itself.
        opened: opens a file.

    Raises `CommandLogError` if it cannot be used, or another server uses it.
    """

    def __init__(self, path: Path, sync: Sync = "100ms", opened: Callable[[Path], File] = DiskFile) -> None:
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
            raise self._unusable(error) from None
        if sys.platform != "win32":
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(self._lock)
                if not isinstance(error, BlockingIOError):
                    raise self._unusable(error) from None
                raise CommandLogError(f"another server keeps its command log in {path}") from None

    def close(self) -> None:
        """Let others use the folder."""
        os.close(self._lock)

    def read(self) -> bytes | None:
        """Return what is in the command log's file, or None if there is none."""
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None

    def resume(self, contents: Contents) -> Log:
        """Go on with the command log that is there, behind its last whole record."""
        try:
            file = self._opened(self.file)
            if contents.end < contents.size:
                file.truncate(contents.end)
        except OSError as error:
            raise self._unusable(error) from None
        return Log(file, contents.end, contents.salt, contents.chain, self._sync)

    def begin(self, header: Header) -> Log:
        """Begin a command log; one that is there already is put aside as ``commands-1.log`` and so on.

        At no moment is there a file with half a header.
        """
        data, salt = encode_header(header)
        new = self.path / f"{_NAME}.new"
        try:
            new.unlink(missing_ok=True)
            file = self._opened(new)
            log = Log(file, 0, salt, salt, self._sync)
            log.write_header(data)
            if self.file.exists():
                self.file.rename(self._aside())
            new.rename(self.file)
            self._sync_names()
        except OSError as error:
            raise self._unusable(error) from None
        return log

    def _aside(self) -> Path:
        stem, _, ending = _NAME.partition(".")
        number = 1
        while (path := self.path / f"{stem}-{number}.{ending}").exists():
            number += 1
        return path

    def _sync_names(self) -> None:
        """Have the disk itself hold what the files are called."""
        if sys.platform != "win32":
            descriptor = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _unusable(self, error: OSError) -> CommandLogError:
        return CommandLogError(f"the command log in {self.path} cannot be used: {error.strerror or error}")
