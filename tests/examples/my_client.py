import asyncio, itertools, json
from decimal import Decimal

from websockets.asyncio.client import connect


class MyClient:
    """A client as many are: it sends an order again when no reply comes within two seconds."""

    async def start(self, url):
        self.venue, self.numbers, self.replies, self.orders = await connect(url + "/"), itertools.count(1), {}, {}
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for text in self.venue:
            message = json.loads(text)
            if not (reply := self.replies[message["id"]]).done():  # what comes later is an update
                reply.set_result(message["response"])

    async def ask(self, **request):
        number = next(self.numbers)
        self.replies[number] = asyncio.Future()
        await self.venue.send(json.dumps({"id": number, **request}))
        return await asyncio.wait_for(self.replies[number], 2)

    async def submit(self, tag, side, price, quantity, product):
        self.product = product
        order = {"account": "DEFAULT", "dir": side, "price": price, "quantity": quantity, "target": product}
        for _ in range(3):
            try:
                self.orders[tag] = (await self.ask(type="SendLimitOrder", **order))["Ok"]
                return
            except TimeoutError:
                pass

    async def cancel(self, tag):
        await self.ask(type="CancelOrder", order_id=self.orders[tag])

    async def flatten(self):
        for order_id in (await self.ask(type="ListOpen", scope="All", set="All"))["Ok"]:
            await self.ask(type="CancelOrder", order_id=order_id)
        orders = (await self.ask(type="GetOrderDetails", order_ids=list(self.orders.values())))["Ok"]
        held = sum(Decimal(one["filled_qty"]) * (1 if one["dir"] == "Buy" else -1) for one in orders)
        if held:
            book = (await self.ask(type="SubscribeBook", tradable_product=self.product, width=1))["Ok"]
            side, levels = ("Sell", book["buy"]) if held > 0 else ("Buy", book["sell"])
            await self.submit("flat", side, levels[-1]["price"], f"{abs(held):f}", self.product)

    async def stop(self):
        await self.venue.close()
