"""Clients that are programs: one that speaks lines of JSON with the kit, or one as it stands.

LINES.md, beside this module, says what the lines are.
"""

import asyncio
import contextlib
import os
import signal
from collections import deque
from typing import Any

import msgspec

from simulator.certification.adapters import CannotStart
from simulator.certification.belief import Belief, read_belief
from simulator.certification.evidence import Ending
from simulator.quoting import cut, escaped

__all__ = ["LinesAdapter", "ProgramAdapter", "ProgramError"]

_LONGEST_LINE = 1 << 20
_LAST_LINES = 5
_LEAVE_WITHIN = 10.0
_LAST_WORDS_WITHIN = 1.0
_LONGEST_WORDS = 300
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has but one


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
        try:
            self.process = process = await asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=pipe if with_lines else asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                env={**os.environ, "EXCHANGE_URL": url},
                limit=_LONGEST_LINE,
                start_new_session=True,  # so that what it has started itself can be ended with it
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise CannotStart(f"cannot start the program {self.arguments[0]!r}: {why}") from None
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        self.watch(self._listen(process.stderr))
        return process

    def watch(self, doing: Any) -> None:
        self._tasks.append(asyncio.ensure_future(doing))

    async def exit(self) -> int:
        """Wait until it has ended and all that it said has been read; return its exit status."""
        assert self.process is not None  # noqa: S101 - it was started
        status = await self.process.wait()
        await asyncio.wait(self._tasks[:1], timeout=_LAST_WORDS_WITHIN)
        return status

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while part := await stream.read(_LONGEST_LINE):
            *lines, rest = (rest + part)[-_LONGEST_LINE:].split(b"\n")
            self.last_words.extend(line.decode(errors="replace").rstrip() for line in lines[-_LAST_LINES:])
        if rest:
            self.last_words.append(rest.decode(errors="replace").rstrip())

    def said(self) -> str:
        words = " | ".join(cut(escaped(line), _LONGEST_WORDS) for line in self.last_words)
        return f"; stderr: {words}" if words else ""

    async def end(self) -> int | None:
        """Tell it to end; return the exit status it had by itself, or None."""
        process = self.process
        if process is None:
            return None
        status = process.returncode
        if status is None:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _LEAVE_WITHIN)
            except TimeoutError:
                raise ProgramError(f"it did not end within {_LEAVE_WITHIN:g} s of SIGTERM") from None
        return status

    def _signal(self, number: int) -> None:
        """Send a signal to the program, and to what it has started itself."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self.process.pid, number)
                else:
                    self.process.send_signal(number)

    async def discard(self) -> None:
        """Kill it, and what it has left behind."""
        if self.process is not None:
            self._signal(_KILL)
            await self.process.wait()
        for task in self._tasks:
            task.cancel()


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
        self._has_fault = asyncio.Event()
        self._is_ended = False

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
            self._is_ended = True
            await self._program.end()

    async def belief(self) -> Belief | None:
        """Return what the program believes, or None if it does not tell."""
        answer = await self._tell(ask="belief")
        return None if answer.get("belief") is None else read_belief(answer["belief"])

    async def gone(self) -> Ending:
        """Wait until nobody can speak with the program any more, and return why."""
        await self._has_fault.wait()
        return Ending(str(self._fault))

    async def discard(self) -> None:
        """Kill the program, if it has not ended."""
        await self._program.discard()

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
        if self._is_ended:
            return  # what is not answered by now has not been answered
        if fault is None and self._program.process is not None:
            fault = f"it ended early, with status {await self._program.exit()}{self._program.said()}"
        self._fault = fault
        self._has_fault.set()
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
        """Tell the program to end; raises `ProgramError` for one that does not."""
        await self._program.end()

    async def belief(self) -> Belief | None:
        """Return None: nobody can ask it."""
        return None

    async def gone(self) -> Ending:
        """Wait until the program has ended, and return how."""
        status = await self._program.exit()
        return Ending(f"it ended by itself, with status {status}{self._program.said()}", status)

    async def discard(self) -> None:
        """Kill the program, if it has not ended."""
        await self._program.discard()


async def _read_out(stream: asyncio.StreamReader) -> None:
    while await stream.read(_LONGEST_LINE):
        pass
