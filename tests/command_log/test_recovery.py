import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from simulator import command_log as command_log
from simulator.command_log import CLOSE, DOWN, IN, OPEN, TIME, Input, state_hash
from simulator.scenario import load
from simulator.simulation import Refused, Simulation
from support.command_log import PAIR, START, FailingFile, Kept, begun, inputs_of, make, order, recovered, request

SECOND = 1_000_000_000
NOT_UTF8 = "not a JSON request: not valid UTF-8"
FULL = "the command log cannot be written: No space left on device"


def replayed(path: Path, **options: Any) -> Simulation:
    """Return what a command log makes of a simulation that is new."""
    simulation = make(**options)
    command_log.rebuild(simulation, inputs_of(path))
    return simulation


def busy(kept: Kept, seed: int, count: int = 300) -> None:
    """Trade at random on connections that come and go, while time passes."""
    rng = random.Random(seed)
    connections = [kept.connect()]
    for number in range(1, count):
        match rng.randrange(12):
            case 0:
                connections.append(kept.connect(rng.choice(["/", "/architect", "/?account=ALICE", "/nowhere/"[:1]])))
            case 1 if len(connections) > 1:
                kept.world.end(connections.pop(rng.randrange(len(connections)))[1], "gone")
            case 2:
                kept.world.advance(rng.randrange(SECOND))
            case 3:
                kept.ask(rng.choice(connections), request(number, "SubscribeOrderState"))
            case 4:
                entry = {"set": "ALICE", "scope": "All", "name": "MaxPosition", "value": rng.choice([None, "5", "500"])}
                kept.ask(rng.choice(connections), request(number, "SetLimits", limits=[entry]))
            case 5:
                kept.ask(rng.choice(connections), request(number, "CancelOrder", order_id=str(rng.randrange(1, 300))))
            case 6:
                kept.ask(
                    rng.choice(connections), request(number, rng.choice(["Halt", "Resume"]), halt="All", resume="All")
                )
            case _:
                some = [
                    order(
                        number,
                        dir=rng.choice(["Buy", "Sell"]),
                        price=str(rng.randrange(98, 103)),
                        quantity=str(rng.randrange(1, 5)),
                        account=rng.choice(["DEFAULT", "ALICE"]),
                    )
                    for _ in range(rng.randrange(1, 5))
                ]
                kept.ask(rng.choice(connections), *some)


SCENARIOS: dict[str, dict[str, Any]] = {
    "plain": {},
    "moving": {"catalogue": "default", "moving": 2},
    "delays": {
        "scenario": {
            "seed": 3,
            "latency": {"entry": "3ms", "reply": {"lognormal": {"median": "2ms", "p99": "50ms"}}},
            "rules": [
                {
                    "when": {"request": "SendLimitOrder", "nth": {"ge": 20}},
                    "chance": "30%",
                    "then": ["ack", {"delay": "90ms"}, {"fill": "40%"}],
                },
                {
                    "when": {"request": "CancelOrder"},
                    "chance": "50%",
                    "then": [{"reject": {"code": "TooLateToCancel"}}],
                },
                {"when": {"event": "disconnect"}, "then": [{"cancel": {"order": "all", "text": "gone"}}]},
            ],
        }
    },
}


@pytest.mark.parametrize("name", ["plain", "moving"])
@pytest.mark.parametrize("seed", range(4))
def test_same_state_after_a_crash(tmp_path: Path, name: str, seed: int) -> None:
    """What is recovered is what there was, and what an independent replay of the file makes, whatever happened."""
    options = SCENARIOS[name]
    kept = begun(tmp_path, **options)
    busy(kept, seed)
    kept.crash()
    again = replayed(tmp_path, **options)
    again.advance(kept.sim.now)
    assert state_hash(again) == state_hash(kept.sim)
    later, back = recovered(tmp_path, **options)
    assert kept.errors == later.errors == []
    assert back.simulation.sessions == {}
    assert back.state == state_hash(replayed(tmp_path, **options))
    busy(later, seed + 100)
    later.crash()
    final, _ = recovered(tmp_path, now=later.sim.now, **options)
    again = replayed(tmp_path, **options)
    assert state_hash(final.sim) == state_hash(again)
    assert list(final.sim.venue.orders) == list(later.sim.venue.orders)


def test_group_commit(tmp_path: Path) -> None:
    """Orders that come together are written together, before any is done, and the answers go out behind that."""
    kept = begun(tmp_path)
    listener, session = kept.connect()
    for number in (1, 2):
        kept.world.receive(session, order(number))
    assert (inputs_of(tmp_path), kept.sim.venue.orders) == ([Input(START, OPEN, 0, "/")], {})
    seen = []
    listener.before = lambda: seen.append(len(inputs_of(tmp_path)))
    kept.world.flush()
    assert seen == [3]
    assert listener.news() == [{"id": 1, "response": {"Ok": "1"}}, {"id": 2, "response": {"Ok": "2"}}]
    assert inputs_of(tmp_path)[1:] == [Input(START, IN, 1, order(1)), Input(START, IN, 1, order(2))]


def test_questions_are_not_kept(tmp_path: Path) -> None:
    """What changes nothing is answered in its turn and not written down, and what was written is not answered again."""
    kept = begun(tmp_path)
    client = kept.connect()
    listing = request(2, "ListOpen", scope="All", set="All")
    assert kept.ask(
        client, order(1), listing, "no request", order(3), request(4, "GetOrderState", order_ids=["2"])
    ) == [
        {"id": 1, "response": {"Ok": "1"}},
        {"id": 2, "response": {"Ok": ["1"]}},
        {"id": None, "response": {"Err": "not a JSON request: JSON is malformed: invalid character (byte 4)"}},
        {"id": 3, "response": {"Ok": "2"}},
        {
            "id": 4,
            "response": {
                "Ok": [{"order_id": "2", "state": ["Open", "Acked"], "filled_qty": "0", "avg_fill_price": None}]
            },
        },
    ]
    kept.ask(client, request(5, "SubscribeOrderState"), order(6))
    assert [entry.text for entry in inputs_of(tmp_path)] == [
        "/",
        order(1),
        order(3),
        request(5, "SubscribeOrderState"),
        order(6),
    ]
    kept.crash()
    back = recovered(tmp_path)[1].simulation
    assert (list(back.venue.open), [entry for entry in back.journal if entry[2] == "out"]) == ([1, 2, 3], [])


def test_questions_that_matter_are_kept(tmp_path: Path) -> None:
    """A question that a rule takes, or whose answer takes its time, is an input like any other."""
    rules = [{"when": {"request": "GetHalts"}, "then": [{"cancel": {"order": "all"}}, "reply"]}]
    for name, scenario in (("rule", {"rules": rules}), ("delay", {"latency": {"reply": {"uniform": ["1ms", "9ms"]}}})):
        kept = begun(tmp_path / name, scenario=scenario)
        client = kept.connect()
        kept.ask(client, order(1), request(2, "GetHalts"), request(3, "GetLimits", limits=[]))
        wanted = 1 if name == "rule" else 2
        assert sum("Get" in str(entry.text) for entry in inputs_of(tmp_path / name)) == wanted
        kept.world.advance(SECOND)
        kept.crash()
        back = recovered(tmp_path / name, scenario=scenario)[1]
        assert back.state == state_hash(kept.sim)


def test_order_of_the_file_is_the_order_of_what_happens(tmp_path: Path) -> None:
    """What waits is written and done before a connection opens or closes, or time passes."""
    kept = begun(tmp_path)
    one = kept.connect()
    kept.world.receive(one[1], order(1))
    two = kept.connect("/architect")
    kept.world.receive(two[1], order(2))
    kept.world.end(one[1], "gone")
    kept.world.receive(one[1], order(3))  # too late: nothing is done
    kept.world.receive(two[1], b"\xff")
    kept.world.flush()
    assert two[0].news() == ["Normal", {"id": 2, "response": {"Ok": "2"}}, {"id": None, "response": {"Err": NOT_UTF8}}]
    kept.world.advance(SECOND)
    assert inputs_of(tmp_path) == [
        Input(START, OPEN, 0, "/"),
        Input(START, IN, 1, order(1)),
        Input(START, OPEN, 0, "/architect"),
        Input(START, IN, 2, order(2)),
        Input(START, CLOSE, 1, "gone"),
        Input(START, IN, 1, order(3)),
    ]
    assert list(kept.sim.venue.orders) == [1, 2]


def test_time_is_kept_when_somebody_is_told_of_it(tmp_path: Path) -> None:
    """A fill that came by itself, and that a client was told of, is there after a crash."""
    options: dict[str, Any] = {
        "scenario": {"rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"delay": "2s"}, {"fill": "rest"}]}]}
    }
    kept = begun(tmp_path, **options)
    client = kept.connect()
    kept.ask(client, request(1, "SubscribeOrderState"), order(2))
    kept.world.advance(SECOND)  # nothing happens
    kept.world.advance(SECOND)
    (told,) = client[0].news()[-1]["response"]["Ok"]
    assert told["state"] == ["Filled", "Out"]
    kept.crash()
    assert inputs_of(tmp_path)[-1] == Input(START + 2 * SECOND, TIME)
    later, _ = recovered(tmp_path, **options)
    assert [fill.order_id for fill in later.sim.venue.fills] == [1]


def test_markets_stand_still_while_the_exchange_is_down(tmp_path: Path) -> None:
    """A year spent stopped is back at once: its markets have moved once, and a fill that was due then has happened."""
    rule = {"when": {"request": "SendLimitOrder"}, "then": [{"delay": "2h"}, {"fill": "rest"}]}
    walk = {"mid": 1000, "walk": {"every": "250ms", "volatility": "1%"}}
    scenario = {"rules": [rule], "markets": {"ETH Crypto/USD*COINBASE/DIRECT": walk}}
    options: dict[str, Any] = {"catalogue": "default", "scenario": scenario}
    kept = begun(tmp_path, **options)
    kept.ask(kept.connect(), order(1))
    kept.world.advance(SECOND)
    kept.crash()
    end = START + 365 * 86_400 * SECOND
    later, back = recovered(tmp_path, end, **options)
    assert [(fill.order_id, fill.time) for fill in later.sim.venue.fills] == [(1, START + 7200 * SECOND)]
    assert later.sim.next_due() == end + SECOND // 4
    assert back.state == state_hash(replayed(tmp_path, **options))


def test_connections_are_closed_and_time_goes_on(tmp_path: Path) -> None:
    """Who was connected is not after a crash, which stands in the command log, and time goes on from the later one."""
    kept = begun(tmp_path)
    kept.connect()
    kept.connect("/?account=ALICE")
    with pytest.raises(Refused, match="there is no account 'NOBODY'"):
        kept.connect("/?account=NOBODY")
    kept.crash()
    later, back = recovered(tmp_path, START + SECOND)
    end = START + SECOND
    why = "the exchange was restarted"
    assert inputs_of(tmp_path)[3:] == [Input(end, DOWN), Input(end, CLOSE, 1, why), Input(end, CLOSE, 2, why)]
    assert (back.commands, back.cut, later.world.now()) == (0, 0, end)
    assert later.connect()[1].number == 3
    later.crash()
    assert recovered(tmp_path, START)[0].world.now() == end


def test_orderly_end(tmp_path: Path) -> None:
    """A world that is stopped has written everything, and what comes later is not kept."""
    kept = begun(tmp_path)
    client = kept.connect()
    kept.world.receive(client[1], order(1))
    kept.world.stop()
    kept.world.stop()
    assert [entry.kind for entry in inputs_of(tmp_path)] == [OPEN, IN]
    kept.world.end(client[1], "gone")
    assert [entry.kind for entry in inputs_of(tmp_path)] == [OPEN, IN]


# Damage


def test_torn_tail(tmp_path: Path) -> None:
    """A file cut anywhere in its last records gives what was whole, and the rest is cut off for good."""
    kept = begun(tmp_path / "whole")
    client = kept.connect()
    kept.ask(client, order(1))
    size = (tmp_path / "whole" / "commands.log").stat().st_size
    kept.ask(client, order(2), order(3))
    kept.crash()
    whole = (tmp_path / "whole" / "commands.log").read_bytes()
    for end in range(size, len(whole), 7):
        folder = tmp_path / str(end)
        folder.mkdir()
        (folder / "commands.log").write_bytes(whole[:end])
        contents = command_log.read(whole[:end])
        later, back = recovered(folder)
        assert (back.commands, back.cut) == (len(contents.inputs) - 1, end - contents.end)
        assert (
            command_log.read((folder / "commands.log").read_bytes()).inputs[: len(contents.inputs)] == contents.inputs
        )
        assert back.state == state_hash(replayed(folder))
        later.crash()


def test_damage_in_the_middle(tmp_path: Path) -> None:
    """A changed byte before whole records is refused, and the file is left as it is."""
    kept = begun(tmp_path)
    busy(kept, 1, 50)
    kept.crash()
    file = tmp_path / "commands.log"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(
        command_log.CommandLogError,
        match=r"commands\.log: the command log is damaged at byte \d+: .*\. Move what is in its folder away to begin ",
    ):
        recovered(tmp_path)
    assert file.read_bytes() == data


def test_another_exchange(tmp_path: Path) -> None:
    """A command log is refused to another exchange than its own, with all in which they differ."""
    begun(tmp_path / "a").crash()

    def why(**options: Any) -> str:
        shutil.copytree(tmp_path / "a", tmp_path / "b", dirs_exist_ok=True)
        with pytest.raises(command_log.CommandLogError) as caught:
            recovered(tmp_path / "b", **options)
        shutil.rmtree(tmp_path / "b")
        return str(caught.value)

    begin = f"the command log in {tmp_path / 'b'} is of another exchange: "
    end = ". Start what it was, or name another folder"
    assert why(seed=2) == f"{begin}the seed was 1, now it is 2{end}"
    assert why(catalogue="reference") == f"{begin}the catalogue was small, now it is reference{end}"
    assert why(history_limit=9) == f"{begin}the number of orders that it keeps was 100000, now it is 9{end}"
    assert why(clock={"scaled": "20"}) == f'{begin}the clock was real, now it is {{"scaled":"20"}}{end}'
    assert why(scenario={"hello": "Trial"}) == f"{begin}the scenario none has changed{end}"


# A full disk


def test_full_disk(tmp_path: Path) -> None:
    """While nothing can be written what changes anything is refused, and questions are answered."""
    said: list[str] = []
    kept = begun(tmp_path, said)
    one, two = kept.connect(), kept.connect()
    assert kept.ask(one, order(1)) == [{"id": 1, "response": {"Ok": "1"}}]
    FailingFile.room = 20
    limit = {"set": "ALICE", "scope": "All", "name": "MaxPosition", "value": "5"}
    assert kept.ask(
        one,
        order(2),
        request(3, "CancelOrder", order_id="1"),
        request(4, "SetLimits", limits=[limit]),
        request(5, "Halt", halt="All"),
        request(6, "SubscribeOrderState"),
        "no request",
        request(7, "GetHalts"),
    ) == [
        *({"id": number, "response": {"Err": FULL}} for number in range(2, 7)),
        {"id": None, "response": {"Err": "not a JSON request: JSON is malformed: invalid character (byte 4)"}},
        {"id": 7, "response": {"Ok": []}},
    ]
    with pytest.raises(Refused, match=FULL) as caught:
        kept.connect()
    assert caught.value.status == 503
    assert kept.ask(two, request(1, "GetLimits", limits=[["ALICE", "All"]])) == [{"id": 1, "response": {"Ok": []}}]
    assert [entry.kind for entry in inputs_of(tmp_path)] == [OPEN, OPEN, IN]
    FailingFile.room = None
    assert kept.ask(two, order(2)) == [{"id": 2, "response": {"Ok": "2"}}]
    assert said == [
        f"{FULL}; time stands still until it can, and only questions are answered",
        "the command log can be written again",
    ]
    assert kept.errors == []
    kept.crash()
    again = replayed(tmp_path)
    assert (state_hash(again), list(again.sessions)) == (state_hash(kept.sim), [1, 2])


def test_time_stands_still_while_the_disk_is_full(tmp_path: Path) -> None:
    """What is due by itself happens only when it can be written, so nobody is told of what a crash would undo."""
    rules = [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"delay": "1s"}, {"fill": "rest"}]}]
    options: dict[str, Any] = {"scenario": {"rules": rules}}
    kept = begun(tmp_path, **options)
    one = kept.connect()
    kept.ask(one, request(1, "SubscribeOrderState"), order(2))
    FailingFile.room = 0
    kept.world.advance(5 * SECOND)
    assert one[0].news() == []
    assert (kept.sim.now, list(kept.sim.venue.fills)) == (START, [])
    assert kept.ask(one, request(3, "GetOrderState", order_ids=["1"])) == [
        {
            "id": 3,
            "response": {
                "Ok": [{"order_id": "1", "state": ["Open", "Acked"], "filled_qty": "0", "avg_fill_price": None}]
            },
        }
    ]
    FailingFile.room = None
    kept.world.advance(5 * SECOND)
    (message,) = one[0].news()
    assert message["response"]["Ok"][0]["state"] == ["Acked", "Filled", "Out"]
    assert kept.sim.venue.fills[0].time == START + SECOND
    kept.crash()
    back = recovered(tmp_path, **options)[1]
    assert back.state == state_hash(kept.sim)


def test_connection_that_ends_while_the_disk_is_full(tmp_path: Path) -> None:
    """The end of a connection, and what a rule makes of it, waits until it can be written."""
    rules = [{"when": {"event": "disconnect"}, "then": [{"cancel": {"order": "all", "text": "gone"}}]}]
    options: dict[str, Any] = {"scenario": {"rules": rules}}
    kept = begun(tmp_path, **options)
    one, two = kept.connect(), kept.connect()
    kept.ask(one, order(1))
    FailingFile.room = 0
    kept.world.end(one[1], "gone")
    assert kept.ask(two, request(1, "ListOpen", scope="All", set="All")) == [{"id": 1, "response": {"Ok": ["1"]}}]
    FailingFile.room = None
    kept.world.flush()
    assert kept.ask(two, request(1, "ListOpen", scope="All", set="All")) == [{"id": 1, "response": {"Ok": []}}]
    assert [(entry.kind, entry.connection) for entry in inputs_of(tmp_path)] == [
        (OPEN, 0),
        (OPEN, 0),
        (IN, 1),
        (CLOSE, 1),
    ]


def test_last_connection_that_ends_while_the_disk_is_full(tmp_path: Path) -> None:
    """With an end that waits to be written time stands still, though nobody is there: it would come too late."""
    rules = [
        {"when": {"request": "SendLimitOrder"}, "then": ["ack", {"delay": "1s"}, {"fill": "rest"}]},
        {"when": {"event": "disconnect"}, "then": [{"cancel": {"order": "all", "text": "gone"}}]},
    ]
    options: dict[str, Any] = {"scenario": {"rules": rules}}
    kept = begun(tmp_path, **options)
    one = kept.connect()
    kept.ask(one, order(1))
    FailingFile.room = 0
    kept.world.end(one[1], "gone")
    kept.world.advance(5 * SECOND)
    assert kept.sim.now == START
    FailingFile.room = None
    kept.world.advance(5 * SECOND)
    assert (list(kept.sim.venue.fills), kept.sim.venue.orders[1].is_canceled) == ([], True)
    kept.crash()
    assert recovered(tmp_path, **options)[1].state == state_hash(kept.sim)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_time_that_was_to_pass(turns: int, tmp_path: Path) -> None:
    """Where time stopped on its way because somebody said something, it stops when the log is done again.

    So it does if it was to go on in several turns, each time to a later moment.
    """
    walk = {"mid": 1000, "walk": {"every": "1ms", "volatility": "1%"}}
    scenario = {"markets": {"ETH Crypto/USD*COINBASE/DIRECT": walk}}
    options: dict[str, Any] = {"catalogue": "default", "scenario": scenario}
    kept = begun(tmp_path, **options)
    client = kept.connect()
    terms = {"target": "ETH Crypto/USD*COINBASE/DIRECT", "quantity": "1", "price": "1000"}
    for number in range(20):
        for turn in range(1, turns + 1):
            kept.world._let_pass(kept.sim.now + turn * SECOND, lambda: True)  # a turn that is over at once
        kept.ask(client, order(number, **terms, dir="Buy" if number % 2 else "Sell"))
    assert START < kept.sim.now < START + SECOND
    assert sum(entry.kind == TIME for entry in inputs_of(tmp_path)) == 20 * turns
    kept.crash()
    assert state_hash(replayed(tmp_path, **options)) == state_hash(kept.sim)


def test_disk_that_is_full_when_recovering(tmp_path: Path) -> None:
    """A command log that cannot be written is not gone on with."""
    begun(tmp_path).crash()
    FailingFile.room = 0
    with pytest.raises(command_log.CommandLogError, match=FULL):
        recovered(tmp_path)


# The simulator's own mistakes


def test_mistake_in_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake closes the connection whose input it was, behind what it was answered; recovering ends the same."""
    receive = Simulation.receive

    def fail(self: Simulation, session: Any, text: Any, now: Any = None) -> None:
        receive(self, session, text, now)
        if "Fail" in text:
            raise RuntimeError("boom")

    monkeypatch.setattr(Simulation, "receive", fail)
    kept = begun(tmp_path)
    listener, session = one = kept.connect()
    listener.close = lambda code, reason: kept.world.end(session, f"{code} {reason}")  # type: ignore[method-assign]  # it ends at once
    assert kept.ask(one, order(1), order(2, params={"note": "Fail"}), order(3)) == [
        {"id": 1, "response": {"Ok": "1"}},
        {"id": 2, "response": {"Ok": "2"}},
    ]
    assert [str(error) for error in kept.errors] == ["boom"]
    assert (list(kept.sim.venue.orders), kept.sim.sessions) == ([1, 2], {})
    assert [entry[1:] for entry in kept.sim.journal if entry[2] == "close"] == [
        (1, "close", "1011 the simulator failed")
    ]
    kept.crash()
    assert state_hash(replayed(tmp_path)) == state_hash(kept.sim)


def test_mistake_in_what_is_due(tmp_path: Path) -> None:
    """A mistake in what happens by itself hinders no input, and is reported."""
    kept = begun(tmp_path)
    one = kept.connect()

    def fail() -> None:
        raise RuntimeError("boom")

    kept.sim._schedule.at(0, fail)
    assert kept.ask(one, order(1)) == [{"id": 1, "response": {"Ok": "1"}}]
    kept.sim._schedule.at(0, fail)
    kept.world.end(one[1], "gone")
    assert [str(error) for error in kept.errors] == ["boom", "boom"]
    assert kept.sim.sessions == {}


def test_connection_that_ends_while_news_are_told(tmp_path: Path) -> None:
    """A client that is given up while it is told of a group's news is closed behind the group."""
    kept = begun(tmp_path)
    listener, session = one = kept.connect()
    two = kept.connect()
    kept.ask(one, request(1, "SubscribeOrderState"))
    listener.before = lambda: kept.world.end(session, "you do not read")
    kept.ask(two, order(1), order(2))
    assert [(entry.kind, entry.connection) for entry in inputs_of(tmp_path)][2:] == [
        (IN, 1),
        (IN, 2),
        (IN, 2),
        (CLOSE, 1),
    ]
    kept.crash()
    assert state_hash(replayed(tmp_path)) == state_hash(kept.sim)


# Scenarios


def test_delays_and_chances(tmp_path: Path) -> None:
    """A scenario that delays, counts and draws lots goes on where it was."""
    options = SCENARIOS["delays"]
    kept = begun(tmp_path, **options)
    busy(kept, 5)
    kept.crash()
    again = replayed(tmp_path, **options)
    again.advance(kept.sim.now)
    assert state_hash(again) == state_hash(kept.sim)
    assert again.director._rng.getstate() == kept.sim.director._rng.getstate()


@pytest.mark.parametrize("name", ["partial-fill", "restart-without-orders", "bust-and-correction", "latency-jitter"])
def test_bundled_scenarios(tmp_path: Path, name: str) -> None:
    """Scenarios on their own clocks come back the same."""
    loaded = load(name)
    options: dict[str, Any] = {"scenario": loaded, "catalogue": None, "seed": None}
    kept = begun(tmp_path, **options)
    busy(kept, 9, 150) if name != "restart-without-orders" else kept.ask(kept.connect(), order(1, target=PAIR))
    kept.crash()
    later, back = recovered(tmp_path, **options)
    assert back.state == state_hash(replayed(tmp_path, **options))
    assert list(later.sim.venue.orders) == list(kept.sim.venue.orders)
