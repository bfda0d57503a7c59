import asyncio

import pytest

from fuzz.wire import BATCH, Fuzz, Wrong, check_answer, in_process
from simulator.gateway.session import Session
from simulator.simulation import Simulation

pytestmark = pytest.mark.no_cover  # being traced, it would take ten times as long

SEED = 11
MESSAGES = 5000


@pytest.mark.parametrize("part", range(2))
def test_mutated_messages(part: int) -> None:
    """Each of some thousand messages, from nearly right to noise, is answered once or closes with the right code."""
    batches = MESSAGES // BATCH // 2
    fuzz = Fuzz(SEED)
    asyncio.run(fuzz.run(range(part * batches, (part + 1) * batches), BATCH, seconds=60))
    assert fuzz.sent == MESSAGES // 2
    assert set(fuzz.codes) >= {1002, 1007, None}
    assert set(fuzz.statuses) >= {400}


def test_second_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is answered twice is found out."""
    receive = Simulation.receive

    def twice(self: Simulation, session: Session, text: str | bytes) -> None:
        receive(self, session, text)
        receive(self, session, text)

    monkeypatch.setattr(Simulation, "receive", twice)
    with pytest.raises(Wrong, match="is answered by"):
        in_process([b'{"id":1,"type":"GetHalts"}'])


@pytest.mark.parametrize(
    "said",
    [
        b'{"id":2,"response":{"Ok":[]}}',
        b'{"id":1,"response":{"No":[]}}',
        b'{"id":1,"response":{"Err":[]}}',
        b'{"id":1,"response":{"Ok":[]},"more":1}',
    ],
)
def test_wrong_answer_is_found(said: bytes) -> None:
    """An answer under another id, or of no known kind, is found out."""
    with pytest.raises(Wrong):
        check_answer(b'{"id":1,"type":"GetHalts"}', [said])
