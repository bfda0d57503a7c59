"""Keeps what an exploration has done in a file, a line for each seed, so that it can go on where it was stopped."""

from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from simulator.errors import SimulatorError
from simulator.exploration.client import ExploredClient
from simulator.exploration.results import SeedResult

__all__ = ["Kept"]


class _Head(msgspec.Struct, frozen=True):
    """What was explored: results of anything else are no part of it."""

    client: str
    lines: bool
    faults: tuple[str, ...]
    catalogue: str | None
    product: str | None
    account: str | None
    bounds: Any
    hypothesis: str


class Kept:
    """The results that there are, in a file if one is given."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self.results: dict[int, SeedResult] = {}
        self._file = file

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, result: SeedResult) -> None:
        """Keep what came of a seed."""
        self.results[result.seed] = result
        self._write(result)

    def _write(self, line: Any) -> None:
        if self._file is not None:
            self._file.write(msgspec.json.encode(line) + b"\n")
            self._file.flush()

    @classmethod
    def at(cls, path: str | Path | None, client: ExploredClient, faults: tuple[str, ...]) -> "Kept":
        """Return what a file has of an exploration, and keep there what comes.

        Raises `SimulatorError` for a file of another one.
        """
        if path is None:
            return cls()
        head = _head_of(client, faults)
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+b")
        except OSError as error:
            raise SimulatorError(f"cannot keep what is explored in {path}: {error.strerror}") from error
        kept = cls(file)
        file.seek(0)
        lines = file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):  # it was stopped while it wrote
            file.truncate(sum(map(len, lines[:-1])))
            lines.pop()
        if not lines:
            kept._write(head)
            return kept
        try:
            _compare(path, msgspec.json.decode(lines[0], type=_Head), head)
            results = [msgspec.json.decode(line, type=SeedResult) for line in lines[1:]]
        except msgspec.DecodeError as error:
            file.close()
            raise SimulatorError(f"{path} is not what explore keeps: {error}") from None
        except SimulatorError:
            file.close()
            raise
        kept.results = {result.seed: result for result in results}
        return kept


def _head_of(client: ExploredClient, faults: tuple[str, ...]) -> _Head:
    from hypothesis import __version__

    bounds = None if client.bounds is None else msgspec.to_builtins(client.bounds)
    on = (client.catalogue, client.product, client.account)
    return _Head(client.name, client.lines, faults, *on, bounds, __version__)


def _compare(path: Path, before: _Head, now: _Head) -> None:
    for name in _Head.__struct_fields__:
        was, is_ = getattr(before, name), getattr(now, name)
        if was != is_:
            raise SimulatorError(f"{path} is of another exploration: its {name} was {was!r}, and is {is_!r} now")
