import asyncio
import json
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from fuzz.wire import _HANDSHAKE as HANDSHAKE
from fuzz.wire import Peer, frame
from simulator.errors import ScenarioError
from simulator.scenario import load
from simulator.server import Server, Settings
from simulator.simulation import Simulation
from support.messages import payloads
from support.server import ANSWERS_ALL

pytestmark = pytest.mark.no_cover  # being traced, what is timed here takes many times as long

STALL = 0.05
"""How many seconds of this process's own time a message may take, the quickest of five times."""

ORDER = '{"id":1,"type":"SendLimitOrder","account":"account1","dir":"Buy","price":%s,"quantity":%s,"target":"tp1"}'
MEGABYTE = 1 << 20
MESSAGES = {
    "a hundred thousand lists": '{"id":1,"type":"ListOpen","scope":%s,"set":"All"}' % ("[" * 100_000 + "]" * 100_000),
    "lists without an end": "[" * 500_000,
    "objects without an end": '{"a":' * 100_000,
    "a deep query": '{"id":1,"type":"QueryTradableProductIndex","query":%s}'
    % ('{"type":"Not","value":' * 40_000 + '{"type":"All"}' + "}" * 40_000),
    "a deep query of text": '{"id":1,"type":"QueryTradableProductIndex","query":"%sAll"}' % ("!" * 500_000),
    "a query of brackets": '{"id":1,"type":"QueryTradableProductIndex","query":"%s"}' % ("(" * 500_000),
    "a glob of stars": '{"id":1,"type":"SearchSymbol","limit":9,"pat":"%s","scope":"All"}' % ("*a" * 200_000 + "b"),
    "a regex of groups": '{"id":1,"type":"SearchSymbol","limit":9,"pat":"%s","scope":"All"}' % ("(a+)+" * 20_000),
    "a whole number of a megabyte": ORDER % ("9" * (MEGABYTE - 200), '"1"'),
    "a text of digits of a megabyte": ORDER % ('"' + "9" * (MEGABYTE - 200) + '"', '"1"'),
    "digits after the point": ORDER % ('"0.' + "0" * (MEGABYTE - 200) + '1"', '"1"'),
    "a large exponent": ORDER % ("1e1000000", '"1"'),
    "a large exponent as text": ORDER % ('"1e1000000"', '"1"'),
    "a small exponent": ORDER % ("1e-1000000", '"1e-999999999999"'),
    "a large exponent as a limit": '{"id":1,"type":"SetLimits","limits":'
    '[{"set":"All","scope":"All","name":"MaxOrderQty","value":1e1000000}]}',
    "an id of a megabyte": '{"id":%s,"type":"GetHalts"}' % ("1" * (MEGABYTE - 100)),
    "an id with an exponent": '{"id":1e1000000,"type":"GetHalts"}',
    "a width of a megabyte": '{"id":1,"type":"SubscribeBook","tradable_product":"tp1","width":%s}' % ("1" * 900_000),
    "an order id of a megabyte": '{"id":1,"type":"CancelOrder","order_id":"%s"}' % ("1" * 900_000),
    "an order id that is a whole number": '{"id":1,"type":"CancelOrder","order_id":%s}' % ("1" * 900_000),
    "many order ids": '{"id":1,"type":"GetOrderState","order_ids":[1' + ",1" * 200_000 + "]}",
    "many products": '{"id":1,"type":"GetTradableProductDetails","tradable_product":["tp1"' + ',"tp1"' * 150_000 + "]}",
    "many limits": '{"id":1,"type":"GetLimits","limits":[["All","All"]' + ',["All","All"]' * 70_000 + "]}",
    "many keys": '{"0":1' + "".join(f',"{number}":1' for number in range(60_000)) + "}",
    "one key many times": '{"id":1,"type":"GetHalts"%s}' % (',"type":"GetHalts"' * 50_000),
    "a type of a megabyte": '{"id":1,"type":"%s"}' % ("Z" * 1_000_000),
    "dates of a megabyte": '{"id":1,"type":"GetHistoricalCandles","tradable_product":"tp1","width":"1s",'
    '"start":"%s","end":"2024-01-01"}' % ("2" * 900_000),
    "candles of ten thousand years": '{"id":1,"type":"GetHistoricalCandles","tradable_product":"tp1","width":"1s",'
    '"start":"0001-01-01","end":"9999-12-31"}',
    "many books": '{"id":1,"type":"SubscribeConsolidatedBook","precision":"0.000000001","tradable_products":["tp1"'
    + ',"tp1"' * 100_000
    + "]}",
    "escapes": '{"id":1,"type":"%s"}' % ("\\u0041" * 150_000),
}


def quickest(act: Callable[[], Any]) -> float:
    """Return the shortest time that something takes of this process, of five times."""
    times = []
    for _ in range(5):
        began = time.process_time()
        act()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("name", MESSAGES)
def test_message_that_is_a_bomb(name: str) -> None:
    """A message made to take long is answered once, by less than it was long, and at once."""
    message = MESSAGES[name]
    assert len(message) <= MEGABYTE
    sim = Simulation(catalogue="reference", seed=7)
    session = sim.connect("/")

    def say() -> None:
        sim.receive(session, message)
        ((_, items),) = sim.take()
        (answer,) = payloads(items)
        assert len(answer) < 2000
        assert set(json.loads(answer)) == {"id", "response"}
        sim.receive(session, '{"id":1,"type":"Unsubscribe"}')
        sim.take()

    assert quickest(say) < STALL
    assert (sim.venue.orders, list(sim.venue.limits)) == ({}, [])


@pytest.mark.parametrize("kind", ["GetOrderState", "GetOrderDetails", "GetRejectReason"])
def test_one_order_many_times(kind: str) -> None:
    """A request that asks for one order half a million times is refused, and one for 5,000 is answered once, soon."""
    sim = Simulation(catalogue="reference", seed=7)
    session = sim.connect("/")
    sim.receive(session, ORDER % ('"100"', '"1"'))
    sim.take()
    request = f'{{"id":1,"type":"{kind}","order_ids":[1%s]}}'
    said: list[bytes] = []

    def ask(more: int) -> None:
        sim.receive(session, request % (",1" * more))
        ((_, items),) = sim.take()
        said[:] = payloads(items)

    assert quickest(lambda: ask(500_000)) < STALL
    assert said == [b'{"id":1,"response":{"Err":"`$.order_ids`: expected at most 5000, got 500001"}}']
    ask(4999)
    assert len(json.loads(said[0])["response"]["Ok"]) == 1


def merges(depth: int, wide: int) -> str:
    """Return YAML whose mappings merge the one before many times."""
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{at}: &a{at}\n  <<: [{', '.join([f'*a{at - 1}'] * wide)}]" for at in range(1, depth)]
    return "\n".join(lines)


def aliases(depth: int, wide: int) -> str:
    """Return YAML whose lists hold the one before many times."""
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * wide)}]" for at in range(1, depth)]
    return "\n".join(lines)


YAML = {
    "merges": merges(30, 9),
    "aliases": aliases(30, 9),
    "aliases in rules": aliases(30, 9) + "\nrules: *a29",
    "a list in itself": "rules: &a [*a]",
    "deep lists": "rules: " + "[" * 5000,
    "deep blocks": "\n".join(" " * at + "a:" for at in range(3000)),
    "a whole number": "seed: " + "9" * 900_000,
    "a number of base 60": "seed: " + "1:" * 20_000 + "1",
    "a large exponent": "timeline: [{at: 1s, do: {increments: {product: tp1, quote_increment: 1e1000000}}}]",
    "a tag": "name: !!python/object/apply:os.system [exit]",
    "a glob of stars": "rules: [{when: {request: '%s'}, then: ack}]" % ("*a" * 3000),
    "a regular expression": "rules: [{when: {request: GetHalts, account: {regex: '%s'}}, then: reply}]" % ("(" * 5000),
}


@pytest.mark.parametrize("name", YAML)
def test_scenario_that_is_a_bomb(name: str, tmp_path: Any) -> None:
    """A scenario's file made to take long is refused with a message, soon and in few words."""
    path = tmp_path / "bomb.yaml"
    path.write_text(YAML[name])
    began = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert time.process_time() - began < 2.0
    assert len(str(caught.value)) < 4000


async def closed_with(data: bytes, **settings: Any) -> tuple[int, bytes]:
    """Send bytes behind a handshake; return the code and the reason of the close that comes."""
    server = Server(Simulation(catalogue="reference"), port=0, settings=Settings(close_timeout=0.1, **settings))
    await server.start()
    try:
        peer = await Peer.dial(server)
        assert await peer.status() == 101
        peer.writer.write(data)
        async with asyncio.timeout(10):
            got = await peer.frame()
        peer.writer.close()
    finally:
        await server.close(patience=0.1)
    assert server.errors == []
    assert got is not None
    assert got[0] == 8
    return struct.unpack("!H", got[1][:2])[0], got[1][2:]


FRAMES = {
    "too many fragments": (frame(1, b"", 0) + frame(0, b"", 0) * 4096 + frame(0, b""), 1009, b"too many fragments"),
    "a length of nine exabytes": (struct.pack("!BBQ4x", 0x81, 0xFF, (1 << 63) - 1), 1009, b""),
    "a length with its first bit set": (struct.pack("!BBQ4x", 0x81, 0xFF, 1 << 63), 1009, b""),
    "one byte too long": (struct.pack("!BBQ4x", 0x81, 0xFF, MEGABYTE + 1), 1009, b""),
    "fragments that are too long together": (frame(1, b"a" * 60_000, 0) + frame(0, b"a" * 60_000, 0) * 20, 1009, b""),
    "a long ping": (frame(9, b"a" * 126), 1002, b""),
    "a ping in fragments": (frame(9, b"a", 0), 1002, b""),
    "a compressed message": (frame(1, b"a", 0xC0), 1002, b""),
    "no mask": (b"\x81\x01a", 1002, b""),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_are_a_bomb(name: str) -> None:
    """Frames made to fill the memory are closed with the code that says so."""
    data, code, reason = FRAMES[name]
    got = asyncio.run(closed_with(data))
    assert got[0] == code
    assert got[1].startswith(reason)


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"a" * 9000,
        b"\r\n".join(b"X%d: a" % number for number in range(200)),
        b"X: " + b"a" * 5_000_000,
        b"a" * 5_000_000,
    ],
    ids=["a long header", "many headers", "a header of five megabytes", "no header of five megabytes"],
)
def test_headers_that_are_a_bomb(headers: bytes) -> None:
    """Headers made to fill the memory are answered 431, whatever follows."""

    async def ask() -> int | None:
        server = Server(Simulation(catalogue="reference"), port=0, settings=Settings(close_timeout=0.1))
        await server.start()
        try:
            peer = await Peer.dial(server, HANDSHAKE[:-2] + headers + b"\r\n\r\n")
            async with asyncio.timeout(10):
                got = await peer.status()
            peer.writer.close()
        finally:
            await server.close(patience=0.1)
        assert server.errors == []
        return got

    assert asyncio.run(ask()) == (431 if ANSWERS_ALL else None)
