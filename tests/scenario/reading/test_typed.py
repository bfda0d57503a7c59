from typing import Any, get_args

import pytest
from msgspec import Raw, Struct

from simulator.errors import ScenarioError
from simulator.scenario import parse_step, parse_when
from simulator.scenario.model import Await, ClientStep, LegEntry, MarketEntry, Scenario
from simulator.scenario.reading.nodes import of_data, of_yaml
from simulator.scenario.reading.typed import INVALID, Reader, path_text, plain
from simulator.scenario.step_forms import BARE, VERBS, written_out
from simulator.scenario.steps import (
    AckStep,
    AlertStep,
    BustStep,
    Code,
    CorruptStep,
    CustomReplyStep,
    DelayStep,
    DelistStep,
    DisconnectStep,
    FillStep,
    GotoStep,
    HaltStep,
    HoldStep,
    LimitEntry,
    LimitsStep,
    RejectStep,
    ReleaseStep,
    ReplyStep,
    ResumeStep,
    StallStep,
    Step,
    ViewEntry,
    ViewStep,
)
from simulator.scenario.when import Bounds, When
from simulator.terms import RejectReason
from simulator.wire import encode


def read(text: str, kind: Any) -> Any:
    """Return what a text states as a type, which it must."""
    reader = Reader()
    value = reader.read(of_yaml(text, "f.yaml"), kind)
    assert reader.problems == []
    return value


def problems(text: str, kind: Any = Scenario) -> list[str]:
    """Return the first lines of the problems of a text."""
    reader = Reader()
    assert reader.read(of_yaml(text, "f.yaml"), kind) is INVALID
    return [str(problem).splitlines()[0] for problem in reader.problems]


class Taker(Struct):
    """A field of each kind."""

    text: str | None = None
    whole: int = 0
    truth: bool = False
    anything: Any = None


@pytest.mark.parametrize("text", ["no", "on", "12:30:00", "017", "1e3", "2024-01-01", "0x10", "true", "=", "~x"])
def test_a_field_of_text_takes_what_was_written(text: str) -> None:
    """No text is taken for a number, a truth value, a date or a time where a text is wanted."""
    assert read(f"text: {text}", Taker) == Taker(text=text)


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_a_plain_null_is_nothing(text: str) -> None:
    """Nothing, ``~`` and ``null`` without quotes are None; with quotes they are texts."""
    assert read(f"text: {text}", Taker) == Taker(text=None)
    assert read(f"text: '{text}'", Taker) == Taker(text=text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("whole: '1'", "f.yaml:1:8: whole: expected a whole number, got the text '1'"),
        ("whole: 1.0", "f.yaml:1:8: whole: expected a whole number, got '1.0'"),
        ("whole: 1_000", "f.yaml:1:8: whole: expected a whole number, got '1_000'"),
        ("truth: yes", "f.yaml:1:8: truth: expected true or false, got 'yes'"),
        ("truth: True", "f.yaml:1:8: truth: expected true or false, got 'True'"),
        ("truth: ", "f.yaml:1:7: truth: expected true or false, got nothing"),
        ("text: [1]", "f.yaml:1:7: text: expected text, got a list of 1"),
        ("text: {a: 1}", "f.yaml:1:7: text: expected text, got a mapping with the key 'a'"),
    ],
)
def test_numbers_and_truth_values_have_one_spelling(text: str, problem: str) -> None:
    """A whole number has digits and no quotes, a truth value is true or false."""
    assert problems(text, Taker) == [problem]


def test_a_field_of_anything_takes_what_json_would() -> None:
    """Plain numbers encode just as they were written; what JSON does not know is text."""
    node = of_yaml("[null, true, 5000.00, -0, 1e400, '1', no, 017, .5, {a: 1}]", "f.yaml")
    raw = [Raw(b"5000.00"), Raw(b"-0"), Raw(b"1e400")]
    assert plain(node) == [None, True, *raw, "1", "no", "017", ".5", {"a": Raw(b"1")}]
    assert encode(plain(node)) == b'[null,true,5000.00,-0,1e400,"1","no","017",".5",{"a":1}]'


def test_every_problem_is_said_at_once() -> None:
    """A reader goes on after a problem, and says where each is and what is meant perhaps."""
    text = "sed: 1\nclock: instnat\nrules:\n  - when: {request: X}\n    thn: []\n    times: 0\n"
    assert problems(text) == [
        "f.yaml:1:1: expected one of name, include, seed, clock, start, hello, strict, catalogue, accounts, latency, "
        "limits, markets, …, got 'sed'; did you mean 'seed'?",
        "f.yaml:2:8: clock: expected one of instant, manual, real or a mapping, got 'instnat'; did you mean 'instant'?",
        "f.yaml:5:5: rules[0]: expected one of when, then, name, times, after, every, until, chance, required, "
        "illegal, got 'thn'; did you mean 'then'?",
        "f.yaml:6:12: rules[0].times: expected a whole number of 1 or more, got '0'",
        "f.yaml:4:5: rules[0]: expected the key 'then', which is missing",
    ]


def test_what_an_alias_repeats_is_said_once() -> None:
    """A mistake that many aliases share is one mistake."""
    found = problems("a: &a [x, x]\nb: *a\nc: *a\n", dict[str, tuple[int, int]])
    assert [problem.split(":")[1:4] for problem in found] == [["1", "8", " a[0]"], ["1", "11", " a[1]"]]


@pytest.mark.parametrize(
    ("data", "step"),
    [
        ("ack", AckStep()),
        ({"ack": None}, AckStep()),
        ({"ack": {"send": "never"}}, AckStep("never")),
        ("fill", FillStep()),
        ({"fill": "40%"}, FillStep("40%")),
        ({"fill": 4}, FillStep("4")),
        ({"fill": {"quantity": 2.5, "as": "first"}}, FillStep("2.5", as_="first")),
        ({"bust": "first"}, BustStep("first")),
        ({"reject": {"code": "OffTick"}}, RejectStep("OffTick")),
        ("reply", ReplyStep("once")),
        ({"reply": None}, ReplyStep("once")),
        ({"reply": "never"}, ReplyStep("never")),
        ({"reply": {"Ok": [1]}}, CustomReplyStep(ok=[Raw(b"1")])),
        ({"reply": {"Ok": None}}, CustomReplyStep(ok=None)),
        ({"reply": {"Err": "no"}}, CustomReplyStep(err="no")),
        ("disconnect", DisconnectStep(1000)),
        ({"disconnect": "abort"}, DisconnectStep(abort=True)),
        ({"disconnect": {"code": 1012}}, DisconnectStep(1012)),
        ({"stall": None}, StallStep("all")),
        ({"stall": "data"}, StallStep("data")),
        ({"stall": {"what": "pong", "for": "1s"}}, StallStep("pong", "1s")),
        ({"corrupt": "utf8"}, CorruptStep("utf8")),
        ({"delay": "250ms"}, DelayStep("250ms")),
        ({"hold": "second"}, HoldStep("second")),
        ({"release": "second"}, ReleaseStep("second")),
        ({"goto": "busy"}, GotoStep("busy")),
        ({"halt": "All"}, HaltStep("All")),
        ({"halt": None}, HaltStep(None)),
        ({"resume": {"Venue": "X"}}, ResumeStep({"Venue": "X"})),
        ({"delist": "BTC"}, DelistStep("BTC")),
        ({"alert": {"level": 3}}, AlertStep({"level": Raw(b"3")})),
        ({"view": {"ListOpen": {"lag": "1s"}}}, ViewStep({"ListOpen": ViewEntry("1s")})),
        (
            {"limits": [{"set": "All", "scope": {"Venue": "X"}, "name": "N"}]},
            LimitsStep((LimitEntry("All", {"Venue": "X"}, "N"),)),
        ),
    ],
)
def test_steps_are_read_in_their_short_and_long_forms(data: Any, step: Step) -> None:
    """Each form of a step is the struct that it stands for."""
    assert parse_step(data) == step


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("delay", "expected 'delay' with what it takes, as in 'delay: …'"),
        ({"delay": 250}, "delay: expected a time with its unit, such as 250ms or 1.5s, got '250'"),
        ({"ack": None, "reject": None}, "expected exactly one verb in a step, got 'ack' and 'reject'"),
        ({}, "expected exactly one verb in a step, got none"),
        (
            {"fill": {"quantity": "most"}},
            "fill.quantity: expected a decimal, a share of the order such as 40%, or rest, got 'most'",
        ),
        ({"reply": {"Ok": 1, "raw": "x"}}, "reply: expected exactly one of Ok, Err, raw, got Ok and raw"),
    ],
)
def test_steps_of_data_are_refused_by_their_path(data: Any, message: str) -> None:
    """A step that comes from no file is refused with the path of what is wrong."""
    with pytest.raises(ScenarioError) as refused:
        parse_step(data)
    assert str(refused.value) == message


def test_conditions_are_read() -> None:
    """A condition takes values, lists, bounds and null."""
    data = {
        "request": ["SendLimitOrder", "Cancel*"],
        "price": {"ge": 10, "not": {"in": [12]}},
        "quote_id": None,
        "nth": 2,
    }
    bounds = Bounds(ge="10", not_=Bounds(in_=("12",)))
    assert parse_when(data) == When(request=("SendLimitOrder", "Cancel*"), price=bounds, quote_id=None, nth="2")
    with pytest.raises(ScenarioError, match="expected one of ge, gt, le, lt, in, not, regex, got 'gte'"):
        parse_when({"price": {"gte": 1}})


def test_unions_are_chosen_by_the_kind_of_what_is_written() -> None:
    """A mapping is judged as the mapping that it may be, a text as the text."""
    assert problems("uniform: [1ms, 2]", LegEntry) == [
        "f.yaml:1:16: uniform[1]: expected a time with its unit, such as 250ms or 1.5s, got '2'"
    ]
    assert problems("await: {closed: maybe}", ClientStep) == [
        "f.yaml:1:17: await.closed: expected a whole number from 1000 to 4999 or true or false, got 'maybe'"
    ]
    assert read("await: {closed: 1012}", ClientStep) == ClientStep(await_=Await(closed=1012))
    assert read("await: {closed: true}", ClientStep) == ClientStep(await_=Await(closed=True))


def test_a_key_of_nothing_stands_beside_any() -> None:
    """A key whose value is null, where that is as good as leaving it out, is not held against its neighbours."""
    assert read("{mid: ~, bids: [], spread: ~}", MarketEntry) == MarketEntry(bids=())
    assert read("{connect: ~, on: second, within: 1s}", ClientStep) == ClientStep(
        connect=None, on="second", within="1s"
    )


def test_every_verb_can_be_read_by_its_name() -> None:
    """Each verb that may stand alone does, and each other one is asked for what it takes."""
    for verb in VERBS:
        if verb in BARE:
            assert parse_step(verb).verb == verb
        else:
            with pytest.raises(ScenarioError, match=f"expected '{verb}' with what it takes"):
                parse_step(verb)


def test_every_verb_is_written_out_as_a_step_of_that_verb() -> None:
    """The verbs of a file are those of the steps, and each has its own."""
    assert set(VERBS) == {step.verb for step in get_args(Step)}
    assert {verb: written_out(verb, None).verb for verb in BARE} == {verb: verb for verb in BARE}


def test_reject_codes_are_those_of_the_vocabulary() -> None:
    """A scenario can give each reason for which a venue refuses, and no other."""
    assert get_args(Code) == tuple(reason.value for reason in RejectReason)


def test_a_path_reads_as_one_would_write_it() -> None:
    """Words follow dots, numbers stand in brackets, and other keys in quotes."""
    assert path_text(("rules", 0, "then", 1, "fill")) == "rules[0].then[1].fill"
    assert path_text(("markets", "BTC Crypto/USD", "bids")) == "markets['BTC Crypto/USD'].bids"


def test_data_may_be_python_numbers() -> None:
    """A test may write numbers where a file would write them."""
    reader = Reader()
    assert reader.read(of_data({"whole": 3, "truth": True, "text": 5.5}), Taker) == Taker("5.5", 3, True)
