import pytest

from simulator.testing.exchange import Exchange


def test_contracts_that_have_expired_are_warned_of() -> None:
    """An exchange of one's own catalogue warns of contracts that are over before it begins."""
    spx = {"name": "SPX", "kind": "Index", "price_in_limit_dollars": "1"}
    future = {"name": "ES", "kind": "Future", "price_in_limit_dollars": "1", "underlying": "SPX", "multiplier": "50"}
    products = [spx, future | {"expiration": "2024-03-15"}]
    catalogue = {"name": "mine", "venues": [], "routes": [], "products": products, "tradable_products": []}
    Exchange({"catalogue": catalogue, "clock": "instant"})
    with pytest.warns(UserWarning, match=r"'mine' has 1 of its contracts expire before .*, which take no orders: ES$"):
        Exchange({"catalogue": catalogue, "clock": "real"})


def test_an_exchange_on_a_real_clock_has_the_contracts_of_today() -> None:
    """Its scenario is held against the contracts that there are when it begins."""
    exchange = Exchange(clock="real")
    assert exchange.simulation.loaded is not None
    assert exchange.simulation.loaded.catalogue is exchange.simulation.catalogue
    now = exchange.simulation.now
    live = [product for product in exchange.simulation.catalogue.products if (product.expires or 0) > now]
    assert len(live) == 62
