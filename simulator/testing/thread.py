"""A server in a thread of its own, and other threads that wait for what happens there."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from simulator.errors import SimulatorError
from simulator.server import Server
from simulator.testing.loops import PATIENCE

__all__ = ["News", "ServerThread"]

_T = TypeVar("_T")


class ServerThread:
    """Runs a server in a thread.

    Args:
        server: what runs.
        so_far: says what has happened until now, for who has waited too long.
    """

    def __init__(self, server: Server, so_far: Callable[[float], str]) -> None:
        self._server = server
        self._so_far = so_far
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server can be reached."""
        return self._loop is not None

    def start(self) -> None:
        """Start serving, unless it does already."""
        if self._loop is not None:
            return
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="exchange", daemon=True)
        self._thread.start()
        started.result(PATIENCE)

    def stop(self) -> None:
        """Close every connection and stop; nothing is left of the thread."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)

    def _run(self, started: "Future[None]") -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: "Future[None]") -> None:
        self._stopping = asyncio.Event()
        try:
            await self._server.start()
        except BaseException as error:
            started.set_exception(error)
            return
        self._loop = asyncio.get_running_loop()
        started.set_result(None)
        await self._stopping.wait()
        await self._server.close(patience=0.0)

    def call(self, act: Callable[[], _T], timeout: float | None = None) -> _T:
        """Do something in the thread, send what comes of it, and return its result.

        Raises `SimulatorError` if the server does not run, or if it is not done in time; it goes on then.
        """
        if self._loop is None:
            raise SimulatorError("the exchange is not running")
        timeout = PATIENCE if timeout is None else timeout
        done: Future[_T] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except BaseException as error:
                done.set_exception(error)
            self._server.world.flush()

        self._loop.call_soon_threadsafe(run)
        return self._result(done, timeout)

    def run(self, job: Coroutine[Any, Any, _T], timeout: float) -> _T:
        """Do in the thread what takes its turn there with others, and return its result; raises as `call` does."""
        if self._loop is None:
            job.close()
            raise SimulatorError("the exchange is not running")
        return self._result(asyncio.run_coroutine_threadsafe(job, self._loop), timeout)

    def _result(self, done: "Future[_T]", timeout: float) -> _T:
        try:
            return done.result(timeout)
        except SimulatorError as error:
            raise error.with_traceback(None)  # noqa: B904 - what is wrong is the line that asked
        except TimeoutError:
            if done.done():
                raise
        raise SimulatorError(self._so_far(timeout))


class News:
    """Tells threads that wait for something that it may have come."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._waiting = 0

    def spread(self) -> None:
        """Something has happened."""
        self._count += 1
        if self._waiting:
            with self._condition:
                self._condition.notify_all()

    def wait(self, ask: Callable[[], _T | None], timeout: float, is_over: Callable[[], bool]) -> _T | None:
        """Ask at once, and whenever something has happened, until there is an answer, the time is over, or all is."""
        deadline = time.monotonic() + timeout
        with self._condition:
            self._waiting += 1
        try:
            while True:
                count = self._count
                answer = ask()
                if answer is not None or not self._hears_more(count, deadline, is_over):
                    return answer
        finally:
            with self._condition:
                self._waiting -= 1

    def _hears_more(self, count: int, deadline: float, is_over: Callable[[], bool]) -> bool:
        """Wait until there is more news than so much; return False if there is none in time, or nobody waits."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != count or is_over(), deadline - time.monotonic())
            return self._count != count and not is_over()
