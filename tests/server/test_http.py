"""A server's calls over plain HTTP: what they answer, what they change, and whom they refuse."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import connect

from simulator.scenario import Loaded, load
from simulator.scenario.loader import load_text
from simulator.server import Server, Settings, http_answers, http_connection
from simulator.server.http_answers import Answer, HttpRequest
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "100", "quantity": "2", "target": PAIR}
PARTIAL = {
    "rules": [
        {
            "name": "slow",
            "when": {"request": "SendLimitOrder", "dir": "Buy"},
            "then": ["ack", {"delay": "250ms"}, {"fill": "40%"}, {"hold": "rest"}, {"fill": "rest"}],
        }
    ]
}


class Api:
    """Calls of one server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def dial(self) -> socket.socket:
        """Connect without a word."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def raw(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body or None, headers)  # a GET says no length
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @contextmanager
    def asking(self, method: str, path: str, body: Any = None) -> Iterator[Callable[[], http.client.HTTPResponse]]:
        """Ask, and give what waits for the answer to begin."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        data = None if body is None else json.dumps(body)
        connection.request(method, f"/_exchange{path}", data, {"Content-Type": "application/json"})
        try:
            yield connection.getresponse
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the data of a call's answer."""
        data = b"" if body is None else json.dumps(body).encode()
        status, answer = self.raw(method, f"/_exchange{path}", data, **{"Content-Type": "application/json"})
        return status, json.loads(answer)

    def get(self, path: str) -> Any:
        """Return what a GET that succeeds gives."""
        status, data = self.ask("GET", path)
        assert status == 200, data
        return data

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        """Return what a POST gives that is answered with a status."""
        came, data = self.ask("POST", path, body)
        assert came == status, data
        return data


@contextmanager
def serving(scenario: Any = None, clock: Any = "manual", host: str = "127.0.0.1", **settings: Any) -> Iterator[Api]:
    """Serve in a thread, and give its calls."""
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    server = Server(Simulation(scenario, clock=clock), host, 0, Settings(close_timeout=0.2, **settings))

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.stop_event = stop  # type: ignore[attr-defined]  # for the test's thread
        await server.start()
        loops.append(loop)
        ready.set()
        await stop.wait()
        await server.close(patience=0.0)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield Api(server.port)
    finally:
        loops[0].call_soon_threadsafe(loops[0].stop_event.set)  # type: ignore[attr-defined]
        thread.join(10)
    assert server.errors == []


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """A server whose world is never changed by a test."""
    with serving(PARTIAL) as calls:
        yield calls


def test_scripted_partial_fill_without_python() -> None:
    """A client's test sends an order, lets time pass, reads the truth, injects a fill, and verifies: all over HTTP."""
    with serving(PARTIAL) as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        venue.send(json.dumps({"id": 1, **ORDER}))
        assert json.loads(venue.recv()) == {"id": 1, "response": {"Ok": "1"}}
        assert api.get("/orders/1")["state"] == ["Open", "Acked"]
        assert api.post("/advance", {"by": "250ms"}) == {"now": "2024-01-01T00:00:00.250000000Z"}
        waited = api.post("/wait", {"order": {"order_id": "1", "filled_qty": "0.8"}, "timeout": 5})
        assert (waited["is_met"], [order["leaves_qty"] for order in waited["found"]]) == (True, ["1.2"])
        assert [one["name"] for one in api.get("/held")] == ["rest"]
        api.post("/release", {"name": "rest"})
        assert [fill["quantity"] for fill in api.get("/fills")] == ["0.8", "1.2"]
        got = api.post("/received", {"when": {"request": "SendLimitOrder", "quantity": {"ge": 2}}})
        assert [one["fields"]["price"] for one in got["found"]] == ["100"]
        assert api.post("/verify", {}) == {"passed": True, "failures": []}


def test_unmet_wait_says_what_came_nearest() -> None:
    """A wait that is over says what was wanted, and where the nearest differs."""
    with serving() as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        venue.send(json.dumps({"id": 1, **ORDER}))
        venue.recv()
        unmet = api.post("/received", {"when": {"request": "SendLimitOrder", "dir": "Sell"}, "timeout": 0.05})
        assert (unmet["is_met"], unmet["found"]) == (False, [])
        assert "dir: wanted Sell, came Buy" in unmet["failure"]["details"]


def test_wait_ends_when_it_is_met() -> None:
    """A long poll is answered as soon as what it waits for has come, and not at its end."""
    with serving() as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        answers: list[Any] = []
        poll = threading.Thread(
            target=lambda: answers.append(api.post("/received", {"when": {"request": "GetHalts"}, "timeout": 60}))
        )
        poll.start()
        venue.send('{"id": 1, "type": "GetHalts"}')
        poll.join(20)
        assert answers[0]["is_met"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/wait", {"order": {"state": "Canceled"}, "timeout": 0}),
        ("POST", "/wait", {"fill": {"quantity": "7"}, "timeout": 0}),
        ("POST", "/wait", {"sent": {"order_id": "0"}, "timeout": 0}),
        ("POST", "/received", {"when": {"request": "GetHalts"}}),
        ("GET", "/rules", None),
        ("POST", "/verify", {}),
    ],
)
@pytest.mark.asyncio
async def test_others_have_their_turn_while_one_searches(method: str, path: str, body: Any) -> None:
    """While somebody searches what there is in vain, others have their turn and send orders, again and again."""
    scenario = {
        "rules": [{"when": {"request": "GetHalts"}, "then": [{"delay": "1s"}]}],
        "expect": [{"received": {"request": "GetHalts"}}],
    }
    world = Simulation(scenario)
    session = world.connect("/")
    for number in range(1000):
        world.receive(session, json.dumps({"id": number, **ORDER, "dir": ["Buy", "Sell"][number % 2]}))
    server = Server(world, "127.0.0.1", 0, Settings())
    await server.start()
    turns = 0
    headers = {"host": "127.0.0.1", "content-type": "application/json"}
    query = HttpRequest(method, f"/_exchange{path}", {}, headers, json.dumps(body).encode() if body else b"")
    asking = asyncio.create_task(server.answers.answer(query))
    while not asking.done():
        turns += 1
        world.receive(session, json.dumps({"id": turns, **ORDER}))
        await asyncio.sleep(0)
    await server.close(patience=0.0)
    answer = await asking
    assert isinstance(answer, Answer)
    assert answer.status == 200, answer.body
    assert turns > 3


def test_long_answer_is_sent_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of many pieces comes whole, and the connection may be used again."""
    monkeypatch.setattr(http_connection, "_AT_ONCE", 100)
    with serving() as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        for number in range(5):
            venue.send(json.dumps({"id": number, **ORDER}))
            venue.recv()
        asking = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
        for _ in range(2):
            asking.request("GET", "/_exchange/orders")
            answer = asking.getresponse()
            assert int(answer.headers["Content-Length"]) > 100
            assert [order["order_id"] for order in json.loads(answer.read())] == ["1", "2", "3", "4", "5"]
        asking.close()


def test_wait_finds_at_its_end_what_came_while_nobody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait looks a last time when its time is over, however long the searches before have made it rest."""
    monkeypatch.setattr(http_answers, "_PATIENCE", 10**9)
    monkeypatch.setattr(http_answers, "_LONGEST_REST", 60.0)
    with serving() as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        wanted = {"when": {"request": "GetHalts"}, "timeout": 0.5}
        with api.asking("POST", "/received", wanted) as asked:
            for _ in range(2):  # by the second answer it has looked
                api.get("/health")
            venue.send('{"id": 1, "type": "GetHalts"}')
            assert json.loads(asked().read())["is_met"] is True


def test_wait_for_a_made_world() -> None:
    """Whoever waits for a world that was made hears of it, and of its end, though nothing happens elsewhere."""
    with serving() as api:
        api.post("/worlds", {"name": "a", "clock": "manual"}, 201)
        wanted = {"when": {"request": "GetHalts"}, "timeout": 60}
        with connect(f"ws://127.0.0.1:{api.port}/worlds/a/") as venue:
            with api.asking("POST", "/worlds/a/received", wanted) as asked:
                venue.send('{"id": 1, "type": "GetHalts"}')
                assert json.load(asked())["is_met"] is True
            waits = api.asking("POST", "/worlds/a/received", wanted | {"count": 2})
            with waits as asked, api.asking("GET", "/worlds/a/events") as listening:
                events = listening()
                assert b'"orders":0' in events.read1()
                venue.send(json.dumps({"id": 1, **ORDER}))
                while b'"orders":1' not in events.read1():
                    pass
                assert api.ask("DELETE", "/worlds/a") == (200, {"ended": "a"})
                events.read()
                assert json.load(asked()) == {"error": "the world 'a' has ended"}


def test_worlds_do_not_know_each_other() -> None:
    """A world for each test: own books, own rules, own clock, until it is ended."""
    with serving() as api:
        for name in ("a", "b"):
            made = api.post("/worlds", {"name": name, "scenario": PARTIAL, "clock": "manual", "seed": 3}, 201)
            assert made["url"] == f"ws://127.0.0.1:{api.port}/worlds/{name}"
        with connect(f"ws://127.0.0.1:{api.port}/worlds/a/") as venue:
            venue.send(json.dumps({"id": 1, **ORDER}))
            venue.recv()
            assert [len(api.get(f"{path}/orders")) for path in ("/worlds/a", "/worlds/b", "")] == [1, 0, 0]
            api.post("/worlds/a/advance", {"next": True})
            assert api.get("/worlds/a/orders/1")["filled_qty"] == "0.8"
            assert api.ask("DELETE", "/worlds/a", {}) == (200, {"ended": "a"})
        assert [world["name"] for world in api.get("/worlds")] == ["", "b"]
        status, failed = api.ask("GET", "/worlds/c/state")
        assert (status, failed["error"]) == (404, "there is no world 'c'")


def test_reset_and_rules() -> None:
    """Rules are replaced and switched, and a reset begins anew with another scenario."""
    with serving(PARTIAL) as api:
        status, _ = api.ask("PATCH", "/rules/slow", {"on": False})
        assert (status, api.get("/rules")[0]["is_on"]) == (200, False)
        rules = [{"name": "no", "when": {"request": "GetHalts"}, "then": [{"reply": {"Err": "no"}}]}]
        assert api.ask("PUT", "/rules", {"rules": rules})[0] == 200
        assert [rule["name"] for rule in api.get("/rules")] == ["no"]
        state = api.post("/reset", {"yaml": "seed: 9\nclock: manual\nrules: []\n"})
        assert (state["seed"], api.get("/rules")) == (9, [])


def test_clock_is_paused_and_goes_on() -> None:
    """A world on the wall's clock is paused, and then goes by events."""
    with serving(clock="real") as api:
        assert api.ask("POST", "/advance", {"by": "1s"})[0] == 409
        assert api.post("/clock", {"pace": "paused"})["clock"] == "manual"
        before = api.get("/state")["now"]
        assert api.get("/state")["now"] == before
        assert api.post("/clock", {"pace": 20})["clock"] == {"scaled": "20"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/oders", None, 404, "there is no call '/oders'; did you mean '/orders'?"),
        ("GET", "/orders/7", None, 404, "there is no order '7'; the last orders: none"),
        ("DELETE", "/orders", {}, 405, "expected GET for /orders, got DELETE"),
        ("POST", "/do", {"steps": [{"fil": 1}]}, 422, "did you mean 'fill'?"),
        ("POST", "/do", {"stepz": []}, 400, "Object contains unknown field `stepz`"),
        ("PATCH", "/rules/slo", {"on": True}, 404, "there is no rule 'slo'; did you mean 'slow'?"),
        ("POST", "/reset", {"scenario": "partial-fil"}, 404, "did you mean 'partial-fill'?"),
        ("POST", "/reset", {"scenario": "../../etc/passwd"}, 404, "there is no bundled scenario"),
        ("GET", "/book?product=BTC", None, 422, "BTC"),
        ("GET", "/due?most=x", None, 400, "Expected `int`"),
        ("POST", "/advance", {}, 400, "advance: expected one of by, to, next"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    api: Api, method: str, path: str, body: Any, status: int, text: str
) -> None:
    """A call that is wrong is refused in the words of a test's mistake, and nothing is otherwise than before."""
    before = [api.get(path) for path in ("/state", "/rules")]
    came, failed = api.ask(method, path, body)
    assert came == status
    assert text in failed["error"]
    assert [api.get(path) for path in ("/state", "/rules")] == before


def test_a_broken_scenario_is_told_with_line_and_column(api: Api) -> None:
    """What is wrong with YAML is told with its place, and the world goes on as it was."""
    yaml = "rules:\n  - when: {request: SendLimitOrdr}\n    then: [ack]\n"
    (problem,) = api.post("/check", {"yaml": yaml})["problems"]
    assert (problem["line"], problem["column"], problem["path"]) == (2, 21, "rules[0].when.request")
    assert "did you mean 'SendLimitOrder'?" in problem["message"]
    status, failed = api.ask("POST", "/reset", {"yaml": yaml})
    assert (status, failed["problems"]) == (422, [problem])
    assert api.post("/check", {"scenario": PARTIAL}) == {"problems": []}


JSON = {"Content-Type": "application/json"}
TOKEN = "a-word"  # noqa: S105 - of a test


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
        ({**JSON, "Host": "example.org"}, 421),
        ({**JSON, "Origin": "https://example.org"}, 403),
        (JSON, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
    ],
)
def test_other_peoples_pages_control_nothing(api: Api, headers: dict[str, str], status: int) -> None:
    """What a page of somebody else's can make a browser send is refused."""
    assert api.raw("POST", "/_exchange/verify", b"{}", **headers)[0] == status


def test_token_beyond_loopback() -> None:
    """Where it can be reached from elsewhere, only who knows the token may control it."""
    with serving(host="0.0.0.0", token=TOKEN) as api:  # noqa: S104 - what is reached from elsewhere is tested
        refused = api.raw("GET", "/_exchange/state")[0], api.raw("GET", "/_exchange/state?token=x")[0]
        header = {"X-Exchange-Token": TOKEN}
        taken = (
            api.raw("GET", "/_exchange/state", b"", **header)[0],
            api.raw("GET", f"/_exchange/state?token={TOKEN}")[0],
        )
        assert (refused, taken, api.raw("GET", "/_exchange/health")[0]) == ((401, 401), (200, 200), 200)


def test_control_can_be_switched_off() -> None:
    """Without control nothing but WebSockets and the health check is answered."""
    with serving(control=False) as api:
        assert [api.raw("GET", path)[0] for path in ("/_exchange/state", "/healthz")] == [426, 200]


def test_bytes_of_all_kinds(api: Api) -> None:
    """A body that is no JSON, too long or none at all is refused, and the connection's end is no traceback."""
    for body, status in ((b"{", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b" " * (5 << 20), 413)):
        try:
            assert api.raw("POST", "/_exchange/do", body, **JSON)[0] == status
        except (BrokenPipeError, ConnectionResetError):
            assert status == 413  # it is refused while it is still being sent
    assert api.raw("HEAD", "/_exchange/state")[0] in (200, 405)


def test_journal_lines_and_news(api: Api) -> None:
    """The journal comes as lines with their causes, and news as events."""
    with serving() as own, connect(f"ws://127.0.0.1:{own.port}/") as venue:
        venue.send('{"id": 1, "type": "GetHalts"}')
        venue.recv()
        _, data = own.raw("GET", "/_exchange/journal?since=0")
        lines = [json.loads(line) for line in data.splitlines()]
        assert [(line["line"], line["kind"]) for line in lines] == [(1, "open"), (2, "in"), (3, "out")]
        _, more = own.raw("GET", "/_exchange/journal?since=2")
        assert [json.loads(line)["cause"] for line in more.splitlines()] == [2]
        connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=10)
        connection.request("GET", "/_exchange/events")
        first = json.loads(connection.getresponse().readline().removeprefix(b"data: "))
        assert first["line"] == 3
        connection.close()


def test_what_a_page_asks() -> None:
    """A page has a world's scenario as text, and all that is new of it in one answer, sent in one piece."""
    with serving(PARTIAL) as own, connect(f"ws://127.0.0.1:{own.port}/") as venue, own.dial() as dialled:
        venue.send(json.dumps({"id": 1, **ORDER}))
        venue.recv()
        seen = own.get(f"/window?since=1&most=2&product={PAIR.replace(' ', '%20')}&depth=1")
        assert (seen["left_out"], [line["line"] for line in seen["lines"]]) == (
            seen["line"] - 3,
            [seen["line"] - 1, seen["line"]],
        )
        assert (len(seen["orders"]), len(seen["book"]["bids"])) == (1, 1)
        assert load_text(own.get("/scenario")["yaml"]).scenario.rules == load(PARTIAL).scenario.rules
        assert own.ask("POST", "/window", {})[0] == 405
        assert own.ask("GET", "/window?most=2000")[0] == 400
        dialled.sendall(b"GET /_exchange/window HTTP/1.1\r\nHost: localhost\r\n\r\n")
        came = dialled.recv(1 << 20)
        assert came.endswith(b"}\n")
    with serving() as plain:
        assert plain.get("/scenario") == {"yaml": ""}


def test_openapi_is_made_of_the_calls(api: Api) -> None:
    """The description names every call, and every reference in it leads somewhere."""
    document = api.get("/openapi.json")
    text = json.dumps(document)
    assert document["openapi"] == "3.1.0"
    assert {"/state", "/orders/{name}", "/do", "/worlds/{world}/wait"} <= document["paths"].keys()
    for reference in {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}:
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


# Bounds


HEALTH = b"GET /_exchange/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVERY_MICROSECOND = {"at": "0s", "every": "1us", "do": {"trade": {"product": PAIR, "price": 100, "quantity": 1}}}


def test_what_is_asked_behind_a_wait_is_not_taken() -> None:
    """One who asks ahead waits for what was asked before, and fills no memory meanwhile."""
    body = json.dumps({"when": {"request": "GetHalts"}, "timeout": 60}).encode()
    head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with serving() as api, api.dial() as peer, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        peer.sendall(b"POST /_exchange/received HTTP/1.1\r\n" + head + body)
        peer.settimeout(0.2)
        assert _sent_until_nobody_takes_it(peer, HEALTH * 1000, 1 << 26) < 1 << 25
        peer.settimeout(10)
        venue.send('{"id": 1, "type": "GetHalts"}')
        answers = b""
        while answers.count(b'"ready":true') < 2000:
            answers += peer.recv(1 << 16)
        assert answers.index(b'"is_met":true') < answers.index(b'"ready"')


def _sent_until_nobody_takes_it(peer: socket.socket, data: bytes, most: int) -> int:
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += peer.send(data)
    return sent


def test_one_who_asks_no_more_is_answered() -> None:
    """A client that has said all is answered all, and then let go."""
    with serving() as api, api.dial() as peer:
        peer.sendall(HEALTH * 3)
        peer.shutdown(socket.SHUT_WR)
        answers = b""
        while some := peer.recv(1 << 16):
            answers += some
        assert answers.count(b'"ready":true') == 3


@pytest.mark.parametrize("begun", [b"", HEALTH[:40], b"POST" + HEALTH[3:-2] + b"Content-Length: 9\r\n\r\n"])
def test_request_that_does_not_come(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which a request is begun and not ended is cut in its time."""
    monkeypatch.setattr("simulator.server.http_connection._IDLE", 0.1)
    with serving() as api, api.dial() as peer:
        peer.sendall(HEALTH)
        assert peer.recv(1 << 16).startswith(b"HTTP/1.1 200")
        peer.sendall(begun)
        with contextlib.suppress(ConnectionError):
            while peer.recv(1 << 16):
                pass


def test_answers_that_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """One who asks and does not read is answered no more, and cut in its time."""
    monkeypatch.setattr("simulator.server.http_connection._IDLE", 0.1)
    with serving() as api, api.dial() as peer, pytest.raises(ConnectionError):
        _sent_until_nobody_takes_it(peer, HEALTH.replace(b"health", b"openapi.json") * 1000, 1 << 30)


def test_bodies_are_held_within_what_is_held_for_all() -> None:
    """What has come of a request counts among what the server holds for all."""
    with serving(most_held=1 << 20) as api:
        status, answer = api.ask("POST", "/check", {"yaml": "x" * (3 << 20)})
        assert (status, answer) == (503, {"error": "too much is held for others"})
        assert api.post("/check", {"yaml": "seed: 1"}) == {"problems": []}


@pytest.mark.parametrize("path", ["/events", "/journal", "/health", "/version"])
def test_what_is_only_read(path: str) -> None:
    """What can only be read is not changed, and the head of what comes in pieces is an answer whole."""
    with serving() as api:
        assert api.ask("POST", path, {}) == (405, {"error": f"expected GET for {path}, got POST"})
        assert api.raw("HEAD", f"/_exchange{path}") == (200, b"")


def test_time_passes_in_turns() -> None:
    """Others are answered while a long time is told to pass in one world, which goes on only once at a time."""
    with serving() as api:
        api.post("/worlds", {"name": "a", "clock": "manual", "scenario": {"timeline": [EVERY_MICROSECOND]}}, 201)
        with api.asking("POST", "/worlds/a/advance", {"by": "1h"}) as asked:
            assert api.get("/orders") == []
            refusal = {"error": "time is passing already, as it was told to"}
            assert api.ask("POST", "/worlds/a/advance", {"by": "1s"}) == (409, refusal)
            began = api.get("/worlds/a/state")["now"]
            assert api.get("/worlds/a/state")["now"] > began
            api.ask("DELETE", "/worlds/a")
            assert json.load(asked()) == {"error": "the world 'a' has ended"}


@pytest.mark.parametrize(
    ("path", "read"),
    [("/check", "control.calls.load_text"), ("/reset", "control.calls.load_text"), ("/worlds", "control.calls.load")],
)
def test_others_are_answered_while_a_scenario_is_read(path: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that takes long to be read holds nobody up."""
    has_read = threading.Event()

    def slow(_: Any) -> Loaded:
        assert has_read.wait(10)
        return load({})

    monkeypatch.setattr(f"simulator.{read}", slow)
    body = {"name": "a", "scenario": {}} if path == "/worlds" else {"yaml": "seed: 1"}
    with serving() as api, api.asking("POST", path, body) as asked:
        assert api.get("/orders") == []
        has_read.set()
        assert asked().status in (200, 201)


def test_others_are_answered_while_a_client_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laws that take long to be judged hold nobody up."""
    has_judged = threading.Event()

    def slow(*_: Any) -> Iterator[Any]:
        assert has_judged.wait(10)
        yield ("backs_off",), "expected a client that backs off", ""

    monkeypatch.setattr("simulator.control.expectations.unkept", slow)
    with serving({"must": ["backs_off"]}) as api, api.asking("POST", "/verify", {}) as asked:
        assert api.get("/orders") == []
        has_judged.set()
        failure = {"place": "must[0].backs_off", "text": "expected a client that backs off", "details": ""}
        assert json.load(asked()) == {"passed": False, "failures": [failure]}


def test_long_answers() -> None:
    """Answers about very much are made in parts, and are whole."""
    with serving() as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        for number in range(1200):
            venue.send(json.dumps({"id": number, **ORDER, "dir": "Sell" if number % 2 else "Buy"}))
            venue.recv()
        assert [order["order_id"] for order in api.get("/orders")] == [str(number) for number in range(1, 1201)]
        assert len(api.get("/fills")) > 1000
        lines = api.raw("GET", "/_exchange/journal?most=1000000")[1].splitlines()
        numbers = [json.loads(line)["line"] for line in lines]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 3600
        assert api.raw("GET", "/_exchange/journal?since=7&most=2")[1].splitlines() == lines[7:9]


def test_report_so_far() -> None:
    """The report of a world is one file of HTML with all that has happened in it, of each world its own."""
    with serving(PARTIAL) as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        venue.send(json.dumps({"id": 1, **ORDER}))
        venue.recv()
        status, page = api.raw("GET", "/_exchange/report.html")
        assert (status, page.count(b'"SendLimitOrder"'), b"OrderChanged" in page) == (200, 1, True)
        api.post("/worlds", {"name": "w"}, 201)
        status, page = api.raw("GET", "/_exchange/worlds/w/report.html")
        assert (status, b"SendLimitOrder" in page.partition(b'id="data"')[2]) == (200, False)
        assert api.raw("GET", "/_exchange/worlds/x/report.html")[0] == 404


def test_websocket_on_a_connection_that_has_made_calls() -> None:
    """A client that opens its WebSocket where it has made a call before, as Java's does, is let in."""
    upgrade = "GET /worlds/w/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    upgrade += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    with serving() as api, socket.create_connection(("127.0.0.1", api.port), timeout=10) as client:
        body = b'{"name": "w"}'
        head = "POST /_exchange/worlds HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        reader = client.makefile("rb")
        lines = [line.strip() for line in iter(reader.readline, b"\r\n")]
        (length,) = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"Content-Length")]
        assert json.loads(reader.read(length))["name"] == "w"
        for part in (upgrade[:40], upgrade[40:]):
            client.sendall(part.encode())
        lines = [line.strip() for line in iter(reader.readline, b"\r\n")]
        assert lines[0] == b"HTTP/1.1 101 Switching Protocols"
        data = b'{"id":1,"type":"GetHalts"}'
        client.sendall(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)
        answer = b'{"id":1,"response":{"Ok":[]}}'
        assert reader.read(2 + len(answer)) == bytes([0x81, len(answer)]) + answer
        assert [one["connections"] for one in api.get("/worlds")] == [0, 1]


def test_time_goes_on_though_nothing_happens() -> None:
    """The time that is told is the world's at present, on a clock that runs, whatever has happened last."""
    with serving(clock="real") as api:
        times = [api.get(path)["now"] for path in ("/state", "/state", "/health")]
        assert times == sorted(set(times))
        assert api.raw("GET", "/_exchange/journal") == (200, b"")
