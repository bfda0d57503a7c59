from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.catalogue import TradableProduct, load
from simulator.catalogue.query import parse_query
from simulator.catalogue.query_terms import MAX_DEPTH
from simulator.terms import BILLION, Refusal
from simulator.times import EPOCH_2024, parse_span, parse_time

CATALOGUE = load("default")
NOW = EPOCH_2024 + 80 * 86_400 * BILLION
WORDS = {
    "Base": ["BTC Crypto", "ES Future 20240315", CATALOGUE.products[3].id.upper(), "nothing"],
    "BaseKind": ["Coin", "Future", "Option"],
    "Quote": ["USD", "USDT Crypto", "EUR"],
    "Venue": ["KRAKEN", "CME", CATALOGUE.venues[0].id, 'no "such" \\ venue'],
    "Route": ["DIRECT", "TALOS"],
    "Pool": ["0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"],
    "ExchangeSymbol": ["BTC-USD", "COINBASE:BTC-USD", "ESH4", "SPX"],
    "Underlying": ["BTC Crypto", "SPX Index"],
}
DATES = st.sampled_from(["2023-12-15", "2024-03-15", "2024-03-29T08:00:00Z", "2024-12-20T14:30:00+00:00"])
LEAVES = st.one_of(
    st.just({"type": "All"}),
    st.sampled_from([{"type": word, "value": name} for word, names in WORDS.items() for name in names]),
    st.sampled_from([{"type": "Expired", "value": value} for value in (True, False, None)]),
    st.builds(
        lambda word, date: {"type": "Expiration", "value": {"type": word, "value": date}},
        st.sampled_from(["On", "OnOrAfter", "OnOrBefore"]),
        DATES,
    ),
    st.builds(lambda *dates: {"type": "Expiration", "value": {"type": "Between", "value": list(dates)}}, DATES, DATES),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda term: {"type": "Not", "value": term}, inner),
        st.builds(
            lambda word, terms: {"type": word, "value": terms},
            st.sampled_from(["And", "Or"]),
            st.lists(inner, min_size=2, max_size=4),
        ),
    ),
    max_leaves=10,
)


def named(word: str, name: str, pair: TradableProduct) -> bool:
    """Return whether the thing a variant looks at has a name or an id."""
    things: dict[str, Any] = {"Base": pair.base, "Quote": pair.quote, "Venue": pair.venue, "Route": pair.route}
    match word:
        case "BaseKind":
            return pair.base.kind == name
        case "Pool":
            return pair.pool == name
        case "ExchangeSymbol":
            return pair.traded and name in (pair.symbol, pair.trading_symbol)
        case "Underlying":
            return pair.base.value is not None and pair.base.value.underlying == name
        case _:
            return bool(name == things[word].name or name.lower() == things[word].id)


def expires_in(value: dict[str, Any], expires: int | None) -> bool:
    """Return whether a time is within what an expiration says."""
    if expires is None:
        return False
    given = value["value"] if isinstance(value["value"], list) else [value["value"]]
    spans = [span for date in given if (span := parse_span(date)) is not None]
    first, last = spans[0][0], spans[-1][1]
    return (value["type"] == "OnOrBefore" or first <= expires) and (value["type"] == "OnOrAfter" or expires <= last)


def holds(query: dict[str, Any], pair: TradableProduct) -> bool:
    """Return whether one tradable product is selected, by reading the query's object form as it is."""
    word: str = query["type"]
    value: Any = query.get("value")
    match word:
        case "All":
            return True
        case "And":
            return all(holds(term, pair) for term in value)
        case "Or":
            return any(holds(term, pair) for term in value)
        case "Not":
            return not holds(value, pair)
        case "Expired":
            expired = pair.base.expires is not None and pair.base.expires <= NOW
            return expired is not (value is False)
        case "Expiration":
            return expires_in(value, pair.base.expires)
        case _:
            return named(word, value, pair)


def quoted(text: str) -> str:
    """Return a text as a string of the text form."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_text(query: dict[str, Any]) -> str:
    """Return the text form of a query in object form."""
    word: str = query["type"]
    value: Any = query.get("value")
    match word:
        case "All":
            return "All"
        case "And" | "Or":
            sign = " && " if word == "And" else " OR "
            return f"({sign.join(as_text(term) for term in value)})"
        case "Not":
            return f"!{as_text(value)}"
        case "Expired":
            return "Expired" if value is None else f"Expired({str(value).lower()})"
        case "Expiration":
            dates = value["value"] if isinstance(value["value"], list) else [value["value"]]
            return f"Expiration({value['type']}({', '.join(map(quoted, dates))}))"
        case _:
            return f"{word}({quoted(value)})"


@given(QUERIES)
def test_a_query_selects_what_a_look_at_every_product_selects(query: dict[str, Any]) -> None:
    """The index gives the ids of just the products for which the query holds, in order of name."""
    expected = [pair.id for pair in CATALOGUE.tradable_products if holds(query, pair)]
    assert CATALOGUE.query(query, NOW) == expected


@given(QUERIES)
def test_the_text_form_means_what_the_object_form_means(query: dict[str, Any]) -> None:
    """A query written as text is read into the same terms as the same query written as an object."""
    assert parse_query(as_text(query)) == parse_query(query)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('Base("A") or Base("B") and not Base("C")', '(Base("A") || Base("B")) && (!Base("C"))'),
        ('!Base("A") && Base("B") || Base("C")', '(!Base("A")) && (Base("B") || Base("C"))'),
        ("~All AND All", "(!All) && All"),
        ("Not Expired()", "!Expired(TRUE)"),
        ("Base('A\\'B')", 'Base("A\'B")'),
        ("  All()\n", "All"),
    ],
)
def test_operators_bind_not_tightest_then_or_then_and(text: str, same: str) -> None:
    """Signs and words are the same operators in any case, with the ranks of the gateway's own parser."""
    assert parse_query(text) == parse_query(same)
    assert not isinstance(parse_query(text), Refusal)


LETTERS = {name: f'Base("{name}")' for name in ("BTC Crypto", "ETH Crypto", "ES Future 20241220", "AAPL Equity")}


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(list(LETTERS))), min_size=1, max_size=6),
    st.lists(st.sampled_from(["&&", "||"]), min_size=5, max_size=5),
)
def test_a_row_of_operators_is_an_and_of_ors(terms: list[tuple[bool, str]], signs: list[str]) -> None:
    """Without parentheses, a text selects what is in every stretch between two &&, whose terms || joins."""
    text, groups = "", [[terms[0]]]
    for at, (negated, name) in enumerate(terms):
        text += f" {signs[at - 1]} " if at else ""
        text += ("!" if negated else "") + LETTERS[name]
        if at and signs[at - 1] == "||":
            groups[-1].append((negated, name))
        elif at:
            groups.append([(negated, name)])
    selected = [
        pair.id
        for pair in CATALOGUE.tradable_products
        if all(any((pair.base.name == name) is not negated for negated, name in group) for group in groups)
    ]
    assert CATALOGUE.query(text) == selected


def test_empty_and_or_are_everything_and_nothing() -> None:
    """An And of no terms holds for all, an Or of none for none; unknown names match nothing."""
    everything = [pair.id for pair in CATALOGUE.tradable_products]
    assert CATALOGUE.query({"type": "And", "value": []}) == everything
    assert CATALOGUE.query({"type": "Or", "value": []}) == []
    assert CATALOGUE.query('Venue("NOWHERE")') == []


ALL_TERMS = "All, Base, BaseKind, Quote, Venue, Route, Pool, ExchangeSymbol, Underlying, Expired, Expiration"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (7, '`$.query`: expected an object {"type", "value"}, got a number'),
        (None, '`$.query`: expected an object {"type", "value"}, got nothing'),
        ({}, "`$.query.type`: expected a string, got nothing"),
        (
            {"type": "And", "value": [{"type": "All"}, {"type": "Bas", "value": "x"}]},
            f"`$.query.value[1].type`: expected a type, one of {ALL_TERMS}, And, Or, Not, got 'Bas'; "
            "did you mean 'Base'?",
        ),
        ({"type": "And", "value": {}}, "`$.query.value`: And takes an array of queries, got an object"),
        ({"type": "All", "value": []}, "`$.query.value`: All takes no value, got an array"),
        ({"type": "Base", "value": True}, "`$.query.value`: Base takes a string, got true"),
        ({"type": "Expired", "value": "no"}, "`$.query.value`: expected true or false, got 'no'"),
        (
            {"type": "BaseKind", "value": "Coins"},
            "`$.query.value`: expected a kind, one of Coin, Fiat, Equity, Perpetual, Future, Option, Index, Commodity, "
            "got 'Coins'; did you mean 'Coin'?",
        ),
        (
            {"type": "Expiration", "value": {"type": "Betwen"}},
            "`$.query.value.type`: expected a type, one of On, OnOrAfter, OnOrBefore, Between, got 'Betwen'; "
            "did you mean 'Between'?",
        ),
        (
            {"type": "Expiration", "value": {"type": "Between", "value": ["2024-01-01"]}},
            "`$.query.value`: Between takes two dates, got 1",
        ),
        (
            {"type": "Expiration", "value": {"type": "On", "value": "2024-02-30"}},
            "`$.query.value.value`: expected a date like 2024-12-20 or an RFC 3339 time, got '2024-02-30'",
        ),
        ("", "`$.query`: column 1: expected a term like Base(...), got the end"),
        (
            'All && Vnue("x")',
            f"`$.query`: column 8: expected a term, one of {ALL_TERMS}, got 'Vnue'; did you mean 'Venue'?",
        ),
        ("All All", "`$.query`: column 5: expected || or &&, which binds less, or the end, got 'All'"),
        ("(All", "`$.query`: column 5: expected ) for the ( at column 1, got the end"),
        ("All & All", "`$.query`: column 5: expected &&, got a single &"),
        ("All + All", "`$.query`: column 5: expected a term, an operator or a parenthesis, got '+'"),
        ('Base("x', '`$.query`: column 6: a string that begins here has no closing "'),
        ("Base", "`$.query`: column 1: Base takes a string, got nothing"),
        ("Base(x)", "`$.query`: column 6: expected a string in quotes, got 'x'"),
        ('Base("a", "b")', "`$.query`: column 11: Base takes one value"),
        ("Expiration", "`$.query`: column 11: expected ( after Expiration, got the end"),
        ('Expiration(On["x"])', "`$.query`: column 14: expected a term, an operator or a parenthesis, got '['"),
        ("Expiration(On)", "`$.query`: column 14: expected ( after On, got ')'"),
        ("Expiration(On())", "`$.query`: column 12: On takes a date, got 0"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_with_its_place(query: object, text: str) -> None:
    """A refusal names the path or the column, what was expected, what came, and the nearest word."""
    assert CATALOGUE.query(query) == Refusal(text)


@pytest.mark.parametrize("query", ["!" * 60_000, "(" * 60_000, "All&&" * 10_000, "(" * 70_000, '"' * 65_000])
def test_an_endless_text_is_refused(query: str) -> None:
    """Texts that are too long, too deep or of too many terms are refused, and nothing overflows."""
    assert isinstance(CATALOGUE.query(query), Refusal)


def test_an_endless_object_is_refused() -> None:
    """An object nested deeper than the limit, or with too many terms, is refused; one at the limit is read."""
    query: dict[str, Any] = {"type": "All"}
    for _ in range(MAX_DEPTH - 1):
        query = {"type": "Not", "value": query}
    assert CATALOGUE.query(query) == []
    assert isinstance(CATALOGUE.query({"type": "Not", "value": query}), Refusal)
    assert isinstance(CATALOGUE.query({"type": "Or", "value": [{"type": "All"}] * 5000}), Refusal)


def test_expired_goes_by_the_time_that_is_given() -> None:
    """A contract is expired from the nanosecond of its expiration on, and not one before."""
    future = CATALOGUE.tradable_product("ES Future 20240315/USD*CME/DIRECT")
    assert future is not None
    assert future.base.expires is not None
    query = 'Base("ES Future 20240315") && Route("DIRECT") && Expired'
    assert CATALOGUE.query(query, future.base.expires - 1) == []
    assert CATALOGUE.query(query, future.base.expires) == [future.id]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-01-01", (EPOCH_2024, "2024-01-01T00:00:00Z")),
        ("2024-01-01T01:00:00.5+01:00", (EPOCH_2024 + BILLION // 2, "2024-01-01T00:00:00.5Z")),
        ("2023-12-31t23:59:59-00:01", (EPOCH_2024 + 59 * BILLION, "2024-01-01T00:00:59Z")),
        ("1969-12-31", (-86_400 * BILLION, "1969-12-31T00:00:00Z")),
        ("2024-01-01T00:00:00", None),
        ("2024-01-01T24:00:00Z", None),
        ("2024-13-01", None),
        ("2024-01-01T00:00:00+24:00", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("٢٠٢٤-01-01", None),
        ("x" * 99, None),
    ],
)
def test_times_are_read_exactly(text: str, time: tuple[int, str] | None) -> None:
    """Dates and RFC 3339 times give their nanosecond and their text in UTC; anything else gives nothing."""
    assert parse_time(text) == time
