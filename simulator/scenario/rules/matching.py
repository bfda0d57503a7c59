"""Which requests a ``when`` is for: compiled conditions, and what keeps a request from matching one."""

import json
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from simulator.catalogue import Catalogue
from simulator.decimals import parse_amount
from simulator.regex import Regex
from simulator.scenario.amounts import amount
from simulator.scenario.when import CONDITIONS, THINGS, Bounds
from simulator.terms import BILLION
from simulator.wildcards import Glob, has_wildcard
from simulator.wire.requests import REQUEST_TYPES, Request

__all__ = [
    "SURROUNDINGS",
    "Condition",
    "Difference",
    "Interval",
    "Literal",
    "Matches",
    "RequestFacts",
    "compile_matcher",
    "said",
]

SURROUNDINGS = ("session", "state")
"""What a request comes in, of which a rule can ask as it does of a field."""

_FOLDED_FIELDS = frozenset({"account", "dir"})

Texts = tuple[str, ...]
Matches = Callable[[Texts], bool]


class RequestFacts:
    """What is known of a request when it is judged, read from it once and only as far as somebody asks.

    Args:
        request: the request, or None for an event of the connection.
        session: the connection's number.
        state: the scenario's state.
        catalogue: gives products their names.
    """

    __slots__ = ("_catalogue", "_texts", "event", "request", "session", "state")

    def __init__(
        self, request: Request | None, session: int, state: str, catalogue: Catalogue, event: str | None = None
    ) -> None:
        self.request = request
        self.session = session
        self.state = state
        self.event = event
        self._catalogue = catalogue
        self._texts: dict[str, Texts] = {}

    def value(self, field: str) -> Any:
        """Return the value of a field of the request, or which ``session`` or ``state`` it comes in."""
        return getattr(self if field in SURROUNDINGS else self.request, field, None)

    def texts(self, field: str) -> Texts:
        """Return the texts that stand for a field's value: nothing for null, the name and the id for what has both."""
        texts = self._texts.get(field)
        if texts is None:
            texts = self._texts[field] = self._read(field)
        return texts

    def _read(self, field: str) -> Texts:
        value = self.value(field)
        if isinstance(value, list | tuple):
            return tuple(text for item in value for text in self._texts_of(field, item))
        return self._texts_of(field, value)

    def _texts_of(self, field: str, value: Any) -> Texts:
        text = _text(value)
        if text is None:
            return ()
        if field in THINGS:
            thing = getattr(self._catalogue, THINGS[field])(text)
            return (text,) if thing is None else (thing.name, thing.id)
        return (text.casefold(),) if field in _FOLDED_FIELDS else (text,)


def _text(value: Any) -> str | None:
    if value is None or value is UNSET:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, msgspec.Raw):
        text = bytes(value).decode()
        if text == "null":
            return None
        return str(json.loads(text)) if text.startswith('"') else text
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return msgspec.json.encode(value).decode()


class Difference(msgspec.Struct, frozen=True):
    """Where something is not as it was wanted: the field, and in words what was wanted and what came."""

    field: str
    wanted: str
    came: str

    def __str__(self) -> str:
        return f"{self.field}: wanted {self.wanted}, came {self.came}"


class _Test(NamedTuple):
    field: str
    matches: Matches
    wanted: Any


class Condition:
    """A compiled ``when``.

    Args:
        when: the struct of the file.
    """

    def __init__(self, when: Any) -> None:
        self.when = when
        self.event: str | None = None if when.event is UNSET else when.event
        self.types = _types(when.request)
        self.tests = tuple(
            _Test(name, compile_matcher(wanted, name in _FOLDED_FIELDS), wanted)
            for name in when.__struct_fields__
            if name not in CONDITIONS and (wanted := getattr(when, name)) is not UNSET
        )
        self.all_tests = self.tests + tuple(
            _Test(name, compile_matcher(wanted), wanted)
            for name in SURROUNDINGS
            if (wanted := getattr(when, name)) is not UNSET
        )
        """What is asked of the request's fields and of what it comes in."""
        self._nth = None if when.nth is UNSET else compile_matcher(when.nth)
        self.seen = 0
        """How many requests have met everything but ``nth``."""

    def matches(self, facts: RequestFacts) -> bool:
        """Count a request or an event for ``nth``, and tell whether it meets the condition."""
        return self.meets(facts) and self.count()

    def meets(self, facts: RequestFacts) -> bool:
        """Tell whether a request or an event meets everything but ``nth``."""
        return all(test.matches(facts.texts(test.field)) for test in self.all_tests)

    def count(self) -> bool:
        """Count a request or an event that meets the rest, and tell whether it is one that ``nth`` asks for."""
        nth = self._nth
        if nth is None:
            return True
        self.seen += 1
        if isinstance(nth, Interval):
            return nth.low <= self.seen * BILLION <= nth.high
        return nth((str(self.seen),))

    def differences(self, facts: RequestFacts) -> list[Difference]:
        """Return which fields keep a request from matching: what was wanted and what came."""
        found = []
        kind = type(facts.request)
        if facts.request is not None and kind not in self.types:
            found.append(Difference("request", said(self.when.request), kind.__name__))
        for test in self.tests:
            if not test.matches(facts.texts(test.field)):
                came = _text(getattr(facts.request, test.field, None))
                found.append(Difference(test.field, said(test.wanted), "nothing" if came is None else came))
        return found


def said(wanted: Any) -> str:
    """Return in words what a matcher wants."""
    if isinstance(wanted, Bounds):
        return str(msgspec.to_builtins(wanted))
    if isinstance(wanted, tuple):
        return " or ".join(wanted)
    return "*" if wanted is UNSET else "nothing" if wanted is None else str(wanted)


def _types(request: Any) -> frozenset[type[Request]]:
    if request is UNSET:
        return frozenset(REQUEST_TYPES.values())
    patterns = [Glob(name) for name in ((request,) if isinstance(request, str) else request)]
    return frozenset(kind for name, kind in REQUEST_TYPES.items() if any(glob.matches(name) for glob in patterns))


def compile_matcher(wanted: Any, fold: bool = False) -> Matches:
    """Return what tells whether one of a field's texts is what a matcher wants; none stand for null.

    A text matches literally, a decimal as a number, ``*`` and ``?`` as wildcards; a list matches if one of it does.
    """
    if wanted is None:
        return lambda texts: not texts
    if isinstance(wanted, str):
        return _compile_text(wanted.casefold() if fold else wanted)
    if isinstance(wanted, tuple):
        choices = [compile_matcher(choice, fold) for choice in wanted]
        return lambda texts: any(choice(texts) for choice in choices)
    return _compile_bounds(wanted, fold)


class Interval:
    """Numbers from a lowest to a highest, both included: amounts are integers of billionths."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    def __call__(self, texts: Texts) -> bool:
        """Tell whether one of some texts is such a number."""
        low, high = self.low, self.high
        return any((number := parse_amount(text)) is not None and low <= number <= high for text in texts)


class Literal:
    """One text, as it is."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, texts: Texts) -> bool:
        """Tell whether it is among some texts."""
        return self.text in texts


_LOWEST, _HIGHEST = -(1 << 200), 1 << 200


def _compile_text(wanted: str) -> Matches:
    if has_wildcard(wanted):
        glob = Glob(wanted)
        return lambda texts: wanted in texts or any(glob.matches(text) for text in texts)
    number = parse_amount(wanted)
    return Literal(wanted) if number is None else Interval(number, number)


def _compile_bounds(bounds: Bounds, fold: bool) -> Matches:
    tests: list[Matches] = []
    lows = [amount(bounds.ge)] if bounds.ge is not None else []
    lows += [amount(bounds.gt) + 1] if bounds.gt is not None else []
    highs = [amount(bounds.le)] if bounds.le is not None else []
    highs += [amount(bounds.lt) - 1] if bounds.lt is not None else []
    if lows or highs:
        tests.append(Interval(max(lows, default=_LOWEST), min(highs, default=_HIGHEST)))
    if bounds.in_ is not None:
        tests.append(compile_matcher(bounds.in_, fold))
    if bounds.not_ is not None:
        unwanted = compile_matcher(bounds.not_, fold)
        tests.append(lambda texts: not unwanted(texts))
    if bounds.regex is not None:
        pattern = Regex(bounds.regex, fold)
        tests.append(lambda texts: any(map(pattern.search, texts)))
    return tests[0] if len(tests) == 1 else lambda texts: all(test(texts) for test in tests)
