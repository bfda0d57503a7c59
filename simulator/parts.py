"""Work that is done in parts, so that others can have their turn between them."""

from collections.abc import Callable, Generator
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = ["Aside", "Parts", "Turns", "in_parts"]

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Aside(Generic[_T]):
    """A long part of work, which no other can interrupt: of what nobody changes, so that another thread may do it.

    Args:
        work: does it.
    """

    result: _T

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work

    def do(self) -> None:
        """Do it; then ``result`` is what has come of it."""
        self.result = self._work()


Turns = Generator[Aside[Any] | None, None, _T]
"""Does work: yields where others can have their turn, and what is to be done meanwhile."""


class Parts(Generic[_T]):
    """Work of which an iteration does one part after the other; what comes of it is what the iterator returns.

    ``yield from`` makes it a piece of other work. Whoever iterates does what it yields, before the next part.

    Args:
        steps: does it.
    """

    def __init__(self, steps: Turns[_T]) -> None:
        self._steps = steps

    def __iter__(self) -> Turns[_T]:
        return self._steps

    def at_once(self) -> _T:
        """Do all of it, whoever waits meanwhile; return what comes of it."""
        while True:
            try:
                aside = next(self._steps)
            except StopIteration as done:
                result: _T = done.value
                return result
            if aside is not None:
                aside.do()


def in_parts(make: Callable[_P, Turns[_T]]) -> Callable[_P, Parts[_T]]:
    """Make of a generator that yields where others can have their turn a function that returns its work."""

    @wraps(make)
    def begin(*args: _P.args, **kwargs: _P.kwargs) -> Parts[_T]:
        return Parts(make(*args, **kwargs))

    return begin
