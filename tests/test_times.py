from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.terms import BILLION
from simulator.times import EPOCH_2024, text_of_time


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (EPOCH_2024, "2024-01-01T00:00:00.000000000Z"),
        (EPOCH_2024 + 1, "2024-01-01T00:00:00.000000001Z"),
        (951_782_400 * BILLION, "2000-02-29T00:00:00.000000000Z"),
        (-62_135_596_800 * BILLION, "0001-01-01T00:00:00.000000000Z"),
        (253_402_300_800 * BILLION - 1, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_text_of_time(nanoseconds: int, text: str) -> None:
    """A time is RFC 3339 in UTC, with nine digits after the second and four in the year."""
    assert text_of_time(nanoseconds) == text


@given(st.integers(-62_135_596_800 * BILLION, 253_402_300_800 * BILLION - 1))
def test_time_round_trip(nanoseconds: int) -> None:
    """A time's text holds every nanosecond of it."""
    text = text_of_time(nanoseconds)
    since = datetime.fromisoformat(text[:19] + "+00:00") - datetime(1970, 1, 1, tzinfo=UTC)
    assert since // timedelta(seconds=1) * BILLION + int(text[20:29]) == nanoseconds
    assert text[19] + text[29:] == ".Z"
