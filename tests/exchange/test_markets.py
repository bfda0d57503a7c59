"""The markets of the default catalogue, as they stand when a world begins."""

import pytest

from simulator.catalogue import Catalogue, load
from simulator.exchange.markets import Markets
from simulator.exchange.venue import Venue
from simulator.schedule import Schedule
from simulator.terms import BILLION
from simulator.times import EPOCH_2024

CATALOGUE = load("default")


def top(name: str, catalogue: Catalogue = CATALOGUE) -> tuple[int, int, int]:
    """Return best bid, best ask and tick of a product's market, in billionths."""
    markets = Markets(Schedule(EPOCH_2024), Venue(catalogue), 7)
    listing = catalogue.tradable_product(name)
    assert listing is not None
    instrument = markets.instrument(listing)
    bid, ask = instrument.book.bids.best, instrument.book.asks.best
    assert bid is not None
    assert ask is not None
    return bid, ask, instrument.tick


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("BTC Crypto/USD*COINBASE/DIRECT", "0.5"),
        ("ETH Crypto/USD*COINBASE/DIRECT", "0.05"),
        ("BTC Crypto/USDT Crypto*BINANCE/DIRECT", "0.1"),
        ("BTC Perpetual/USDT Crypto*BINANCE/DIRECT", "0.1"),
        ("PEPE Crypto/USD*COINBASE/DIRECT", "0.00000001"),
        ("SHIB Crypto/USD*COINBASE/DIRECT", "0.00000001"),
        ("MKR Crypto/USD*COINBASE/DIRECT", "0.2"),
        ("EUR/USD*KRAKEN/DIRECT", "0.00015"),
        ("USD/JPY*KRAKEN/DIRECT", "0.02"),
        ("AAPL Equity/USD*NASDAQ/DIRECT", "0.01"),
        ("ES Future 20240315/USD*CME/MAREX", "0.5"),
        ("ZN Future 20240319/USD*CME/MAREX", "0.015625"),
    ],
)
def test_spreads_are_like_real_ones(name: str, most: str) -> None:
    """What trades much has a spread of a tick or a few, as on the venue whose name it bears."""
    bid, ask, tick = top(name)
    assert tick <= ask - bid <= round(float(most) * BILLION)


def test_spreads_everywhere_are_plausible() -> None:
    """No market's spread is wider than a tick or two, a ten-thousandth of the price, or a fiftieth for an option."""
    names = [each.name for each in CATALOGUE.tradable_products if each.mid is not None]
    for name in names:
        bid, ask, tick = top(name)
        share = 50 if " Option " in name else 5_000
        assert ask - bid <= max(2 * tick, ask // share), name
