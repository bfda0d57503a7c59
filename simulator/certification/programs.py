"""Clients that are programs: one that speaks lines of JSON with the kit, or one as it stands.

The protocol of lines, of which each is one JSON object. The kit writes to the program's stdin::

    {"id": 1, "do": "start", "url": "ws://127.0.0.1:40001"}
    {"id": 2, "do": "submit", "tag": "a", "side": "Buy", "price": "100.5", "quantity": "2", "product": "…"}
    {"id": 3, "do": "cancel", "tag": "a"}
    {"id": 4, "do": "flatten"}
    {"id": 5, "ask": "belief"}
    {"id": 6, "do": "stop"}

and the program answers each on its stdout, when it has done what it does at once, in any order::

    {"id": 2, "done": true}
    {"id": 3, "failed": "why"}
    {"id": 5, "belief": {"orders": {"a": {"outcome": "filled", "filled": "2", "average": "100.5"}}, "position": "2"}}

A belief of null is for a program that keeps none. What it writes to stderr is shown where it fails.
"""

import asyncio
import contextlib
import os
import signal
from collections import deque
from typing import Any

import msgspec

from simulator.certification.belief import Belief, read_belief

__all__ = ["LinesAdapter", "ProgramAdapter", "ProgramError"]

_LONGEST_LINE = 1 << 20
_LAST_LINES = 5
_LEAVE_WITHIN = 10.0


class ProgramError(Exception):
    """What a program did wrong, in one sentence."""


class _Program:
    """A running program, and the last lines of its stderr."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.last_words: deque[str] = deque(maxlen=_LAST_LINES)
        self.process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, url: str, with_lines: bool) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        self.process = process = await asyncio.create_subprocess_exec(
            *self.arguments,
            stdin=pipe if with_lines else asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            env={**os.environ, "EXCHANGE_URL": url},
            limit=_LONGEST_LINE,
        )
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        self.watch(self._listen(process.stderr))
        return process

    def watch(self, doing: Any) -> None:
        self._tasks.append(asyncio.ensure_future(doing))

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        with contextlib.suppress(ValueError):  # a line that is too long to be shown
            while line := await stream.readline():
                self.last_words.append(line.decode(errors="replace").rstrip())

    def said(self) -> str:
        return f"; stderr: {' | '.join(self.last_words)}" if self.last_words else ""

    async def end(self) -> int | None:
        """Tell it to end, and kill it if it does not; return the exit status it had by itself, or None."""
        process = self.process
        if process is None:
            return None
        status = process.returncode
        if status is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _LEAVE_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise ProgramError(f"it did not end within {_LEAVE_WITHIN:g} s of SIGTERM, and was killed") from None
        for task in self._tasks:
            task.cancel()
        return status


class LinesAdapter:
    """A client that is a program which speaks lines of JSON.

    Args:
        arguments: the program and its arguments.
    """

    trades_by_itself = False

    def __init__(self, arguments: list[str]) -> None:
        self._program = _Program(arguments)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._fault: str | None = None

    async def start(self, url: str) -> None:
        """Start the program, and let it connect."""
        process = await self._program.start(url, with_lines=True)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        self._program.watch(self._hear(process.stdout))
        await self._tell(do="start", url=url)

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        """Let the program send an order."""
        await self._tell(do="submit", tag=tag, side=side, price=price, quantity=quantity, product=product)

    async def cancel(self, tag: str) -> None:
        """Let the program cancel an order."""
        await self._tell(do="cancel", tag=tag)

    async def flatten(self) -> None:
        """Let the program become flat."""
        await self._tell(do="flatten")

    async def stop(self) -> None:
        """Let the program end."""
        try:
            await self._tell(do="stop")
        finally:
            await self._program.end()

    async def belief(self) -> Belief | None:
        """Return what the program believes, or None if it does not tell."""
        answer = await self._tell(ask="belief")
        return None if answer.get("belief") is None else read_belief(answer["belief"])

    async def _tell(self, **line: Any) -> dict[str, Any]:
        """Write a line and return the answer; raises `ProgramError` for what is none."""
        process = self._program.process
        if self._fault is not None or process is None or process.stdin is None:
            raise ProgramError(self._fault or "it is not running")
        self._count += 1
        number = self._count
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            process.stdin.write(msgspec.json.encode({"id": number, **line}) + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise ProgramError(f"it no longer reads{self._program.said()}") from None
        said: dict[str, Any] = await answer
        if "failed" in said:
            raise ProgramError(str(said["failed"]))
        return said

    async def _hear(self, stdout: asyncio.StreamReader) -> None:
        fault = None
        try:
            while fault is None and (line := await stdout.readline()):
                fault = self._take(line)
        except ValueError:
            fault = f"it wrote a line of more than {_LONGEST_LINE} bytes"
        if fault is None and self._program.process is not None:
            fault = f"it ended early, with status {await self._program.process.wait()}{self._program.said()}"
        self._fault = fault
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ProgramError(str(fault)))

    def _take(self, line: bytes) -> str | None:
        """Take a line as an answer; return what is wrong with it, or None."""
        try:
            said = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return f"it wrote a line that is no JSON object: {line[:100]!r}"
        answer = self._answers.pop(said.get("id", 0), None) if isinstance(said.get("id"), int) else None
        if answer is None:
            return f"it answered what it was not asked: {line[:100]!r}"
        if not answer.done():
            answer.set_result(said)
        return None


class ProgramAdapter:
    """A client as it stands: it does its own trading, and only the wire is judged.

    Args:
        arguments: the program and its arguments, in which ``{url}`` stands for the address; ``EXCHANGE_URL`` is it too.
    """

    trades_by_itself = True

    def __init__(self, arguments: list[str]) -> None:
        self._program = _Program(arguments)

    async def start(self, url: str) -> None:
        """Start the program."""
        self._program.arguments = [argument.replace("{url}", url) for argument in self._program.arguments]
        process = await self._program.start(url, with_lines=False)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        self._program.watch(_read_out(process.stdout))

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        """Do nothing: the program trades as it likes."""

    async def cancel(self, tag: str) -> None:
        """Do nothing: the program trades as it likes."""

    async def flatten(self) -> None:
        """Do nothing: the program trades as it likes."""

    async def stop(self) -> None:
        """Tell the program to end; raises `ProgramError` for one that has crashed, or does not end."""
        status = await self._program.end()
        if status:
            raise ProgramError(f"it ended by itself, with status {status}{self._program.said()}")

    async def belief(self) -> Belief | None:
        """Return None: nobody can ask it."""
        return None


async def _read_out(stream: asyncio.StreamReader) -> None:
    while await stream.read(_LONGEST_LINE):
        pass
