"""Asks a server for very many fills, and prints how long others wait for their turn meanwhile, in ms at most.

The server is whole but for the socket; what it writes is counted.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.programs.order_path import HANDSHAKE, Nowhere, frame
from simulator import Simulation
from simulator.server.connection import Connection
from simulator.server.garbage import short_searches
from simulator.server.server import Server
from simulator.server.settings import Settings

_PAIR = "BTC Crypto/USD*COINBASE/DIRECT"


def _world(fills: int) -> Simulation:
    """Return a world in which orders have been filled against each other."""
    world = Simulation()
    session = world.connect("/")
    for number in range(fills // 2):
        for side in ("Buy", "Sell"):
            terms = {"target": _PAIR, "dir": side, "price": "60000", "quantity": "1", "account": "DEFAULT"}
            world.receive(session, json.dumps({"type": "SendLimitOrder", "id": number} | terms))
            world.take()
    return world


async def _wait(world: Simulation, fills: int) -> float:
    server = Server(world, port=0, settings=Settings())
    await server.start()
    connection, transport = Connection(server), Nowhere()
    connection.connection_made(transport)
    connection.data_received(HANDSHAKE)
    await asyncio.sleep(0.1)
    before, longest = transport.written, 0.0
    last = time.process_time()
    connection.data_received(frame(b'{"type":"ListFills","id":1,"scope":"All","set":"All"}'))
    while True:
        now = time.process_time()
        longest, last = max(longest, now - last), now
        if transport.written > before:
            break
        await asyncio.sleep(0)
    assert transport.written > before + 30 * fills, "not all fills were listed"
    return longest


def main(fills: int) -> None:
    """Measure."""
    world = _world(fills)
    with short_searches():
        sys.stdout.write(f"{asyncio.run(_wait(world, fills)) * 1e3}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
