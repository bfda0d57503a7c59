import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.catalogue import Contract, Product, build, derived_id, dump, load
from simulator.errors import CatalogueError

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "accounts": ["DEFAULT"],
    "venues": ["CME"],
    "routes": [{"name": "DIRECT", "id": "the way"}],
    "products": [
        {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
        {"name": "GOLD", "kind": "Commodity", "price_in_limit_dollars": "2600.50"},
        {
            "name": "GC Future",
            "kind": "Future",
            "price_in_limit_dollars": "260000",
            "underlying": "GOLD",
            "multiplier": "100",
            "expiration": "2024-12-27",
        },
    ],
    "tradable_products": [
        {
            "base": "GC Future",
            "quote": "USD",
            "venue": "CME",
            "route": "DIRECT",
            "quote_increment": "0.10",
            "base_increment": "1",
            "flags": ["MarginEnabled", "PostOnly"],
        }
    ],
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Return the document with values set at dotted paths, or removed where the value is None."""
    document = copy.deepcopy(DOCUMENT)
    for path, value in changes:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = document
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return document


def test_entries_become_typed_values() -> None:
    """Amounts become billionths, times nanoseconds, references the things themselves, flags the wire's order."""
    catalogue = build(DOCUMENT, "here")
    future = Product(
        name="GC Future",
        id=derived_id("product", "GC Future"),
        kind="Future",
        value=Contract(underlying="GOLD", multiplier="100", expiration="2024-12-27T00:00:00Z"),
        price_in_limit_dollars=260_000 * 10**9,
        expires=1_735_257_600 * 10**9,
    )
    (pair,) = catalogue.tradable_products
    assert catalogue.product("GC Future") == future
    assert (pair.base, pair.quote, pair.venue, pair.route) == (
        future,
        catalogue.product("USD"),
        catalogue.venue("CME"),
        catalogue.route("the way"),
    )
    assert (pair.name, pair.id) == (
        "GC Future/USD*CME/DIRECT",
        derived_id("tradable_product", "GC Future/USD*CME/DIRECT"),
    )
    assert (pair.quote_increment, pair.base_increment, pair.mid, pair.turnover) == (10**8, 10**9, None, 0)
    assert pair.flags == ("PostOnly", "MarginEnabled")
    assert (pair.symbol, pair.trading_symbol) == ("GC Future-USD", "CME:GC Future-USD")


PAIR = DOCUMENT["tradable_products"][0]
PRODUCT_KEYS = "name, kind, price_in_limit_dollars, id, underlying, multiplier, expiration, strike, put_or_call"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("produts", []),
            "produts: expected one of products, tradable_products, venues, routes, name, accounts, expirations, "
            "got 'produts'; "
            "did you mean 'products'?",
        ),
        (
            ("products.0.kid", "x"),
            f"products[0].kid: expected one of {PRODUCT_KEYS}, got 'kid'; did you mean 'kind'?",
        ),
        (("products.1.kind", None), "products[1]: expected the key 'kind', which is missing"),
        (
            ("tradable_products.0.quote_increment", 0.1),
            "tradable_products[0].quote_increment: expected a decimal in quotes, which keeps its digits, got a float",
        ),
        (
            ("tradable_products.0.quote_increment", "0.0"),
            "tradable_products[0].quote_increment: expected a decimal above 0, like \"0.01\", got '0.0'",
        ),
        (
            ("tradable_products.0.base_increment", "1e-10"),
            "tradable_products[0].base_increment: expected a decimal above 0, like \"0.01\", got '1e-10'",
        ),
        (
            ("tradable_products.0.turnover", "-1"),
            "tradable_products[0].turnover: expected a whole number, 0 or more, got '-1'",
        ),
        (
            ("tradable_products.0.venue", "CMA"),
            "tradable_products[0].venue: expected one of CME, got 'CMA'; did you mean 'CME'?",
        ),
        (
            ("tradable_products.0.base", "GOLDS"),
            "tradable_products[0].base: expected one of USD, GOLD, GC Future, got 'GOLDS'; did you mean 'GOLD'?",
        ),
        (
            ("tradable_products.0.flags.1", "Margin"),
            "tradable_products[0].flags[1]: expected one of Disabled, CancelOnly, PostOnly, LimitOnly, "
            "MarginEnabled, got 'Margin'; did you mean 'MarginEnabled'?",
        ),
        (
            ("tradable_products.1", PAIR),
            "tradable_products[1]: expected a word that is used once, got 'GC Future/USD*CME/DIRECT', "
            "which is tradable_products[0] too",
        ),
        (("venues.1", "CME"), "venues[1]: expected a word that is used once, got 'CME', which is venues[0] too"),
        (
            ("routes.1", {"name": "R", "id": "THE WAY"}),
            "routes[1].id: expected a word that is used once, got 'THE WAY', which is routes[0].id too",
        ),
        (
            ("accounts.1", "Default"),
            "accounts[1]: expected a word that is used once, got 'Default', which is accounts[0] too",
        ),
        (("accounts", []), "accounts: expected at least one account, got none"),
        (
            ("venues.0", " CME"),
            "venues[0]: expected 1 to 60 printable characters, the first and the last no blanks, got ' CME'\n"
            "here: tradable_products[0].venue: expected one of  CME, got 'CME'; did you mean ' CME'?",
        ),
        (
            ("products.2.expiration", "soon"),
            "products[2].expiration: expected a date like 2024-12-20, an RFC 3339 time or a name in expirations, "
            "got 'soon'",
        ),
        (
            ("products.2.underlying", None),
            "products[2]: expected the key 'underlying' for kind 'Future', which is missing",
        ),
        (
            ("products.2.strike", "5"),
            "products[2].strike: expected no such key for kind 'Future', got one",
        ),
        (
            ("products.1.kind", "Perpetul"),
            "products[1].kind: expected one of Coin, Fiat, Equity, Perpetual, Future, Option, Index, Commodity, "
            "got 'Perpetul'; did you mean 'Perpetual'?",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_word(change: tuple[str, Any], message: str) -> None:
    """Each mistake says where it is, what was expected and what came."""
    with pytest.raises(CatalogueError) as raised:
        build(changed(change), "here")
    assert str(raised.value) == f"here: {message}"


def test_a_multiplier_without_an_underlying_is_refused() -> None:
    """A perpetual may be on nothing, but then it has no multiplier either."""
    perpetual = {"name": "P", "kind": "Perpetual", "price_in_limit_dollars": "1", "multiplier": "2"}
    with pytest.raises(CatalogueError, match=r"products\[3\].multiplier: expected an underlying"):
        build(changed(("products.3", perpetual)), "here")


YAML = """\
accounts: [on, 0x10]
venues: [no, 1.50]
routes: [DIRECT]
products:
  - {name: USD, kind: Fiat, price_in_limit_dollars: 1.00}
  - {name: "null", kind: Coin, price_in_limit_dollars: 5000.00}
  - name: O
    kind: Option
    price_in_limit_dollars: 5
    underlying: USD
    multiplier: 100
    expiration: 2024-12-27
    strike: 5000.00
    put_or_call: Put
tradable_products:
  - {base: "null", quote: USD, venue: no, route: DIRECT, quote_increment: 0.10, base_increment: 1, mid: null,
     traded: false}
"""


def test_numbers_and_words_of_yaml_are_taken_as_they_are_written(tmp_path: Path) -> None:
    """No number becomes a float and no word a bool but true and false; the file's name is the catalogue's."""
    path = tmp_path / "mine.yaml"
    path.write_text(YAML)
    catalogue = load(path)
    option = catalogue.product("O")
    assert option is not None
    assert catalogue.name == "mine"
    assert catalogue.accounts == ("on", "0x10")
    assert [venue.name for venue in catalogue.venues] == ["1.50", "no"]
    assert option.value == Contract("USD", "100", "2024-12-27T00:00:00Z", "5000.00", "Put")
    (pair,) = catalogue.tradable_products
    assert (pair.base.name, pair.quote_increment, pair.mid, pair.traded) == ("null", 10**8, None, False)


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (".yaml", YAML.replace("kind: Option", "kind: Optin"), ":8:11: products[2].kind: expected one of Coin, Fiat"),
        (".yaml", YAML.replace("venue: no", "venue: nope"), ":16:39: tradable_products[0].venue: expected one of no"),
        (".yaml", YAML.replace("routes:", "venues:"), ":3:1: expected each key once, got 'venues' twice"),
        (".yaml", YAML.replace("[DIRECT]", "[DIRECT"), ":4:9: expected YAML: "),
        (".yaml", YAML.replace("[DIRECT]", "&a [*a]"), ":3:13: expected a value, got an alias"),
        (".yaml", YAML.replace("[DIRECT]", "!!set [A]"), ":3:9: expected a plain value, got one with the tag "),
        (".yaml", "[" * 100, ":1:33: expected a nesting of at most 32"),
        (".yaml", "a:\n " + "[" * 100_000, ":2:33: expected a nesting of at most 32"),
        (".yaml", "[" * 10 + "]" * 10 + "@", ":1:21: expected YAML: "),
        (".yaml", YAML + "---\n", ":18:1: expected one document, got another"),
        (".yaml", "? [a]\n: b\n", ":1:3: expected a key to be a word"),
        (".yaml", "", ": expected a mapping with the keys"),
        (".yml", "- a", ": expected a mapping with the keys"),
        (".json", '{"venues": [],\n "routes": }', ":2:12: expected JSON: Expecting value"),
        (".json", '{"venues": [], "venues": []}', ": expected each key of an object once, got 'venues' twice"),
        (".json", "[" * 200_000, ": expected JSON that is not nested so deep"),
        (".json", '{"venues": NaN}', ": expected a number, got NaN"),
        (
            ".json",
            json.dumps(changed(("products.1.kind", "x")), indent=1),
            ":23:12: products[1].kind: expected one of Coin",
        ),
        (".json", b"\xff", ": expected UTF-8, got something else at byte 0"),
        (".json", None, ": expected a file that can be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, suffix: str, text: str | bytes | None, message: str
) -> None:
    """A mistake in a file is told with the file, and with the line where it stands."""
    path = tmp_path / f"bad{suffix}"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CatalogueError) as raised:
        load(path)
    assert str(raised.value)[: len(f"{path}{message}")] == f"{path}{message}"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Every mistake of a file comes with its file, line and column and the line itself, in the order of the file."""
    path = tmp_path / "bad.yaml"
    wrong = [
        ("kind: Coin", "kind: Coim, knd: x"),
        ("venue: no", "venue: nope"),
        ("base_increment: 1", "base_increment: 0"),
    ]
    text = YAML.replace("multiplier: 100", "multiplier: -1")
    for right, mistaken in wrong[1:]:
        text = text.replace(right, mistaken)
    path.write_text(text)
    with pytest.raises(CatalogueError) as raised:
        load(path)
    line = text.splitlines()[15]
    assert str(raised.value) == (
        f"{path}:11:17: products[2].multiplier: expected a decimal above 0, like \"0.01\", got '-1'\n"
        "    multiplier: -1\n"
        "                ^\n"
        f"{path}:16:39: tradable_products[0].venue: expected one of no, 1.50, got 'nope'; did you mean 'no'?\n"
        f"{line}\n{' ' * 38}^\n"
        f"{path}:16:99: tradable_products[0].base_increment: expected a decimal above 0, like \"0.01\", got '0'\n"
        f"{line}\n{' ' * 98}^"
    )
    path.write_text(YAML.replace(*wrong[0]).replace("- {name: USD", "- {nam: USD"))
    with pytest.raises(CatalogueError) as raised:
        load(path)
    assert [(problem.line, problem.path, problem.message.partition(",")[0]) for problem in raised.value.problems] == [
        (5, "products[0]", "expected the key 'name'"),
        (5, "products[0].nam", "expected one of name"),
        (6, "products[1].knd", "expected one of name"),
    ]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A file of more than 64 MiB is refused by its size."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(CatalogueError, match="expected at most 64 MiB"):
        load(path)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """What is neither bundled nor a catalogue file is refused."""
    with pytest.raises(CatalogueError, match=r"got 'defualt'; did you mean 'default'\?"):
        load("defualt")


def test_bundled_catalogues_are_read_once() -> None:
    """The same bundled catalogue is the same object."""
    assert load("default") is load("default")


@pytest.mark.parametrize("name", ["default", "reference"])
def test_bundled_catalogues_survive_a_dump(tmp_path: Path, name: str) -> None:
    """What is dumped is read back as an equal catalogue, and dumped again as the same text."""
    path = tmp_path / "dumped.yaml"
    path.write_text(dump(load(name)))
    assert load(path) == load(name)
    assert dump(load(path)) == dump(load(name))


LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/*")
WORD = st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=2).map(" ".join)
AMOUNT = st.decimals(min_value="0.001", max_value=10**9, places=3).map(str)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the data of a catalogue whose words may be anything that a name may be."""
    words = [draw(st.lists(WORD, min_size=1, max_size=3, unique=True)) for _ in range(3)]
    venues, routes, products = words
    parts = (products, products, venues, routes)
    pairs = draw(st.lists(st.tuples(*(st.sampled_from(part) for part in parts)), max_size=4, unique=True))
    return {
        "name": draw(WORD),
        "accounts": [draw(WORD)],
        "venues": venues,
        "routes": [{"name": route, "id": f"id {at}"} for at, route in enumerate(routes)],
        "products": [{"name": name, "kind": "Coin", "price_in_limit_dollars": draw(AMOUNT)} for name in products],
        "tradable_products": [
            {
                **dict(zip(("base", "quote", "venue", "route"), pair, strict=True)),
                "quote_increment": draw(AMOUNT),
                "base_increment": draw(AMOUNT),
                "mid": draw(st.none() | AMOUNT),
                "turnover": draw(st.integers(0, 9)),
                "symbol": draw(st.none() | WORD),
                "flags": draw(st.sampled_from([[], ["Disabled"], ["CancelOnly", "PostOnly"]])),
                "quoted": draw(st.booleans()),
                "traded": draw(st.booleans()),
                "pool": draw(st.none() | WORD),
            }
            for pair in pairs
        ],
    }


@settings(max_examples=50)
@given(documents())
def test_any_catalogue_survives_a_dump(document: dict[str, Any]) -> None:
    """Whatever its words are, a catalogue that can be built is read back from its dump as an equal one."""
    catalogue = build(document, "drawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dumped.yaml")
        path.write_text(dump(catalogue), encoding="utf-8")
        assert load(path) == catalogue


def test_importing_the_package_imports_neither_yaml_nor_faker() -> None:
    """Starting with a bundled catalogue costs neither of the two libraries that are slow to import."""
    code = (
        "import sys, simulator.catalogue as c; c.load('default').query('All');"
        "sys.exit(', '.join({'yaml', 'faker'} & {*sys.modules}) or None)"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, check=False)
    assert done.returncode == 0
