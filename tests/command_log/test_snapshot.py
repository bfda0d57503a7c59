"""A world that is written down and read again is the same, whatever was going on in it."""

import pickle
import random
import re
from typing import Any

import pytest

from simulator.command_log import (
    CommandLogError,
    decode_snapshot,
    encode_snapshot,
    given_of,
    header_of,
    snapshot,
    state_hash,
)
from simulator.gateway.session import Session
from simulator.journal import journal as journals
from simulator.scenario import load
from simulator.simulation import Simulation
from support.command_log import START, make, order, request

SECOND = 1_000_000_000
SCENARIO: dict[str, Any] = {
    "seed": 3,
    "latency": {
        "entry": "3ms",
        "reply": {"lognormal": {"median": "2ms", "p99": "50ms"}},
        "update": {"normal": {"mean": "5ms", "stddev": "2ms"}},
        "requests": {"CancelOrder": {"uniform": ["1ms", "9ms"]}},
    },
    "timeline": [
        {"at": "1s", "every": "2s", "do": {"halt": "All"}},
        {"at": "2s", "every": "2s", "do": {"resume": "All"}},
        {"at": "1s", "every": "3s", "do": {"skew": {"by": "-1h", "for": "2s"}}},
    ],
    "rules": [
        {
            "when": {"request": "SendLimitOrder", "nth": {"ge": 40}},
            "times": 3,
            "then": [{"reject": {"code": "TooLateToCancel"}}],
        },
        {
            "when": {"request": "SendLimitOrder", "price": {"ge": "100"}},
            "chance": "30%",
            "then": ["ack", {"delay": "90ms"}, {"fill": "40%"}, {"hold": "a"}, {"fill": "rest"}],
        },
        {"when": {"request": "CancelOrder"}, "chance": "50%", "then": [{"stale": {"for": "1s"}}, {"release": "a"}]},
        {
            "when": {"request": "GetOrderState", "nth": 3},
            "then": [{"view": {"GetOrderState": {"lag": "1s", "for": "2s"}}}],
        },
        {"when": {"event": "connect"}, "then": [{"stall": {"what": "data", "for": "2s"}}]},
    ],
}
WORLDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "moving": {"catalogue": "default", "moving": 2},
    "scenario": {"scenario": SCENARIO, "clock": "instant"},
}


class Talk:
    """Says the same to a world whenever it has the same seed; remembers what was answered."""

    def __init__(self, sim: Simulation, seed: int) -> None:
        self.sim = sim
        self.said: list[Any] = []
        self._rng = random.Random(seed)
        self._number = 0

    def go_on(self, steps: int) -> None:
        """Say so many things, while time passes."""
        rng = self._rng
        for _ in range(steps):
            self._number += 1
            sessions = list(self.sim.sessions.values()) or [self._connect()]
            now = self.sim.now + rng.randrange(SECOND // 5)
            self.sim.receive(rng.choice(sessions), self._text(rng), now)
            if rng.random() < 0.05:
                self._connect()
            if rng.random() < 0.03:
                self.sim.disconnect(rng.choice(sessions), now, "gone")
            self.said += [(session.number, items) for session, items in self.sim.take()]

    def _connect(self) -> Session:
        return self.sim.connect("/netidx" if self._rng.random() < 0.1 else "/")

    def _text(self, rng: random.Random) -> str:
        number = self._number
        match rng.randrange(8):
            case 0:
                return request(number, "SubscribeOrderState")
            case 1:
                return request(number, "SubscribeBook", market="BTC Crypto/USD*COINBASE/DIRECT", precision="1")
            case 2:
                return request(number, "CancelOrder", order_id=str(rng.randrange(1, number + 1)))
            case 3:
                return request(number, "GetOrderState", order_ids=["1"])
            case 4:
                return request(number, "GetOrderDetails", order_ids=[str(number - 1), str(number // 2)])
            case _:
                terms = {"dir": rng.choice(["Buy", "Sell"]), "price": str(rng.randrange(98, 103)), "quantity": "2"}
                return order(number, **terms)

    def state(self) -> object:
        """Return all that can be seen of the world."""
        sim = self.sim
        return state_hash(sim), list(sim.journal), sim.journal.written, sim.due(), sim.now, sorted(sim.held), self.said


def copied(sim: Simulation, **options: Any) -> Simulation:
    """Return what is read of a world's snapshot."""
    made = make(**options)
    header = header_of(made, None)
    return decode_snapshot(encode_snapshot(header, sim, given_of(sim)), header, given_of(made))


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", range(5))
def test_goes_on_as_it_would_have(name: str, seed: int) -> None:
    """Whatever is held, due, drawn or on its way, a world that is read says and does what the written one does."""
    ours = Talk(make(**WORLDS[name]), seed)
    theirs = Talk(make(**WORLDS[name]), seed)
    for talk in (ours, theirs):
        talk.go_on(20 + 30 * seed)
    theirs.sim = copied(theirs.sim, **WORLDS[name])
    assert ours.state() == theirs.state()
    for talk in (ours, theirs):
        talk.go_on(100)
    assert ours.state() == theirs.state()


def test_takes_what_it_was_made_of_from_another() -> None:
    """The catalogue and its products are not written down: they are those of the world that was made for it."""
    sim = make()
    session = sim.connect("/")
    sim.receive(session, order(1))
    made = make()
    header = header_of(made, None)
    read = decode_snapshot(encode_snapshot(header, sim, given_of(sim)), header, given_of(made))
    (instrument,) = read.venue.instruments.values()
    assert read.catalogue is made.catalogue
    assert instrument.listing is made.catalogue.tradable_products[0]
    assert read.venue.orders[1].instrument is instrument


def test_keeps_the_newest_of_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many entries of the journal are written down; what is gone is counted as given up."""
    monkeypatch.setattr(journals, "_MOST_KEPT", 7)
    sim = make()
    session = sim.connect("/")
    for number in range(1, 9):
        sim.receive(session, order(number, quantity="1" * 9))
        sim.receive(session, request(number, "x" * 600))
    sim.take()
    read = copied(sim)
    assert list(read.journal.since(0)) == list(sim.journal.since(sim.journal.written - 7))
    assert (read.journal.written, len(read.journal)) == (sim.journal.written, 7)


@pytest.mark.parametrize("place", [0, 3, 20, 60, 4000, -1])
def test_any_change_is_refused(place: int) -> None:
    """A snapshot that was changed anywhere is known for what it is, and so is one that was cut."""
    sim = make()
    header = header_of(sim, None)
    data = bytearray(encode_snapshot(header, sim, given_of(sim)))
    cut = bytes(data[: place % len(data)])
    data[place] ^= 1
    for wrong in (bytes(data), cut):
        with pytest.raises(CommandLogError, match=r"^it is damaged$"):
            decode_snapshot(wrong, header, given_of(make()))


def test_another_log_is_refused() -> None:
    """A snapshot is of one place in one command log."""
    sim = make()
    data = encode_snapshot(header_of(sim, None), sim, given_of(sim))
    with pytest.raises(CommandLogError, match=r"^it is of another command log$"):
        decode_snapshot(data, header_of(make(start=START + 1), None), given_of(sim))


@pytest.mark.parametrize(
    ("reduced", "what"),
    [
        ((print, ("x",)), "builtins.print"),
        ((pickle.loads, (b"",)), "_pickle.loads"),
        ((getattr, ("x", "upper")), "builtins.getattr"),
        ((make, ()), "support.command_log.make"),
        ((encode_snapshot, ()), "simulator.command_log.snapshot.encode_snapshot"),
    ],
)
def test_calls_nothing_else(reduced: Any, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything that has no place in a world is not written, and a file that names it is refused before it is called."""

    class Evil:
        def __reduce__(self) -> Any:
            return reduced

    sim = make()
    header = header_of(sim, None)
    sim.director.state = Evil()  # type: ignore[assignment]
    why = f"{re.escape(what)} has no place in a world$"
    with pytest.raises(pickle.PicklingError, match=f"^{why}"):
        encode_snapshot(header, sim, given_of(sim))
    monkeypatch.delattr(snapshot._Pickler, "reducer_override")
    data = encode_snapshot(header, sim, given_of(sim))
    with pytest.raises(CommandLogError, match=f"^this program cannot read it: {why}"):
        decode_snapshot(data, header, given_of(sim))


LOADED: dict[str, Any] = {
    "another catalogue": lambda: load({"catalogue": "reference"}),
    "another scenario": lambda: load("partial-fill"),
    "the same": lambda: None,
}


@pytest.mark.parametrize("clock", ["real", "manual"])
@pytest.mark.parametrize("name", LOADED)
def test_a_world_that_began_anew(clock: str, name: str) -> None:
    """What a world is made of that took the place of the first is written down with it, its catalogue too."""
    first = make(catalogue="default")
    loaded = LOADED[name]()
    worlds = [first.anew(loaded, seed=9, clock=clock, wall_time=START) for _ in "ab"]
    header = header_of(first, None)
    other = make(catalogue="default")
    ours, theirs = (Talk(sim, 4) for sim in worlds)
    for talk in (ours, theirs):
        talk.go_on(30)
    theirs.sim = decode_snapshot(encode_snapshot(header, theirs.sim, given_of(first)), header, given_of(other))
    for talk in (ours, theirs):
        talk.go_on(30)
    assert ours.state() == theirs.state()
    assert theirs.sim.catalogue.parts() == ours.sim.catalogue.parts()
    again = theirs.sim.anew(seed=9, wall_time=START)
    assert state_hash(again) == state_hash(ours.sim.anew(seed=9, wall_time=START))
