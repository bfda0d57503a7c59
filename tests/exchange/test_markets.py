"""The markets of the default catalogue, as they stand when a world begins."""

import json
import math
from statistics import stdev

import pytest

from simulator.catalogue import Catalogue, load
from simulator.exchange.liquidity import MarketSpec
from simulator.exchange.markets import Markets
from simulator.exchange.orders import Traded
from simulator.exchange.venue import Venue
from simulator.schedule import Schedule
from simulator.terms import BILLION
from simulator.times import EPOCH_2024
from support import FIXTURES
from support.exchange import amount

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


class Hall:
    """The default catalogue's markets, and the time in which they move."""

    def __init__(self, start: int = EPOCH_2024) -> None:
        self.schedule = Schedule(start)
        self.venue = Venue(CATALOGUE)
        self.markets = Markets(self.schedule, self.venue, 7)

    def pass_time(self, nanoseconds: int) -> None:
        """Let time pass, and all that is due."""
        for act in self.schedule.due_by(self.schedule.now + nanoseconds):
            act()

    def mid(self, name: str) -> float:
        """Return the middle of a product's market, in whole units."""
        listing = CATALOGUE.tradable_product(name)
        assert listing is not None
        book = self.venue.instruments[listing.id].book
        assert book.bids.best is not None
        assert book.asks.best is not None
        return (book.bids.best + book.asks.best) / 2 / BILLION


def busiest(count: int) -> list[str]:
    """Return the names of the busiest markets of coins and contracts in dollars, by the catalogue's file alone."""
    entries = json.loads((FIXTURES / "catalogue" / "default.json").read_text())["tradable_products"]
    dollars = [each for each in entries if each["quote"] == "USD" and "mid" in each and "{" not in each["base"]]
    dollars.sort(key=lambda each: -int(each.get("turnover", 0)))
    first: dict[str, str] = {}
    for each in dollars:
        first.setdefault(each["base"], f"{each['base']}/{each['quote']}*{each['venue']}/{each['route']}")
    return list(first.values())[:count]


def test_the_busiest_markets_move_and_trade() -> None:
    """The most traded markets walk each quarter of a second, as much as Bitcoin does, and trade once a second."""
    hall = Hall()
    hall.markets.open_busiest(6)
    opened = [instrument.listing.name for instrument in hall.venue.instruments.values()]
    assert sorted(opened) == sorted(busiest(6))
    assert hall.schedule.awaited == 0
    moves = []
    for _ in range(20):
        before = {name: hall.mid(name) for name in opened}
        hall.pass_time(30 * BILLION)
        assert hall.schedule.awaited == 0
        moves += [math.log(hall.mid(name) / before[name]) for name in opened]
    expected = 0.45 * math.sqrt(30 / (365 * 86_400))  # 45 % a year
    assert abs(stdev(moves) / expected - 1) < 4 / math.sqrt(2 * len(moves))
    trades = [event for event in hall.venue.take_events() if isinstance(event, Traded)]
    expected_trades = 6 * 20 * 30
    assert abs(len(trades) - expected_trades) < 4 * math.sqrt(expected_trades)


def test_a_market_moves_just_as_often_as_it_says() -> None:
    """A market stands between its moves, and moves at each multiple of its interval after it was opened."""
    hall = Hall(EPOCH_2024 + 17)
    listing = CATALOGUE.tradable_product("BTC Crypto/USD*COINBASE/DIRECT")
    assert listing is not None
    hall.markets.open(hall.markets.listed(listing), MarketSpec(amount(42_000), every=3 * BILLION, volatility=10**6))
    for _ in range(20):
        before = hall.mid(listing.name)
        hall.pass_time(3 * BILLION - 1)
        assert hall.mid(listing.name) == before
        hall.pass_time(1)
        assert hall.mid(listing.name) != before


def test_the_price_at_which_a_market_opens_is_where_its_past_ends() -> None:
    """The history of a product leads to the price of the market that was opened last."""
    hall = Hall()
    listing = CATALOGUE.tradable_product("BTC Crypto/USD*COINBASE/DIRECT")
    assert listing is not None
    instrument = hall.markets.instrument(listing)
    assert instrument.opened == listing.mid
    hall.markets.open(instrument, MarketSpec(amount(10)))
    assert instrument.opened == amount(10)


def test_a_contract_that_nobody_trades_is_nothing_to_wait_for() -> None:
    """That a contract will expire keeps no clock awake, however it was asked for."""
    hall = Hall()
    contract = CATALOGUE.tradable_product("ES Future 20240315/USD*CME/MAREX")
    assert contract is not None
    hall.markets.instrument(contract)
    assert (hall.schedule.awaited, hall.schedule.next_due) == (0, contract.base.expires)
