"""A careful client that follows nothing: it asks every two seconds what is true."""

from websockets.asyncio.client import ClientConnection

from certification.clients.streaming import StreamingClient


class PollingClient(StreamingClient):
    """Takes no update; every answer replaces what was known before."""

    look_every = 2.0

    async def listen(self, venue: ClientConnection) -> None:
        self.online.set()
        await self.hear_all(venue)
