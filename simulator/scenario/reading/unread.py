"""What is not known of a scenario because it could not be read: nothing is held against what may be there."""

from collections.abc import Collection, Iterable

__all__ = ["Unread"]


class Unread:
    """What could not be read of a scenario.

    Args:
        lost: the sections of which nobody knows what they say, or whether that is all.
        partial: the sections that have items which cannot be read.
        words: the words of those items; each may be the name of something.
    """

    def __init__(self, lost: Collection[str] = (), partial: Collection[str] = (), words: Collection[str] = ()) -> None:
        self._lost = frozenset(lost)
        self._partial = frozenset(partial)
        self.words = frozenset(words)

    def knows(self, *sections: str) -> bool:
        """Tell whether every name in some sections is either known or one of the words."""
        return self._lost.isdisjoint(sections)

    def has_all(self, *sections: str) -> bool:
        """Tell whether everything in some sections could be read."""
        return self.knows(*sections) and self._partial.isdisjoint(sections)

    def lacks(self, name: str, known: Iterable[str]) -> bool:
        """Tell whether a name is neither one that is known nor one that what could not be read may give."""
        return name not in known and name not in self.words
