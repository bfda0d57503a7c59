import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from simulator import catalogue as catalogues
from simulator.errors import Problem, ScenarioError
from simulator.scenario import Scenario, load
from simulator.scenario.loader import parse_rules, parse_when
from simulator.scenario.model import MarketEntry, Rule, TimelineEntry
from simulator.scenario.steps import RejectStep, ReleaseStep, TradeStep
from simulator.scenario.when import When
from simulator.times import EPOCH_2024

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"

EXAMPLE = f"""\
# A large buy is filled in part; then the cancel loses the race to the second fill.
name: cancel loses the race
seed: 7
clock: instant
latency: {{entry: 1ms, update: {{lognormal: {{median: 2ms, p99: 20ms}}}}}}
markets:
  {PAIR}:
    bids: [[9999.50, 2], [9999.00, 5]]
rules:
  - name: slow partial
    when: {{request: SendLimitOrder, target: "BTC*", quantity: {{ge: 10}}}}
    times: 1
    then:
      - delay: 250ms
      - ack
      - hold: second
      - fill: rest
timeline:
  - {{at: 2s, do: {{trade: {{product: "{PAIR}", price: 10000, quantity: 1}}}}}}
  - {{at: 3s, do: {{release: second}}}}
client:
  - send: {{type: SendLimitOrder, price: 10000.00}}
    as: order
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(source: Any, **options: Any) -> str:
    """Return the refusal of a scenario."""
    with pytest.raises(ScenarioError) as refused:
        load(source, **options)
    return str(refused.value)


def test_a_file_becomes_a_typed_scenario(folder: Path) -> None:
    """A file gives the scenario, its catalogue, and the position of each part."""
    Path("example.yaml").write_text(EXAMPLE, encoding="utf-8")
    loaded = load("example.yaml")
    scenario = loaded.scenario
    assert loaded.source == "example.yaml"
    assert loaded.catalogue is catalogues.load("default")
    assert (scenario.name, scenario.seed, scenario.clock) == ("cancel loses the race", 7, "instant")
    assert scenario.markets == {PAIR: MarketEntry(bids=(("9999.50", "2"), ("9999.00", "5")))}
    assert scenario.timeline == (
        TimelineEntry("2s", TradeStep(PAIR, "10000", "1")),
        TimelineEntry("3s", ReleaseStep("second")),
    )
    assert scenario.client[0].send == {"type": "SendLimitOrder", "price": Raw(b"10000.00")}
    assert loaded.position(("rules", 0, "then", 1)) == "example.yaml:15:9"
    assert loaded.position(("rules", 0, "then", 7)) == "example.yaml:14:7"
    assert loaded.position(()) == "example.yaml:2:1"


def test_data_are_read_like_files() -> None:
    """A dict in a file's words gives what a file would."""
    loaded = load({"seed": 3, "rules": [{"when": {"request": "CancelOrder"}, "then": ["reject"]}]})
    assert loaded.scenario == Scenario(seed=3, rules=(Rule(When(request="CancelOrder"), (RejectStep(),)),))
    assert (loaded.source, loaded.position(("rules", 0, "then", 0))) == ("scenario", "rules[0].then[0]")
    assert refusal({"rules": [{"when": {}, "then": ["akc"]}]}).startswith("rules[0].then[0]: expected a step, one of")


def test_a_scenario_is_found_by_its_bundled_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name stands for the file that comes with the package, unless there is a file of that name."""
    bundle = folder / "bundle"
    bundle.mkdir()
    (bundle / "partial-fill.yaml").write_text("name: bundled\n", encoding="utf-8")
    monkeypatch.setattr("simulator.scenario.reading.files.BUNDLED", bundle)
    assert load("partial-fill").scenario.name == "bundled"
    Path("partial-fill").write_text("name: own\n", encoding="utf-8")
    assert load("partial-fill").scenario.name == "own"
    wanted = "expected a scenario's file or the name of a bundled one"
    for name in ("partial-fil", "scenarios/partial-fill.yaml"):
        hint = "there is no such file; did you mean 'partial-fill'?"
        assert refusal(name) == f"{wanted}, got {name!r}: {hint}"
    assert refusal("bundle") == f"{wanted}, got 'bundle': that is a folder"


@pytest.mark.parametrize("name", ["", "no/such.yaml", "a\0b", "x" * 5000, ".."])
def test_a_name_of_nothing_is_refused(name: str, folder: Path) -> None:
    """Whatever is no file is refused, however odd its name."""
    assert refusal(name).startswith("expected a scenario's file or the name of a bundled one, got ")


def test_a_file_that_is_too_large_is_refused(folder: Path) -> None:
    """A file may have a MiB and no more."""
    fits = "name: large\n#" + "x" * ((1 << 20) - 13)
    Path("fits.yaml").write_text(fits, encoding="utf-8")
    assert load("fits.yaml").scenario.name == "large"
    Path("large.yaml").write_text(fits + "x", encoding="utf-8")
    assert refusal("large.yaml") == "large.yaml: expected at most 1 MiB"


def test_a_catalogue_lies_beside_its_scenario_or_within_it(folder: Path) -> None:
    """A catalogue's file is looked for beside the scenario; data states one itself; accounts are checked by it."""
    catalogue = catalogues.dump(catalogues.load("reference"))
    (folder / "sub").mkdir()
    Path("sub/venue.yaml").write_text(catalogue, encoding="utf-8")
    Path("sub/scenario.yaml").write_text("catalogue: venue.yaml\nmarkets: {tp1: {mid: 100}}\n", encoding="utf-8")
    assert load("sub/scenario.yaml").catalogue == catalogues.load(Path("sub/venue.yaml"))
    assert load({"catalogue": "venue.yaml"}, folder=Path("sub")).catalogue.venue("venue1") is not None
    inline = {"venues": ["V"], "routes": ["R"], "products": [], "tradable_products": [], "accounts": ["A"]}
    assert load({"name": "own", "catalogue": inline}).catalogue.name == "own"
    assert refusal({"catalogue": "venue.yaml"}) == (
        "catalogue: expected no file, because this scenario is in none, got 'venue.yaml'"
    )
    assert refusal({"catalogue": 5}) == "catalogue: expected a catalogue's name, its file or its data"


def test_numbers_of_a_catalogue_within_are_texts() -> None:
    """A catalogue in a scenario keeps its decimals as they were written."""
    product = {"name": "P", "kind": "Coin", "price_in_limit_dollars": 5}
    inline = {"venues": ["V"], "routes": ["R"], "products": [product], "tradable_products": []}
    loaded = load({"catalogue": inline})
    found = loaded.catalogue.product("P")
    assert found is not None
    assert found.price_in_limit_dollars == 5_000_000_000


def test_no_link_leads_out_of_the_folder(folder: Path) -> None:
    """A link inside the folder to a file outside is not followed."""
    (folder / "inside").mkdir()
    (folder / "secret.yaml").write_text("name: secret\n", encoding="utf-8")
    os.symlink(folder / "secret.yaml", folder / "inside" / "link.yaml")
    Path("inside/scenario.yaml").write_text("include: [link.yaml]\ncatalogue: link.yaml\n", encoding="utf-8")
    assert refusal("inside/scenario.yaml").splitlines()[0] == (
        "inside/scenario.yaml:1:11: include[0]: expected a file in the scenario's own folder, got 'link.yaml'"
    )


def test_included_files_come_after_and_fill_in(folder: Path) -> None:
    """Rules and timelines follow one's own; of the rest, one's own words count, product by product for markets."""
    Path("own.yaml").write_text(
        f"name: own\ninclude: [a.yaml, b.yaml]\nseed: 1\nmarkets: {{{PAIR}: {{mid: 1}}}}\n"
        "rules:\n  - {name: own, when: {event: connect}, times: 1, then: []}\n",
        encoding="utf-8",
    )
    Path("a.yaml").write_text(
        f"name: a\ninclude: [c.yaml]\nseed: 2\nstrict: true\nmarkets: {{{PAIR}: {{mid: 2}}, "
        "ETH Crypto/USD*COINBASE/DIRECT: {mid: 3}}\n"
        "rules:\n  - {name: a, when: {event: connect}, times: 1, then: []}\n",
        encoding="utf-8",
    )
    Path("b.yaml").write_text("latency: {entry: 1ms}\nrules: [{name: b, when: {event: connect}, then: []}]\n", "utf-8")
    Path("c.yaml").write_text("rules:\n\n  - {name: c, when: {event: subscribe}, then: []}\n", encoding="utf-8")
    loaded = load("own.yaml")
    scenario = loaded.scenario
    assert (scenario.name, scenario.seed, scenario.strict, scenario.latency.entry) == ("own", 1, True, "1ms")
    assert {name: entry.mid for name, entry in scenario.markets.items()} == {
        PAIR: "1",
        "ETH Crypto/USD*COINBASE/DIRECT": "3",
    }
    assert [rule.name for rule in scenario.rules] == ["own", "a", "c", "b"]
    assert [loaded.position(("rules", at)) for at in range(4)] == [
        "own.yaml:6:5",
        "a.yaml:7:5",
        "c.yaml:3:5",
        "b.yaml:2:9",
    ]


def test_a_mistake_in_an_included_file_is_counted_within_that_file(folder: Path) -> None:
    """What is found after joining has the path that it has in its own file."""
    Path("own.yaml").write_text("include: [a.yaml]\nrules: [{when: {event: connect}, then: []}]\n", encoding="utf-8")
    Path("a.yaml").write_text("rules:\n  - when: {request: SendLimitOrder}\n    then: [ack, ack]\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load("own.yaml")
    (problem,) = refused.value.problems
    message = "expected what a venue can do, but the order is acked already; if it is to, say illegal: true in the rule"
    assert problem == Problem(message, "rules[0].then[1]", "a.yaml", 3, 17, "    then: [ack, ack]")


def test_files_include_each_other_eight_deep_at_most(folder: Path) -> None:
    """A chain of nine files is read, and one of ten is not."""
    for number in range(10):
        text = f"include: [f{number + 1}.yaml]\n" if number < 9 else "seed: 9\n"
        Path(f"f{number}.yaml").write_text(text, encoding="utf-8")
    assert load("f1.yaml").scenario.seed == 9
    assert "expected files to include each other at most 8 deep" in refusal("f0.yaml")


def test_a_scenario_that_says_nothing_is_complete(folder: Path) -> None:
    """An empty mapping is a scenario of which everything is as usual."""
    assert load({}).scenario == Scenario()
    assert repr(load({})) == "<Loaded 'scenario'>"


NEAR = "expected a type of request, got 'SendLimtOrder'; did you mean 'SendLimitOrder'?"


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"request": "SendLimtOrder"}, f"request: {NEAR}"),
        ({"request": ["Cancel*", "SendLimtOrder"]}, f"request[1]: {NEAR}"),
        ({"request": "Snd*"}, "request: expected a type of request, got 'Snd*', which none matches"),
        ({"request": []}, "request: expected at least one type of request, got an empty list"),
        (
            {"request": "CancelOrder", "price": 5},
            "price: expected a field of CancelOrder, got 'price', a field of SendLimitOrder: the rule can never match",
        ),
        ({"dir": "Byu"}, "dir: expected one of Buy, Sell, got 'Byu'; did you mean 'Buy'?"),
        ({"price": "ten"}, "price: expected a number, or bounds such as {ge: 10}, got 'ten'"),
    ],
)
def test_a_when_that_can_never_match_is_refused(when: dict[str, Any], message: str) -> None:
    """What a test asks for is checked in the words of a file, and so is what its rules are for."""
    with pytest.raises(ScenarioError) as refused:
        parse_when(when)
    assert str(refused.value) == message
    with pytest.raises(ScenarioError) as refused:
        parse_rules([{"when": {}, "then": []}, {"when": when, "then": []}])
    assert str(refused.value) == f"[1].when.{message}"


@pytest.mark.parametrize("when", [{"request": "*Order"}, {"request": ["CancelOrder", "Send*"], "price": 5}, {}])
def test_a_when_for_several_requests_is_read(when: dict[str, Any]) -> None:
    """Wildcards and lists may stand for request types, and a field need be of one of them only."""
    assert parse_rules([{"when": when, "then": []}]) == (Rule(parse_when(when), ()),)


ASKED = {"send": {"type": "GetHalts"}}
ON_IT = {"await": {"on": "$it"}}
ORDER = {"request": "SendLimitOrder"}
CANCEL = "rules[0].then[1].cancel"
OFF_TICK = {"at": "1s", "do": {"trade": {"product": PAIR, "price": "1.001", "quantity": 1}}}
TIMES = "rules[0].times"
INCREMENTS = "timeline[1].do[0].increments"
MALLORY = {"rules": [{"when": {"account": "mallory"}, "then": []}]}


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({"include": ["other.yaml"], "seed": "x"} | MALLORY, ["seed"]),
        ({"acounts": ["mallory"]} | MALLORY, [""]),
        ({"accounts": [{}]} | MALLORY, ["accounts[0]"]),
        ({"seed": "x"} | MALLORY, ["seed", "rules[0].when.account"]),
        ({"seed": "x", "catalogue": "none"}, ["seed", "catalogue"]),
        ({"client": [{"sent": {}, "as": "it"}, {"await": {"on": "$it"}}]}, ["client[0]"]),
        ({"client": [ASKED | {"sa": "it"}, ON_IT], "expect": [{"orders": {"$it": {}}}]}, ["client[0]"]),
        ({"client": [ASKED | {"name: it": None}, ON_IT]}, ["client[0]"]),
        ({"client": ["send as it", ON_IT]}, ["client[0]"]),
        ({"client": [{"await": {"as": ["it"]}}, ON_IT]}, ["client[0].await"]),
        ({"client": {}, "expect": [{"orders": {"$it": {}}}]}, ["client"]),
        ({"clint": [], "expect": [{"orders": {"$it": {}}}]}, [""]),
        ({"rules": [{"when": {"state": "away"}, "then": []}, {"when": {}}]}, ["rules[1]"]),
        ({"rules": [{"when": {}, "then": [{"goto": "away"}]}, {"then": []}]}, ["rules[1]"]),
        ({"rules": [{"when": {"state": "away"}, "then": [{"gota": "away"}]}]}, ["rules[0].then[0]"]),
        ({"rules": [{"when": {}, "then": [{"release": "it"}, {"hold": {"name": "it"}}]}]}, ["rules[0].then[1].hold"]),
        ({"rules": [{"when": ORDER, "then": ["reject", {"cancel": {"ordr": "last"}}, "ack"]}]}, [CANCEL]),
        ({"rules": [{"when": [], "then": ["ack"], "name": "it"}], "expect": [{"fired": "it"}]}, ["rules[0].when"]),
        ({"rules": [{"when": {}, "then": [], "nam": "it"}], "expect": [{"fired": "it"}]}, ["rules[0]"]),
        ({"timeline": [{"at": 1, "do": {"release": "it"}}], "ruls": []}, ["timeline[0].at", ""]),
        (
            {"timeline": [OFF_TICK, {"at": 1, "do": [{"increments": {"prodct": PAIR}}]}]},
            ["timeline[1].at", INCREMENTS, INCREMENTS],
        ),
        ({"rulez": [], "expect": [{"fired": "it"}]}, [""]),
        ({"rules": {}, "markets": []}, ["rules", "markets"]),
    ],
    ids=str,
)
def test_what_a_mistake_leaves_open_is_no_mistake(data: dict[str, Any], places: list[str]) -> None:
    """Of what cannot be read in part the rest is checked, but not held against what that part may have said."""
    with pytest.raises(ScenarioError) as refused:
        load(data)
    assert [problem.path for problem in refused.value.problems] == places


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({"client": [{"sent": {}}, ON_IT]}, ["client[0]", "client[1].await.on"]),
        ({"client": [ON_IT | {"withn": "1s"}]}, ["client[0]", "client[0].await.on"]),
        ({"client": [{"await": {"on": "$it", "withn": "1s"}}]}, ["client[0].await", "client[0].await.on"]),
        ({"client": [ON_IT], "ruls": []}, ["", "client[0].await.on"]),
        ({"client": [ON_IT], "include": ["x.yaml"], "seed": "x"}, ["seed", "client[0].await.on"]),
        ({"client": [ON_IT], "catalogue": "none"}, ["catalogue", "client[0].await.on"]),
        ({"client": [], "seed": "x", "expect": [{"orders": {"$it": {}}}]}, ["seed", "expect[0].orders['$it']"]),
        ({"rules": [{"when": {}, "then": ["akc", {"goto": "x"}]}]}, ["rules[0].then[0]", "rules[0].then[1].goto"]),
        ({"rules": [{"when": {}, "then": [], "times": "x"}], "expect": [{"fired": "y"}]}, [TIMES, "expect[0].fired"]),
        ({"timeline": [{"at": 1, "do": {"delist": "BTC"}}]}, ["timeline[0].at", "timeline[0].do.delist"]),
    ],
    ids=str,
)
def test_what_is_wrong_beside_a_mistake_is_said_too(data: dict[str, Any], places: list[str]) -> None:
    """A mistake in one part of an item, or of a file, does not hide what is certainly wrong with the others."""
    with pytest.raises(ScenarioError) as refused:
        load(data)
    assert [problem.path for problem in refused.value.problems] == places


def test_a_pattern_is_held_against_the_catalogue_that_is_meant(folder: Path) -> None:
    """A pattern that matches nothing is a mistake: nothing of the catalogue that it names, or that stands in for it."""
    reference = catalogues.load("reference")
    Path("venue.yaml").write_text(catalogues.dump(reference), encoding="utf-8")
    Path("meant.yaml").write_text("catalogue: venue.yaml\n", encoding="utf-8")

    def places(name: str, target: str, **options: Any) -> list[str]:
        Path(name).write_text(f"rules: [{{when: {{target: '{target}'}}, then: []}}]\n", encoding="utf-8")
        try:
            load("own.yaml", **options)
        except ScenarioError as error:
            return [f"{problem.file} {problem.message}" for problem in error.problems]
        return []

    what = "expected a tradable product of the catalogue, or a pattern that one matches, got"
    assert places("own.yaml", "tp*") == [f"own.yaml {what} 'tp*'"]
    assert places("own.yaml", "tp*", catalogue=reference) == []
    assert places("own.yaml", "BTC*", catalogue=reference) == [f"own.yaml {what} 'BTC*'"]
    slip = [f"own.yaml {what} 'BTC Crypto/USD*COINBAS/DIRECT'; did you mean 'BTC Crypto/USD*COINBASE/DIRECT'?"]
    assert places("own.yaml", "BTC Crypto/USD*COINBAS/DIRECT") == slip
    Path("own.yaml").write_text("include: [rule.yaml, meant.yaml]\n", encoding="utf-8")
    assert places("rule.yaml", "tp*") == places("rule.yaml", "tp?") == []
    assert places("rule.yaml", "xtp*") == [f"rule.yaml {what} 'xtp*'"]


def test_a_catalogue_is_told_from_a_scenario(folder: Path) -> None:
    """Who loads a catalogue's file, even one with a mistake in it, is told what it is for."""
    Path("venue.yaml").write_text("venues: [{}]\nname: own\n", encoding="utf-8")
    assert refusal("venue.yaml") == ("venue.yaml:1:1: this is a catalogue: serve it with --catalogue\nvenues: [{}]\n^")
    Path("both.yaml").write_text("venues: []\nrules: []\n", encoding="utf-8")
    assert "got 'venues'" in refusal("both.yaml")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write over and over."""
    return tmp_path_factory.mktemp("scratch") / "any.yaml"


def _is_loaded_or_refused(source: Any) -> bool:
    try:
        load(source)
    except ScenarioError as error:
        return len(error.problems) > 0 and len(str(error)) > 0
    return True


FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="ignore"))))
def test_any_bytes_are_loaded_or_refused(scratch: Path, content: bytes) -> None:
    """Whatever a file holds, it is a scenario or a ScenarioError, never another exception."""
    scratch.write_bytes(content)
    assert _is_loaded_or_refused(scratch)


@FUZZ
@given(st.data())
def test_a_file_with_something_replaced_is_loaded_or_refused(scratch: Path, data: st.DataObject) -> None:
    """Nor does a scenario that is nearly right raise anything else."""
    lines = EXAMPLE.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[at])))
    pieces = st.one_of(
        st.text(max_size=8), st.sampled_from(["[", "{", "*a", "&a", "<<:", "- ", "null", "0", ": ", "'"])
    )
    length = data.draw(st.integers(0, 12))
    lines[at] = lines[at][:start] + data.draw(pieces) + lines[at][start + length :]
    scratch.write_bytes("\n".join(lines).encode(errors="ignore"))
    assert _is_loaded_or_refused(scratch)


WORDS = st.sampled_from(
    ["rules", "when", "then", "ack", "fill", "request", "SendLimitOrder", "limits", "do", "at", "1s"]
)
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=20,
)


@FUZZ
@given(st.dictionaries(st.sampled_from(Scenario.__struct_fields__), DATA, max_size=4))
def test_any_data_is_loaded_or_refused(data: dict[str, Any]) -> None:
    """Whatever data is given, it is a scenario or a ScenarioError."""
    assert _is_loaded_or_refused(data)


@pytest.mark.parametrize("field", ["price", "quantity"])
def test_numbers_are_decimals(field: str) -> None:
    """A number is written as any that the wire takes: one that it refuses would never match."""
    for number in ("9e-30", "ten"):
        with pytest.raises(ScenarioError, match=f"{field}: expected a number, or bounds such as"):
            parse_when({"request": "SendLimitOrder", field: number})
    parse_when({"request": "SendLimitOrder", field: "9000.50"})
    parse_when({"request": "SendLimitOrder", field: "9e3"})


DATED = {"clock": "real", "markets": {"ES Future 20240315/USD*CME/MAREX": {"mid": 5000}}}


def test_contracts_are_those_of_the_world_that_begins() -> None:
    """What a scenario names must be there when it begins: with 2024, when it says, or now on a real clock."""
    now = 1_795_550_400 * 10**9  # 2026-11-24T20:00:00Z
    assert load(DATED).catalogue is load(DATED, now=now).catalogue
    later = DATED | {"markets": {"ES Future 20261218/USD*CME/MAREX": {"mid": 5000}}}
    with pytest.raises(ScenarioError, match="20261218"):
        load(later)
    assert load(later, now=now).catalogue.product("ES Future 20261218") is not None
    assert load(later | {"start": "2026-11-24T20:00:00Z"}).catalogue is load(later, now=now).catalogue
    for other in ({"clock": "instant"}, {"start": "2024-01-01"}, {"catalogue": "reference"}):
        with pytest.raises(ScenarioError):
            load(later | other, now=now)


def test_a_loaded_scenario_is_checked_against_the_world_that_it_gets() -> None:
    """A world that begins at another time has other contracts, and one that is not there is refused with its place."""
    loaded = load(DATED)
    assert loaded.at(EPOCH_2024 + 1) is loaded
    with pytest.raises(ScenarioError) as raised:
        loaded.at(1_795_550_400 * 10**9)
    (problem,) = raised.value.problems
    assert "ES Future 20240315/USD*CME/MAREX" in str(problem)
    assert "did you mean 'ES Future 2" in str(problem)
    assert load({}).at(1_795_550_400 * 10**9).scenario == load({}).scenario
