import asyncio
import json

import pytest
from websockets.asyncio.client import connect

ORDER = {"id": 1, "type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10000", "quantity": "1",
         "target": "BTC Crypto/USD*COINBASE/DIRECT"}


@pytest.mark.asyncio
@pytest.mark.exchange({"rules": [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"reply": "never"}]}]})
async def test_an_order_whose_reply_never_comes(exchange):
    async with connect(exchange.url + "/") as venue:
        await venue.send(json.dumps(ORDER))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(venue.recv(), 0.1)
        await exchange.until(order={"order_id": "1", "state": "Acked"})  # and yet it is in the market
        assert exchange.order("1").leaves_qty == "1"
