"""Shows a page what is new so many times, for what counts instructions: ``page_path.py COUNT``.

It goes from the bytes of a page's request to those of its answer, in a world in which much happens. It ends at once, so
that nothing is counted of taking down what was made.
"""

import asyncio
import gc
import os
import sys

from order_path import Nowhere  # type: ignore[import-not-found]  # beside this one, which is run as a program

from simulator import Simulation
from simulator.server.http_connection import HttpConnection
from simulator.server.server import Server

_ORDERS = 600
_TARGET = "BTC Crypto/USD*COINBASE/DIRECT"
_ASKED = (
    b"GET /_exchange/window?since=0&most=150&product=BTC%20Crypto/USD*COINBASE/DIRECT HTTP/1.1\r\n"
    b"Host: localhost\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nContent-Type: application/json\r\n\r\n"
)


def _order(number: int) -> str:
    terms = f'"dir":"{"Buy" if number % 2 else "Sell"}","price":"100","quantity":"1","target":"{_TARGET}"'
    return f'{{"type":"SendLimitOrder","id":{number},"account":"DEFAULT",{terms}}}'


async def _look(count: int) -> None:
    server = Server(Simulation(moving=4), port=0)
    await server.start()
    simulation = server.simulation
    session = simulation.connect("/")
    for number in range(_ORDERS):
        simulation.receive(session, _order(number))
        simulation.take()
    transport = Nowhere()
    page = HttpConnection(server, transport)
    gc.collect()
    gc.disable()
    for look in range(count + 1):
        before = transport.written
        page.data_received(_ASKED)
        while transport.written == before:  # noqa: ASYNC110 - there is nothing that would set an event
            await asyncio.sleep(0)
        assert look == 0 or transport.written > before + 30_000, "not all was shown"


if __name__ == "__main__":
    asyncio.run(_look(int(sys.argv[1])))
    os._exit(0)
