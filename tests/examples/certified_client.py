import asyncio
from decimal import Decimal

from architect_py.client import Client, Dir  # pip install --no-deps architect-py==0.1.0


class PublishedClient:
    async def start(self, url):
        self.client, self.ids, self.states = Client(url), {}, {}
        await self.client.connect()
        self.updates = await self.client.subscribe({"type": "SubscribeOrderState"})
        self.following = asyncio.create_task(self.follow())

    async def follow(self):
        while True:
            self.states.update({state["order_id"]: state for state in await self.updates.get()})

    async def submit(self, tag, side, price, quantity, product):
        self.product = product
        self.ids[tag] = await self.client.send_limit_order(product, Dir[side], price, quantity)

    async def cancel(self, tag):
        await self.client.cancel_order(self.ids[tag])

    async def flatten(self):
        for order_id in await self.client.query({"type": "ListOpen", "scope": "All", "set": "All"}):
            await self.client.cancel_order(order_id)
        orders = await self.client.query({"type": "GetOrderDetails", "order_ids": list(self.ids.values())})
        held = sum(Decimal(one["filled_qty"]) * (1 if one["dir"] == "Buy" else -1) for one in orders)
        if held:
            book = await self.client.query({"type": "SubscribeBook", "tradable_product": self.product, "width": 1})
            side, levels = (Dir.Sell, book["buy"]) if held > 0 else (Dir.Buy, book["sell"])
            await self.client.send_limit_order(self.product, side, levels[-1]["price"], f"{abs(held):f}")

    async def stop(self):
        self.following.cancel()
        await self.client.websocket_core.close()
        await self.client.websocket_netidx.close()

    def belief(self):
        told = {tag: self.states.get(order_id) for tag, order_id in self.ids.items()}
        return {"orders": {tag: {"filled": state["filled_qty"]} for tag, state in told.items() if state}}
