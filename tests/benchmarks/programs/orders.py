"""Takes so many resting orders and prints by how many bytes an order the process has grown."""

import gc
import json
import resource
import sys

from simulator import Simulation

_ORDERS_A_PACK = 200
"""How many orders there are each time that some of the journal is packed: a server does so every 20 ms."""


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def order(number: int) -> str:
    """Return an order that rests."""
    order = {"type": "SendLimitOrder", "id": number, "target": "BTC Crypto/USD*COINBASE/DIRECT", "dir": "Buy"}
    terms = {"price": f"{90000 - number % 200}.25", "quantity": "0.5", "account": "DEFAULT"}
    return json.dumps(order | terms, separators=(",", ":"))


def main(count: int) -> None:
    """Measure."""
    world = Simulation()
    session = world.connect("/")
    for number in range(1000):  # what is made once is made by now
        world.receive(session, order(number))
        world.take()
    gc.collect()
    before = _resident()
    for number in range(1000, 1000 + count):
        world.receive(session, order(number))
        world.take()
        if number % _ORDERS_A_PACK == 0:
            world.journal.pack()
    gc.collect()
    sys.stdout.write(f"{(_resident() - before) / count}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
