"""So many bytes and no more may be held: for one, and for all together."""

__all__ = ["Budget"]


class Budget:
    """Counts the bytes that are held for each of many.

    Args:
        each: how many may be held for one.
        total: how many may be held for all.
    """

    def __init__(self, each: int, total: int) -> None:
        self.each = each
        self.total = total
        self.held = 0
        """How many bytes are held for all."""
        self._of: dict[int, int] = {}

    def hold(self, who: int, size: int) -> bool:
        """Count so many bytes more; return False if it is too much, for this one or for all."""
        held = self._of.get(who, 0) + size
        self._of[who] = held
        self.held += size
        return held <= self.each and self.held <= self.total

    def free(self, who: int, size: int) -> None:
        """Count so many bytes less."""
        left = self.of(who) - size
        self.held -= size
        if left:
            self._of[who] = left
        else:
            self._of.pop(who, None)

    def of(self, who: int) -> int:
        """Return how many bytes are held for one."""
        return self._of.get(who, 0)

    def is_over(self, who: int) -> bool:
        """Tell whether more is held for one than may be."""
        return self.of(who) > self.each
