"""Dates counted from the start of the world, against a calendar that is gone through day by day."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.catalogue import Catalogue, build, load
from simulator.errors import CatalogueError
from simulator.terms import BILLION
from simulator.times import EPOCH_2024, parse_time

PRODUCTS = UUID("bb25a7a7-a61c-485a-ac29-1de369a6a043")
TRADABLE_PRODUCTS = UUID("0bfe858c-a749-43a9-a99e-6d1f31a760ad")
QUARTERS = ["Mar", "Jun", "Sep", "Dec"]
STARTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
DEFAULT = datetime(2024, 1, 1, tzinfo=UTC)


def nanoseconds(time: datetime) -> int:
    """Return a time in nanoseconds since 1970."""
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def is_last(day: date) -> bool:
    """Tell whether a week later is another month."""
    return (day + timedelta(days=7)).month != day.month


def weekdays_left(day: date) -> int:
    """Return how many of the days from Monday to Friday the month has from a day on, that day included."""
    count = 0
    month = day.month
    while day.month == month:
        count += day.weekday() < 5
        day += timedelta(days=1)
    return count


RULES: list[tuple[dict[str, Any], Callable[[date], bool]]] = [
    (
        {"day": "3rd Friday", "of": QUARTERS, "at": "14:30"},
        lambda day: day.weekday() == 4 and 15 <= day.day <= 21 and day.month % 3 == 0,
    ),
    ({"day": "last Friday", "at": "16:00"}, lambda day: day.weekday() == 4 and is_last(day)),
    ({"day": "2nd Wednesday", "at": "14:00"}, lambda day: day.weekday() == 2 and 8 <= day.day <= 14),
    ({"day": "Monday", "of": ["Feb"], "at": "00:00"}, lambda day: (day.weekday(), day.month) == (0, 2) and day.day < 8),
    ({"day": "8th last weekday", "at": "19:30"}, lambda day: day.weekday() < 5 and weekdays_left(day) == 8),
    (
        {"day": "2nd last Tuesday", "at": "23:59"},
        lambda day: day.weekday() == 1 and not is_last(day) and is_last(day + timedelta(days=7)),
    ),
    (
        {"day": "10th weekday", "of": ["Mar", "May", "Jul", "Sep", "Dec"], "at": "18:01"},
        lambda day: (
            day.weekday() < 5
            and day.month in (3, 5, 7, 9, 12)
            and sum(day.replace(day=earlier).weekday() < 5 for earlier in range(1, day.day + 1)) == 10
        ),
    ),
]


def reckoned(fits: Callable[[date], bool], at: str, number: int, start: datetime) -> datetime:
    """Return the date that is counted from a start, by looking at one day after the other."""
    hours, minutes = map(int, at.split(":"))
    day = start.date()
    left = number if number > 0 else 1 - number
    while True:
        if fits(day):
            time = datetime(day.year, day.month, day.day, hours, minutes, tzinfo=UTC)
            left -= (time > start) is (number > 0)
            if not left:
                return time
        day += timedelta(days=1 if number > 0 else -1)


def catalogue_of(expirations: dict[str, Any], start: int = EPOCH_2024) -> Catalogue:
    """Return a catalogue that has one future for each date."""
    names = list(expirations)
    return build(
        {
            "venues": ["CME"],
            "routes": ["DIRECT"],
            "expirations": expirations,
            "products": [
                {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
                *(
                    {
                        "name": f"{name} Future {{{name}}}",
                        "kind": "Future",
                        "price_in_limit_dollars": "1",
                        "underlying": "USD",
                        "multiplier": "1",
                        "expiration": name,
                    }
                    for name in names
                ),
            ],
            "tradable_products": [
                {
                    "base": f"{name} Future {{{name}}}",
                    "quote": "USD",
                    "venue": "CME",
                    "route": "DIRECT",
                    "quote_increment": "1",
                    "base_increment": "1",
                    "symbol": f"{{{name}:code}} {{{name}:code+1}} {{{name}:short}} {{{name}:day}}",
                }
                for name in names
            ],
        },
        "here",
        start,
    )


@example(DEFAULT, 1, 0)
@example(datetime(2024, 1, 31, 23, 59, tzinfo=UTC), 1, 1)
@given(STARTS, st.integers(-8, 8), st.integers(0, len(RULES) - 1))
def test_dates_are_counted_as_a_calendar_counts_them(start: datetime, number: int, rule: int) -> None:
    """The n-th such day after the start, or before it, is the one that is found by going through the days."""
    entry, fits = RULES[rule]
    time = reckoned(fits, entry["at"], number, start)
    catalogue = catalogue_of({"x": entry | {"next": str(number)}}, nanoseconds(start))
    product = catalogue.product(f"x Future {time:%Y%m%d}")
    assert product is not None
    assert product.expires == nanoseconds(time)
    assert product.value is not None
    assert product.value.expiration == f"{time:%Y-%m-%dT%H:%M:00Z}"
    following = (time.replace(day=1) + timedelta(days=31)).date()
    months = dict(enumerate("FGHJKMNQUVXZ", 1))
    (tradable,) = catalogue.tradable_products
    assert tradable.symbol == (
        f"{months[time.month]}{time.year % 10} {months[following.month]}{following.year % 10} "
        f"{time:%y%m%d} {time.day}{time.strftime('%b').upper()}{time:%y}"
    )


def test_a_date_at_the_very_start_is_past() -> None:
    """What expires in the nanosecond in which the world begins has expired; the next one is the next month's."""
    start = nanoseconds(datetime(2024, 1, 26, 16, tzinfo=UTC))
    dates = {"last": {"day": "last Friday", "at": "16:00", "next": 0}, "next": {"day": "last Friday", "at": "16:00"}}
    names = [product.name for product in catalogue_of(dates, start).products]
    assert names == ["USD", "last Future 20240126", "next Future 20240223"]
    names = [product.name for product in catalogue_of(dates, start - 1).products]
    assert names == ["USD", "last Future 20231229", "next Future 20240126"]


@example(DEFAULT)
@given(STARTS)
def test_names_ids_and_dates_of_the_default_catalogue_belong_together(start: datetime) -> None:
    """Whenever the world begins, a contract's name says its date, and its ids are those of its name."""
    catalogue = load("default", nanoseconds(start))
    dated = [product for product in catalogue.products if product.expires is not None]
    assert len(dated) == 71
    for product in dated:
        (day,) = re.findall(r"\d{8}", product.name)
        assert product.value is not None
        assert parse_time(str(product.value.expiration)) == (product.expires, product.value.expiration)
        assert str(product.value.expiration)[:10].replace("-", "") == day
        assert product.id == str(uuid5(PRODUCTS, product.name))
    for tradable in catalogue.tradable_products:
        assert tradable.id == str(uuid5(TRADABLE_PRODUCTS, tradable.name))
        assert tradable.name.startswith(f"{tradable.base.name}/")
        if tradable.base.expires is not None:
            has_expired = tradable.base.expires <= nanoseconds(start)
            assert has_expired is (tradable.mid is None)  # only what is meant to have expired has


def test_the_reference_names_stand_where_a_world_begins_by_default() -> None:
    """In a world that begins with 2024, contracts have the names and ids that the reference gives them."""
    catalogue = load("default")
    future = catalogue.product("ES Future 20241220")
    assert future is not None
    assert future.id == "4d227d4f-b8ca-5d52-b818-bbb395edb6b5"
    assert catalogue.product(future.id.upper()) is future
    tradable = catalogue.tradable_product("ES Future 20240315/USD*CME/DIRECT")
    assert tradable is not None
    assert (tradable.symbol, tradable.base.expires) == ("ESH4", EPOCH_2024 + (74 * 86_400 + 52_200) * BILLION)


def test_worlds_that_begin_alike_share_a_catalogue() -> None:
    """As long as no contract is another, it is the same object, whichever of them is asked."""
    first = load("default")
    assert load("default", EPOCH_2024 + BILLION) is first
    later = first.at(nanoseconds(datetime(2026, 11, 24, tzinfo=UTC)))
    assert later != first
    assert later.at(EPOCH_2024) == first
    reference = load("reference")
    assert reference.at(EPOCH_2024 * 2) is reference


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 1)), min_size=1, max_size=12))
def test_catalogue_changes_at_each_of_its_dates(starts: list[tuple[int, int]]) -> None:
    """Whichever worlds were made of it before, one that begins at one of its dates, or beside it, has its own dates."""
    numbers = (0, 1)
    expirations = {f"x{rule}": RULES[rule][0] | {"next": str(rule)} for rule in numbers}
    dates = [reckoned(RULES[rule][1], RULES[rule][0]["at"], n, DEFAULT) for rule in numbers for n in (1, 2, 3)]
    shared = catalogue_of(expirations)
    for place, beside in starts:
        start = nanoseconds(dates[place]) + beside
        assert shared.at(start) == catalogue_of(expirations, start)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"day": "5th Friday", "at": "14:30"}, "expirations.x.day: expected a day that every month has, "),
        ({"day": "21st weekday", "at": "14:30"}, "expirations.x.day: expected a day that every month has, "),
        ({"day": "3rd Sunday", "at": "14:30"}, "expirations.x.day: expected a day that every month has, "),
        ({"day": "0th Friday", "at": "14:30"}, "expirations.x.day: expected a day that every month has, "),
        ({"day": "20 March", "at": "14:30"}, "expirations.x.day: expected a day that every month has, "),
        ({"day": "Friday", "at": "24:00"}, "expirations.x.at: expected a time of day in UTC like 14:30, got '24:00'"),
        ({"day": "Friday", "at": "9:00"}, "expirations.x.at: expected a time of day in UTC like 14:30, got '9:00'"),
        ({"day": "Friday", "at": "09:00", "of": ["March"]}, "expirations.x.of[0]: expected one of Jan, Feb, Mar, "),
        ({"day": "Friday", "at": "09:00", "next": "soon"}, "expirations.x.next: expected a whole number, 1 for the "),
        ({"day": "Friday", "at": "09:00", "next": "1000"}, "expirations.x.next: expected a whole number, 1 for the "),
        ({"day": "Friday", "at": "09:00", "of": ["Mar"], "next": "-999"}, None),
        ({"day": "Friday"}, "expirations.x: expected the key 'at', which is missing"),
    ],
)
def test_a_date_that_cannot_be_counted_is_told_with_its_place(entry: dict[str, Any], message: str | None) -> None:
    """Each mistake says where it is, what was expected and what came; every count of three digits is one."""
    if message is None:
        assert catalogue_of({"x": entry}).products[1].name == "x Future 10240305"
        return
    with pytest.raises(CatalogueError) as raised:
        catalogue_of({"x": entry})
    assert f"here: {message}" in str(raised.value)


def test_a_count_that_leaves_the_calendar_is_refused() -> None:
    """A date before the year 1 or after the year 9999 is none."""
    for number, start in ((-900, -62_000_000_000), (900, 253_400_000_000)):
        with pytest.raises(CatalogueError, match="x: expected a date within the years 1 to 9999"):
            catalogue_of({"x": {"day": "Friday", "at": "09:00", "next": number}}, start * BILLION)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("X {y}", "products[1].name: expected one of x, got 'y'"),
        ("X {x:month}", "products[1].name: expected one of date, short, day, code, code+1, got 'month'"),
    ],
)
def test_an_unknown_date_in_a_name_is_refused(name: str, message: str) -> None:
    """A name can hold only dates that there are, in ways in which they can be written."""
    document = dict(catalogue_of({"x": {"day": "Friday", "at": "09:00"}}).document or {})
    document["products"] = [document["products"][0], document["products"][1] | {"name": name}]
    with pytest.raises(CatalogueError) as raised:
        build(document, "here")
    assert message in str(raised.value)


def test_braces_are_letters_where_no_dates_are_counted() -> None:
    """A catalogue without expirations may have any names."""
    document: dict[str, Any] = {"venues": [], "routes": [], "tradable_products": []}
    document["products"] = [{"name": "X {y}", "kind": "Coin", "price_in_limit_dollars": "1"}]
    assert [product.name for product in build(document, "here").products] == ["X {y}"]
