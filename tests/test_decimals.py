from decimal import Decimal, InvalidOperation, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator import decimals
from simulator.decimals import AmountCache, parse_amount, text_of_amount
from simulator.terms import BILLION

HIGHEST = 10**24 - 1
AMOUNTS = st.integers(-HIGHEST, HIGHEST)


PLACES = Decimal("1E-9")


def reckoned(text: str) -> int | None:
    """What a text is in billionths by the reckoning of the decimal module, which takes blanks and other scripts too."""
    if not set(text) <= set("0123456789+-.eE"):
        return None
    with localcontext(prec=5_000):
        try:
            value = Decimal(text)
        except InvalidOperation:
            return None
        if value and not -9 - len(text) <= value.adjusted() < 15:
            return None
        return None if value % PLACES or abs(value) >= 10**15 else int(value / PLACES)


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
        ("1E-8", 10),
        ("1e-9", 1),
        ("-1E-9", -1),
        ("1.5e3", 1500 * BILLION),
        ("1E+3", 1000 * BILLION),
        ("100.0000000000000", 100 * BILLION),
        ("0.1000000000", BILLION // 10),
        ("0000000000000001", BILLION),
        ("+1", BILLION),
        (".5", BILLION // 2),
        ("5.", 5 * BILLION),
        ("-.5", -BILLION // 2),
        ("0E-10", 0),
        ("-0E+3", 0),
        ("0e99999999999999999999", 0),
        ("1e14", 10**23),
        ("0.000000000000999999999e27", 999_999_999 * 10**15),
        ("999999999999999999999999e-9", HIGHEST),
        ("1e00000000000000000003", 1000 * BILLION),
        ("0." + "0" * 1_000_000, 0),
        ("0" * 1_000_000 + "7", 7 * BILLION),
        ("7" + "0" * 1_000_000 + "e-1000000", 7 * BILLION),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_amount_is_read(text: str, amount: int) -> None:
    """A decimal whose value has at most 15 digits before the point and 9 after it is read exactly, however often."""
    assert [parse_amount(text), parse_amount(text)] == [amount, amount]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ".",
        "-.",
        " 1",
        "1 ",
        "1\n",
        "1\0",
        "--1",
        "1-",
        "1.2.3",
        "1,000",
        "1_000",
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
        "0.0000000001",
        "1e15",
        "1e-10",
        "1.5e-9",
        "0.1e-9",
        "e5",
        "1e",
        "1e+",
        "1e1.5",
        "1e1e1",
        "1e\u0661",
        ".e1",
        "+-1",
        "1e1000000",
        "1e-1000000",
        "1e99999999999999999999",
        "9" * 1_000_000,
        "0." + "0" * 1_000_000 + "1",
        "1e" + "9" * 1_000_000,
        "1e" + "0" * 1_000_000 + "x",
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
def test_any_text_is_read_just_where_the_rule_allows(text: str) -> None:
    """Whatever the text, it is read to its exact value or refused, as the decimal module reckons."""
    assert parse_amount(text) == reckoned(text)


@given(
    sign=st.sampled_from(("", "-", "+")),
    whole=st.text("0123456789", max_size=30),
    fraction=st.none() | st.text("0123456789", max_size=30),
    zeros=st.integers(0, 12),
    exponent=st.none() | st.tuples(st.sampled_from("eE"), st.sampled_from(("", "+", "-")), st.integers(0, 40)),
)
@example(sign="", whole="999999999999999", fraction="999999999", zeros=5, exponent=("e", "", 0))
@example(sign="", whole="999999999999999", fraction="999999999", zeros=5, exponent=("e", "-", 1))
def test_any_notation_is_read_just_where_its_value_fits(
    sign: str, whole: str, fraction: str | None, zeros: int, exponent: tuple[str, str, int] | None
) -> None:
    """Signs, points, exponents and idle zeros change nothing of what a decimal is worth."""
    text = sign + "0" * zeros + whole
    if fraction is not None:
        text += f".{fraction}" + "0" * zeros
    if exponent is not None:
        text += "".join(map(str, exponent))
    assert parse_amount(text) == reckoned(text)


@given(st.integers(-HIGHEST, HIGHEST), st.integers(-60, 60))
def test_every_way_in_which_the_decimal_module_writes_an_amount_is_read(amount: int, shift: int) -> None:
    """What a client sends that writes ``str(Decimal)``, or its own scientific notation, is the amount it means."""
    with localcontext(prec=100):
        value = Decimal(amount).scaleb(-9)
        texts = [str(value), f"{value:e}", f"{value:f}", f"{Decimal(amount).scaleb(shift):f}E{-9 - shift:+}"]
    assert [parse_amount(text) for text in texts] == [amount] * 4


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
    monkeypatch.setattr(decimals, "_MOST_CACHED", 2)
    cache = AmountCache(parse_amount)
    assert [cache[text] for text in ("7", "8", "x") * 2] == [7 * BILLION, 8 * BILLION, None] * 2
    assert len(cache) <= 2


def test_long_texts_are_not_kept() -> None:
    """A decimal padded with zeros is read and forgotten, or a client could fill the memory with one number."""
    cache = AmountCache(parse_amount)
    longest = "8.25" + "0" * 36
    assert (cache[longest], cache[longest + "0"]) == (8_250_000_000, 8_250_000_000)
    assert list(cache) == [longest]
