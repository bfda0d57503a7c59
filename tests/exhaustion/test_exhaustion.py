import os

import pytest

from exhaustion.exhaustion import CASES, Scale, measure

pytestmark = pytest.mark.skipif(not os.path.isfile("/proc/self/schedstat"), reason="the figures come from /proc")

LITTLE = Scale(full=2000, clients=5, seconds=1.0)


@pytest.mark.parametrize("name", [name for name in CASES if name != "steps"])  # which starts many servers
def test_what_is_allowed_harms_nobody(name: str) -> None:
    """However much clients and scenarios do of what they may, others are answered, memory is bounded, and it ends."""
    figures = measure(name, LITTLE)
    assert figures["asked"] > 1
    assert figures["longest wait"] < 0.25
    assert figures["peak"] < 400
    assert figures["end"] < 10
