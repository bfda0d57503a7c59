import asyncio
import socket

import pytest

from simulator.server import Server
from simulator.server.admission import is_loopback
from support.server import (
    ACCEPTED,
    ANSWERS_ALL,
    CLOSE,
    PAIR,
    PING,
    PONG,
    TEXT,
    Frame,
    RawClient,
    close_frame,
    connected,
    dialled,
    frame,
    handshake,
    journal,
    request,
    serving,
)

pytestmark = pytest.mark.asyncio

TLS = "this looks like TLS: connect to ws://, not wss://\n"
PLAIN = ["Connection: close", "Content-Type: text/plain; charset=utf-8"]


async def status_of(data: bytes) -> int | None:
    """Return the status with which a new server answers bytes on a new connection; None if it only closes it."""
    async with serving() as server, dialled(server) as client:
        client.write(data)
        try:
            head, _ = await client.response()
        except asyncio.IncompleteReadError:
            await client.end()
            return None
        await client.end()
        assert [line for line in head if line in PLAIN] == PLAIN
        return int(head[0].split()[1])


async def exchange(server: Server, data: bytes) -> tuple[int, str]:
    """Send bytes on a new connection; return the status and the body of what comes, after which it ends."""
    async with dialled(server) as client:
        client.write(data)
        head, body = await client.response()
        assert [line for line in head if line in PLAIN] == PLAIN
        await client.end()
        return int(head[0].split()[1]), body.decode()


async def test_gateway_says_hello_first() -> None:
    """The first frame on /architect is the JSON string Normal."""
    async with serving() as server, connected(server, "/architect") as client:
        assert await client.frame() == Frame(TEXT, b'"Normal"')
        assert await client.ask(1) == []


async def test_bare_path_has_no_hello() -> None:
    """On / the first frame is the answer to the first request."""
    async with serving() as server, connected(server) as client:
        assert await client.ask(1) == []


async def test_netidx_subscribes() -> None:
    """On /netidx a subscription to a path is confirmed with a number."""
    async with serving() as server, connected(server, "/netidx") as client:
        client.write(frame(TEXT, b'{"type":"Subscribe","path":"/local/architect/core/clock"}'))
        assert await client.json() == {"type": "Subscribed", "id": 1}


async def test_unknown_path_is_not_found() -> None:
    """A path that is none of the three is answered 404 with a text that lists them."""
    async with serving() as server:
        assert await exchange(server, handshake("/nowhere?x=1")) == (
            404,
            "there is nothing at '/nowhere'; connect to one of /architect, /, /netidx\n",
        )
        assert journal(server, "open") == []


async def test_unknown_account_is_not_found() -> None:
    """A connection that is to be bound to an account that does not exist is answered 404."""
    async with serving() as server:
        assert await exchange(server, handshake("/architect?account=NOBODY")) == (
            404,
            "there is no account 'NOBODY'\n",
        )


async def test_path_that_is_no_address_is_not_found() -> None:
    """A request target that cannot be taken apart is answered 404 and is no mistake of the server's."""
    async with serving() as server:
        status, _ = await exchange(server, handshake("//["))
        assert (status, server.errors) == (404, [])


async def test_health() -> None:
    """A plain GET of /healthz is answered 200."""
    async with serving() as server:
        answer = await exchange(server, b"GET /healthz?probe HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer == (200, "ok\n")


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/architect", 426)])
async def test_plain_get(path: str, status: int) -> None:
    """A browser that opens the address gets the page; elsewhere it is told that this is a WebSocket server."""
    async with serving() as server:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        async with dialled(server) as client:
            client.write(request.encode())
            head, _ = await client.response()
            assert int(head[0].split()[1]) == status


@pytest.mark.parametrize("path", ["/architect", "/healthz"])
async def test_post_is_not_allowed(path: str) -> None:
    """A method other than GET is answered 405."""
    assert await status_of(handshake(path, method="POST")) == (405 if ANSWERS_ALL else 400)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Version": "12"}, 400),
        ({"version": "HTTP/1.0"}, 505 if ANSWERS_ALL else 400),
        ({"X": "x" * 9000}, 431 if ANSWERS_ALL else 400),
        ({f"X{number}": "x" for number in range(200)}, 431 if ANSWERS_ALL else 400),
        ({"path": "/" + "x" * 9000}, 414 if ANSWERS_ALL else 400),
    ],
)
async def test_bad_handshake_is_answered(changes: dict[str, str], status: int | None) -> None:
    """A handshake that breaks a rule is answered with the status that says which."""
    assert await status_of(handshake(**changes)) == status


@pytest.mark.parametrize(
    ("data", "first", "why"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", "\x16\x03\x01\x02\x00\x01\x00\x01\\xfc\x03", TLS),
        (b"\x16\x03\x01\x02\x0a\x01\x00", "\x16\x03\x01\x02", TLS),
        (b"\r\n\r\n", "", "this is no handshake: "),
        (b"GET\r\n\r\n", "GET", "this is no handshake: "),
        (b"GET / HTTP/3\r\n\r\n", "GET / HTTP/3", "this is no handshake: "),
        (b"x" * 100 + b"\r\n", "x" * 80, "this is no handshake: "),
        (handshake().replace(b"\r\n", b"\n"), "GET / HTTP/1.1", "a line of the request does not end with CR LF\n"),
        (handshake(Content_Length="2") + b"{}", "GET / HTTP/1.1", "this is no handshake: "),
    ],
)
async def test_no_handshake(data: bytes, first: str, why: str) -> None:
    """What is no handshake is answered 400, and the journal has how it began and what it lacks."""
    async with serving() as server:
        status, text = await exchange(server, data)
        assert (status, text[: len(why)]) == (400, why)
        assert journal(server, "refused") == [(0, "refused", f"{first}: {text[:-1]}")]
        async with connected(server) as client:
            assert await client.ask(1) == []
        assert server.errors == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:6001", "127.8.9.1", "[::1]:6001", "a.localhost"]
)
async def test_own_hosts_pass(host: str) -> None:
    """Every name of the loopback address is served."""
    async with serving() as server, dialled(server) as client:
        client.write(handshake(Host=host))
        assert await client.response() == (ACCEPTED, b"")


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:6001", "192.0.2.1", "[", "localhost.example"])
async def test_foreign_host_is_misdirected(host: str) -> None:
    """A name that somebody has pointed at this machine is answered 421."""
    async with serving() as server:
        assert await exchange(server, handshake(Host=host)) == (
            421,
            f"The Host {host!r} is not served here; start the server with --allow-host to serve it.\n",
        )


@pytest.mark.parametrize("allowed", ["Exchange.Example", "*.example"])
async def test_allowed_host_passes(allowed: str) -> None:
    """A host that the settings name, or match by a wildcard, is served."""
    async with serving(allowed_hosts=(allowed,)) as server, dialled(server) as client:
        client.write(handshake(Host="exchange.example:80"))
        assert await client.response() == (ACCEPTED, b"")


@pytest.mark.parametrize("host", [None, ""])
async def test_host_is_needed(host: str | None) -> None:
    """A request without a Host is answered 400."""
    async with serving() as server:
        answer = await exchange(server, handshake(Host=host))
        assert answer == (400, "The Host header is missing.\n")


async def test_two_origins_are_refused() -> None:
    """A request with two Origin headers is answered 400."""
    async with serving() as server:
        answer = await exchange(server, handshake(Origin="http://localhost\r\nOrigin: http://localhost"))
        assert answer == (400, "The Host and Origin headers may stand only once.\n")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "http://localhost:99", "localhost"])
async def test_foreign_origin_is_forbidden(origin: str) -> None:
    """The script of a page from elsewhere is answered 403."""
    async with serving() as server:
        assert await exchange(server, handshake(Origin=origin)) == (
            403,
            f"The Origin {origin!r} may not connect; start the server with --allow-origin to let it.\n",
        )


@pytest.mark.parametrize("origin", ["http://localhost", "https://page.example"])
async def test_allowed_origin_passes(origin: str) -> None:
    """A page of the server's own host, and one that the settings name, may connect."""
    async with serving(allowed_origins=("https://page.example",)) as server, dialled(server) as client:
        client.write(handshake(Origin=origin))
        assert await client.response() == (ACCEPTED, b"")


async def test_offers_are_not_taken() -> None:
    """Subprotocols and extensions that a client offers are left alone."""
    async with serving() as server, dialled(server) as client:
        client.write(handshake(Sec_WebSocket_Protocol="v1, v2", Sec_WebSocket_Extensions="permessage-deflate"))
        assert await client.response() == (ACCEPTED, b"")
        assert await client.ask(1) == []


async def test_handshake_in_pieces() -> None:
    """A handshake may come byte by byte."""
    async with serving() as server, dialled(server) as client:
        client.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in handshake():
            client.write(bytes([byte]))
            await client.writer.drain()
        assert await client.response() == (ACCEPTED, b"")


async def test_frames_may_follow_at_once() -> None:
    """What a hasty client sends behind its handshake is answered after it."""
    async with serving() as server, dialled(server) as client:
        client.write(handshake(), frame(PING, b"p"), frame(TEXT, request(1)), close_frame(1000))
        assert await client.response() == (ACCEPTED, b"")
        frames = [await client.frame() for _ in range(3)]
        assert sorted(frames) == [
            Frame(TEXT, b'{"id":1,"response":{"Ok":[]}}'),
            Frame(CLOSE, b"\x03\xe8"),
            Frame(PONG, b"p"),
        ]
        await client.end()
        assert server.errors == []


async def test_frames_behind_a_refusal_are_dropped() -> None:
    """What follows a handshake that was refused is not read."""
    async with serving() as server:
        answer = await exchange(server, handshake("/nowhere") + frame(TEXT, request(1)) + b"\n" * 100_000)
        assert answer[0] == 404
        assert journal(server, "open", "in") == []


async def test_one_connection_too_many() -> None:
    """A connection beyond the most that are held is answered 503, until another one goes."""
    async with serving(max_connections=1) as server:
        async with connected(server):
            answer = await exchange(server, handshake())
            assert answer == (503, "There are too many connections.\n")
        async with connected(server) as client:
            assert await client.ask(1) == []


async def test_mistake_in_connect_is_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A simulator that fails while a client connects answers it 500, and notes why."""
    error = RuntimeError("boom")

    def fail(*_: object, **__: object) -> None:
        raise error

    async with serving() as server:
        with monkeypatch.context() as patch:
            patch.setattr(server.simulation, "connect", fail)
            assert await exchange(server, handshake()) == (500, "the simulator failed\n")
        assert server.errors == [error]
        async with connected(server) as client:
            assert await client.ask(1) == []
    assert "RuntimeError: boom" in capsys.readouterr().err


async def test_account_of_a_connection() -> None:
    """A connection bound to an account sees none of the other accounts' orders."""
    async with serving() as server, connected(server) as all_seeing, connected(server, "/?account=alice") as alice:
        terms = {"account": "DEFAULT", "dir": "Buy", "price": "1", "quantity": "1", "target": PAIR}
        assert await all_seeing.ask(1, "SendLimitOrder", **terms) == "1"
        assert await all_seeing.ask(2, "ListOpen", scope="All", set="All") == ["1"]
        assert await alice.ask(1, "ListOpen", scope="All", set="All") == []


async def test_two_names_of_loopback() -> None:
    """A name that only looks like the loopback's is none."""
    hosts = ["localhost", "x.localhost.", "127.0.0.1", "::1", "[::1]", "localhost.evil", "0.0.0.0", "10.0.0.1", ""]  # noqa: S104
    assert [is_loopback(host) for host in hosts] == [True] * 5 + [False] * 4


async def test_client_that_ends_before_its_handshake() -> None:
    """A client that hangs up in the middle of its handshake leaves nothing behind."""
    async with serving() as server:
        client = await RawClient.dial(server)
        client.write(b"GET / HT")
        client.writer.write_eof()
        await client.end()
        await client.hang_up()
        assert (server.errors, journal(server, "open")) == ([], [])
