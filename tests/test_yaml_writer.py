from collections.abc import Iterable
from decimal import Decimal
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator import yaml_writer
from simulator.yaml_writer import yaml_of

TEXTS = st.text(max_size=8) | st.sampled_from(["on", "no", "null", "~", "1e3", "0x1", "10:30", "- a", "a: b", "#", "*"])
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(TEXTS, values, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES))
def test_what_is_written_is_read_as_the_same(data: dict[str, Any]) -> None:
    """Texts stay texts, whatever they look like, and all else what it is."""
    assert yaml.safe_load(yaml_of(data)) == data


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
def test_decimals_keep_their_digits(value: Decimal) -> None:
    """A decimal is written without an exponent, with all its digits."""
    written = yaml_of({"price": value}).removeprefix("price: ").rstrip()
    assert "E" not in written
    assert Decimal(written) == value


def test_the_layout() -> None:
    """Sections, rules and steps have lines of their own; what is short, or has texts only, stands on one."""
    order = {"type": "SendLimitOrder", "target": "BTC Crypto/USD*COINBASE/DIRECT", "price": Decimal("9000.50")}
    levels = [["9999.50", "2"], ["9999.00", "5"]]
    state = {"order_id": "$order", "state": ["Open"]}
    data = {
        "name": "a scenario",
        "accounts": ["ALICE", "BOB"],
        "latency": {"reply": "10s", "entry": {"uniform": ["1ms", "10ms"]}},
        "markets": {"BTC Crypto/USD*COINBASE/DIRECT": {"bids": levels, "asks": levels * 2}},
        "rules": [
            {
                "when": {"request": "SendLimitOrder"},
                "then": ["ack", {"fill": "40%"}, {"view": {"ListOpen": {"lag": "1s"}}}],
            },
            {"when": {"request": "*"}, "times": 1, "then": ["fill", "ack"]},
        ],
        "timeline": [{"at": "1s", "do": "restart"}, {"at": "2s", "do": {"halt": "All"}}],
        "client": [
            {"send": {**order, "account": "ALICE", "dir": "Buy"}, "as": "order"},
            {"await": {"on": "$states", "order_id": "$order", "state": ["Open"]}},
            {"connect": "main", "within": "10s"},
            {"send": {"type": "GetOrderState"}, "reply": {"Ok": [state] * 4}},
        ],
        "expect": [],
    }
    assert yaml_of(data) == dedent(
        """\
        name: a scenario
        accounts: [ALICE, BOB]
        latency:
          reply: 10s
          entry: {uniform: [1ms, 10ms]}
        markets:
          BTC Crypto/USD*COINBASE/DIRECT:
            bids: [['9999.50', '2'], ['9999.00', '5']]
            asks: [['9999.50', '2'], ['9999.00', '5'], ['9999.50', '2'], ['9999.00', '5']]
        rules:
        - when: {request: SendLimitOrder}
          then:
          - ack
          - fill: 40%
          - view: {ListOpen: {lag: 1s}}
        - when: {request: '*'}
          times: 1
          then: [fill, ack]
        timeline:
        - {at: 1s, do: restart}
        - at: 2s
          do: {halt: All}
        client:
        - send: {type: SendLimitOrder, target: BTC Crypto/USD*COINBASE/DIRECT, price: 9000.50, account: ALICE, dir: Buy}
          as: order
        - await: {'on': $states, order_id: $order, state: [Open]}
        - {connect: main, within: 10s}
        - send: {type: GetOrderState}
          reply:
            Ok:
            - {order_id: $order, state: [Open]}
            - {order_id: $order, state: [Open]}
            - {order_id: $order, state: [Open]}
            - {order_id: $order, state: [Open]}
        expect: []
        """
    )


def test_the_layout_is_the_same_without_the_library_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML may have come without its part in C, which is ten times as fast."""
    data = {"rules": [{"when": {"request": "*", "account": "ä: #x " * 40}, "then": ["fill", {"reply": "never"}]}]}
    fast = yaml_of(data)
    monkeypatch.setattr(yaml_writer, "_Dumper", yaml.SafeDumper)
    assert yaml_of(data) == fast


_KEYS = st.sampled_from(["name", "on", "null", "é", "k" * 140]) | st.text(max_size=8)
_SCALARS = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.just("x" * 200))


@given(
    _KEYS,
    st.lists(st.dictionaries(_KEYS, _SCALARS, min_size=1, max_size=4), min_size=1),
)
def test_long_table_is_written_as_a_short_one(name: str, rows: list[dict[str, Any]]) -> None:
    """A section of very many dicts is laid out as one of few, whatever stands in it."""
    few = yaml_of({name: rows, "last": 1})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yaml_writer, "_MANY", 1)
        assert yaml_of({name: rows, "last": 1}) == few


def test_a_table_lays_out_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is laid out of very many dicts is as much as there are different texts."""
    laid_out: list[str] = []
    emit = yaml.emit

    def count(events: Iterable[yaml.Event], **options: Any) -> Any:
        seen = list(events)
        laid_out.extend(event.value for event in seen if isinstance(event, yaml.ScalarEvent))
        return emit(seen, **options)

    monkeypatch.setattr(yaml, "emit", count)
    yaml_of({"products": [{"name": "a", "kind": str(number % 10)} for number in range(2000)]})
    assert sorted(laid_out) == [*"0123456789", "a", "kind", "name"]
