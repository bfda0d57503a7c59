"""What accounts are called in a recording: otherwise wherever they stand, or as they are."""

import json
from typing import Any

import pytest

from simulator.catalogue import load as load_catalogue
from simulator.record import RecordedEvent, scenario_of
from simulator.record.omissions import differences
from simulator.replay import replay
from support.record import ORDER, newcomer

DETAILS = {"account": "Walter", "order_id": "7", "kind": "Normal"}


def visited(target: str, *pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[RecordedEvent]:
    """Return a session on a target in which requests are answered."""
    seen = [RecordedEvent(0, 1, "open", target), RecordedEvent(0, 1, "out", '"Normal"')]
    for number, (request, response) in enumerate(pairs, 1):
        seen.append(RecordedEvent(0, 1, "in", json.dumps({"id": number, **request})))
        seen.append(RecordedEvent(0, 1, "out", json.dumps({"id": number, "response": response})))
    return seen


def test_accounts_can_keep_their_names() -> None:
    """A recording that keeps accounts says what the client said, and replays."""
    seen = newcomer("partial-fill")
    found = scenario_of(seen, load_catalogue("default"), keep_accounts=True)
    result = replay(found)
    sent = [step["send"] for step in found["client"] if step.get("send", {}).get("type") == "SendLimitOrder"]
    assert (found["accounts"], sent) == (["DEFAULT"], [ORDER, ORDER])
    assert (result.failures, differences(seen, result.journal, keep_accounts=True)) == ((), [])


@pytest.mark.parametrize(
    ("target", "pairs"),
    [
        ("/architect?account=Walter", ()),
        ("/architect", [({"type": "GetFillDetails", "fill_ids": []}, {"Ok": [DETAILS]})]),
        ("/architect", [({**ORDER, "account": "Walter"}, {"Err": "Walter is closed"})]),
    ],
)
def test_an_account_is_replaced_wherever_it_stands(
    target: str, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """An account that only an address or an answer names has another name too, by which the scenario knows it."""
    seen = visited(target, *pairs)
    found = scenario_of(seen, load_catalogue("default"))
    result = replay(found)
    assert (len(found["accounts"]), "walter" in json.dumps(found).casefold()) == (1, False)
    assert (result.failures, differences(seen, result.journal)) == ((), [])


def test_an_account_that_the_endpoint_does_not_know_is_not_the_scenarios() -> None:
    """An account of refused requests alone is not among the scenario's, kept or not."""
    pairs = [({**ORDER, "account": "nobody"}, {"Err": "there is no account 'nobody'"}), (ORDER, {"Ok": "1"})]
    found = scenario_of(visited("/architect", *pairs), load_catalogue("default"), keep_accounts=True)
    assert found["accounts"] == ["DEFAULT"]
