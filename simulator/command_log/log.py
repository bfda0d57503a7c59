"""A command log's file, open to be appended to."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from simulator.command_log.records import COMMANDS, Header, Input, encode_inputs

__all__ = ["DiskFile", "File", "Log", "Sync"]

Sync = Literal["always", "100ms", "never"]
"""When what is written goes to the disk itself: before any reply, in a tenth of a second, or when the system will."""


class File(Protocol):
    """What a log needs of a file; each method raises `OSError` where the disk does."""

    def write(self, data: "bytes | memoryview") -> int:
        """Write at the end; return how many bytes have been taken."""
        ...

    def truncate(self, size: int) -> None:
        """Cut the file to a size in bytes."""
        ...

    def sync(self) -> None:
        """Have the disk itself hold what is written."""
        ...

    def syncing(self) -> Callable[[], None]:
        """Return what does so, to be called once from any thread, even when the file is closed by then."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class DiskFile:
    """A file of the system's.

    Args:
        path: where it is; it is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)

    def write(self, data: "bytes | memoryview") -> int:
        """Write at the end; return how many bytes have been taken."""
        return os.write(self._descriptor, data)

    def truncate(self, size: int) -> None:
        """Cut the file to a size in bytes."""
        os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        """Have the disk itself hold what is written."""
        os.fsync(self._descriptor)

    def syncing(self) -> Callable[[], None]:
        """Return what does so, to be called once from any thread, even when the file is closed by then."""
        descriptor = os.dup(self._descriptor)

        def sync() -> None:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

        return sync

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class Log:
    """Appends records, all of a call or none.

    Args:
        header: how the file begins.
        file: where to.
        size: how many bytes of the file are whole.
        salt: the checksum of its header.
        chain: the checksum of its last record.
        sync: when what is written goes to the disk itself.
        commands: how many messages of clients it holds.
    """

    def __init__(
        self, header: Header, file: File, size: int, salt: int, chain: int, sync: Sync, commands: int = 0
    ) -> None:
        self.header = header
        self.size = size
        self._commands = commands
        self._file = file
        self._salt = salt
        self._chain = chain
        self._sync = sync
        self._is_torn = False
        self._has_unsynced = False
        self._has_failed_to_sync = False

    def append(self, inputs: Sequence[Input]) -> None:
        """Write inputs down; raises `OSError` if that cannot be done, and then none of them stands in the file."""
        data, chain = encode_inputs(inputs, self._salt, self._chain)
        if self._is_torn:
            self._mend()
        if self._has_failed_to_sync:
            self._file.sync()
            self._has_failed_to_sync = False
        try:
            self._write(data)
            if self._sync == "always":
                self._file.sync()
        except OSError:
            self._is_torn = True
            self._try_to_mend()
            raise
        self.size += len(data)
        self._chain = chain
        self._commands += sum(entry.kind in COMMANDS for entry in inputs)
        self._has_unsynced = True

    def write_header(self, data: bytes) -> None:
        """Write how the file begins; raises `OSError`."""
        self._write(data)
        self.size = len(data)
        self._has_unsynced = True

    def sync(self) -> None:
        """Have the disk itself hold all that is written so far; raises `OSError`."""
        self._file.sync()
        self._has_unsynced = False

    @property
    def next_header(self) -> Header:
        """How the file begins in which this command log goes on."""
        return msgspec.structs.replace(
            self.header,
            generation=self.header.generation + 1,
            before=self._chain,
            commands=self.header.commands + self._commands,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it yet."""
        return self._chain == self._salt

    @property
    def is_whole(self) -> bool:
        """Whether nothing stands in the file, or in doubt on the disk, that is not known to be whole."""
        return not self._is_torn and not self._has_failed_to_sync

    def _write(self, data: bytes) -> None:
        written = self._file.write(data)
        if written < len(data):
            rest = memoryview(data)[written:]
            while rest:
                rest = rest[self._file.write(rest) :]

    def _mend(self) -> None:
        self._file.truncate(self.size)
        self._is_torn = False

    def _try_to_mend(self) -> None:
        try:
            self._mend()
        except OSError:  # the next append tries again, and fails if this does
            return

    @property
    def needs_sync(self) -> bool:
        """Whether something is written that is to be on the disk within a tenth of a second, and nobody sees to it."""
        return self._has_unsynced and self._sync == "100ms"

    def syncing(self) -> Callable[[], None]:
        """Return what has the disk hold all that is written so far, to be called once, from any thread.

        If it fails, nothing is appended before the disk takes what it has.
        """
        self._has_unsynced = False
        syncing = self._file.syncing()

        def sync() -> None:
            try:
                syncing()
            except OSError:
                self._has_failed_to_sync = True

        return sync

    def let_go(self) -> None:
        """Close the file, to which nothing is to be added; somebody else has the disk hold it."""
        self._file.close()

    def close(self) -> None:
        """Have the disk hold all, whatever was asked for, and close the file."""
        try:
            if self._has_unsynced:
                self.sync()
        finally:
            self._file.close()
