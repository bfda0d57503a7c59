from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import terms
from simulator.terms import BILLION, Dir, flags_of, parse_amount, state_of, text_of_amount, text_of_time

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
    monkeypatch.setattr(terms, "_CACHED_AMOUNTS", 2)
    amounts = [7 * BILLION, 8 * BILLION, 9 * BILLION] * 2
    assert [parse_amount(text) for text in ("7", "8", "9") * 2] == amounts
    assert [text_of_amount(amount) for amount in amounts] == ["7", "8", "9"] * 2


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (terms.EPOCH_2024, "2024-01-01T00:00:00.000000000Z"),
        (terms.EPOCH_2024 + 1, "2024-01-01T00:00:00.000000001Z"),
        (951_782_400 * BILLION, "2000-02-29T00:00:00.000000000Z"),
        (-62_135_596_800 * BILLION, "0001-01-01T00:00:00.000000000Z"),
        (253_402_300_800 * BILLION - 1, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_text_of_time(nanoseconds: int, text: str) -> None:
    """A time is RFC 3339 in UTC, with nine digits after the second and four in the year."""
    assert text_of_time(nanoseconds) == text


@given(st.integers(-62_135_596_800 * BILLION, 253_402_300_800 * BILLION - 1))
def test_time_round_trip(nanoseconds: int) -> None:
    """A time's text holds every nanosecond of it."""
    text = text_of_time(nanoseconds)
    since = datetime.fromisoformat(text[:19] + "+00:00") - datetime(1970, 1, 1, tzinfo=UTC)
    assert since // timedelta(seconds=1) * BILLION + int(text[20:29]) == nanoseconds
    assert text[19] + text[29:] == ".Z"


@given(st.integers(0, 255))
def test_flags_round_trip(state: int) -> None:
    """Each of the 256 sets of flags has its own names, and reads as itself again."""
    assert state_of(flags_of(state)) == state


def test_flags_are_in_the_order_of_an_orders_life() -> None:
    """The names of all flags come in the order in which the contract lists them."""
    assert flags_of(255) == ("Open", "Acked", "Filled", "Canceling", "Canceled", "Rejected", "Out", "Stale")


def test_unknown_flag_is_refused() -> None:
    """A word that is no flag is named."""
    with pytest.raises(ValueError, match=r"^'open' is no order state flag$"):
        state_of(["Acked", "open"])


@pytest.mark.parametrize("word", ["buy", "BUY", "Buy", "bUY"])
def test_dir_is_read_whatever_its_case(word: str) -> None:
    """A side is known by its name in any case."""
    assert Dir(word) is Dir.BUY


@pytest.mark.parametrize("word", ["", "b", "bid", "buy ", "\u017fell", 1, None])
def test_dir_is_nothing_else(word: object) -> None:
    """What is no side's name is no side."""
    with pytest.raises(ValueError, match="is not a valid Dir"):
        Dir(word)
