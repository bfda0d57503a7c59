"""Clients with one mistake each about which messages come, how they come, and what they tell."""

import asyncio
import contextlib
import json
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection

from certification.clients.streaming import Order, StreamingClient

__all__ = [
    "AsksOnlyWhenConnected",
    "IdsRise",
    "LooksInTheListAtOnce",
    "OneFillForEachUpdate",
    "ReaderDiesOfASecondReply",
    "ReaderDiesOfAnUnknownOrder",
    "ReadsFrames",
    "RepliesComeInOrder",
    "WaitsForTheCancel",
]


class _TakesRepliesAtOnce(StreamingClient):
    """Knows an order's id before it hears the next message."""

    def hear(self, message: Any) -> None:
        if message["id"] in self.sent:
            self.take_reply(self.sent[message["id"]], message["response"])
        super().hear(message)


class AsksOnlyWhenConnected(_TakesRepliesAtOnce):
    """Asks what is true when a new line is there, and believes the stream from then on."""

    asked: ClientConnection | None = None

    async def look(self) -> None:
        if self.asked is not self.venue or not any(order.is_wanted for order in self.orders.values()):
            self.asked = self.venue
            await super().look()


class IdsRise(StreamingClient):
    """Takes what bears a lower id than an order before for a message of that one."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.after: dict[Order, int] = {}

    async def send_order(self, order: Order) -> None:
        self.after[order] = max([0, *(int(known.id) for known in self.orders.values() if known.id is not None)])
        await super().send_order(order)

    def take_reply(self, order: Order, response: Any) -> None:
        if "Ok" not in response or int(response["Ok"]) > self.after[order]:
            super().take_reply(order, response)

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        response = await super().ask(kind, order, **fields)
        if kind == "GetOrderDetails" and response is not None and "Ok" in response:
            before = [self.after.get(one, 0) for one in self.orders.values() if one.id is None]
            response["Ok"] = [found for found in response["Ok"] if any(int(found["order_id"]) > top for top in before)]
        return response


class LooksInTheListAtOnce(StreamingClient):
    """Takes an order for lost that the list of open orders has not when its reply has come."""

    async def send_order(self, order: Order) -> None:
        await super().send_order(order)
        if order.id is None:
            return
        listed = await self.ask("ListOpen", scope="All", set={"Account": self.account})
        states = await self.ask("GetOrderState", order_ids=[order.id])
        is_open = any("Open" in state["state"] for state in (states or {}).get("Ok") or ())
        if is_open and listed is not None and "Ok" in listed and order.id not in listed["Ok"]:
            order.outcome, order.id = "lost", None


class RepliesComeInOrder(StreamingClient):
    """Takes a reply for that to the request that has waited longest."""

    def hear(self, message: Any) -> None:
        if message["id"] in self.replies:
            message["id"] = next(iter(self.replies))
        super().hear(message)


class ReaderDiesOfASecondReply(StreamingClient):
    """Reads no more after a reply to what was answered before."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.answered: set[int] = set()

    async def hear_all(self, venue: ClientConnection) -> None:
        async for text in venue:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                message = json.loads(text)
                if message["id"] in self.answered:
                    await asyncio.get_running_loop().create_future()
                self.answered |= {message["id"]} & self.sent.keys()
                self.hear(message)


class OneFillForEachUpdate(StreamingClient):
    """Counts, when an update says that more is filled, the newest fill of the order."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.passed_over: dict[str, Decimal] = {}
        self.told: dict[str, Decimal] = {}

    def hear(self, message: Any) -> None:
        if message["id"] == self.stream:
            for state in message["response"].get("Ok") or ():
                more = Decimal(state["filled_qty"]) - self.told.get(state["order_id"], Decimal(0))
                self.told[state["order_id"]] = Decimal(state["filled_qty"])
                if more > 0:
                    self.tasks.append(asyncio.ensure_future(self.count(state["order_id"], more)))
        super().hear(message)

    async def count(self, order_id: str, more: Decimal) -> None:
        """Find the newest fill of an order, and pass over what more there is."""
        listed = await self.ask("ListFills", scope="All", set={"Account": self.account})
        ids = list(dict.fromkeys((listed or {}).get("Ok") or ()))
        details = await self.ask("GetFillDetails", fill_ids=ids) if ids else None
        own = [fill for fill in (details or {}).get("Ok") or () if fill["order_id"] == order_id]
        if own and Decimal(own[-1]["quantity"]) < more:
            before = self.passed_over.get(order_id, Decimal(0))
            self.passed_over[order_id] = before + more - Decimal(own[-1]["quantity"])

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.id == str(state["order_id"]) and order.id in self.passed_over:
                order.filled = format(Decimal(order.filled) - self.passed_over[order.id], "f")


class ReaderDiesOfAnUnknownOrder(_TakesRepliesAtOnce):
    """Reads no more after an update of an order that it does not know."""

    async def hear_all(self, venue: ClientConnection) -> None:
        async for text in venue:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                message = json.loads(text)
                states = message["response"].get("Ok") if message["id"] == self.stream else None
                if any(state["order_id"] not in {order.id for order in self.orders.values()} for state in states or ()):
                    await asyncio.get_running_loop().create_future()
                self.hear(message)


class ReadsFrames(StreamingClient):
    """Takes each frame for a message, and reads no more after one that begins in the middle."""

    async def hear_all(self, venue: ClientConnection) -> None:
        while True:
            async for text in venue.recv_streaming():
                if not str(text).startswith("{"):
                    await asyncio.get_running_loop().create_future()
                with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                    self.hear(json.loads(text))


class WaitsForTheCancel(StreamingClient):
    """Waits for the reply to a cancel until it comes."""

    async def try_cancel(self, order: Order) -> None:
        if self.venue is not None and order.id is not None and not order.is_out:
            self.number += 1
            reply = self.replies[self.number] = asyncio.get_running_loop().create_future()
            await self.venue.send(json.dumps({"id": self.number, "type": "CancelOrder", "order_id": order.id}))
            with contextlib.suppress(asyncio.CancelledError):  # the line broke
                await reply
        await self.look()
