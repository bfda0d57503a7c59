"""What a test is told of the requests that have come."""

from collections.abc import Iterable

from simulator.journal.queries import Miss, Received

__all__ = ["ReceivedRequests"]


class ReceivedRequests(list[Received]):
    """The requests that match; if there are none, its text says which came nearest, for a failed ``assert`` to show.

    Args:
        found: they.
        nearest: the one that lacks the least, if none is found.
    """

    def __init__(self, found: Iterable[Received], nearest: Miss | None = None) -> None:
        super().__init__(found)
        self.nearest = nearest

    def __repr__(self) -> str:
        if self or self.nearest is None:
            return super().__repr__()
        lacks = "; ".join(map(str, self.nearest.differences))
        return f"[] (nearest: {lacks}: {self.nearest.received})"
