"""Checks of what rules are for: words that name nothing, and rules that can never be the one that decides."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from simulator.decimals import parse_amount
from simulator.did_you_mean import nearest, suggest
from simulator.quoting import listed, quoted
from simulator.regex import Regex
from simulator.scenario.amounts import MAX_DURATION, amount, duration, moment, share, start_of
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.model import Rule, Scenario
from simulator.scenario.reading.typed import Path
from simulator.scenario.reading.unread import Unread
from simulator.scenario.steps import Step
from simulator.scenario.when import CONDITIONS, THINGS, Bounds
from simulator.terms import BILLION
from simulator.times import parse_time
from simulator.wildcards import Glob, has_wildcard
from simulator.wire.requests import REQUEST_TYPES

__all__ = [
    "NUMBERS",
    "all_steps",
    "check_conditions",
    "check_matcher",
    "check_things",
    "check_until",
    "check_when",
    "is_for_nothing",
    "types_of",
    "words",
]

_FIRST_STATE = "start"
_MOST_RULES = 1000
_DIRS = ("Buy", "Sell")
NUMBERS = ("price", "quantity", "precision", "limit", "nth", "session")
"""What a ``when`` compares with numbers alone."""

_COMPARED = re.compile(r"(>=|>|<=|<) *([0-9.]+)")
_COMPARISONS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


def check_conditions(scenario: Scenario, known: KnownNames | None, unread: Unread) -> Iterator[Fault]:
    """Yield what is wrong with the conditions of rules: of each, and of all together as far as they can be read."""
    names: set[str] = set()
    for at, rule in enumerate(scenario.rules):
        place: Path = ("rules", at)
        yield from check_when(rule.when, (*place, "when"))
        yield from check_things(rule.when, known, (*place, "when"))
        yield from check_until(rule, place, _beginning(scenario))
        if rule.chance is not None and share(rule.chance) > BILLION:
            yield (*place, "chance"), f"expected at most 100%, got {rule.chance}"
        if rule.name in names:
            yield (*place, "name"), f"expected each rule's name once, got {rule.name!r} twice"
        names |= {rule.name} if rule.name is not None else set()
    if unread.has_all("rules"):
        yield from _check_shadows(scenario.rules)
    if unread.knows("rules", "timeline"):
        yield from _check_states(scenario, unread)


def types_of(when: Any) -> frozenset[str]:
    """Return the names of the request types that a ``when`` can be for: none for an event."""
    if when.event is not UNSET:
        return frozenset()
    if when.request is UNSET:
        return frozenset(REQUEST_TYPES)
    return frozenset().union(*map(_types_like, _each(when.request)))


@lru_cache(maxsize=1024)
def _types_like(pattern: str) -> frozenset[str]:
    glob = Glob(pattern)
    return frozenset(kind for kind in REQUEST_TYPES if glob.matches(kind))


def is_for_nothing(when: Any) -> bool:
    """Tell whether a ``when`` is neither for an event nor for any type of request, which is said where it stands."""
    return when.event is UNSET and not types_of(when)


def all_steps(scenario: Scenario) -> Iterator[tuple[Path, Step, Rule | None]]:
    """Yield every step with its place, and its rule if it is in one."""
    for at, rule in enumerate(scenario.rules):
        for number, step in enumerate(rule.then):
            yield ("rules", at, "then", number), step, rule
    for at, entry in enumerate(scenario.timeline):
        if isinstance(entry.do, tuple):
            for number, step in enumerate(entry.do):
                yield ("timeline", at, "do", number), step, None
        else:
            yield ("timeline", at, "do"), entry.do, None


def check_when(when: Any, place: Path) -> Iterator[Fault]:
    """Yield what is wrong with a ``when`` whatever the exchange is: types, fields, directions, bounds, patterns."""
    if when.event is not UNSET and when.request is not UNSET:
        yield (*place, "event"), "expected either request or event, got both"
    if when.request is not UNSET:
        yield from _check_types(when.request, (*place, "request"))
    fields = [name for name in when.__struct_fields__ if getattr(when, name) is not UNSET]
    types = types_of(when)
    for name in fields:
        if name not in CONDITIONS and (types or when.event is not UNSET):
            yield from _check_field(name, types, (*place, name))
        if name not in ("request", "event"):
            yield from check_matcher(getattr(when, name), (*place, name))
    for here, name in _plain_words(when.dir, (*place, "dir")):
        if name.casefold() not in ("buy", "sell"):
            yield here, f"expected one of Buy, Sell, got {quoted(name)}{nearest(name, _DIRS)}"
    for field in NUMBERS:
        for here, word in _plain_words(getattr(when, field), (*place, field)):
            if parse_amount(word) is None:
                yield here, f"expected a number, or bounds such as {{ge: 10}}, got {quoted(word)}{_as_bounds(word)}"


def check_until(rule: Rule, place: Path, began: int | None = None) -> Iterator[Fault]:
    """Yield what is wrong with a rule's end: it is no time, or not after the beginning, if that is known."""
    if rule.until is None:
        return
    here, start = (*place, "until"), began or 0
    try:
        end = moment(rule.until, start)
    except ValueError:
        either = "so long after the start, such as 30s, or a time such as 2024-01-01T00:00:30Z"
        yield here, f"expected {either}, got {quoted(rule.until)}"
        return
    if parse_time(rule.until) is None and end - start > MAX_DURATION:
        yield here, f"expected at most {MAX_DURATION // duration('1h')}h, got {rule.until}"
    elif end <= start:
        yield here, f"expected a time after the scenario's start, got {rule.until}: the rule can never match"


def _beginning(scenario: Scenario) -> int | None:
    """Return when a scenario begins, in nanoseconds; None if that is the wall's time."""
    is_known = scenario.start is not None or scenario.clock != "real"
    return start_of(scenario.start) if is_known else None


def _as_bounds(word: str) -> str:
    """Return a hint for a comparison that is written as a text, or an empty string."""
    compared = _COMPARED.fullmatch(word)
    return suggest(f"{{{_COMPARISONS[compared[1]]}: {compared[2]}}}") if compared is not None else ""


def _check_types(request: str | tuple[str, ...], place: Path) -> Iterator[Fault]:
    if request == ():
        yield place, "expected at least one type of request, got an empty list"
    for at, pattern in enumerate(_each(request)):
        here = place if isinstance(request, str) else (*place, at)
        if has_wildcard(pattern):
            glob = Glob(pattern)  # once: it may be long
            if not any(map(glob.matches, REQUEST_TYPES)):
                yield here, f"expected a type of request, got {quoted(pattern)}, which none matches"
        elif pattern not in REQUEST_TYPES:
            yield here, f"expected a type of request, got {quoted(pattern)}{nearest(pattern, REQUEST_TYPES)}"


def _check_field(name: str, types: frozenset[str], place: Path) -> Iterator[Fault]:
    having = sorted(kind for kind, request in REQUEST_TYPES.items() if name in request.__struct_fields__)
    if types.isdisjoint(having):
        whose = (
            "of an event" if not types else f"of {min(types)}" if len(types) == 1 else "that one of these requests has"
        )
        yield place, f"expected a field {whose}, got {name!r}, a field of {listed(having, 5)}: the rule can never match"


def check_matcher(wanted: Any, place: Path) -> Iterator[Fault]:
    """Yield what is wrong with a matcher whatever it is compared with: no choice, or bounds that nothing meets."""
    if wanted == ():
        yield place, "expected at least one value, got an empty list: the rule can never match"
    if not isinstance(wanted, Bounds):
        return
    if all(value is None for value in (getattr(wanted, name) for name in wanted.__struct_fields__)):
        yield place, "expected at least one of ge, gt, le, lt, in, not, regex, got none"
    lows = [(amount(text), strict) for text, strict in ((wanted.ge, False), (wanted.gt, True)) if text is not None]
    highs = [(amount(text), strict) for text, strict in ((wanted.le, False), (wanted.lt, True)) if text is not None]
    for low, low_strict in lows:
        for high, high_strict in highs:
            if low > high or (low == high and (low_strict or high_strict)):
                yield place, "expected bounds with something between them, got none: the rule can never match"
                return
    if wanted.in_ == ():
        yield (*place, "in"), "expected at least one value, got an empty list: the rule can never match"
    if isinstance(wanted.not_, Bounds):
        yield from check_matcher(wanted.not_, (*place, "not"))
    if wanted.regex is not None:
        try:
            Regex(wanted.regex)
        except ValueError as error:
            yield (*place, "regex"), f"expected a regular expression: {error}"


def check_things(when: Any, known: KnownNames | None, place: Path) -> Iterator[Fault]:
    """Yield what a ``when`` names that no exchange has of which it is known what it has."""
    if known is None:
        return
    for field, kind in THINGS.items():
        for here, name in words(getattr(when, field), (*place, field)):
            yield from (known.pattern if has_wildcard(name) else known.thing)(kind, name, here)
    for here, name in words(when.account, (*place, "account")):
        yield from (known.accounts_like if has_wildcard(name) else known.account)(name, here)


def _plain_words(wanted: Any, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the words that a matcher compares with as they are."""
    return ((here, word) for here, word in words(wanted, place) if not has_wildcard(word))


def words(wanted: Any, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the words that a matcher compares with, with wildcards or without."""
    if isinstance(wanted, str):
        yield place, wanted
    elif isinstance(wanted, tuple):
        for at, word in enumerate(wanted):
            yield from words(word, (*place, at))
    elif isinstance(wanted, Bounds):
        yield from words(wanted.in_, (*place, "in"))
        yield from words(wanted.not_, (*place, "not"))


def _each(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def _check_shadows(rules: tuple[Rule, ...]) -> Iterator[Fault]:
    """Yield the rules that come after one that takes all they could match."""
    if len(rules) > _MOST_RULES:
        yield ("rules", _MOST_RULES), f"expected at most {_MOST_RULES} rules, got {len(rules)}"
        return
    takers: list[tuple[str, frozenset[str], dict[str, Any]]] = []
    for at, rule in enumerate(rules):
        types, said = types_of(rule.when), _said(rule.when)
        for name, wider, fewer in takers:
            if types <= wider and fewer.items() <= said.items() and not is_for_nothing(rule.when):
                message = f"expected requests that no earlier rule takes, but {name} takes them all"
                yield ("rules", at, "when"), f"{message}: this rule can never match"
                break
        if _takes_always(rule):
            takers.append((f"rules[{at}]" if rule.name is None else repr(rule.name), types, said))


def _said(when: Any) -> dict[str, Any]:
    """Return what a ``when`` says besides its types; an event, or that there is none, is always said."""
    said = {name: value for name in when.__struct_fields__ if (value := getattr(when, name)) is not UNSET}
    said.pop("request", None)
    return {"event": None, **said}


def _takes_always(rule: Rule) -> bool:
    limits = bool(rule.then) and all(step.verb == "rate_limit" for step in rule.then)
    often = rule.times is None and rule.until is None and rule.after == 0 and rule.every == 1 and rule.chance is None
    return often and not limits and rule.when.nth is UNSET  # type: ignore[attr-defined]  # made at run time


def _check_states(scenario: Scenario, unread: Unread) -> Iterator[Fault]:
    """Yield the states that nothing goes to, and those that no rule is for."""
    gone_to = {step.state for _, step, _ in all_steps(scenario) if step.verb == "goto"}
    states = {_FIRST_STATE, *gone_to}
    wanted: list[Any] = []
    for at, rule in enumerate(scenario.rules):
        matcher = rule.when.state  # type: ignore[attr-defined]  # made at run time
        if matcher is not UNSET:
            wanted.append(matcher)
        for place, name in _plain_words(matcher, ("rules", at, "when", "state")):
            if unread.lacks(name, states):
                yield place, f"expected a state that a goto leads to, got {name!r}{nearest(name, states)}"
    if any(not isinstance(matcher, str | tuple) or any(map(has_wildcard, _each(matcher))) for matcher in wanted):
        return  # bounds and wildcards may be for any state
    named = {_FIRST_STATE, *(name for matcher in wanted for name in _each(matcher))}
    for place, step, _ in all_steps(scenario):
        if step.verb == "goto" and unread.lacks(step.state, named):
            near = nearest(step.state, named)
            yield (*place, "goto"), f"expected a state that a rule is for, got {step.state!r}{near}"
