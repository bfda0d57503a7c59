"""Who may talk to the server, and what its files may make it do: nothing but what they say."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request
from websockets.sync.client import connect

from simulator.errors import ScenarioError
from simulator.journal.lines import traffic_line
from simulator.libraries import without_proxy
from simulator.scenario import load
from simulator.server import Settings
from simulator.server.admission import admit

START = 1_704_067_200_000_000_000


def status(**headers: str) -> int | None:
    """Return the status with which a request with headers is refused, or None."""
    answer = admit(Request("/", Headers(headers)), Settings(), loopback_only=True)
    return None if answer is None else answer.status.value


@pytest.mark.parametrize(
    "host",
    [
        "localhost@evil.example",
        "localhost:80@evil.example",
        "127.0.0.1.evil.example",
        "evil.example#localhost",
        "evil.example/localhost",
        "evil.example?localhost",
        "[::1].evil.example",
        "[::1",
        "notlocalhost",
        "localhost.evil.example:6001",
        "::ffff:192.0.2.1",
        "0.0.0.0",  # noqa: S104 - this is what is to be refused
        "169.254.169.254",
        "localhost%00.evil.example",
        "localhost evil.example",
        "localhost,evil.example",
        "*",
    ],
)
def test_hosts_that_look_like_loopback(host: str) -> None:
    """A Host that only has the loopback's name somewhere in it is answered 421."""
    assert status(Host=host) == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:6001.evil.example",
        "http://localhost:6001@evil.example",
        "http://evil.example//localhost:6001",
        "http://evil.example#//localhost:6001",
        "HTTP://LOCALHOST:6002",
        "file://",
        "null",
        "",
        "chrome-extension://abcdef",
    ],
)
def test_origins_of_other_pages(origin: str) -> None:
    """An Origin that only has the server's own host somewhere in it is answered 403."""
    assert status(Host="localhost:6001", Origin=origin) == 403


# Files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario's file in it, beside a secret that is none of its business."""
    (tmp_path / "secret.yaml").write_text("seed: 1\n")
    inner = tmp_path / "scenarios"
    inner.mkdir()
    (inner / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inner / "up").symlink_to(tmp_path)
    return inner


OUTSIDE = [
    "../secret.yaml",
    "./../secret.yaml",
    "sub/../../secret.yaml",
    "link.yaml",
    "up/secret.yaml",
    "..\\\\secret.yaml",
    "/etc/hostname",
    "//etc/hostname",
    "~/secret.yaml",
    "file:///etc/hostname",
    "http://localhost/x.yaml",
    "secret.yaml\\0.yaml",
    "/dev/stdin",
    "/proc/self/environ",
    "",
    ".",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("key", ["include", "catalogue"])
def test_files_outside_the_folder(key: str, name: str, folder: Path) -> None:
    """What a scenario includes, and its catalogue, lies in its own folder or is refused, and nothing of it is told."""
    path = folder / "own.yaml"
    path.write_text(f'include: ["{name}"]\n' if key == "include" else f'catalogue: "{name}"\n')
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert "seed" not in str(caught.value)
    assert len(str(caught.value)) < 1000


HOSTILE = """
name: "!!python/object/apply:os.system [touch HERE]"
hello: Normal
clock: instant
rules:
  - when: {request: SendLimitOrder, target: "${HERE}", account: "{{7*7}}"}
    then: [{reply: {Err: "__import__('os').system('touch HERE')"}}]
  - when: {request: CancelOrder, order_id: {regex: "(?P<a>.)[a-z]+"}}
    then: [{reply: {raw: "%(HERE)s {0.__class__} $(touch HERE) `touch HERE`"}}]
  - when: {request: GetHalts}
    then: [{alert: {"__reduce__": ["os.system", ["touch HERE"]], "__class__": "os"}}, reply]
timeline:
  - {at: 1s, do: [{alert: "lambda: 1"}]}
"""

AUDITED = r"""
import json, sys
seen, allowed = [], ("open",)
FORBIDDEN = ("exec", "compile", "os.", "subprocess.", "socket.", "pty.", "ctypes.", "pickle.", "marshal.", "shutil.",
             "import", "code.", "urllib.", "ftplib.", "webbrowser.", "tempfile.")

def hook(event, args):
    if event == "open":
        mode, flags = args[1], args[2]
        if isinstance(mode, str) and set(mode) & set("wax+"):
            seen.append([event, repr(args)])
    elif event.startswith(FORBIDDEN):
        seen.append([event, repr(args)[:200]])

from simulator.errors import SimulatorError
from simulator.scenario import load
from simulator.simulation import Simulation

def play(path):
    try:
        sim = Simulation(load(path))
    except SimulatorError:
        return
    session = sim.connect("/")
    order = {"account": "DEFAULT", "dir": "Buy", "price": "1", "quantity": "1",
             "target": "BTC Crypto/USD*COINBASE/DIRECT"}
    for number, (kind, fields) in enumerate([("SubscribeAlerts", {}), ("SendLimitOrder", order),
            ("CancelOrder", {"order_id": "11"}), ("GetHalts", {}), ("QueryTradableProductIndex", {"query": "All"})]):
        sim.receive(session, json.dumps({"id": number, "type": kind, **fields}))
    sim.advance(sim.now + 10**10)

play(sys.argv[1])
sys.addaudithook(hook)
for path in sys.argv[2:]:
    play(path)
print(json.dumps(seen))
"""


def test_nothing_of_a_scenario_is_evaluated(tmp_path: Path) -> None:
    """Loading and playing scenarios compiles, runs, imports, writes and connects to nothing, whatever they say."""
    tags = ("object/apply:os.system", "object/new:subprocess.Popen", "name:os.system", "module:os", "object:os._exit")
    files = {"first": HOSTILE.replace("HERE", "x"), "hostile": HOSTILE.replace("HERE", str(tmp_path / "touched"))}
    files |= {f"tag{at}": f"name: !!python/{tag} ['touch {tmp_path}/touched']\n" for at, tag in enumerate(tags)}
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    paths = [str(tmp_path / f"{name}.yaml") for name in files]
    ran = subprocess.run([sys.executable, "-c", AUDITED, *paths], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == []
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [exit]", "!!python/name:os.system ''", "!include x"])
def test_tags_are_refused(tag: str, tmp_path: Path) -> None:
    """A tag of YAML that would make an object is refused where it stands."""
    path = tmp_path / "tagged.yaml"
    path.write_text(f"name: {tag}\n")
    with pytest.raises(ScenarioError, match=r"tagged\.yaml:1"):
        load(path)


# The terminal


@pytest.mark.parametrize("kind", ["in", "out", "open", "close"])
def test_no_character_steers_the_terminal(kind: str) -> None:
    """Every character of Unicode that is no printable one is escaped in the lines of the traffic."""
    for start in range(0, 0x110000, 256):
        text = "".join(map(chr, range(start, start + 256)))
        line = traffic_line((START, 1, kind, text if kind != "out" else text.encode(errors="replace")))
        assert line is not None
        assert line.isprintable(), hex(start)


@pytest.mark.parametrize("data", [bytes(range(256)), b"\x1b]0;title\x07", b"\x9b31m", b"\xff\xfe\x1b[2J"])
def test_no_byte_steers_the_terminal(data: bytes) -> None:
    """Bytes that are no text are escaped, too."""
    line = traffic_line((START, 1, "in", data))
    assert line is not None
    assert line.isprintable()


# The network

SERVING = r"""
import asyncio, json, sys
from pathlib import Path
from simulator.libraries import without_proxy

def hook(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__",):
        own = [arg for arg in args if not hasattr(arg, "fileno")]
        seen.append([event, own])

seen = []

async def main():
    from simulator.server import Server
    from simulator.simulation import Simulation
    server = Server(Simulation(catalogue="default", moving=2), port=0, folder=Path(sys.argv[1]))
    sys.addaudithook(hook)
    await server.start()
    print(server.port, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.close(patience=0.1)
    print(json.dumps(seen, default=repr), flush=True)

asyncio.run(main())
"""


def test_no_connection_goes_out(tmp_path: Path) -> None:
    """The server binds one loopback address and looks up, connects to and sends to no other, whatever clients ask.

    Neither does it serve scenarios from outside its folder, however their names are written.
    """
    (tmp_path / "inner").mkdir()
    (tmp_path / "outside.yaml").write_text("name: outside\n")
    (tmp_path / "inner" / "inside.yaml").write_text("name: inside\nrules: [{when: {event: connect}, then: [ack]}]\n")
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVING), str(tmp_path / "inner")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        refused = []
        for name in ("../outside", "..%2foutside", "%2e%2e/outside", str(tmp_path / "outside"), "inner/../inside", "."):
            with (
                pytest.raises(InvalidStatus) as caught,
                connect(f"ws://127.0.0.1:{port}/?scenario={quote(name, safe='%')}"),
            ):
                pass
            refused.append(caught.value.response.status_code)
        with connect(f"ws://127.0.0.1:{port}/architect", **without_proxy()) as client:
            for kind in ("SubscribeOrderState", "GetPathmap", "GetHalts", "SearchSymbol"):
                client.send(json.dumps({"id": 1, "type": kind, "url": f"http://localhost:{port}/", "limit": 1}))
                client.recv(timeout=10)
        told, complaint = process.communicate("\n", timeout=30)
    assert complaint == ""
    assert refused == [404] * 6
    names = {event for event, _ in json.loads(told)}
    binds = [args for event, args in json.loads(told) if event == "socket.bind"]
    assert binds == [[["127.0.0.1", 0]]]
    assert not names & {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.gethostbyname",
        "socket.getnameinfo",
    }
    lookups = [args[0] for event, args in json.loads(told) if event == "socket.getaddrinfo"]
    assert set(lookups) <= {"127.0.0.1"}
