"""Recorded sessions of clients that make mistakes: they replay, and their rules count only what reaches rules."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from simulator.catalogue import load as load_catalogue
from simulator.record import RecordedEvent, scenario_of
from simulator.record.proxy import Recorder
from simulator.replay import replay
from simulator.replay.sockets import replay_over_socket
from simulator.scenario import load
from simulator.server import Server
from simulator.simulation import Simulation
from simulator.yaml_writer import yaml_of
from support.replay import ORDER

LIMITED = {"type": "SetLimits", "limits": [{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "5"}]}
LESS = {**ORDER, "quantity": 1}
CARELESS = [
    {"id": 1, **LIMITED},
    {"id": 2, "type": "SetLimits"},
    {"id": 3, "type": "SetLimits", "limits": "all"},
    {"id": 4, "type": "SetLimits", "limits": [{"set": "All", "scope": "All", "name": "MaxOrder", "value": "5"}]},
    {"id": 5, **LIMITED},
    {"id": 6, "type": "SetLimit"},
    {"id": "7", **LIMITED},
    {"id": 8, **LESS, "account": "nobody"},
    {"id": 9, **LESS, "target": "nowhere"},
    {"id": 10, **LESS, "price": "cheap"},
    {"id": 11, **LESS, "dir": "buy"},
    {"id": 12, **LESS},
    {"id": 13, "type": "CancelOrder", "order_id": "12345"},
    {"id": 14, "type": "CreateAccount"},
    {"id": 15, **LESS, "quantity": 2},
    {"id": 16, "type": "GetHalts"},
]
"""What a careless client sends: good requests, such as no decoder reads, and such as the gateway refuses."""


def recorded(messages: Iterable[str], **scenario: Any) -> list[RecordedEvent]:
    """Return what passes when a client sends messages to a simulator of a scenario, each after an answer."""

    async def session() -> list[RecordedEvent]:
        server = Server(Simulation({"clock": "instant", **scenario}), port=0)
        await server.start()
        recorder = Recorder(server.url)
        await recorder.start("127.0.0.1", 0)
        try:
            async with asyncio.timeout(10), connect(recorder.url + "/architect") as client:
                await client.recv()
                for message in messages:
                    await client.send(message)
                    await client.recv()
        finally:
            await recorder.close()
            await server.close()
        return recorder.session

    return asyncio.run(session())


def without_times(session: list[RecordedEvent]) -> list[RecordedEvent]:
    """Return a session in which everything happens at once."""
    return [RecordedEvent(0, seen.connection, seen.kind, seen.data, seen.by_endpoint) for seen in session]


def seen(*pairs: tuple[str, str | None]) -> list[RecordedEvent]:
    """Return a session in which messages are answered, or not."""
    passed = [RecordedEvent(0, 1, "open", "/architect"), RecordedEvent(0, 1, "out", '"Normal"')]
    for message, answer in pairs:
        passed.append(RecordedEvent(0, 1, "in", message))
        if answer is not None:
            passed.append(RecordedEvent(0, 1, "out", answer))
    return passed


def test_a_careless_clients_session_replays(tmp_path: Path) -> None:
    """Rules count what reaches them and leave to the gateway what it refuses, so that the recording replays."""
    found = scenario_of(without_times(recorded(map(json.dumps, CARELESS))), load_catalogue("default"))
    assert [(rule["when"], rule["then"]) for rule in found["rules"]] == [
        ({"request": "SetLimits", "nth": "1"}, [{"reply": {"Ok": None}}]),
        ({"request": "SetLimits", "nth": "2"}, [{"reply": {"Ok": None}}]),
        ({"request": "GetHalts", "nth": "1"}, [{"reply": {"Ok": []}}]),
    ]
    path = tmp_path / "careless.scenario.yaml"
    path.write_text(yaml_of(found))
    loaded = load(path)
    assert [replay(loaded).failures, replay_over_socket(loaded).failures] == [(), ()]
    assert (len(found["accounts"]), "nobody" in path.read_text()) == (1, False)


def test_a_rule_after_refused_requests_is_for_its_own() -> None:
    """What the gateway refuses after the rules have seen it is counted, although it has no rule."""
    rule = {"when": {"request": "SendLimitOrder", "nth": 3}, "then": [{"reply": {"Err": "no more today"}}]}
    messages = [{"id": 1, **LESS, "target": "nowhere"}, {"id": 2, **LESS, "price": 0}, {"id": 3, **LESS}]
    found = scenario_of(without_times(recorded(map(json.dumps, messages), rules=[rule])), load_catalogue("default"))
    assert found["rules"] == [
        {"when": {"request": "SendLimitOrder", "nth": "3"}, "then": [{"reply": {"Err": "no more today"}}]}
    ]
    assert replay(found).failures == ()


@pytest.mark.parametrize(
    ("message", "answer", "step"),
    [
        (
            '{"id":4,"type":"GetFillDetails"}',
            '{"id":4,"response":{"Err":"so not"}}',
            {"send": {"type": "GetFillDetails"}, "reply": "Err"},
        ),
        (
            '{"id":4,"type":"Odd","type":"GetHalts"}',
            '{"id":4,"response":{"Err":"`$.type`: expected once, got twice"}}',
            {
                "raw": '{"id":4,"type":"Odd","type":"GetHalts"}',
                "reply": {"Err": "`$.type`: expected once, got twice"},
            },
        ),
        ('{"id":4,"type":"Odd"}', None, {"raw": '{"id":4,"type":"Odd"}'}),
        ('{"id":"4","type":"GetHalts"}', None, {"raw": '{"id":"4","type":"GetHalts"}'}),
        ("no json", None, {"raw": "no json"}),
    ],
)
def test_a_message_that_is_no_request(message: str, answer: str | None, step: dict[str, Any]) -> None:
    """What no decoder reads is sent as data if that is as wrong and as it came if not, and is in no rule's count."""
    halts = ('{"id":5,"type":"GetHalts"}', '{"id":5,"response":{"Ok":[]}}')
    found = scenario_of(seen((message, answer), halts), load_catalogue("default"))
    assert found == {
        "name": "recorded session",
        "clock": "instant",
        "catalogue": "default",
        "rules": [{"when": {"request": "GetHalts", "nth": "1"}, "then": [{"reply": {"Ok": []}}]}],
        "client": [step, {"send": {"type": "GetHalts"}, "reply": {"Ok": []}}],
    }
    assert replay(found).failures == ()


def test_the_other_protocols_messages_are_no_requests() -> None:
    """What is said by path looks like a request at times, and is sent as it came."""
    text = '{"type":"Unsubscribe","id":1}'
    session = [RecordedEvent(0, 1, "open", "/netidx"), RecordedEvent(0, 1, "in", text)]
    assert scenario_of(session, load_catalogue("default"))["client"] == [{"connect": "/netidx"}, {"raw": text}]
