from typing import Any

import pytest

from simulator.catalogue import Catalogue, build, load
from simulator.errors import ScenarioError
from simulator.replay import replay
from simulator.scenario import load as load_scenario
from simulator.scenario.reading.files import bundled

MINE: dict[str, Any] = {
    "name": "mine",
    "accounts": ["DESK-7", "OTHER"],
    "venues": ["XETR"],
    "routes": ["FIX"],
    "products": [
        {"name": "EUR", "kind": "Fiat", "price_in_limit_dollars": "1.1"},
        {"name": "SAP", "kind": "Equity", "price_in_limit_dollars": "200"},
        {"name": "PENNY", "kind": "Equity", "price_in_limit_dollars": "0.001"},
        {"name": "COARSE", "kind": "Index", "price_in_limit_dollars": "5000"},
    ],
    "tradable_products": [
        {
            "base": base,
            "quote": "EUR",
            "venue": "XETR",
            "route": "FIX",
            "quote_increment": tick,
            "base_increment": step,
            "mid": mid,
        }
        for base, tick, step, mid in [
            ("SAP", "0.02", "1", "187.42"),
            ("PENNY", "0.000001", "1000", "0.000873"),
            ("COARSE", "25", "0.000000001", None),
        ]
    ],
}
CASES = [
    (load("default"), "ETH Crypto/USDT Crypto*BINANCE/DIRECT"),
    *((build(MINE, "mine"), f"{base}/EUR*XETR/FIX") for base in ("SAP", "PENNY", "COARSE")),
]


@pytest.mark.parametrize(("catalogue", "product"), CASES, ids=lambda one: getattr(one, "name", one))
def test_every_bundled_scenario_is_one_of_any_product(catalogue: Catalogue, product: str) -> None:
    """Told of another product, of another catalogue with other accounts, each scenario's own client still passes."""
    results = {
        name: replay(load_scenario(path, catalogue=catalogue, product=product)) for name, path in bundled().items()
    }
    assert {name: result.failures for name, result in results.items() if result.verdict != "passed"} == {}


def test_prices_are_about_the_markets_own() -> None:
    """A price of 10,000 becomes the one nearest to the other market's 187.42 at which half of one is a tick of 0.02."""
    of_sap = load_scenario("partial-fill", catalogue=CASES[1][0], product="SAP/EUR*XETR/FIX").scenario
    ((name, market),) = of_sap.markets.items()
    assert market.asks is not None
    assert (name, [str(price) for price, _ in market.asks]) == ("SAP/EUR*XETR/FIX", ["400", "400.02"])


@pytest.mark.parametrize(
    ("scenario", "product", "why"),
    [
        (
            "partial-fill",
            "SAP/EUR*XETR/FIXX",
            "--product: there is no tradable product 'SAP/EUR*XETR/FIXX' in mine; did you mean 'SAP/EUR*XETR/FIX'?",
        ),
        ({}, "SAP/EUR*XETR/FIX", "--product: expected a scenario with a market of one product, got none"),
        (
            {"markets": {"A": {"mid": 1}, "B": {"mid": 1}}},
            "SAP/EUR*XETR/FIX",
            "--product: expected a scenario with a market of one product, got 'A', 'B'",
        ),
    ],
)
def test_what_cannot_be_told_of_another_product(scenario: Any, product: str, why: str) -> None:
    """A product that there is not, and a scenario that is not about one product, are said."""
    with pytest.raises(ScenarioError) as raised:
        load_scenario(scenario, catalogue=build(MINE, "mine"), product=product)
    assert str(raised.value) == why
