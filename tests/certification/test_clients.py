"""Careful clients survive every case, and each mistake is found by a case that is made for it."""

from pathlib import Path

import pytest

from certification.clients.careful import CAREFUL
from certification.clients.mistaken import MISTAKES
from certification.clients.streaming import StreamingClient
from simulator.certification import CASES, Case, certify, chosen
from simulator.certification.adapters import AsyncClient

TABLE = Path(__file__).with_name("MISTAKES.md")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("client", CAREFUL)
def test_careful_client_survives(case: Case, client: type[AsyncClient]) -> None:
    """A client that is careful breaks no law, whatever the venue's seed."""
    (verdict,) = certify(client, cases=[case], seed=len(case.name))
    assert [str(finding) for finding in verdict.findings] == []


@pytest.mark.parametrize("client", MISTAKES)
def test_mistake_is_found(client: type[AsyncClient]) -> None:
    """A client with one mistake does not survive the cases that are made for it."""
    assert [verdict.case.name for verdict in certify(client, cases=chosen(MISTAKES[client])) if verdict.survives] == []


def test_the_table_of_mistakes_is_whole() -> None:
    """The table that the long run writes has a row for each mistake, in which the cases made for it stand first."""
    rows = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    found = {name.removeprefix("| "): tuple(cases.removesuffix(", …").split(", ")) for name, cases, *_ in rows}
    assert found.keys() == {client.__name__ for client in MISTAKES}
    for client, cases in MISTAKES.items():
        assert found[client.__name__][: len(cases)] == cases


def test_every_run_is_the_same() -> None:
    """The same client and seed give the same evidence, byte for byte."""
    cases = chosen(["jitter", "updates-reordered", "flapping"])
    runs = [[verdict.evidence.journal for verdict in certify(StreamingClient, cases=cases, seed=3)] for _ in range(2)]
    assert runs[0] == runs[1]
