import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from faker import Faker

from simulator.catalogue import build, dump, load
from simulator.catalogue.faker import EXPIRATIONS, ExchangeProvider, invent
from simulator.errors import CatalogueError
from simulator.terms import BILLION
from simulator.times import DAY, EPOCH_2024


@pytest.mark.parametrize(("venues", "products"), [(1, 2), (3, 10), (200, 5000)])
def test_counts_are_exact_and_every_product_has_a_canonical_pair(venues: int, products: int) -> None:
    """There are as many venues and products as asked for, and a USD pair for each product but USD."""
    catalogue = invent(7, venues, products)
    pairs = [catalogue.canonical(product) for product in catalogue.products]
    assert (len(catalogue.venues), len(catalogue.products)) == (venues, products)
    assert [p.name for p, pair in zip(catalogue.products, pairs, strict=True) if pair is None] == ["USD"]


@pytest.mark.parametrize("seed", range(20))
def test_prices_stand_on_their_ticks(seed: int) -> None:
    """Every mid is positive and on the tick, which is neither coarse nor dust beside it, and a step is worth little."""
    for pair in invent(seed, 2, 60).tradable_products:
        assert pair.mid is not None
        assert pair.mid % pair.quote_increment == 0
        if pair.base.kind == "Option":
            assert pair.quote_increment <= max(pair.mid // 20, 10**7)
        else:
            assert 400 <= pair.mid // pair.quote_increment <= 4_000_000
        worth = Fraction(pair.mid * pair.base_increment, 10**18)
        assert worth <= Fraction(1, 100) or pair.base_increment == 10**9


@pytest.mark.parametrize("seed", range(20))
def test_derivatives_are_near_their_underlying(seed: int) -> None:
    """Perpetuals, futures and options are worth what something on their underlying can be worth."""
    volatilities = {"Coin": 0.7, "Equity": 0.3, "Index": 0.15}
    catalogue = invent(seed, 1, 200)
    for pair in catalogue.tradable_products:
        contract, underlying = pair.base.value, catalogue.underlying(pair.base)
        if contract is None or underlying is None:
            continue
        price, spot = (pair.mid or 0) / BILLION, underlying.price_in_limit_dollars / BILLION
        in_dollars = pair.base.price_in_limit_dollars / BILLION / int(contract.multiplier)
        assert abs(price - in_dollars) <= 4 * pair.quote_increment / BILLION
        if pair.base.kind == "Perpetual":
            assert abs(price / spot - 1) < 0.003
        elif pair.base.kind == "Future":
            assert -0.002 < price / spot - 1 < 0.05
        else:
            strike = float(contract.strike or 0)
            at_once = max(spot - strike if contract.put_or_call == "Call" else strike - spot, 0)
            years = ((pair.base.expires or 0) - EPOCH_2024) / DAY / 365
            most = 0.4 * volatilities[underlying.kind] * math.sqrt(years) * spot
            slack = 4 * pair.quote_increment / BILLION
            assert 0.75 < strike / spot < 1.25
            assert at_once - slack <= price <= at_once + 1.3 * most + slack


def test_a_call_and_a_put_keep_parity() -> None:
    """Of one strike and date, the call is worth as much more than the put as the underlying is worth more than that."""
    fake = Faker()
    fake.add_provider(ExchangeProvider)
    fake.seed_instance(3)
    underlying = fake.exchange_product(kind="Equity")
    spot = Decimal(underlying["price_in_limit_dollars"])
    worth: dict[tuple[str, str], dict[str, Decimal]] = {}
    for _ in range(400):
        option = fake.exchange_product([underlying], "Option")
        each = Decimal(option["price_in_limit_dollars"]) / int(option["multiplier"])
        worth.setdefault((option["expiration"], option["strike"]), {})[option["put_or_call"]] = each
    pairs = [(Decimal(strike), both) for (_, strike), both in worth.items() if len(both) == 2]
    assert len(pairs) > 20
    for strike, both in pairs:
        assert both["Call"] - both["Put"] == spot - strike


def test_an_exchange_of_usual_size_has_a_bit_of_everything() -> None:
    """Among forty products there are several fiats, options, and equities at prices that equities have."""
    for seed in range(20):
        products = invent(seed, 5, 40).products
        kinds = Counter(product.kind for product in products)
        assert set(kinds) == {"Coin", "Fiat", "Equity", "Perpetual", "Future", "Option", "Index", "Commodity"}
        assert min(kinds["Fiat"], kinds["Option"], kinds["Future"]) >= 2
        equities = [product.price_in_limit_dollars / BILLION for product in products if product.kind == "Equity"]
        assert all(4 <= price <= 900 for price in equities)


def test_invented_contracts_are_always_to_come() -> None:
    """Dates are counted from the start of the world, in a file too."""
    catalogue = invent(7, 2, 100)
    for start in (EPOCH_2024, EPOCH_2024 + 1058 * DAY):
        dated = [product for product in catalogue.at(start).products if product.expires is not None]
        assert len(dated) >= 20
        assert all(start < (product.expires or 0) < start + 400 * DAY for product in dated)
        assert catalogue.at(start).notice(start) is None


def test_a_seed_invents_the_same_every_time_and_another_seed_another() -> None:
    """The catalogue depends on nothing but the arguments."""
    assert invent(1, 4, 30) == invent(1, 4, 30)
    assert dump(invent(1, 4, 30)) == dump(invent(1, 4, 30))
    assert invent(1, 4, 30) != invent(2, 4, 30)


def test_the_names_of_a_seed_stay_the_same_from_process_to_process() -> None:
    """What a seed invents is not changed by the order in which this process hashes its words."""
    assert [pair.name for pair in invent(3, 2, 4).tradable_products] == [
        "PXKU Crypto/USD*KRAMARKETS/DIRECT",
        "PXKU Crypto/USD*NORGAEX/DIRECT",
        "PXKU Future 20240126/USD*KRAMARKETS/DIRECT",
        "PXKU Future 20240126/USD*NORGAEX/DIRECT",
        "TPH Crypto/USD*KRAMARKETS/DIRECT",
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
        "expirations": EXPIRATIONS,
        "products": [dollar, base],
        "tradable_products": [fake.exchange_tradable_product(base, venue, "DIRECT")],
    }
    (pair,) = build(document, "faked").tradable_products
    assert pair.name == f"{base['name']}/USD*{venue}/DIRECT"
