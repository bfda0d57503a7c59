"""A careful client without a line of its own: it connects for each request, as one does over HTTP."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from certification.clients.streaming import REPLY_WITHIN, Order, StreamingClient


class LineForEachRequestClient(StreamingClient):
    """Follows nothing; pauses for longer before each connection that comes after one that came to nothing."""

    pause = 0.0

    async def keep_connected(self, url: str) -> None:
        self.url = url
        self.online.set()

    async def ask(self, kind: str, order: Order | None = None, **fields: Any) -> Any:
        """Return the response to a request, or None if none came in time."""
        await asyncio.sleep(self.pause)
        self.number += 1
        try:
            async with asyncio.timeout(REPLY_WITHIN), connect(self.url, close_timeout=1) as venue:
                await venue.send(json.dumps({"id": self.number, "type": kind, **fields}))
                response = await self.response(venue, self.number)
        except (TimeoutError, OSError, WebSocketException):
            self.pause = min(10.0, 2 * self.pause + 0.5)
            return None
        self.pause = 0.0
        return response

    async def response(self, venue: Any, number: int) -> Any:
        async for text in venue:
            try:
                message = json.loads(text)
                if message["id"] == number and ("Ok" in message["response"] or "Err" in message["response"]):
                    return message["response"]
            except (ValueError, KeyError, TypeError):
                continue
        return None
