"""Details of products and tradable products refer to other things by ids that the gateway knows."""

from uuid import UUID, uuid5

import pytest

from support.gateway import World

PRODUCTS = UUID("bb25a7a7-a61c-485a-ac29-1de369a6a043")
QUOTE_SYMBOLS = UUID("38cc860a-3855-4f9f-bad3-bc6c5ede7228")


@pytest.fixture(scope="module")
def world() -> World:
    """A world with the default catalogue."""
    return World("default", seed=7)


def test_a_derivative_says_its_underlying_by_a_products_id(world: World) -> None:
    """Every future's, option's and perpetual's underlying is an id under which a product is found."""
    client = world.connect()
    names = [product.name for product in world.sim.catalogue.products]
    details = client.ask("GetProductDetails", product=names)
    derivatives = {each["name"]: each["class"] for each in details if each["class"]["value"] is not None}
    assert {each["type"] for each in derivatives.values()} == {"Future", "Option", "Perpetual"}
    underlying = derivatives["BTC Perpetual"]["value"]["underlying"]
    assert underlying == str(uuid5(PRODUCTS, "BTC Crypto"))
    asked = [each["value"]["underlying"] for each in derivatives.values()]
    ids = {each["id"]: each["name"] for each in details}
    assert [ids.get(each) for each in asked].count(None) == 0
    assert [each["name"] for each in client.ask("GetProductDetails", product=[underlying])] == ["BTC Crypto"]


def test_market_data_is_named_by_quote_symbols(world: World) -> None:
    """The primary and the level 2 data have the id of a quote symbol that a search finds; nothing is implied."""
    client = world.connect()
    (details,) = client.ask("GetTradableProductDetails", tradable_product=["BTC Crypto/USD*COINBASE/DIRECT"])
    symbol = str(uuid5(QUOTE_SYMBOLS, "COINBASE:BTC-USD"))
    assert details["quote_info"] == {"primary": symbol, "implied": None, "l2": symbol}
    found = client.ask("SearchSymbol", pat="COINBASE:BTC-USD", scope="QuoteSymbol", limit=1)
    assert found["quote_symbol"] == [["COINBASE:BTC-USD", symbol]]
