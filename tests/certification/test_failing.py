"""Whatever a client does in this process is a finding in its words, and the battery goes on."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from certification.clients.streaming import StreamingClient
from simulator.certification import certify, chosen, failing
from simulator.certification.targets import class_named
from simulator.errors import SimulatorError
from support.cli import ENVIRONMENT, PROGRAM

CASES = chosen(["well-behaved", "late-ack"])


def found(cancel: Any = None, belief: Any = None, **more: Any) -> str:
    """Return the first finding about a client that does something odd, in both of two cases."""
    methods = {name: method for name, method in {"cancel": cancel, "belief": belief, **more}.items() if method}
    client = type("Odd", (StreamingClient,), methods)
    first, second = (str(verdict.findings[0]) for verdict in certify(client, cases=CASES))
    assert first == second
    return first.replace(f" ({__file__.rsplit('/', 1)[-1]}:", " (HERE:")


class Wordless(Exception):
    """An exception that cannot be said."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Own(BaseException):
    """An exception that is no `Exception`."""


def raising(error: BaseException) -> Any:
    """Return a method that raises something."""

    async def method(self: Any, *args: Any) -> None:
        raise error

    return method


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("x\n\x1b[31m"), r"ValueError: x\n\x1b[31m"),
        (ValueError("x" * 10_000), f"ValueError: {'x' * 300}…"),
        (Wordless(), "Wordless"),
        (SystemExit(3), "SystemExit: 3"),
        (Own("mine"), "Own: mine"),
        (GeneratorExit(), "GeneratorExit"),
        (asyncio.CancelledError(), "CancelledError"),
    ],
)
def test_whatever_it_raises(error: BaseException, said: str) -> None:
    """What a method raises is told in one line, with the place in the client."""
    text = found(raising(error))
    assert text.startswith(f"does what it is asked: cancel('resting sell') failed: {said} (HERE:")


def test_generators() -> None:
    """A method that is a generator does nothing when it is called, and that is said."""

    def cancel(self: Any, tag: str) -> Iterator[int]:
        yield 1

    async def submit(self: Any, *args: Any) -> Any:
        yield 1

    why = "is a generator, which does nothing when it is called"
    assert found(cancel).endswith(f"cancel('resting sell') failed: TypeError: cancel {why}")
    assert found(submit=submit).endswith(f"submit('resting buy') failed: TypeError: submit {why}")


@pytest.mark.parametrize(
    ("belief", "said"),
    [
        ({"position": "NaN"}, "position: expected a decimal, got 'NaN'"),
        ({"position": float("inf")}, "position: expected a decimal, got 'inf'"),
        ({"position": Decimal("sNaN")}, "position: expected a decimal, got 'sNaN'"),
        ({"position": Decimal("1e99999999")}, "position: expected a decimal, got '1E+99999999'"),
        ({"position": "9" * 100_000}, f"position: expected a decimal, got '{'9' * 80}…'"),
        (
            {"orders": {"resting buy": {"filled": "much"}}},
            "filled of 'resting buy': expected a decimal, got 'much'",
        ),
    ],
)
def test_beliefs_that_are_no_numbers(belief: Any, said: str) -> None:
    """An amount that no exchange could hold is no belief."""
    assert found(belief=lambda self: belief) == f"does what it is asked: belief() failed: ValueError: {said}"


def test_belief_that_never_comes() -> None:
    """A client that never says what it believes waits for ever."""

    async def belief(self: Any) -> None:
        await asyncio.sleep(1_000_000)

    assert found(belief=belief) == "waits for nothing for ever: belief() had not ended after 60 s"


def test_what_ends_the_run() -> None:
    """A client that ends the loop, or tasks that are not its own, has ended itself."""

    async def stop_the_loop(self: Any, tag: str) -> None:
        asyncio.get_running_loop().stop()

    async def cancel_all(self: Any, tag: str) -> None:
        for task in asyncio.all_tasks():
            task.cancel()

    async def exit_in_a_task(self: Any, tag: str) -> None:
        self.tasks.append(asyncio.ensure_future(raising(SystemExit(4))(self)))

    assert found(stop_the_loop) == "ends only when done: it stopped the event loop"
    assert found(cancel_all) == "ends only when done: it cancelled tasks that are not its own"
    assert found(exit_in_a_task).startswith("ends only when done: it ended itself: SystemExit: 4 (HERE:")


def test_client_that_cannot_be_made() -> None:
    """What ends the program while a client is made, or its file is read, ends neither."""

    def exits(self: Any) -> None:
        sys.exit("no key")

    assert found(__init__=exits).startswith("does what it is asked: make() failed: SystemExit: no key (HERE:")


def test_file_that_ends_the_program(tmp_path: Path) -> None:
    """A client's file that runs as a program when it is imported is a mistake, in one line."""
    (tmp_path / "client.py").write_text("import sys; sys.exit('usage: client URL')", encoding="utf-8")
    with pytest.raises(SimulatorError, match=r"cannot import .*client\.py: SystemExit: usage: client URL"):
        class_named(f"{tmp_path / 'client.py'}:Client")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no alarms")
def test_client_that_blocks_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client in whose turn no time can pass is found to block, and the next case is played."""

    async def cancel(self: Any, tag: str) -> None:
        time.sleep(600)  # noqa: ASYNC251 - it is the mistake

    monkeypatch.setattr(failing, "_STUCK_AFTER", 1)
    said = "waits for nothing for ever: nothing else could run for 1 s, because the client blocks the event loop"
    assert found(cancel) == said


def test_client_that_leaves_a_thread(tmp_path: Path) -> None:
    """The command ends though the client has left a thread that never does."""
    client = tmp_path / "client.py"
    client.write_text(
        "import threading, time\n"
        "from certification.clients.streaming import StreamingClient\n"
        "class Client(StreamingClient):\n"
        "    async def start(self, url):\n"
        "        threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "        await super().start(url)\n",
        encoding="utf-8",
    )
    command = [*PROGRAM, "certify", "--case", "well-behaved", f"{client}:Client"]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    said = "the client has left 1 thread running, which end now\n"
    assert (done.returncode, done.stderr, done.stdout.splitlines()[0]) == (0, said, "survives  well-behaved")
