import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from simulator import command_log as command_log
from simulator.libraries import without_proxy
from simulator.remote import Exchange
from support.command_log import order, request

PATIENCE = 15.0
SERVE = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--quiet"]
RECOVERED = re.compile(r"exchange-simulator: recovered (\d+) commands in \d+\.\d\d s, state ([0-9a-f]{64})(.*)\n")
WHOLE = "hello: Normal\nmarkets:\n  BTC Crypto/USD*COINBASE/DIRECT: {mid: 10000}\n"


class Serving:
    """A server in a process of its own, that is gone without a word when it is killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self.url = process.stdout.readline().strip()

    def connect(self) -> ClientConnection:
        """Connect."""
        client: ClientConnection = connect(f"{self.url}/", **without_proxy(), open_timeout=PATIENCE)
        return client

    def kill(self) -> str:
        """Kill it; return what it has said on stderr."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[Serving]:
    """Serve while the block runs."""
    with subprocess.Popen([*SERVE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Serving(process)
        finally:
            process.kill()


def refused(*arguments: str) -> str:
    """Start a server that does not come up, without an address; return what it says on stderr."""
    done = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def ask(client: ClientConnection, text: str) -> Any:
    """Send a request; return what is answered."""
    client.send(text)
    return json.loads(client.recv(PATIENCE))["response"]


@pytest.mark.parametrize("sync", ["always", "100ms", "never"])
def test_killed_and_started_again(tmp_path: Path, sync: str) -> None:
    """A server that is killed comes back with what it had, says so, and cuts off what was torn."""
    options = ("--persist", str(tmp_path / "j"), "--sync", sync)
    with serving(*options) as server, server.connect() as client:
        assert ask(client, order(1)) == {"Ok": "1"}
        assert ask(client, order(2)) == {"Ok": "2"}
        assert ask(client, request(3, "CancelOrder", order_id="1")) == {"Ok": None}
        assert server.kill() == ""
    with (tmp_path / "j" / "commands.log").open("ab") as file:
        file.write(b"torn")
    with serving(*options) as server, server.connect() as client:
        (first, second) = ask(client, request(1, "GetOrderState", order_ids=["1", "2"]))["Ok"]
        assert (first["state"], second["state"]) == (["Acked", "Canceled", "Out"], ["Open", "Acked"])
        assert ask(client, order(2)) == {"Ok": "3"}
        said = RECOVERED.fullmatch(server.kill())
    assert said is not None
    assert (said[1], said[3]) == ("3", "; an unfinished record of 4 bytes at the end was cut")


def test_control_outlives_a_kill(tmp_path: Path) -> None:
    """A rule that was added, a fill that was injected and time that was told to pass are there after a kill."""
    options = ("--clock", "manual", "--persist", str(tmp_path))
    rule: Any = {
        "name": "slow",
        "when": {"request": "SendLimitOrder"},
        "then": ["ack", {"delay": "1s"}, {"fill": "10%"}],
    }
    told, states = [], []
    for number in ("1", "2"):
        with serving(*options) as server:
            exchange = Exchange(server.url)
            if number == "1":
                exchange.set_rules([rule])
                with server.connect() as client:
                    assert ask(client, order(1)) == {"Ok": "1"}
                exchange.do({"fill": {"order": "last", "quantity": "40%"}})
                exchange.advance("1s")
            told.append((exchange.rules, exchange.orders, exchange.fills, exchange.now, exchange.clock))
            states.append(RECOVERED.search(server.kill()))
    assert told[0] == told[1]
    assert [order.filled_qty for order in told[0][1]] == ["0.5"]
    assert states[1] is not None
    assert states[1][1] == "3"  # the rule, the order and the fill


def test_stopped_and_started_again(tmp_path: Path) -> None:
    """A server that is stopped in order goes on likewise, and its clock never goes back."""
    options = ("partial-fill", "--persist", str(tmp_path))
    times = []
    for number in ("1", "2"):
        with serving(*options) as server:
            with server.connect() as client:
                assert ask(client, order(1)) == {"Ok": number}
                (details,) = ask(client, request(2, "GetOrderDetails", order_ids=[number]))["Ok"]
                times.append(details["time"])
            server.process.terminate()
            assert server.process.wait(PATIENCE) == 0
    assert times == sorted(times)


def test_refusals(tmp_path: Path) -> None:
    """A folder in use, another seed and a damaged command log end the program with one line and status 2."""
    options = ("order-refused", "--persist", str(tmp_path))
    with serving(*options) as server, server.connect() as client:
        for number in (1, 2):
            assert "Err" in ask(client, order(number))
        assert refused(*options) == f"exchange-simulator: another server keeps its command log in {tmp_path}\n"
        server.kill()
    begin = f"exchange-simulator: the command log in {tmp_path} is of another exchange: "
    assert refused(*options, "--seed", "3") == (
        f"{begin}the seed was 12, now it is 3. Start what it was, or name another folder\n"
    )
    file = tmp_path / "commands.log"
    data = bytearray(file.read_bytes())
    data[data.index(b'{"id": 1, "type": "SendLimitOrder"')] ^= 1
    file.write_bytes(data)
    assert re.fullmatch(
        rf"exchange-simulator: {re.escape(str(file))}: the command log is damaged at byte \d+: the record is damaged, "
        r"and whole ones follow it\. Move what is in its folder away to begin anew\n",
        refused(*options),
    )


def test_reload(tmp_path: Path) -> None:
    """When the scenario's file changes, its command log is put aside, and a restart goes on with the new one."""
    file, folder = tmp_path / "own.yaml", tmp_path / "j"
    file.write_text(WHOLE)
    options = (str(file), "--persist", str(folder))
    with serving(*options) as server:
        with server.connect() as client:
            assert ask(client, order(1)) == {"Ok": "1"}
            file.write_text(WHOLE.replace("10000", "20000"))
            with pytest.raises(ConnectionClosed, match="1012"):
                client.recv(PATIENCE)
        with server.connect() as client:
            assert ask(client, order(1)) == {"Ok": "1"}
            assert ask(client, order(2)) == {"Ok": "2"}
            assert server.kill() == "exchange-simulator: reloaded own.yaml\n"
    old, new = (command_log.read((folder / name).read_bytes()) for name in ("commands-1.log", "commands.log"))
    assert [entry.kind for entry in old.inputs] == ["open", "in", "close"]
    assert [entry.kind for entry in new.inputs] == ["open", "in", "in"]
    with serving(*options) as server:
        assert server.url
        said = RECOVERED.fullmatch(server.kill())
    assert said is not None
    assert said[1] == "2"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_stderr_on_a_full_disk(tmp_path: Path) -> None:
    """A server whose stderr takes nothing comes back nonetheless."""
    with serving("--persist", str(tmp_path)) as server:
        server.kill()
    with (
        open("/dev/full", "w") as full,
        subprocess.Popen(
            [*SERVE, "--persist", str(tmp_path)], stdout=subprocess.PIPE, stderr=full, text=True
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ws://")
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_100ms_is_on_the_disk_soon(tmp_path: Path) -> None:
    """A server that syncs in the background answers while it does, and ends in order."""
    with serving("--persist", str(tmp_path)) as server:
        until = time.monotonic() + 0.4
        with server.connect() as client:
            number = 0
            while time.monotonic() < until:
                number += 1
                assert ask(client, order(number)) == {"Ok": str(number)}
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""
