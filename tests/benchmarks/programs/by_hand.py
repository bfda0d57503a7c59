"""What a user would write instead: a mock of forty lines that answers orders and cancels, and tells their states.

``by_hand.py websockets`` or ``by_hand.py aiohttp``. It has no engine, no rules and no clock; each library is used as
its own documentation shows it.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

orders: dict[str, dict[str, Any]] = {}
followers: dict[Any, int] = {}


def handle(connection: Any, text: str) -> list[tuple[Any, str]]:
    """Do what a message asks for; return what is to be sent to whom."""
    request = json.loads(text)
    number, kind, told = request["id"], request["type"], []
    if kind == "SendLimitOrder":
        order_id = str(len(orders) + 1)
        orders[order_id] = {**request, "state": ["Open", "Acked"]}
        answer: Any = {"Ok": order_id}
        told.append(order_id)
    elif kind == "CancelOrder":
        order_id = request["order_id"]
        if order_id in orders and "Out" not in orders[order_id]["state"]:
            orders[order_id]["state"] = ["Acked", "Canceled", "Out"]
            answer = {"Ok": None}
            told.append(order_id)
        else:
            answer = {"Err": f"there is no order {order_id}"}
    elif kind == "SubscribeOrderState":
        followers[connection] = number
        answer = {"Ok": []}
    else:
        answer = {"Err": f"unknown request {kind}"}
    out = [(connection, json.dumps({"id": number, "response": answer}, separators=(",", ":")))]
    for order_id in told:
        for follower, subscribed in followers.items():
            state = {"order_id": order_id, "state": orders[order_id]["state"], "filled_qty": "0"}
            out.append((follower, json.dumps({"id": subscribed, "response": {"Ok": [state]}})))
    return out


def say(port: int) -> None:
    """Print the address."""
    sys.stdout.write(f"ws://127.0.0.1:{port}\n")
    sys.stdout.flush()


async def on_websockets() -> None:
    """Serve with websockets."""
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.exceptions import ConnectionClosed

    async def talk(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                for whom, message in handle(connection, str(text)):
                    await whom.send(message)
        followers.pop(connection, None)

    async with serve(talk, "127.0.0.1", 0) as server:
        say(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def on_aiohttp() -> None:
    """Serve with aiohttp."""
    from aiohttp import web

    async def talk(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        try:
            async for incoming in connection:
                for whom, message in handle(connection, incoming.data):
                    await whom.send_str(message)
        finally:
            followers.pop(connection, None)
        return connection

    app = web.Application()
    app.add_routes([web.get("/", talk)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    say(runner.addresses[0][1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(on_aiohttp() if sys.argv[1] == "aiohttp" else on_websockets())
