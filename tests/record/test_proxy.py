"""The command `record` between a client and a simulator: what passes, and that it replays."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from simulator.catalogue import load as load_catalogue
from simulator.cli.main import main
from simulator.record import scenario_of
from simulator.record.proxy import Recorder
from simulator.replay import replay
from simulator.replay.sockets import replay_over_socket
from simulator.scenario import load
from simulator.server import Server
from simulator.simulation import Simulation
from simulator.yaml_writer import yaml_of

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "target": PAIR, "dir": "Buy", "price": 100, "quantity": "10", "account": "Default"}
PATIENCE = 10


@contextlib.asynccontextmanager
async def recording(**scenario: Any) -> AsyncIterator[Recorder]:
    """Record what is said to a simulator of a scenario while the block runs."""
    server = Server(Simulation({"clock": "instant", **scenario}), port=0)
    await server.start()
    recorder = Recorder(server.url)
    await recorder.start("127.0.0.1", 0)
    try:
        async with asyncio.timeout(PATIENCE):
            yield recorder
    finally:
        await recorder.close()
        await server.close()


async def ask(client: ClientConnection, number: int, request: dict[str, Any]) -> Any:
    """Send a request; return its answer, passing over what else comes."""
    await client.send(json.dumps({"id": number, **request}))
    return (await heard(client, lambda message: message["id"] == number))["response"]


async def heard(client: ClientConnection, wanted: Any) -> Any:
    """Return the next message that is wanted."""
    while True:
        message = json.loads(await client.recv())
        if wanted(message):
            return message


def test_a_recorded_session_replays(tmp_path: Path) -> None:
    """A session with fills, a lost race, a reject and queries replays from its file, in process and over a socket."""
    rule = {
        "when": {"request": "SendLimitOrder", "nth": 1},
        "then": ["ack", {"delay": "20ms"}, {"fill": {"quantity": "40%", "price": 99.5}}],
    }

    async def session() -> Recorder:
        async with recording(rules=[rule]) as recorder, connect(recorder.url + "/architect") as client:
            assert json.loads(await client.recv()) == "Normal"
            await ask(client, 1, {"type": "SubscribeOrderState"})
            order = (await ask(client, 2, ORDER))["Ok"]
            await heard(client, lambda message: message["response"]["Ok"][0]["filled_qty"] == "4")
            await ask(client, 3, {"type": "GetOrderState", "order_ids": [order]})
            await ask(client, 4, {"type": "CancelOrder", "order_id": order})
            await ask(client, 5, {**ORDER, "price": "100.0001"})
            await ask(client, 6, {**ORDER, "target": "nowhere"})
            await ask(client, 7, {"type": "ListOpen", "scope": "All", "set": {"Account": "DEFAULT"}})
            return recorder

    recorder = asyncio.run(session())
    path = tmp_path / "session.scenario.yaml"
    path.write_text(yaml_of(scenario_of(recorder.session, load_catalogue("default"))))
    loaded = load(path)
    assert [replay(loaded).failures, replay_over_socket(loaded).failures] == [(), ()]
    assert (replay(loaded).steps > 10, "default" in path.read_text().replace("catalogue: default", "").casefold()) == (
        True,
        False,
    )


def test_what_passes_is_unchanged() -> None:
    """Texts, garbage and the end pass as they are, to either side."""
    rule = {
        "when": {"request": "GetHalts"},
        "then": [{"reply": {"raw": '{"a" :  1}\u20ac'}}, {"disconnect": {"code": 4001, "reason": "so"}}],
    }

    async def session() -> tuple[Any, ...]:
        async with recording(rules=[rule]) as recorder, connect(recorder.url + "/") as client:
            await client.send('{ "id":1,"type":"GetHalts"}')
            text = await client.recv()
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            await client.wait_closed()
            assert closed.value.rcvd is not None
            seen = [(one.kind, one.data, one.by_endpoint) for one in recorder.session]
            return text, closed.value.rcvd.code, closed.value.rcvd.reason, seen

    assert asyncio.run(session()) == (
        '{"a" :  1}\u20ac',
        4001,
        "so",
        [
            ("open", "/", False),
            ("in", '{ "id":1,"type":"GetHalts"}', False),
            ("out", '{"a" :  1}\u20ac', False),
            ("close", "4001", True),
        ],
    )


def test_the_endpoint_s_end_passes_though_the_client_goes_on() -> None:
    """A client that is still sending when the endpoint closes is told of that, and it is the endpoint's own end."""
    rule = {"when": {"request": "GetHalts"}, "then": [{"disconnect": {"code": 4001, "reason": "so"}}]}

    async def ask_on(client: ClientConnection) -> None:
        while True:
            await client.send('{"id":1,"type":"GetHalts"}')
            await asyncio.sleep(0)

    async def session() -> tuple[int, list[tuple[str, bool]]]:
        async with recording(rules=[rule]) as recorder, connect(recorder.url + "/") as client:
            asking = asyncio.create_task(ask_on(client))
            with pytest.raises(ConnectionClosed) as closed:
                await asking
            await client.wait_closed()
            assert closed.value.rcvd is not None
            ends = [(one.data, one.by_endpoint) for one in recorder.session if one.kind == "close"]
            return closed.value.rcvd.code, ends

    for _ in range(5):
        assert asyncio.run(session()) == (4001, [("4001", True)])


def test_a_refusal_passes_and_an_endpoint_that_is_gone_is_said() -> None:
    """What the endpoint refuses is refused in its words, and one that cannot be reached is a 502."""

    async def refused() -> tuple[int, bytes | bytearray, int]:
        async with recording() as recorder:
            with pytest.raises(InvalidStatus) as first:
                await connect(recorder.url + "/nowhere")
            recorder._upstream = "ws://127.0.0.1:1"
            with pytest.raises(InvalidStatus) as second:
                await connect(recorder.url + "/")
        assert [one.kind for one in recorder.session] == ["refused", "refused"]
        assert recorder.session[0].data == "/nowhere with 404"
        return first.value.response.status_code, first.value.response.body, second.value.response.status_code

    assert asyncio.run(refused()) == (
        404,
        b"there is nothing at '/nowhere'; connect to one of /architect, /, /netidx\n",
        502,
    )


def test_the_command_writes_when_it_is_stopped(tmp_path: Path) -> None:
    """An interrupt ends the recording, and the scenario is written with status 0."""
    path = tmp_path / "session.scenario.yaml"
    command = [sys.executable, "-m", "simulator", "record", "--upstream", "ws://127.0.0.1:1", "--port", "0"]
    with subprocess.Popen([*command, "-o", str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ws://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    assert path.read_text() == "name: recorded session\nclock: instant\ncatalogue: default\n"


async def ask_for_little(client: ClientConnection) -> None:
    """Follow orders, send one, and wait until it is known."""
    assert json.loads(await client.recv()) == "Normal"
    await ask(client, 1, {"type": "SubscribeOrderState"})
    await ask(client, 2, ORDER)
    await heard(client, lambda message: "Out" in str(message))


async def take_a_quote(client: ClientConnection) -> None:
    """Ask for quotes, and send an order that takes the first."""
    assert json.loads(await client.recv()) == "Normal"
    query = {"base": "BTC Crypto", "quote": "USD", "quantity": "1", "venues": ["COINBASE"]}
    answer = await ask(client, 1, {"type": "SendRfqs", "query": query})
    quote = answer["Ok"][0]
    order = {**ORDER, "price": quote["buy"], "quantity": "1", "quote_id": quote["quote_id"]}
    assert "Ok" in await ask(client, 2, order)


Session = Callable[[ClientConnection], Awaitable[None]]


def record(
    path: Path, scenario: dict[str, Any], *options: str, session: Session = ask_for_little
) -> tuple[int, list[str]]:
    """Record a client, which asks for little; return the command's status, and what it said on stderr, in lines."""

    async def run() -> tuple[int, list[str]]:
        server = Server(Simulation({"clock": "instant", **scenario}), port=0)
        await server.start()
        command = ["-m", "simulator", "record", "--upstream", server.url, "--port", "0", "-o", str(path), *options]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            async with asyncio.timeout(PATIENCE):
                assert process.stdout is not None
                url = (await process.stdout.readline()).decode().strip()
                async with connect(url + "/architect") as client:
                    await session(client)
                process.send_signal(signal.SIGINT)
                _, said = await process.communicate()
        finally:
            await server.close()
        return process.returncode or 0, said.decode().splitlines()

    return asyncio.run(run())


def rejecting(*steps: Any) -> dict[str, Any]:
    """Return a scenario that rejects orders after some steps."""
    return {"rules": [{"when": {"request": "SendLimitOrder"}, "then": [*steps, "reject"]}]}


HALTED = {"timeline": [{"at": "0ms", "do": {"halt": "All"}}]}


def test_a_recording_that_is_not_as_it_was_is_written_and_told(tmp_path: Path) -> None:
    """What is wrong with a recording is said before it is said to be written, and the status is 1."""
    path = tmp_path / "session.yaml"
    scenario = rejecting("ack")
    scenario["rules"][0]["illegal"] = True
    status, said = record(path, scenario)
    assert (status, said[0].startswith("this recording does not load: "), said[-1].startswith(f"wrote {path}: ")) == (
        1,
        True,
        True,
    )


@pytest.mark.parametrize(
    "scenario", [rejecting(), rejecting({"delay": "0ms"}), HALTED], ids=["at once", "open first", "halt"]
)
def test_an_order_that_is_rejected_is_recorded_as_it_was(tmp_path: Path, scenario: dict[str, Any]) -> None:
    """Whether an order was told to be open before it was rejected or not, its recording tells the same."""
    path = tmp_path / "session.yaml"
    status, said = record(path, scenario)
    assert (status, len(said)) == (0, 1), said


def test_an_order_that_takes_a_quote_is_recorded(tmp_path: Path) -> None:
    """The quotes of a recording hold when it is replayed, as those of the endpoint did."""
    assert record(tmp_path / "session.yaml", {}, session=take_a_quote)[0] == 0


@pytest.mark.parametrize(("options", "is_kept"), [((), False), (("--keep-accounts",), True)])
def test_accounts_are_kept_if_that_is_asked_for(tmp_path: Path, options: tuple[str, ...], is_kept: bool) -> None:
    """Accounts are replaced, unless they are to be kept; either recording does all that was seen."""
    path = tmp_path / "session.yaml"
    status, said = record(path, rejecting(), *options)
    assert (status, len(said), load(path).scenario.accounts == ("Default",)) == (0, 1, is_kept)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "nowhere/session.yaml"), "cannot write nowhere/session.yaml: No such file or directory"),
        (("-o", "session.yaml", "--catalogue", "nope"), "expected a catalogue to be default or reference, "),
    ],
)
def test_a_mistake_is_said_before_the_session(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    """A file that cannot be written and a catalogue that is not there are mistakes, before anybody connects."""
    monkeypatch.chdir(tmp_path)
    assert main(["record", "--upstream", "ws://127.0.0.1:1", "--port", "0", *options]) == 2
    assert capsys.readouterr().err.startswith(f"exchange-simulator: {said}")
