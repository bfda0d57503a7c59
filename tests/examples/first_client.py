import asyncio, json
from websockets.asyncio.client import connect

ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10000.00", "quantity": "0.5",
         "target": "BTC Crypto/USD*COINBASE/DIRECT"}

async def main():
    async with connect("ws://127.0.0.1:6001/") as venue:
        for number, request in enumerate([ORDER, {"type": "GetOrderState", "order_ids": ["1"]}], start=1):
            await venue.send(json.dumps({"id": number, **request}))
            print(await venue.recv())

asyncio.run(main())
