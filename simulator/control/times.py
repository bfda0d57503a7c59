"""How somebody who controls a world says a time."""

from datetime import timedelta
from typing import Any

from simulator.errors import SimulatorError
from simulator.scenario.amounts import duration
from simulator.times import parse_time

__all__ = ["moment", "nanoseconds"]


def nanoseconds(time: Any) -> int:
    """Return a time in nanoseconds: ``"250ms"``, a timedelta, or whole nanoseconds; raises `SimulatorError`."""
    if isinstance(time, timedelta):
        return time // timedelta(microseconds=1) * 1000
    if isinstance(time, int) and not isinstance(time, bool):
        return time
    if isinstance(time, str):
        try:
            return duration(time)
        except ValueError as error:
            raise SimulatorError(str(error)) from None
    raise SimulatorError(f"expected a time such as '250ms', a timedelta or whole nanoseconds, got {time!r}")


def moment(text: str) -> int:
    """Return a moment in nanoseconds since 1970: ``"2024-01-01T00:00:01.5Z"``; raises `SimulatorError`."""
    parsed = parse_time(text)
    if parsed is None:
        raise SimulatorError(f"expected a time such as 2024-01-01T00:00:00Z, got {text!r:.80}")
    return parsed[0]
