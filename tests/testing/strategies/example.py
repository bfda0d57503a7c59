import json

from hypothesis import given, settings
from websockets.sync.client import connect

from simulator.testing.exchange import Exchange
from simulator.testing.strategies import ScenarioDict, scenarios

ORDER = {"type": "SendLimitOrder", "target": "BTC Crypto/USD*COINBASE/DIRECT", "account": "DEFAULT"}
ORDER |= {"dir": "Buy", "price": "97250", "quantity": "2"}


def buy(url: str) -> dict[str, dict[str, str]]:
    """A client with a bug: it trusts that an order is acked before it is filled."""
    orders: dict[str, dict[str, str]] = {}
    with connect(url) as socket:
        for number, request in enumerate(({"type": "SubscribeOrderState"}, ORDER, {"type": "GetHalts"})):
            socket.send(json.dumps({"id": number, **request}))
        for message in map(json.loads, socket):
            for state in message["response"]["Ok"] if message["id"] == 0 else ():
                if "Acked" in state["state"]:
                    orders.setdefault(state["order_id"], {})
                if state["filled_qty"] != "0":
                    orders[state["order_id"]]["filled"] = state["filled_qty"]
            if message["id"] == 2:
                break
    return orders


@settings(deadline=None)
@given(scenarios(faults=["fills", "late-acks"]))
def test_buying(venue: ScenarioDict) -> None:
    """However orders are filled and acked, the client buys."""
    with Exchange(venue, clock="instant") as exchange:
        buy(exchange.url)
