"""What a scenario expects of its own client and of any other, and how the laws among it are told to be broken."""

import re
from typing import Any

import pytest

from simulator.errors import Failure
from simulator.laws.conduct import ClientBounds
from simulator.laws.wire import WIRE_LAWS
from simulator.replay import replay
from simulator.replay.sockets import replay_over_socket
from simulator.scenario import load
from simulator.scenario.documentation import key_docs
from simulator.scenario.expectations import LAW_NAMES, Expectation
from support.control import ORDER, Controlled

CUT = [{"at": "1s", "do": {"disconnect": {"code": 1012}}}]
BUY = {**ORDER, "type": "SendLimitOrder"}
OWN_CLIENT = [{"send": BUY, "as": "order"}]
SECTIONS = ("must", "expect")


def test_every_law_is_a_word_of_the_language() -> None:
    """The language has each law under its name, and says the bound by which it is judged without one."""
    assert set(LAW_NAMES) == set(WIRE_LAWS)
    docs = key_docs(Expectation)
    for name, law in WIRE_LAWS.items():
        bound = getattr(ClientBounds(), law.bound)
        said = re.search(r"ithout it, ([0-9]+)s?\.", docs[name].text)
        assert said is not None
        assert float(said[1]) == bound


@pytest.mark.parametrize("section", SECTIONS)
def test_a_broken_law_is_told_with_the_moment(section: str) -> None:
    """It says where it was expected, what came, what came nearest to it, and what passed about that moment."""
    world = Controlled({"timeline": CUT, section: [{"reconnects": "10s"}]}, clock="manual")
    world.connect()
    world.control.advance("12s")
    world.connect()
    text = "expected a client that reconnects: connection 1 ended (closed by the scenario: 1012), and it did not try to"
    assert world.control.verify() == [
        Failure(
            f"{section}[0].reconnects",
            f"{text} connect again within 10 s",
            "nearest: it came 11 s after that\nat 00:00:01.000000Z:\n"
            "  00:00:00.000000Z #1 +++ /\n"
            "  00:00:01.000000Z *** timeline timeline[0]\n"
            "  00:00:01.000000Z #1 *** fault close 1012\n"
            "  00:00:01.000000Z #1 --- closed by the scenario: 1012\n"
            "  00:00:12.000000Z #2 +++ /",
        )
    ]


@pytest.mark.parametrize(
    ("said", "is_kept"), [("reconnects", True), ({"reconnects": "12s"}, True), ({"reconnects": "11s"}, False)]
)
def test_a_law_is_judged_by_its_bound(said: Any, is_kept: bool) -> None:
    """A law has its own bound unless another is said, and nobody is judged before the time for it is over."""
    world = Controlled({"timeline": CUT, "must": [said]}, clock="manual")
    world.connect()
    world.control.advance("12s")
    assert world.control.verify() == []
    world.control.advance("1s")
    assert (world.control.verify() == []) == is_kept


def test_a_count_is_a_bound() -> None:
    """What is counted is bounded by a number."""
    world = Controlled({"rules": [{"when": {"event": "connect"}, "then": ["disconnect"]}], "must": [{"backs_off": 1}]})
    world.connect()
    assert world.control.verify() == []
    world.connect()
    (failure,) = world.control.verify()
    assert (failure.place, failure.text) == (
        "must[0].backs_off",
        "expected a client that backs off: it tried to connect 2 times within ten seconds",
    )


NEVER: list[Any] = [{"never": {"request": "SendLimitOrder"}}]


@pytest.mark.parametrize(
    ("sections", "places"),
    [
        ({"must": NEVER}, ["must[0].never"]),
        ({"expect": NEVER}, ["expect[0].never"]),
        ({"expect": NEVER, "client": OWN_CLIENT}, ["expect[0].never"]),
        ({"must": NEVER, "expect": NEVER}, ["must[0].never", "expect[0].never"]),
        ({"must": NEVER, "expect": NEVER, "client": OWN_CLIENT}, ["must[0].never"]),
    ],
)
def test_any_client_is_held_to_what_any_must_do(sections: dict[str, Any], places: list[str]) -> None:
    """A client that is not the file's own is not held to what that one is expected to do, if both are said."""
    world = Controlled(sections)
    world.send(world.connect(), BUY)
    assert [failure.place for failure in world.control.verify()] == places


def test_a_file_s_own_client_is_held_to_both() -> None:
    """A replay is held to what any client must do, and to what its own is expected to, in process as over a socket."""
    loaded = load({"client": OWN_CLIENT, "must": NEVER, "expect": [*NEVER, {"orders": {"$order": {"filled_qty": 1}}}]})
    results = [replay(loaded), replay_over_socket(loaded)]
    assert results[0].failures == results[1].failures
    assert [failure.place for failure in results[0].failures] == [
        "must[0].never",
        "expect[0].never",
        "expect[1].orders['$order'].filled_qty",
    ]


def test_a_replay_is_judged_by_laws() -> None:
    """The client of a replay that sends an order again in doubt breaks the law, by either route."""
    lost = {"when": {"request": "SendLimitOrder"}, "times": 1, "then": [{"reply": "never"}]}
    steps = [{"send": BUY}, {"wait": "2s"}, {"send": BUY}, {"wait": "1s"}]
    loaded = load({"rules": [lost], "client": steps, "must": ["never_sent_twice"]})
    results = [replay(loaded), replay_over_socket(loaded)]
    assert results[0].failures == results[1].failures
    assert [failure.text[:98] for failure in results[0].failures] == [
        "expected a client that sends nothing twice: the order Buy 1 at 10 of BTC Crypto/USD*COINBASE/DIREC"
    ]


def test_what_is_included_must_be_done_too(tmp_path: Any) -> None:
    """What any client must do in an included file, a bundled one too, it must do in the one that includes it."""
    (tmp_path / "part.yaml").write_text(
        "must: [backs_off]\nexpect: [{fired: x}]\nrules: [{name: x, when: {request: GetHalts}, then: []}]"
    )
    (tmp_path / "whole.yaml").write_text("include: [part.yaml, rate-limit-and-ban]\nmust: [reconnects]\n")
    scenario = load(tmp_path / "whole.yaml").scenario
    assert [one.backs_off for one in scenario.must[:2]] == [Expectation().backs_off, None]
    assert len(scenario.expect) == 1
