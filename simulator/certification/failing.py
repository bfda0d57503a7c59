"""How a client fails in this process: what it raises, as a text, and what ends or holds up a whole run."""

import asyncio
import contextlib
import signal
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from simulator.certification.programs import ProgramError
from simulator.quoting import cut, escaped

__all__ = ["Stuck", "alarm", "text_of", "why_it_ended"]

_STUCK_AFTER = 5
_LONGEST_TEXT = 300
_OWN = str(Path(__file__).parent)


class Stuck(KeyboardInterrupt):
    """The client holds the loop; no other base is let through by tasks and by clients that catch every exception."""

    def __str__(self) -> str:
        return f"nothing else could run for {_STUCK_AFTER} s, because the client blocks the event loop"


@contextlib.contextmanager
def alarm() -> Iterator[None]:
    """Raise `Stuck` in who holds the main thread, where the system has alarms.

    That is who lets no time pass on the loop that runs there, while the wall's clock goes on.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer") or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    last: float | None = None

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal last
        try:
            now = asyncio.get_running_loop().time()
        except RuntimeError:  # the loop is yet to run, or runs no more
            return
        if now == last:
            raise Stuck
        last = now

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _STUCK_AFTER, _STUCK_AFTER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def text_of(error: BaseException) -> str:
    """Return what a client's exception says, and where in the client it was raised; of a program, what it says."""
    try:
        said = cut(escaped(str(error)), _LONGEST_TEXT)
    except Exception:  # the client's own class cannot say it
        said = ""
    if isinstance(error, ProgramError):
        return said
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith(_OWN)]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    name = type(error).__name__
    return f"{name}: {said}{place}" if said else f"{name}{place}"


def why_it_ended(error: BaseException) -> str | None:
    """Return how a client has ended a run by what came out of it; None for what is no client's doing."""
    if isinstance(error, SystemExit):
        return f"it ended itself: {text_of(error)}"
    if isinstance(error, asyncio.CancelledError):
        return "it cancelled tasks that are not its own"
    if isinstance(error, RuntimeError) and str(error).startswith("Event loop stopped"):
        return "it stopped the event loop"
    return None
