"""Candles of every width against each other, and against sums of the trades that were published."""

import json
import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from simulator.catalogue import TradableProduct, load
from simulator.exchange.orders import Traded
from simulator.gateway.candles import MOST_CANDLES
from simulator.gateway.tape import Tape
from simulator.terms import BILLION, Refusal
from simulator.times import EPOCH_2024, parse_time, text_of_time
from simulator.wire.replies import CandleView
from support.gateway import Client, World

WIDTHS = {"1s": 1, "5s": 5, "1m": 60, "15m": 900, "1h": 3600, "1d": 86_400}
DAY = 86_400
BTC = "BTC Crypto/USD*COINBASE/DIRECT"


class Sum(NamedTuple):
    """What a candle says, as numbers."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    bought: Decimal
    sold: Decimal


def listing(name: str = BTC) -> TradableProduct:
    """Return a tradable product of the default catalogue."""
    found = load("default").tradable_product(name)
    assert found is not None
    return found


def read(candle: Any) -> tuple[int, Sum]:
    """Return a candle's beginning in seconds and its numbers; its volume is what was bought and sold."""
    if isinstance(candle, CandleView):
        candle = {name: getattr(candle, name) for name in candle.__struct_fields__}
    time = parse_time(candle["time"])
    assert time is not None
    fields = ("open", "high", "low", "close", "buy_volume", "sell_volume")
    numbers = Sum(*(Decimal(candle[name]) for name in fields))
    assert Decimal(candle["volume"]) == numbers.bought + numbers.sold
    return time[0] // BILLION, numbers


def summed(parts: Iterable[tuple[int, Sum]], width: int) -> dict[int, Sum]:
    """Return candles of a width, put together of shorter ones in their order."""
    wholes: dict[int, list[Sum]] = {}
    for begin, part in parts:
        wholes.setdefault(begin - begin % width, []).append(part)
    return {
        begin: Sum(
            each[0].open,
            max(part.high for part in each),
            min(part.low for part in each),
            each[-1].close,
            sum((part.bought for part in each), Decimal()),
            sum((part.sold for part in each), Decimal()),
        )
        for begin, each in wholes.items()
    }


def candles_of(tape: Tape, product: TradableProduct, first: int, last: int, width: str) -> dict[int, Sum]:
    """Return all candles that begin in a span of seconds, asked for in as many requests as it takes."""
    seconds = WIDTHS[width]
    found: dict[int, Sum] = {}
    for begin in range(first, last, seconds * MOST_CANDLES):
        end = min(last, begin + seconds * MOST_CANDLES) - 1
        history = tape.history(product, product.mid, (begin * BILLION, end * BILLION), seconds * BILLION, 2)
        assert not isinstance(history, Refusal)
        found.update(map(read, history))
    return found


@pytest.mark.parametrize(
    ("name", "began"),
    [
        (BTC, EPOCH_2024),
        (BTC, EPOCH_2024 + 49_033_500_000_000),  # 13:37:13.5
        ("PEPE Crypto/USD*COINBASE/DIRECT", EPOCH_2024 + 49_033_500_000_000),
        ("ES Future 20240315/USD*CME/MAREX", EPOCH_2024 + 86_399_999_999_999),
    ],
)
def test_a_day_is_the_sum_of_its_hours_and_those_of_their_minutes(name: str, began: int) -> None:
    """Before and around the beginning of the exchange, each width says the same of the same time."""
    product = listing(name)
    tape = Tape(began, 7)
    rng = random.Random(5)
    price = product.mid or 0
    for number in range(2_000):
        price = max(product.quote_increment, price + rng.randint(-3, 3) * product.quote_increment)
        time = began + number * 7_400_000_000 + rng.randint(0, 7_000_000_000)
        tape.record(Traded(product.id, rng.random() < 0.5, price, rng.randint(1, 99) * product.base_increment, time))
    today = began // BILLION // DAY * DAY
    spans = {"1d": 4 * DAY, "1h": 4 * DAY, "15m": 4 * DAY, "1m": 4 * DAY, "5s": DAY, "1s": 10_800}
    first = {width: max(today - 2 * DAY, began // BILLION // 3600 * 3600 - 7200) for width in ("5s", "1s")}
    found: dict[str, dict[int, Sum]] = {}
    for width, length in spans.items():
        begin = first.get(width, today - 2 * DAY)
        found[width] = candles_of(tape, product, begin, begin + length, width)
        assert list(found[width]) == sorted(found[width])
    for width, shorter in (("1d", "1h"), ("1h", "15m"), ("15m", "1m"), ("1m", "5s"), ("5s", "1s")):
        begin = first.get(shorter, today - 2 * DAY)
        parts = summed(found[shorter].items(), WIDTHS[width])
        assert parts == {start: each for start, each in found[width].items() if start in parts}, width
        past = [start for start in found[width] if begin <= start < min(began // BILLION, begin + spans[shorter])]
        assert [start for start in past if start not in parts] == []
    assert len(found["1d"]) in (3, 4)
    assert len(found["1s"]) > 7200


def test_a_day_is_the_sum_of_its_seconds() -> None:
    """All seconds of a day before the exchange began make that day."""
    product = listing()
    tape = Tape(EPOCH_2024 + 5 * DAY * BILLION, 3)
    first = EPOCH_2024 // BILLION
    seconds = candles_of(tape, product, first, first + DAY, "1s")
    assert len(seconds) == DAY
    for width in ("5s", "1m", "15m", "1h", "1d"):
        assert summed(seconds.items(), WIDTHS[width]) == candles_of(tape, product, first, first + DAY, width)


def test_each_candle_begins_where_the_one_before_ended() -> None:
    """Before the exchange began, prices have no gaps, and the last is the one at which the market opens."""
    product = listing()
    tape = Tape(EPOCH_2024, 7)
    for width, seconds in WIDTHS.items():
        found = list(
            candles_of(tape, product, EPOCH_2024 // BILLION - 5_000 * seconds, EPOCH_2024 // BILLION, width).values()
        )
        assert len(found) == 5_000
        assert [later.open for later in found[1:]] == [earlier.close for earlier in found[:-1]]
        assert found[-1].close == Decimal(42_280)
        tick, step = Decimal("0.01"), Decimal("0.00000001")
        for each in found:
            assert 0 < each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high
            assert each.bought + each.sold > 0
            assert each.low % tick + each.bought % step == 0
        moves = [each.close - each.open for each in found]
        assert sum(move > 0 for move in moves) > 1_500
        assert sum(move < 0 for move in moves) > 1_500


def test_seeds_and_products_have_pasts_of_their_own() -> None:
    """The same seed invents the same candles, another seed or product others."""
    span = (EPOCH_2024 - 3600 * BILLION, EPOCH_2024 - 1)
    btc, eth = listing(), listing("ETH Crypto/USD*COINBASE/DIRECT")
    pasts = [
        Tape(EPOCH_2024, seed).history(product, 10**12, span, 60 * BILLION, 2)
        for seed, product in ((7, btc), (7, btc), (8, btc), (7, eth))
    ]
    assert pasts[0] == pasts[1]
    assert pasts[0] != pasts[2]
    assert pasts[0] != pasts[3]


def test_more_trades_than_any_memory_are_summed_up() -> None:
    """A quarter of a million trades of one product, many in a second, are all in the candles of every width."""
    product = listing()
    tape = Tape(EPOCH_2024, 7, kept=20_000)
    rng = random.Random(3)
    seconds: dict[int, list[Traded]] = {}
    time = EPOCH_2024
    for _ in range(250_000):
        time += rng.randint(0, 40_000_000)
        trade = Traded(product.id, rng.random() < 0.5, rng.randint(1, 10**6) * 10**7, rng.randint(1, 10**9), time)
        seconds.setdefault(time // BILLION, []).append(trade)
        tape.record(trade)

    def amount(value: int) -> Decimal:
        return Decimal(value).scaleb(-9)

    parts = {
        second: Sum(
            amount(trades[0].price),
            amount(max(trade.price for trade in trades)),
            amount(min(trade.price for trade in trades)),
            amount(trades[-1].price),
            amount(sum(trade.quantity for trade in trades if trade.buy)),
            amount(sum(trade.quantity for trade in trades if not trade.buy)),
        )
        for second, trades in seconds.items()
    }
    first = EPOCH_2024 // BILLION
    for width, length in WIDTHS.items():
        found = candles_of(tape, product, first, first + DAY, width)
        assert found == summed(parts.items(), length), width
        last = max(found)
        view = tape.candle(product, product.mid, last * BILLION, length * BILLION, 2)
        assert read(view) == (last, found[last])
        assert tape.candle(product, product.mid, (last + length) * BILLION, length * BILLION, 2) is None


def test_what_is_kept_no_longer_is_not_left_out_in_silence() -> None:
    """Of each width the newest candles are kept; who asks for older ones is told from when on there are any."""
    product = listing()
    tape = Tape(EPOCH_2024, 7, kept=10)
    for second in range(0, 40, 2):
        tape.record(Traded(product.id, True, 10**12, 10**9, EPOCH_2024 + second * BILLION))
    seconds = (EPOCH_2024, EPOCH_2024 + 60 * BILLION)
    assert tape.history(product, product.mid, seconds, BILLION, 2) == Refusal(
        "`$.start`: the last 10 candles of this width are kept, those from 2024-01-01T00:00:18.000000000Z on"
    )
    kept = tape.history(product, product.mid, (EPOCH_2024 + 18 * BILLION, seconds[1]), BILLION, 2)
    assert not isinstance(kept, Refusal)
    assert [read(candle)[0] - EPOCH_2024 // BILLION for candle in kept] == list(range(18, 40, 2))
    for span, width, count in (
        ((EPOCH_2024 - 60 * BILLION, EPOCH_2024 - 1), BILLION, 60),
        (seconds, 5 * BILLION, 8),
        (seconds, 60 * BILLION, 1),
    ):
        history = tape.history(product, product.mid, span, width, 2)
        assert not isinstance(history, Refusal)
        assert len(history) == count


def subscribe(client: Client, kind: str, **fields: Any) -> int:
    """Subscribe to something of Bitcoin's; return the subscription's id."""
    client.id += 1
    client.send(json.dumps({"id": client.id, "type": kind, "tradable_product": BTC, **fields}))
    return client.id


def test_history_joins_the_live_candles_and_the_trades() -> None:
    """What was told live is what history says later, the candle in whose middle the exchange began included."""
    began = EPOCH_2024 + 1_795_250_000_000  # 00:29:55.25
    scenario = {"markets": {BTC: {"mid": 42_000, "walk": {"every": "250ms"}, "trades": {"per_second": 5}}}}
    world = World("default", scenario=scenario, start=began, seed=7)
    client = world.connect()
    live = {width: subscribe(client, "SubscribeCandles", width=width) for width in WIDTHS}
    trades = subscribe(client, "SubscribeTrades")
    world.advance(4_000 * BILLION)
    news: dict[int, list[Any]] = {}
    for message in client.news():
        news.setdefault(message["id"], []).append(message["response"]["Ok"])
    parts: dict[int, list[Sum]] = {}
    for trade in news[trades]:
        price, size = Decimal(trade["price"]), Decimal(trade["size"])
        bought, sold = (size, Decimal()) if trade["direction"] == "Buy" else (Decimal(), size)
        time = parse_time(trade["time"])
        assert time is not None
        parts.setdefault(time[0] // BILLION, []).append(Sum(price, price, price, price, bought, sold))
    traded = summed([(second, each) for second, many in parts.items() for each in many], 1)

    def history(width: str) -> dict[int, Sum]:
        """Return the candles of two hours, asked for in parts."""
        found: dict[int, Sum] = {}
        step = WIDTHS[width] * MOST_CANDLES
        for first in range(EPOCH_2024 // BILLION, EPOCH_2024 // BILLION + 7201, step):
            last = min(EPOCH_2024 // BILLION + 7200, first + step - 1)
            span = {"start": text_of_time(first * BILLION), "end": text_of_time(last * BILLION)}
            candles = client.ask("GetHistoricalCandles", tradable_product=BTC, width=width, **span)
            found.update(map(read, candles))
        return found

    seconds = history("1s")
    begin = began // BILLION
    assert {second: each for second, each in seconds.items() if second > begin} == {
        second: each for second, each in traded.items() if second > begin
    }
    assert seconds[begin - 1].close == seconds[begin].open
    assert abs(seconds[begin].close - 42_000) < 5
    now = world.sim.now // BILLION
    for width, length in WIDTHS.items():
        found = history(width)
        assert summed(seconds.items(), length) == found
        told = dict(map(read, news.get(live[width], [])))
        ended = {first: each for first, each in found.items() if begin < first + length <= now}
        assert told == ended
    assert list(map(len, (news[live["15m"]], news[live["1h"]]))) == [5, 1]


def test_invented_quantities_are_like_those_that_are_traded() -> None:
    """An hour before the beginning has about as much volume as one after it, where a market trades once a second."""
    world = World("default", seed=7, moving=1)
    world.advance(3600 * BILLION)
    client = world.connect()
    asked = {"start": "2023-12-31T23:00:00Z", "end": "2024-01-01T00:00:00Z", "width": "1h"}
    (moving,) = world.sim.venue.instruments.values()
    (before, after) = client.ask("GetHistoricalCandles", tradable_product=moving.listing.name, **asked)
    assert 0.4 < Decimal(before["volume"]) / Decimal(after["volume"]) < 2.5
    assert before["close"] == "42280.00"
