from pathlib import Path

import pytest
from faker import Faker

from simulator.catalogue import build, dump, load
from simulator.catalogue.faker import ExchangeProvider, invent
from simulator.errors import CatalogueError


@pytest.mark.parametrize(("venues", "products"), [(1, 2), (3, 10), (200, 5000)])
def test_counts_are_exact_and_every_product_has_a_canonical_pair(venues: int, products: int) -> None:
    """There are as many venues and products as asked for, and a USD pair for each product but USD."""
    catalogue = invent(7, venues, products)
    pairs = [catalogue.canonical(product) for product in catalogue.products]
    assert (len(catalogue.venues), len(catalogue.products)) == (venues, products)
    assert [p.name for p, pair in zip(catalogue.products, pairs, strict=True) if pair is None] == ["USD"]


@pytest.mark.parametrize("seed", range(20))
def test_prices_stand_on_their_ticks(seed: int) -> None:
    """Every mid is positive, on the tick, and far enough from zero for a market around it."""
    for pair in invent(seed, 2, 20).tradable_products:
        assert pair.mid is not None
        assert pair.mid % pair.quote_increment == 0
        assert pair.mid >= 1000 * pair.quote_increment


def test_a_seed_invents_the_same_every_time_and_another_seed_another() -> None:
    """The catalogue depends on nothing but the arguments."""
    assert invent(1, 4, 30) == invent(1, 4, 30)
    assert dump(invent(1, 4, 30)) == dump(invent(1, 4, 30))
    assert invent(1, 4, 30) != invent(2, 4, 30)


def test_the_names_of_a_seed_stay_the_same_from_process_to_process() -> None:
    """What a seed invents is not changed by the order in which this process hashes its words."""
    assert [pair.name for pair in invent(3, 2, 4).tradable_products] == [
        "MQDQW Equity/USD*KRAMARKETS/DIRECT",
        "MQDQW Equity/USD*NORGAEX/DIRECT",
        "XMO Crypto/USD*KRAMARKETS/DIRECT",
        "XMO Crypto/USD*NORGAEX/DIRECT",
        "XMO Future 20230904/USD*NORGAEX/DIRECT",
    ]


def test_an_invented_catalogue_survives_a_dump(tmp_path: Path) -> None:
    """What is invented can be kept as a file."""
    path = tmp_path / "kept.yaml"
    path.write_text(dump(invent(5, 6, 60)))
    assert load(path) == invent(5, 6, 60)


@pytest.mark.parametrize(
    ("venues", "products", "message"),
    [
        (0, 2, "an invented catalogue: venues: expected 1 or more, got 0"),
        (1, 1, "an invented catalogue: products: expected 2 or more, got 1"),
    ],
)
def test_too_few_are_refused(venues: int, products: int, message: str) -> None:
    """There is no exchange without a venue, and no pair without two products."""
    with pytest.raises(CatalogueError) as raised:
        invent(1, venues, products)
    assert str(raised.value) == message


def test_the_provider_joins_any_faker() -> None:
    """The provider's entries, made by a Faker of one's own, build a catalogue."""
    fake = Faker()
    fake.add_provider(ExchangeProvider)
    fake.seed_instance(1)
    venue, base = fake.exchange_venue(), fake.exchange_product()
    dollar = {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"}
    document = {
        "venues": [venue],
        "routes": ["DIRECT"],
        "products": [dollar, base],
        "tradable_products": [fake.exchange_tradable_product(base, venue, "DIRECT")],
    }
    (pair,) = build(document, "faked").tradable_products
    assert pair.name == f"{base['name']}/USD*{venue}/DIRECT"
