"""The calls by which programs control a world: each with what it takes, what it gives, and what it does.

HTTP, its description and the remote client are made of this table.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from simulator.control.control import Control
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    LimitInfo,
    OrderInfo,
    RuleInfo,
    SessionInfo,
    StateInfo,
)
from simulator.control.waits import WaitCondition
from simulator.did_you_mean import nearest
from simulator.errors import Failure, Problem, ScenarioError, UnknownName
from simulator.parts import Parts, Turns, in_parts
from simulator.quoting import quoted
from simulator.scenario.loader import Loaded, load, load_text
from simulator.scenario.reading.files import bundled

__all__ = [
    "CALLS",
    "Call",
    "CheckResult",
    "Method",
    "Time",
    "TimeToPass",
    "WaitResult",
    "problem_info",
    "read_scenario",
    "result_of",
]

Method = Literal["GET", "POST", "PUT", "PATCH"]
_Seconds = Annotated[float, Meta(ge=0, le=300, description="Seconds of the wall's time.")]


class _Body(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of what a call takes."""


class Nothing(_Body, frozen=True):
    """A call that takes nothing."""


class BookQuery(_Body, frozen=True):
    """Which book: a product by its name or id, and how many levels of each side."""

    product: str
    depth: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class NewestQuery(_Body, frozen=True):
    """How much of what there is: the newest; all, unless that is said."""

    most: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class DueQuery(_Body, frozen=True):
    """How much of what is due."""

    most: Annotated[int, Meta(ge=1, le=10_000)] = 100


class NewSteps(_Body, frozen=True):
    """Steps, as a rule's ``then`` has them."""

    steps: list[Any]


class HoldName(_Body, frozen=True):
    """The name that a hold waits for."""

    name: str


class Advance(_Body, frozen=True):
    """How much time passes: ``by`` so much, ``to`` a time, or to the ``next`` thing that happens by itself."""

    by: str | None = None
    to: str | None = None
    next: bool = False


class NewClock(_Body, frozen=True):
    """The clock from now on: ``paused``, ``real``, ``instant``, or how many times as fast; or in a scenario's words."""

    pace: str | float | dict[str, Any]


class Reset(_Body, frozen=True):
    """How the world begins anew: as it began, but for what is said.

    ``scenario`` is the name of a bundled one, or a scenario as data; ``yaml`` is one as text. ``expect`` says whether
    what it expects is verified, by default unless it is a bundled one, or one with both client and must.
    """

    scenario: str | dict[str, Any] | None = None
    yaml: str | None = None
    seed: int | None = None
    clock: str | dict[str, Any] | None = None
    keep_connections: bool = False
    expect: bool | None = None


class NewRules(_Body, frozen=True):
    """Rules, as a scenario's ``rules`` has them."""

    rules: list[Any]


class Switch(_Body, frozen=True):
    """Whether a rule is on."""

    on: bool


class ReceivedQuery(_Body, frozen=True):
    """Which requests, or events of connections, in the words of a rule's ``when``; how many, and how long to wait."""

    when: dict[str, Any] = {}
    count: Annotated[int, Meta(ge=0)] = 1
    timeout: _Seconds = 0.0


class Until(_Body, frozen=True):
    """What is waited for: orders, fills or messages that are as is said; how many, and how long to wait."""

    order: dict[str, Any] | None = None
    fill: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None
    count: Annotated[int, Meta(ge=1)] = 1
    timeout: _Seconds = 5.0


class Unchecked(_Body, frozen=True):
    """A scenario to be checked: as YAML, or as data."""

    yaml: str | None = None
    scenario: dict[str, Any] | None = None


class FailureInfo(Struct, frozen=True):
    """What was expected and is not so: where that was said, what came instead, and in lines what came near."""

    place: str
    text: str
    details: str


class ProblemInfo(Struct, frozen=True):
    """One thing that is wrong with a scenario; ``line`` and ``column`` count from 1, 0 for what is in no file."""

    message: str
    path: str
    line: int
    column: int


class WaitResult(Struct, frozen=True, omit_defaults=True):
    """What was waited for, all of it that there is; ``failure`` says what came nearest if it was not met."""

    is_met: bool
    found: list[Any]
    failure: FailureInfo | UnsetType = UNSET


class CheckResult(Struct, frozen=True):
    """Whether all is as it is expected, and what is not."""

    passed: bool
    failures: list[FailureInfo]


class Transcript(Struct, frozen=True):
    """What a report of a failure ends with, in lines."""

    text: str


class Time(Struct, frozen=True):
    """The world's time."""

    now: str


class Problems(Struct, frozen=True):
    """Everything that is wrong with a scenario."""

    problems: list[ProblemInfo]


class Call(NamedTuple):
    """One call.

    Args:
        name: what it is called.
        method: of HTTP.
        path: below the world's, with ``{name}`` for a part that is given.
        summary: what it does, in one sentence.
        takes: the body of what changes or waits, the query of a GET.
        gives: the type of its result.
        do: does it; a `WaitCondition` is what the shell asks again, and of an iterator, or of `Parts`, it lets others
            have their turn.
        changes: whether it changes the world.
        reads: what of it may take long and changes nothing, which a shell does aside; it comes to ``do`` in the body's
            place.
    """

    name: str
    method: Method
    path: str
    summary: str
    takes: type[Struct]
    gives: Any
    do: Callable[[Control, Any, str], Any]
    changes: bool = False
    reads: Callable[[Control, Any], Any] | None = None

    def make(self, control: Control, body: Any, part: str) -> Any:
        """Make the call at once, whoever waits meanwhile; ``part`` is what its path has between braces."""
        made = self.do(control, body if self.reads is None else self.reads(control, body), part)
        if isinstance(made, Parts):
            return made.at_once()
        return list(made) if isinstance(made, Iterator) else made


class TimeToPass(NamedTuple):
    """So much time is to pass, which a shell lets do so in turns."""

    nanoseconds: int


def _set_clock(control: Control, body: NewClock) -> StateInfo:
    pace = body.pace
    if isinstance(pace, str | dict):
        control.set_clock("manual" if pace == "paused" else pace)
    elif pace == 1:
        control.set_clock("real")
    else:
        control.set_clock({"scaled": format(pace, "f").rstrip("0").rstrip(".")})
    return control.state()


def _done(control: Control, act: Callable[[], object]) -> StateInfo:
    act()
    return control.state()


def _check(body: Unchecked) -> Problems:
    try:
        read_scenario(body.scenario, body.yaml)
    except ScenarioError as error:
        return Problems(list(map(problem_info, error.problems)))
    return Problems([])


def read_scenario(scenario: str | dict[str, Any] | None, yaml: str | None) -> Loaded | None:
    """Return a scenario that a program has given: the name of a bundled one, data, or YAML; None for none.

    No name of a file is followed. Raises `ScenarioError` for what is wrong with it, and `UnknownName` for a name that
    no bundled one has.
    """
    if yaml is not None:
        return load_text(yaml)
    if not isinstance(scenario, str):
        return None if scenario is None else load(scenario)
    known = bundled()
    if scenario not in known:
        raise UnknownName(f"there is no bundled scenario {quoted(scenario)}{nearest(scenario[:80], known)}")
    return load(known[scenario])


@in_parts
def _verify(control: Control) -> Turns[CheckResult]:
    failures = yield from control.verify_in_parts()
    return CheckResult(not failures, list(map(_failure_info, failures)))


def _reset(control: Control, read: tuple[Reset, Loaded | None]) -> StateInfo:
    body, loaded = read
    control.reset(loaded, seed=body.seed, clock=body.clock, expect=body.expect, keep_connections=body.keep_connections)
    return control.state()


CALLS: tuple[Call, ...] = (
    Call("state", "GET", "/state", "How the world stands.", Nothing, StateInfo, lambda c, b, n: c.state()),
    Call(
        "orders",
        "GET",
        "/orders",
        "Every order that is kept, or the newest.",
        NewestQuery,
        list[OrderInfo],
        lambda c, b, n: c.each_order(b.most),
    ),
    Call("order", "GET", "/orders/{name}", "One order by its id.", Nothing, OrderInfo, lambda c, b, n: c.order(n)),
    Call(
        "fills",
        "GET",
        "/fills",
        "Every fill that is kept, or the newest.",
        NewestQuery,
        list[FillInfo],
        lambda c, b, n: c.each_fill(b.most),
    ),
    Call("book", "GET", "/book", "A product's book.", BookQuery, BookInfo, lambda c, b, n: c.book(b.product, b.depth)),
    Call(
        "sessions",
        "GET",
        "/sessions",
        "The open connections.",
        Nothing,
        list[SessionInfo],
        lambda c, b, n: c.sessions(),
    ),
    Call("limits", "GET", "/limits", "The limits in force.", Nothing, list[LimitInfo], lambda c, b, n: c.limits()),
    Call(
        "held", "GET", "/held", "The rules that wait for a release.", Nothing, list[HeldInfo], lambda c, b, n: c.held()
    ),
    Call("due", "GET", "/due", "What happens next by itself.", DueQuery, list[DueInfo], lambda c, b, n: c.due(b.most)),
    Call(
        "rules",
        "GET",
        "/rules",
        "The rules, with their counters.",
        Nothing,
        list[RuleInfo],
        lambda c, b, n: c.rules_in_parts(),
    ),
    Call(
        "set_rules",
        "PUT",
        "/rules",
        "Put rules in place of those that there are.",
        NewRules,
        StateInfo,
        lambda c, rules, n: _done(c, lambda: c.put_rules(rules)),
        True,
        lambda c, b: c.read_rules(b.rules),
    ),
    Call(
        "switch_rule",
        "PATCH",
        "/rules/{name}",
        "Switch a rule on or off.",
        Switch,
        StateInfo,
        lambda c, b, n: _done(c, lambda: c.switch_rule(n, b.on)),
        True,
    ),
    Call(
        "do",
        "POST",
        "/do",
        "Do steps of the scenario language.",
        NewSteps,
        StateInfo,
        lambda c, b, n: _done(c, lambda: c.do(*b.steps)),
        True,
    ),
    Call(
        "release",
        "POST",
        "/release",
        "Let go on whatever a rule holds under a name.",
        HoldName,
        StateInfo,
        lambda c, b, n: _done(c, lambda: c.release(b.name)),
        True,
    ),
    Call(
        "advance",
        "POST",
        "/advance",
        "Let time pass on a clock that stands.",
        Advance,
        Time,
        lambda c, b, n: TimeToPass(c.time_to_pass(b.by, to=b.to, next=b.next)),
        True,
    ),
    Call(
        "clock",
        "POST",
        "/clock",
        "Go on by another clock.",
        NewClock,
        StateInfo,
        lambda c, b, n: _set_clock(c, b),
        True,
    ),
    Call(
        "reset",
        "POST",
        "/reset",
        "Begin anew.",
        Reset,
        StateInfo,
        lambda c, read, n: _reset(c, read),
        True,
        lambda c, b: (b, read_scenario(b.scenario, b.yaml)),
    ),
    Call(
        "received",
        "POST",
        "/received",
        "The requests that have come and match.",
        ReceivedQuery,
        WaitResult,
        lambda c, b, n: c.wait_for(b.count, **b.when),
    ),
    Call(
        "wait",
        "POST",
        "/wait",
        "Wait for orders, fills or messages.",
        Until,
        WaitResult,
        lambda c, b, n: c.wait_until(order=b.order, fill=b.fill, sent=b.sent, count=b.count),
    ),
    Call(
        "verify", "POST", "/verify", "What is expected and is not so.", Nothing, CheckResult, lambda c, b, n: _verify(c)
    ),
    Call(
        "transcript",
        "GET",
        "/transcript",
        "The last messages, the seed and the clock, as a report of a failure has them.",
        Nothing,
        Transcript,
        lambda c, b, n: Transcript(c.transcript()),
    ),
    Call(
        "check",
        "POST",
        "/check",
        "What is wrong with a scenario.",
        Unchecked,
        Problems,
        lambda c, problems, n: problems,
        reads=lambda c, b: _check(b),
    ),
)
"""Every call."""


@in_parts
def result_of(wait: WaitCondition[Any], found: list[Any] | None, timeout: float) -> Turns[WaitResult]:
    """Return what has come of a wait: all that was found, or what came nearest."""
    if found is not None:
        return WaitResult(True, found)
    return WaitResult(False, [], _failure_info((yield from wait.failure(f"{timeout:g} s"))))


def _failure_info(failure: Failure) -> FailureInfo:
    return FailureInfo(str(failure.place), failure.text, failure.details)


def problem_info(problem: Problem) -> ProblemInfo:
    """Return what is wrong with a scenario as data."""
    return ProblemInfo(problem.message, problem.path, problem.line, problem.column)
