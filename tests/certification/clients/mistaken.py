"""Clients with one mistake each: all else they do as the careful one does."""

import asyncio
import contextlib
import json
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from certification.clients.mistaken_about_messages import (
    AsksOnlyWhenConnected,
    IdsRise,
    LooksInTheListAtOnce,
    OneFillForEachUpdate,
    ReaderDiesOfAnUnknownOrder,
    ReaderDiesOfASecondReply,
    ReadsFrames,
    RepliesComeInOrder,
    WaitsForTheCancel,
)
from certification.clients.mistaken_about_time import (
    AgesByTheVenuesClock,
    CountsTheSnapshot,
    FillsSinceTheNewest,
    FindsByTime,
    ForgetsAfterHalfAnHour,
)
from certification.clients.streaming import Order, StreamingClient
from simulator.certification.adapters import AsyncClient

__all__ = ["MISTAKES"]


class TrustsTheStream(StreamingClient):
    """Never asks what is true."""

    async def look(self) -> None:
        await asyncio.sleep(0)


class SendsAgainAfterATimeout(StreamingClient):
    """Takes an order whose reply does not come for one that is not there."""

    async def send_order(self, order: Order) -> None:
        for _ in range(3):
            sending = asyncio.ensure_future(super().send_order(order))
            self.tasks.append(sending)
            await asyncio.wait({sending}, timeout=2)
            if order.id is not None or order.is_out:
                return


class SendsAgainAfterReconnecting(StreamingClient):
    """Sends every order again that has no id when a new line is there."""

    async def listen(self, venue: ClientConnection) -> None:
        for order in self.orders.values():
            if order.id is None and not order.is_out:
                asyncio.get_running_loop().call_later(0.1, self.again, order)
        await super().listen(venue)

    def again(self, order: Order) -> None:
        self.tasks.append(asyncio.ensure_future(self.send_order(order)))


class OneListDecides(StreamingClient):
    """Sends an order again that one list of open orders leaves out."""

    async def find(self) -> None:
        lost = [order for order in self.orders.values() if order.id is None and not order.is_out]
        open_ = await self.ask("ListOpen", scope="All", set={"Account": self.account}) if lost else None
        if open_ is not None and "Ok" in open_:
            known = {order.id for order in self.orders.values()}
            for order in lost:
                if all(str(order_id) in known for order_id in open_["Ok"]):
                    await self.send_order(order)
        await super().find()


class ListIsTheTruth(StreamingClient):
    """Takes an order for cancelled that a list of open orders leaves out."""

    async def look(self) -> None:
        open_ = await self.ask("ListOpen", scope="All", set={"Account": self.account})
        if open_ is None or "Ok" not in open_:
            return
        for order in self.orders.values():
            if order.id is not None and not order.is_out and order.id not in map(str, open_["Ok"]):
                order.outcome = "canceled"


class OneMissIsTheEnd(StreamingClient):
    """Takes an order for lost that one answer leaves out, and looks no more."""

    async def look(self) -> None:
        ids = [order.id for order in self.orders.values() if order.id is not None]
        response = await self.ask("GetOrderState", order_ids=ids) if ids else None
        if response is not None and "Ok" in response:
            told = {str(state["order_id"]) for state in response["Ok"]}
            for order in self.orders.values():
                if order.id is not None and order.id not in told:
                    order.outcome, order.id = "lost", None
        await super().look()


class NeverReconnects(StreamingClient):
    """Connects once."""

    async def keep_connected(self, url: str) -> None:
        async with connect(url) as venue:
            self.venue = venue
            await self.listen(venue)


class ReconnectsThreeTimes(StreamingClient):
    """Gives up after three attempts that fail."""

    async def keep_connected(self, url: str) -> None:
        failures = 0
        while failures < 3 and not self.closed:
            try:
                async with connect(url) as venue:
                    self.venue = venue
                    failures = 0
                    await self.listen(venue)
            except (OSError, WebSocketException):
                failures += 1
            self.venue, self.stream = None, None
            await asyncio.sleep(0.5)


class DiesWhenRefused(StreamingClient):
    """Does not expect that a connection is refused."""

    async def keep_connected(self, url: str) -> None:
        while not self.closed:
            async with connect(url) as venue:
                self.venue = venue
                try:
                    await self.listen(venue)
                except WebSocketException:
                    self.venue, self.stream = None, None
            await asyncio.sleep(0.5)


class Hammers(StreamingClient):
    """Tries to connect again at once, for ever."""

    async def keep_connected(self, url: str) -> None:
        while not self.closed:
            try:
                async with connect(url, ping_interval=20, ping_timeout=20) as venue:
                    self.venue = venue
                    await self.listen(venue)
            except (OSError, WebSocketException):
                pass
            self.venue, self.stream = None, None
            await asyncio.sleep(0.05)


class SendsNoPings(StreamingClient):
    """Waits for messages on a line that is dead."""

    async def keep_connected(self, url: str) -> None:
        while not self.closed:
            try:
                async with connect(url, ping_interval=None) as venue:
                    self.venue = venue
                    await self.listen(venue)
            except (OSError, WebSocketException):
                pass
            self.venue, self.stream = None, None
            await asyncio.sleep(1)


class FollowsOnce(StreamingClient):
    """Follows its orders on its first line alone, and asks for nothing."""

    followed = False

    async def listen(self, venue: ClientConnection) -> None:
        if self.followed:
            self.online.set()
            async for text in venue:
                self.hear(json.loads(text))
        self.followed = True
        await super().listen(venue)

    async def look(self) -> None:
        await asyncio.sleep(0)


class ForgetsWhenReconnecting(StreamingClient):
    """Begins anew on a new line, with no orders."""

    async def listen(self, venue: ClientConnection) -> None:
        for order in self.orders.values():
            if not order.is_out:
                order.outcome, order.id = "canceled", None
        await super().listen(venue)

    async def find(self) -> None:
        await asyncio.sleep(0)


class KeepsLostOrders(StreamingClient):
    """Believes for ever in an order that the venue knows no more."""

    async def look(self) -> None:
        for order in self.orders.values():
            order.misses = 0
        await super().look()


class AddsUpFills(TrustsTheStream):
    """Adds what each update says is new to what it has, with whatever comes again."""

    def learn(self, state: dict[str, Any]) -> None:
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        before = Decimal(0) if order is None else Decimal(order.filled)
        super().learn(state)
        if order is not None:
            told = Decimal(state["filled_qty"])
            same = told == before and told > 0 and "Out" not in state["state"]
            order.filled = format(before + told if same else told, "f")


class CountsEveryMessage(StreamingClient):
    """Counts the fills that are listed, ids and all, as they stand there."""

    async def look(self) -> None:
        await super().look()
        listed = await self.ask("ListFills", scope="All", set={"Account": self.account})
        ids = (listed or {}).get("Ok") or []
        details = await self.ask("GetFillDetails", fill_ids=list(dict.fromkeys(ids))) if ids else None
        for order in self.orders.values():
            fills = [fill for fill in (details or {}).get("Ok") or () if fill["order_id"] == order.id]
            if fills and len({fill["kind"] for fill in fills}) == 1:
                order.filled = format(sum((Decimal(fill["quantity"]) for fill in fills), Decimal(0)), "f")


class NeedsTheReplyFirst(TrustsTheStream):
    """Drops updates of an order whose id it does not know yet."""


class CancelReplyIsTheEnd(StreamingClient):
    """Takes an order for out as soon as its cancel is answered."""

    async def try_cancel(self, order: Order) -> None:
        if order.id is not None and not order.is_out:
            response = await self.ask("CancelOrder", order_id=order.id)
            if response is not None and "Ok" in response:
                order.outcome, order.id = "canceled", None


class CancelErrIsTheEnd(StreamingClient):
    """Takes an order for gone whose cancel is refused."""

    async def try_cancel(self, order: Order) -> None:
        if order.id is not None and not order.is_out:
            response = await self.ask("CancelOrder", order_id=order.id)
            if response is not None and "Err" in response:
                order.outcome, order.id = "canceled", None


class CancelsForEver(StreamingClient):
    """Cancels until a cancel is answered Ok."""

    async def try_cancel(self, order: Order) -> None:
        for _ in range(40):
            response = await self.ask("CancelOrder", order_id=order.id)
            if response is not None and "Ok" in response:
                return
            await asyncio.sleep(0.5)


class CancelsOnce(StreamingClient):
    """Never cancels an order a second time."""

    cancelled: frozenset[str] = frozenset()

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        if kind == "CancelOrder":
            if fields["order_id"] in self.cancelled:
                return None
            self.cancelled |= {fields["order_id"]}
        return await super().ask(kind, order, **fields)


class WaitsForEver(StreamingClient):
    """Waits for a reply until it comes."""

    async def send_order(self, order: Order) -> None:
        assert self.venue is not None
        self.number += 1
        reply = self.replies[self.number] = asyncio.get_running_loop().create_future()
        text = json.dumps({"id": self.number, "type": "SendLimitOrder", "account": self.account, **order.terms})
        await self.venue.send(text)
        response = await reply
        if "Ok" in response:
            order.id = str(response["Ok"])
        else:
            order.outcome = "rejected"


class WaitsForTheQuery(StreamingClient):
    """Does nothing else while a query is not answered."""

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        assert self.venue is not None
        self.number += 1
        reply = self.replies[self.number] = asyncio.get_running_loop().create_future()
        await self.venue.send(json.dumps({"id": self.number, "type": "ListOpen", "scope": "All", "set": "All"}))
        await reply
        await super().submit(tag, side, price, quantity, product)


class GivesUpTooSoon(StreamingClient):
    """Takes an order for refused whose reply takes more than a tenth of a second."""

    async def send_order(self, order: Order) -> None:
        sending = asyncio.ensure_future(self.ask("SendLimitOrder", order, account=self.account, **order.terms))
        self.tasks.append(sending)
        done, _ = await asyncio.wait({sending}, timeout=0.1)
        response = sending.result() if done else None
        if response is not None and "Ok" in response:
            order.id = str(response["Ok"])
        else:
            order.outcome = "rejected"


class DiesOfAnErr(StreamingClient):
    """Expects that every order is taken."""

    async def send_order(self, order: Order) -> None:
        response = await self.ask("SendLimitOrder", order, account=self.account, **order.terms)
        if response is not None:
            order.id = str(response["Ok"])


class ReaderDiesOfRubbish(StreamingClient):
    """Reads no more after a message that is no JSON."""

    async def listen(self, venue: ClientConnection) -> None:
        self.number += 1
        self.stream = self.number
        await venue.send(json.dumps({"id": self.stream, "type": "SubscribeOrderState"}))
        self.online.set()
        try:
            async for text in venue:
                self.hear(json.loads(text))
        except ValueError:
            await asyncio.get_running_loop().create_future()


class ReaderDiesOfAStrangeId(StreamingClient):
    """Reads no more after a reply to what it has not asked."""

    async def listen(self, venue: ClientConnection) -> None:
        self.number += 1
        self.stream = self.number
        await venue.send(json.dumps({"id": self.stream, "type": "SubscribeOrderState"}))
        self.online.set()
        async for text in venue:
            message = json.loads(text) if str(text).startswith("{") else {"id": 0, "response": {}}
            if message["id"] != self.stream and message["id"] not in self.replies:
                await asyncio.get_running_loop().create_future()
            self.hear(message)


class RejectedIsOpen(StreamingClient):
    """Knows no rejects."""

    def learn(self, state: dict[str, Any]) -> None:
        if "Rejected" not in state["state"]:
            super().learn(state)


class RejectedIsCancelled(StreamingClient):
    """Takes a rejected order for a cancelled one."""

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.outcome == "rejected":
                order.outcome = "canceled"


class SendsRejectedAgain(StreamingClient):
    """Sends an order again as long as it is rejected."""

    async def look(self) -> None:
        await super().look()
        for order in list(self.orders.values()):
            if order.outcome == "rejected" and order.is_wanted:
                order.outcome, order.id = "open", None
                await self.send_order(order)


class CancelledOnlyIfAsked(StreamingClient):
    """Takes no order for cancelled that it has not cancelled itself."""

    def learn(self, state: dict[str, Any]) -> None:
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        if order is not None and order.is_wanted and "Canceled" in state["state"]:
            return
        super().learn(state)


class AverageIsTheOrdersPrice(StreamingClient):
    """Takes the price of an order for the price of its fills."""

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.average is not None:
                order.average = order.terms["price"]


class AverageOfFirstFill(StreamingClient):
    """Keeps the first average price that it is told."""

    def learn(self, state: dict[str, Any]) -> None:
        kept = {tag: order.average for tag, order in self.orders.items()}
        super().learn(state)
        for tag, average in kept.items():
            self.orders[tag].average = average or self.orders[tag].average


class FilledOnlyWhole(StreamingClient):
    """Counts an order's fills when all of it is filled."""

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.outcome != "filled":
                order.filled, order.average = "0", None


class NothingIsTakenBack(StreamingClient):
    """Never lowers what it has counted as filled."""

    def learn(self, state: dict[str, Any]) -> None:
        kept = {tag: (order.filled, order.average) for tag, order in self.orders.items()}
        super().learn(state)
        for tag, (filled, average) in kept.items():
            order = self.orders[tag]
            if Decimal(order.filled) < Decimal(filled):
                order.filled, order.average = filled, average


class OutIsFinal(StreamingClient):
    """Looks no more at an order that is out."""

    def learn(self, state: dict[str, Any]) -> None:
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        if order is None or not order.is_out:
            super().learn(state)


class CancellingIsOut(StreamingClient):
    """Takes an order for cancelled that is being cancelled, and looks at it no more."""

    def learn(self, state: dict[str, Any]) -> None:
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        if order is not None and order.outcome == "canceled":
            return
        super().learn(state)
        if order is not None and "Canceling" in state["state"]:
            order.outcome = "canceled"


class StaleIsLost(StreamingClient):
    """Takes an order for lost that is flagged stale, and looks at it no more."""

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        if "Stale" in state["state"]:
            for order in self.orders.values():
                if order.id == str(state["order_id"]):
                    order.outcome, order.id = "lost", None


class AsksFasterWhenRefused(StreamingClient):
    """Asks again at once when it is refused for its rate."""

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        response = await super().ask(kind, order, **fields)
        for _ in range(200):
            if response is None or "RateLimited" not in str(response.get("Err", "")):
                break
            response = await super().ask(kind, order, **fields)
            await asyncio.sleep(0.01)
        return response


class FlattensByCancelling(StreamingClient):
    """Takes flat for having no orders."""

    async def flatten(self) -> None:
        for order in self.orders.values():
            order.is_wanted = False
        for _ in range(5):
            await self.look()
            await asyncio.sleep(1)


class ChasesTheRest(StreamingClient):
    """Sends another order for what is left of one that is filled in part."""

    chased: frozenset[str] = frozenset()

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        order = next((order for order in self.orders.values() if order.id == str(state["order_id"])), None)
        part = Decimal(state["filled_qty"])
        if order is not None and order.id not in self.chased and 0 < part < Decimal(order.terms["quantity"]):
            self.chased |= {str(order.id)}
            left = format(Decimal(order.terms["quantity"]) - part, "f")
            again = Order(order.terms["dir"], order.terms["price"], left, order.terms["target"])
            self.tasks.append(asyncio.ensure_future(self.send_order(again)))


class StopsNever(StreamingClient):
    """Waits for its orders to go out before it stops."""

    async def stop(self) -> None:
        await asyncio.get_running_loop().create_future()


class LeavesItsLineOpen(StreamingClient):
    """Stops, and leaves its connection open."""

    async def stop(self) -> None:
        self.closed = True


class RaisesWhenOffline(StreamingClient):
    """Fails when it is asked to trade without a line."""

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        if self.venue is None:
            raise ConnectionError("not connected")
        return await super().ask(kind, order, **fields)


class CountsAgainAfterReconnecting(StreamingClient):
    """Adds to what it holds what the first message of a new line says of open orders, as if it were new."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.held = Decimal(0)
        self.counted: dict[str, Decimal] = {}

    async def listen(self, venue: ClientConnection) -> None:
        for order in self.orders.values():
            if order.id is not None and not order.is_out:
                self.counted.pop(order.id, None)
        await super().listen(venue)

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.id is not None and order.id == state["order_id"]:
                self.held += order.signed - self.counted.get(order.id, Decimal(0))
                self.counted[order.id] = order.signed

    def belief(self) -> dict[str, Any]:
        return super().belief() | {"position": format(self.held, "f")}


class PausesLongerForEver(StreamingClient):
    """Doubles its pause with each line that ends, though the line has lasted."""

    async def keep_connected(self, url: str) -> None:
        pause = 4.0
        while not self.closed:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(url, open_timeout=10) as self.venue:
                    await self.listen(self.venue)
            self.venue, self.stream = None, None
            await asyncio.sleep(pause)
            pause *= 2


class StopsAskingAfterAnErr(StreamingClient):
    """Its loop of queries ends when one of them is refused; the stream goes on."""

    async def keep_looking(self) -> None:
        refused = False

        async def look() -> None:
            nonlocal refused
            if self.orders:
                known = [order.id for order in self.orders.values() if order.id is not None]
                refused = "Err" in (await self.ask("GetOrderState", order_ids=known) or ())
            if not refused:
                await super(StopsAskingAfterAnErr, self).look()

        while not refused:
            await asyncio.sleep(self.look_every)
            await look()


class TakesTheNewestOfItsSide(StreamingClient):
    """Takes the newest order of its side for one whose reply is lost."""

    def recognise(self, details: list[Any], lost: list[Order]) -> None:
        known = {order.id for order in self.orders.values()}
        for found in reversed(details):
            for order in lost:
                if order.id is None and found["dir"] == order.terms["dir"] and found["order_id"] not in known:
                    order.id = found["order_id"]
                    self.learn(found)
                    break


class CancelNeedsTheId(StreamingClient):
    """Forgets a cancel that comes while the order's id is not known."""

    async def cancel(self, tag: str) -> None:
        if self.orders[tag].id is not None:
            await super().cancel(tag)


class IdsAreNumbers(StreamingClient):
    """Reads an order's id as a number of floating point."""

    async def send_order(self, order: Order) -> None:
        await super().send_order(order)
        if order.id is not None:
            order.id = str(int(float(order.id)))


class OneGoneIsAllGone(StreamingClient):
    """Takes all its orders for cancelled when one is after its line broke."""

    lines = 0
    is_new_line = False

    async def listen(self, venue: ClientConnection) -> None:
        self.lines += 1
        self.is_new_line = self.lines > 1
        await super().listen(venue)

    async def look(self) -> None:
        before = [order for order in self.orders.values() if order.is_wanted and not order.is_out]
        await super().look()
        if self.is_new_line and any(order.outcome == "canceled" for order in before):
            self.is_new_line = False
            for order in before:
                if not order.is_out:
                    order.outcome, order.id = "canceled", None


class FirstCancelIsAll(StreamingClient):
    """Takes every order for out whose cancel was answered, be it with an Err, as soon as one of them is."""

    answered: frozenset[str] = frozenset()

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        response = await super().ask(kind, order, **fields)
        if kind == "CancelOrder" and response is not None:
            self.answered |= {fields["order_id"]}
        return response

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        if "Canceled" in state["state"]:
            for order in self.orders.values():
                if order.id in self.answered and not order.is_out:
                    order.outcome, order.id = "canceled", None


class KnowsItsReasons(StreamingClient):
    """Takes an order for open that is rejected for a reason it does not know."""

    reasons = frozenset(
        {"LimitExceeded", "OffTick", "OffStep", "ProductDisabled", "CancelOnly", "WouldTrade", "Halted", "Delisted"}
        | {"Expired", "InsufficientFunds", "PriceOutOfBand", "DuplicateOrder", "RateLimited", "VenueUnavailable"}
        | {"Other"}
    )
    unknown: frozenset[str | None] = frozenset()

    async def look(self) -> None:
        await super().look()
        rejected = [order.id for order in self.orders.values() if order.outcome == "rejected" and order.id is not None]
        response = await self.ask("GetRejectReason", order_ids=rejected) if rejected else None
        for found in (response or {}).get("Ok") or ():
            if found["reason"] is not None and found["reason"].partition(":")[0] not in self.reasons:
                self.unknown |= {found["order_id"]}

    def learn(self, state: dict[str, Any]) -> None:
        super().learn(state)
        for order in self.orders.values():
            if order.outcome == "rejected" and order.id in self.unknown:
                order.outcome = "open"


class StopsAfterErrs(StreamingClient):
    """Sends nothing any more after four orders were answered with an Err."""

    refused = 0

    async def send_order(self, order: Order) -> None:
        if self.refused >= 4:
            raise RuntimeError("trading is stopped")
        await super().send_order(order)

    def take_reply(self, order: Order, response: Any) -> None:
        self.refused += "Err" in response
        super().take_reply(order, response)


class TellsNonsense(StreamingClient):
    """Says what is no belief."""

    def belief(self) -> Any:
        return {"orders": [1, 2, 3]}


MISTAKES: dict[type[AsyncClient], tuple[str, ...]] = {
    TrustsTheStream: ("lost-fill", "lost-updates", "subscription-lost"),
    SendsAgainAfterATimeout: ("lost-reply", "half-open"),
    SendsAgainAfterReconnecting: ("reset-at-the-order",),
    OneListDecides: ("list-leaves-out",),
    ListIsTheTruth: ("partial-fills",),
    OneMissIsTheEnd: ("state-leaves-out",),
    NeverReconnects: ("closed",),
    ReconnectsThreeTimes: ("long-restart",),
    DiesWhenRefused: ("refused-for-a-while",),
    Hammers: ("refused-for-a-while",),
    SendsNoPings: ("half-open",),
    FollowsOnce: ("closed",),
    ForgetsWhenReconnecting: ("closed",),
    KeepsLostOrders: ("restart-without-orders",),
    AddsUpFills: ("fill-told-twice",),
    CountsEveryMessage: ("fill-under-two-ids",),
    NeedsTheReplyFirst: ("reply-after-fill",),
    CancelReplyIsTheEnd: ("fill-after-cancel",),
    CancelErrIsTheEnd: ("cancel-refused",),
    CancelsForEver: ("cancel-loses-the-race",),
    CancelsOnce: ("cancel-refused",),
    WaitsForEver: ("lost-reply",),
    WaitsForTheQuery: ("unanswered-queries",),
    GivesUpTooSoon: ("jitter",),
    DiesOfAnErr: ("refused-by-the-gateway",),
    ReaderDiesOfRubbish: ("broken-json",),
    ReaderDiesOfAStrangeId: ("duplicate-replies",),
    RejectedIsOpen: ("rejected-for-funds",),
    RejectedIsCancelled: ("rejected-for-funds",),
    SendsRejectedAgain: ("tick-changes",),
    CancelledOnlyIfAsked: ("cancelled-unasked",),
    AverageIsTheOrdersPrice: ("better-price",),
    AverageOfFirstFill: ("two-prices",),
    FilledOnlyWhole: ("cancel-after-a-partial-fill",),
    NothingIsTakenBack: ("fill-busted",),
    OutIsFinal: ("price-corrected",),
    CancellingIsOut: ("cancel-refused",),
    StaleIsLost: ("unsure-of-an-order",),
    AsksFasterWhenRefused: ("rate-limited",),
    FlattensByCancelling: ("well-behaved",),
    ChasesTheRest: ("partial-fills",),
    StopsNever: ("well-behaved",),
    LeavesItsLineOpen: ("well-behaved",),
    RaisesWhenOffline: ("refused-for-a-while",),
    CountsAgainAfterReconnecting: ("reset-after-partial-fills",),
    PausesLongerForEver: ("closed-now-and-then",),
    StopsAskingAfterAnErr: ("slow-to-answer-after-restart",),
    TakesTheNewestOfItsSide: ("two-lost-replies",),
    CancelNeedsTheId: ("details-leave-out",),
    IdsAreNumbers: ("large-ids",),
    FindsByTime: ("clock-goes-back",),
    AgesByTheVenuesClock: ("clock-jumps-ahead",),
    FillsSinceTheNewest: ("fill-times-go-back",),
    CountsTheSnapshot: ("snapshot-after-subscribing-again",),
    ForgetsAfterHalfAnHour: ("told-again-after-forty-minutes",),
    OneGoneIsAllGone: ("cancel-all-leaves-one",),
    FirstCancelIsAll: ("one-of-several-cancels-fails",),
    KnowsItsReasons: ("rejected-for-unknown-reason",),
    StopsAfterErrs: ("closed-until-the-opening",),
    AsksOnlyWhenConnected: ("subscription-lost", "updates-reordered"),
    IdsRise: ("falling-ids",),
    OneFillForEachUpdate: ("two-fills-in-one-update",),
    ReaderDiesOfAnUnknownOrder: ("ack-before-reply", "reply-after-fill"),
    ReadsFrames: ("fragmented",),
    LooksInTheListAtOnce: ("list-lags",),
    RepliesComeInOrder: ("replies-reordered",),
    ReaderDiesOfASecondReply: ("duplicate-replies",),
    WaitsForTheCancel: ("lost-cancel-reply",),
    TellsNonsense: ("well-behaved",),
}
"""Each mistake, with cases that are made for it."""
