"""A careful client that lives by fills: what is filled is the sum of its fills, each counted once."""

from decimal import Decimal
from typing import Any

from certification.clients.streaming import StreamingClient


class FillsClient(StreamingClient):
    """Adds its fills up by their ids, and holds the sum against what the order says of itself."""

    def __init__(self, account: str = "DEFAULT") -> None:
        super().__init__(account)
        self.fills: dict[str, dict[str, Any]] = {}

    async def look(self) -> None:
        await super().look()
        listed = await self.ask("ListFills", scope="All", set={"Account": self.account})
        new = [fill_id for fill_id in dict.fromkeys((listed or {}).get("Ok") or ()) if fill_id not in self.fills]
        details = await self.ask("GetFillDetails", fill_ids=new) if new else None
        self.fills.update({fill["fill_id"]: fill for fill in (details or {}).get("Ok") or ()})
        for order in self.orders.values():
            own = [fill for fill in self.fills.values() if fill["order_id"] == order.id]
            filled = sum((Decimal(fill["quantity"]) for fill in own), Decimal(0))
            if filled and all(fill["kind"] == "Normal" for fill in own) and filled == Decimal(order.filled):
                paid = sum((Decimal(fill["quantity"]) * Decimal(fill["price"]) for fill in own), Decimal(0))
                order.average = format((paid / filled).normalize(), "f")
