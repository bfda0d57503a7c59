"""Python's search for garbage, kept short: what it has found to be in use is not looked through again."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["short_searches"]

_LONG = 0.005
_OLDEST = 2


@contextmanager
def short_searches(clock: Callable[[], float] = time.perf_counter) -> Iterator[None]:
    """Set aside what is there now, and while the block runs what each long search has left.

    Where a hundred thousand orders are open, everybody would else wait for a tenth of a second each time that all of
    them are looked through. What is set aside is freed as ever once nobody refers to it; only what is in a cycle stays,
    so it is for a process that ends with the block, and need not be looked through for that either.

    Args:
        clock: gives the time in seconds.
    """
    began = 0.0

    def see(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if info["generation"] < _OLDEST:
            return
        if phase == "start":
            began = clock()
        elif clock() - began >= _LONG:
            gc.freeze()

    gc.freeze()
    gc.callbacks.append(see)
    try:
        yield
    finally:
        gc.callbacks.remove(see)
