"""Values in a client's script: names, and comparison with what came."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from simulator.scenario.values import decoded, differences, fill_in, leaves, mapped, message_of, shown, text_of


@pytest.mark.parametrize(
    ("wanted", "came"),
    [
        ("a*c", "abbc"),
        ("a*c", "a*c"),
        ("10", "10.00"),
        ("0.00000001", "1E-8"),
        ("0", "0e99999999999999999999"),
        (msgspec.Raw(b"10"), "10.0"),
        (10, Decimal("10.0")),
        ("*", None),
        ("*", {"any": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([{"a": "x*"}], [{"a": "xy", "b": 2}]),
        (None, None),
        (True, True),
    ],
)
def test_what_fits_has_no_differences(wanted: Any, came: Any) -> None:
    """Objects fit in part, texts literally, by wildcards or as numbers, and a lone star fits anything."""
    assert differences(wanted, came) == []


@pytest.mark.parametrize(
    ("wanted", "came", "said"),
    [
        ({"a": 1}, {"b": 1}, ["a: wanted 1, came nothing"]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, ['a.b: wanted "x", came "y"']),
        ([1, 2], [1], ["the value: wanted a list of 2, came [1]"]),
        ([1, [2]], [1, [3]], ["[1][0]: wanted 2, came 3"]),
        (None, 0, ["the value: wanted null, came 0"]),
        (1, True, ["the value: wanted 1, came true"]),
        ("1e2", "101", ['the value: wanted "1e2", came "101"']),
        ({"a": 1}, [1], ['the value: wanted {"a":1}, came [1]']),
    ],
)
def test_differences_say_where(wanted: Any, came: Any, said: list[str]) -> None:
    """What does not fit is said with its path, what was wanted and what came."""
    assert differences(wanted, came) == said


def test_names_are_filled_in_where_they_are_a_whole_text() -> None:
    """A known name is replaced anywhere as a whole text, and nothing else is."""
    data = {"a": "$x", "b": ["$x", "$y", "a $x"], "c": {"d": "$x"}}
    assert fill_in(data, {"x": 1}) == {"a": 1, "b": [1, "$y", "a $x"], "c": {"d": 1}}


def test_numbers_keep_their_digits() -> None:
    """A number is written just as it came."""
    assert text_of(decoded('{"a":1.500,"b":[10]}')) == '{"a":1.500,"b":[10]}'


@pytest.mark.parametrize("text", ["NaN", "[" * 100_000, "{", '{"a":Infinity}'])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    """Whatever is no JSON, or nested too deeply, raises the one error that is caught."""
    with pytest.raises(ValueError, match=r"Expecting|is no JSON|nested"):
        decoded(text)


def test_a_long_value_is_cut() -> None:
    """What is printed of a value has at most 200 characters and an ellipsis."""
    assert shown("x" * 300) == '"' + "x" * 199 + "…"


DATA = {"a": 1, "b": [True, {"c": None, "d": ("x", [2.5])}], "e": {}, "f": []}


def test_every_leaf_is_given_with_the_key_it_is_under() -> None:
    """What is in a list is under the list's key; empty mappings and lists have no leaves."""
    assert list(leaves(DATA)) == [("a", 1), ("b", True), ("c", None), ("d", "x"), ("d", 2.5)]
    assert list(leaves("x", "here")) == [("here", "x")]


def test_every_leaf_is_changed_and_nothing_else() -> None:
    """Data keeps its shape, but for tuples, which are lists as they are in JSON."""
    changed = mapped(DATA, lambda key, leaf: f"{key}={leaf}")
    assert changed == {"a": "a=1", "b": ["b=True", {"c": "c=None", "d": ["d=x", ["d=2.5"]]}], "e": {}, "f": []}
    assert mapped([1], lambda key, leaf: (key, leaf), "here") == [("here", 1)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"id":1}', {"id": 1}),
        (b'{"id":', {"damaged": '{"id":'}),
        (b"\xff" * 1000, {"damaged": "\ufffd" * 500}),
    ],
)
def test_a_message_that_is_no_json_is_damaged(data: bytes, message: object) -> None:
    """What is no JSON, or no text, is shown by its beginning."""
    assert message_of(data) == message
