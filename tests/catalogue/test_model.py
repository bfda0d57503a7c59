import uuid

import pytest

from simulator.catalogue import (
    FLAGS,
    KINDS,
    Catalogue,
    Contract,
    Product,
    Route,
    VenueInfo,
    build,
    derived_id,
    load,
    tradable_product_name,
)
from simulator.catalogue.products import ThingKind, default_symbol

NAMESPACES: dict[ThingKind, str] = {
    "product": "bb25a7a7-a61c-485a-ac29-1de369a6a043",
    "venue": "dd85a6c5-b45f-46d1-bf50-793dacb1e51a",
    "route": "0cadbcc5-98bc-4888-94ba-fbbcb6f39132",
    "tradable_product": "0bfe858c-a749-43a9-a99e-6d1f31a760ad",
    "quote_symbol": "38cc860a-3855-4f9f-bad3-bc6c5ede7228",
    "trading_symbol": "43c1fdcc-28cb-49b5-8ad3-85298f4b89ed",
}


@pytest.mark.parametrize("thing", NAMESPACES)
def test_id_is_the_uuid5_of_the_name_in_the_namespace(thing: ThingKind) -> None:
    """An id is what the standard library's UUIDv5 makes of the name in the gateway's namespace."""
    for name in ("BTC Crypto", "Ünïcode 東", ""):
        assert derived_id(thing, name) == str(uuid.uuid5(uuid.UUID(NAMESPACES[thing]), name))


def test_things_are_found_by_name_and_by_id_in_any_case() -> None:
    """Each kind of thing is found by its exact name, by its id in either case, and by nothing else."""
    catalogue = load("default")
    name = "BTC Crypto/USD*COINBASE/DIRECT"
    for find, word in (
        (catalogue.product, "BTC Crypto"),
        (catalogue.venue, "COINBASE"),
        (catalogue.route, "DIRECT"),
        (catalogue.tradable_product, name),
    ):
        thing = find(word)
        assert thing is not None
        assert thing.name == word
        assert find(thing.id) == find(thing.id.upper()) == thing
        assert find(word.lower()) is None


def test_canonical_pair_prefers_the_currency_and_then_the_turnover() -> None:
    """USD comes before USDC before USDT whatever the turnover, and then the greatest turnover wins."""
    pairs = [
        ("A Crypto", "USDT Crypto", "V1", 900),
        ("A Crypto", "USDC Crypto", "V1", 500),
        ("A Crypto", "USD", "V1", 1),
        ("A Crypto", "USD", "V2", 2),
        ("B Crypto", "USDT Crypto", "V1", 7),
        ("B Crypto", "USDC Crypto", "V2", 3),
        ("C Crypto", "USDT Crypto", "V2", 3),
        ("C Crypto", "USDT Crypto", "V1", 3),
        ("D Crypto", "A Crypto", "V1", 3),
    ]
    catalogue = _catalogue(pairs)
    found = {product.name: catalogue.canonical(product) for product in catalogue.products}
    assert {name: tradable and tradable.name for name, tradable in found.items()} == {
        "A Crypto": "A Crypto/USD*V2/DIRECT",
        "B Crypto": "B Crypto/USDC Crypto*V2/DIRECT",
        "C Crypto": "C Crypto/USDT Crypto*V1/DIRECT",
        "D Crypto": None,
        "USD": None,
        "USDC Crypto": None,
        "USDT Crypto": None,
    }


def _catalogue(pairs: list[tuple[str, str, str, int]]) -> Catalogue:
    names = ["A Crypto", "B Crypto", "C Crypto", "D Crypto", "USD", "USDC Crypto", "USDT Crypto"]
    increments = {"quote_increment": "0.01", "base_increment": "0.1"}
    document = {
        "venues": ["V1", "V2"],
        "routes": ["DIRECT"],
        "products": [{"name": n, "kind": "Coin", "price_in_limit_dollars": "1"} for n in names],
        "tradable_products": [
            {"base": base, "quote": quote, "venue": venue, "route": "DIRECT", "turnover": turnover, **increments}
            for base, quote, venue, turnover in pairs
        ],
    }
    return build(document, "test")


def test_names_are_made_of_parts() -> None:
    """A tradable product's name and a venue's default symbol are made of the names of their parts."""
    assert tradable_product_name("BTC Crypto", "USD", "COINBASE", "DIRECT") == "BTC Crypto/USD*COINBASE/DIRECT"
    assert default_symbol("BTC Crypto", "USD") == "BTC-USD"
    assert default_symbol("ES Future 20241220", "USD") == "ES Future 20241220-USD"
    assert default_symbol("Crypto", "EUR") == "Crypto-EUR"


def test_catalogues_are_equal_by_value_and_sorted_by_name() -> None:
    """Catalogues of the same parts in another order are equal; another account makes them differ."""
    venues = [VenueInfo("B", "2"), VenueInfo("A", "1")]
    product = Product("P", "p", "Perpetual", Contract("P", "1"), 5)
    first = Catalogue("n", ["X"], venues, [Route("R", "r")], [product], [])
    second = Catalogue("n", ["X"], venues[::-1], [Route("R", "r")], [product], [])
    third = Catalogue("n", ["Y"], venues, [Route("R", "r")], [product], [])
    assert first.venues == (VenueInfo("A", "1"), VenueInfo("B", "2"))
    assert first == second
    assert hash(first) == hash(second)
    assert first != third
    assert first != "n"
    assert repr(first) == "<Catalogue 'n': 0 tradable products>"


def test_default_catalogue_has_every_kind_and_flag_and_a_canonical_pair_for_every_coin() -> None:
    """The bundled catalogue is large and varied, and its prices stand on their ticks."""
    catalogue = load("default")
    tradable = catalogue.tradable_products
    assert len(catalogue.venues) >= 8
    assert len(catalogue.routes) >= 3
    assert len(catalogue.products) >= 60
    assert len(tradable) >= 250
    assert {product.kind for product in catalogue.products} == set(KINDS)
    assert {flag for pair in tradable for flag in pair.flags} == set(FLAGS)
    assert [p.name for p in catalogue.products if p.kind == "Coin" and catalogue.canonical(p) is None] == []
    assert [pair.name for pair in tradable if pair.mid is not None and pair.mid % pair.quote_increment] == []
    bitcoin = catalogue.tradable_product("BTC Crypto/USD*COINBASE/DIRECT")
    assert bitcoin is not None
    assert (bitcoin.quote_increment, bitcoin.base_increment, bitcoin.mid) == (10**7, 10, 42_280 * 10**9)
    assert catalogue.accounts == ("DEFAULT", "ALICE", "BOB", "TREASURY")


def test_reference_catalogue_has_the_ids_of_the_reference() -> None:
    """Every id that the gateway's reference uses in its examples exists, and has a canonical pair."""
    catalogue = load("reference")
    assert [catalogue.route("route1"), catalogue.route("route2")] == list(catalogue.routes)
    assert [catalogue.venue("venue1"), catalogue.venue("venue2")] == list(catalogue.venues)
    for number in (1, 2):
        product = catalogue.product(f"product{number}")
        assert product is not None
        assert catalogue.canonical(product) == catalogue.tradable_product(f"tp{number}")
    assert catalogue.accounts == ("account1",)
