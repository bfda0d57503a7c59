import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.catalogue import Catalogue, derived_id, load
from simulator.catalogue.search import NameIndex
from simulator.terms import Refusal

NAMES = st.text("aAbB1/ *-_ß?", min_size=1, max_size=8)
PATTERNS = st.text("aAbB1/ *-_ß?", max_size=6)


def names(catalogue: Catalogue, pat: str, scope: str, limit: int = 100) -> list[str]:
    """Return the names in every list of a search's answer."""
    found = catalogue.search(pat, scope, limit)
    assert isinstance(found, dict)
    return [name for pairs in found.values() for name, _ in pairs]


def rank(pat: str, name: str) -> int | None:
    """Return how well a name matches, 0 best, by looking at the one name only."""
    pat, name = pat.casefold(), name.casefold()
    if name == pat:
        return 0
    if "*" in pat or "?" in pat:
        pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pat)
        return 1 if re.fullmatch(pattern, name) else None
    starts = [at for at in range(len(name)) if name.startswith(pat, at)] or ([0] if not pat else [])
    if not starts:
        return None
    if 0 in starts:
        return 1
    words = [at for at in starts if name[at].isalnum() and not name[at - 1].isalnum()]
    return 2 if words else 3


@example(["dab", "c-ab", "bab", "abc", "ab", "aab AB"], "ab", 9)
@example(["x/USD*A", "USD", "AUSD/x USD*A", "USDT"], "usd*a", 9)
@given(st.lists(NAMES, unique=True, max_size=12), PATTERNS, st.integers(0, 12))
def test_search_agrees_with_a_scan_of_every_name(known: list[str], pat: str, limit: int) -> None:
    """The index finds what a scan finds, ranked exact, prefix, word prefix, substring, and then by name."""
    pairs = [(name, f"id of {name}") for name in sorted(known)]
    ranked = [(rank(pat, name), name) for name in known]
    best = sorted((place, name) for place, name in ranked if place is not None)
    expected = [(name, f"id of {name}") for _, name in best][:limit]
    if not pat:
        expected = pairs[:limit]
    assert NameIndex(pairs).search(pat, limit) == expected


def test_exact_comes_before_prefix_before_word_prefix_before_substring() -> None:
    """Better matches come first, whatever the order of the names; equal ones are in order of name."""
    known = ["AAB", "AB", "AB C", "AB-D", "BAB", "X AB", "X/ABC", "Y AAB"]
    found = NameIndex([(name, name) for name in known]).search("ab", 9)
    assert [name for name, _ in found] == ["AB", "AB C", "AB-D", "X AB", "X/ABC", "AAB", "BAB", "Y AAB"]


def test_a_full_name_finds_its_own_product_first() -> None:
    """The star in a full name matches itself before it stands for anything, as the published client needs."""
    name = "BTC Crypto/USD*BINANCE/DIRECT"
    catalogue = load("default")
    for tradable in catalogue.tradable_products:
        assert names(catalogue, tradable.name.lower(), "TradableProduct", 1) == [tradable.name]
    assert names(catalogue, name, "TradableProduct") == [
        "BTC Crypto/USDC Crypto*BINANCE/DIRECT",
        "BTC Crypto/USDT Crypto*BINANCE/DIRECT",
    ]


def test_scope_fills_one_list_and_all_fills_every_list() -> None:
    """A reply has six lists whatever the scope; those outside it are empty, and none passes the limit."""
    catalogue = load("reference")
    symbol = "venue1:product1-USD"
    assert catalogue.search("", "All", 1) == {
        "route": [("route1", "route1")],
        "venue": [("venue1", "venue1")],
        "product": [("USD", "26f1e368-3e4f-5e0a-b7a2-b344675e0626")],
        "tradable_product": [("product1/USD*venue1/route1", "tp1")],
        "quote_symbol": [(symbol, derived_id("quote_symbol", symbol))],
        "trading_symbol": [(symbol, derived_id("trading_symbol", symbol))],
    }
    assert catalogue.search("", "Venue", 5) == {
        "route": [],
        "venue": [("venue1", "venue1"), ("venue2", "venue2")],
        "product": [],
        "tradable_product": [],
        "quote_symbol": [],
        "trading_symbol": [],
    }
    assert names(catalogue, "", "All", 0) == []


def test_symbols_of_what_is_not_quoted_or_traded_are_not_found() -> None:
    """An index is quoted but not traded, so it has a quote symbol and no trading symbol."""
    catalogue = load("default")
    assert names(catalogue, "CBOE:SPX", "QuoteSymbol", 1) == ["CBOE:SPX"]
    assert names(catalogue, "CBOE:VIX", "TradingSymbol", 1) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("a", "Venu", 1),
            "expected scope to be one of All, Route, Venue, Product, TradableProduct, QuoteSymbol, TradingSymbol, "
            "got 'Venu'; did you mean 'Venue'?",
        ),
        (("a", "All", -1), "expected limit to be 0 or more, got -1"),
        (("*a" * 500_000, "All", 1), "expected pat to be at most 256 characters long, got 1000000"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(arguments: tuple[str, str, int], text: str) -> None:
    """An unknown scope, a negative limit and an endless pattern are refused with a reason."""
    assert load("reference").search(*arguments) == Refusal(text)


def test_a_pattern_with_a_control_character_matches_nothing() -> None:
    """What separates names inside the index is not found by searching for it."""
    catalogue = load("reference")
    for pat in ("\n", "route1\nroute2", "*\n*", "\x01", "1\n*"):
        assert names(catalogue, pat, "All") == []
