"""Whether a recording does what was seen: it is replayed, and what a client is told compared with what it was told."""

from collections.abc import Iterable
from pathlib import Path

from simulator.errors import ScenarioError
from simulator.record.omissions import differences
from simulator.record.reading import RecordedEvent
from simulator.replay import replay

__all__ = ["shortcomings"]


def shortcomings(path: Path, session: Iterable[RecordedEvent], keep_accounts: bool = False) -> list[str]:
    """Return what is wrong with a recording, a sentence each; nothing if its replay tells all that was told.

    Args:
        path: the recording's file.
        session: what passed when it was recorded.
        keep_accounts: whether accounts are called as they were.
    """
    try:
        result = replay(path)
    except ScenarioError as error:
        return [f"this recording does not load: {problem}" for problem in error.problems]
    if result.failures:
        return [f"this recording does not replay: {failure}" for failure in result.failures]
    return [f"this recording {difference}" for difference in differences(session, result.journal, keep_accounts)]
