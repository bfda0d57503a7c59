"""The market's own liquidity: its ladder, its walk and its trades, the same again for the same seed."""

import random
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from simulator.exchange.limits import ALL
from simulator.exchange.liquidity import Market, MarketSpec, usual_spread
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
        (100, "0.5", 100, "100.5"),  # one tick
        (100, 1, "99.5", "100.5"),
        (100, "1.5", "99.5", 101),
        (100, "1.2", "99.5", 101),  # rounded up to a tick
        ("100.2", 1, "99.5", "100.5"),  # on the ticks that are nearest
        ("100.3", 1, 100, 101),
        (100, "0.000000001", 100, "100.5"),
        (100, None, "99.5", "100.5"),  # a ten-thousandth is less than two ticks
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
        assert abs(asks[0][0] + bids[0][0] - 2 * market.mid) <= tick
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
        assert abs(market.mid - amount(1) - best) <= floor.btc.tick // 2
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
    """A trade takes a part of the best level of either side, at its price, on step."""
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
        assert amount(80) * 5 // 100 <= event.quantity <= min(quantity, amount(320) * 60 // 100)
        assert event.quantity % floor.btc.step == 0
        rest = [(price, quantity - event.quantity)] if event.quantity < quantity else []
        assert floor.depth()[event.buy] == [*rest, *(asks if event.buy else bids)[1:]]
        sides.add(event.buy)
    assert sides == {BUY, SELL}


def test_market_that_stands_never_runs_dry() -> None:
    """However long others trade in a market that does not walk, its quotes stay and what is traded is no dust."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), spread=amount(2), levels=3))
    ladder = prices(floor)
    traded = []
    for now in range(20_000):
        market.trade(now)
        bids, asks = floor.depth()
        assert (len(bids) >= 2, len(asks) >= 2) == (True, True)
        traded += [event.quantity for event in floor.news() if isinstance(event, Traded)]
    assert len(traded) == 20_000
    assert {price for side in ladder for price in side[:1]} == {amount(99), amount(101)}
    middle = sorted(traded)[10_000]
    assert amount(40) < middle < amount(90)  # 5 to 60 hundredths of 80 to 320, less what a level has not
    assert sum(quantity < amount(1) for quantity in traded) < 200


def test_quotes_of_somebody_else_are_left_to_run_dry() -> None:
    """Quotes that a script has put in place of the market's own are traded away, and not replaced by a trade."""
    floor = Floor()
    market = opened(floor, MarketSpec(amount(100), spread=amount(2)))
    floor.quote((BUY, 50, 1), (SELL, 51, 1))
    for now in range(200):
        market.trade(now)
    assert floor.depth() == ([], [])
    assert {event.price for event in floor.news() if isinstance(event, Traded)} == {amount(50), amount(51)}


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
        floor.venue.halts.begin(ALL)
    else:
        floor.venue.delist(floor.btc)
    before = floor.depth()
    for now in range(20):
        market.move(now)
        market.trade(now)
    assert (floor.depth(), floor.news(), market.mid) == (before, [], amount(100))
    if how == "halt":
        floor.venue.halts.end(ALL)
        market.move(30)
        assert market.mid != amount(100)


def test_closed_market_draws_its_trades_all_the_same() -> None:
    """A trade draws the same from the generator whether it finds anything or not."""
    after = []
    for halted in (False, True):
        floor, rng = Floor(), random.Random(5)
        market = Market(floor.venue, floor.btc, MarketSpec(amount(100)), rng, 0)
        if halted:
            floor.venue.halts.begin(ALL)
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
        (1_000_976_242_949, [(True, 1_001_500_000_000, 6_590_000_000)], 1_054_383_864),
        (999_584_602_431, [(True, 1_000_000_000_000, 1_840_000_000)], 1_806_457_582),
        (998_039_167_323, [(True, 998_500_000_000, 14_500_000_000)], 259_758_549),
    ]


def test_long_run_of_a_seed_is_the_same_for_ever() -> None:
    """The same over fifty moves and trades, by their SHA-256: whoever changes it on purpose says so in a release."""
    seen = [
        (at, depth, [(type(event).__name__, structs.astuple(event)) for event in news])
        for at, depth, news in zip(*[iter(run(1))] * 3, strict=True)
    ]
    assert sha256(repr(seen).encode()).hexdigest() == "62f65a775e609932bb5316dae0ab5deb262b45454e018282efce0bad9a631592"


def test_what_a_market_is_like_unless_told_otherwise() -> None:
    """Twenty levels, a ten-thousandth of the price a move, and it stands still."""
    assert MarketSpec(5) == MarketSpec(5, spread=None, levels=20, every=None, volatility=100_000, trade_every=None)


@pytest.mark.parametrize(
    ("kind", "turnover", "price", "tick", "spread"),
    [
        ("Crypto", 0, 10**13, 1, 10**9),  # a ten-thousandth
        ("Crypto", 1000, 10**13, 1, 10**9),
        ("Crypto", 1000, 10**6, 10**6, 2 * 10**6),  # two ticks, up to a turnover of a thousand
        ("Crypto", 1001, 10**6, 10**6, 99),  # and above it so many times less than a ten-thousandth
        ("Crypto", 4000, 10**13, 1, 25 * 10**7),
        ("Option", 0, 10**11, 1, 10**9),  # a hundredth
        ("Option", 4000, 10**11, 1, 2_500_000),
    ],
)
def test_usual_spread(kind: str, turnover: int, price: int, tick: int, spread: int) -> None:
    """What trades little is a ten-thousandth apart, an option a hundredth, and what trades much so much less."""
    floor = Floor()
    listing = structs.replace(floor.btc.listing, turnover=turnover)
    if kind == "Option":
        listing = structs.replace(listing, base=structs.replace(listing.base, kind="Option"))
    assert usual_spread(listing, price, tick) == spread


def test_levels_are_a_twenty_thousandth_of_the_price_apart() -> None:
    """Without a spread of its own a market's levels are that far apart, but a tick at least; else half its spread."""
    for mid, spread, apart in ((40_000, None, "2"), (100, None, "0.5"), (100, 10, "5"), (30_000, None, "1.5")):
        floor = Floor()
        opened(floor, MarketSpec(amount(mid), spread if spread is None else amount(spread), levels=3))
        for side in prices(floor):
            assert {abs(later - earlier) for earlier, later in pairwise(side)} == {amount(apart)}


@pytest.mark.parametrize(("left", "is_renewed"), [("0.49", True), ("0.5", False), ("0.51", False)])
def test_a_quote_of_which_less_than_half_is_left_is_renewed(left: str, is_renewed: bool) -> None:
    """Before somebody takes from it, a market quotes anew if less than half is left, and only then."""
    for seed in range(20):
        floor = Floor()
        floor.btc.set_increments(amount(1), 1)
        market = opened(floor, MarketSpec(amount(100), spread=amount(2), levels=2), seed)
        for buy, ((price, quantity), *_) in zip((SELL, BUY), floor.depth(), strict=True):
            floor.venue.trade(floor.btc, buy, price, quantity - quantity * int(Decimal(left) * 100) // 100, 1)
        before = [side[-1] for side in floor.depth()]
        market.trade(2)
        assert ([side[-1] for side in floor.depth()] != before) is is_renewed


def test_quotes_of_a_script_are_not_replaced_by_a_trade() -> None:
    """What a script has put in the place of quotes that were nearly used up stays until the market moves."""
    for seed in range(20):
        floor = Floor()
        market = opened(floor, MarketSpec(amount(100), spread=amount(2)), seed)
        for buy, ((price, quantity), *_) in zip((SELL, BUY), floor.depth(), strict=True):
            floor.venue.trade(floor.btc, buy, price, quantity * 9 // 10 // floor.btc.step * floor.btc.step, 1)
        floor.quote((BUY, 50, 1000), (SELL, 150, 1000))
        market.trade(2)
        assert [side[0][0] for side in floor.depth()] == amounts(50, 150)
        assert [len(side) for side in floor.depth()] == [1, 1]


def test_a_price_too_low_for_bids_is_traded_on_the_other_side_alone() -> None:
    """Where a market has nothing to bid, sellers find nothing, and buyers go on."""
    floor = Floor()
    market = opened(floor, MarketSpec(floor.btc.tick, spread=amount(1), levels=2))
    assert floor.depth()[0] == []
    for now in range(50):
        market.trade(now)
    assert {event.buy for event in floor.news() if isinstance(event, Traded)} == {BUY}
