import random
import re
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.catalogue import Catalogue, derived_id, load, search
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
    """Return how well a name matches as a text, 0 best, by looking at the one name only."""
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


@cache
def words_of(text: str) -> set[str]:
    """Return the words of a text: its longest runs of letters and digits."""
    return set("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())


def rank_of_words(pat: str, name: str) -> int | None:
    """Return how well a name matches by its words: 4 if it has all, 5 if it has some that begin with each."""
    wanted, known = words_of(pat), words_of(name)
    if not wanted or "*" in pat or "?" in pat:
        return None
    if not all(any(word.startswith(each) for word in known) for each in wanted):
        return None
    return 4 if wanted <= known else 5


def scan(pat: str, known: list[str]) -> list[str]:
    """Return the names that match, the best first and then in the order given, by looking at each of them."""
    ranked = []
    for at, name in enumerate(known):
        place = rank(pat, name)
        place = rank_of_words(pat, name) if place is None else place
        if place is not None:
            ranked.append((place, at))
    return [known[at] for _, at in sorted(ranked)]


@example(["dab", "c-ab", "bab", "abc", "ab", "aab AB"], "ab", 9, 64)
@example(["x/USD*A", "USD", "AUSD/x USD*A", "USDT"], "usd*a", 9, 64)
@example(["ba", "b-ab", "ab a b", "a/b", "B a", "bb aa", "b"], "a b", 9, 64)
@example(["b/a", "ab/ab", "xb/a", "a b/a", "a_b/a"], "b/a", 9, 64)
@example(["1"], "1_", 1, 64)
@example(["ab"], "b", 9, 0)
@example(["ab a"], "*a", 9, 64)
@example(["b aa", "b/a", "a", "a/1"], "a b", 9, 64)
@given(st.lists(NAMES, unique=True, max_size=12), PATTERNS, st.integers(0, 12), st.sampled_from([0, 1, 2, 5, 64]))
def test_search_agrees_with_a_scan_of_every_name(known: list[str], pat: str, limit: int, few: int) -> None:
    """The index finds what a scan finds: exact, prefix, word prefix, substring, words; then in the order given.

    That is so whether a word, or a part of one, is in few names or in many, which are looked up in different ways.
    """
    pairs = [(name, f"id of {name}") for name in known]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(search, "_FEW", few)
        found = NameIndex(pairs).search(pat, limit)
    assert found == [(name, f"id of {name}") for name in scan(pat, known)][:limit]


ODD = [
    *("", " ", "  ", "*", "?", "**", "*?*", "?*?", "/", "-", "_", ".", "//", "*/*", "* *", "?" * 30, "*" * 256),
    *("[A-Z]*", "[!B]*", "BTC|ETH", "(btc)", "btc.*", "btc\\*", "^BTC", "USD$", "{q2}", "%", "BTC%", "b_c", "'", '"'),
    *(
        "ß",
        "SS",
        "\u0130",
        "i\u0307",
        "\ufb01",
        "fi",
        "\u00e9",
        "e\u0301",
        "BTC\u200b",
        "\U0001f600",
        "\u0660",
        "\uff22\uff34\uff23",
    ),
    *("\n", "\0", "\t", "BTC\n*", "*\n*", "\x7f", "\ud800", "\U0010ffff", "*\U0010ffff", "x" * 256),
]
"""Patterns that are empty, of wildcards alone, or of characters that mean something elsewhere or to no name."""


def patterns(known: list[str], count: int) -> list[str]:
    """Return prefixes, parts and ends of names and pieces of them, each with and without wildcards, in any case."""
    rng = random.Random(12)
    found = []
    for number in range(count):
        name = rng.choice(known)
        first, last = sorted((rng.randrange(len(name)), rng.randrange(len(name) + 1)))
        match number % 4:
            case 0:
                text = name[:last]
            case 1:
                text = name[first:last]
            case 2:
                text = name[first:]
            case _:
                text = " ".join(word[: rng.randrange(1, 6)] for word in rng.sample(name.split(), len(name.split())))
        letters = list(rng.choice((text, text.lower(), text.upper(), text.swapcase())))
        for _ in range(rng.choice((0, 0, 1, 2))):
            letters.insert(rng.randrange(len(letters) + 1), rng.choice("*?"))
        found.append("".join(letters))
    return found


def test_three_hundred_patterns_find_what_a_scan_finds() -> None:
    """Each of three hundred patterns finds in the default catalogue what a scan finds, in its order."""
    catalogue = load("default")
    known = names(catalogue, "", "TradableProduct", 10_000)
    assert len(known) == len(catalogue.tradable_products)
    for pat in (*ODD, *patterns(known, 300 - len(ODD))):
        expected = scan(pat, known) if pat.isprintable() else []  # as no name holds what cannot be printed
        assert names(catalogue, pat, "TradableProduct", len(known)) == expected, pat
        assert names(catalogue, pat, "TradableProduct", 5) == expected[:5], pat


BTC = "BTC Crypto/USD*COINBASE/DIRECT"


@pytest.mark.parametrize(
    ("pat", "scope", "first"),
    [
        ("btc usd", "TradableProduct", [BTC, "BTC Perpetual/USD*DERIBIT/DIRECT", "BTC Crypto/USD*KRAKEN/DIRECT"]),
        ("BTC/USD", "TradableProduct", [BTC]),
        ("usd btc", "TradableProduct", [BTC]),
        ("coinbase btc", "TradableProduct", [BTC, "BTC Crypto/USD*COINBASE/TALOS", "BTC Crypto/EUR*COINBASE/DIRECT"]),
        ("btc", "TradableProduct", [BTC]),
        ("btc*coinbase*", "TradableProduct", [BTC, "BTC Crypto/USD*COINBASE/TALOS", "BTC Crypto/EUR*COINBASE/DIRECT"]),
        ("eth eur", "TradableProduct", ["ETH Crypto/EUR*KRAKEN/DIRECT", "ETH Crypto/EUR*COINBASE/DIRECT"]),
        ("es", "TradableProduct", ["ES Future 20240315/USD*CME/MAREX", "ES Future 20240315/USD*CME/DIRECT"]),
        ("es", "Product", ["ES Future 20240315", "ES Future 20240621", "ES Future 20240920", "ES Future 20241220"]),
        ("future es 2024", "Product", ["ES Future 20240315", "ES Future 20240621", "ES Future 20240920"]),
        ("btc", "Product", ["BTC Crypto", "BTC Perpetual", "BTC Future 20240126", "BTC Future 20240223"]),
        ("op usd", "TradableProduct", ["OP Crypto/USD*COINBASE/DIRECT", "OP Crypto/USD*KRAKEN/DIRECT"]),
        ("btc usd coinbase", "QuoteSymbol", ["COINBASE:BTC-USD"]),
        ("CRYPTO", "TradableProduct", [BTC, "ETH Crypto/USD*COINBASE/DIRECT"]),
        ("dollars", "TradableProduct", []),
    ],
)
def test_what_is_meant_comes_first(pat: str, scope: str, first: list[str]) -> None:
    """Words are found in any order; pairs against dollars, the nearest contract and what trades most come first."""
    found = names(load("default"), pat, scope)
    assert found[: len(first)] == first
    assert bool(found) is bool(first)


def test_the_nearest_contract_is_the_one_that_expires_next() -> None:
    """As time passes, contracts that have expired come behind those that are traded."""
    catalogue = load("default")
    future = catalogue.product("ES Future 20240315")
    assert future is not None
    assert future.expires is not None
    for now, first in ((future.expires - 1, "ES Future 20240315"), (future.expires, "ES Future 20240621")):
        found = catalogue.search("es future", "Product", 7, now)
        assert isinstance(found, dict)
        assert found["product"][0][0] == first
        assert len(found["product"]) == 7


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
            "`$.scope`: expected one of All, Route, Venue, Product, TradableProduct, QuoteSymbol, TradingSymbol, "
            "got 'Venu'; did you mean 'Venue'?",
        ),
        (("a", "All", -1), "`$.limit`: expected 0 or more, got -1"),
        (("*a" * 500_000, "All", 1), "`$.pat`: expected at most 256 characters, got 1000000"),
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
