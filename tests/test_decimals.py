from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import decimals
from simulator.decimals import parse_amount, text_of_amount
from simulator.terms import BILLION

HIGHEST = 10**24 - 1
AMOUNTS = st.integers(-HIGHEST, HIGHEST)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("1", BILLION),
        ("-1", -BILLION),
        ("100.0", 100 * BILLION),
        ("007", 7 * BILLION),
        ("0.000000001", 1),
        ("-0.000000001", -1),
        ("0.1", BILLION // 10),
        ("999999999999999.999999999", HIGHEST),
        ("-999999999999999.999999999", -HIGHEST),
    ],
)
def test_amount_is_read(text: str, amount: int) -> None:
    """A decimal of at most 15 digits before the point and 9 after it is read exactly, however often."""
    assert [parse_amount(text), parse_amount(text)] == [amount, amount]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ".",
        "-.",
        ".5",
        "5.",
        "-.5",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1\0",
        "--1",
        "1-",
        "1.2.3",
        "1,000",
        "1_000",
        "1e3",
        "1E3",
        "1e-3",
        "0x10",
        "NaN",
        "nan",
        "sNaN",
        "Infinity",
        "-Infinity",
        "inf",
        "null",
        "true",
        '"1"',
        "١٢",
        "1\u066b5",
        "\uff11",
        "²",
        "\u22121",
        "1000000000000000",
        "0000000000000001",
        "0.0000000001",
        "0.1000000000",
        "9" * 1_000_000,
        "0." + "0" * 1_000_000,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_amount_is_refused(text: str) -> None:
    """What is no plain decimal, or has more digits than a book can hold, is no amount."""
    assert parse_amount(text) is None


@given(AMOUNTS)
def test_amount_round_trip(amount: int) -> None:
    """An amount's text reads as that amount again."""
    assert parse_amount(text_of_amount(amount)) == amount


@given(AMOUNTS, st.integers(0, 9))
def test_text_of_amount_is_the_decimal(amount: int, digits: int) -> None:
    """An amount's text is its value, with at least the digits asked for and no idle zero beyond them."""
    text = text_of_amount(amount, digits)
    places = len(text.partition(".")[2])
    assert Decimal(text) == Decimal(amount) / BILLION
    assert places >= digits
    assert places == digits or text[-1] != "0"
    assert not text.endswith(".")


@given(st.text("0123456789.-+eE_ \u0661", max_size=30))
def test_amount_is_read_just_where_the_rule_allows(text: str) -> None:
    """Whatever the text, it is read to its exact value or refused, by the rule alone."""
    whole, point, fraction = text.removeprefix("-").partition(".")
    allowed = _digits(whole, 15) and (_digits(fraction, 9) if point else True)
    assert parse_amount(text) == (int(Decimal(text) * BILLION) if allowed else None)


def _digits(text: str, most: int) -> bool:
    return 1 <= len(text) <= most and set(text) <= set("0123456789")


@pytest.mark.parametrize(
    ("amount", "digits", "text"),
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (BILLION, 0, "1"),
        (BILLION, 2, "1.00"),
        (1_500_000_000, 0, "1.5"),
        (1_500_000_000, 2, "1.50"),
        (1_234_567_890, 2, "1.23456789"),
        (-500_000_000, 0, "-0.5"),
        (-1_500_000_000, 1, "-1.5"),
        (1, 0, "0.000000001"),
    ],
)
def test_text_of_amount(amount: int, digits: int, text: str) -> None:
    """An amount is written without an exponent, padded to the digits of its increment."""
    assert text_of_amount(amount, digits) == text


def test_full_caches_do_not_change_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been read and written before is forgotten in time, and read and written the same again."""
    monkeypatch.setattr(decimals, "_CACHED_AMOUNTS", 2)
    amounts = [7 * BILLION, 8 * BILLION, 9 * BILLION] * 2
    assert [parse_amount(text) for text in ("7", "8", "9") * 2] == amounts
    assert [text_of_amount(amount) for amount in amounts] == ["7", "8", "9"] * 2
