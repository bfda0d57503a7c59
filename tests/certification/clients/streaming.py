"""A careful client: it trusts the stream of updates, and asks again and again whether the stream was right."""

import asyncio
import contextlib
import json
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

REPLY_WITHIN = 5.0
PROBED = 20


class Order:
    """What the client knows of one of its orders."""

    def __init__(self, side: str, price: str, quantity: str, product: str) -> None:
        self.terms = {"dir": side, "price": price, "quantity": quantity, "target": product}
        self.id: str | None = None
        self.is_wanted = True
        self.outcome = "open"
        self.filled = "0"
        self.average: str | None = None
        self.misses = 0

    @property
    def is_out(self) -> bool:
        return self.outcome != "open"

    @property
    def signed(self) -> Decimal:
        return Decimal(self.filled) if self.terms["dir"] == "Buy" else -Decimal(self.filled)


class StreamingClient:
    """Never sends an order twice: what became of one whose reply did not come is found out by asking."""

    look_every = 5.0

    def __init__(self, account: str = "DEFAULT") -> None:
        self.account = account
        self.orders: dict[str, Order] = {}
        self.closed = False
        self.venue: ClientConnection | None = None
        self.replies: dict[int, asyncio.Future[Any]] = {}
        self.sent: dict[int, Order] = {}
        self.number = 0
        self.stream: int | None = None
        self.highest = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.online = asyncio.Event()

    # What the kit calls

    async def start(self, url: str) -> None:
        self.tasks = [asyncio.create_task(self.keep_connected(f"{url}/")), asyncio.create_task(self.keep_looking())]
        await asyncio.wait_for(self.online.wait(), 30)

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        order = self.orders[tag] = Order(side, price, quantity, product)
        await self.send_order(order)

    async def cancel(self, tag: str) -> None:
        order = self.orders[tag]
        order.is_wanted = False
        await self.try_cancel(order)

    async def flatten(self) -> None:
        for order in self.orders.values():
            order.is_wanted = False
        for _ in range(12):
            await self.look()
            open_ = [order for order in self.orders.values() if not order.is_out]
            if not open_:
                break
            for order in open_:
                await self.try_cancel(order)
            await asyncio.sleep(1)
        held = sum((order.signed for order in self.orders.values()), Decimal(0))
        if held:
            product = next(iter(self.orders.values())).terms["target"]
            side = "Sell" if held > 0 else "Buy"
            price = await self.price_to_cross(product, side)
            await self.submit("flatten", side, price, format(abs(held), "f"), product)
            await asyncio.sleep(2)
            await self.look()

    async def stop(self) -> None:
        self.closed = True
        for task in self.tasks:
            task.cancel()
        if self.venue is not None:
            await self.venue.close()

    def belief(self) -> dict[str, Any]:
        known = {
            tag: {"outcome": order.outcome, "filled": order.filled, "average": order.average}
            for tag, order in self.orders.items()
        }
        return {"orders": known, "position": format(sum((o.signed for o in self.orders.values()), Decimal(0)), "f")}

    # The line

    async def keep_connected(self, url: str) -> None:
        pause = 0.5
        while not self.closed:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(url, open_timeout=10, ping_interval=20, ping_timeout=20) as venue:
                    self.venue = venue
                    pause = 0.5
                    await self.listen(venue)
            self.venue, self.stream = None, None
            self.online.clear()
            for reply in self.replies.values():
                if not reply.done():
                    reply.cancel()
            self.replies.clear()
            await asyncio.sleep(pause)
            pause = min(2 * pause, 10)

    async def listen(self, venue: ClientConnection) -> None:
        self.number += 1
        self.stream = self.number
        await venue.send(json.dumps({"id": self.stream, "type": "SubscribeOrderState"}))
        self.online.set()
        await self.hear_all(venue)

    async def hear_all(self, venue: ClientConnection) -> None:
        async for text in venue:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                self.hear(json.loads(text))

    def hear(self, message: Any) -> None:
        response = message["response"]
        if message["id"] == self.stream:
            for state in response.get("Ok") or ():
                self.learn(state)
            return
        reply = self.replies.pop(message["id"], None)
        if reply is not None and not reply.done():
            reply.set_result(response)
        elif message["id"] in self.sent:  # late, and it still says the id
            self.take_reply(self.sent[message["id"]], response)

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        """Return the response to a request, or None if none came in time; the reply to an order is taken later, too."""
        venue = self.venue
        if venue is None:
            return None
        self.number += 1
        number = self.number
        reply = self.replies[number] = asyncio.get_running_loop().create_future()
        if order is not None:
            self.sent[number] = order
        try:
            await venue.send(json.dumps({"id": number, "type": kind, **fields}))
            return await asyncio.wait_for(reply, REPLY_WITHIN)
        except (TimeoutError, WebSocketException):
            return None
        except asyncio.CancelledError:
            if reply.cancelled():  # the line broke, and not this task
                return None
            raise
        finally:
            self.replies.pop(number, None)

    # Orders

    async def send_order(self, order: Order) -> None:
        response = await self.ask("SendLimitOrder", order, account=self.account, **order.terms)
        if response is not None:  # else whether it is there is found out by looking
            self.take_reply(order, response)

    def take_reply(self, order: Order, response: Any) -> None:
        if "Ok" in response:
            order.id = str(response["Ok"])
        elif order.id is None:
            order.outcome = "rejected"

    async def try_cancel(self, order: Order) -> None:
        if order.id is None or order.is_out:
            return
        await self.ask("CancelOrder", order_id=order.id)
        await self.look()

    def learn(self, state: dict[str, Any]) -> None:
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        if order is None:
            return
        flags = set(state["state"])
        order.misses = 0
        order.filled, order.average = state["filled_qty"], state["avg_fill_price"]
        if "Out" not in flags:
            order.outcome = "open"
        elif "Rejected" in flags:
            order.outcome = "rejected"
        elif "Canceled" in flags:
            order.outcome = "canceled"
        else:
            order.outcome = "filled"

    async def keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.look_every)
            await self.look()

    async def look(self) -> None:
        """Ask what is true of every order, and cancel what is no longer wanted."""
        await self.find()
        ids = [order.id for order in self.orders.values() if order.id is not None]
        response = await self.ask("GetOrderState", order_ids=ids) if ids else None
        if response is None or "Ok" not in response:
            return
        told = {str(state["order_id"]): state for state in response["Ok"]}
        for order in self.orders.values():
            if order.id is None:
                continue
            if order.id in told:
                self.learn(told[order.id])
            else:
                order.misses += 1
                if order.misses * self.look_every >= 50 and not order.is_out:
                    order.outcome = "lost"
        await self.find_by_fills([order for order in self.orders.values() if order.outcome == "lost"])
        for order in list(self.orders.values()):
            if not order.is_wanted and not order.is_out and order.id is not None:
                await self.ask("CancelOrder", order_id=order.id)

    async def find(self) -> None:
        """Look for the orders whose reply did not come, by their terms."""
        lost = [order for order in self.orders.values() if order.id is None and not order.is_out]
        if not lost:
            return
        known = {order.id for order in self.orders.values()}
        highest = max([self.highest, *(int(i) for i in known if i is not None and i.isdigit())])
        ids = [str(number) for number in range(max(1, highest - 5 * PROBED), highest + PROBED)]
        open_ = await self.ask("ListOpen", scope="All", set={"Account": self.account})
        ids += [str(i) for i in (open_ or {}).get("Ok") or () if str(i) not in ids]
        details = await self.ask("GetOrderDetails", order_ids=ids)
        if details is None or "Ok" not in details:
            return
        self.recognise(details["Ok"], lost)
        await self.find_by_fills([order for order in lost if order.id is None])
        for order in lost:
            if order.id is None:
                order.misses += 1
                if order.misses * self.look_every >= 75:
                    order.outcome = "lost"

    def recognise(self, details: list[Any], lost: list[Order]) -> None:
        """Take orders of the venue's for those that have their terms."""
        known = {order.id for order in self.orders.values()}
        for found in details:
            if found["order_id"] in known:
                self.learn(found)
                continue
            for order in lost:
                terms = order.terms
                same = (found["dir"], Decimal(found["quantity"])) == (terms["dir"], Decimal(terms["quantity"]))
                if same and order.id is None:
                    order.id = found["order_id"]
                    self.learn(found)
                    break

    async def find_by_fills(self, lost: list[Order]) -> None:
        """Take from the list of fills what the venue says no more of orders that it has lost."""
        known = {order.id for order in self.orders.values()}
        listed = await self.ask("ListFills", scope="All", set={"Account": self.account}) if lost else None
        ids = list(dict.fromkeys((listed or {}).get("Ok") or ()))
        details = await self.ask("GetFillDetails", fill_ids=ids) if ids else None
        fills: dict[str, list[Any]] = {}
        for fill in (details or {}).get("Ok") or ():
            fills.setdefault(fill["order_id"], []).append(fill)
        unknown = [order_id for order_id in fills if order_id not in known]
        told = await self.ask("GetOrderDetails", order_ids=unknown) if unknown else {"Ok": []}
        if told is None or "Ok" not in told:
            return
        self.recognise(told["Ok"], lost)
        for found in told["Ok"]:
            del fills[found["order_id"]]
        for order_id, of_it in fills.items():
            signed = (Decimal(fill["quantity"]) * (-1 if fill["kind"] == "Reversal" else 1) for fill in of_it)
            filled = sum(signed, Decimal(0))
            for order in lost:
                fits = of_it[0]["dir"] == order.terms["dir"] and filled <= Decimal(order.terms["quantity"])
                if fits and (order.id == order_id or (order.id is None and order_id not in known)):
                    order.id, order.filled, order.average = order_id, format(filled, "f"), None
                    break

    async def price_to_cross(self, product: str, side: str) -> str:
        response = await self.ask("SubscribeBook", tradable_product=product, width=1)
        levels = ((response or {}).get("Ok") or {}).get("buy" if side == "Sell" else "sell") or []
        return str(levels[-1]["price"]) if levels else "1"
