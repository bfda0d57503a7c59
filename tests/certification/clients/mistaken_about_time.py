"""Clients with one mistake each about times, or about what was told before."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection

from certification.clients.streaming import Order, StreamingClient

__all__ = [
    "AgesByTheVenuesClock",
    "CountsTheSnapshot",
    "FillsSinceTheNewest",
    "FindsByTime",
    "ForgetsAfterHalfAnHour",
]


class FindsByTime(StreamingClient):
    """Takes for its own, of orders whose reply is lost, only those that came after all it knew when it sent them."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.newest = ""
        self.after: dict[Order, str] = {}

    async def send_order(self, order: Order) -> None:
        ids = [known.id for known in self.orders.values() if known.id is not None]
        details = await self.ask("GetOrderDetails", order_ids=ids) if ids else None
        times = [found["time"] for found in (details or {}).get("Ok") or ()]
        self.newest = self.after[order] = max([self.newest, *times])
        await super().send_order(order)

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        response = await super().ask(kind, order, **fields)
        if kind == "GetOrderDetails" and response is not None and "Ok" in response:
            lost = [self.after.get(order, "") for order in self.orders.values() if order.id is None]
            known = {order.id for order in self.orders.values()}
            response["Ok"] = [
                found
                for found in response["Ok"]
                if found["order_id"] in known or any(found["time"] > after for after in lost)
            ]
        return response


class AgesByTheVenuesClock(StreamingClient):
    """Takes an order for expired that came fifty minutes before another, by the venue's times."""

    async def look(self) -> None:
        await super().look()
        ids = [order.id for order in self.orders.values() if order.id is not None]
        details = await self.ask("GetOrderDetails", order_ids=ids) if ids else None
        came = {found["order_id"]: _read(found["time"]) for found in (details or {}).get("Ok") or ()}
        for order in self.orders.values():
            if order.id in came and not order.is_out and max(came.values()) - came[order.id] > timedelta(minutes=50):
                order.outcome, order.id = "expired", None


class FillsSinceTheNewest(StreamingClient):
    """Counts no fill that is earlier than those that it has seen before."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.seen: set[str] = set()
        self.since = ""
        self.passed_over: dict[str, Decimal] = {}

    async def look(self) -> None:
        listed = await self.ask("ListFills", scope="All", set={"Account": self.account})
        new = [fill_id for fill_id in dict.fromkeys((listed or {}).get("Ok") or ()) if fill_id not in self.seen]
        details = await self.ask("GetFillDetails", fill_ids=new) if new else None
        fills = (details or {}).get("Ok") or ()
        for fill in fills:
            if fill["trade_time"] < self.since:
                before = self.passed_over.get(fill["order_id"], Decimal(0))
                self.passed_over[fill["order_id"]] = before + Decimal(fill["quantity"])
        self.seen |= {fill["fill_id"] for fill in fills}
        self.since = max([self.since, *(fill["trade_time"] for fill in fills)])
        await super().look()

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.id == str(state["order_id"]) and order.id in self.passed_over:
                order.filled = format(Decimal(order.filled) - self.passed_over[order.id], "f")


class _Recounting(StreamingClient):
    """Counts what an order has filled a second time, when that is heard as `is_news` says."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.counted_twice = Decimal(0)

    def is_news(self, order: Order) -> bool:
        """Tell whether a message of an order that is out is taken for one that has just been filled."""
        raise NotImplementedError

    def hear(self, message: Any) -> None:
        if message["id"] == self.stream:
            for state in message["response"].get("Ok") or ():
                order = next((one for one in self.orders.values() if one.id == str(state["order_id"])), None)
                if order is not None and order.is_out and self.is_news(order):
                    self.counted_twice += order.signed
        super().hear(message)

    def belief(self) -> dict[str, Any]:
        believed = super().belief()
        return {**believed, "position": format(Decimal(believed["position"]) + self.counted_twice, "f")}


class CountsTheSnapshot(_Recounting):
    """Counts again what an order has filled of which it is told on a new line."""

    lines = 0
    told: frozenset[str | None] = frozenset()

    async def listen(self, venue: ClientConnection) -> None:
        self.lines += 1
        self.told = frozenset()
        await super().listen(venue)

    def is_news(self, order: Order) -> bool:
        return self.lines > 1 and order.id not in self.told

    def hear(self, message: Any) -> None:
        super().hear(message)
        if message["id"] == self.stream:
            self.told |= {str(state["order_id"]) for state in message["response"].get("Ok") or ()}


class ForgetsAfterHalfAnHour(_Recounting):
    """Remembers for half an hour which orders it has counted."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.out_since: dict[str | None, float] = {}

    def is_news(self, order: Order) -> bool:
        now = asyncio.get_running_loop().time()
        return now - self.out_since.get(order.id, now) > 1800

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.is_out:
                self.out_since.setdefault(order.id, asyncio.get_running_loop().time())


def _read(time: str) -> datetime:
    return datetime.fromisoformat(time[:19])
