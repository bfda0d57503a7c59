"""Which world a client comes into, and how time passes there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from simulator.control import Control
from simulator.errors import SimulatorError, UnknownName
from simulator.server import Server, worlds
from simulator.server import driver as world_module
from simulator.simulation import Simulation
from support.server import ACCEPTED, TEXT, RawClient, frame, handshake, order

pytestmark = pytest.mark.asyncio

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "10000",
    "quantity": "1",
    "target": PAIR,
}
SLOW = {"rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"delay": "10m"}, "ack", {"fill": "rest"}]}]}


@asynccontextmanager
async def serving(scenario: Any = None, **options: Any) -> AsyncIterator[Server]:
    """Serve a scenario for as long as the block lasts."""
    clock = options.pop("clock", None)
    server = Server(Simulation(scenario, clock=clock), port=0, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.close(patience=0.2)


async def ask(venue: ClientConnection, number: int, **request: Any) -> Any:
    """Send a request and return what is answered."""
    await venue.send(json.dumps({"id": number, **request}))
    return (await heard(venue))["response"]


async def heard(venue: ClientConnection) -> Any:
    """Return the next message."""
    return json.loads(await asyncio.wait_for(venue.recv(), 10))


async def refused(url: str) -> tuple[int, str]:
    """Return the status and the text with which a connection is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(url)
    return caught.value.response.status_code, bytes(caught.value.response.body or b"").decode()


async def test_scenario_of_the_client_s_choice() -> None:
    """A client that names a scenario has an exchange of its own in it, beside the server's."""
    async with (
        serving() as server,
        connect(server.url + "/?scenario=order-refused") as chosen,
        connect(server.url + "/") as plain,
    ):
        assert await ask(plain, 1, **ORDER) == {"Ok": "1"}
        assert "Err" in await ask(chosen, 1, **ORDER)
        assert await ask(plain, 2, **ORDER) == {"Ok": "2"}


async def test_shared_session_of_a_scenario() -> None:
    """Connections that name the same scenario and session share an exchange, and it outlives a reconnect."""
    async with serving() as server:
        url = server.url + "/?scenario=partial-fill&session="
        async with connect(url + "a") as one, connect(url + "a") as two, connect(url + "b") as other:
            assert await ask(one, 1, **ORDER) == {"Ok": "1"}
            assert await ask(two, 1, **ORDER) == {"Ok": "2"}
            assert await ask(other, 1, **ORDER) == {"Ok": "1"}
        async with connect(url + "a") as again:
            assert await ask(again, 1, **ORDER) == {"Ok": "3"}


async def test_scenarios_that_are_not_served(tmp_path: Path) -> None:
    """A name that is no scenario is answered 404 with the nearest one; no path leads out of the served folder."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "mine.yaml").write_text("rules: []\n")
    (tmp_path / "secret.yaml").write_text("rules: []\n")
    async with serving(folder=tmp_path / "served") as server:
        async with connect(server.url + "/?scenario=mine") as venue:
            assert await ask(venue, 1, **ORDER) == {"Ok": "1"}
        assert await refused(server.url + "/?scenario=partial-fil") == (
            404,
            "there is no scenario 'partial-fil'; did you mean 'partial-fill'?\n",
        )
        for name in ("../secret", "..%2Fsecret", str(tmp_path / "secret.yaml"), ""):
            status, _ = await refused(f"{server.url}/?scenario={name}")
            assert status == 404
        assert await refused(server.url + "/?clock=real") == (
            400,
            "a clock is of a scenario or a session: say ?scenario= or ?session= too\n",
        )


async def test_session_without_a_scenario() -> None:
    """A session of no scenario is a copy of the server's own world, which all share who name it, and nobody else."""
    async with (
        serving({"rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"fill": "rest"}, "ack"]}]}) as server,
        connect(server.url + "/?session=a") as one,
        connect(server.url + "/?session=a&account=DEFAULT") as two,
        connect(server.url + "/") as own,
    ):
        assert await ask(one, 1, **ORDER) == {"Ok": "1"}
        assert await ask(two, 1, **ORDER) == {"Ok": "2"}
        assert await ask(own, 2, **ORDER) == {"Ok": "1"}
        ((name, fills),) = [(world.name, len(world.simulation.venue.fills)) for world in server.named_worlds]
        assert (name, fills) == ("default/a", 2)
        assert await refused(server.url + "/?session=b&account=NOBODY") == (
            404,
            "there is no account 'NOBODY'\n",
        )


async def test_sessions_are_controlled_by_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Worlds that clients have named are listed, with what has become of their files; begun anew and ended by name."""
    file = tmp_path / "mine.yaml"
    file.write_text("seed: 3\n")
    async with serving(folder=tmp_path) as server:
        url = server.url + "/?scenario=mine&session=a%20b"
        async with connect(url) as venue, connect(server.url + "/?scenario=partial-fill") as single:
            assert await ask(venue, 1, **ORDER) == {"Ok": "1"}
            listed = {world.name: world for world in server.worlds.list(server.url)}
            assert listed.keys() == {"", "partial-fill/#1", "mine/a b"}
            told = listed["mine/a b"]
            assert (told.url, told.seed, told.connections) == (f"{server.url}/worlds/mine%2Fa%20b", 3, 1)
            assert (told.session, told.file) == ("a b", "as it was")
            async with connect(told.url + "/") as other:
                assert await ask(other, 1, **ORDER) == {"Ok": "2"}
            file.write_text("seed: 44\n")
            async with connect(url):
                pass
            file.unlink()
            async with connect(told.url + "/"):
                pass
            assert [world.file for world in server.worlds.list("") if world.session] == ["gone"]
            Control(server.worlds.named("mine/a b")).reset(seed=9)
            with pytest.raises(ConnectionClosed, match="1012"):
                await venue.recv()
            with pytest.raises(SimulatorError, match="is of one connection, and ends with it"):
                Control(server.worlds.named("partial-fill/#1")).reset()
            assert await ask(single, 1, **ORDER) == {"Ok": "1"}
        async with connect(told.url + "/") as venue:
            assert await ask(venue, 1, **ORDER) == {"Ok": "1"}
            assert [world.seed for world in server.worlds.list("") if world.session] == [9]
            server.worlds.end("mine/a b")
            with pytest.raises(ConnectionClosed, match="1001"):
                await venue.recv()
        await _until(lambda: [world.name for world in server.worlds.list("")] == [""])
        with pytest.raises(UnknownName, match="there is no world 'mine/a b'"):
            server.worlds.named("mine/a b")
    goes_on = "the file of mine/a b is changed; the session goes on with what it was, until it is ended"
    assert capfd.readouterr().err == f"exchange-simulator: {goes_on}\n"


async def test_session_that_nobody_is_in_goes_on_when_it_is_controlled() -> None:
    """The time of a session that nobody is in stands still; who controls it by its name lets it go on."""
    async with serving() as server:
        async with connect(server.url + "/?scenario=partial-fill&session=a"):
            (world,) = server.named_worlds
        await _until(lambda: not world.connections)
        for later in (0.0, 1.0):
            server._worlds.tend(server.monotonic() + later)
        assert world._clock is None
        server.worlds.named("partial-fill/a")
        assert world._clock is not None


async def test_made_worlds_that_nobody_uses_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many made worlds, those are ended that nobody has been in or asked for in ten minutes."""
    monkeypatch.setattr("simulator.server.controlled._MOST", 3)
    now = 1000.0
    async with serving() as server:
        monkeypatch.setattr(server, "monotonic", lambda: now)
        made = server.worlds
        for name in ("left", "asked", "entered"):
            made.create(name, Simulation(), server.url)
        with pytest.raises(SimulatorError, match="there are 3 worlds already; end one with DELETE"):
            made.require_free("another")
        async with connect(f"{server.url}/worlds/entered/"):
            now += 601
            made.named("asked")
            made.create("another", Simulation(), server.url)
            assert [world.name for world in made.list("")] == ["", "asked", "entered", "another"]


async def test_clock_of_the_client_s_choice() -> None:
    """A client that names a scenario may name its clock too; a clock that is none is refused."""
    async with serving() as server:
        async with connect(server.url + "/?scenario=expired-order&clock=instant") as venue:
            assert await ask(venue, 1, type="SubscribeOrderState") == {"Ok": []}
            await venue.send(json.dumps({"id": 2, **ORDER}))
            last: dict[str, Any] = {}
            while "Out" not in last.get("state", []):
                said = (await heard(venue))["response"]["Ok"]
                last = said[0] if isinstance(said, list) else last
            assert last["state"] == ["Acked", "Canceled", "Out"]
        begin = "clock: expected real, instant, manual, or a number above 0 and below a million"
        begin += " for how many times as fast, got "
        for clock, end in (("instnt", "'instnt'; did you mean 'instant'?"), ("0", "'0'"), ("1000000", "'1000000'")):
            address = f"{server.url}/?scenario=expired-order&clock={clock}"
            assert await refused(address) == (404, f"{begin}{end}\n")
        status, text = await refused(server.url + "/?scenario=expired-order&clock=manual")
        assert (status, text.startswith("clock: manual is for who")) == (404, True)
        assert (await refused(server.url + "/?clock=instant"))[0] == 400


async def test_clock_that_is_too_fast_for_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is due, clients are answered and the server ends; that time is late is written down once."""
    monkeypatch.setattr(world_module, "_LAG", 0.05)
    simulation = Simulation(catalogue="default", moving=6, clock={"scaled": "900000"})
    server = Server(simulation, port=0)
    await server.start()
    async with connect(server.url + "/") as venue:
        times: list[int] = []
        while not any(kind == "late" for _, _, kind, _ in simulation.journal) or len(times) < 20:
            assert await ask(venue, 1, type="GetHalts") == {"Ok": []}
            times.append(server.world.now())
    await server.close(patience=0.2)
    assert times == sorted(times)
    assert [entry[3] for entry in simulation.journal if entry[2] == "late"] == [
        "this machine is too slow for the clock"
    ]


async def test_refusals_are_journalled() -> None:
    """A connection that is refused is written down with the reason, in the server's own world."""
    async with serving() as server:
        for query in ("scenario=partial-fil", "scenaro=partial-fill", "account=NOBODY"):
            await refused(f"{server.url}/?{query}")
        assert [data for _, _, kind, data in server.simulation.journal if kind == "refused"] == [
            "/?scenario=partial-fil: there is no scenario 'partial-fil'; did you mean 'partial-fill'?",
            "/?scenaro=partial-fill: an address has no 'scenaro'; did you mean 'scenario'?",
            "/?account=NOBODY: there is no account 'NOBODY'",
        ]


async def test_instant_clock_jumps() -> None:
    """On an instant clock ten scripted minutes pass while the client waits, with their timestamps."""
    async with serving(SLOW, clock="instant") as server, connect(server.url + "/") as venue:
        assert await ask(venue, 1, type="SubscribeOrderState") == {"Ok": []}
        await venue.send(json.dumps({"id": 2, **ORDER}))
        messages = [await heard(venue) for _ in range(4)]
        assert [message["response"]["Ok"] for message in messages] == [
            "1",
            [{"order_id": "1", "state": ["Open"], "filled_qty": "0", "avg_fill_price": None}],
            [{"order_id": "1", "state": ["Open", "Acked"], "filled_qty": "0", "avg_fill_price": None}],
            [{"order_id": "1", "state": ["Acked", "Filled", "Out"], "filled_qty": "1", "avg_fill_price": "10000.00"}],
        ]
        assert server.world.now() == server.simulation.venue.orders[1].time + 600 * 10**9


async def test_instant_timeline_waits_for_a_client() -> None:
    """On an instant clock the timeline begins when the first client comes."""
    timeline = {"timeline": [{"at": "20s", "do": {"disconnect": {"code": 1012}}}]}
    async with serving(timeline, clock="instant") as server:
        began = server.world.now()
        async with connect(server.url + "/") as venue:
            with pytest.raises(ConnectionClosed) as caught:
                await asyncio.wait_for(venue.recv(), 10)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1012
        assert server.world.now() == began + 20 * 10**9


async def test_manual_clock_stands() -> None:
    """On a manual clock nothing is due until time is told to pass, and then all of it is sent."""
    async with serving(SLOW, clock="manual") as server, connect(server.url + "/") as venue:
        await ask(venue, 1, type="SubscribeOrderState")
        await ask(venue, 2, **ORDER)
        assert (await heard(venue))["response"]["Ok"][0]["state"] == ["Open"]
        server.world.advance(600 * 10**9 - 1)
        assert (await ask(venue, 3, type="GetOrderState", order_ids=["1"]))["Ok"][0]["state"] == ["Open"]
        server.world.advance(1)
        states = [(await heard(venue))["response"]["Ok"][0]["state"] for _ in range(2)]
        assert states == [["Open", "Acked"], ["Acked", "Filled", "Out"]]


async def test_paused_clock_lets_nothing_happen_by_the_wall() -> None:
    """Paused, a delay outlives five seconds of the wall; the next event is its end, to the nanosecond, once."""
    wall = [10**15]
    steps = ["ack", {"delay": "250ms"}, {"fill": "40%"}]
    scenario = {"rules": [{"when": {"request": "SendLimitOrder"}, "then": steps}], "start": "2024-01-01T00:00:00Z"}
    server = Server(Simulation(scenario, clock="real"), port=0, monotonic_ns=lambda: wall[0])
    await server.start()
    control = Control(server)
    try:
        async with connect(server.url + "/") as venue:
            assert await ask(venue, 1, **ORDER) == {"Ok": "1"}
            control.set_clock("manual")
            wall[0] += 5 * 10**9
            server.world.flush()
            assert await ask(venue, 2, type="ListOpen", scope="All", set="All") == {"Ok": ["1"]}
            assert [(one.filled_qty, control.due()[0].left) for one in control.orders()] == [("0", "0.25s")]
            assert control.advance(next=True) == "2024-01-01T00:00:00.250000000Z"
            assert [fill.time for fill in control.fills()] == ["2024-01-01T00:00:00.250000000Z"]
            assert control.due() == []
    finally:
        await server.close(patience=0.2)


async def test_scaled_clock_runs_ahead() -> None:
    """A clock scaled a hundred thousandfold passes ten scripted minutes in a few milliseconds."""
    async with serving(SLOW, clock={"scaled": "100000"}) as server, connect(server.url + "/") as venue:
        await ask(venue, 1, type="SubscribeOrderState")
        await ask(venue, 2, **ORDER)
        states = [(await heard(venue))["response"]["Ok"][0]["state"] for _ in range(3)]
        assert states == [["Open"], ["Open", "Acked"], ["Acked", "Filled", "Out"]]


async def test_replaced_simulation() -> None:
    """When another simulation is served, who is in the old one is closed with 1012 and comes into the new one."""
    async with serving() as server, connect(server.url + "/") as venue:
        assert await ask(venue, 1, **ORDER) == {"Ok": "1"}
        server.replace(Simulation("order-refused"))
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(venue.recv(), 10)
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1012, "the scenario has changed")
        async with connect(server.url + "/") as again:
            assert "Err" in await ask(again, 1, **ORDER)


async def test_world_that_nobody_can_come_into_stops() -> None:
    """The world of a client that named a scenario without a session ends with its connection."""
    async with serving() as server:
        async with connect(server.url + "/?scenario=fast-market") as venue:
            await ask(venue, 1, **ORDER)
            (connection,) = server.connections
            world = connection.world
            assert world is not None
            assert world is not server.world
        await asyncio.wait_for(_gone(server), 10)
        assert world._timer is None or world._timer.cancelled()


async def test_refused_handshakes_make_no_world() -> None:
    """A connection that is refused for whatever reason leaves no world behind, and holds nobody up."""
    scenario = {"timeline": [{"at": "0s", "do": {"refuse": {"for": "1h"}}}]}
    async with serving() as server:
        for address in (
            "/?scenario=fast-market&account=NOBODY",
            "/nope?scenario=fast-market",
            "/?scenario=fast-market&sesion=a",
            "/?scenario=fast-market&clock=0",
            "/?scenario=fast-market&session=" + "a" * 101,
        ):
            assert (await refused(server.url + address))[0] in (400, 404)
        assert server.named_worlds == ()
    async with serving(scenario) as server:
        assert (await refused(server.url + "/"))[0] == 503


async def test_scenario_that_refuses_everybody(tmp_path: Path) -> None:
    """A scenario that takes no connection at first is a world only where others may come into it."""
    (tmp_path / "closed.yaml").write_text("timeline: [{at: 0s, do: {refuse: {for: 1h}}}]\n")
    async with serving(folder=tmp_path) as server:
        for session, worlds in (("", 0), ("&session=a", 1), ("&session=a", 1)):
            status, text = await refused(f"{server.url}/?scenario=closed{session}")
            assert (status, text) == (503, "the exchange takes no connections at the moment\n")
            assert len(server.named_worlds) == worlds


async def test_too_many_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are only so many worlds at once; one more is refused, and those that are there may be shared still."""
    monkeypatch.setattr(worlds, "_MOST", 2)
    async with serving() as server:
        url = server.url + "/?scenario=partial-fill"
        async with connect(url) as one, connect(url + "&session=a"):
            assert await refused(url) == (503, "There are too many exchanges.\n")
            async with connect(url + "&session=a") as shared:
                assert await ask(shared, 1, **ORDER) == {"Ok": "1"}
            await one.close()
            await asyncio.wait_for(_until(lambda: len(server.named_worlds) == 1), 10)
            async with connect(url) as again:
                assert await ask(again, 1, **ORDER) == {"Ok": "1"}


async def test_messages_behind_a_handshake_that_takes_long() -> None:
    """What a client says before its scenario is read is answered behind the handshake."""
    async with serving() as server:
        client = await RawClient.dial(server)
        client.write(handshake("/architect?scenario=partial-fill"), frame(TEXT, order(1)), frame(TEXT, order(2)))
        head, _ = await client.response()
        assert head == ACCEPTED
        assert [await client.json() for _ in range(3)] == [
            "Normal",
            {"id": 1, "response": {"Ok": "1"}},
            {"id": 2, "response": {"Ok": "2"}},
        ]
        await client.hang_up()


async def test_client_that_does_not_wait_for_its_scenario() -> None:
    """A client that is gone before its scenario is read leaves no world behind."""
    async with serving() as server:
        for _ in range(5):
            client = await RawClient.dial(server)
            client.write(handshake("/?scenario=partial-fill"))
            await client.hang_up()
        async with connect(server.url + "/?scenario=partial-fill&session=a"):  # read behind those
            await asyncio.wait_for(_until(lambda: len(server.connections) == 1), 10)
            assert len(server.named_worlds) == 1


async def test_broken_scenario_tells_a_client_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file that is no scenario is refused in words that show nothing of it, and the log says what is wrong."""
    (tmp_path / "secrets.yaml").write_text("password: hunter2\n")
    async with serving(folder=tmp_path) as server:
        assert await refused(server.url + "/?scenario=secrets") == (
            404,
            "the scenario 'secrets' cannot be used: see the server's log\n",
        )
    said = capfd.readouterr().err
    assert said.startswith(f"exchange-simulator: ?scenario=secrets: {tmp_path}/secrets.yaml:1:1: ")


async def test_links_lead_nowhere(tmp_path: Path) -> None:
    """A link beside the served scenario that leads out of its folder is no scenario."""
    (tmp_path / "served").mkdir()
    (tmp_path / "outside.yaml").write_text("rules: []\n")
    (tmp_path / "served" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "served" / "inside.yaml").write_text("rules: []\n")
    (tmp_path / "served" / "other.yaml").symlink_to(tmp_path / "served" / "inside.yaml")
    async with serving(folder=tmp_path / "served") as server:
        assert (await refused(server.url + "/?scenario=link"))[0] == 404
        async with connect(server.url + "/?scenario=other") as venue:
            assert await ask(venue, 1, **ORDER) == {"Ok": "1"}


async def test_clock_of_a_session_that_is_there_already() -> None:
    """A client that joins a session may name its clock, or none, and is refused if it names another."""
    async with serving() as server:
        url = server.url + "/?scenario=partial-fill&session=a"
        async with connect(url + "&clock=20"), connect(url), connect(url + "&clock=20"):
            assert await refused(url + "&clock=real") == (
                409,
                "the session 'a' of 'partial-fill' is on another clock\n",
            )


async def test_world_that_nobody_is_in() -> None:
    """In a session that everybody has left time stands still once nothing is awaited, and goes on with the next one."""
    async with serving() as server:
        url = server.url + "/?scenario=fast-market&session=a"
        async with connect(url) as venue:
            await ask(venue, 1, **ORDER)
        await asyncio.wait_for(_gone(server), 10)
        (world,) = server.named_worlds
        server._worlds.tend(1000.0)
        left = world.now()
        assert world._timer is None
        async with connect(url) as venue:
            assert await ask(venue, 1, **ORDER) == {"Ok": "2"}
            await asyncio.wait_for(_until(lambda: world.now() > left), 10)
        await asyncio.wait_for(_gone(server), 10)
        server._worlds.tend(2000.0)
        assert server.named_worlds == (world,)
        server._worlds.tend(2601.0)
        assert not server.named_worlds


async def test_refusal_ends_though_nobody_is_there(tmp_path: Path) -> None:
    """A session that its scenario has thrown everybody out of lets them in again in its time."""
    (tmp_path / "out.yaml").write_text("rules: [{when: {request: GetHalts}, then: [{restart: {for: 200ms}}]}]\n")
    async with serving(folder=tmp_path) as server:
        url = server.url + "/?scenario=out&session=a"
        async with connect(url) as venue:
            await venue.send(json.dumps({"id": 1, "type": "GetHalts"}))
            await asyncio.wait_for(venue.wait_closed(), 10)
        await asyncio.wait_for(_gone(server), 10)
        server._worlds.tend(1000.0)
        assert (await refused(url))[0] == 503

        async def come_again() -> None:
            while True:
                try:
                    async with connect(url) as venue:
                        await ask(venue, 1, **ORDER)
                        return
                except InvalidStatus:
                    server._worlds.tend(1001.0)

        await asyncio.wait_for(come_again(), 10)


async def _gone(server: Server) -> None:
    await _until(lambda: not server.connections)


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - a server tells nobody what it no longer has
        await asyncio.sleep(0)
