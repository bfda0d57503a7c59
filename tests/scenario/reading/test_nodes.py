import time
from decimal import Decimal
from typing import Any

import pytest

from simulator.errors import ScenarioError
from simulator.scenario.reading.nodes import MAX_DEPTH, MAX_NODES, Node, Pairs, Scalar, Sequence, of_data, of_yaml
from simulator.terms import Dir


def written(node: Node) -> Any:
    """Return a node as data, with each text as (text, plain)."""
    if isinstance(node, Pairs):
        return {key: written(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [written(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text, node.plain


def refusal(text: str) -> str:
    """Return why a text is refused."""
    with pytest.raises(ScenarioError) as refused:
        of_yaml(text, "f.yaml")
    return str(refused.value)


def test_texts_stay_as_they_were_written() -> None:
    """No text is resolved: numbers keep their digits, and it is known whether quotes stood around."""
    node = of_yaml("a: 5000.00\nb: 'no'\nc: on\nd: [017, 12:30:00, \"1\"]\ne: |\n  text\n", "f.yaml")
    assert written(node) == {
        "a": ("5000.00", True),
        "b": ("no", False),
        "c": ("on", True),
        "d": [("017", True), ("12:30:00", True), ("1", False)],
        "e": ("text\n", False),
    }


def test_json_is_read_too() -> None:
    """A JSON text states the same nodes as its YAML."""
    json, yaml = of_yaml('{"a": [1, "x", null]}', "f.json"), of_yaml("a: [1, 'x', null]", "f.yaml")
    assert written(json) == written(yaml) == {"a": [("1", True), ("x", False), ("null", True)]}


def test_nodes_know_where_they_stand() -> None:
    """Every value and every key has its line and column."""
    node = of_yaml("a:\n  - x\n  - {b: y}\n", "f.yaml")
    assert isinstance(node, Pairs)
    items = node.values["a"]
    assert isinstance(items, Sequence)
    inner = items.items[1]
    assert isinstance(inner, Pairs)
    marks = [node.keys["a"], items.mark, items.items[0].mark, inner.keys["b"], inner.values["b"].mark]
    assert [str(mark) for mark in marks] == ["f.yaml:1:1", "f.yaml:2:3", "f.yaml:2:5", "f.yaml:3:6", "f.yaml:3:9"]


@pytest.mark.parametrize("text", ["", "   \n", "# a comment\n", "---\n"])
def test_an_empty_text_states_null(text: str) -> None:
    """A text without a value is null."""
    node = of_yaml(text, "f.yaml")
    assert isinstance(node, Scalar)
    assert node.null


def test_a_merge_key_fills_in() -> None:
    """A merge gives the keys that a mapping has not, the first of several mappings first."""
    node = of_yaml("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd: {'<<': 1}\n", "f.yaml")
    found = written(node)
    assert found["c"] == {"x": ("0", True), "y": ("1", True), "z": ("2", True)}
    assert found["d"] == {"<<": ("1", True)}


def test_an_alias_is_the_value_of_its_anchor() -> None:
    """An alias stands for what its anchor marks, and for the latest of two anchors of one name."""
    assert written(of_yaml("[&a 1, *a, &a 2, *a]", "f.yaml")) == [("1", True), ("1", True), ("2", True), ("2", True)]


def test_aliases_expand_up_to_the_bound() -> None:
    """A list of just as many values as are allowed is read, and one more is refused."""
    inner = f"a: &a [{', '.join('x' * 99)}]\n"
    aliases = MAX_NODES // 100 - 2
    assert of_yaml(f"{inner}b: [{', '.join(['*a'] * aliases)}]\n", "f.yaml").size <= MAX_NODES
    assert "expected at most 100000 values" in refusal(f"{inner}b: [{', '.join(['*a'] * (aliases + 1))}]\n")


def test_a_bomb_of_452_bytes_is_refused_in_milliseconds() -> None:
    """What a bomb expands to is counted before it is made."""
    bomb = "a: &a [" + "x, " * 9 + "]\n"
    for name, last in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{name}: &{name} [" + f"*{last}, " * 9 + "]\n"
    assert len(bomb) < 452
    start = time.process_time()
    assert "expected at most 100000 values" in refusal(bomb)
    assert time.process_time() - start < 0.25


def test_nesting_is_bounded() -> None:
    """A nesting of the deepest kind is read, and one level more refused, without recursion getting anywhere."""
    assert of_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f.yaml").size == MAX_DEPTH
    assert "expected a nesting of at most 64" in refusal("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "[? ", "[a, {b: "])
def test_nobody_but_us_says_how_deep_is_too_deep(opening: str) -> None:
    """However deep a text is nested, the sentence is ours, with the place of the first level too many."""
    just_beyond, far_beyond = refusal(opening * 100), refusal(opening * 100_000)
    assert "expected a nesting of at most 64" in far_beyond
    assert just_beyond.splitlines()[0] == far_beyond.splitlines()[0]


def test_what_is_wrong_behind_a_nesting_is_said_as_it_is() -> None:
    """A nesting that may be is not blamed for what comes after it."""
    assert "expected YAML: " in refusal("[" * MAX_DEPTH + "]" * MAX_DEPTH + "@")


def test_a_line_is_shown_with_a_caret_under_the_place() -> None:
    """The refusal shows the line as it is, and the caret stands under the place, past escapes."""
    assert refusal("a: 1\nb: '\u202e' # x\na: 2\n") == "f.yaml:3:1: expected each key once, got 'a' twice\na: 2\n^"
    assert refusal('{x: "\u202e", x: 2}') == (
        "f.yaml:1:10: expected each key once, got 'x' twice\n{x: \"\\u202e\", x: 2}\n              ^"
    )


def test_data_has_the_same_nodes() -> None:
    """Python data states what a file with quotes around its texts does."""
    data = {"a": [1, 1.5, Decimal("5.00"), "1", True, None, Dir.BUY], "b": (2**70,)}
    assert written(of_data(data)) == {
        "a": [("1", True), ("1.5", True), ("5.00", True), ("1", False), ("true", True), ("null", True), ("Buy", False)],
        "b": [(str(2**70), True)],
    }


def _endless() -> list[Any]:
    data: list[Any] = []
    data.append(data)
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": {1: 2}}, "a: expected a key to be a word, got 1"),
        ({"a": [b"x"]}, "a[0]: expected text, a number, a mapping or a list, got bytes"),
        ({"a": {3}}, "a: expected text, a number, a mapping or a list, got set"),
        (["x"] * MAX_NODES, "[99999]: expected at most 100000 values"),
        (_endless(), "[0]" * 65 + ": expected a nesting of at most 64"),
    ],
)
def test_data_that_no_file_could_say_is_refused(data: Any, message: str) -> None:
    """The refusal says where in the data."""
    with pytest.raises(ScenarioError) as refused:
        of_data(data)
    assert str(refused.value) == message
