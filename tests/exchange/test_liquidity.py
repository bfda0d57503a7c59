"""The market's own liquidity: its ladder, its walk and its trades, the same again for the same seed."""

import random
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from simulator.exchange.limits import ALL
from simulator.exchange.liquidity import Market, MarketSpec
from simulator.exchange.orders import Fill, OrderChanged, Traded
from simulator.terms import BILLION
from support.exchange import BUY, SELL, Floor, amount, exposures, recomputed


def opened(floor: Floor, spec: MarketSpec, seed: int = 1) -> Market:
    """Open a market in the floor's first instrument."""
    return Market(floor.venue, floor.btc, spec, random.Random(seed), 0)


def prices(floor: Floor) -> tuple[list[int], list[int]]:
    """Return the prices of bids and asks, best first."""
    bids, asks = floor.depth()
    return [price for price, _ in bids], [price for price, _ in asks]


def amounts(*values: int | str) -> list[int]:
    """Return billionths of each."""
    return [amount(value) for value in values]


def test_market_quotes_when_it_is_made() -> None:
    """A market quotes both sides around its price, at equal distances, as soon as it is there."""
    floor = Floor()
    opened(floor, MarketSpec(amount(100), spread=amount(2), levels=3))
    assert prices(floor) == (amounts(99, 98, 97), amounts(101, 102, 103))
    assert floor.news() == []


def test_sizes_grow_away_from_the_best_price() -> None:
    """A quote is worth 40 to 160 % of ten thousand for the best level, and of so much more for each one behind it."""
    seen: dict[int, list[int]] = {}
    for seed in range(200):
        floor = Floor()
        opened(floor, MarketSpec(amount(50), spread=amount(2), levels=3), seed)
        for side in floor.depth():
            for level, (_, quantity) in enumerate(side):
                seen.setdefault(level, []).append(quantity * 50 // BILLION)
    ranges = [(min(worth), max(worth)) for worth in seen.values()]
    assert ranges == [(8000, 32_000), (12_000, 48_000), (16_000, 64_000)]


@pytest.mark.parametrize(
    ("mid", "spread", "bid", "ask"),
    [
        (100, "0.5", "99.5", 100),  # one tick
        (100, 1, "99.5", "100.5"),
        (100, "1.5", 99, "100.5"),
        (100, "1.2", 99, "100.5"),  # rounded up to a tick
        ("100.3", 1, "99.5", "100.5"),
        (100, "0.000000001", "99.5", 100),
        (100, None, "99.5", "100.5"),  # a hundredth of a percent is less than two ticks
        (20000, None, 19999, 20001),
        ("25000.5", None, 24999, 25002),  # a billionth more than five ticks is six
    ],
)
def test_spread_is_what_the_spec_says(mid: int | str, spread: str | None, bid: int | str, ask: int | str) -> None:
    """Best bid and best ask are the spread apart, on ticks, wherever the price is."""
    floor = Floor()
    opened(floor, MarketSpec(amount(mid), None if spread is None else amount(spread), levels=2))
    bids, asks = prices(floor)
    assert (bids[0], asks[0]) == (amount(bid), amount(ask))


@settings(deadline=None)
@given(
    st.integers(1, 10**15),
    st.none() | st.integers(1, 10**13),
    st.integers(1, 25),
    st.integers(1, 10**10),
    st.integers(1, 10**10),
    st.integers(0, 9),
)
def test_ladder_is_sound(mid: int, spread: int | None, levels: int, tick: int, step: int, moves: int) -> None:
    """Whatever the spec, quotes are above zero, on tick and step, uncrossed, and no level is left out upwards."""
    floor = Floor()
    floor.btc.set_increments(tick, step)
    market = opened(floor, MarketSpec(mid, spread, levels, volatility=10**8))
    for now in range(moves):
        market.move(now)
    bids, asks = floor.depth()
    assert len(asks) == levels
    assert len(bids) <= levels
    for price, quantity in bids + asks:
        assert price > 0
        assert quantity > 0
        assert price % tick == quantity % step == 0
    if bids:
        assert asks[0][0] - bids[0][0] == -(-(spread or max(2 * tick, market.mid // 10_000)) // tick) * tick
    assert floor.news() == []


def test_market_moves_by_its_volatility() -> None:
    """Each move shifts the price by a share of it, and the ladder with it."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(1000), spread=amount(2), levels=1, volatility=10**7))
    mids = []
    for now in range(200):
        market.move(now)
        mids.append(market.mid)
        best = floor.btc.book.bids.best
        assert best is not None
        assert market.mid - amount(1) - floor.btc.tick < best <= market.mid - amount(1)
    assert len(set(mids)) > 190
    steps = [abs(later - earlier) for earlier, later in pairwise(mids)]
    assert amount(4) < sum(steps) // len(steps) < amount(16)


def test_market_without_volatility_stands() -> None:
    """With no volatility the price stays where the spec has it."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(1000), volatility=0))
    for now in range(20):
        market.move(now)
    assert market.mid == amount(1000)


def test_price_is_pulled_back() -> None:
    """A price that has wandered off comes back towards the spec's, from either side."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(1000), volatility=0))
    for start, next_mid in ((500, 501), (2000, 1998)):
        market.mid = amount(start)
        market.move(0)
        assert market.mid == amount(next_mid)
        for now in range(3000):
            market.move(now)
        assert abs(market.mid - amount(1000)) < amount(5)


@pytest.mark.parametrize("mid", [1, 1000])
def test_price_does_not_fall_through_the_floor(mid: int) -> None:
    """However wild the walk, there are bids; a price of few ticks is not lifted from where it was meant to be."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(mid), volatility=9 * 10**8, levels=3))
    lowest = min(amount(mid), amount("2.5"))
    for now in range(300):
        market.move(now)
        assert market.mid >= lowest
        assert floor.btc.book.bids.best is not None
    calm = opened(Floor(), MarketSpec(amount(mid), volatility=0, levels=20))
    calm.move(1)
    assert calm.mid == amount(mid)


def test_walking_market_fills_resting_clients() -> None:
    """A client's order that the walk runs over is filled at its own price, and the sums stay right."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(1000), spread=amount(2), volatility=10**7))
    orders = [floor.submit("ann", buy, 1000 + away, 1) for buy, away in ((BUY, -3), (SELL, 3), (BUY, -20), (SELL, 20))]
    for now in range(1000):
        market.move(now)
    assert all(order.is_out for order in orders)
    assert [order.notional for order in orders] == [order.price * amount(1) for order in orders]
    assert exposures(floor.venue) == recomputed(floor.venue)


def test_somebody_takes_part_of_the_best_quote() -> None:
    """A trade takes five to sixty hundredths of the best level of either side, at its price, on step."""
    sides = set()
    for seed in range(40):
        floor = Floor()
        market = opened(floor, MarketSpec(amount(100), spread=amount(2)), seed)
        bids, asks = floor.depth()
        market.trade(9)
        [event] = floor.news()
        assert isinstance(event, Traded)
        price, quantity = asks[0] if event.buy else bids[0]
        assert event == Traded(floor.btc.listing.id, event.buy, price, event.quantity, 9)
        assert quantity * 4 // 100 <= event.quantity <= quantity * 60 // 100
        assert event.quantity % floor.btc.step == 0
        assert floor.depth()[event.buy] == [(price, quantity - event.quantity), *(asks if event.buy else bids)[1:]]
        sides.add(event.buy)
    assert sides == {BUY, SELL}


def test_somebody_takes_a_clients_order() -> None:
    """A client's order that is the best of its side is what somebody takes, a step at least."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), spread=amount(4)))
    order = floor.submit("ann", BUY, 99, "0.01")
    floor.news()
    while not order.is_out:
        market.trade(9)
    events = [event for event in floor.news() if not (isinstance(event, Traded) and event.price != order.price)]
    assert [type(event) for event in events] == [Fill, OrderChanged, Traded]
    assert floor.venue.fills[0].quantity == amount("0.01")
    assert floor.venue.fills[0].maker


def test_empty_side_is_not_traded() -> None:
    """Where nothing stands nobody trades."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100)))
    floor.quote()
    for now in range(20):
        market.trade(now)
    assert floor.news() == []


@pytest.mark.parametrize("how", ["halt", "delist"])
def test_closed_market_stands_still(how: str) -> None:
    """While its product is halted or delisted a market neither moves nor trades; after a halt it goes on."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), volatility=10**7))
    if how == "halt":
        floor.venue.halt(ALL)
    else:
        floor.venue.delist(floor.btc)
    before = floor.depth()
    for now in range(20):
        market.move(now)
        market.trade(now)
    assert (floor.depth(), floor.news(), market.mid) == (before, [], amount(100))
    if how == "halt":
        floor.venue.resume(ALL)
        market.move(30)
        assert market.mid != amount(100)


def test_closed_market_draws_its_trades_all_the_same() -> None:
    """A trade draws the same from the generator whether it finds anything or not."""
    after = []
    for halted in (False, True):
        floor, rng = Floor(), random.Random(5)
        market = Market(floor.venue, floor.btc, MarketSpec(amount(100)), rng, 0)
        if halted:
            floor.venue.halt(ALL)
        market.trade(1)
        after.append(rng.random())
    assert after[0] == after[1]


def run(seed: int) -> list[object]:
    """Return all that a market does in a while."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), volatility=10**7, trade_every=BILLION), seed)
    seen: list[object] = []
    now = 0
    for _ in range(50):
        now = market.next_trade(now)
        market.move(now)
        market.trade(now)
        seen += [now, floor.depth(), floor.news()]
    return seen


def test_same_seed_makes_the_same_market() -> None:
    """The seed decides everything a market does, and another seed makes another market."""
    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("every", [1, 1000, BILLION])
def test_trades_come_on_average_as_often_as_said(every: int) -> None:
    """The next trade is later by at least a nanosecond, and by the spec's interval on average."""
    market = opened(Floor(), MarketSpec(amount(100), trade_every=every))
    waits = [market.next_trade(7) - 7 for _ in range(3000)]
    assert min(waits) >= 1
    assert 0.9 * every < sum(waits) / len(waits) < max(1.1 * every, 1.6)


def test_increments_changed_in_mid_session_are_followed() -> None:
    """A market quotes on the new tick and step from its next move on."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), spread=amount(10), levels=2, volatility=0))
    floor.btc.set_increments(amount(5), amount(50))
    market.move(1)
    bids, asks = floor.depth()
    assert ([price for price, _ in bids], [price for price, _ in asks]) == (amounts(95, 90), amounts(105, 110))
    assert all(quantity % amount(50) == 0 for _, quantity in bids + asks)


def test_market_of_a_seed_is_the_same_for_ever() -> None:
    """What a seed makes today it makes in every version: else a recorded session would not replay."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(1000), levels=1, volatility=10**6, trade_every=BILLION))
    seen: list[Any] = []
    for now in range(3):
        market.move(now)
        market.trade(now)
        trades = [event for event in floor.news() if isinstance(event, Traded)]
        seen.append((market.mid, [(trade.buy, trade.price, trade.quantity) for trade in trades], market.next_trade(0)))
    assert seen == [
        (1_000_976_243_000, [(True, 1_001_000_000_000, 3_620_000_000)], 639_123_579),
        (999_582_650_259, [(True, 1_000_000_000_000, 10_080_000_000)], 28_757_024),
        (1_000_129_724_889, [(True, 1_000_500_000_000, 9_100_000_000)], 309_696_706),
    ]


def test_long_run_of_a_seed_is_the_same_for_ever() -> None:
    """The same over fifty moves and trades, by their SHA-256: whoever changes it on purpose says so in a release."""
    seen = [
        (at, depth, [(type(event).__name__, structs.astuple(event)) for event in news])
        for at, depth, news in zip(*[iter(run(1))] * 3, strict=True)
    ]
    assert sha256(repr(seen).encode()).hexdigest() == "e4698903a7a7b10eae7ebb1b65c804c15d0049fc5f88a5acb0b206d7ab9df589"


def test_what_a_market_is_like_unless_told_otherwise() -> None:
    """Twenty levels, a ten-thousandth of the price a move, and it stands still."""
    assert MarketSpec(5) == MarketSpec(5, spread=None, levels=20, every=None, volatility=100_000, trade_every=None)
