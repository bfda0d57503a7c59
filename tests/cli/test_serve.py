import json
import re
import shlex
import signal
import socket
import ssl
import subprocess
import time
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import trustme
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from simulator.libraries import without_proxy
from support.cli import ENVIRONMENT, PATIENCE, PROGRAM, Program, run, started

ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "100",
    "quantity": "1",
    "target": "BTC Crypto/USD*COINBASE/DIRECT",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ")


def dial(program: Program, path: str = "/architect") -> ClientConnection:
    """Connect to a program."""
    client: ClientConnection = connect(f"ws://localhost:{program.port}{path}", **without_proxy(), open_timeout=PATIENCE)
    return client


def ask(client: ClientConnection, number: int, **fields: object) -> object:
    """Send a request; return its answer."""
    client.send(json.dumps({"id": number, **fields}))
    return json.loads(client.recv(PATIENCE))


def without_times(lines: list[str]) -> list[str]:
    """Return traffic lines without their times, which must be there."""
    assert all(TIME.match(line) for line in lines), lines
    return [TIME.sub("", line, count=1) for line in lines]


def test_address_then_traffic() -> None:
    """The first line is the address with the real port; then each thing that passes is a line."""
    with started("--port", "0") as program:
        assert program.url == f"ws://127.0.0.1:{program.port}"
        with dial(program) as client:
            assert client.recv(PATIENCE) == '"Normal"'
            assert ask(client, 1, **ORDER) == {"id": 1, "response": {"Ok": "1"}}
        assert without_times(program.lines.until("---")) == [
            "#1 +++ /architect",
            '#1 <-- "Normal"',
            "#1 --> " + json.dumps({"id": 1, **ORDER}),
            '#1 <-- {"id":1,"response":{"Ok":"1"}}',
            "#1 --- 1000 (OK)",
        ]
        assert program.stop() == 0
        assert program.lines.rest() == []
        assert program.process.stderr is not None
        assert program.process.stderr.read() == ""


def traffic(*options: str) -> list[str]:
    """Return what is printed of a long message and a short one, each on a connection of its own."""
    with started("--port", "0", *options) as program:
        url = program.url if program.port else json.loads(program.url)["url"]
        for text in ("x" * 500, '{"id":1,"type":"GetHalts"}'):
            with connect(f"{url}/", **without_proxy()) as client:
                client.send(text)
                client.recv(PATIENCE)
        program.stop()
        return program.lines.rest()


def test_whole_messages() -> None:
    """With --whole a long message is printed to its end, else cut."""
    assert any("x" * 500 in line for line in traffic("--whole"))
    assert [line[-10:] for line in traffic() if "xxx" in line and "-->" in line] == ["(100 more)"]


def test_filter() -> None:
    """With --filter only lines are printed that have all words in them, one of which may be a connection."""
    lines = without_times(traffic("--filter", "#2 gethalts"))
    assert lines == ['#2 --> {"id":1,"type":"GetHalts"}']
    assert len(traffic("--filter", "#1")) == 4
    assert traffic("--filter", "nowhere", "--filter", "#1") == []


def test_traffic_as_json() -> None:
    """With --log-format json each line is an object, the address's too, and messages are data."""
    with started("--port", "0", "--log-format", "json", "--filter", "in") as program:
        said = json.loads(program.url)
        assert (said["kind"], said["control"]) == ("serving", None)
        with connect(f"{said['url']}/", **without_proxy()) as client:
            client.send('{"id":1,"type":"GetHalts"}')
            client.send("no JSON")
            client.recv(PATIENCE)
            client.recv(PATIENCE)
        program.stop()
        lines = [json.loads(line) for line in program.lines.rest()]
    lines = [line for line in lines if line["kind"] == "in"]
    times = [line.pop("time") for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", time) for time in times)
    assert lines == [
        {"world": None, "connection": 1, "kind": "in", "data": {"id": 1, "type": "GetHalts"}},
        {"world": None, "connection": 1, "kind": "in", "data": "no JSON"},
    ]


def test_keep() -> None:
    """With --keep only so many orders that are out are remembered."""
    with started("--port", "0", "--quiet", "--keep", "1") as program, dial(program) as client:
        assert client.recv(PATIENCE) == '"Normal"'
        for number in (1, 2):
            assert ask(client, number, **{**ORDER, "price": "0.001"}) == {"id": number, "response": {"Ok": f"{number}"}}
        rejected = {"order_id": "2", "state": ["Rejected", "Out"], "filled_qty": "0", "avg_fill_price": None}
        assert ask(client, 3, type="GetOrderState", order_ids=["1", "2"]) == {"id": 3, "response": {"Ok": [rejected]}}


def test_catalogue_of_the_scenario(tmp_path: Path) -> None:
    """A scenario is served with the catalogue that it names, unless the command line names another."""
    file = tmp_path / "own.yaml"
    file.write_text("catalogue: reference\n", encoding="utf-8")
    for more, listed in ((), []), (("--catalogue", "default"), ["BTC Crypto/USD*COINBASE/DIRECT"]):
        with started(str(file), "--port", "0", "--quiet", *more) as program, dial(program, "/") as client:
            found = ask(
                client, 1, type="SearchSymbol", pat="BTC Crypto/USD*COINBASE/D*", scope="TradableProduct", limit=1
            )
            assert isinstance(found, dict)
            assert [name for name, _ in found["response"]["Ok"]["tradable_product"]] == listed


def test_sync_of_no_command_log() -> None:
    """When a journal goes to the disk is no question without one."""
    found = subprocess.run(
        [*PROGRAM, "serve", "--sync", "always"], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == (
        "exchange-simulator: --sync says when the command log is written to the disk: say --persist DIR too\n"
    )


@pytest.mark.parametrize("said", ["0", "nan", "1e3", "{scaled: 20}"])
def test_clock_that_is_none(said: str) -> None:
    """A clock that is none is refused in a line."""
    found = subprocess.run(
        [*PROGRAM, "serve", "--clock", said], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("exchange-simulator: clock: ")
    assert len(found.stderr.splitlines()) == 1


def test_scenario_on_a_manual_clock(tmp_path: Path) -> None:
    """A scenario whose clock only control lets go on is served, with a word on it."""
    file = tmp_path / "own.yaml"
    file.write_text("clock: manual\n", encoding="utf-8")
    with started(str(file), "--port", "0", "--quiet") as program:
        with dial(program) as client:
            assert client.recv(PATIENCE) == '"Normal"'
        assert program.stop() == 0
        assert program.process.stderr is not None
        assert program.process.stderr.read() == (
            "exchange-simulator: the clock is manual: time passes when POST /_exchange/advance or the page says so\n"
        )


def test_catalogue_whose_contracts_have_expired(tmp_path: Path) -> None:
    """Contracts of a catalogue whose date is past when the exchange starts are said on stderr."""
    file = tmp_path / "own.yaml"
    file.write_text(
        "venues: []\nroutes: []\ntradable_products: []\nproducts:\n"
        "  - {name: SPX Index, kind: Index, price_in_limit_dollars: 1}\n"
        "  - {name: ES Future, kind: Future, price_in_limit_dollars: 1, underlying: SPX Index, multiplier: 50,"
        " expiration: 2024-03-15}\n",
        encoding="utf-8",
    )
    with started("--catalogue", str(file), "--port", "0", "--quiet") as program:
        assert program.stop() == 0
        assert program.process.stderr is not None
        said = program.process.stderr.read()
    assert re.fullmatch(
        r"exchange-simulator: the catalogue 'own' has 1 of its contracts expire before the world begins at "
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, which take no orders: ES Future\n",
        said,
    )


@pytest.mark.parametrize("said", ["0", "-1", "many", "1000000000"])
def test_keep_nothing(said: str) -> None:
    """What is kept is a number above zero."""
    found = subprocess.run(
        [*PROGRAM, "serve", f"--keep={said}"], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.endswith(f"argument --keep: expected a number from 1 to 999999999, got {said!r}\n")


def test_quiet() -> None:
    """With --quiet nothing but the address is printed."""
    with started("--port", "0", "--quiet") as program:
        with dial(program) as client:
            assert client.recv(PATIENCE) == '"Normal"'
        assert program.stop() == 0
        assert program.lines.rest() == []


def test_control_characters_are_escaped() -> None:
    """What a client sends cannot steer the terminal, nor forge a line, and is cut where it is long."""
    with started("--port", "0") as program, dial(program, "/") as client:
        client.send("\x1b[31mred\r\n\x07\u202e\x9b é 🧀")
        client.send(b"\xff\x00")
        client.send("x" * 500)
        lines = without_times(program.lines.until("more)"))
        assert [line for line in lines if "-->" in line] == [
            "#1 --> \\x1b[31mred\\r\\n\\x07\\u202e\\x9b é 🧀",
            "#1 --> �\\x00",
            f"#1 --> {'x' * 400}… (100 more)",
        ]


def test_terminal_that_knows_only_ascii() -> None:
    """A character that the terminal's encoding lacks is escaped, and the lines go on."""
    with started("--port", "0", PYTHONIOENCODING="ascii") as program, dial(program, "/") as client:
        client.send("é")
        client.send("last")
        lines = without_times(program.lines.until("--> last"))
        assert [line for line in lines if "-->" in line] == ["#1 --> \\xe9", "#1 --> last"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_closes_every_client(number: int) -> None:
    """A signal closes each client with 1001, whatever another one does, and ends with status 0 within two seconds."""
    with started("--port", "0") as program, dial(program) as client, socket.socket() as mute, socket.socket() as deaf:
        assert client.recv(PATIENCE) == '"Normal"'
        shake_hands(mute, program)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        shake_hands(deaf, program)
        deaf.settimeout(0.1)
        with pytest.raises(TimeoutError):  # what it asks is not taken any more
            deaf.sendall(everything() * 100_000)
        began = time.monotonic()
        program.process.send_signal(number)
        with pytest.raises(ConnectionClosedOK) as closed:
            client.recv(PATIENCE)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "the exchange shuts down")
        assert program.process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 2
        assert program.lines.rest() != []


def shake_hands(sock: socket.socket, program: Program) -> None:
    """Open a WebSocket on a bare socket."""
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", program.port))
    sock.sendall(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert sock.recv(12) == b"HTTP/1.1 101"


def everything() -> bytes:
    """Return a frame that asks for much; its mask is nought."""
    text = b'{"id":1,"type":"QueryTradableProductIndex","query":{"type":"All"}}'
    return b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text


def test_stdout_that_nobody_reads() -> None:
    """A pipe that nobody reads never holds up the server, nor its end."""
    with subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = b""
        while not address.endswith(b"\n"):
            address += process.stdout.read(1)
        try:
            with connect(f"{address.decode().strip()}/", **without_proxy()) as client:
                for number in range(3000):  # some 600 kB of lines, and a pipe holds 64
                    client.send(json.dumps({"id": number, **ORDER}))
                for number in range(3000):
                    assert json.loads(client.recv(PATIENCE))["id"] == number
            began = time.monotonic()
            process.terminate()
            assert process.wait(PATIENCE) == 0
            assert time.monotonic() - began < 2
            assert process.stderr.read() == b""
        finally:
            process.kill()


def test_stdout_whose_reader_goes() -> None:
    """A pipe that is closed later does not end the server, and it says nothing of it."""
    with started("--port", "0", "--host", "localhost") as program:
        with dial(program) as client:
            assert client.recv(PATIENCE) == '"Normal"'
        assert program.stop() == 0
    with subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = b""
        while not address.endswith(b"\n"):
            address += process.stdout.read(1)
        process.stdout.close()
        try:
            with connect(f"{address.decode().strip()}/", **without_proxy()) as client:
                for number in range(100):
                    client.send(json.dumps({"id": number, **ORDER}))
                    assert json.loads(client.recv(PATIENCE))["id"] == number
            process.terminate()
            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""
        finally:
            process.kill()


@pytest.mark.parametrize("closing", [">&-", "| true"])
def test_stdout_that_is_closed_from_the_start(closing: str) -> None:
    """A server whose stdout is closed before it starts serves nonetheless."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"exec {shlex.join([*PROGRAM, 'serve', '--port', str(port)])}"
    if closing == ">&-":
        command += " >&-"
    process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        if closing == "| true":
            process.stdout.close()
        try:
            with connect_when_ready(process, port) as client:
                client.send(json.dumps({"id": 1, **ORDER}))
                assert json.loads(client.recv(PATIENCE)) == {"id": 1, "response": {"Ok": "1"}}
            process.terminate()
            assert (process.wait(PATIENCE), process.stderr.read()) == (0, b"")
        finally:
            process.kill()


def connect_when_ready(process: subprocess.Popen[bytes], port: int) -> ClientConnection:
    """Connect as soon as a server listens that does not say when."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            client: ClientConnection = connect(f"ws://127.0.0.1:{port}/", **without_proxy())
            return client
        except ConnectionRefusedError:
            continue
    raise AssertionError("nobody listens")


def test_allowed_host_and_origin() -> None:
    """--allow-host and --allow-origin let in what they name."""
    options = ["--allow-host", "exchange.example", "--allow-origin", "https://page.example"]
    with started("--port", "0", *options) as program, socket.create_connection(("127.0.0.1", program.port)) as sock:
        url = f"ws://exchange.example:{program.port}/"
        with connect(url, sock=sock, origin=Origin("https://page.example"), **without_proxy()) as client:
            assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}


def test_only_loopback_unless_asked() -> None:
    """The server listens on 127.0.0.1 alone unless it is told otherwise."""
    with started("--port", "0") as program, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", program.port))
    with started("--port", "0", "--host", "0.0.0.0") as program:  # noqa: S104 - what is tested
        with connect(f"{program.url}/", **without_proxy()) as client:
            assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}
        socket.create_connection(("127.0.0.2", program.port)).close()
        assert program.stop() == 0
        warning = "0.0.0.0 is reached from beyond this machine, by whoever is on its network\n"
        assert program.process.stderr is not None
        assert program.process.stderr.read() == f"exchange-simulator: {warning}"
        address = re.escape(program.url.replace("ws:", "http:"))
        line = rf"Control and page, for whoever has this address: {address}/\?token=[\w-]{{22}}"
        assert re.fullmatch(line, program.lines.next() or "")


def test_own_certificate(tmp_path: Path) -> None:
    """With --tls-self-signed clients that trust the file that is written connect by wss, and by it alone."""
    file = tmp_path / "authority.pem"
    with started("--port", "0", "--tls-self-signed", "--tls-ca", str(file)) as program:
        assert program.url == f"wss://127.0.0.1:{program.port}"
        trusting = ssl.create_default_context(cafile=file)
        for host in ("127.0.0.1", "localhost"):
            with connect(f"wss://{host}:{program.port}/", ssl=trusting, **without_proxy()) as client:
                assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(f"{program.url}/", **without_proxy())
        with pytest.raises((OSError, InvalidHandshake)):
            dial(program)
        assert program.stop() == 0
        assert program.process.stderr is not None
        assert program.process.stderr.read() == f"exchange-simulator: trust {file} to connect by wss\n"


def test_own_certificate_in_a_temporary_file() -> None:
    """Without --tls-ca the authority is in a file whose name is said, and that is gone when the server has stopped."""
    with started("--port", "0", "--quiet", "--tls-self-signed") as program:
        assert program.process.stderr is not None
        file = Path(program.process.stderr.readline().split()[2])
        assert ssl.create_default_context(cafile=file).cert_store_stats()["x509_ca"] == 1
        assert program.stop() == 0
        assert not file.exists()


def test_certificate_of_files(tmp_path: Path) -> None:
    """With --tls-cert and --tls-key the server shows that certificate; a page and calls are there by https."""
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    trusting = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    files = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    with started("--port", "0", *files) as program:
        with connect(f"wss://localhost:{program.port}/", ssl=trusting, **without_proxy()) as client:
            assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}
        https = HTTPSConnection("localhost", program.port, context=trusting)
        https.request("POST", "/_exchange/worlds", b'{"name": "w"}', {"Content-Type": "application/json"})
        assert json.load(https.getresponse())["url"] == f"wss://localhost:{program.port}/worlds/w"
        https.close()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--tls-key", "x.pem"], "--tls-key is of a certificate: say --tls-cert FILE too"),
        (["--tls-ca", "x.pem"], "--tls-ca says where the authority of --tls-self-signed is written: say that too"),
        (["--tls-cert", "x.pem", "--tls-self-signed"], "expected one of --tls-cert and --tls-self-signed, got both"),
        (
            ["--tls-cert", "x.pem"],
            "TLS: x.pem: expected a certificate and its key in PEM, got: No such file or directory",
        ),
    ],
)
def test_certificate_that_cannot_be_had(options: list[str], text: str) -> None:
    """Options of TLS that do not go together, and files that are none, are mistakes."""
    done = run("serve", "--port", "0", *options)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"exchange-simulator: {text}\n")


def test_subprotocol_and_deflate() -> None:
    """--subprotocol and --deflate are agreed on with clients that offer them."""
    with started("--port", "0", "--subprotocol", "v1", "--subprotocol", "v2", "--deflate") as program:
        offered = [Subprotocol("v2")]
        with connect(f"{program.url}/", subprotocols=offered, **without_proxy()) as client:
            assert client.subprotocol == "v2"
            assert [one.name for one in client.protocol.extensions] == ["permessage-deflate"]
            assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}


def test_ipv6() -> None:
    """An IPv6 address is printed in brackets, and its clients are served."""
    with started("--port", "0", "--host", "::1") as program:
        assert program.url == f"ws://[::1]:{program.port}"
        with connect(f"{program.url}/", **without_proxy()) as client:
            assert ask(client, 1, type="GetHalts") == {"id": 1, "response": {"Ok": []}}


def test_too_big_message_is_in_the_traffic() -> None:
    """A close by the server stands in the traffic with its reason."""
    with started("--port", "0") as program:
        with dial(program, "/") as client:
            client.send("x" * ((1 << 20) + 1))
            with pytest.raises(ConnectionClosedError) as closed:
                client.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        (line,) = without_times(program.lines.until("---")[1:])
        assert line.startswith("#1 --- 1009 ")
