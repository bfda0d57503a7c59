"""The prices of the default catalogue are of one date: whatever is worth the same costs about the same."""

import math
from decimal import Decimal

import pytest

from simulator.catalogue import TradableProduct, load
from simulator.times import EPOCH_2024

CATALOGUE = load("default")
LIVE = [each for each in CATALOGUE.tradable_products if each.mid is not None]
YEAR = 365 * 86_400 * 10**9
CARRY = {"SPX Index": 0.041, "NDX Index": 0.047, "BTC Crypto": 0.10, "ETH Crypto": 0.09, "GOLD Commodity": 0.053}
VOLATILITY = {
    "BTC Crypto": 0.67,
    "ETH Crypto": 0.66,
    "AAPL Equity": 0.2,
    "TSLA Equity": 0.45,
    "SPY Equity": 0.12,
    "SPX Index": 0.12,
}
LENT = 0.05


def dollars(name: str) -> float:
    """Return what a product is worth."""
    product = CATALOGUE.product(name)
    assert product is not None
    return product.price_in_limit_dollars / 1e9


def mid(pair: TradableProduct) -> float:
    """Return a pair's usual price in dollars."""
    return (pair.mid or 0) / 1e9 * dollars(pair.quote.name)


def years(pair: TradableProduct) -> float:
    """Return how long a contract has to go when the world begins."""
    return ((pair.base.expires or 0) - EPOCH_2024) / YEAR


@pytest.mark.parametrize("pair", [each for each in LIVE if each.base.value is None], ids=lambda each: each.name)
def test_a_product_costs_the_same_everywhere(pair: TradableProduct) -> None:
    """On each venue, and against each currency, a product costs what it is worth, within a thousandth or a tick."""
    worth = dollars(pair.base.name)
    tick = pair.quote_increment / 1e9 * dollars(pair.quote.name)
    assert abs(mid(pair) - worth) <= max(0.001 * worth, 1.01 * tick)


@pytest.mark.parametrize(
    "pair", [each for each in LIVE if each.base.kind in ("Perpetual", "Future")], ids=lambda each: each.name
)
def test_a_contract_costs_what_its_underlying_does_and_the_carry(pair: TradableProduct) -> None:
    """A perpetual is near what it is on; a future costs as much more as it costs to carry that until then."""
    contract = pair.base.value
    assert contract is not None
    spot = dollars(contract.underlying)
    if contract.underlying in CARRY and pair.base.kind == "Future":
        assert abs(mid(pair) / (spot * math.exp(CARRY[contract.underlying] * years(pair))) - 1) < 0.002
    else:
        assert abs(mid(pair) / spot - 1) < 0.02
    assert abs(pair.base.price_in_limit_dollars / 1e9 - spot * float(contract.multiplier)) < 0.001 * spot


def black_scholes(spot: float, strike: float, time: float, rate: float, volatility: float, call: bool) -> float:
    """Return what an option is worth by the formula of Black and Scholes, with the integral done by steps."""
    deviation = volatility * math.sqrt(time)
    total, steps = 0.0, 4000
    for step in range(steps):
        z = -8 + 16 * (step + 0.5) / steps
        end = spot * math.exp((rate - volatility**2 / 2) * time + deviation * z)
        gain = max(end - strike, 0) if call else max(strike - end, 0)
        total += gain * math.exp(-z * z / 2) * 16 / steps
    return math.exp(-rate * time) * total / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("pair", [each for each in LIVE if each.base.kind == "Option"], ids=lambda each: each.name)
def test_an_option_costs_what_the_formula_says(pair: TradableProduct) -> None:
    """Each option is worth what chance makes of it, at a volatility of its underlying's own."""
    contract = pair.base.value
    assert contract is not None
    name = contract.underlying
    rate = CARRY[name] if name.endswith("Crypto") else LENT
    worth = black_scholes(
        dollars(name), float(contract.strike or 0), years(pair), rate, VOLATILITY[name], contract.put_or_call == "Call"
    )
    assert abs(mid(pair) - worth) <= 0.51 * pair.quote_increment / 1e9 + 0.001 * worth
    assert Decimal(pair.base.price_in_limit_dollars) == Decimal(pair.mid or 0) * Decimal(contract.multiplier)


def test_steps_are_worth_little() -> None:
    """The least quantity of what is no future, option or share costs 300 dollars at most, a tick a hundredth."""
    for pair in LIVE:
        if pair.base.kind in ("Coin", "Fiat", "Perpetual"):
            assert mid(pair) * pair.base_increment / 1e9 <= 300, pair.name
    for pair in LIVE:
        assert pair.quote_increment / (pair.mid or 1) < 0.011, pair.name
