"""Work that is done in parts, so that others can have their turn between them."""

from collections.abc import Callable, Generator
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

__all__ = ["Parts", "in_parts"]

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Parts(Generic[_T]):
    """Work of which an iteration does one part after the other; what comes of it is what the iterator returns.

    ``yield from`` makes it a piece of other work.

    Args:
        steps: does it.
    """

    def __init__(self, steps: Generator[None, None, _T]) -> None:
        self._steps = steps

    def __iter__(self) -> Generator[None, None, _T]:
        return self._steps

    def at_once(self) -> _T:
        """Do all of it, whoever waits meanwhile; return what comes of it."""
        while True:
            try:
                next(self._steps)
            except StopIteration as done:
                result: _T = done.value
                return result


def in_parts(make: Callable[_P, Generator[None, None, _T]]) -> Callable[_P, Parts[_T]]:
    """Make of a generator that yields where others can have their turn a function that returns its work."""

    @wraps(make)
    def begin(*args: _P.args, **kwargs: _P.kwargs) -> Parts[_T]:
        return Parts(make(*args, **kwargs))

    return begin
