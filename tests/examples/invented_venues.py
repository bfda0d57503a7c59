import json

from hypothesis import given, settings
from simulator import Simulation
from simulator.testing.strategies import scenarios

ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "98000", "quantity": "1",
         "target": "BTC Crypto/USD*COINBASE/DIRECT"}


def follow(updates):
    filled = {}
    for order in updates:
        if "Acked" in order["state"]:
            filled.setdefault(order["order_id"], "0")
        if order["filled_qty"] != "0":
            filled[order["order_id"]]  # the planted bug: it trusts that the ack came first
            filled[order["order_id"]] = order["filled_qty"]
    return filled


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(scenarios())
def test_follow(venue):
    world = Simulation(venue)
    client = world.connect("/")
    world.receive(client, json.dumps({"id": 1, "type": "SubscribeOrderState"}))
    world.receive(client, json.dumps({"id": 2, **ORDER}))
    sent = [item for _, items in world.advance(world.now + 60_000_000_000) for item in items]
    messages = [json.loads(item) for item in sent if isinstance(item, bytes)]
    follow(order for message in messages if message["id"] == 1 for order in message["response"].get("Ok", []))
