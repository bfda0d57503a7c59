"""Scenario files as cases: careful clients do what any client must, and careless ones are found not to."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from certification.clients import mistaken, mistaken_about_messages
from certification.clients.by_fills import FillsClient
from certification.clients.polling import PollingClient
from certification.clients.streaming import StreamingClient
from simulator.certification import ClientBounds, case_of, certify, chosen
from simulator.certification.routine import Wait
from simulator.cli.main import main
from simulator.control.expectations import unmet
from simulator.errors import ScenarioError
from simulator.gateway.sessions import Refused
from simulator.scenario import load
from simulator.scenario.reading.files import bundled
from simulator.simulation import Simulation
from support.control import ORDER

MUST = [name for name in bundled() if load(name).scenario.must]
SLOW = {"fast-market"}
"""Takes five seconds for each client, and says nothing that any must do."""

BROKEN: list[tuple[type[StreamingClient], str, set[str]]] = [
    (mistaken.TrustsTheStream, "fill-lost-from-stream", {"asks_again"}),
    (mistaken.TrustsTheStream, "half-open", {"asks_again"}),
    (mistaken.SendsAgainAfterATimeout, "no-reply-but-booked", {"never_sent_twice"}),
    (mistaken.SendsAgainAfterATimeout, "garbage-on-the-wire", {"never_sent_twice"}),
    (mistaken.SendsAgainAfterATimeout, "slow-drip", {"never_sent_twice"}),
    (mistaken.SendsAgainAfterReconnecting, "reset-in-mid-message", {"never_sent_twice"}),
    (mistaken.OneListDecides, "stalled-socket", {"never_sent_twice"}),
    (mistaken.NeverReconnects, "restart-with-orders", {"reconnects"}),
    (mistaken.NeverReconnects, "disconnect-and-refuse", {"reconnects"}),
    (mistaken.Hammers, "disconnect-and-refuse", {"backs_off"}),
    (mistaken.SendsNoPings, "stalled-socket", {"notices_a_dead_line"}),
    (mistaken.FollowsOnce, "restart-without-orders", {"follows_again"}),
    (mistaken.CancelsForEver, "slow-cancel", {"cancels_end"}),
    (mistaken.CancelsForEver, "cancel-loses-the-race", {"cancels_end"}),
    (mistaken.CancelsForEver, "fill-before-ack", {"cancels_end"}),
    *(
        (mistaken.SendsRejectedAgain, name, {"learns_from_refusals"})
        for name in MUST
        if name.startswith(("reject-", "halt-", "delisted-", "tick-"))
    ),
]


FOUND: list[tuple[type[StreamingClient], str]] = [
    (mistaken.CancelledOnlyIfAsked, "cancelled-on-disconnect"),
    (mistaken_about_messages.ReaderDiesOfASecondReply, "duplicate-reply"),
    (mistaken.GivesUpTooSoon, "latency-jitter"),
    (mistaken_about_messages.LooksInTheListAtOnce, "list-open-lags"),
    (mistaken.OutIsFinal, "overfilled"),
    (mistaken.DiesWhenRefused, "rate-limit-and-ban"),
    (mistaken_about_messages.RepliesComeInOrder, "reordered-replies"),
    (mistaken.NothingIsTakenBack, "bust-and-correction"),
    (mistaken.CancelErrIsTheEnd, "cancel-loses-the-race"),
]
"""Clients that survive a connection that is closed, and the scenario that is about their mistake."""


def test_most_bundled_scenarios_say_what_any_client_must_do() -> None:
    """What a client of another make has to do stands where one has to do anything."""
    assert len(MUST) >= 26


@pytest.mark.parametrize("name", [name for name in bundled() if name not in SLOW])
def test_careful_clients_survive_bundled_scenarios(name: str) -> None:
    """Careful clients of every make do what any client must there, and break no law besides."""
    clients = (StreamingClient, PollingClient, FillsClient)
    found = [(client, certify(client, cases=[case_of(name)])) for client in clients]
    assert [(client, str(one)) for client, (verdict,) in found for one in verdict.findings] == []


@pytest.mark.parametrize(("client", "name", "laws"), BROKEN)
def test_careless_clients_do_not_what_any_must(client: type[StreamingClient], name: str, laws: set[str]) -> None:
    """A client with one mistake breaks what the scenario that is about it says any client must do."""
    (verdict,) = certify(client, cases=[case_of(name)], laws=())
    assert {finding.law for finding in verdict.findings} == laws


@pytest.mark.parametrize(("client", "name"), FOUND)
def test_a_bundled_scenario_finds_more_than_a_disconnect_does(client: type[StreamingClient], name: str) -> None:
    """A client with one mistake, which a closed connection does not show, breaks a law at the scenario about it."""
    verdicts = certify(client, cases=[case_of(name), *chosen(["closed"])])
    assert [verdict.case.name for verdict in verdicts if not verdict.survives] == [name]


def test_a_ban_is_waited_for() -> None:
    """A client that connects again and again while it is banned backs off too little."""
    world = Simulation(load("rate-limit-and-ban"))
    line = world.connect("/")
    for number in range(4):
        world.receive(line, json.dumps({"id": number, **ORDER}))
    for _ in range(21):
        world.advance(world.now + 90_000_000)
        with pytest.raises(Refused):
            world.connect("/")
    assert [failure.text for failure in unmet(world).at_once()] == [
        "expected a client that backs off: it tried to connect 22 times within ten seconds"
    ]


def test_a_limit_is_learnt() -> None:
    """A client that sends the same order again and again above a limit that was lowered learns nothing."""
    world = Simulation(load("limits-lowered"))
    line = world.connect("/")
    for number in range(7):
        world.receive(line, json.dumps({"id": number, **ORDER, "price": "9000", "quantity": "10"}))
    assert [failure.text for failure in unmet(world).at_once()] == [
        "expected a client that learns from refusals: the order Buy 10 at 9000 was refused 6 times, and sent again"
    ]


def test_a_file_of_one_s_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is a case: told of the client's product, with what it must do, and shown again by the same command."""
    file = tmp_path / "cut.yaml"
    file.write_text(
        "# The line is cut.\n# To survive it: come again.\ntimeline:\n- {at: 5s, do: {disconnect: {code: 1012}}}\n"
        "must:\n- reconnects: 30s\n- received: {request: GetHalts}\n"
    )
    target = "certification.clients.mistaken:NeverReconnects"
    assert main(["certify", target, "--scenario", str(file), "--product", "ETH Crypto/USD*COINBASE/DIRECT"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN    cut: " in out
    assert "The line is cut.\n  must       Come again.\n" in out
    assert "reconnects: connection 1 ended (closed by the scenario: 1012)" in out.replace("\n             ", " ")
    assert "cut.yaml:7:13: expected at least once" in out.replace("\n             ", " ")
    assert f"certify --scenario {file} --seed 0" in out


def test_a_file_that_is_wrong_is_said_to_be(tmp_path: Path) -> None:
    """A file that cannot be used is refused before any client is started."""
    file = tmp_path / "wrong.yaml"
    file.write_text("must: [reconect]\n")
    with pytest.raises(ScenarioError, match="did you mean 'reconnects'"):
        case_of(file)


def test_a_must_is_held_to_the_bounds_that_are_asked_for() -> None:
    """What a scenario's must says without a bound of its own is judged by the bounds that the client is held to."""
    case, patient = case_of("restart-with-orders"), ClientBounds(reconnect=100_000)
    (verdict,) = certify(mistaken.NeverReconnects, cases=[case], laws=())
    assert {finding.law for finding in verdict.findings} == {"reconnects"}
    (verdict,) = certify(mistaken.NeverReconnects, cases=[case], laws=(), bounds=patient)
    assert verdict.findings == ()


def test_a_must_knows_when_the_faults_have_ended(tmp_path: Path) -> None:
    """A line that was dead for less than the bound, and then healed, is not held against a client."""
    file = tmp_path / "dead.yaml"
    file.write_text("timeline: [{at: 5s, do: {stall: all}}]\nmust: [notices_a_dead_line]\n")
    (verdict,) = certify(mistaken.SendsNoPings, cases=[replace(case_of(file), routine=(Wait("60s"),))], laws=())
    assert verdict.findings == ()


def test_what_a_law_has_found_is_not_said_again_by_must() -> None:
    """A breach is told in the words of what the client was asked for, and not in those of a must besides."""
    (verdict,) = certify(mistaken.SendsAgainAfterATimeout, cases=[case_of("no-reply-but-booked")])
    texts = [finding.text for finding in verdict.findings if finding.law == "never_sent_twice"]
    assert texts
    assert [text for text in texts if "was wanted once" not in text] == []


def test_what_shows_it_again_names_the_file_or_the_case(capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario and a case of the battery that have one name are told apart in the command that shows them again."""
    name = "restart-with-orders"
    assert main(["certify", "certification.clients.mistaken:NeverReconnects", "--scenario", name, "--case", name]) == 1
    out = capsys.readouterr().out
    assert [line.split()[3] for line in out.splitlines() if line.startswith("  again ")] == ["--scenario", "--case"]
