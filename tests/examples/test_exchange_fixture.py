import json

import pytest
from websockets.sync.client import connect

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
BUY = {"id": 1, "type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "quantity": "1", "target": PAIR}


@pytest.mark.exchange({"rules": [{"when": {"dir": "Buy"}, "then": [{"delay": "250ms"}, "ack", {"fill": "40%"}]}]},
                      clock="manual")
def test_slow_partial_fill(exchange):
    with connect(exchange.url + "/") as venue:
        venue.send(json.dumps({**BUY, "price": "10000"}))
        assert json.loads(venue.recv()) == {"id": 1, "response": {"Ok": "1"}}
        assert exchange.orders[0].state == ("Open",)
        exchange.advance("250ms")
        assert exchange.orders[0].filled_qty == "0.4"
        assert exchange.received(request="SendLimitOrder", quantity={"ge": 1})
        exchange.never(request="CancelOrder")


def test_fill_told_twice(exchange):
    with connect(exchange.url + "/") as venue:
        venue.send(json.dumps({"id": 7, "type": "SubscribeOrderState"}))
        venue.send(json.dumps({**BUY, "price": "10"}))
        exchange.wait_for(request="SendLimitOrder")
        exchange.do({"fill": {"order": "last", "quantity": "rest", "send": "twice"}})  # order: last, all, or its id
        updates = []
        while len(updates) < 2 or updates[-1] != updates[-2]:
            updates.append(json.loads(venue.recv())["response"])
        assert updates[-1]["Ok"][0]["state"] == ["Acked", "Filled", "Out"]
        assert [fill.quantity for fill in exchange.fills] == ["1"]
