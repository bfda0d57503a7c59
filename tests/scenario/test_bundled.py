"""The bundled scenarios: what their files say, and that each can be survived."""

from pathlib import Path

import pytest

from simulator.replay import Result, replay
from simulator.resources import data_path
from simulator.scenario import load
from simulator.scenario.listing import idea, readme
from simulator.scenario.reading.files import bundled
from simulator.terms import BILLION, RejectReason

BUNDLED = bundled()
EVERY = pytest.mark.parametrize("name", BUNDLED)

ASKED_FOR = """
all-filled-at-once slow-partial-fills fill-before-ack cancel-loses-the-race cancel-refused reject-each-reason
no-reply-but-booked reply-after-fill fill-told-twice fill-told-twice-renamed fill-lost-from-stream list-open-lags
unasked-cancel bust-and-correction halt-and-resume delisted-mid-session tick-changes rate-limit-and-ban
disconnect-and-refuse reset-in-mid-message stalled-socket garbage-on-the-wire limits-lowered fast-market
restart-with-orders restart-without-orders
"""


def played(name: str) -> Result:
    """Replay a scenario to its end; return what came of it."""
    result = replay(str(BUNDLED[name]))
    assert result.verdict == "passed", result.failures
    assert result.steps == len(load(BUNDLED[name]).scenario.client)
    return result


def test_the_bundle_is_whole() -> None:
    """Every trouble that the simulator was made for has its scenario, under a name in kebab case."""
    assert set(ASKED_FOR.split()) <= set(BUNDLED)
    assert [name for name in BUNDLED if name != "-".join(name.lower().replace("-", " ").split())] == []


@EVERY
def test_it_says_its_idea_and_how_to_survive_it(name: str) -> None:
    """A file names its schema, says its idea in one sentence, then what a client must do, and runs on no real clock."""
    schema, first, second, *_ = BUNDLED[name].read_text(encoding="utf-8").splitlines()
    assert schema == "# yaml-language-server: $schema=../fixtures/scenario.schema.json"
    assert (BUNDLED[name].parent / schema.partition("=")[2]).is_file()
    assert first == f"# {idea(BUNDLED[name])}"
    assert first.endswith(".")
    assert second.startswith("# To survive it: ")
    scenario = load(BUNDLED[name]).scenario
    assert (scenario.clock, bool(scenario.client), bool(scenario.expect)) == ("real", True, True)


@EVERY
def test_its_client_survives_it_twice_alike(name: str) -> None:
    """The client of a scenario gets through it, every rule that has a name fires, and a second run is the same."""
    first, second = played(name), played(name)
    assert list(first.journal) == list(second.journal)
    fired = {data for _, _, kind, data in first.journal if kind == "rule"}
    assert {rule.name for rule in load(BUNDLED[name]).scenario.rules if rule.name is not None} <= fired
    assert [data for _, _, kind, data in first.journal if kind == "skipped"] == []


def test_ten_scripted_minutes_are_played_at_once() -> None:
    """A scenario of ten minutes ends at the right time of its own, each fill at its minute."""
    journal = played("slow-partial-fills").journal
    fills = [(time, event.quantity) for time, _, kind, event in journal if type(event).__name__ == "Fill"]
    start = fills[0][0] - 60 * BILLION
    assert fills == [(start + minute * 60 * BILLION, BILLION) for minute in range(1, 11)]


def test_every_reason_has_its_rejection() -> None:
    """The scenario that goes through the reasons leaves none out."""
    text = BUNDLED["reject-each-reason"].read_text(encoding="utf-8")
    assert [reason.value for reason in RejectReason if f"code: {reason.value}}}" not in text] == []


def test_the_list_is_up_to_date() -> None:
    """The list of the scenarios says what their files say, as the command that it names makes it."""
    found = Path(data_path("scenarios"), "README.md").read_text(encoding="utf-8")
    assert found == readme(), "run: python -m simulator.scenario.listing > scenarios/README.md"
