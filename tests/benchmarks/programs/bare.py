"""What ours is compared with: servers of nothing but the websockets library and msgspec.

``echo`` decodes each order and answers it as the exchange does; ``broadcast`` sends each message that comes on one
connection to all others; ``idle`` holds connections.
"""

import asyncio
import contextlib
import sys
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


class Order(msgspec.Struct, tag="SendLimitOrder", tag_field="type", gc=False):
    """An order, typed as the exchange types it."""

    id: msgspec.Raw
    target: str
    dir: str
    price: msgspec.Raw
    quantity: msgspec.Raw
    account: str
    quote_id: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"null")


class Taken(msgspec.Struct, gc=False):
    """The answer to an order: its id."""

    Ok: str


class Reply(msgspec.Struct, gc=False):
    """A message of the gateway's."""

    id: msgspec.Raw
    response: Taken


_decode = msgspec.json.Decoder(Order).decode
_encode = msgspec.json.Encoder().encode


async def echo(connection: ServerConnection) -> None:
    """Answer each order."""
    number = 0
    with contextlib.suppress(ConnectionClosed):
        while True:
            order = _decode(await connection.recv(decode=False))
            number += 1
            await connection.send(_encode(Reply(order.id, Taken(str(number)))), text=True)


_followers: set[ServerConnection] = set()


async def tell(connection: ServerConnection) -> None:
    """Send what comes to all who are there, but for who says it."""
    _followers.add(connection)
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await connection.recv()
            _followers.discard(connection)
            broadcast(_followers, message)
            await connection.send("{}")


async def hold(connection: ServerConnection) -> None:
    """Do nothing."""
    await connection.wait_closed()


async def main(what: str) -> None:
    """Serve until stopped."""
    handler: Any = {"echo": echo, "broadcast": tell, "idle": hold}[what]
    async with serve(handler, "127.0.0.1", 0, compression=None, backlog=1024) as server:
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"ws://127.0.0.1:{port}\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(main(sys.argv[1]))
    else:
        asyncio.run(main(sys.argv[1]))
