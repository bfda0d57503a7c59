"""Careful clients survive every case: a case that one of them does not survive is wrong."""

import pytest

from certification.clients.streaming import StreamingClient
from simulator.certification import CASES, Case, certify


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("client", [StreamingClient])
def test_careful_client_survives(case: Case, client: type) -> None:
    """A client that is careful breaks no law, whatever the venue's seed."""
    for seed in range(2):
        (verdict,) = certify(client, cases=[case], seed=seed)
        assert [str(finding) for finding in verdict.findings] == []
