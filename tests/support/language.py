"""Whole scenarios around the examples of the language's reference."""

import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import msgspec
import yaml

from simulator.scenario.documentation import STEPS_OF, key_docs, structs
from simulator.scenario.expectations import Expectation, OrderExpectation
from simulator.scenario.model import (
    Await,
    ClientStep,
    Latency,
    LegEntry,
    Lognormal,
    MarketEntry,
    Normal,
    OrderIds,
    Rule,
    Scaled,
    Scenario,
    TimelineEntry,
    TradesEntry,
    WalkEntry,
)
from simulator.scenario.step_forms import StepEntry
from simulator.scenario.steps import LimitEntry, ViewEntry
from simulator.scenario.when import Bounds, When
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["Example", "examples"]

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
_ORDER = f"{{type: SendLimitOrder, target: {PAIR}, dir: Buy, price: 10000, quantity: 10, account: DEFAULT}}"
_CLIENT = f"client:\n- {{send: {{type: SubscribeOrderState}}, as: states}}\n- {{send: {_ORDER}, as: order}}\n"
_RULE = "rules:\n- when: {request: SendLimitOrder}\n  name: slow partial\n  then: [ack]\n"
_AROUND: dict[type[msgspec.Struct], str] = {
    Scenario: "%s",
    Scaled: "clock:\n  %s",
    Latency: "latency:\n  %s",
    OrderIds: "order_ids:\n  %s",
    LegEntry: "latency:\n  entry:\n    %s",
    Normal: "latency:\n  entry:\n    normal:\n      %s",
    Lognormal: "latency:\n  entry:\n    lognormal:\n      %s",
    LimitEntry: "limits:\n- %s",
    MarketEntry: f"markets:\n  {PAIR}:\n    %s",
    WalkEntry: f"markets:\n  {PAIR}:\n    mid: 10000\n    walk:\n      %s",
    TradesEntry: f"markets:\n  {PAIR}:\n    mid: 10000\n    trades:\n      %s",
    Rule: "rules:\n- %s",
    When: "rules:\n- then: []\n  when:\n    %s",
    TimelineEntry: "timeline:\n- %s",
    ClientStep: _CLIENT + "- %s",
    Await: _CLIENT + "- await:\n    %s",
    Expectation: _RULE + _CLIENT + "expect:\n- %s",
    OrderExpectation: _CLIENT + "expect:\n- orders:\n    $order:\n      %s",
    ViewEntry: "rules:\n- when: {request: SendLimitOrder}\n  then:\n  - view:\n      ListOpen:\n        %s",
}
_STEP = "rules:\n- when: {request: SendLimitOrder}\n  then:\n  - %s"
_NEEDS = {
    "LimitEntry": "set: All, scope: All, name: MaxOpenQty, value: 5",
    "Rule": "when: {request: SendLimitOrder}, then: [ack]",
    "TimelineEntry": "at: 1s, do: heal",
    "TradeStep": f"product: {PAIR}, price: 10000, quantity: 1",
    "BookStep": f"product: {PAIR}",
    "IncrementsStep": f"product: {PAIR}",
    "SlowStep": "bytes_per_second: 100",
    "RateLimitStep": "cap: 10",
}
_BEFORE = {
    "bust": "fill: {quantity: 1, as: first}",
    "correct": "fill: {quantity: 1, as: first}",
    "release": "hold: second-fill",
}


class Example(NamedTuple):
    """An example of a key: the type of its mapping, the key, the example, and a whole file with it."""

    cls: type[msgspec.Struct]
    key: str
    text: str
    file: str

    def __str__(self) -> str:
        return f"{self.cls.__name__}: {self.text}"

    @property
    def cursor(self) -> tuple[int, int]:
        """The line and the character of the key in the file, both from 0."""
        lines = self.file.split("\n")
        line = next(at for at, text in enumerate(lines) if text.endswith("# here"))
        return line, lines[line].index(f"{self.key}:") if f"{self.key}:" in lines[line] else lines[line].index(self.key)


def examples() -> Iterator[Example]:
    """Yield every example of the reference."""
    for cls in structs():
        for key, doc in key_docs(cls).items():
            for text in doc.examples:
                yield Example(cls, key, text, _file(cls, key, text))


def _file(cls: type[msgspec.Struct], key: str, text: str) -> str:
    if cls is StepEntry:
        before = f"{_BEFORE[key]}\n  - " if key in _BEFORE else ""
        after = "\n- when: {state: closing}\n  then: []" if key == "goto" else ""
        return _STEP % f"{before}{text} # here{after}" + "\n"
    block = _block({**_pairs(_NEEDS.get(cls.__name__, "")), **_pairs(text)}, key)
    if cls is Bounds:
        field = "dir" if key in ("in", "not") and "ge" not in text else "target" if key == "regex" else "price"
        around = f"rules:\n- then: []\n  when:\n    request: SendLimitOrder\n    {field}:\n      %s"
    elif cls is When and key not in ("request", "event", "session", "nth", "state"):
        kind = next(name for name, request in REQUEST_TYPES.items() if key in request.__struct_fields__)
        around = f"rules:\n- then: []\n  when:\n    request: {kind}\n    %s"
    elif cls in _AROUND:
        around = _AROUND[cls]
    else:
        verb = next(verb for verb, steps in STEPS_OF.items() if cls in steps)
        before = f"{_BEFORE[verb]}\n  - " if verb in _BEFORE else ""
        around = _STEP % f"{before}{verb}:\n      %s"
    *_, last = around.split("\n")
    depth = len(last) - len(last.lstrip(" ")) + (2 if last.lstrip(" ").startswith("- ") else 0)
    return around % textwrap.indent(block, " " * depth).strip() + "\n"


def _pairs(text: str) -> dict[str, str]:
    """Return the pairs of an example, each as it is written, by their keys."""
    text = f"{{{text}}}"
    node = yaml.compose(text)
    assert isinstance(node, yaml.MappingNode)
    starts = [key.start_mark.index for key, _ in node.value] + [len(text) - 1]
    parts = (text[start:end].rstrip(", ") for start, end in pairwise(starts))
    return {key.value: part for (key, _), part in zip(node.value, parts, strict=True)}


def _block(pairs: dict[str, str], key: str) -> str:
    """Return pairs as a block, the one of interest marked by a comment."""
    return "\n".join(pair + (" # here" if name == key else "") for name, pair in pairs.items())
