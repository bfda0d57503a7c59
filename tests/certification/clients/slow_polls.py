"""A careful client that follows nothing and does one thing at a time: every five seconds it reads all that is so."""

import asyncio
import contextlib
import itertools
import json
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

ANSWER_WITHIN = 8.0
LOOK_EVERY = 5.0
LOST_AFTER = 12
SILENT_AT_MOST = 2
OUTCOMES = {"Rejected": "rejected", "Canceled": "canceled"}


class Wish:
    """An order that was asked for: its terms, the venue's id of it, and what the venue said of it last."""

    def __init__(self, terms: dict[str, str]) -> None:
        self.terms = terms
        self.id: str | None = None
        self.outcome = "open"
        self.filled = Decimal(0)
        self.average: str | None = None
        self.is_wanted = True
        self.misses = 0

    def fits(self, found: dict[str, Any]) -> bool:
        same_side = found["dir"] == self.terms["dir"]
        return self.id is None and same_side and Decimal(found["quantity"]) == Decimal(self.terms["quantity"])

    def learn(self, found: dict[str, Any]) -> None:
        self.misses = 0
        self.filled, self.average = Decimal(found["filled_qty"]), found["avg_fill_price"]
        flags = found["state"]
        ended = next((OUTCOMES[flag] for flag in flags if flag in OUTCOMES), "filled")
        self.outcome = ended if "Out" in flags else "open"

    @property
    def signed(self) -> Decimal:
        return self.filled if self.terms["dir"] == "Buy" else -self.filled


class SlowPollingClient:
    """Cancels at its start what it finds open, has one request on its way at most, and looks at the venue's lists."""

    def __init__(self) -> None:
        self.wishes: dict[str, Wish] = {}
        self.numbers = itertools.count(7_000_001, 7)
        self.replies: dict[int, asyncio.Future[Any]] = {}
        self.venue: ClientConnection | None = None
        self.turn = asyncio.Lock()
        self.silent = 0
        self.pause = LOOK_EVERY
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, url: str) -> None:
        self.tasks = [asyncio.create_task(self.stay_connected(f"{url}/")), asyncio.create_task(self.keep_looking())]
        for order_id in await self.list_of("ListOpen") or ():
            await self.ask("CancelOrder", order_id=order_id)

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        terms = {"account": "DEFAULT", "dir": side, "price": price, "quantity": quantity, "target": product}
        wish = self.wishes[tag] = Wish(terms)
        response = await self.ask("SendLimitOrder", **terms)
        if response is not None and "Ok" in response:
            wish.id = str(response["Ok"])
        elif response is not None:
            wish.outcome = "rejected"

    async def cancel(self, tag: str) -> None:
        wish = self.wishes[tag]
        wish.is_wanted = False
        if wish.id is not None:
            await self.ask("CancelOrder", order_id=wish.id)

    async def flatten(self) -> None:
        for wish in list(self.wishes.values()):
            wish.is_wanted = False
        for _ in range(6):
            await self.look()
            open_ = await self.list_of("ListOpen")
            for order_id in open_ or ():
                await self.ask("CancelOrder", order_id=order_id)
            if open_ == []:
                break
            await asyncio.sleep(2)
        await self.look()
        held = sum((wish.signed for wish in self.wishes.values()), Decimal(0))
        if held:
            product = next(iter(self.wishes.values())).terms["target"]
            book = await self.ask("SubscribeBook", tradable_product=product, width=1)
            levels = ((book or {}).get("Ok") or {}).get("buy" if held > 0 else "sell") or [{"price": "1"}]
            await self.submit("flat", "Sell" if held > 0 else "Buy", levels[-1]["price"], f"{abs(held):f}", product)
            await asyncio.sleep(1)
            await self.look()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.venue is not None:
            await self.venue.close()

    def belief(self) -> dict[str, Any]:
        orders = {
            tag: {"outcome": wish.outcome, "filled": f"{wish.filled:f}", "average": wish.average}
            for tag, wish in self.wishes.items()
        }
        return {"orders": orders, "position": f"{sum((wish.signed for wish in self.wishes.values()), Decimal(0)):f}"}

    # The line

    async def stay_connected(self, url: str) -> None:
        failures = 0
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(url, open_timeout=8, ping_interval=None, close_timeout=2) as venue:
                    self.venue, self.silent = venue, 0
                    async for text in venue:
                        failures = 0
                        self.hear(text)
            self.venue = None
            failures += 1
            await asyncio.sleep(min(2**failures, 16))

    def hear(self, text: Any) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            message = json.loads(text)
            reply = self.replies.pop(message["id"], None)
            if reply is not None and not reply.done():
                reply.set_result(dict(message["response"]))

    async def ask(self, kind: str, **fields: Any) -> Any:
        """Return the response to a request, or None; a line that answers nothing twice in a row is given up."""
        async with self.turn:
            for _ in range(20):
                if self.venue is not None:
                    break
                await asyncio.sleep(1)
            if (venue := self.venue) is None:
                return None
            number = next(self.numbers)
            reply = self.replies[number] = asyncio.get_running_loop().create_future()
            try:
                await venue.send(json.dumps({"id": number, "type": kind, **fields}))
                response = await asyncio.wait_for(reply, ANSWER_WITHIN)
            except (TimeoutError, WebSocketException):
                self.silent += 1
                if self.silent >= SILENT_AT_MOST:
                    venue.transport.abort()
                return None
            self.silent = 0
            if "RateLimited" in str(response.get("Err", "")):
                self.pause = min(2 * self.pause, 40)
                await asyncio.sleep(2)
            return response

    async def list_of(self, kind: str) -> list[str] | None:
        response = await self.ask(kind, scope="All", set={"Account": "DEFAULT"})
        return None if response is None or "Ok" not in response else [str(one) for one in response["Ok"]]

    async def details(self, kind: str, **ids: list[str]) -> list[Any] | None:
        if not any(ids.values()):
            return []
        response = await self.ask(kind, **ids)
        return None if response is None or "Ok" not in response else list(response["Ok"])

    # What is so

    async def keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.pause)
            self.pause = LOOK_EVERY
            await self.look()

    async def look(self) -> None:
        """Read orders and fills, take them for what was asked for, and cancel what is wanted no more."""
        open_, listed = await self.list_of("ListOpen"), await self.list_of("ListFills")
        if open_ is None or listed is None:
            return
        fills = await self.details("GetFillDetails", fill_ids=list(dict.fromkeys(listed)))
        if fills is None:
            return
        own = {wish.id for wish in self.wishes.values() if wish.id is not None}
        ids = dict.fromkeys([*own, *open_, *(fill["order_id"] for fill in fills)])
        found = await self.details("GetOrderDetails", order_ids=list(ids))
        if found is None:
            return
        for order in found:
            wish = next((one for one in self.wishes.values() if one.id == order["order_id"]), None)
            wish = wish or next((one for one in self.wishes.values() if one.fits(order)), None)
            if wish is not None:
                wish.id = order["order_id"]
                wish.learn(order)
        known = {order["order_id"] for order in found}
        for wish in list(self.wishes.values()):
            if wish.id not in known and wish.outcome != "rejected":
                self.miss(wish, [fill for fill in fills if fill["order_id"] not in known])
        for wish in list(self.wishes.values()):
            if wish.id is not None and wish.outcome == "open" and not wish.is_wanted:
                await self.ask("CancelOrder", order_id=wish.id)

    def miss(self, wish: Wish, fills: list[Any]) -> None:
        """Take an order for lost that no list knows for a minute; its fills stay."""
        wish.misses += 1
        if wish.misses < LOST_AFTER:
            return
        wish.outcome = "lost"
        taken = {one.id for one in self.wishes.values() if one is not wish}
        own = [fill for fill in fills if fill["order_id"] == wish.id]
        if wish.id is None:
            own = [fill for fill in fills if fill["dir"] == wish.terms["dir"] and fill["order_id"] not in taken][:1]
            wish.id = own[0]["order_id"] if own else None
            own = [fill for fill in fills if own and fill["order_id"] == wish.id]
        signed = (Decimal(fill["quantity"]) * (-1 if fill["kind"] == "Reversal" else 1) for fill in own)
        wish.filled, wish.average = sum(signed, Decimal(0)), None
