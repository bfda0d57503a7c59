"""What a test is told of the requests that have come."""

from collections.abc import Iterable

from simulator.journal.queries import Miss, Received

__all__ = ["ReceivedRequests"]


class ReceivedRequests(list[Received]):
    """The requests that match; if there are none, its text says which came nearest, for a failed ``assert`` to show.

    Args:
        found: they.
        nearest: the one that lacks the least, if none is found, or what is said of it.
    """

    def __init__(self, found: Iterable[Received], nearest: Miss | str | None = None) -> None:
        super().__init__(found)
        self.nearest = nearest

    def __repr__(self) -> str:
        if self or not self.nearest:
            return super().__repr__()
        if isinstance(self.nearest, str):
            return f"[] ({'; '.join(map(str.strip, self.nearest.splitlines()))})"
        lacks = "; ".join(map(str, self.nearest.differences))
        return f"[] (nearest: {lacks}: {self.nearest.received})"
