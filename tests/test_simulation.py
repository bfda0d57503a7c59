import os
import subprocess
import sys
from pathlib import Path

import simulator

PROGRAM = r"""
import json, sys
from simulator.simulation import Simulation
from simulator.terms import BILLION

def send(session, **request):
    sim.receive(session, json.dumps(request), sim.now + 1_000)

out = sys.stdout.buffer
sim = Simulation(catalogue="default", seed=int(sys.argv[1]), moving=3)
clients = [sim.connect("/architect"), sim.connect("/?account=ALICE"), sim.connect("/netidx")]
first, alice, reader = clients
pair = "BTC Crypto/USD*COINBASE/DIRECT"
moving = list(sim.venue.instruments)
send(reader, type="Subscribe", path="/local/architect/core/clock")
for number, target in enumerate([pair, *moving]):
    send(first, id=10 + number, type="SubscribeBook", tradable_product=target)
    send(alice, id=20 + number, type="SubscribeTrades", tradable_product=target)
    send(alice, id=30 + number, type="SubscribeCandles", tradable_product=target, width="1s")
send(first, id=40, type="SubscribeOrderState")
send(first, id=41, type="SubscribeConsolidatedBook", tradable_products=[pair, *moving])
send(first, id=42, type="SearchSymbol", limit=50, pat="b", scope="All")
send(first, id=43, type="QueryTradableProductIndex", query="All && !Venue(KRAKEN)")
for step in range(40):
    for target in (pair, *moving):
        side, price = ("Buy", "100000000") if step % 3 else ("Sell", "1")
        terms = {"dir": side, "price": price, "quantity": "1", "target": target}
        send(first, id=step, type="SendLimitOrder", account="DEFAULT", **terms)
    for session, messages in sim.advance(sim.now + BILLION // 3):
        for message in messages:
            out.write(b"%d %b\n" % (session.number, message))
send(first, id=50, type="ListFills", scope="All", set="All")
send(first, id=51, type="GetHistoricalCandles", tradable_product=pair, start="2023-12-31T23:00:00Z",
     end="2024-01-01T00:10:00Z", width="1m")
out.write(repr(sim.take()).encode() + b"\n")
for entry in sim.journal:
    out.write(repr(entry).encode() + b"\n")
"""


def run(seed: int, hash_seed: int) -> bytes:
    """Return all that a simulation says and writes into its journal, in a process of its own."""
    root = str(Path(simulator.__file__).parent.parent)
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": root}
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(seed)], env=env, capture_output=True, check=True)
    return ran.stdout


def test_one_seed_one_world() -> None:
    """The same seed and the same input give the same bytes and the same journal, whatever Python's own hashing does."""
    first = run(7, 0)
    assert first == run(7, 12345)
    assert first.count(b"'event'") > 400
    assert first.count(b'"Filled"') > 40
    assert first.count(b'"updates"') > 10


def test_another_seed_another_world() -> None:
    """Another seed gives another market."""
    assert run(7, 0) != run(8, 0)
